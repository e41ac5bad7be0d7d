"""What the pages' TLS stands on: the gate's own authority, or a certificate the site brings. Keys are in no file of ours."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from gate.errors import ConfigError, GateError
from gate.office.authority import (
    DEVICE,
    PAGES_STAND,
    RENEWED_BEFORE,
    is_issued_by,
    make_authority,
    make_pages_certificate,
    names_of,
    permits,
)
from gate.settings import WebSettings
from gate.settings_rules import is_address
from gate.store.account.audit import Actor, Who
from gate.store.certificates import Certificate, Certificates, KeptCertificate
from gate.web.transport import Authority

log = structlog.get_logger()

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2, those with forward secrecy and authentication; TLS 1.3 has no others (R45)."""


class Trust(Protocol):
    """What TLS is served with."""

    @property
    def context(self) -> ssl.SSLContext:
        """Give what the next connection is served with."""

    @property
    def authority(self) -> Authority | None:
        """Give the gate's own authority, None where the site brings its certificate."""

    def keep(self, now: datetime, *, clock_trusted: bool) -> None:
        """Renew what is near its end, and take up what was renewed beside; logs what cannot be. Raises VaultError."""


def site_names(web: WebSettings) -> tuple[str, ...]:
    """Give under which names and addresses the site reaches the pages, besides this device's own."""
    host = (web.host,) if is_address(web.host) else ()
    wanted = [name for name in (*web.names, *host) if name not in {*DEVICE, "0.0.0.0", "::"}]  # noqa: S104
    return tuple(dict.fromkeys(wanted))


def open_trust(
    web: WebSettings, kept: Certificates, gate_id: str, now: datetime, *, clock_trusted: bool
) -> Trust:
    """Give what the settings ask for; a first start makes authority and certificate.

    Raises ConfigError for the site's own certificate that cannot be used; VaultError ``record-altered``.
    """
    if web.certificate_file is not None and web.key_file is not None:
        return SuppliedTrust(web.certificate_file, web.key_file)
    return OwnTrust(kept, gate_id, site_names(web), now, clock_trusted=clock_trusted)


class OwnTrust:
    """The gate's own authority. What is there is kept for as long as it serves: people trusted it by hand."""

    def __init__(
        self,
        kept: Certificates,
        gate_id: str,
        names: Sequence[str],
        now: datetime,
        *,
        clock_trusted: bool,
        by: Who = Actor.GATE,
    ) -> None:
        self._kept = kept
        self._gate_id = gate_id
        self._names = (*DEVICE, *names)
        authority, pages = kept.get(Certificate.AUTHORITY), kept.get(Certificate.PAGES)
        if authority is None or (clock_trusted and self._is_outgrown(authority, now)):
            self.renew(now, by=by, with_authority=True)
        elif pages is None or (clock_trusted and self._is_due(pages, authority, now)):
            self.renew(now, by=by)
        self._take_up()

    @property
    def context(self) -> ssl.SSLContext:
        """Give what the next connection is served with."""
        return self._context

    @property
    def authority(self) -> Authority:
        """Give the authority that people are asked to trust."""
        return self._authority

    def keep(self, now: datetime, *, clock_trusted: bool) -> None:
        """Renew the pages' certificate near its end, unless the clock may be wrong; take up what a command renewed.

        Of other names nothing is made here: a command beside may know newer settings than this gate does.
        """
        serving = x509.load_der_x509_certificate(self._serving)
        if clock_trusted and not _stands(serving, now):
            newest = self._kept.certificate(Certificate.PAGES)
            if newest is None or not _stands(x509.load_der_x509_certificate(newest), now):
                authority = self._kept.get(Certificate.AUTHORITY)
                self.renew(now, with_authority=authority is None or not _outlasts(authority, now))
        if self._kept.certificate(Certificate.PAGES) != self._serving:
            self._take_up()
            log.info("certificate_taken_up")

    def renew(self, now: datetime, *, by: Who = Actor.GATE, with_authority: bool = False) -> None:
        """Make the pages' certificate anew; with_authority: and the authority, which everybody must then trust anew."""
        made: dict[Certificate, KeptCertificate] = {}
        authority = self._kept.get(Certificate.AUTHORITY) if not with_authority else None
        if authority is None:
            authority = made[Certificate.AUTHORITY] = make_authority(self._gate_id, self._names, now)
        made[Certificate.PAGES] = make_pages_certificate(authority, self._names, now)
        self._kept.keep(made, at=now, by=by)
        self._take_up()

    def _take_up(self) -> None:
        pages, authority = self._kept.get(Certificate.PAGES), self._kept.certificate(Certificate.AUTHORITY)
        assert pages is not None
        assert authority is not None
        self._context = serving_context(pages)
        self._serving = pages.certificate
        certificate = x509.load_der_x509_certificate(authority)
        self._authority = Authority(
            fingerprint=fingerprint(authority),
            pem=certificate.public_bytes(Encoding.PEM),
            ends=certificate.not_valid_after_utc,
            names=self._names,
        )

    def _is_outgrown(self, authority: KeptCertificate, now: datetime) -> bool:
        """Tell whether the authority is not for these names, or ends before a certificate of its could."""
        certificate = x509.load_der_x509_certificate(authority.certificate)
        return not permits(certificate, self._names) or not _outlasts(authority, now)

    def _is_due(self, pages: KeptCertificate, authority: KeptCertificate, now: datetime) -> bool:
        certificate = x509.load_der_x509_certificate(pages.certificate)
        issuer = x509.load_der_x509_certificate(authority.certificate)
        return not (
            _stands(certificate, now)
            and names_of(certificate) == set(self._names)
            and is_issued_by(certificate, issuer)
        )


class SuppliedTrust:
    """A certificate the site brings, read anew when its files change: another program renews it."""

    def __init__(self, certificate_file: Path, key_file: Path) -> None:
        self._files = certificate_file, key_file
        self._state = self._look()
        self._context = supplied_context(*self._files)

    @property
    def context(self) -> ssl.SSLContext:
        """Give what the next connection is served with."""
        return self._context

    @property
    def authority(self) -> None:
        """Give nothing: whoever signed the site's certificate is the site's to explain."""

    def keep(self, now: datetime, *, clock_trusted: bool) -> None:
        """Take changed files up; half-written ones leave what serves in place, and are told once."""
        del now, clock_trusted
        state = self._look()
        if state == self._state:
            return
        self._state = state
        try:
            self._context = supplied_context(*self._files)
        except GateError as error:
            log.error("certificate_not_taken_up", code=error.code, what=error.what, remedy=error.remedy)  # noqa: TRY400
        else:
            log.info("certificate_taken_up")

    def _look(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_stamp(path) for path in self._files)


def supplied_context(certificate_file: Path, key_file: Path) -> ssl.SSLContext:
    """Give what serves with the site's files. Raises ConfigError ``certificate-...`` with the remedy."""
    for path in (certificate_file, key_file):
        if not os.access(path, os.R_OK):
            raise ConfigError(
                "certificate-unreadable",
                f"The file {path} is not there, or this gate's account may not read it.",
                remedy="Put it there, readable for the gate, or take web.certificate_file and web.key_file out.",
            )
    if key_file.stat().st_mode & 0o007:
        raise ConfigError(
            "certificate-key-open",
            f"Everybody on this device may read the private key {key_file}.",
            remedy=f"Run chmod o= {key_file}.",
        )
    context = _bare_context()
    try:
        context.load_cert_chain(certificate_file, key_file, password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ConfigError(
            "certificate-unfit",
            f"{certificate_file} and {key_file} are no PEM certificate and its private key without a passphrase.",
            remedy="Name the certificate, followed by those that lead to its root, and the key that belongs to it.",
        ) from error
    return context


def certificate_in(path: Path) -> x509.Certificate:
    """Give the first certificate of a PEM file. Raises ConfigError ``certificate-unfit``."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            "certificate-unfit", f"{path} holds no PEM certificate.", remedy="Name another file."
        ) from error


def look_at_certificate(web: WebSettings, kept: Certificates | None, now: datetime) -> str:
    """Say with what the pages are served. Raises ConfigError where browsers would refuse it."""
    names = site_names(web)
    if web.certificate_file is not None and web.key_file is not None:
        supplied_context(web.certificate_file, web.key_file)
        return f"the site's certificate{_fit(certificate_in(web.certificate_file), names, now)}"
    own = kept.get(Certificate.PAGES) if kept is not None else None
    if own is None:
        return "with a certificate of the gate's own authority, once the first start made them"
    certificate = x509.load_der_x509_certificate(own.certificate)
    if not set(names) <= names_of(certificate):
        return "with a certificate of the gate's own authority, which the next start makes anew for the names in web.names"
    return f"a certificate of the gate's own authority{_fit(certificate, names, now)}"


def _fit(certificate: x509.Certificate, names: Sequence[str], now: datetime) -> str:
    ends = certificate.not_valid_after_utc
    if not certificate.not_valid_before_utc <= now < ends:
        raise ConfigError(
            "certificate-over",
            f"The certificate of the pages holds from {certificate.not_valid_before_utc:%Y-%m-%d} to {ends:%Y-%m-%d}.",
            remedy="Set this device's clock right, or renew the certificate (gate tls renew).",
        )
    held = names_of(certificate)
    missing = [name for name in names if not {name, f"*.{name.partition('.')[2]}"} & held]
    if missing:
        raise ConfigError(
            "certificate-names",
            f"The certificate of the pages is not for {missing[0]}.",
            remedy="Have one made for every name in web.names, or take the name out.",
        )
    return f" until {ends:%Y-%m-%d}, for {', '.join(names) or 'this device alone'}"


def fingerprint(certificate: bytes) -> str:
    """Give the SHA-256 of a certificate (DER) as people compare it: pairs of digits, with colons."""
    return x509.load_der_x509_certificate(certificate).fingerprint(SHA256()).hex(":").upper()


def _stands(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEWED_BEFORE


def _outlasts(authority: KeptCertificate, now: datetime) -> bool:
    certificate = x509.load_der_x509_certificate(authority.certificate)
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - PAGES_STAND


def _bare_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    return context


def serving_context(kept: KeptCertificate) -> ssl.SSLContext:
    """Give what serves with *kept*. OpenSSL reads keys from files alone: it gets one that is nowhere but in memory."""
    key = load_der_private_key(kept.key, None)
    certificate = x509.load_der_x509_certificate(kept.certificate)
    context = _bare_context()
    with ExitStack() as stack:
        files = [
            stack.enter_context(_in_memory(content))
            for content in (
                certificate.public_bytes(Encoding.PEM),
                key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            )
        ]
        context.load_cert_chain(*files)
    return context


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """Give a path to *content* that only this process can open, while the block runs."""
    number = os.memfd_create("gate", os.MFD_CLOEXEC)
    try:
        os.write(number, content)
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)


def _no_password() -> str:
    raise ValueError("A key with a passphrase cannot be used without somebody to type it.")


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size
