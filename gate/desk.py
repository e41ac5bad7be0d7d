"""What the desk does with a resident present: consent with a live enrolment, and withdrawal, each in one step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from gate.core.consent import is_active
from gate.core.enrolment import CAPTURES, combine
from gate.core.types import AttemptId, ConsentId, NoticeVersion, PersonId, Seconds
from gate.errors import RequestError
from gate.ports import Clock, Vision
from gate.service import Service, new_attempt
from gate.store import Store
from gate.web.context import Resident

CAPTURE_S: Seconds = 15.0


@dataclass(slots=True)
class LiveCapture:
    """The embeddings of one enrolment while they come in; between enrolments it takes none."""

    attempt: AttemptId | None = None
    embeddings: list[bytes] = field(default_factory=list, repr=False)
    _done: asyncio.Event = field(default_factory=asyncio.Event)
    _fault: RequestError | None = None

    def begin(self) -> AttemptId:
        """Start anew and give the id under which the camera must report."""
        self.attempt, self._fault = new_attempt(), None
        self.embeddings.clear()
        self._done.clear()
        return self.attempt

    def take(self, attempt: str, embedding: bytes) -> None:
        """Keep one embedding of the present enrolment."""
        if attempt == self.attempt and len(self.embeddings) < CAPTURES:
            self.embeddings.append(embedding)
            if len(self.embeddings) == CAPTURES:
                self._done.set()

    def fail(self, attempt: str, what: str, remedy: str) -> None:
        """End the present enrolment: the camera says *what* is wrong, and the *remedy*."""
        if attempt == self.attempt:
            self._fault = RequestError("enrol-camera", what, remedy=remedy)
            self._done.set()

    async def collected(self, patience: Seconds) -> list[bytes]:
        """Wait for all captures. Raises RequestError when the camera fails or nobody holds still in time."""
        try:
            async with asyncio.timeout(patience):
                await self._done.wait()
        except TimeoutError:
            raise RequestError(
                "enrol-no-face",
                "No clear face was seen.",
                remedy="Stand before the camera, one person, in good light, and try again.",
            ) from None
        if self._fault is not None:
            raise self._fault
        return self.embeddings

    def end(self) -> None:
        """Drop everything captured."""
        self.attempt = None
        self.embeddings.clear()


class Desk:
    """Consent and withdrawal at one gate."""

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        service: Service,
        capture: LiveCapture,
        alike_at_least: float,
        retention: timedelta,
    ) -> None:
        """alike_at_least: the cosine any two captures of one person must reach. retention: a consent's span."""
        self._clock = clock
        self._store = store
        self._service = service
        self._capture = capture
        self._alike_at_least = alike_at_least
        self._retention = retention
        self._enrolling: PersonId | None = None

    def residents(self, offset: int = 0, limit: int = 50) -> Sequence[Resident]:
        """Give up to *limit* residents after the first *offset*, in order of entry, with whether they agreed to face."""
        now, notice = self._clock.now(), self._service.notice

        def has_consented(person: PersonId) -> bool:
            return any(is_active(consent, now, notice) for consent in self._store.consents.of(person))

        people = self._store.people.list(offset, limit)
        return [Resident(each.id, each.unit, each.name, has_consented(each.id)) for each in people]

    async def enrol(self, person: PersonId, *, agreed_to: NoticeVersion, language: str) -> ConsentId:
        """Write the consent the person just gave to notice *agreed_to*, with a template taken live (R20, R26).

        Raises RequestError when the camera is busy, the captures are of no use, or the notice is not the current one;
        then nothing is written.
        """
        async with self._service.lend_camera() as vision:
            self._enrolling = person
            template = await self._template(vision)
        if self._enrolling != person:
            raise RequestError(
                "enrol-withdrawn",
                "Consent was withdrawn meanwhile.",
                remedy="Begin again if it is wanted after all.",
            )
        at = self._clock.now()
        consent, _ = self._store.consents.enrol(
            person,
            notice_version=agreed_to,
            language=language,
            at=at,
            expires_at=at + self._retention,
            embeddings=[template],
        )
        self._service.reload_gallery()
        return consent

    def withdraw(self, person: PersonId) -> None:
        """End the person's consent, destroy the template, and stop matching it before the next decision (R24)."""
        if self._enrolling == person:
            self._enrolling = None  # a withdrawal outlives an enrolment that began before it
        self._store.consents.withdraw(person, self._clock.now())
        self._service.reload_gallery()

    async def _template(self, vision: Vision) -> bytes:
        vision.open_camera(self._capture.begin(), enrol=True)
        try:
            template = combine(await self._capture.collected(CAPTURE_S), at_least=self._alike_at_least)
        finally:
            vision.close_camera()
            vision.forget()
            self._capture.end()
        if template is None:
            raise RequestError(
                "enrol-not-alike",
                "The captures were not all of one clear face.",
                remedy="Stand still, one person, in good light, and try again.",
            )
        return template
