"""The shell around the core: one queue of inputs, one timer, and the effects carried out in order.

Everything here runs on one asyncio loop. The only work done elsewhere is the slow hash of a PIN (gate/verifier.py).
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from gate import capturing
from gate.alarms import AlarmBoard
from gate.cameraloan import CameraLoan, camera_busy
from gate.chores import Chores, told
from gate.core import effects as do
from gate.core import inputs as on
from gate.core.alarms import Alarm
from gate.core.attempt import advance, deadline, face_is_offered
from gate.core.credentials import Verdict
from gate.core.events import window_of
from gate.core.phases import Capturing, Gate
from gate.core.policy import Conditions, Rules
from gate.core.types import (
    AttemptId,
    Decision,
    NoticeVersion,
    PersonId,
    Reason,
    Seconds,
    TemplateId,
    UnitPin,
    WithdrawalOutcome,
)
from gate.doorkeeper import Doorkeeper
from gate.gallery import GalleryKeeper
from gate.hardware import Hardware, signal_of
from gate.manager import Turned, unwatched
from gate.notice import NoticeBoard
from gate.passbacks import PassbackWatch
from gate.ports import Screen, Vision
from gate.recorder import Passed, Recorder
from gate.rotating import Rotating
from gate.store import Store
from gate.store.keyring.rotation import Renew
from gate.store.upkeep.clock import TrustedClock
from gate.upkeep import Upkeep
from gate.verifier import Verifier
from gate.visitor import Visitor
from gate.withdrawal import ScreenWithdrawals

log = structlog.get_logger()

POLL_S = 0.05
STALE_S: Seconds = 2.0
"""A credential that waited so long for a loop that hung, or a record that took so long, opens no door any more."""
HOUSEKEEPING_S = 20.0


def new_attempt() -> AttemptId:
    """Draw a random attempt id: it says nothing about anybody and is never used again."""
    return AttemptId(secrets.token_hex(16))


class Service:
    """One gate at work. Post inputs to *inputs*; `run` takes them one by one."""

    def __init__(
        self,
        inputs: asyncio.Queue[on.Input],
        *,
        clock: TrustedClock,
        rules: Rules,
        templates_most: int,
        store: Store,
        hardware: Hardware,
        doorkeeper: Doorkeeper,
        passbacks: PassbackWatch,
        alarms: AlarmBoard,
        screen: Screen,
        vision: Vision | None,
        switched_on: bool,
        liveness_fitted: bool,
        notices: NoticeBoard,
        assessment_approved: Callable[[], bool],
        renew: Renew,
        passed: Passed,
        turned: Turned = unwatched,
    ) -> None:
        """templates_most: what the operating point was validated for. vision: None where face cannot be had.

        switched_on: whether the site wants face at all. liveness_fitted: whether the device has what the rules ask a face
        to show. assessment_approved: asked at the start and every 20 s, for
        the command line may approve, or change a register (R80). passed: as the recorder has it. turned: told each time the door was turned, by this loop alone.
        """
        self._inputs = inputs
        self._clock = clock
        self._rules = replace(rules, notice=notices.newest)
        self._store = store
        self._hardware = hardware
        self._doorkeeper = doorkeeper
        self._passbacks = passbacks
        self._alarms = alarms
        self._visitor = Visitor()
        self._screen = screen
        self._vision = vision
        self._switched_on = switched_on
        self._liveness_fitted = liveness_fitted
        self._notices = notices
        self._ask_assessment = assessment_approved
        self._assessment_approved = False
        self._stopped = False
        self._turned = turned
        self._gate = Gate()
        self._timer: asyncio.TimerHandle | None = None
        self._stepped_at: Seconds = 0.0
        self._withdrawals = ScreenWithdrawals(store, self._visitor, self.withdrawn)
        self._hear_withdrawal: Callable[[PersonId], None] = lambda _person: None
        self.verifier = Verifier(
            store,
            clock,
            two_factors=rules.two_factors,
            post=inputs.put_nowait,
            heed=self._heed_verdict,
            falter=self._falter,
        )
        self._hour: datetime | None = None
        self._chores = Chores()
        self._loan = CameraLoan()
        self._upkeep = Upkeep(store, clock)
        self._gallery = GalleryKeeper(
            store,
            clock,
            self._upkeep,
            vision,
            templates_most=templates_most,
            one_to_one=rules.two_factors,
        )
        self._recorder = Recorder(store, clock, self._visitor, passed)
        self._rotating = Rotating(store, clock, renew, self.reload_gallery)

    async def identify(self, typed: UnitPin) -> Verdict:
        """Tell for a page whose unit and PIN these are, as ``Verifier.identify`` does; opens nothing."""
        return self._alarmed(await self.verifier.identify(typed))

    def _heed_verdict(self, attempt: AttemptId, verdict: Verdict) -> None:
        self._visitor.heed(self._gate, attempt, self._alarmed(verdict).person)

    def _alarmed(self, verdict: Verdict) -> Verdict:
        """Raise the silent alarm of a duress PIN, wherever it was typed."""
        if verdict.duress:
            self._alarms.ring(Alarm.DURESS, self._clock.monotonic())
        return verdict

    @property
    def gate(self) -> Gate:
        """Give the present state, for status pages and tests."""
        return self._gate

    @property
    def notice(self) -> NoticeVersion:
        """Give the newest notice: a consent given under an older major version does not hold (R22)."""
        return self._rules.notice

    @property
    def rotation_failing(self) -> bool:
        """Tell whether erased templates may still open from an older copy: an alarm."""
        return self._rotating.failing

    @property
    def face_offered(self) -> bool:
        """Tell whether face would be offered to somebody who came now."""
        return face_is_offered(self._gate, self._clock.monotonic())

    @asynccontextmanager
    async def lend_camera(self) -> AsyncIterator[Vision]:
        """Lend vision to an enrolment: face is not offered meanwhile, card and PIN are.

        Raises RequestError: ``face-stopped`` (R87); ``assessment-missing`` (R80); ``enrol-locked`` when face may not run, before the loan or at
        any moment of it, which ends it (R01, R12, R60); ``camera-busy`` when the camera is not ready, lent already, or
        at work for a visitor.
        """
        self._loan.refuse_locked(self._conditions())
        if self._vision is None or not self._vision.ready or isinstance(self._gate.phase, Capturing):
            raise camera_busy()
        async with self._loan.made(self._conditions):
            self._step(on.ConditionsChanged(self._conditions()))
            yield self._vision

    @property
    def standing_conditions(self) -> Conditions:
        """Give what holds whoever stands at the gate: that the camera is lent, or that face rests, is no part of it."""
        return self._conditions(camera_lent=False)

    async def run(self) -> None:
        """Serve until cancelled. A fault in one step is logged, and the deadlines bring the gate back to rest."""
        keepers = [
            # In this order: the first look at the conditions already knows what housekeeping found.
            asyncio.create_task(self._every(HOUSEKEEPING_S, self._keep_house)),
            asyncio.create_task(self._every(POLL_S, self._poll)),
        ]
        try:
            while True:
                event = await self._inputs.get()
                try:
                    self._step(event)
                except Exception as error:  # noqa: BLE001 - the outer loop: the door must go on
                    self._falter(error)
                await asyncio.sleep(0)  # a queue that is never empty must not keep the door's heartbeat
        finally:
            for task in keepers:
                task.cancel()
            self._rotating.stop()
            self.verifier.close()

    async def _every(self, seconds: Seconds, work: Callable[[], None]) -> None:
        while True:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - an outer loop too: what keeps face honest must not end
                self._falter(error)
            await asyncio.sleep(seconds)

    def _falter(self, error: Exception) -> None:
        """Answer the unforeseen: say so without quoting anything, close the camera, and offer no face for now."""
        log.error("service_fault", kind=type(error).__name__)
        for effect in (do.CloseCamera(), do.Forget()):
            with suppress(Exception):  # vision itself may be what failed; its keeper sees to it
                capturing.carry_out(effect, self._vision)
        if self._gate.conditions != Conditions():
            self._inputs.put_nowait(on.ConditionsChanged(Conditions()))

    def _poll(self) -> None:
        """Let the devices' time pass and notice what came or went."""
        self._doorkeeper.poll()
        self._passbacks.poll()
        self._turned(self._clock.monotonic())
        if self._hardware.take_case_opened():
            self._upkeep.raise_tamper(self._clock.now())
            self._gallery.empty()
        conditions = self._conditions()
        self._loan.heed(conditions)
        if conditions != self._gate.conditions:
            log.info("face_conditions", obstacles=conditions.obstacles)
            self._inputs.put_nowait(on.ConditionsChanged(conditions))

    def _conditions(self, *, camera_lent: bool | None = None) -> Conditions:
        lent = self._loan.is_out if camera_lent is None else camera_lent
        return Conditions(
            switched_on=self._switched_on,
            vision_ready=self._vision is not None and self._vision.ready and not lent,
            screen_live=self._screen.live,
            notice_published=self._notices.in_force is not None,
            reader_healthy=self._hardware.reader_healthy,
            gallery_validated=self._gallery.is_validated,
            storage_healthy=self._upkeep.is_safe
            and not (self._store.space_low or self._chores.failing or self._withdrawals.owed),
            not_stopped=not self._stopped,
            assessment_approved=self._assessment_approved,
            clock_trusted=self._upkeep.clock_trusted,
            untampered=self._upkeep.untampered,
            liveness_fitted=self._liveness_fitted,
        )

    def _keep_house(self) -> None:
        """Close the hours that are over, drop what is past its time, end what expired, and reload who may be matched."""
        now = self._clock.now()
        self._heed_assessment()
        self._chores.carry_out(
            self.heed_notice,
            self._store.reclaim,
            partial(self._withdrawals.catch_up, now),
            partial(self._store.tally.close, now),
            partial(self._keep_records, now),
            # Last, and whatever failed before it: what was erased must open from no older copy (R24, R51).
            partial(self._rotating.attend, camera_lent=self._loan.is_out),
        )

    def _keep_records(self, now: datetime) -> None:
        hour = window_of(now)
        ended = self._upkeep.keep()
        if hour != self._hour:
            self._upkeep.run_retention()
        if ended or hour != self._hour or self._gallery.has_moved:
            self.reload_gallery()
        self._hour = hour

    def _heed_assessment(self) -> None:
        """Look whether an approval fits the present configuration; what cannot be read is not approved (R80)."""
        try:
            self._assessment_approved = self._ask_assessment()
            self._stopped = self._store.assessments.stopped_at is not None
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing shows that face is approved
            if self._assessment_approved:
                log.error("assessment_unreadable", **told(error))  # noqa: TRY400 - said once
            self._assessment_approved = False

    def heed_notice(self) -> None:
        """Take up at once what was published: a new major version stops every face that agreed to an older one (R22)."""
        self._notices.refresh()
        if self._notices.newest != self._rules.notice:
            self._rules = replace(self._rules, notice=self._notices.newest)
            self.reload_gallery()

    def on_withdrawal(self, hear: Callable[[PersonId], None]) -> None:
        """Have *hear* told of everybody who withdraws at the screen."""
        self._hear_withdrawal = hear

    def withdrawn(self, person: PersonId) -> None:
        """Tell whoever enrols that *person* withdrew, and give vision who is left."""
        self._hear_withdrawal(person)
        self.reload_gallery()  # at once: matching stops before the next decision (R24)

    def reload_gallery(self) -> None:
        """Give vision the templates of those whose consent holds now, and nobody else's (R21). Raises VaultError."""
        self._gallery.reload()

    def _step(self, event: on.Input) -> None:
        """Take one input, and whatever its effects answer at once, before any other."""
        # What the door says now comes first, queued or not: a lockdown must not use a code up, or a try.
        events = deque([self._doorkeeper.entry, capturing.with_draw(event)])
        # One time for the answers too: a slow disk must not turn a committed grant into a refusal.
        now = self._stepped_at = self._clock.monotonic()
        while events:
            self._gate, effects = advance(self._gate, events.popleft(), now, self._rules)
            events.extend(filter(None, map(self._answer_to, effects)))
        self._visitor.settle(self._gate)
        self._set_timer()

    def _answer_to(self, effect: do.Effect) -> on.Input | None:
        """Carry one effect out; an accident in it costs neither the next effect nor its own answer."""
        try:
            return self._carry_out(effect)
        except Exception as error:  # noqa: BLE001 - an outer frame: a card must be checked though the screen broke
            self._falter(error)
        match effect:
            case do.CheckCredential(attempt) | do.CheckSecond(attempt):
                return on.CredentialChecked(attempt, Reason.FAULT)
            case do.Record(decision):
                return on.Recorded(decision.attempt, on.Stored.FAILED)
            case do.ReleaseDoor(attempt):
                return on.DoorReported(attempt, released=False)
            case do.Withdraw(attempt):
                return on.Withdrawn(attempt, WithdrawalOutcome.FAILED)
            case _:
                return None

    def _set_timer(self) -> None:
        """Have a Tick come when the present phase is over."""
        if self._timer is not None:
            self._timer.cancel()
        due = deadline(self._gate)
        self._timer = None
        if due is not None:
            patience = max(0.0, due - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(patience, self._inputs.put_nowait, on.Tick())

    def _carry_out(self, effect: do.Effect) -> on.Input | None:
        match effect:
            case do.CheckCredential(attempt, credential):
                return self.verifier.check(attempt, credential)
            case do.CheckSecond(attempt, credential):
                return self.verifier.check_second(attempt, self._visitor.of(attempt), credential)
            case do.Withdraw(attempt):
                return self._withdrawals.carry_out(attempt, self._clock.now())
            case do.Record(decision, template):
                return self._record(decision, template)
            case do.ReleaseDoor(attempt) if self._clock.monotonic() - self._stepped_at > STALE_S:
                return on.DoorReported(attempt, released=False)  # by now, somebody else may stand there
            case do.ReleaseDoor(attempt):
                self._doorkeeper.release(attempt)
            case do.RecordOutcome(attempt, released):
                self._passbacks.released(attempt, released=released)
                self._recorder.outcome(attempt, released=released)
            case do.OpenCamera() | do.AskChallenge() | do.CloseCamera() | do.Forget():
                capturing.carry_out(effect, self._vision)
            case _:
                self._hardware.show(signal_of(effect))
                self._screen.show(effect)
        return None

    def _record(self, decision: Decision, template: TemplateId | None) -> on.Recorded:
        recorded = self._recorder.record(decision, template)
        if decision.granted and recorded.stored is on.Stored.COMMITTED:
            self._passbacks.granted(decision, self._visitor.of(decision.attempt), template)
        return recorded
