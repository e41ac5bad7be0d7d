"""The whole gate as it is composed, with what goes wrong in the world around it: face goes, card and PIN stay."""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.app import open_gate, open_store
from gate.core.events import window_of
from gate.core.types import Reason
from gate.demo.operator import prepare_site
from gate.demo.settings import desk_settings
from gate.demo.visitor import Visitor
from gate.publish.listen import Listener
from gate.settings import BrokerSettings
from gate.simulated import ShiftedClock, SimulatedScreen
from gate.web.context import Said
from tests.brokers import BROKERS, free_port
from tests.children import gate_run

CARD = 40451
SETTINGS = """
[site]
gate_id = "north"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
[reader]
driver = "simulated"
[door]
driver = "simulated"
declared = "fail-secure"
[web]
port = 0
screen_port = 0
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
"""


@asynccontextmanager
async def visiting(settings, clock=None):
    screens = []

    def make_screen(post):
        screens.append(SimulatedScreen(post))
        return screens[0]

    with closing(open_store(settings)) as store:
        prepare_site(store, settings, datetime.now(UTC))
    async with open_gate(settings, make_screen, clock=clock) as gate:
        now = gate.clock.now()
        person = gate.store.people.add("1203", "Ada Chen", "")
        gate.store.credentials.issue_card(person, f"26:{CARD}", at=now)
        visitor = Visitor(gate, screens[0])
        visitor.person, visitor.pin = person, gate.store.credentials.issue_pin(person, at=now)
        yield visitor


async def card_and_pin_open(visitor):
    by_card = await visitor.by_card(CARD)
    by_pin = await visitor.by_pin("1203", visitor.pin)
    return by_card.granted and by_pin.granted


def altered(models):
    for weights in (models / "weights").glob("sface*.onnx"):  # each form of it: any sound one would run
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.write_bytes(data)


def missing(models):
    for weights in (models / "weights").glob("yunet*.onnx"):
        weights.unlink()


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.models
@pytest.mark.parametrize(
    ("harm", "code"),
    [(altered, "model-hash"), (missing, "model-missing")],
)
def test_r33_a_model_that_is_not_the_pinned_one_turns_face_off_and_card_and_pin_open(
    tmp_path, models_dir, harm, code
):
    models = shutil.copytree(models_dir, tmp_path / "models")
    harm(models)

    async def scenario():
        async with visiting(desk_settings(tmp_path, models_dir=models)) as visitor:
            vision = visitor.gate.vision
            await visitor.until(lambda: vision.last_fault is not None, "vision's fault")
            assert vision.last_fault.code == code
            assert "gate models prepare" in visitor.gate.status().vision_fault
            assert await card_and_pin_open(visitor)
            assert (await visitor.by_face("resident")).result is None

    asyncio.run(scenario())


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.models
@pytest.mark.portraits
def test_a_camera_that_is_absent_or_hangs_never_grants_and_the_card_opens(tmp_path, models_dir):
    async def scenario():
        async with visiting(desk_settings(tmp_path, models_dir=models_dir)) as visitor:
            service = visitor.gate.service
            for scene in ("absent", "hanging"):
                await visitor.until(lambda: service.face_offered, "face to be offered")
                visit = await visitor.by_face(scene)
                assert (visit.granted, visit.result.reason) == (False, Reason.FAULT)
                assert visitor.devices.door_locked
                assert (await visitor.by_card(CARD)).granted
                await visitor.until(lambda: visitor.devices.door_locked, "the strike to lock")

    asyncio.run(scenario())


@pytest.mark.alone
@pytest.mark.models
@pytest.mark.portraits
def test_r24_r34_an_erasure_renews_who_stays_and_trains_nothing(tmp_path, models_dir):
    """R51 too: the epoch moves on with the real renewal, and the resident who stays still opens by face."""

    async def scenario():
        async with visiting(desk_settings(tmp_path, models_dir=models_dir)) as visitor:
            gate, service = visitor.gate, visitor.gate.service
            leaver = gate.store.people.add("1204", "Ben Wu", "")
            said = Said.to(gate.notices.in_force, "en")
            visitor.devices.set_scene("resident")
            await visitor.until(lambda: service.face_offered, "face to be offered")
            await gate.desk.enrol(leaver, said)
            gate.desk.withdraw(leaver)
            await gate.desk.enrol(visitor.person, said)
            epoch = gate.store.epochs.current.number
            service._keep_house()  # as it does three times a minute
            await visitor.until(lambda: gate.store.epochs.current.number > epoch, "the next epoch")
            await visitor.until(lambda: service.face_offered, "face to be offered")
            assert (await visitor.by_face("resident")).granted

    before = _bytes_of(models_dir)
    asyncio.run(scenario())
    assert _bytes_of(models_dir) == before


def _bytes_of(models_dir):
    paths = [path for path in models_dir.rglob("*") if path.suffix in {".onnx", ".toml"}]
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in paths}


def test_r46_a_broker_that_is_down_delays_no_door(tmp_path, models_dir):
    async def scenario():
        settings = desk_settings(tmp_path, models_dir=models_dir)
        nobody = BrokerSettings(host="127.0.0.1", port=free_port())
        settings = settings.model_copy(
            update={
                "broker": nobody,
                "camera": None,
                "face": settings.face.model_copy(update={"enabled": False}),
            }
        )
        async with visiting(settings) as visitor:
            assert await card_and_pin_open(visitor)
            assert not visitor.gate.status().broker_connected

    asyncio.run(scenario())


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(SETTINGS.format(folder=tmp_path))
    return path


def gate(*arguments, timeout=60, typed=None):
    return subprocess.run(
        [sys.executable, "-m", "gate.cli", *map(str, arguments)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def add_resident(config, typed="Ada\n\n451\n"):
    return gate("resident", "add", "--unit", "1203", "--config", config, typed=typed)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_starts_serves_and_ends_in_good_order(config, number):
    with gate_run(config) as process:
        assert "https://localhost:" in process.stdout.readline()
        os.kill(process.pid, number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Traceback" not in said


def test_wrong_settings_end_with_78_and_the_remedy(config):
    config.write_text(config.read_text() + "[notice]\nminimum_ms = 2000\n")
    ended = gate("run", "--config", config)
    assert ended.returncode == 78
    assert "did you mean minimum_s, in seconds?" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_of_a_newer_version_is_refused_unharmed(config, tmp_path):
    assert add_resident(config).returncode == 0
    path = tmp_path / "data" / "gate.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    before = path.read_bytes()
    ended = gate("run", "--config", config)
    assert ended.returncode == 1
    assert "9999" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert path.read_bytes() == before


def test_check_names_each_part_and_where_the_key_is_held_and_makes_nothing(config, tmp_path):
    assert "not made yet" in gate("check", "--config", config).stdout
    assert not (tmp_path / "data").exists()
    assert add_resident(config).returncode == 0
    ended = gate("check", "--config", config)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for word in ("notice", "store", "software file", "reader", "door", "off by settings", "embedded"):
        assert word in ended.stdout


def test_check_fails_on_a_driver_that_does_not_exist(config):
    config.write_text(config.read_text().replace('[door]\ndriver = "simulated"', '[door]\ndriver = "hinge"'))
    ended = gate("check", "--config", config)
    assert ended.returncode == 1
    assert "FAIL  door" in ended.stdout


def test_a_resident_added_on_the_command_line_gets_a_pin_once(config):
    added = add_resident(config)
    assert "PIN: " in added.stdout
    assert "1203\tAda" in gate("resident", "list", "--config", config).stdout
    again = add_resident(config, "Eve\n\n\n")
    assert again.returncode == 1
    assert "Traceback" not in again.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kind", BROKERS)
def test_r43_an_hour_of_visits_reaches_a_real_broker_as_counts_that_name_nobody(
    tmp_path, models_dir, monkeypatch, kind
):
    async def scenario(broker):
        settings = desk_settings(tmp_path / "gate", models_dir=models_dir)
        update = {
            "broker": BrokerSettings(host=broker.host, port=broker.port, username=broker.username),
            "events": settings.events.model_copy(update={"epsilon": 0.0}),  # so that the number is known
            "face": settings.face.model_copy(update={"enabled": False}),
        }
        clock = ShiftedClock()
        async with (
            visiting(settings.model_copy(update=update), clock) as visitor,
            Listener(broker, "demo") as listener,
        ):
            store = visitor.gate.store
            for number in range(1, 11):
                neighbour = store.people.add(f"13{number:02}", "Neighbour", "")
                store.credentials.issue_card(neighbour, f"26:{CARD + number}", at=clock.now())
                assert (await visitor.by_card(CARD + number)).granted
            began = window_of(clock.now())
            assert not [each for each in listener.received if each.topic.endswith("access-counts")]
            clock.move(timedelta(hours=1, minutes=7))
            while not (received := await listener.next(40)).topic.endswith("access-counts"):
                pass
            counts = json.loads(received.payload)
            assert (counts["people"], counts["by_method"]) == (10, None)
            assert counts["window_start"] == began.isoformat().replace("+00:00", "Z")
            said = " ".join(each.payload.decode() for each in listener.received)
            for person in ("Ada", "Neighbour", "1303", str(CARD), visitor.pin, visitor.person):
                assert person not in said

    with BROKERS[kind](tmp_path) as broker:
        credentials = tmp_path / "credentials"
        credentials.mkdir(mode=0o700)
        (credentials / "broker-password").write_text(broker.password)
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
        asyncio.run(scenario(broker))


def test_the_command_line_drives_the_simulated_devices(config):
    added = add_resident(config)
    assert added.returncode == 0
    with gate_run(config) as process:
        screen = next(line.split()[-1] for line in process.stdout if line.startswith("Gate screen at"))
        url = screen.removesuffix("/kiosk")
        card, wrong = gate("sim", "card", "451", "--url", url), gate("sim", "deed", "levitate", "--url", url)
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert card.returncode == 0, card.stderr
    assert "method=card granted=true" in said
    assert wrong.returncode == 1
    assert "would not do that" in wrong.stderr
    assert "No gate answers" in gate("sim", "card", "451", "--url", url).stderr


def stray(models):
    (models / "age.toml").write_text('name = "age"\ntask = "age"\n')


def without_point(models):
    (models / "sface.operating-point.toml").unlink()


@pytest.mark.parametrize("harm", [stray, without_point])
def test_r33_models_that_cannot_be_trusted_leave_card_and_pin_alone(tmp_path, models_dir, harm):
    ignored = shutil.ignore_patterns("weights")
    models = shutil.copytree(models_dir, tmp_path / "models", ignore=ignored)
    harm(models)

    async def scenario():
        async with visiting(desk_settings(tmp_path, models_dir=models)) as visitor:
            assert await card_and_pin_open(visitor)
            assert "vision_ready" in visitor.gate.status().obstacles

    asyncio.run(scenario())


def test_a_broker_whose_certificate_is_gone_leaves_the_door_alone(tmp_path, models_dir):
    async def scenario():
        lost = BrokerSettings(host="broker.example", ca_file=tmp_path / "gone.crt")
        settings = desk_settings(tmp_path, models_dir=models_dir).model_copy(update={"broker": lost})
        async with visiting(settings) as visitor:
            assert await card_and_pin_open(visitor)
            assert not visitor.gate.status().broker_connected

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_log_that_cannot_be_written_stops_no_door(config, tmp_path):
    assert add_resident(config).returncode == 0
    with (
        Path("/dev/full").open("w") as full,
        gate_run(config, stderr=full) as process,
    ):
        screen = next(line.split()[-1] for line in process.stdout if line.startswith("Gate screen at"))
        codes = {
            gate("sim", "card", "451", "--url", screen.removesuffix("/kiosk")).returncode for _ in range(2)
        }
        process.terminate()
        process.wait(timeout=30)
    assert codes == {0}
    with sqlite3.connect(tmp_path / "data" / "gate.sqlite3") as connection:
        outcomes = connection.execute("SELECT granted, outcome FROM decisions").fetchall()
    connection.close()
    assert set(outcomes) == {(1, "released")}


def test_pages_that_cannot_be_served_stop_no_door(config, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config.write_text(config.read_text().replace("\nport = 0", f"\nport = {taken.getsockname()[1]}"))
        with gate_run(config, stdout=None) as process:
            said = iter(process.stderr.readline, "")
            assert any("code=web-port" in line for line in said)
            assert process.poll() is None
            process.terminate()
            process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_second_gate_on_the_same_data_is_told_so(config):
    with gate_run(config) as process:
        assert "http" in process.stdout.readline()
        second = gate("run", "--config", config)
        process.terminate()
        process.communicate(timeout=30)
    assert second.returncode == 1
    assert "Another gate already serves" in second.stderr
