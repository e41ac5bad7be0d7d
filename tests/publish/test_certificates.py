"""Certificates that are wrong, run out or are swapped while the gate runs: it fails closed, says so, and recovers (R45)."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from gate.broker_check import look_at_broker
from gate.core.broker import BrokerState
from gate.errors import ConfigError, DeviceFault
from gate.publish.link import BrokerSettings, TlsSettings
from tests.brokers import PASSWORD, USER, Mosquitto, free_port, running, write_passwords
from tests.publish.certificates import Issuer
from tests.publish.world import MemoryOutbox, publishing, ticking, until

# paho leaves the socket of a failed handshake to the garbage collector, and Python warns of it.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _sockets_are_collected_here():
    yield
    gc.collect()


@pytest.fixture
def issuer(tmp_path):
    return Issuer(tmp_path / "site")


@pytest.fixture
def stranger(tmp_path):
    return Issuer(tmp_path / "stranger", "another authority")


@dataclasses.dataclass
class Site:
    """A mosquitto with TLS, its certificate's files, and the settings of a gate that calls it."""

    mosquitto: Mosquitto
    settings: BrokerSettings


@pytest.fixture
def site(tmp_path, issuer):
    return make_site(tmp_path, issuer)


def make_site(tmp_path, issuer, *, extra="", own=(None, None)):
    cert_file, key_file = issuer.issue("localhost")
    port = free_port()
    config = (
        f"listener {port} localhost\nallow_anonymous false\n"
        f"password_file {write_passwords(tmp_path, **{USER: PASSWORD})}\n"
        f"certfile {cert_file}\nkeyfile {key_file}\ntls_version tlsv1.2\n{extra}"
    )
    tls = TlsSettings(issuer.ca_file, *own)
    return Site(Mosquitto(tmp_path, config), BrokerSettings("localhost", port, USER, PASSWORD, tls))


def with_client_certificates(tmp_path, issuer, own):
    return make_site(tmp_path, issuer, extra=f"cafile {issuer.ca_file}\nrequire_certificate true\n", own=own)


REACHED = BrokerState.UNHEARD
"""The broker answered for a message: that nobody has subscribed."""


async def state_of(settings):
    """How a gate that just began stands with the broker."""
    outbox = MemoryOutbox()
    outbox.add(1)
    async with publishing(settings, outbox) as publisher, ticking(publisher):
        await until(
            lambda: (
                publisher.state is not BrokerState.CONNECTING
                and (publisher.state is REACHED or not publisher.connected)
            )
        )
        return publisher.state


def first_state(site):
    with running(site.mosquitto):
        return asyncio.run(state_of(site.settings))


def test_a_broker_with_a_good_certificate_gets_the_messages(site):
    assert first_state(site) is REACHED


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("run out", BrokerState.EXPIRED),
        ("not valid yet", BrokerState.EXPIRED),
        ("a stranger's", BrokerState.UNTRUSTED),
        ("another name's", BrokerState.WRONG_NAME),
    ],
)
def test_a_broker_with_a_bad_certificate_gets_nothing(tmp_path, issuer, stranger, site, fault, state):
    folder = issuer.ca_file.parent
    match fault:
        case "run out":
            issuer.issue("localhost", ends_in=-HOUR)
        case "not valid yet":
            issuer.issue("localhost", began=-2 * timedelta(days=1), ends_in=timedelta(days=9))
        case "a stranger's":
            stranger.issue("localhost", to=folder)
        case _:
            for made, used in zip(issuer.issue("elsewhere"), ("localhost.crt", "localhost.key"), strict=True):
                made.rename(folder / used)
    assert first_state(site) is state


def test_a_broker_without_tls_gets_nothing(tmp_path, issuer, site):
    plain = Mosquitto(tmp_path, f"listener {site.settings.port} localhost\nallow_anonymous true")
    with running(plain):
        assert asyncio.run(state_of(site.settings)) in {BrokerState.NO_TLS, BrokerState.UNREACHABLE}


def test_with_mutual_tls_the_gates_own_certificate_lets_it_in(tmp_path, issuer):
    assert first_state(with_client_certificates(tmp_path, issuer, issuer.issue("north"))) is REACHED


@pytest.mark.parametrize("fault", ["none", "run out", "a stranger's"])
def test_with_mutual_tls_any_other_certificate_is_told_as_the_gates_own(tmp_path, issuer, stranger, fault):
    own = {
        "none": lambda: (None, None),
        "run out": lambda: issuer.issue("north", ends_in=-HOUR),
        "a stranger's": lambda: stranger.issue("north"),
    }[fault]()
    site = with_client_certificates(tmp_path, issuer, own)

    async def scenario():
        outbox = MemoryOutbox()
        async with publishing(site.settings, outbox) as publisher, ticking(publisher):
            # Its word is lost where the reset of the closed connection overtakes it; the next call hears it.
            await until(lambda: publisher.state is BrokerState.OWN_CERTIFICATE)
            downs = publisher.downs
            await until(lambda: publisher.downs > downs + 3)
            assert publisher.state is BrokerState.OWN_CERTIFICATE
        assert outbox.asked == 0

    with running(site.mosquitto):
        asyncio.run(scenario())


def test_files_replaced_on_disk_are_used_at_the_next_connection(tmp_path, issuer, stranger):
    own = stranger.issue("north")
    site = with_client_certificates(tmp_path, issuer, own)

    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        async with publishing(site.settings, outbox) as publisher, ticking(publisher):
            await until(lambda: publisher.state is BrokerState.OWN_CERTIFICATE)
            own[1].unlink()
            await until(lambda: publisher.state is BrokerState.OWN_FILES)
            issuer.issue("north", to=own[0].parent)
            await until(lambda: publisher.state is REACHED)

    with running(site.mosquitto):
        asyncio.run(scenario())


def test_a_certificate_that_runs_out_while_the_connection_stands_ends_it_until_it_is_renewed(
    issuer, site, logs
):
    issuer.issue("localhost", ends_in=timedelta(seconds=8))
    site.mosquitto.start()

    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        async with publishing(site.settings, outbox) as publisher, ticking(publisher):
            await until(lambda: publisher.state is REACHED)
            await until(lambda: publisher.state is BrokerState.EXPIRED)
            assert not publisher.connected
            issuer.issue("localhost")
            site.mosquitto.stop()
            site.mosquitto.start()
            await until(lambda: publisher.state is REACHED)

    try:
        asyncio.run(scenario())
    finally:
        site.mosquitto.stop()
    told = [entry.get("state") for entry in logs if entry["event"] == "broker_down"]
    assert told[0] is BrokerState.EXPIRED


def test_a_certificate_swapped_while_the_gate_runs_closes_the_line_until_it_is_mended(issuer, stranger, site):
    async def scenario():
        outbox = MemoryOutbox()
        async with publishing(site.settings, outbox) as publisher, ticking(publisher):
            with running(site.mosquitto):
                await until(lambda: publisher.connected)
            stranger.issue("localhost", to=issuer.ca_file.parent)
            with running(site.mosquitto):
                await until(lambda: publisher.state is BrokerState.UNTRUSTED)
                outbox.add(1)
                downs, asked = publisher.downs, outbox.asked
                await until(lambda: publisher.downs > downs + 2)
                assert outbox.asked == asked
            issuer.issue("localhost")
            with running(site.mosquitto):
                await until(lambda: publisher.state is REACHED)

    asyncio.run(scenario())


def test_gate_check_says_how_long_both_certificates_hold(tmp_path, issuer):
    own = issuer.issue("north", ends_in=timedelta(days=40))
    site = with_client_certificates(tmp_path, issuer, own)
    with running(site.mosquitto):
        said = look_at_broker(site.settings, "north", datetime.now(UTC))
    its_end, own_end = (
        x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
        for file in (own[0].parent / "localhost.crt", own[0])
    )
    assert f"its certificate holds until {its_end:%Y-%m-%d}: RENEW IT NOW" in said
    assert said.endswith(f"the gate's own holds until {own_end:%Y-%m-%d}")


def test_gate_check_names_the_fault_and_the_remedy(issuer, site):
    issuer.issue("localhost", ends_in=-HOUR)
    with running(site.mosquitto), pytest.raises(DeviceFault) as fault:
        look_at_broker(site.settings, "north", datetime.now(UTC))
    assert fault.value.code == "broker-expired"
    assert "Renew" in fault.value.remedy


def test_gate_check_names_a_wrong_password(site):
    wrong = dataclasses.replace(site.settings, password="hunter2")
    with running(site.mosquitto), pytest.raises(DeviceFault) as fault:
        look_at_broker(wrong, "north", datetime.now(UTC))
    assert fault.value.code in {"broker-barred", "broker-credentials"}
    assert "hunter2" not in str(fault.value)


def test_gate_check_throws_no_running_gate_out(site):
    async def scenario():
        async with publishing(site.settings, MemoryOutbox(), gate_id="north") as publisher:
            await until(lambda: publisher.connected)
            await asyncio.to_thread(look_at_broker, site.settings, "north", datetime.now(UTC))
            assert (publisher.connected, publisher.downs) == (True, 0)

    with running(site.mosquitto):
        asyncio.run(scenario())


def test_gate_check_of_the_embedded_broker_calls_nobody():
    assert "embedded" in look_at_broker(None, "north", datetime.now(UTC))


def test_gate_check_refuses_files_that_are_not_there(tmp_path, issuer):
    gone = BrokerSettings("localhost", 8883, tls=TlsSettings(tmp_path / "gone.crt"))
    with pytest.raises(ConfigError) as fault:
        look_at_broker(gone, "north", datetime.now(UTC))
    assert fault.value.code == "broker-tls"
