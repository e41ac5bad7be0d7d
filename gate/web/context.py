"""What the pages need from the gate, as Protocols: the composition root hands them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gate.core import inputs as on
from gate.core.types import AttemptId, NoticeVersion, PersonId
from gate.ports import Clock


@dataclass(frozen=True, slots=True)
class Status:
    """One look at the gate, without any person in it."""

    gate_id: str
    version: str
    phase: str
    face_offered: bool
    obstacles: tuple[str, ...]
    templates: int
    vision_providers: tuple[str, ...]
    vision_fault: str | None
    reader_healthy: bool
    door_healthy: bool
    broker_connected: bool
    key_custody: str


@dataclass(frozen=True, slots=True)
class Resident:
    """A resident as the desk sees them."""

    person: PersonId
    unit: str
    name: str = field(repr=False)
    has_consented: bool


class DeskPort(Protocol):
    """Consent and withdrawal with the resident present. Every method may raise RequestError or VaultError."""

    def residents(self, offset: int, limit: int) -> Sequence[Resident]:
        """Give up to *limit* residents after the first *offset*, always in the same order."""

    async def enrol(self, person: PersonId, *, agreed_to: NoticeVersion, language: str) -> object:
        """Take the face live and write consent and template together."""

    def withdraw(self, person: PersonId) -> None:
        """End the consent and destroy the template."""


class Simulation(Protocol):
    """The simulated reader, door and camera, to be played with from a page. Methods may raise GateError."""

    @property
    def scenes(self) -> Sequence[str]:
        """Name who can stand before the camera; empty with a real camera."""

    @property
    def scene(self) -> str:
        """Name who stands there now."""

    @property
    def door_locked(self) -> bool:
        """Tell whether the strike holds."""

    @property
    def leaf_open(self) -> bool:
        """Tell whether the door stands open."""

    @property
    def reader_plugged(self) -> bool:
        """Tell whether the reader's cable is in."""

    def set_scene(self, name: str) -> None:
        """Put somebody else before the camera."""

    def present_card(self, value: int) -> None:
        """Hold a 26-bit card to the reader."""

    def press(self, keys: str) -> None:
        """Press keys on the keypad."""

    def push_door(self) -> None:
        """Push the door from outside."""

    def leave(self) -> None:
        """Leave from inside."""

    def shut_door(self) -> None:
        """Let the door fall shut."""

    def plug_reader(self, *, plugged: bool) -> None:
        """Pull or insert the reader's cable."""

    def kill_vision(self) -> None:
        """Kill the vision process, as a fault would."""


@dataclass(frozen=True, slots=True)
class WebContext:
    """Everything the pages are built from.

    notice_texts is empty while no notice is published. simulation is None on a real gate, and its page then does not
    exist.
    """

    clock: Clock
    post: Callable[[on.Input], None]
    new_attempt: Callable[[], AttemptId]
    notice: NoticeVersion
    notice_texts: Mapping[str, str]
    notice_minimum_s: float
    status: Callable[[], Status]
    desk: DeskPort
    contact: str
    simulation: Simulation | None = None
