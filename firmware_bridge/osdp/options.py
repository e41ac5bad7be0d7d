"""Where an OSDP device is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KEY_BYTES: Final = 16
"""A secure channel base key (SCBK) is one AES-128 key."""


@dataclass(frozen=True, slots=True)
class OsdpOptions:
    """One OSDP device on a serial line of its own. address: 0 to 126, as set at the device."""

    port: str
    baud_per_s: int = 115200
    address: int = 1
