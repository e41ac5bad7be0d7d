"""The broker's set-up that ships with the gate does what it says: TLS, an account a device, its own topics only (R45).

Each test starts a real mosquitto with the files that ``make-site`` made; only where it listens and stores differs.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import os
import shutil
import stat
import tomllib

import pytest

from gate.errors import DeviceFault
from gate.publish.link import TlsSettings
from gate.publish.listen import Listener
from gate.settings import BrokerSettings as BrokerSection
from tests.publish.accounts import attempts_to_write, comes_back, hears, say, subscribes_and_leaves
from tests.publish.sites import login, made, make_site, served
from tests.publish.world import MemoryOutbox, ids, make_authority, publishing, ticking, until

LEAVES = ("access-counts", "denials", "alarm", "deidentified-passage", "health", "command-answer")
MORE_THAN_IT_KEEPS = 1100
TOPICS = frozenset(
    {f"gate/{gate}/{leaf}" for gate in ("north", "south") for leaf in (*LEAVES, "command", "anything")}
    | {f"homeassistant/device/gate/{gate}/config" for gate in ("north", "south")}
    | {"homeassistant/status", "homeassistant/device/other/config", "elsewhere"}
)
WRITES = {
    "north": {f"gate/north/{leaf}" for leaf in LEAVES} | {"homeassistant/device/gate/north/config"},
    "receiver": set(),
    "commander": {"gate/north/command", "gate/south/command"},
    "home-assistant": {"homeassistant/status"},
}
READS = {
    "north": {"gate/north/command", "homeassistant/status"},
    "receiver": {
        f"gate/{gate}/{leaf}" for gate in ("north", "south") for leaf in LEAVES if leaf != "command-answer"
    }
    | {"homeassistant/status"},
    "commander": {"gate/north/command-answer", "gate/south/command-answer", "homeassistant/status"},
    "home-assistant": {
        f"gate/{gate}/{leaf}"
        for gate in ("north", "south")
        for leaf in LEAVES
        if leaf not in {"deidentified-passage", "command-answer"}
    }
    | {f"homeassistant/device/gate/{gate}/config" for gate in ("north", "south")}
    | {"homeassistant/status"},
}
"""Of everything that anybody may write. Home Assistant's status is open to all of a site that has it."""


def paho_leaves_a_socket(test):
    """Paho leaves the socket of a failed handshake to the garbage collector, of which Python warns: here, not later."""
    quiet = pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    )
    return pytest.mark.usefixtures("swept")(quiet(test))


@pytest.fixture
def swept():
    yield
    gc.collect()


@pytest.fixture(scope="module")
def full_site(tmp_path_factory):
    """A broker with everybody on it."""
    folder = made(
        tmp_path_factory.mktemp("broker") / "site",
        accounts=("gate north", "gate south", "receiver", "commander", "home-assistant"),
    )
    with served(folder):
        yield folder


@pytest.fixture
def site(full_site):
    return {account: login(full_site, account) for account in ("north", "south", "receiver")}


def test_a_gate_delivers_over_tls_to_the_receiver_r45(site):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        async with Listener(site["receiver"], "north") as listener:
            async with publishing(site["north"], outbox, gate_id="north") as publisher, ticking(publisher):
                await until(lambda: outbox.sent == ids(1))
            await until(lambda: len(listener.received) == 3)
        assert all(r.message for r in listener.received)

    asyncio.run(scenario())


@pytest.mark.parametrize("account", WRITES)
def test_an_account_writes_its_own_topics_and_no_other_r45(full_site, account):
    accepted = attempts_to_write(login(full_site, account), TOPICS)
    assert accepted == WRITES[account]


@pytest.mark.parametrize("account", READS)
def test_an_account_hears_its_own_topics_and_no_other_r45(full_site, account):
    written = {
        login(full_site, "north"): {f"gate/north/{leaf}" for leaf in LEAVES}
        | {"homeassistant/device/gate/north/config"},
        login(full_site, "south"): {f"gate/south/{leaf}" for leaf in LEAVES}
        | {"homeassistant/device/gate/south/config"},
        login(full_site, "commander"): {"gate/north/command", "gate/south/command"},
        login(full_site, "home-assistant"): {"homeassistant/status"},
    }
    assert hears(login(full_site, account), written) == READS[account]


def test_without_home_assistant_no_gate_speaks_outside_its_own_tree_r41(tmp_path):
    folder = made(tmp_path / "site", accounts=("gate north",))
    with served(folder):
        accepted = attempts_to_write(login(folder, "north"), TOPICS)
    assert accepted == {f"gate/north/{leaf}" for leaf in LEAVES}


@paho_leaves_a_socket
def test_a_broker_vouched_for_by_a_stranger_is_refused_and_gets_no_password_r45(site, logs, tmp_path):
    stranger = TlsSettings(make_authority(tmp_path).ca_file)

    async def scenario():
        async with publishing(dataclasses.replace(site["north"], tls=stranger), MemoryOutbox()):
            await until(lambda: logs != [])

    asyncio.run(scenario())
    assert [entry["event"] for entry in logs] == ["broker_down"]
    assert "certificate verify failed" in logs[0]["reason"]


@paho_leaves_a_socket
def test_a_certificate_for_another_name_is_refused_r45(site, logs):
    async def scenario():
        async with publishing(dataclasses.replace(site["north"], host="127.0.0.1"), MemoryOutbox()):
            await until(lambda: logs != [])

    asyncio.run(scenario())
    assert "certificate is not valid for '127.0.0.1'" in logs[0]["reason"]


def test_plain_text_is_not_answered_r45(site):
    async def scenario():
        with pytest.raises(DeviceFault):
            async with Listener(dataclasses.replace(site["receiver"], tls=None), "north"):
                pass

    asyncio.run(scenario())


def test_an_authority_file_that_comes_and_goes_is_read_again(site, logs, tmp_path):
    ca_file = shutil.copy(site["north"].tls.ca_file, tmp_path / "ca.crt")
    certificate = ca_file.read_bytes()
    settings = dataclasses.replace(site["north"], tls=TlsSettings(ca_file))

    async def scenario():
        async with publishing(settings, MemoryOutbox(), gate_id="north") as publisher:
            ca_file.unlink()  # start() has read it; the first connection, which only now begins, will miss it
            await until(lambda: [entry["event"] for entry in logs] == ["broker_down"])
            ca_file.write_bytes(certificate)
            await until(lambda: publisher.connected)

    asyncio.run(scenario())
    assert "ConfigError" in logs[0]["reason"]


def test_all_that_was_acknowledged_waits_for_an_absent_receiver_over_a_restart(tmp_path):
    """More than mosquitto keeps by itself, which would drop the rest without a word (ADR 0004's queue ends at the PUBACK)."""
    folder = made(tmp_path / "site", accounts=("gate north", "receiver"))
    north, receiver = login(folder, "north"), login(folder, "receiver")
    with served(folder) as broker:
        subscribes_and_leaves(receiver, "collector", "gate/+/access-counts")
        assert say(north, "gate/north/access-counts", MORE_THAN_IT_KEEPS) == MORE_THAN_IT_KEEPS
        broker.end()
        broker.start()
        waited = comes_back(receiver, "collector", awaits=MORE_THAN_IT_KEEPS)
    assert waited == [str(number).encode() for number in range(MORE_THAN_IT_KEEPS)]


@pytest.fixture
def mutual(tmp_path):
    folder = made(tmp_path / "site", "--mutual", accounts=("gate north", "gate south"))
    with served(folder):
        yield folder


def test_where_certificates_are_asked_for_certificate_and_password_together_open_r45(mutual):
    assert attempts_to_write(login(mutual, "north", certificate=True), {"gate/north/health"})


@paho_leaves_a_socket
def test_where_certificates_are_asked_for_a_password_alone_opens_nothing_r45(mutual):
    assert attempts_to_write(login(mutual, "north"), {"gate/north/health"}) == set()


def test_where_certificates_are_asked_for_a_certificate_alone_opens_nothing_r45(mutual):
    without = dataclasses.replace(login(mutual, "north", certificate=True), username=None, password=None)
    assert attempts_to_write(without, {"gate/north/health"}) == set()


def test_a_removed_account_is_shut_out_and_the_others_are_not(tmp_path):
    folder = made(tmp_path / "site", accounts=("gate north", "gate south"))
    north, south = login(folder, "north"), login(folder, "south")
    # The gate's own device keeps its copy of the authority's certificate.
    north = dataclasses.replace(north, tls=south.tls)
    make_site("remove", folder, "north")
    with served(folder):
        assert attempts_to_write(north, {"gate/north/health"}) == set()
        assert attempts_to_write(south, {"gate/south/health"}) == {"gate/south/health"}


def test_a_renewed_certificate_needs_no_change_at_the_gates(tmp_path):
    folder = made(tmp_path / "site", accounts=("gate north",))
    before = (folder / "broker.crt").read_bytes()
    make_site("renew", folder, "localhost")
    assert (folder / "broker.crt").read_bytes() != before
    with served(folder):
        assert attempts_to_write(login(folder, "north"), {"gate/north/health"})


def test_no_password_is_an_argument_of_a_program_or_shown(tmp_path):
    said = _spied(tmp_path, accounts=("north",))
    password = (
        (tmp_path / "site" / "accounts" / "north" / "broker-password").read_text(encoding="ascii").strip()
    )
    assert len(password) == 64
    assert "rand" in said  # the spies stood in the way
    assert password not in said


def _spied(tmp_path, *, accounts):
    """Make a site with programs in the way that note what they are called with; give all that was said and noted."""
    spies, notes = tmp_path / "spies", tmp_path / "notes"
    spies.mkdir()
    for program in (
        "openssl",
        "mosquitto_passwd",
        "sed",
        "cp",
        "mv",
        "rm",
        "cat",
        "grep",
        "chown",
        "chmod",
        "mktemp",
    ):
        spy = spies / program
        spy.write_text(f'#!/bin/sh\necho {program} "$@" >>{notes}\nexec {shutil.which(program)} "$@"\n')
        spy.chmod(0o755)
    path = {**os.environ, "PATH": f"{spies}:{os.environ['PATH']}"}
    calls = [
        ("new", tmp_path / "site", "localhost"),
        *(("add", tmp_path / "site", "gate", a) for a in accounts),
    ]
    answers = [make_site(*call, env=path) for call in calls]
    return notes.read_text() + "".join(answer.stdout + answer.stderr for answer in answers)


def test_what_make_site_makes_is_its_owners_alone(tmp_path):
    folder = made(tmp_path / "site", accounts=("gate north",))
    open_to_others = [
        path for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_others == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_the_broker_reads_stays_its_own(tmp_path):
    folder, broker = made(tmp_path / "site", accounts=("gate north",)), 65534
    for path in (folder, *folder.rglob("*")):
        os.chown(path, broker, broker)
    make_site("renew", folder, "localhost")
    make_site("add", folder, "gate", "south")
    make_site("add", folder, "home-assistant")
    make_site("remove", folder, "north")
    read = ("broker.crt", "broker.key", "passwords", "acl", "mosquitto.conf")
    assert {(folder / name).stat().st_uid for name in read} == {broker}


def test_the_settings_it_writes_are_the_gates_own(tmp_path):
    folder = made(tmp_path / "site", accounts=("gate north",))
    written = tomllib.loads((folder / "accounts" / "north" / "broker.toml").read_text(encoding="utf-8"))
    section = BrokerSection.model_validate_json(json.dumps(written["broker"]))
    assert (section.host, section.username) == ("localhost", "north")
    assert section.port == int((folder / "port").read_text(encoding="ascii"))


@pytest.fixture(scope="module")
def unchanged_site(tmp_path_factory):
    return made(tmp_path_factory.mktemp("refused") / "site", accounts=("gate north",))


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("add", "{site}", "gate", "North"), "lower-case letters"),
        (("add", "{site}", "gate", "x" * 33), "32 characters at most"),
        (("add", "{site}", "gate", "receiver"), "no name of another account"),
        (("add", "{site}", "gate", "north"), "remove it first"),
        (("add", "{site}/elsewhere", "gate", "south"), "begin with make-site new"),
        (("new", "{site}", "localhost"), "name another folder"),
        (("new", "{site}-2", "not a name"), "neither a host name nor an address"),
        (("new", "{site} 2", "localhost"), "characters that mosquitto.conf cannot take"),
        (("new", "{site}-2", "--port", "all", "localhost"), "is no port"),
        (("remove", "{site}", "south"), "has no account here"),
        (("renew", "{site}", "not a name"), "neither a host name nor an address"),
    ],
)
def test_what_cannot_be_is_refused_with_its_remedy_and_changes_nothing(unchanged_site, words, remedy):
    root = unchanged_site.parent
    before = {path: path.is_file() and path.read_bytes() for path in root.rglob("*")}
    answer = make_site(*(word.format(site=unchanged_site) for word in words), check=False)
    assert answer.returncode == 1
    assert remedy in answer.stderr
    assert {path: path.is_file() and path.read_bytes() for path in root.rglob("*")} == before


def test_an_account_that_cannot_be_certified_is_no_account(tmp_path):
    folder = made(tmp_path / "site", accounts=())
    (folder / "ca.key").rename(tmp_path / "ca.key")
    answer = make_site("add", folder, "gate", "north", check=False)
    assert "bring ca.key back" in answer.stderr
    assert (folder / "passwords").read_bytes() == b""
