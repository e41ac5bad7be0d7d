"""What the two faces of one OSDP device share."""

from __future__ import annotations

from typing import Protocol

from firmware_bridge.drivers import Emit
from firmware_bridge.osdp.options import OsdpOptions
from firmware_bridge.osdp.session import Command


class Device(Protocol):
    """The device behind the faces."""

    options: OsdpOptions

    @property
    def secure(self) -> bool:
        """Tell whether it answers under the key."""

    @property
    def trouble(self) -> str | None:
        """Say what keeps it from answering."""

    def attach(self, face: Face, emit: Emit) -> None:
        """Open *face*."""

    def detach(self, face: Face) -> None:
        """Close *face*."""

    def ask(self, command: Command) -> bool:
        """Have *command* sent; False without a secure channel."""

    def can(self, capability: int) -> bool:
        """Tell whether it has *capability*."""

    def watch(self) -> None:
        """Report it as lost when the thread that attends to it hangs."""


class Face:
    """A driver that shares its device with another."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.emit: Emit | None = None

    @property
    def healthy(self) -> bool:
        """Tell whether it is open and the device answers under the key."""
        return self.emit is not None and self._device.secure

    @property
    def trouble(self) -> str | None:
        """Say what keeps the device from answering, and the remedy; None while it answers or is closed."""
        return self._device.trouble

    def open(self, emit: Emit) -> None:
        """Start reporting. Returns at once; *healthy* follows within half a second, or DeviceLost after LOST_S.

        Raises BridgeError when the port cannot be opened or the device is not paired.
        """
        self._device.attach(self, emit)

    def poll(self, now: float) -> None:
        """Report a device that hangs; the device's own thread keeps time."""
        del now
        if self.emit is not None:
            self._device.watch()

    def close(self) -> None:
        """Stop reporting; with the other face closed too, let go of the line."""
        self._device.detach(self)
