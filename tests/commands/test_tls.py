"""``gate tls``, as somebody at a terminal meets it."""

import re
from contextlib import closing

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from gate.app import open_store
from gate.settings import read_settings
from gate.store.account.audit import Action, Actor
from gate.store.certificates import Certificate

FINGERPRINT = r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}"


def made(config, name):
    with closing(open_store(read_settings(config))) as store:
        return store.certificates.certificate(name)


def test_before_the_first_start_there_is_none_and_it_says_so(gate, tmp_path):
    assert "None yet" in gate("tls", "status").output
    refused = gate("tls", "ca", tmp_path / "ca.crt")
    assert refused.exception.code == "certificate-none"
    assert not (tmp_path / "ca.crt").exists()


def test_the_fingerprint_is_the_same_everywhere_people_compare_it_r45(gate, tmp_path):
    told = re.search(FINGERPRINT, gate("tls", "renew").output)[0]
    assert told in gate("tls", "status").output
    assert told in gate("tls", "ca", tmp_path / "ca.crt").output
    file = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    assert file.fingerprint(SHA256()).hex(":").upper() == told


def test_renewing_keeps_the_authority_that_people_trusted(gate, config):
    gate("tls", "renew")
    authority, pages = made(config, Certificate.AUTHORITY), made(config, Certificate.PAGES)
    gate("tls", "renew")
    assert made(config, Certificate.AUTHORITY) == authority
    assert made(config, Certificate.PAGES) != pages


def test_a_new_authority_is_made_only_for_who_types_the_gates_id(gate, config):
    gate("tls", "renew")
    authority = made(config, Certificate.AUTHORITY)
    assert gate("tls", "renew", "--authority", said="yes\n").exit_code != 0
    assert made(config, Certificate.AUTHORITY) == authority
    assert gate("tls", "renew", "--authority", said="north\n").exit_code == 0
    assert made(config, Certificate.AUTHORITY) != authority


def test_a_renewal_by_hand_stands_in_the_audit_log_as_the_installers_r55(gate, config):
    gate("tls", "renew")
    with closing(open_store(read_settings(config))) as store:
        noted = [(entry.actor, entry.action) for entry in store.audit.entries(newest=2)]
    assert noted == [(Actor.INSTALLER, Action.AUTHORITY_MADE), (Actor.INSTALLER, Action.CERTIFICATE_MADE)]


def test_what_the_site_brings_is_not_the_gates_to_renew(gate, config):
    files = 'certificate_file = "/etc/x.crt"\nkey_file = "/etc/x.key"\n'
    config.write_text(f"{config.read_text()}\n[web]\n{files}")
    assert gate("tls", "renew").exception.code == "certificate-supplied"


def test_gate_check_says_how_the_certificate_stands(gate):
    assert "once the first start made them" in gate("check").output
    gate("tls", "renew")
    said = gate("check").output
    assert re.search(
        r"ok    pages    on 127.0.0.1, port 8443; a certificate of the gate's own authority until \d", said
    )


def test_a_file_that_cannot_be_written_is_told(gate, tmp_path):
    gate("tls", "renew")
    assert gate("tls", "ca", tmp_path).exception.code == "output-unwritable"
