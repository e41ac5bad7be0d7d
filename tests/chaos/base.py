"""One gate with its residents, made once with the shipped commands and pages; every seed begins with a copy of it.

One resident has a card and an enrolled face. Another agreed, was enrolled, and withdrew: that face must never open. A
backup of the whole lies beside it.
"""

from __future__ import annotations

import json
import re
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from gate.app import open_store
from gate.settings import read_settings
from tests.brokers import free_port, mosquitto_broker
from tests.canary_gate import Colleague, Serving, Site, until
from tests.canary_story import CAPTURE_PATIENCE_S, approve, colleague

CARD, OTHER_CARD, STRANGE_CARD = 4_711_001, 4_711_002, 9_999_999
UNIT, OTHER_UNIT = "1203", "1204"
PIN = "592083"
TRIES = 4
"""A camera that is starved of the processor may cost a known face a visit."""
COPIED = ("data", "keys", "backups")


@dataclass(frozen=True, slots=True)
class Base:
    """What lies in *folder*. granted: how many grants its records hold already."""

    folder: Path
    staff: Colleague
    granted: int

    def copy_to(self, site: Site) -> None:
        """Put it in the place of a gate's data."""
        for name in COPIED:
            (site.folder / name).mkdir(mode=0o700, exist_ok=True)
            shutil.copytree(self.folder / name, site.folder / name, dirs_exist_ok=True)
        site.staff = Colleague(**{**asdict(self.staff), "codes": list(self.staff.codes)})


def base_in(folder: Path) -> Base:
    """Make it in *folder*, or take the one that is there."""
    about = folder / "base.json"
    if not about.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        _make(folder)
    said = json.loads(about.read_text())
    return Base(folder, Colleague(**said["staff"]), said["granted"])


def _make(folder: Path) -> None:
    (folder / "broker").mkdir()
    with (
        mosquitto_broker(folder / "broker") as broker,
        Site(_made(folder / "site"), broker, free_port(), free_port()) as site,
    ):
        move_in(site)
        gate = Serving(site)
        enrol(gate, UNIT, "resident")
        enrol(gate, OTHER_UNIT, "stranger")
        assert any(gate.by_face("stranger") for _ in range(TRIES))
        _withdraw(gate)
        assert gate.end() == 0
        # The first start after an erasure opens a new epoch; the backup is made of what then stands.
        gate = Serving(site)
        until(gate.offers_face, "face to be offered")
        assert not gate.by_face("stranger")
        assert gate.at_reader("/sim/card", value=CARD)
        assert gate.end() == 0
        site.command("backup", "make", site.folder / "backups")
        with closing(open_store(read_settings(site.config))) as store:
            ((granted,),) = store._database.rows("SELECT count(*) FROM decisions WHERE granted")
        for name in COPIED:
            shutil.copytree(site.folder / name, folder / name)
        about = {"staff": asdict(site.staff), "granted": granted}
        (folder / "base.json").write_text(json.dumps(about))


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


def move_in(site: Site) -> None:
    """Do what the operator does before face is offered; two residents get a card and a PIN each, and a manager joins."""
    site.command("notice", "publish", "--yes")
    for unit, card in ((UNIT, CARD), (OTHER_UNIT, OTHER_CARD)):
        site.command("resident", "add", "--unit", unit, typed=f"Ada Chen\n\n{card}\n")
    approve(site)
    with closing(open_store(read_settings(site.config))) as store:
        for unit in (UNIT, OTHER_UNIT):
            person = store.people.find_by_unit(unit).id
            store.credentials.issue_pin(person, PIN, at=datetime.now(UTC))
        site.staff = colleague(store)


def enrol(gate: Serving, unit: str, scene: str) -> None:
    """Let the resident of *unit* agree and have the face of *scene* taken, on the desk's own screen."""
    until(gate.offers_face, "face to be offered")
    gate.post("/sim/scene", name=scene)
    gate.post("/staff/desk/hand-over", token=gate.sign_in())
    token = gate.form_of("/enrol")
    gate.post("/enrol/identify", token=token, unit=unit, pin=PIN)
    sheet = gate.http.get("/enrol", params={"lang": "en"}).text
    found = {name: re.search(rf'name="{name}" value="([\w.]+)"', sheet)[1] for name in ("notice", "shown")}
    answer = {"token": token, "language": "en", "agreed": "yes", **found}
    until(lambda: gate.post("/enrol/consent", **answer).status_code == 303, "the agreement to be taken")
    until(
        lambda: gate.http.get("/enrol/progress").status_code == 409,
        "the face to be taken",
        CAPTURE_PATIENCE_S,
    )
    gate.post("/enrol/give-back", token=token)


def _withdraw(gate: Serving) -> None:
    token = gate.sign_in()
    desk = gate.http.get("/staff/desk", params={"unit": OTHER_UNIT}).text
    gate.post("/staff/desk/withdraw", token=token, person=re.search(r'name="person" value="(\w+)"', desk)[1])
