"""Who may be called, and how a connection is secured (R45)."""

from __future__ import annotations

import ssl

import pytest

from gate.errors import ConfigError
from gate.publish.link import BrokerSettings, TlsSettings, tls_context
from tests.publish.world import make_authority


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_plain_text_is_allowed_on_this_device(host):
    assert BrokerSettings(host, 1883).tls is None


@pytest.mark.parametrize("host", ["192.0.2.7", "broker.example", "localhost.example", "0.0.0.0", "::"])
def test_plain_text_to_anywhere_else_is_refused(host):
    with pytest.raises(ConfigError) as refusal:
        BrokerSettings(host, 1883)
    assert refusal.value.code == "broker-plain"


@pytest.mark.parametrize(
    ("host", "port"),
    [("", 1883), (".example", 1883), ("a" * 64 + ".example", 1883), ("localhost", 0), ("localhost", 65536)],
)
def test_an_address_that_cannot_be_called_is_refused(host, port):
    with pytest.raises(ConfigError) as refusal:
        BrokerSettings(host, port)
    assert refusal.value.code == "broker-address"


def test_the_password_is_not_in_the_text_of_the_settings():
    assert "hunter2" not in repr(BrokerSettings("localhost", 1883, username="gate", password="hunter2"))


def test_a_missing_or_broken_authority_file_is_a_setting_to_mend(tmp_path):
    broken = tmp_path / "ca.pem"
    for written in (False, True):
        if written:
            broken.write_text("no certificate", encoding="ascii")
        with pytest.raises(ConfigError) as refusal:
            tls_context(TlsSettings(broken))
        assert refusal.value.code == "broker-tls"


def test_certificates_are_verified_by_name_and_old_tls_is_refused(authority):
    context = tls_context(TlsSettings(authority.ca_file))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1


def test_the_gates_own_certificate_is_taken_with_its_key(authority):
    tls_context(TlsSettings(authority.ca_file, authority.cert_file, authority.key_file))


@pytest.mark.parametrize("fault", ["no key", "another's key", "a key under a password"])
def test_a_certificate_that_cannot_be_used_is_a_setting_to_mend(authority, tmp_path, fault):
    (tmp_path / "other").mkdir()
    key_file = {
        "no key": tmp_path / "absent.key",
        "another's key": make_authority(tmp_path / "other").key_file,
        "a key under a password": make_authority(tmp_path / "other", key_password=b"secret").key_file,
    }[fault]
    with pytest.raises(ConfigError) as refusal:
        tls_context(TlsSettings(authority.ca_file, authority.cert_file, key_file))
    assert refusal.value.code == "broker-tls"
