"""Soft anti-passback at work: a second entry within minutes raises an alarm that names nobody, and refuses nobody."""

from __future__ import annotations

import secrets

import structlog

from gate.alarms import AlarmBoard
from gate.core.alarms import Alarm
from gate.core.passback import Passback
from gate.core.types import PersonId, Seconds, TemplateId
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

    def note(self, person: PersonId | None, template: TemplateId | None) -> None:
        """Note an entry by the person, or by whoever the template is of; what cannot be told costs nobody the entry."""
        if self._watch is None:
            return
        try:
            who = person if template is None else self._of(template)
        except GateError as error:
            log.error("passback_unknown", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
            return
        if who is None:
            return
        now = self._clock.monotonic()
        self._watch, repeated = self._watch.note(who, now, fresh_key=secrets.token_bytes(_KEY_BYTES))
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
