"""The rights of people over their own data, composed from what the store holds: see, take along, correct (R70, R71)."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gate.core.consent import Consent, ConsentState
from gate.core.hours import Hours
from gate.core.operating import OperatingPoint
from gate.core.own_record import (
    Controller,
    Explanation,
    OwnConsent,
    OwnCredential,
    OwnEvent,
    OwnRecord,
    OwnRequest,
    OwnTemplate,
    to_json,
)
from gate.core.types import Method, PersonId
from gate.errors import RequestError, VaultError
from gate.settings import Settings
from gate.store import Store
from gate.store.people import Person
from gate.web.languages import LANGUAGES
from gate.web.own import own_record_html

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Records:
    """Gives people's own records. point: of the installed model, None without one."""

    store: Store
    controller: Controller
    point: OperatingPoint | None

    def own_record(self, person: PersonId, now: datetime) -> OwnRecord:
        """Give all that is held of *person*, and of nobody else.

        Raises RequestError ``person-unknown``, VaultError ``record-altered`` where the person's own row is damaged.
        """
        known = self.store.people.get(person)
        consents = self.store.consents.of(person)
        events, complete = self._events(person)
        return OwnRecord(
            at=now,
            controller=self.controller,
            unit=known.unit,
            name=known.name,
            contact=known.contact,
            tenancy_ends_at=known.ends_at,
            declined_face=known.refusal is not None,
            credentials=self._credentials(person, now),
            template=self._template(person, consents),
            consents=tuple(_consent(each) for each in consents),
            events=events,
            events_complete=complete,
            requests=self._requests(known, now),
            explanation=explanation_of(self.point),
            entry_hours=self._hours(known),
        )

    def _hours(self, person: Person) -> str | None:
        if person.hours is None:
            return None
        hours = self.store.permits.of(person.hours)
        return (
            hours.text if isinstance(hours, Hours) else person.hours
        )  # the name is all that is left of them

    def _credentials(self, person: PersonId, now: datetime) -> tuple[OwnCredential, ...]:
        own = (
            OwnCredential(each.method, each.valid_from, each.valid_until, each.revoked_at)
            for each in self.store.credentials.of(person)
        )
        guests = (
            OwnCredential(Method.CODE, each.valid_from, each.valid_until, None)
            for each in self.store.visits.of(person, now)
        )
        return *own, *guests

    def _events(self, person: PersonId) -> tuple[tuple[OwnEvent, ...], bool]:
        try:
            return tuple(OwnEvent.of(event) for event in self.store.consents.record(person)), True
        except VaultError:  # a damaged ledger must not keep people from what can be read
            return (), False

    def _template(self, person: PersonId, consents: tuple[Consent, ...]) -> OwnTemplate | None:
        for consent in consents:
            used = self.store.templates.use_of(consent.id)
            if consent.state is ConsentState.GIVEN and used is not None:
                since, month = used
                last_used = f"{month // _MONTHS}-{month % _MONTHS + 1:02}"
                lookalike = self.store.templates.is_lookalike(person)
                return OwnTemplate(since, last_used, consent.expires_at, lookalike)
        return None

    def _requests(self, person: Person, now: datetime) -> tuple[OwnRequest, ...]:
        return tuple(
            OwnRequest(
                id=each.id,
                kind=each.kind,
                state=each.state(now),
                received_at=each.received_at,
                due_at=each.due_at,
                closed_at=each.closed_at,
                outcome=each.outcome,
                details=each.facts.details,
                answer=each.facts.answer,
            )
            for each in self.store.requests.of(person.id)
            if each.facts is not None
        )


def records_of(settings: Settings, store: Store, point: OperatingPoint | None) -> Records:
    """Give what composes people's own records at this site. point: of the installed model, None without one."""
    site = settings.site
    return Records(store, Controller(site.controller, site.contact, site.gate_id), point)


def explanation_of(point: OperatingPoint | None) -> Explanation | None:
    """Give the figures behind the automated decision: what was measured, and its upper bounds."""
    if point is None:
        return None
    return Explanation(
        threshold=point.threshold,
        margin=point.margin,
        strangers_matched=point.fmr.value,
        strangers_matched_most=point.fmr.high,
        owners_refused=point.fnmr.value,
        owners_refused_most=point.fnmr.high,
        confidence=point.confidence,
        measured_on=point.measured,
    )


def exported(record: OwnRecord) -> dict[str, bytes]:
    """Give the record as files by name: one to be read by machines, and one to be read in each language."""
    document = json.dumps(to_json(record), ensure_ascii=False, indent=2) + "\n"
    pages = {f"own-record.{language}.html": own_record_html(record, language) for language in LANGUAGES}
    return {"own-record.json": document.encode()} | {name: page.encode() for name, page in pages.items()}


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write *files* into a new *folder*, mode 0700 and 0600, whole or not at all.

    Raises RequestError: ``export-exists`` where the folder is there already, ``export-unwritable``.
    """
    if folder.exists():
        raise RequestError(
            "export-exists",
            f"{folder} is there already; nothing was written.",
            remedy="Name a folder that does not exist yet.",
        )
    staged = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    try:
        staged.mkdir(mode=0o700)
        for name, content in files.items():
            with os.fdopen(os.open(staged / name, _NEW, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        staged.rename(folder)
    except OSError as error:
        _drop(staged)
        raise RequestError(
            "export-unwritable",
            f"{folder} cannot be written: {error.strerror}.",
            remedy="Name a folder on a disk with room that this account may write to.",
        ) from error


def _drop(staged: Path) -> None:
    with suppress(OSError):
        for file in staged.iterdir():
            file.unlink()
        staged.rmdir()


def _consent(consent: Consent) -> OwnConsent:
    return OwnConsent(
        record=consent.id,
        state=consent.state,
        notice=consent.notice,
        language=consent.language,
        given_at=consent.given_at,
        expires_at=consent.expires_at,
        ended_at=consent.ended_at,
        restricted_at=consent.restricted_at,
    )
