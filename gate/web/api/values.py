"""What the API answers with, and takes. Every field is in the OpenAPI document with its unit; none names a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gate.core.alarms import Alarm
from gate.core.counts import Cell, Day, Window
from gate.core.events import Span
from gate.core.types import Method
from gate.web.context import Status
from gate.web.staff.ports.alarms import AlarmView
from gate.web.staff.ports.audit import AuditLine, AuditPage
from gate.web.staff.ports.door import Asked, DoorState


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(_Value):
    """Why a request was not done, in English."""

    code: str = Field(description="Stays the same from version to version.")
    what: str
    remedy: str


class GateStatus(_Value):
    """One look at the gate."""

    gate_id: str
    version: str
    door: str = Field(description="How the door is, in one word.")
    face_offered: bool
    obstacles: tuple[str, ...] = Field(description="What keeps face off.")
    reader_healthy: bool
    door_healthy: bool
    broker_connected: bool
    alarms: tuple[Alarm, ...]

    @classmethod
    def of(cls, status: Status, alarms: tuple[Alarm, ...]) -> GateStatus:
        """Take what programs may know of *status*."""
        return cls(
            gate_id=status.gate_id,
            version=status.version,
            door=status.door,
            face_offered=status.face_offered,
            obstacles=status.obstacles,
            reader_healthy=status.reader_healthy,
            door_healthy=status.door_healthy,
            broker_connected=status.broker_connected,
            alarms=alarms,
        )


class StandingAlarm(_Value):
    """One alarm that stands."""

    alarm: Alarm
    since: datetime
    acknowledged: bool = Field(description="Somebody of the staff knows.")

    @classmethod
    def of(cls, view: AlarmView) -> StandingAlarm:
        """Take the fields that the API has."""
        return cls(alarm=view.alarm, since=view.since, acknowledged=view.acknowledged)


class Door(_Value):
    """The door now."""

    view: str = Field(description="In one word of the door machine's.")
    locked: bool = Field(description="Seen from outside.")
    leaf: str
    lockdown: bool
    obstacle: str | None = Field(description="Why nobody can be let in; null while they can.")
    declared: str = Field(description="What the lock does without power: fail-safe or fail-secure.")
    release_s: float = Field(description="Seconds of one release.")
    healthy: bool

    @classmethod
    def of(cls, state: DoorState) -> Door:
        """Take the fields that the API has."""
        return cls(
            view=state.view,
            locked=state.locked,
            leaf=state.leaf.value,
            lockdown=state.lockdown,
            obstacle=state.obstacle.value if state.obstacle else None,
            declared=state.declared,
            release_s=state.release_s,
            healthy=state.healthy,
        )


class Release(_Value):
    """A release that was asked for and waits for its second step."""

    word: str = Field(repr=False, description="To be sent back, once.")
    left_s: float = Field(description="Seconds before it is void.")

    @classmethod
    def of(cls, asked: Asked) -> Release:
        """Take the fields that the API has."""
        return cls(word=asked.word, left_s=asked.left_s)


class Confirmation(_Value):
    """The second step of a release."""

    word: Annotated[str, Field(min_length=1, max_length=64, repr=False)]


class Count(_Value):
    """A count; null where it is small enough to tell of somebody."""

    value: int | None
    at_least: bool = Field(description="More may have been withheld.")

    @classmethod
    def of(cls, cell: Cell) -> Count:
        """Take one cell."""
        return cls(value=cell.value, at_least=cell.at_least)


class DayCounts(_Value):
    """What was told of one UTC day; numbers carry the noise that the settings ask for."""

    day: date
    people: Count = Field(description="Different people of each window, added up.")
    refused: Count

    @classmethod
    def of(cls, day: Day) -> DayCounts:
        """Take one day."""
        return cls(day=day.day, people=Count.of(day.people), refused=Count.of(day.refused))


class WindowCounts(_Value):
    """What was told of one window that is over. Windows do not overlap: a longer one has what shorter ones withheld."""

    span: Span
    start: datetime
    end: datetime
    people: Count = Field(description="Different people who came in.")
    by_method: dict[Method, int] | None = Field(
        description="Null where any of the gate's methods is withheld."
    )

    @classmethod
    def of(cls, window: Window) -> WindowCounts:
        """Take one window."""
        return cls(
            span=window.span,
            start=window.start,
            end=window.end,
            people=Count.of(window.people),
            by_method=None if window.by_method is None else dict(window.by_method),
        )


class AuditEntry(_Value):
    """One line of the audit log."""

    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    detail: str = Field(description="Canonical JSON.")
    hash: str = Field(description="Of the chain after this line, hexadecimal.")

    @classmethod
    def of(cls, line: AuditLine) -> AuditEntry:
        """Take one line, without the name behind an account."""
        return cls(
            seq=line.seq,
            at=line.at,
            actor=line.actor,
            action=line.action,
            object=line.object,
            detail=line.detail,
            hash=line.hash,
        )


class AuditEntries(_Value):
    """Lines, newest first."""

    lines: tuple[AuditEntry, ...]
    older: int | None = Field(
        description="To be given as *before* for the lines that follow; null at the end."
    )

    @classmethod
    def of(cls, page: AuditPage) -> AuditEntries:
        """Take one page."""
        return cls(lines=tuple(AuditEntry.of(line) for line in page.lines), older=page.older)


class Lockdown(_Value):
    """Whether nobody is let in."""

    lockdown: bool
    changed: bool = Field(description="Whether this request made it so.")
