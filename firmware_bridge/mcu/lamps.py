"""What the reader's light and buzzer and the board's own light do. Pure: time is an argument.

Runs on MicroPython and on CPython.
"""

from .wire import SHOW_GRANTED, SHOW_REFUSED, SHOW_WAIT

GREEN = 2
BUZZER = 4
STATUS = 8

# signal: steps of (ms, lights), then dark; READY has none
_SHOWN = {
    SHOW_WAIT: ((250, GREEN), (250, 0)) * 20,
    SHOW_GRANTED: ((200, GREEN | BUZZER), (2300, GREEN)),
    SHOW_REFUSED: ((120, BUZZER), (120, 0)) * 3,
}

# The board's own light: (ms on, ms off).
LIFE = {"unpaired": (100, 100), "pairing": (500, 500), "silent": (50, 1950), "alive": (1900, 100)}


class Lamps:
    """Reader light, buzzer and status light, as a mask."""

    def __init__(self) -> None:
        self._steps: tuple[tuple[int, int], ...] = ()
        self._at = 0
        self._left_ms = 0
        self._life_ms = 0

    def show(self, signal: int) -> None:
        """Begin to show *signal*, in place of what was shown."""
        self._steps = _SHOWN.get(signal, ())
        self._at = 0
        self._left_ms = self._steps[0][0] if self._steps else 0

    def step(self, elapsed_ms: int, life: str) -> int:
        """Let time pass. life: a key of LIFE. Returns what is lit."""
        on_ms, off_ms = LIFE[life]
        self._life_ms = (self._life_ms + elapsed_ms) % (on_ms + off_ms)
        status = STATUS if self._life_ms < on_ms else 0
        self._left_ms -= elapsed_ms
        while self._at < len(self._steps) and self._left_ms <= 0:
            self._at += 1
            if self._at < len(self._steps):
                self._left_ms += self._steps[self._at][0]
        return status | (self._steps[self._at][1] if self._at < len(self._steps) else 0)
