"""A card's value as people write it down, and as a reader sends it."""

from __future__ import annotations

import re
from typing import Final

USUAL_BITS: Final = 26
_BITS_MOST: Final = 128
_CARD = re.compile(r"(?:(?P<bits>[1-9][0-9]{0,2}):)?(?P<value>[0-9]{1,39})", re.ASCII)


def card_number(text: str) -> str | None:
    """Give the card of value *text* as a reader sends it, or None where it names none.

    text: a whole number of 26 bits, or its length in bits, a colon and the number, such as ``34:123456789``.
    """
    typed = _CARD.fullmatch(text)
    bits = int(typed["bits"] or USUAL_BITS) if typed else 0
    if typed is None or bits > _BITS_MOST or int(typed["value"]) >= 1 << bits:
        return None
    return f"{bits}:{int(typed['value'])}"
