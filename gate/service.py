"""The shell around the core: one queue of inputs, one timer, and the effects carried out in order.

Everything here runs on one asyncio loop. The only work done elsewhere is the slow hash of a PIN, one at a time.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

import structlog

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import Capturing, Gate, advance, deadline, face_is_offered
from gate.core.events import Health, window_of
from gate.core.policy import Conditions, Rules
from gate.core.types import (
    AttemptId,
    Card,
    Credential,
    Decision,
    NoticeVersion,
    Reason,
    Seconds,
    TemplateId,
    UnitPin,
)
from gate.errors import GateError, RequestError
from gate.hardware import Hardware
from gate.ports import Clock, Screen, Vision
from gate.store import Store
from gate.store.decisions import Outcome

log = structlog.get_logger()

POLL_S = 0.05
HOUSEKEEPING_S = 20.0
DECISIONS_KEPT = timedelta(days=30)  # R36
COUNTS_KEPT = timedelta(days=90)
PINS_WAITING_MOST = 3
"""PIN tries that may wait for the one hash: nobody types faster, and a flood is told to wait."""


def new_attempt() -> AttemptId:
    """Draw a random attempt id: it says nothing about anybody and is never used again."""
    return AttemptId(secrets.token_hex(16))


class Service:
    """One gate at work. Post inputs to *inputs*; `run` takes them one by one."""

    def __init__(
        self,
        inputs: asyncio.Queue[on.Input],
        *,
        clock: Clock,
        rules: Rules,
        templates_most: int,
        store: Store,
        hardware: Hardware,
        screen: Screen,
        vision: Vision | None,
        switched_on: bool,
        notice_published: bool,
    ) -> None:
        """templates_most: what the operating point was validated for. vision: None where face cannot be had.

        switched_on: whether the site wants face at all.
        """
        self._inputs = inputs
        self._clock = clock
        self._rules = rules
        self._templates_most = templates_most
        self._store = store
        self._hardware = hardware
        self._screen = screen
        self._vision = vision
        self._switched_on = switched_on
        self._notice_published = notice_published
        self._gate = Gate()
        self._timer: asyncio.TimerHandle | None = None
        self._hasher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pin")
        self._pins: set[asyncio.Task[None]] = set()
        self._templates = 0
        self._stored = 0
        self._hour: datetime | None = None
        self._storage_fault = False
        self._camera_lent = False

    @property
    def gate(self) -> Gate:
        """Give the present state, for status pages and tests."""
        return self._gate

    @property
    def notice(self) -> NoticeVersion:
        """Give the notice in force."""
        return self._rules.notice

    @property
    def face_offered(self) -> bool:
        """Tell whether face would be offered to somebody who came now."""
        return face_is_offered(self._gate, self._clock.monotonic())

    @asynccontextmanager
    async def lend_camera(self) -> AsyncIterator[Vision]:
        """Lend vision to an enrolment: face is not offered meanwhile, card and PIN are.

        Raises RequestError ``camera-busy`` when face is off here, not ready, lent already, or at work for a visitor.
        """
        if (
            not self._notice_published
            or self._vision is None
            or not self._vision.ready
            or self._camera_lent
            or isinstance(self._gate.phase, Capturing)
        ):
            raise RequestError(
                "camera-busy",
                "The camera cannot be used just now.",
                remedy="Wait a moment, or ask gate check why.",
            )
        self._camera_lent = True
        try:
            self._step(on.ConditionsChanged(self._conditions()))
            yield self._vision
        finally:
            self._camera_lent = False

    def health(self, version: str) -> Health:
        """Give the gate's own state for publishing."""
        return Health(
            at=self._clock.now(),
            # Standing conditions only: that face rests, or that the camera is lent, would tell that somebody is there.
            face_offered=not self._conditions(camera_lent=False).obstacles,
            reader_healthy=self._hardware.reader_healthy,
            door_healthy=self._hardware.door_healthy,
            version=version,
        )

    async def run(self) -> None:
        """Serve until cancelled. A fault in one step is logged, and the deadlines bring the gate back to rest."""
        keepers = [
            asyncio.create_task(self._every(POLL_S, self._poll)),
            asyncio.create_task(self._every(HOUSEKEEPING_S, self._keep_house)),
        ]
        try:
            while True:
                event = await self._inputs.get()
                try:
                    self._step(event)
                except Exception as error:  # noqa: BLE001 - the outer loop: the door must go on
                    self._falter(error)
        finally:
            for task in (*keepers, *self._pins):
                task.cancel()
            self._hasher.shutdown(wait=False, cancel_futures=True)

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
                self._drive_camera(effect)
        if self._gate.conditions != Conditions():
            self._inputs.put_nowait(on.ConditionsChanged(Conditions()))

    def _poll(self) -> None:
        """Let the devices' time pass and notice what came or went."""
        self._hardware.poll(self._clock.monotonic())
        conditions = self._conditions()
        if conditions != self._gate.conditions:
            log.info("face_conditions", obstacles=conditions.obstacles)
            self._inputs.put_nowait(on.ConditionsChanged(conditions))

    def _conditions(self, *, camera_lent: bool | None = None) -> Conditions:
        lent = self._camera_lent if camera_lent is None else camera_lent
        return Conditions(
            switched_on=self._switched_on,
            vision_ready=self._vision is not None and self._vision.ready and not lent,
            screen_live=self._screen.live,
            notice_published=self._notice_published,
            reader_healthy=self._hardware.reader_healthy,
            gallery_validated=self._templates <= self._templates_most,
            storage_healthy=not (self._store.space_low or self._storage_fault),
        )

    def _keep_house(self) -> None:
        """Open each hour's window, drop what is past its time, end what expired, and reload who may be matched."""
        now = self._clock.now()
        try:
            self._store.reclaim()
            expired = self._store.consents.expire(now)
            if window_of(now) != self._hour:
                self._store.outbox.open_window(now)
                self._store.decisions.purge(now - DECISIONS_KEPT)
                self._store.outbox.purge(now - COUNTS_KEPT)
            if expired or window_of(now) != self._hour or self._store.templates.count() != self._stored:
                self.reload_gallery()  # the command line may have removed somebody
            self._hour = window_of(now)
            self._storage_fault = False
        except GateError as error:
            if not self._storage_fault:
                log.error("storage_fault", code=error.code, remedy=error.remedy)  # noqa: TRY400 - said once
            self._storage_fault = True

    def reload_gallery(self) -> None:
        """Give vision the templates of those whose consent holds now, and nobody else's (R21)."""
        self._stored = self._store.templates.count()
        gallery = self._store.templates.gallery(self._clock.now())
        for template in gallery.faulty:
            log.error("template_faulty", template=template, remedy="Withdraw and enrol that person anew.")
        self._templates = len(gallery.templates)
        if self._vision is not None:
            self._vision.load_gallery(gallery.templates if self._templates <= self._templates_most else ())

    def _step(self, event: on.Input) -> None:
        """Take one input, and whatever its effects answer at once, before any other."""
        events = deque([event])
        # One time for the answers too: a slow disk must not turn a committed grant into a refusal.
        now = self._clock.monotonic()
        while events:
            self._gate, effects = advance(self._gate, events.popleft(), now, self._rules)
            events.extend(filter(None, map(self._answer_to, effects)))
        self._set_timer()

    def _answer_to(self, effect: do.Effect) -> on.Input | None:
        """Carry one effect out; an accident in it costs neither the next effect nor its own answer."""
        try:
            return self._carry_out(effect)
        except Exception as error:  # noqa: BLE001 - an outer frame: a card must be checked though the screen broke
            self._falter(error)
        match effect:
            case do.CheckCredential(attempt):
                return on.CredentialChecked(attempt, Reason.FAULT)
            case do.Record(decision):
                return on.Recorded(decision.attempt, on.Stored.FAILED)
            case do.ReleaseDoor(attempt):
                return on.DoorReported(attempt, released=False)
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
                return self._check(attempt, credential)
            case do.Record(decision, template):
                return self._record(decision, template)
            case do.ReleaseDoor(attempt):
                self._hardware.release(attempt)
            case do.RecordOutcome(attempt, released):
                self._record_outcome(attempt, released=released)
            case do.OpenCamera() | do.CloseCamera() | do.Forget():
                self._drive_camera(effect)
            case _:
                self._screen.show(effect)
        return None

    def _drive_camera(self, effect: do.OpenCamera | do.CloseCamera | do.Forget) -> None:
        if self._vision is None:
            return
        match effect:
            case do.OpenCamera(attempt):
                self._vision.open_camera(attempt)
            case do.CloseCamera():
                self._vision.close_camera()
            case do.Forget():
                self._vision.forget()

    def _check(self, attempt: AttemptId, credential: Credential) -> on.Input | None:
        """Answer a card at once; hand a PIN to the hasher, or tell a flood of them to wait."""
        try:
            match credential:
                case Card(number):
                    verdict = self._store.credentials.check_card(number, self._clock.now())
                    return on.CredentialChecked(attempt, verdict.reason)
                case UnitPin() if len(self._pins) >= PINS_WAITING_MOST:
                    return on.CredentialChecked(attempt, Reason.THROTTLED)
                case UnitPin():
                    task = asyncio.get_running_loop().create_task(self._check_pin(attempt, credential))
                    self._pins.add(task)
                    task.add_done_callback(self._pins.discard)
        except GateError as error:
            return self._fault(attempt, error)
        return None

    async def _check_pin(self, attempt: AttemptId, typed: UnitPin) -> None:
        try:
            credentials = self._store.credentials
            check = credentials.prepare_pin(typed.unit, self._clock.now())
            verify = partial(check.verify, typed.pin)
            ok = await asyncio.get_running_loop().run_in_executor(self._hasher, verify)
            verdict = credentials.finish_pin(check, ok=ok, at=self._clock.now())
            answer: on.Input = on.CredentialChecked(attempt, verdict.reason)
        except GateError as error:
            answer = self._fault(attempt, error)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a task: its person still gets an answer
            self._falter(error)
            answer = on.CredentialChecked(attempt, Reason.FAULT)
        self._inputs.put_nowait(answer)

    def _fault(self, attempt: AttemptId, error: GateError) -> on.Input:
        log.error("check_failed", code=error.code, remedy=error.remedy)
        return on.CredentialChecked(attempt, Reason.FAULT)

    def _record(self, decision: Decision, template: TemplateId | None) -> on.Input:
        """Write the decision; only what is on disk may open (the answer says so)."""
        try:
            kept = self._store.decisions.record(decision, at=self._clock.now(), template=template)
        except GateError as error:
            log.error("record_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
            return on.Recorded(decision.attempt, on.Stored.FAILED)
        log.info("attempt", method=decision.method, granted=decision.granted and kept, reason=decision.reason)
        return on.Recorded(decision.attempt, on.Stored.COMMITTED if kept else on.Stored.NOT_CONSENTED)

    def _record_outcome(self, attempt: AttemptId, *, released: bool) -> None:
        try:
            self._store.decisions.outcome(attempt, Outcome.RELEASED if released else Outcome.FAULT)
        except GateError as error:
            log.error("outcome_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
