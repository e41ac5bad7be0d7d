"""The one table of drivers. A driver that is not here does not exist; nothing is discovered, nothing falls back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from firmware_bridge.drivers import Door, Reader
from firmware_bridge.simulators import SimulatedDoor, SimulatedReader

READERS: Mapping[str, Callable[[], Reader]] = MappingProxyType({"simulated": SimulatedReader})
DOORS: Mapping[str, Callable[[], Door]] = MappingProxyType({"simulated": SimulatedDoor})
