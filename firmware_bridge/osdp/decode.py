"""What libosdp's binding reports, as the bridge's events. Pure; whatever cannot be understood is Nonsense.

A card has the number here that it has at a Wiegand reader: firmware_bridge/wiegand.py says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from firmware_bridge.events import CardRead, KeyPressed, Nonsense
from firmware_bridge.wiegand import CARD_BITS, card_of_raw

MAX_CARD_BITS: Final = 256
_KEYS: Final[Mapping[int, str]] = MappingProxyType(
    # OSDP: digits in ASCII, * as DEL and # as CR; some keypads send * and # in ASCII as well.
    {**{ord(digit): digit for digit in "0123456789*#"}, 0x7F: "*", 0x0D: "#"}
)
_ASCII: Final = 2


def card_of(event: Mapping[str, Any]) -> CardRead | Nonsense:
    """Give the card: a raw frame as Wiegand numbers it, or text as its bytes, eight bits to a character.

    A raw frame longer than any that Wiegand carries is taken whole, first bit highest, up to MAX_CARD_BITS.
    """
    data: bytes = event["data"]
    if event["format"] == _ASCII:
        # The binding takes the length in bits for one in bytes and hands out memory behind the text: cut it off.
        data = data[: (len(data) + 7) // 8]
        bits = 8 * len(data)
        return _whole(bits, data) if bits else Nonsense()
    bits = event["length"]
    if not 0 < bits <= min(MAX_CARD_BITS, 8 * len(data)):
        return Nonsense()
    data = data[: -(-bits // 8)]
    return card_of_raw(bits, data) if bits < CARD_BITS.stop else _whole(bits, data)


def _whole(bits: int, data: bytes) -> CardRead | Nonsense:
    if bits > MAX_CARD_BITS:
        return Nonsense()
    return CardRead(bits, int.from_bytes(data, "big") >> -bits % 8)


def keys_of(event: Mapping[str, Any]) -> Iterator[KeyPressed | Nonsense]:
    """Give the keys one after the other."""
    for code in event["data"]:
        key = _KEYS.get(code)
        yield Nonsense() if key is None else KeyPressed(key)
