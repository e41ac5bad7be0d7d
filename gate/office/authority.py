"""The gate's own certificate authority: fit for this site's names and for nothing else (R45, R52)."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gate.settings_rules import is_address
from gate.store.certificates import KeptCertificate

AUTHORITY_STANDS: Final = timedelta(days=3653)
PAGES_STAND: Final = timedelta(days=397)
"""Browsers and telephones refuse longer ones: 398 days of a public authority, 825 of anybody's own."""
RENEWED_BEFORE: Final = timedelta(days=30)
EARLIER: Final = timedelta(days=1)
"""A telephone's clock may run behind the gate's."""
DEVICE: Final = ("localhost", "127.0.0.1", "::1")
"""How this device calls itself, whatever the site calls it."""

_SERVES: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


def make_authority(gate_id: str, names: Sequence[str], at: datetime) -> KeptCertificate:
    """Make an authority whose word counts for *names* alone, and for servers alone, from *at* (aware, UTC) on.

    Who trusts it trusts the gate for no other site: browsers hold it to its name constraints (RFC 5280, 4.2.1.10).
    """
    key = ec.generate_private_key(ec.SECP256R1())
    # A name of its own: a browser that knows an earlier authority of this gate must not take the one for the other.
    subject = _named(f"Gate {gate_id} own authority {secrets.token_hex(4)}")
    public = key.public_key()
    signs = _key_usage(signs_certificates=True)
    certificate = (
        _builder(subject, subject, public, at, at + AUTHORITY_STANDS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(signs, critical=True)
        .add_extension(_SERVES, critical=False)
        .add_extension(x509.NameConstraints([_permitted(name) for name in names], None), critical=True)
        .sign(key, SHA256())
    )
    return _kept(certificate, key)


def make_pages_certificate(authority: KeptCertificate, names: Sequence[str], at: datetime) -> KeptCertificate:
    """Make the pages' certificate for *names*, signed by *authority*, with a fresh key."""
    issuer = x509.load_der_x509_certificate(authority.certificate)
    issuer_key = _key_of(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    ends = min(at + PAGES_STAND, issuer.not_valid_after_utc)
    certificate = (
        _builder(_named("Gate pages"), issuer.subject, key.public_key(), at, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(_SERVES, critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .sign(issuer_key, SHA256())
    )
    return _kept(certificate, key)


def names_of(certificate: x509.Certificate) -> frozenset[str]:
    """Give the host names and addresses that *certificate* is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    addresses = found.get_values_for_type(x509.IPAddress)
    return frozenset([*found.get_values_for_type(x509.DNSName), *map(str, addresses)])


def permits(authority: x509.Certificate, names: Sequence[str]) -> bool:
    """Tell whether *authority* was made for all of *names* and for no other."""
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    return set(constraints.permitted_subtrees or ()) == {_permitted(name) for name in names}


def is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Tell whether *authority* signed *certificate*."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, at: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - EARLIER)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)


def _permitted(name: str) -> x509.GeneralName:
    """Give *name* as a constraint; an address alone is a network of one."""
    return x509.IPAddress(ipaddress.ip_network(name)) if is_address(name) else x509.DNSName(name)


def _key_of(kept: KeptCertificate) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(kept.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _kept(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeptCertificate:
    return KeptCertificate(
        certificate.public_bytes(Encoding.DER),
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    )
