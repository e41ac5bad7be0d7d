"""What the pages' TLS stands on, with real certificates and real handshakes (R45, R52)."""

import socket
import ssl
import tempfile
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from structlog.testing import capture_logs

from gate.errors import ConfigError, VaultError
from gate.office.authority import DEVICE, make_authority, make_pages_certificate, names_of, permits
from gate.office.trust import OwnTrust, SuppliedTrust, look_at_certificate, open_trust, site_names
from gate.settings import WebSettings
from gate.store.account.audit import Action
from gate.store.certificates import Certificate

SITE = ("gate.garden.example", "192.168.1.20")
DAY = timedelta(days=1)
YEAR = 365 * DAY


@pytest.fixture
def trust(store, noon):
    """Open the gate's own trust at a time, for names, by a clock that is trusted or not."""

    def opened(*, at=noon, names=SITE, clock_trusted=True):
        return OwnTrust(store.certificates, "north", names, at, clock_trusted=clock_trusted)

    return opened


def parsed(store, name):
    return x509.load_der_x509_certificate(store.certificates.certificate(name))


def handshake(context, *, trusts, name, at=None):
    """Greet *context* as a client that trusts one authority; give what it thinks of it."""
    ours, theirs = socket.socketpair()
    client = ssl.create_default_context(cadata=trusts)
    said = []

    def serve():
        with suppress(OSError):
            context.wrap_socket(theirs, server_side=True).close()
        theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as wrapped:
            said.append(wrapped.getpeercert(binary_form=True))
    except ssl.SSLCertVerificationError as error:
        said.append(error.verify_message)
    finally:
        ours.close()
        thread.join(5)
    return said[0]


def pem_authority(opened):
    return opened.authority.pem.decode()


@pytest.fixture
def today():
    """Give a time by which OpenSSL, which has a clock of its own, takes a certificate for good."""
    return datetime.now(UTC)


@pytest.mark.parametrize("name", [*SITE, "localhost", "127.0.0.1"])
def test_whoever_trusts_the_authority_takes_the_pages_certificate_under_every_name(trust, today, name):
    opened = trust(at=today)
    assert isinstance(handshake(opened.context, trusts=pem_authority(opened), name=name), bytes)


def test_whoever_does_not_trust_it_refuses(trust, today):
    other = make_authority("north", DEVICE, today).certificate
    pem = x509.load_der_x509_certificate(other).public_bytes(Encoding.PEM).decode()
    assert "unable to get local issuer" in handshake(trust(at=today).context, trusts=pem, name="localhost")


@pytest.mark.parametrize("foreign", ["bank.example", "garden.example", "192.168.1.21", "8.8.8.8", "fd00::1"])
def test_a_stolen_authority_speaks_for_no_other_site_r52(trust, store, today, foreign):
    """OpenSSL, as browsers do, holds it to its name constraints."""
    trust(at=today)
    stolen = store.certificates.get(Certificate.AUTHORITY)
    forged = make_pages_certificate(stolen, [foreign], today)
    key = load_der_private_key(forged.key, None)
    context = _context_of_files(forged.certificate, key)
    pem = x509.load_der_x509_certificate(stolen.certificate).public_bytes(Encoding.PEM).decode()
    assert "permitted subtree violation" in handshake(context, trusts=pem, name=foreign)


def _context_of_files(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "both.pem"
        path.write_bytes(
            x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        context.load_cert_chain(path)
    return context


def test_the_authority_is_for_servers_of_these_names_alone_and_makes_no_other_authority_r52(trust, store):
    trust()
    authority = parsed(store, Certificate.AUTHORITY).extensions
    constraints = authority.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert set(constraints.value.permitted_subtrees) == {
        x509.DNSName("localhost"),
        x509.DNSName("gate.garden.example"),
        x509.IPAddress(ip_network("127.0.0.1/32")),
        x509.IPAddress(ip_network("::1/128")),
        x509.IPAddress(ip_network("192.168.1.20/32")),
    }
    assert authority.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert list(authority.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        x509.oid.ExtendedKeyUsageOID.SERVER_AUTH
    ]


def test_the_pages_certificate_holds_for_as_long_as_browsers_allow_and_a_day_back(trust, store, noon):
    trust()
    pages = parsed(store, Certificate.PAGES)
    assert pages.not_valid_before_utc == noon - DAY
    assert pages.not_valid_after_utc == noon + 397 * DAY
    assert names_of(pages) == {*SITE, *DEVICE}
    names = pages.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ip_address("192.168.1.20") in names.get_values_for_type(x509.IPAddress)


def test_a_second_start_serves_what_people_trusted(trust):
    assert trust().authority.fingerprint == trust().authority.fingerprint


def test_the_certificate_is_renewed_thirty_days_before_its_end_by_the_same_authority(trust, store, noon):
    opened = trust()
    before, context = store.certificates.certificate(Certificate.PAGES), opened.context
    opened.keep(noon + 366 * DAY, clock_trusted=True)
    assert (store.certificates.certificate(Certificate.PAGES), opened.context) == (before, context)
    opened.keep(noon + 367 * DAY, clock_trusted=True)
    assert store.certificates.certificate(Certificate.PAGES) != before
    assert opened.context is not context
    assert opened.authority.fingerprint == trust(at=noon + 367 * DAY).authority.fingerprint


def test_a_clock_that_is_not_trusted_renews_nothing(trust, store, noon):
    opened = trust()
    before = store.certificates.certificate(Certificate.PAGES)
    opened.keep(noon + 9 * YEAR, clock_trusted=False)
    trust(at=noon + 9 * YEAR, clock_trusted=False)
    trust(at=noon - YEAR, clock_trusted=False)
    assert store.certificates.certificate(Certificate.PAGES) == before


def test_a_first_start_serves_whatever_the_clock_says(trust):
    assert trust(clock_trusted=False).context


def test_a_certificate_from_a_time_that_was_taken_back_is_made_anew(trust, store, noon):
    trust(at=noon + YEAR)
    trust(at=noon)
    assert parsed(store, Certificate.PAGES).not_valid_before_utc == noon - DAY
    assert parsed(store, Certificate.AUTHORITY).not_valid_before_utc == noon - DAY


def test_other_names_make_another_authority_because_the_old_one_cannot_speak_for_them(trust, store):
    first = trust().authority.fingerprint
    second = trust(names=("gate.example",))
    assert second.authority.fingerprint != first
    assert permits(parsed(store, Certificate.AUTHORITY), (*DEVICE, "gate.example"))
    assert trust(names=("gate.example",)).authority.fingerprint == second.authority.fingerprint


def test_fewer_names_make_another_authority_too(trust):
    assert trust().authority.fingerprint != trust(names=SITE[:1]).authority.fingerprint


def test_an_authority_that_would_end_before_its_certificate_is_made_anew_in_time(trust, noon):
    first = trust()
    assert trust(at=noon + 8 * YEAR).authority.fingerprint == first.authority.fingerprint
    assert trust(at=noon + 9 * YEAR).authority.fingerprint != first.authority.fingerprint


def test_what_a_command_renewed_beside_is_taken_up_without_a_restart(trust, noon):
    running, beside = trust(), trust()
    context = running.context
    beside.renew(noon, with_authority=True)
    running.keep(noon, clock_trusted=True)
    assert running.context is not context
    assert running.authority.fingerprint == beside.authority.fingerprint


def test_a_running_gate_undoes_nothing_that_newer_names_brought(trust, store, noon):
    running = trust()
    trust(names=("gate.example",))
    made = store.certificates.certificate(Certificate.AUTHORITY)
    running.keep(noon, clock_trusted=True)
    assert store.certificates.certificate(Certificate.AUTHORITY) == made


def test_keys_are_in_no_file_and_no_private_key_is_readable_in_the_database_r50(trust, store, tmp_path):
    trust()
    keys = [load_der_private_key(store.certificates.get(name).key, None) for name in Certificate]
    secrets = [key.private_numbers().private_value.to_bytes(32, "big") for key in keys]
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert all(secret not in files for secret in secrets)
    assert b"PRIVATE KEY" not in files


@pytest.mark.parametrize("column", ["certificate", "sealed", "wrapped_key"])
def test_a_key_beside_another_certificate_opens_nowhere_r50(trust, store, intruder, column):
    trust()
    with intruder() as database:
        database.execute(
            f"UPDATE certificates SET {column} = (SELECT {column} FROM certificates WHERE name = 'authority')"
        )
    with pytest.raises(VaultError, match="altered or moved"):
        trust()


def test_making_them_is_on_record_with_their_fingerprints_r55(trust, store):
    trust()
    noted = [(entry.action, entry.object) for entry in store.audit.entries(newest=2)]
    assert noted == [
        (Action.AUTHORITY_MADE, store.certificates.get(Certificate.AUTHORITY).sha256),
        (Action.CERTIFICATE_MADE, store.certificates.get(Certificate.PAGES).sha256),
    ]


@pytest.fixture
def supplied(tmp_path, today):
    """Write a certificate the site brings; give its two files."""

    def write(names=SITE, at=today, suffix=""):
        made = make_pages_certificate(make_authority("site", names, at), names, at)
        certificate, key = tmp_path / f"pages{suffix}.crt", tmp_path / f"pages{suffix}.key"
        certificate.write_bytes(x509.load_der_x509_certificate(made.certificate).public_bytes(Encoding.PEM))
        key.touch(mode=0o600)
        key.write_bytes(
            load_der_private_key(made.key, None).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            )
        )
        return certificate, key

    return write


def test_a_certificate_the_site_brings_is_served_and_has_no_authority_to_trust(supplied, store, today):
    certificate, key = supplied()
    web = WebSettings(certificate_file=certificate, key_file=key)
    opened = open_trust(web, store.certificates, "north", today, clock_trusted=True)
    assert isinstance(opened, SuppliedTrust)
    assert opened.authority is None
    assert store.certificates.certificate(Certificate.PAGES) is None


def test_files_that_changed_are_taken_up_and_half_written_ones_leave_what_serves(supplied, today):
    certificate, key = supplied()
    opened = SuppliedTrust(certificate, key)
    first = opened.context
    whole = certificate.read_bytes()
    certificate.write_bytes(whole[:200])
    with capture_logs() as logs:
        opened.keep(today, clock_trusted=True)
        opened.keep(today, clock_trusted=True)
    assert [line["event"] for line in logs] == ["certificate_not_taken_up"]
    assert opened.context is first
    supplied(at=today - DAY)
    opened.keep(today, clock_trusted=False)
    assert opened.context is not first


def test_files_that_cannot_serve_are_told_with_their_remedy(supplied, tmp_path):
    certificate, key = supplied()
    _, other = supplied(suffix="2")

    def refused(*files):
        with pytest.raises(ConfigError) as refusal:
            SuppliedTrust(*files)
        assert refusal.value.remedy
        return refusal.value.code

    assert refused(tmp_path / "none.crt", key) == "certificate-unreadable"
    assert refused(certificate, other) == "certificate-unfit"
    assert refused(key, key) == "certificate-unfit"
    key.chmod(0o604)
    assert refused(certificate, key) == "certificate-key-open"


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(supplied, tmp_path):
    certificate, key = supplied()
    sealed = load_pem_private_key(key.read_bytes(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")
    )
    key.write_bytes(sealed)
    with pytest.raises(ConfigError) as refusal:
        SuppliedTrust(certificate, key)
    assert refusal.value.code == "certificate-unfit"


def test_gate_check_tells_of_a_certificate_that_browsers_would_refuse(supplied, today, store):
    def look(names=SITE, at=today, **made):
        certificate, key = supplied(**made)
        web = WebSettings(names=names, certificate_file=certificate, key_file=key)
        try:
            return look_at_certificate(web, store.certificates, at)
        except ConfigError as error:
            return error.code

    assert "for gate.garden.example" in look()
    assert look(at=today + 398 * DAY) == "certificate-over"
    assert look(at=today - 2 * DAY) == "certificate-over"
    assert look(names=("other.example",)) == "certificate-names"


def test_gate_check_tells_how_the_gates_own_certificate_stands(trust, store, noon):
    web = WebSettings(names=SITE)
    assert "first start" in look_at_certificate(web, store.certificates, noon)
    trust()
    assert "until 2027-12-24, for gate.garden.example" in look_at_certificate(web, store.certificates, noon)
    assert "next start makes anew" in look_at_certificate(
        WebSettings(names=("x.example",)), store.certificates, noon
    )
    with pytest.raises(ConfigError, match="gate tls renew"):
        look_at_certificate(web, store.certificates, noon + 2 * YEAR)


@pytest.mark.parametrize(
    ("web", "names"),
    [
        (WebSettings(), ()),
        (WebSettings(host="0.0.0.0", names=SITE), SITE),
        (
            WebSettings(host="192.168.1.20", names=("gate.example", "localhost")),
            ("gate.example", "192.168.1.20"),
        ),
        (WebSettings(host="192.168.1.20", names=SITE), SITE),
    ],
)
def test_the_sites_names_are_those_of_the_settings_and_the_one_address_it_serves(web, names):
    assert site_names(web) == names
