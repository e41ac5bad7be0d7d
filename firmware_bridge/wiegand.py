"""Wiegand, as pure values: edges become bursts, a burst becomes a card, a key or nonsense.

A reader has two lines, DATA0 and DATA1. Each bit is one short pulse on one of them; nothing says where a burst ends
but silence. There is no key and no sender: whoever reaches the wires can read a card off them and play it back. So the
profile of every Wiegand reader is UID_ONLY.

The number of a card is the pair of CardRead: the frame's length in bits with its parity bits, and the value of its
data bits without them. `card_of_raw` makes the same pair of the frame as OSDP passes it on, so one card has one number
at every reader of a site.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, Literal

from firmware_bridge.events import CardRead, KeyPressed, Nonsense

Line = Literal[0, 1]
Meaning = CardRead | KeyPressed | Nonsense

GAP_NS: Final = 30_000_000
"""Silence that ends a burst. Bits follow each other within 20 ms at the slowest, keys and cards after 100 ms or more."""
NEAREST_NS: Final = 50_000
"""Edges nearer to each other than this are noise: no reader pulses faster, and their order would be a guess."""
CARD_BITS: Final = range(20, 129)
"""How long a card's frame may be. Shorter ones are pieces of a frame, unless they are keys; longer ones are noise."""
PARITY_LENGTHS: Final = frozenset({26, 34, 37})
"""Frames that carry parity as H10301, H10306, H10302 and H10304 do. A site may add lengths whose cards it knows."""
KEYS: Final = "0123456789*#"
_NIBBLE: Final = 4
_KEY_WITH_COMPLEMENT: Final = 8


@dataclass(frozen=True, slots=True)
class Burst:
    """What came between two silences: *count* bits, first one highest. Not *whole*: noise was in it, or too much."""

    count: int
    value: int = field(repr=False)
    whole: bool = True


class Collector:
    """Gathers edges into bursts. Holds at most one burst of CARD_BITS bits, whatever the wires do.

    Times are the kernel's, in nanoseconds, of one clock. They are data too: a time that steps back spoils the burst.
    """

    def __init__(self) -> None:
        self._count = 0
        self._value = 0
        self._last_ns: int | None = None
        self._whole = True
        self._told = False

    @property
    def gathering(self) -> bool:
        """Tell whether a burst has begun and not yet ended."""
        return self._last_ns is not None

    def edge(self, line: Line, at_ns: int) -> Burst | None:
        """Take one pulse on DATA0 or DATA1. Returns the burst that this edge ends, if it comes after a silence.

        A burst that grows past every card is returned at once, not whole, and the rest of it is swallowed: a flood
        that never pauses is told of too, and told of once.
        """
        ended = self.poll(at_ns)
        if self._last_ns is not None and at_ns - self._last_ns < NEAREST_NS:
            self._whole = False
        self._last_ns = at_ns
        if self._count == CARD_BITS[-1]:
            if self._told:
                return None
            self._told = True
            return Burst(self._count, 0, whole=False)
        self._count += 1
        self._value = self._value << 1 | line
        return ended

    def spoil(self) -> None:
        """Take note that the burst at hand has a hole."""
        self._whole = False

    def poll(self, now_ns: int) -> Burst | None:
        """Return the burst that silence has ended by *now_ns*, once."""
        if self._last_ns is None or now_ns - self._last_ns < GAP_NS:
            return None
        return self.end()

    def end(self) -> Burst | None:
        """Return the burst at hand, once; for whoever knows of the silence without a clock."""
        ended = (
            None if self._told or not self.gathering else Burst(self._count, self._value, whole=self._whole)
        )
        self.forget()
        return ended

    def forget(self) -> None:
        """Drop what was gathered."""
        self._count = self._value = 0
        self._last_ns = None
        self._whole, self._told = True, False


def read(burst: Burst, *, parity: AbstractSet[int] = PARITY_LENGTHS) -> Meaning:
    """Turn a burst into what it means."""
    return decode(burst.count, burst.value, parity=parity) if burst.whole else Nonsense()


def decode(count: int, value: int, *, parity: AbstractSet[int] = PARITY_LENGTHS) -> Meaning:
    """Turn a burst of *count* bits, first one highest, into a card, a key or nonsense. Total: never raises.

    4 bits are a key: 0 to 9, 10 for ``*``, 11 for ``#``. 8 bits are a key after its complement (``1`` is 11100001).
    20 to 128 bits are a card. Keypads with 6 or 10 bits a key are not read; set them to 4 or 8.
    """
    if not 0 <= count < CARD_BITS.stop or not 0 <= value < 1 << count:
        return Nonsense()
    if count == _NIBBLE:
        return _key(value)
    if count == _KEY_WITH_COMPLEMENT:
        return _key(value & 0xF) if value >> _NIBBLE == value & 0xF ^ 0xF else Nonsense()
    return card(count, value, parity=parity)


def card(count: int, value: int, *, parity: AbstractSet[int] = PARITY_LENGTHS) -> CardRead | Nonsense:
    """Turn a frame of *count* bits, first one highest, into its card's number. Total: never raises.

    Where *parity* names the length, the first bit makes the first half of the data even and the last bit makes the
    second half odd; with an odd number of data bits the middle one is in both halves. Any one wrong bit is found, two
    are not. A frame of another length is taken whole, and a wrong bit in it is another card.
    """
    if count not in CARD_BITS or not 0 <= value < 1 << count:
        return Nonsense()
    if value in (0, (1 << count) - 1):
        return Nonsense()  # only one of the two lines pulsed: the other is broken
    if count not in parity:
        return CardRead(count, value)
    data = value >> 1 & (1 << count - 2) - 1
    half = (count - 1) // 2
    first, second = data >> count - 2 - half, data & (1 << half) - 1
    even = value >> count - 1 == first.bit_count() % 2
    odd = value & 1 != second.bit_count() % 2
    return CardRead(count, data) if even and odd else Nonsense()


def card_of_raw(bits: int, data: bytes, *, parity: AbstractSet[int] = PARITY_LENGTHS) -> CardRead | Nonsense:
    """Turn a frame as OSDP's raw card report holds it into the number the same card has over Wiegand.

    *data*: the frame's bits from the highest bit of the first byte on, filled up to whole bytes; what fills is not
    looked at. Total: a length that is not that of *data* is nonsense.
    """
    if bits not in CARD_BITS or len(data) != -(-bits // 8):
        return Nonsense()
    return card(bits, int.from_bytes(data, "big") >> -bits % 8, parity=parity)


def frame(number: CardRead, *, parity: AbstractSet[int] = PARITY_LENGTHS) -> int:
    """Turn a card's number back into the frame its reader sends: for simulated readers and tests.

    Raises ValueError for a number no reader sends.
    """
    if number.bits not in parity:
        return number.value
    width, half = number.bits - 2, (number.bits - 1) // 2
    if not 0 <= number.value < 1 << width:
        raise ValueError(f"A card of {number.bits} bits has a number of {width} bits.")
    first, second = number.value >> width - half, number.value & (1 << half) - 1
    return first.bit_count() % 2 << width + 1 | number.value << 1 | (second.bit_count() + 1) % 2


def _key(value: int) -> KeyPressed | Nonsense:
    return KeyPressed(KEYS[value]) if value < len(KEYS) else Nonsense()
