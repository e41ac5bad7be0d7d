"""A Wiegand reader and a door at the computer's own pins. The wiring, and what it cannot do: deploy/readers."""

from firmware_bridge.gpio.door import GpioDoor, GpioDoorOptions
from firmware_bridge.gpio.reader import WiegandGpio, WiegandGpioOptions

__all__ = ["GpioDoor", "GpioDoorOptions", "WiegandGpio", "WiegandGpioOptions"]
