"""The one place where bridge events become the core's inputs, and the core's release a bridge command."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from firmware_bridge.drivers import Door, Driver, Reader
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    CaseOpened,
    DeviceBack,
    DeviceEvent,
    DeviceLost,
    KeyPressed,
    StrikeReleased,
)
from gate.core import inputs as on
from gate.core.credentials import Keypad
from gate.core.types import AttemptId, Card, Credential, Seconds

log = structlog.get_logger()

ANSWER_S = 1.0
"""A controller that has not confirmed a release after this long has not released."""
REOPEN_S = 2.0


@dataclass(slots=True)
class _Device:
    driver: Driver
    name: str
    lost: bool = False
    retry_at: Seconds = 0.0

    @property
    def healthy(self) -> bool:
        """Tell whether the device is open, answers, and has not failed since."""
        return self.driver.healthy and not self.lost


@dataclass(slots=True)
class _Asked:
    """A release the controller has not confirmed yet. *due* is set at the next poll: a stalled loop is no fault."""

    attempt: AttemptId
    due: Seconds | None = None


class Hardware:
    """The reader and the door of one gate. *post* takes inputs, *new_attempt* draws ids, on the loop's thread."""

    def __init__(
        self,
        reader: Reader,
        door: Door,
        *,
        release_s: Seconds,
        post: Callable[[on.Input], None],
        new_attempt: Callable[[], AttemptId],
    ) -> None:
        self._reader = _Device(reader, "reader")
        self._door = _Device(door, "door")
        self._strike = door
        self._release_s = release_s
        self._post = post
        self._new_attempt = new_attempt
        self._keypad = Keypad()
        self._now: Seconds = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: deque[_Asked] = deque()
        self._case_opened = False

    @property
    def reader_healthy(self) -> bool:
        """Tell whether cards and keys can be read: without them face is not offered (R01)."""
        return self._reader.healthy

    @property
    def door_healthy(self) -> bool:
        """Tell whether the door controller answers."""
        return self._door.healthy

    def take_case_opened(self) -> bool:
        """Tell, once, whether a case was opened since the last call (R60)."""
        was_opened, self._case_opened = self._case_opened, False
        return was_opened

    def open(self, now: Seconds) -> None:
        """Open both devices; one that is not there is tried again while the gate runs."""
        self._loop = asyncio.get_running_loop()
        self.poll(now)

    def close(self) -> None:
        """Let go of both devices."""
        for device in (self._reader, self._door):
            device.driver.close()

    def poll(self, now: Seconds) -> None:
        """Let the drivers' time pass, reopen what is lost, and give up on a release that was never confirmed."""
        self._now = now
        for device in (self._reader, self._door):
            self._tend(device, now)
        for asked in self._asked:
            asked.due = now + ANSWER_S if asked.due is None else asked.due
        while self._asked and self._asked[0].due is not None and now >= self._asked[0].due:
            self._answer(released=False)

    def release(self, attempt: AttemptId) -> None:
        """Ask the controller for one release on behalf of *attempt*; a DoorReported follows in any case."""
        try:
            self._strike.release(seconds=self._release_s)
        except BridgeError as error:
            log.error("door_refused", cause=str(error))  # noqa: TRY400 - the sentence says it all
            self._post(on.DoorReported(attempt, released=False))
        else:
            self._asked.append(_Asked(attempt))

    def _tend(self, device: _Device, now: Seconds) -> None:
        """Keep one device going; whatever its driver throws costs that device only."""
        try:
            if not device.healthy and now >= device.retry_at:
                device.retry_at = now + REOPEN_S
                device.driver.close()
                device.driver.open(lambda event: self._hear(device, event))
                self._back(device)
            device.driver.poll(now)
        except BridgeError as error:
            self._lost(device, str(error))
        except Exception as error:  # noqa: BLE001 - a driver is foreign code: it must not stop the other device
            self._lost(device, type(error).__name__)

    def _hear(self, device: _Device, event: DeviceEvent) -> None:
        """Take an event from whichever thread the driver reports on."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._take, device, event)

    def _take(self, device: _Device, event: DeviceEvent) -> None:
        match event:
            case CardRead(bits, value):
                self._present(Card(f"{bits}:{value}"))
            case KeyPressed(key):
                self._keypad, entry = self._keypad.press(key, self._now)
                if entry is not None:
                    self._present(entry)
            case StrikeReleased():
                self._answer(released=True)
            case CaseOpened():
                self._case_opened = True
            case DeviceLost():
                self._lost(device, "it stopped answering")
            case DeviceBack():
                self._back(device)
            case _:
                log.debug("door_moved", event_kind=type(event).__name__)

    def _present(self, credential: Credential) -> None:
        self._post(on.CredentialPresented(self._new_attempt(), credential))

    def _answer(self, *, released: bool) -> None:
        if self._asked:
            self._post(on.DoorReported(self._asked.popleft().attempt, released))

    def _lost(self, device: _Device, cause: str) -> None:
        if not device.lost:
            device.lost = True
            log.error("device_lost", device=device.name, cause=cause)

    def _back(self, device: _Device) -> None:
        if device.lost:
            device.lost = False
            log.info("device_back", device=device.name)
