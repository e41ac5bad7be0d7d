"""Soft anti-passback at work: a second entry within minutes raises an alarm that names nobody, and refuses nobody."""

from __future__ import annotations

import secrets

import structlog

from gate.alarms import AlarmBoard
from gate.core.alarms import Alarm
from gate.core.passback import Passback
from gate.core.types import AttemptId, Decision, Method, PersonId, Seconds, TemplateId
from gate.errors import GateError
from gate.store import Store
from gate.store.upkeep.clock import TrustedClock

log = structlog.get_logger()

_KEY_BYTES = 32


class PassbackWatch:
    """Notes each entry as a keyed digest in memory, for a few minutes (R36); off where the window is 0."""

    def __init__(self, store: Store, clock: TrustedClock, alarms: AlarmBoard, window_s: Seconds) -> None:
        self._store = store
        self._clock = clock
        self._alarms = alarms
        self._watch = Passback(window_s) if window_s > 0 else None
        self._granted: tuple[AttemptId, PersonId] | None = None

    def granted(self, decision: Decision, person: PersonId | None, template: TemplateId | None) -> None:
        """Take a grant that was recorded: an entry once the door opens for it. A guest's code is nobody's entry."""
        if self._watch is None or decision.method is Method.CODE:
            return
        try:
            who = person if template is None else self._of(template)
        except GateError as error:
            log.error("passback_unknown", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
            return
        self._granted = None if who is None else (decision.attempt, who)

    def released(self, attempt: AttemptId, *, released: bool) -> None:
        """Take what the door did of it, and forget who it was for."""
        granted, self._granted = self._granted, None
        if self._watch is None or granted is None or granted[0] != attempt or not released:
            return
        now = self._clock.monotonic()
        self._watch, repeated = self._watch.note(granted[1], now, fresh_key=secrets.token_bytes(_KEY_BYTES))
        if repeated:
            self._alarms.ring(Alarm.PASSBACK, now)

    def poll(self) -> None:
        """Forget what is older than the window."""
        if self._watch is not None:
            self._watch = self._watch.forget(self._clock.monotonic())

    def _of(self, template: TemplateId) -> PersonId | None:
        subject = self._store.templates.subject_of(template, self._clock.now())
        person = None if subject is None else self._store.people.by_subject(subject)
        return None if person is None else person.id
