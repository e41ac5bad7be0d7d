"""The door's own state machine at work: what the controller reports goes in, what it shall do comes out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from firmware_bridge.drivers import Standing
from firmware_bridge.events import BridgeError
from gate.alarms import AlarmBoard
from gate.core import door as core
from gate.core import door_effects as do
from gate.core import door_inputs as at_door
from gate.core import inputs as on
from gate.core.alarms import Alarm
from gate.core.types import AttemptId, Reason, Seconds
from gate.errors import GateError
from gate.hardware import Hardware
from gate.settings import Settings
from gate.store import Store
from gate.store.upkeep.clock import TrustedClock

log = structlog.get_logger()

ORDERS_S: Seconds = 0.25
"""How soon the running gate heeds a lockdown from the command line, and its own hours."""

Order = TypeVar("Order")

_STANDING: Final = {each: Standing(each.value) for each in do.Standing}


def door_rules(settings: Settings) -> core.DoorRules:
    """Give what the settings decide about the door."""
    door = settings.door
    return core.DoorRules(
        declared=core.Declared(door.declared),
        release_s=door.release_s,
        held_after_s=door.held_after_s,
        has_leaf=door.leaf_sensor,
        has_exit_contact=door.exit_contact,
        interlocked=door.interlock,
        may_stand_open=door.may_stand_open,
    )


class Doorkeeper:
    """The door of one gate. Everything runs on the loop's thread, at once and in order."""

    def __init__(
        self,
        hardware: Hardware,
        rules: core.DoorRules,
        clock: TrustedClock,
        store: Store,
        alarms: AlarmBoard,
        post: Callable[[on.Input], None],
    ) -> None:
        """post: takes what the gate must know: how a release ended, and whether the door lets anybody in."""
        self._hardware = hardware
        self._rules = rules
        self._clock = clock
        self._store = store
        self._alarms = alarms
        self._orders_due: Seconds = 0.0
        self._orders_failing = False
        self._lockdown_known = False
        self._post = post
        self._door = core.Door()
        self._told = on.EntryChanged(None)
        self._by_staff: dict[AttemptId, Callable[[bool], None]] = {}
        hardware.on_door(self.take)
        self._tell()

    @property
    def door(self) -> core.Door:
        """Give the present state, for status pages and tests."""
        return self._door

    @property
    def rules(self) -> core.DoorRules:
        """Give what was decided about the door."""
        return self._rules

    @property
    def look(self) -> core.DoorView:
        """Say in one word how the door is."""
        return core.look(self._door, self._rules)

    @property
    def obstacle(self) -> Reason | None:
        """Tell why the door lets nobody in now, None while it does. Whether there is a lockdown must be known for that."""
        return core.entry_obstacle(self._door, self._rules) if self._lockdown_known else Reason.FAULT

    @property
    def entry(self) -> on.EntryChanged:
        """Tell whether the door lets people in, and whether its reader can be heard, as the gate is told."""
        return on.EntryChanged(self.obstacle, self._hardware.reader_lost)

    def release(self, attempt: AttemptId) -> None:
        """Ask for one release on behalf of *attempt*; exactly one DoorReported follows."""
        if self._lockdown_known:
            self.take(at_door.ReleaseAsked(attempt))
        else:
            self._report(attempt, released=False)

    def release_by_staff(self, attempt: AttemptId, heard: Callable[[bool], None]) -> None:
        """Ask for one release on the word of the staff, by the same machine; *heard* is told once whether it came."""
        self._by_staff[attempt] = heard
        self.release(attempt)

    def poll(self) -> None:
        """Let devices and door have their time, heed what people ordered, and end alarms that rang long enough."""
        now = self._clock.monotonic()
        self._hardware.poll(now)
        if now >= self._orders_due:
            self.heed_orders()
        self.take(at_door.Tick())
        self._alarms.heed(Alarm.READER_LOST, stands=self._hardware.reader_lost)
        self._alarms.poll(now)

    def take(self, event: at_door.DoorInput) -> None:
        """Take one input with all that its effects answer at once, and tell the gate if it lets nobody in."""
        events = deque([event])
        now = self._clock.monotonic()
        while events:
            self._door, effects = core.advance(self._door, events.popleft(), now, self._rules)
            for effect in effects:
                events.extend(self._carry_out(effect))
        self._tell()

    def heed_orders(self) -> None:
        """Look whether there is a lockdown, and what the door's own hours say, each by itself.

        The gate does so by itself every ORDERS_S; whoever gave an order here asks for it at once. Unless it is known
        that there is no lockdown, nobody is let in; hours that cannot be read are none.
        """
        self._orders_due = self._clock.monotonic() + ORDERS_S
        lockdown = self._asked(lambda: self._store.lockdown.is_on)
        self._lockdown_known = lockdown is not None
        hours = self._asked(self._hours_now)
        self._orders_failing = lockdown is None or hours is None
        if lockdown is not None and lockdown != self._door.lockdown:
            log.info("lockdown", on=lockdown)
            self.take(at_door.LockdownSet(lockdown))
        hours = hours or at_door.DoorHours.NORMAL
        if hours is not self._door.hours:
            log.info("door_hours", hours=hours)
            self.take(at_door.HoursSay(hours))

    def _hours_now(self) -> at_door.DoorHours:
        return self._store.permits.door_hours(self._clock.now(), clock_trusted=self._clock.trusted)

    def _asked(self, ask: Callable[[], Order]) -> Order | None:
        """Ask the store, None where it cannot say; the first time of a bad one is logged."""
        try:
            return ask()
        except GateError as error:
            if not self._orders_failing:
                log.error("door_orders_unread", code=error.code, remedy=error.remedy)  # noqa: TRY400 - said once
            return None

    def _tell(self) -> None:
        """Tell the gate whether the door lets anybody in, when that changed."""
        entry = self.entry
        if entry != self._told:
            self._told = entry
            self._post(entry)

    def _carry_out(self, effect: do.DoorEffect) -> tuple[at_door.DoorInput, ...]:
        match effect:
            case do.Release(attempt, seconds):
                return self._release(attempt, seconds)
            case do.Stand(standing, seconds):
                self._stand(standing, seconds)
            case do.Report(attempt, released):
                self._report(attempt, released=released)
            case do.Raise(alarm):
                self._alarms.raise_alarm(alarm)
            case do.Clear(alarm):
                self._alarms.clear(alarm)
        return ()

    def _report(self, attempt: AttemptId, *, released: bool) -> None:
        heard = self._by_staff.pop(attempt, None)
        if heard is None:
            self._post(on.DoorReported(attempt, released))
        else:
            heard(released)

    def _release(self, attempt: AttemptId, seconds: Seconds) -> tuple[at_door.DoorInput, ...]:
        try:
            self._hardware.release(seconds)
        except Exception as error:  # noqa: BLE001 - a driver is foreign code: the attempt is answered whatever it throws
            log.error("door_refused", cause=_said(error))  # noqa: TRY400 - the sentence says it all
            return (at_door.ReleaseFailed(attempt),)
        return ()

    def _stand(self, standing: do.Standing, seconds: Seconds) -> None:
        """Ask the controller to stand so; one that does not answer stands as it is declared, all by itself."""
        try:
            self._hardware.stand(_STANDING[standing], seconds)
        except Exception as error:  # noqa: BLE001 - as above
            log.debug("door_stands_otherwise", cause=_said(error))


def _said(error: Exception) -> str:
    """Give what may be logged of a driver's fault: its own sentence, or the mere kind of one that nobody foresaw."""
    return str(error) if isinstance(error, BridgeError) else type(error).__name__
