"""The gate's own office in the pages' tests: values that a test sets; tests/office has the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from gate.core.alarms import RINGING, Alarm
from gate.core.counts import Cell, Day, Window
from gate.core.door import Leaf
from gate.core.events import Span
from gate.core.overrides import SETTINGS, Unfit, read, subject_of
from gate.errors import RequestError
from gate.web.staff.ports.alarms import AlarmView, PastAlarm
from gate.web.staff.ports.backups import BackupsState, BackupView
from gate.web.staff.ports.door import Asked, DoorState
from gate.web.staff.ports.gate import GateOffice
from gate.web.staff.ports.health import HealthView
from gate.web.staff.ports.overrides import Change, Proposal, SettingView, VersionView, Wrong

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHUT = DoorState(
    view="locked",
    obstacle=None,
    locked=True,
    lockdown=False,
    leaf=Leaf.CLOSED,
    declared="fail-secure",
    release_s=5.0,
    healthy=True,
)
WELL = HealthView(
    clock_trusted=True,
    space_low=False,
    undeleted=0,
    settings_altered=False,
    fingerprint="0123 4567",
    overdue=0,
    near=0,
)
IN_FORCE = {
    "door.release_s": 5.0,
    "door.held_after_s": 30.0,
    "access.passback_minutes": 0,
    "access.duress": False,
    "notice.minimum_s": 2.0,
    "face.enabled": True,
    "face.liveness": "basic",
    "face.threshold_at_least": 0.0,
    "face.under_14.enabled": False,
    "face.retention_days": 365,
    "face.under_14.retention_days": 180,
    "site.contact": "010-5555 0100",
    "site.officer": None,
    "web.public_url": None,
    "backup.every_hours": 24,
    "events.deidentified_live": False,
}


@dataclass
class FakeDoor:
    now: DoorState = SHUT
    waiting: dict[str, str] = field(default_factory=dict)
    released: list[str] = field(default_factory=list)
    orders: list[tuple[str, str]] = field(default_factory=list)
    fault: Exception | None = None

    def state(self):
        return self.now

    def ask(self, who):
        if self.fault:
            raise self.fault
        self.waiting[who.value] = f"word-{len(self.waiting)}"
        return self.asked(who)

    def asked(self, who):
        word = self.waiting.get(who.value)
        return Asked(word, 10.0) if word else None

    async def confirm(self, who, word):
        if self.waiting.pop(who.value, None) != word:
            raise RequestError("release-late", "Too late.", remedy="Begin anew.")
        if self.fault:
            raise self.fault
        self.released.append(who.value)

    def lock_down(self, who):
        self.orders.append(("on", who.value))
        return True

    def end_lockdown(self, who):
        self.orders.append(("off", who.value))
        return True


@dataclass
class FakeAlarms:
    alarms: list[Alarm] = field(default_factory=list)
    known: dict[Alarm, str] = field(default_factory=dict)
    ended: list[PastAlarm] = field(default_factory=list)

    def past(self):
        return tuple(self.ended)

    def standing(self):
        return tuple(AlarmView(each, NOON, each in self.known, each in RINGING) for each in self.alarms)

    def acknowledge(self, who, alarm):
        if alarm not in self.alarms or alarm in self.known:
            return False
        self.known[Alarm(alarm)] = who.value
        return True


@dataclass
class FakeHealth:
    now: HealthView = WELL

    def look(self):
        return self.now


@dataclass
class FakeOverrides:
    newest: int = 0
    altered: bool = False
    values: dict[str, object] = field(default_factory=lambda: dict(IN_FORCE))
    saved: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    approvals: object = None
    face_locks: bool = True

    def settings(self):
        return tuple(
            SettingView(key, SETTINGS[key], self.values[key], IN_FORCE[key], 1, 100)
            for key in SETTINGS
            if key in IN_FORCE
        )

    def propose(self, typed):
        values, wrong = {}, {}
        for key, text in typed.items():
            value = read(SETTINGS[key], text)
            if isinstance(value, Unfit):
                wrong[key] = value
            elif isinstance(value, int | float) and value > 1000:
                wrong[key] = Wrong.OUT_OF_BOUNDS
            elif value != self.values[key]:
                values[key] = value
        two = any(SETTINGS[key].two_persons for key in values)
        return Proposal(
            values=values,
            wrong=wrong,
            face_locks=self.face_locks,
            notice_moves=True,
            asks_anew=two,
            two_persons=two,
        )

    def change(self, who, typed, seen):
        if seen != self.newest:
            raise RequestError("settings-moved", "Moved.", remedy="Look.")
        self.values |= self.propose(typed).values
        self.newest += 1
        self.saved.append((who.value, dict(typed)))
        return self.newest

    def ask(self, who, typed, reason):
        if not reason:
            raise RequestError("reason-unfit", "No reason.", remedy="Say why.")
        values = self.propose(typed).values
        self.asked.append((who.value, subject_of(values, dict.fromkeys(values)), reason))

    def approval(self, _who, _typed):
        return self.approvals

    def history(self, before=None):
        all_of_them = [
            VersionView(
                number, NOON, who, tuple(Change(key, None, text) for key, text in typed.items()), whole=True
            )
            for number, (who, typed) in enumerate(self.saved, start=1)
        ]
        return [each for each in reversed(all_of_them) if before is None or each.number < before]


KEPT = BackupsState(
    folder="/media/backup",
    every_hours=24,
    backups=(BackupView("gate-20261122T120000Z.gatebackup", NOON, 400_000),),
    due_at=NOON,
)


@dataclass
class FakeBackups:
    now: BackupsState = KEPT
    made: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)

    async def state(self):
        return self.now

    def make(self, who):
        self.made.append(who.value)

    def verify(self, name):
        if name not in {each.name for each in self.now.backups}:
            raise RequestError("backup-unknown", "No such backup.", remedy="Choose another.")
        self.verified.append(name)


@dataclass
class FakeCounts:
    asked: list[object] = field(default_factory=list)
    first: date | None = date(2026, 11, 3)
    known_windows: tuple[Window, ...] | None = None

    def since(self):
        return self.first

    def days(self, days):
        self.asked.append(days)
        return tuple(
            Day(date(2026, 11, 22 - back), Cell(40 + back), Cell(None))
            for back in range(min(days, 20) - 1, -1, -1)
        )

    def windows(self, day):
        self.asked.append(day)
        eight = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
        windows = (
            Window(Span.HOUR, eight, eight + timedelta(hours=1), Cell(12)),
            Window(Span.BLOCK, eight, eight + timedelta(hours=4), Cell(None)),
        )
        return windows if self.known_windows is None else self.known_windows


def quiet_gate():
    """Give a gate where nothing is wrong."""
    return GateOffice(
        door=FakeDoor(),
        alarms=FakeAlarms(),
        health=FakeHealth(),
        overrides=FakeOverrides(),
        backups=FakeBackups(),
        counts=FakeCounts(),
    )
