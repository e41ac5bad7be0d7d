"""An RP2040 as this firmware uses it: its pins, its line, its flash. The only file that knows a board; kept thin.

*machine* and the other modules of the board come as arguments, so that tests bring their own.
"""

from .burst import EdgeRing
from .contacts import BUTTON, CASE, EXIT, FIRE, LEAF, OTHER, POWER
from .controller import ENERGISE, RX_BYTES
from .lamps import BUZZER, GREEN, STATUS
from .wire import BOOT_POWER, BOOT_UNKNOWN, BOOT_WATCHDOG, FAIL_SAFE, FAIL_SECURE, KEY_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:  # the board has neither module nor need
    from typing import Any

WATCHDOG_MS = 1000
"""So long after the last whole round the board resets, and its outputs rest."""
BAUD = 115200
_TX_WAITING = 1024

# GP numbers; deploy/controller/README.md shows where they go.
LOCK_PIN = 15
LAMP_PINS = ((GREEN, 16), (BUZZER, 17), (STATUS, 25))
CONTACT_PINS = ((LEAF, 6), (FIRE, 7), (CASE, 8), (POWER, 9), (OTHER, 10), (EXIT, 11), (BUTTON, 12))
DATA_PINS = (2, 3)
LINE_PINS = (0, 1)

_KEPT = "pairing.bin"
_KEPT_BYTES = KEY_BYTES + 4


def rest_lock(machine: "Any") -> "Any":
    """Take the current from the lock, before anything else. Returns its pin."""
    return machine.Pin(LOCK_PIN, machine.Pin.OUT, value=0)


class Flash:
    """The pairing in the board's flash: key, declared state, longest release, whether the door may stand open."""

    def __init__(self, os: "Any", folder: str = "") -> None:
        self._os = os
        self._name = folder + _KEPT

    def load(self) -> "tuple[bytes, int, int, int] | None":
        """Read what was kept; None when nothing was, or when it is not whole: the board then wants to be paired."""
        try:
            with open(self._name, "rb") as file:  # noqa: PTH123 - MicroPython has no pathlib
                data = file.read(_KEPT_BYTES + 1)
        except OSError:
            return None
        if len(data) != _KEPT_BYTES or data[KEY_BYTES] not in (FAIL_SAFE, FAIL_SECURE) or data[-1] > 1:
            return None
        return data[:KEY_BYTES], data[KEY_BYTES], data[-3] | data[-2] << 8, data[-1]

    def save(self, kept: "tuple[bytes, int, int, int]") -> None:
        """Keep a pairing: the old one stays whole until the new one is. Raises OSError when the flash is full."""
        key, declared, max_ms, may_stand_open = kept
        written = self._name + ".new"
        with open(written, "wb") as file:  # noqa: PTH123 - MicroPython has no pathlib
            file.write(key + bytes([declared, max_ms & 255, max_ms >> 8, may_stand_open]))
        self._os.rename(written, self._name)  # littlefs replaces in one step


class Board:
    """The pins and the line, set up."""

    def __init__(self, machine: "Any", ticks_ms: "Any", lock: "Any") -> None:
        pin = machine.Pin
        self._lock = lock
        self._lamps = [(bit, pin(number, pin.OUT, value=0)) for bit, number in LAMP_PINS]
        self._contacts = [(bit, pin(number, pin.IN, pin.PULL_UP)) for bit, number in CONTACT_PINS]
        tx, rx = LINE_PINS
        self._line = machine.UART(0, baudrate=BAUD, tx=pin(tx), rx=pin(rx), txbuf=_TX_WAITING, rxbuf=256)
        self._waiting = b""
        self._ticks_ms = ticks_ms
        self._ring = EdgeRing()
        self._data = [pin(number, pin.IN, pin.PULL_UP) for number in DATA_PINS]
        # A hard interrupt may not allocate, so the two handlers are made here and take only small numbers.
        self._data[0].irq(self._zero, pin.IRQ_FALLING, hard=True)
        self._data[1].irq(self._one, pin.IRQ_FALLING, hard=True)

    def _zero(self, _pin: object) -> None:
        self._ring.put(0, self._ticks_ms())

    def _one(self, _pin: object) -> None:
        self._ring.put(1, self._ticks_ms())

    def levels(self) -> int:
        """Read every contact: one bit each, 1 for high."""
        levels = 0
        for bit, pin in self._contacts:
            if pin.value():
                levels |= bit
        return levels

    def edges(self) -> "tuple[list[int], bool]":
        """Return the reader's pulses since the last call, and whether some were lost."""
        return self._ring.take()

    def hear(self) -> bytes:
        """Return at most what one round hears; what has not come yet is not waited for."""
        return (self._line.read(min(RX_BYTES, self._line.any())) if self._line.any() else b"") or b""

    def say(self, data: bytes) -> bool:
        """Put *data* on the line as far as it goes, and keep the rest. Returns whether nothing is left to go."""
        self._waiting += data
        if self._waiting:
            gone = self._line.write(self._waiting) or 0
            self._waiting = self._waiting[gone:]
        return not self._waiting

    def set(self, outputs: int) -> None:
        """Set the lock's current and the lamps."""
        self._lock.value(1 if outputs & ENERGISE else 0)
        for bit, pin in self._lamps:
            pin.value(1 if outputs & bit else 0)


def boot_reason(machine: "Any") -> int:
    """Tell why the board started."""
    cause = machine.reset_cause()
    if cause == machine.WDT_RESET:
        return BOOT_WATCHDOG
    return BOOT_POWER if cause == machine.PWRON_RESET else BOOT_UNKNOWN
