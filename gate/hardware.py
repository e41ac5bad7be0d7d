"""The one place where bridge events become the core's inputs. Keeps the devices going, and bounds what they may say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from firmware_bridge import events as bridge
from firmware_bridge.drivers import Door, Driver, Profile, Reader, Signal, Standing
from gate.core import door_inputs as at_door
from gate.core import effects as do
from gate.core import inputs as on
from gate.core.types import AttemptId, Seconds, Sign
from gate.listening import Ear

log = structlog.get_logger()

REOPEN_S = 2.0
ANSWERS_WITHIN_S = 5.0
"""A device that was opened and does not answer for this long is lost: until then it is only being greeted."""
ANEW_S = 20.0
"""A driver that could not mend its device for this long is closed and opened anew."""
HEARD_WITHIN_S = 2.0
"""What a reader said longer ago, while the gate hung, opens nothing any more: somebody else may stand there by now."""
READ_WITHIN_S = 24 * 3600.0
"""A reader that cannot tell a cut cable is believed for this long after it last read something."""

_OF_THE_DOOR: Final[dict[type[bridge.DeviceEvent], at_door.DoorInput]] = {
    bridge.StrikeReleased: at_door.StrikeReleased(),
    bridge.StrikeLocked: at_door.StrikeLocked(),
    bridge.LeafOpened: at_door.LeafOpened(),
    bridge.LeafClosed: at_door.LeafClosed(),
    bridge.ExitRequested: at_door.ExitRequested(),
    bridge.FireStarted: at_door.FireStarted(),
    bridge.FireOver: at_door.FireOver(),
    bridge.CaseOpened: at_door.CaseOpened(),
    bridge.CaseClosed: at_door.CaseClosed(),
    bridge.PowerFailed: at_door.PowerFailed(),
    bridge.PowerBack: at_door.PowerBack(),
    bridge.OtherDoorOpened: at_door.OtherDoorOpened(),
    bridge.OtherDoorClosed: at_door.OtherDoorClosed(),
}
_OF_ANY_CASE: Final = (bridge.CaseOpened, bridge.CaseClosed, bridge.PowerFailed, bridge.PowerBack)
"""What a reader's case and supply say counts as the door's: somebody is at work on the devices."""
_TROUBLE_OF: Final[dict[type[bridge.DeviceEvent], type[bridge.DeviceEvent]]] = {
    bridge.CaseClosed: bridge.CaseOpened,
    bridge.PowerBack: bridge.PowerFailed,
}


@dataclass(slots=True)
class _Device:
    """One driver as it is kept going. up: it answered when it was last looked at. lost: that it does not was said."""

    driver: Driver
    name: str
    is_open: bool = False
    up: bool = False
    lost: bool = False
    opened_at: Seconds = 0.0
    answered_at: Seconds = 0.0
    retry_at: Seconds = 0.0

    @property
    def healthy(self) -> bool:
        """Tell whether the device answers, and has not failed since."""
        return self.up and self.driver.healthy


def signal_of(view: do.View | do.Aside) -> Signal | None:
    """Give what the readers' lights say to a *view* on the screen: they say the same to who cannot see it.

    None for what is said beside a view: the lights go on saying what they said.
    """
    match view:
        case do.TellRefused() | do.Prolonged():
            return None
        case do.ShowResult(granted=True):
            return Signal.GRANTED
        case do.ShowResult():
            return Signal.REFUSED
        case do.ShowChecking() | do.AskSecond():
            return Signal.WAIT
        case _:
            return Signal.READY


class Hardware:
    """Readers and door of one gate, all on the loop's thread. The first reader is the one that face depends on (R01)."""

    def __init__(
        self,
        readers: Sequence[Reader],
        door: Door,
        *,
        post: Callable[[on.Input], None],
        new_attempt: Callable[[], AttemptId],
        after_card: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], Seconds] = time.monotonic,
    ) -> None:
        """post: takes inputs. new_attempt: draws ids. after_card: whether keys now are a PIN alone, after a card.

        monotonic: read as an event arrives, on the driver's thread.
        """
        self._monotonic = monotonic
        self._trouble: dict[type[bridge.DeviceEvent], set[str]] = {
            trouble: set() for trouble in _TROUBLE_OF.values()
        }
        self._door = _Device(door, "door")
        self._strike = door
        names = ["reader", *(f"reader-{place}" for place in range(2, len(readers) + 1))]
        self._readers = {
            name: (_Device(each, name), each, Ear(name)) for name, each in zip(names, readers, strict=True)
        }
        self._post = post
        self._new_attempt = new_attempt
        self._after_card = after_card
        self._hear_door: Callable[[at_door.DoorInput], None] = lambda _: None
        self._hear_sign: Callable[[Sign], None] = lambda _: None
        self._now: Seconds = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._case_opened = False

    @property
    def reader_healthy(self) -> bool:
        """Tell whether cards and keys can be read: without them face is not offered (R01)."""
        _, reader, ear = self._readers["reader"]
        is_there = reader.supervised or self._now - ear.read_at < READ_WITHIN_S
        return self.reader_answers and is_there

    @property
    def reader_answers(self) -> bool:
        """Tell whether nothing is known against the first reader, whether or not anybody used it of late."""
        device, _, ear = self._readers["reader"]
        return device.healthy and not ear.raves

    @property
    def reader_lost(self) -> bool:
        """Tell whether it was said that the first reader does not answer."""
        return self._readers["reader"][0].lost

    @property
    def door_healthy(self) -> bool:
        """Tell whether the door controller answers."""
        return self._door.healthy

    @property
    def cards_can_be_copied(self) -> bool:
        """Tell whether some reader here takes a card's mere number for the card, as the console must warn."""
        return any(reader.profile is Profile.UID_ONLY for _, reader, _ in self._readers.values())

    def take_case_opened(self) -> bool:
        """Tell, once, whether a case was opened since the last call (R60)."""
        was_opened, self._case_opened = self._case_opened, False
        return was_opened

    def on_door(self, hear: Callable[[at_door.DoorInput], None]) -> None:
        """Have *hear* told of everything the door reports."""
        self._hear_door = hear

    def open(self, now: Seconds) -> None:
        """Open all devices; one that is not there is tried again while the gate runs."""
        self._loop = asyncio.get_running_loop()
        self.poll(now)

    def close(self) -> None:
        """Let go of all devices."""
        for device in self._devices():
            device.driver.close()

    def poll(self, now: Seconds) -> None:
        """Let the drivers' time pass and reopen what is lost."""
        self._now = now
        for device in self._devices():
            self._tend(device, now)
        for _, _, ear in self._readers.values():
            ear.poll(now)

    def release(self, seconds: Seconds) -> None:
        """Ask the controller for one release. Raises BridgeError."""
        self._strike.release(seconds=seconds)

    def stand(self, standing: Standing, seconds: Seconds) -> None:
        """Ask the controller to stand so for a while. Raises BridgeError."""
        self._strike.stand(standing, seconds=seconds)

    def on_sign(self, hear: Callable[[Sign], None]) -> None:
        """Have *hear* told of what somebody asks for by the keypad's keys: where the screen cannot be touched."""
        self._hear_sign = hear

    def show(self, signal: Signal | None) -> None:
        """Show *signal* at every reader; one that cannot is left alone."""
        if signal is None:
            return
        for device, reader, _ in self._readers.values():
            try:
                reader.show(signal)
            except Exception as error:  # noqa: BLE001 - foreign code: a dark light keeps nobody out
                self._failed(device, type(error).__name__)

    def _devices(self) -> list[_Device]:
        return [*(device for device, _, _ in self._readers.values()), self._door]

    def _tend(self, device: _Device, now: Seconds) -> None:
        """Keep one device going; whatever its driver throws costs that device only, which is then opened anew."""
        try:
            if not device.is_open and now >= device.retry_at:
                device.retry_at = now + REOPEN_S
                device.driver.close()
                device.driver.open(lambda event: self._hear(device, event))
                device.is_open, device.opened_at = True, now
            device.driver.poll(now)
        except bridge.BridgeError as error:
            self._failed(device, str(error))
        except Exception as error:  # noqa: BLE001 - a driver is foreign code: it must not stop the other device
            self._failed(device, type(error).__name__)
        if not device.is_open:
            return
        if device.driver.healthy:
            self._up(device)
            device.answered_at = now
        elif device.up or now - device.opened_at >= ANSWERS_WITHIN_S:
            self._lost(device, "it does not answer")
            if now - max(device.opened_at, device.answered_at) >= ANEW_S:
                device.is_open = False  # its driver had time to mend it; perhaps the driver itself hangs

    def _failed(self, device: _Device, cause: str) -> None:
        device.is_open = False
        self._lost(device, cause)

    def _hear(self, device: _Device, event: bridge.DeviceEvent) -> None:
        """Take an event from whichever thread the driver reports on."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._take, device, event, self._monotonic())

    def _take(self, device: _Device, event: bridge.DeviceEvent, heard_at: Seconds) -> None:
        match event:
            case bridge.DeviceLost(cause):
                self._lost(device, cause)
                return
            case _ if device.driver.healthy:
                self._up(device)  # before what it says: a door that is back says anew what it sees
            case bridge.CaseOpened() | bridge.FireStarted():
                pass  # the last thing a cable said before it was cut counts
            case _:
                return
        if isinstance(event, bridge.CaseOpened):
            self._case_opened = True
        if isinstance(event, _OF_ANY_CASE) and not self._is_first_or_last(device, event):
            return
        if device is self._door or isinstance(event, _OF_ANY_CASE):
            heard = _OF_THE_DOOR.get(type(event))
            if heard is not None:
                log.debug("door_moved", event_kind=type(event).__name__)
                self._hear_door(heard)
        else:
            stale = self._monotonic() - heard_at > HEARD_WITHIN_S
            if stale:
                log.error(
                    "reader_unheard", device=device.name, remedy="The gate was busy; hold the card again."
                )
            else:
                self._listen(self._readers[device.name][2], event)

    def _is_first_or_last(self, device: _Device, event: bridge.DeviceEvent) -> bool:
        """Tell whether this is the first device in such trouble, or the last to be out of it: the alarm is one for all."""
        trouble = _TROUBLE_OF.get(type(event), type(event))
        troubled = self._trouble[trouble]
        before = bool(troubled)
        if trouble is type(event):
            troubled.add(device.name)
        else:
            troubled.discard(device.name)
        return before != bool(troubled) or not troubled

    def _listen(self, ear: Ear, event: bridge.DeviceEvent) -> None:
        said = ear.take(event, self._now, after_card=self._after_card())
        if isinstance(said, Sign):
            self._hear_sign(said)
        elif said is not None:
            self._post(on.CredentialPresented(self._new_attempt(), said))

    def _lost(self, device: _Device, cause: str) -> None:
        device.up = False
        if not device.lost:
            device.lost = True
            log.error("device_lost", device=device.name, cause=cause)
            if device is self._door:
                self._hear_door(at_door.ControllerLost())

    def _up(self, device: _Device) -> None:
        if device.up:
            return
        if device.lost:
            log.info("device_back", device=device.name)
        device.up, device.lost = True, False
        if device is self._door:
            self._hear_door(at_door.ControllerBack())
