"""USB readers and scanners that act as a keyboard: they type a card's number or a code's text, and Enter.

The device is grabbed, so what it types reaches nobody else. Anybody can build such a keyboard: a card's number typed
is worth no more than one on a wire, and the port belongs inside the case.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from firmware_bridge.attendant import TURN_S, Attendant, AttendedReader
from firmware_bridge.drivers import Emit, Profile
from firmware_bridge.events import BridgeError, CardRead, CodeScanned, Nonsense

Kind = Literal["card", "code"]
Typed = CardRead | CodeScanned | Nonsense

LONGEST: Final = {"card": 40, "code": 512}
"""Characters of a line. A longer one is dropped whole."""
PAUSE_S: Final = 0.5
"""A device types a character every few milliseconds; after a pause this long, another line begins."""
CARD_BITS: Final = range(20, 129)

EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
UP, DOWN = 0, 1
ENTERS: Final = frozenset({28, 96})
SHIFTS: Final = frozenset({42, 54})

# The kernel's key codes (linux/input-event-codes.h) run along the rows of a US keyboard: first code, plain, shifted.
_ROWS: Final = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (55, "*", "*"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (98, "/", "/"),
)
_KEYS: Final = {
    first + place: (plain, shifted)
    for first, plains, shifteds in _ROWS
    for place, (plain, shifted) in enumerate(zip(plains, shifteds, strict=True))
}


@dataclass(frozen=True, slots=True)
class HidOptions:
    """Which device types what.

    device: its path, best below /dev/input/by-id, which names the device and not the order of plugging. card_bits: how
    many bits the typed number stands for, as another reader would report the same card. base: 10 or 16.
    """

    device: str
    kind: Kind
    card_bits: int = 32
    base: Literal[10, 16] = 10


class KeyEvent(Protocol):
    """One event of the kernel's input layer."""

    type: int
    code: int
    value: int


class Keyboard(Protocol):
    """An input device, as evdev gives it."""

    def fileno(self) -> int:
        """Return what to wait on."""

    def read(self) -> Iterable[KeyEvent]:
        """Return the events at hand. None, though there was something to read, means it is gone; so does OSError."""

    def grab(self) -> None:
        """Keep everybody else from it. Raises OSError when somebody else does."""

    def close(self) -> None:
        """Let go of it."""


class Typing:
    """Turns key events into lines. Pure: *now* is monotonic seconds. Holds one line at most, and forgets it when told.

    A line with a key that types nothing known (US layout), with a key that repeats because it is stuck, with a pause in
    it, longer than LONGEST or with events that the kernel lost is nonsense as a whole.
    """

    def __init__(self, options: HidOptions) -> None:
        self._options = options
        self._longest = LONGEST[options.kind]
        self._text = ""
        self._spoiled = False
        self._shifts: set[int] = set()
        self._last: float | None = None

    def key(self, code: int, value: int, now: float) -> Typed | None:
        """Take one key going up or down or repeating. Returns what a finished or broken-off line was."""
        if code in SHIFTS:
            (self._shifts.discard if value == UP else self._shifts.add)(code)
            return None
        if value == UP:
            return None
        broken_off = self.poll(now)
        if code in ENTERS and value == DOWN:
            return broken_off or self._line()
        self._last = now
        if value != DOWN or code not in _KEYS or len(self._text) == self._longest:
            self._spoiled = True
        else:
            self._text += _KEYS[code][bool(self._shifts)]
        return broken_off

    def lost(self) -> None:
        """Take note that the kernel lost events: the line has a hole, and a shift may have come up unseen."""
        self._spoiled = True
        self._shifts.clear()

    def poll(self, now: float) -> Nonsense | None:
        """Drop a line that was begun and not gone on with."""
        if self._last is None or now - self._last < PAUSE_S:
            return None
        self._forget()
        return Nonsense()

    def _line(self) -> Typed | None:
        text, spoiled = self._text, self._spoiled
        self._forget()
        if spoiled:
            return Nonsense()
        if not text:
            return None
        return CodeScanned(text) if self._options.kind == "code" else self._card(text)

    def _card(self, text: str) -> CardRead | Nonsense:
        digits = "0123456789abcdef"[: self._options.base]
        if not set(text.lower()) <= set(digits):
            return Nonsense()
        value = int(text, self._options.base)
        return (
            CardRead(self._options.card_bits, value)
            if 0 < value < 1 << self._options.card_bits
            else Nonsense()
        )

    def _forget(self) -> None:
        self._text = ""
        self._spoiled = False
        self._last = None


def open_keyboard(path: str) -> Keyboard:
    """Open and grab a real device. Raises BridgeError, with the remedy, when it is not to be had."""
    try:
        import evdev
    except ImportError as error:
        raise BridgeError(
            "Keyboard readers need the library evdev. As root: gate update add readers; in a checkout: make readers."
        ) from error
    try:
        device: Keyboard = evdev.InputDevice(path)
    except PermissionError as error:
        raise BridgeError(f"{path} may not be read. Give the gate's user the group input.") from error
    except OSError as error:
        raise BridgeError(
            f"{path} is not an input device. Plug the reader in, or correct the path."
        ) from error
    try:
        device.grab()
    except OSError as error:
        device.close()
        raise BridgeError(f"{path} is in use by another program. End it: a reader serves one.") from error
    return device


class HidReader(AttendedReader):
    """A card reader or a code scanner that types."""

    def __init__(self, options: HidOptions, *, take: Callable[[str], Keyboard] = open_keyboard) -> None:
        if options.card_bits not in CARD_BITS:
            raise BridgeError(
                f"A card has {CARD_BITS.start} to {CARD_BITS[-1]} bits, not {options.card_bits}. Correct card_bits."
            )
        self._options = options
        super().__init__(
            Attendant("keyboard reader", lambda emit: _Held(take(options.device), Typing(options), emit))
        )

    @property
    def profile(self) -> Profile:
        """Tell that a typed number can be copied."""
        return Profile.UID_ONLY if self._options.kind == "card" else Profile.NO_CARDS


class _Held:
    """The grabbed device."""

    def __init__(self, keyboard: Keyboard, typing: Typing, emit: Emit) -> None:
        self._keyboard = keyboard
        self._typing = typing
        self._emit = emit
        self._waiting = select.poll()
        try:
            self._waiting.register(keyboard.fileno(), select.POLLIN)
        except Exception:
            self.let_go()
            raise

    def attend(self) -> None:
        """Read what was typed. Raises OSError when the device is unplugged."""
        ready = self._waiting.poll(TURN_S * 1000)
        now = time.monotonic()
        if not ready:
            self._tell(self._typing.poll(now))
            return
        events = list(self._keyboard.read())
        if not events:
            raise OSError("unplugged")
        for event in events:
            if event.type == EV_KEY:
                self._tell(self._typing.key(event.code, event.value, now))
            elif event.type == EV_SYN and event.code == SYN_DROPPED:
                self._typing.lost()

    def let_go(self) -> None:
        """Close the device, which ends the grab."""
        try:
            self._keyboard.close()
        except OSError:
            return  # an unplugged device is closed already

    def _tell(self, typed: Typed | None) -> None:
        if typed is not None:
            self._emit(typed)
