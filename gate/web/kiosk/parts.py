"""What the gate's screen needs beside the gate itself, as Protocols: the composition root hands them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class HelpLine(Protocol):
    """Calls somebody of the staff to the gate (R74)."""

    @property
    def called(self) -> bool:
        """Tell whether help was called and nobody of the staff has said yet that they know."""

    def call(self) -> None:
        """Call for help; a second call while one stands, or right after one, is none."""


class OwnCodes(Protocol):
    """Codes that let somebody who stands at the gate sign in on their own telephone."""

    def issue(self) -> str:
        """Give a fresh code of eight digits, for five minutes and once."""


class Voice(Protocol):
    """Reads aloud what stands on the screen (R15)."""

    async def say(self, text: str, language: str) -> bytes:
        """Give *text* spoken, as one WAV file. Raises RequestError ``speech-failed``."""


@dataclass(frozen=True, slots=True)
class KioskParts:
    """What one screen has. touch: whether it can be touched; without, the keypad's keys lead through it.

    sound: whether results are heard. help_line, codes, voice: None where there is none, and no button then.
    """

    touch: bool = True
    sound: bool = True
    help_line: HelpLine | None = None
    codes: OwnCodes | None = None
    voice: Voice | None = None
