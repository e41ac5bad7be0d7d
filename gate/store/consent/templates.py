"""Reading templates: only those whose consent holds now (R21)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gate.core.consent import Consent, ConsentState, Purpose, SubjectRef, is_active, major
from gate.core.types import ConsentId, NoticeVersion, PersonId, TemplateId
from gate.errors import VaultError
from gate.store.database import Database, Row
from gate.store.keyring.epochs import Epochs
from gate.store.notices import Notices
from gate.store.people import People
from gate.store.times import time_of
from gate.store.vault import Binding, Sealed

TEMPLATE_BYTES = 512
"""One template: 128 little-endian float32."""

BOUND_TERMS = """json_array(consents.subject_ref, consents.purpose, consents.notice_version, consents.language,
    consents.given_at, consents.expires_at, consents.under_14)"""
"""What of its consent a template is bound to, as SQL: everything that decides and never changes while it stands."""

_GALLERY = f"""SELECT consents.*, {BOUND_TERMS}, templates.id, wrapped_key, sealed
    FROM templates JOIN consents ON consents.id = templates.consent_id WHERE model_sha256 = :model"""  # noqa: S608 - our own words
_OF_SUBJECT = """SELECT templates.id FROM templates JOIN consents ON consents.id = templates.consent_id
    WHERE subject_ref = :subject AND state = 'given' ORDER BY templates.rowid"""
_LOOKALIKES = """SELECT subject_ref FROM templates JOIN consents ON consents.id = templates.consent_id
    WHERE lookalike = 1 AND state = 'given'
    ORDER BY templates.rowid"""
_LOOKALIKE = """SELECT 1 FROM templates JOIN consents ON consents.id = templates.consent_id
    WHERE subject_ref = :subject AND lookalike = 1 AND state = 'given'"""
_IDS = "SELECT id FROM templates ORDER BY rowid"
_CONSENT = f"""SELECT consents.*, {BOUND_TERMS}, wrapped_key, sealed
    FROM templates JOIN consents ON consents.id = templates.consent_id
    WHERE model_sha256 = :model AND templates.id = :template"""  # noqa: S608 - our own words


def consent_of(row: Row) -> Consent:
    """Read a whole row of the consents table. Raises VaultError ``record-altered`` for one that cannot have been written."""
    (
        consent,
        subject,
        purpose,
        notice,
        language,
        given_at,
        expires_at,
        ended_at,
        state,
        restricted_at,
        under_14,
    ) = row
    try:
        major(notice)
        return Consent(
            id=ConsentId(consent),
            subject=SubjectRef(subject),
            purpose=Purpose(purpose),
            notice=NoticeVersion(notice),
            language=language,
            given_at=time_of(given_at),
            expires_at=time_of(expires_at),
            ended_at=None if ended_at is None else time_of(ended_at),
            state=ConsentState(state),
            restricted_at=None if restricted_at is None else time_of(restricted_at),
            under_14=bool(under_14),
        )
    except (ValueError, TypeError) as error:
        raise VaultError(
            "record-altered",
            "A consent was damaged or altered: it carries no face.",
            remedy="Withdraw it at the desk, enrol anew, and find out who wrote to the database.",
        ) from error


def template_binding(template: str, consent: str, model_sha256: str, epoch: int, terms: str) -> Binding:
    """Bind a template to its consent, the model that made it and the epoch (R50).

    terms: what BOUND_TERMS gives: an edited consent opens no template (R20, R21).
    """
    return Binding("templates", template, epoch, consent, model_sha256, terms)


@dataclass(frozen=True, slots=True)
class Gallery:
    """What the matcher may load: ids with protected templates of 128 little-endian float32, and the records left out.

    epoch, seed: of the transform they are protected with. faulty: altered or moved records. They take no part in
    matching, and somebody should be told (R76).
    """

    epoch: int
    seed: bytes = field(repr=False)
    templates: tuple[tuple[TemplateId, bytes], ...] = field(repr=False)
    faulty: tuple[TemplateId, ...]


class Templates:
    """The templates table, as the matcher and the recorder read it."""

    def __init__(
        self, database: Database, people: People, epochs: Epochs, notices: Notices, model_sha256: str
    ) -> None:
        self._database = database
        self._people = people
        self._epochs = epochs
        self._notices = notices
        self._model_sha256 = model_sha256

    def gallery(self, at: datetime) -> Gallery:
        """Unseal every template of this model whose consent is active at *at*; a faulty one stops only itself.

        Where the epoch's secret is lost every template is faulty, and card and PIN go on. Raises VaultError
        ``epoch-sealed``, or what keeps the secret from being read.
        """
        try:
            epoch = self._epochs.current
        except VaultError as error:
            if error.code != "epoch-lost":
                raise
            return Gallery(0, b"", (), self._all_ids())
        notice = self._notices.current_version
        templates: list[tuple[TemplateId, bytes]] = []
        faulty: list[TemplateId] = []
        rows = self._database.rows(_GALLERY, model=self._model_sha256)
        for *columns, terms, template, wrapped_key, content in rows:
            try:
                consent = consent_of(tuple(columns))
                if notice is None or not is_active(consent, at, notice):
                    continue
                binding = template_binding(template, consent.id, self._model_sha256, epoch.number, terms)
                embedding = epoch.vault.open(Sealed(wrapped_key, content), binding)
            except VaultError:
                faulty.append(TemplateId(template))
            else:
                templates.append((TemplateId(template), embedding))
        if faulty and self._epochs.number != epoch.number:
            return self.gallery(at)  # another process changed the epoch between the two looks
        return Gallery(epoch.number, epoch.seed, tuple(templates), tuple(faulty))

    def permits(self, template: TemplateId, at: datetime) -> bool:
        """Tell whether a match with *template* may still open, as ``subject_of`` judges it."""
        return self.subject_of(template, at) is not None

    def subject_of(self, template: TemplateId, at: datetime) -> SubjectRef | None:
        """Give for whom a match with *template* may still open: it is there, of this model, its consent active.

        It is opened for that: a consent edited since the gallery was loaded permits nothing, and gives None.
        """
        notice = self._notices.current_version
        rows = self._database.rows(_CONSENT, model=self._model_sha256, template=template)
        if notice is None or not rows:
            return None
        *columns, terms, wrapped_key, content = rows[0]
        try:
            consent, epoch = consent_of(tuple(columns)), self._epochs.current
            binding = template_binding(template, consent.id, self._model_sha256, epoch.number, terms)
            epoch.vault.open(Sealed(wrapped_key, content), binding)
        except VaultError:
            return None
        return consent.subject if is_active(consent, at, notice) else None

    def of_person(self, person: PersonId, at: datetime) -> tuple[TemplateId, ...]:
        """Give the templates that may open for *person* at *at*, for a comparison with these alone.

        Empty for somebody unknown, and for a record that was altered.
        """
        known = self._people.readable(person)
        if known is None:
            return ()
        rows = self._database.rows(_OF_SUBJECT, subject=known.subject)
        return tuple(TemplateId(row[0]) for row in rows if self.permits(TemplateId(row[0]), at))

    def _all_ids(self) -> tuple[TemplateId, ...]:
        return tuple(TemplateId(template) for (template,) in self._database.rows(_IDS))

    def use_of(self, consent: ConsentId) -> tuple[datetime, int] | None:
        """Give since when the consent's template is there and the month of its last use, None without one (R70)."""
        sql = "SELECT created_at, last_used_month FROM templates WHERE consent_id = :consent"
        rows = self._database.rows(sql, consent=consent)
        return (time_of(rows[0][0]), rows[0][1]) if rows else None

    def is_lookalike(self, person: PersonId) -> bool:
        """Tell whether the face of *person* came near somebody else's as it was taken; False where they have none."""
        known = self._people.readable(person)
        return known is not None and bool(self._database.rows(_LOOKALIKE, subject=known.subject))

    @property
    def has_lookalikes(self) -> bool:
        """Tell whether there is anybody of whom that holds; opens no record."""
        return bool(self._database.rows(f"{_LOOKALIKES} LIMIT 1"))

    def lookalikes(self) -> tuple[PersonId, ...]:
        """Name them all, in the order they were taken: whom each is like is not known here."""
        subjects = (SubjectRef(subject) for (subject,) in self._database.rows(_LOOKALIKES))
        people = (self._people.by_subject(each) for each in subjects)
        return tuple(each.id for each in people if each is not None)

    def mark(self) -> str:
        """Give a word that differs once templates came or went, or a face was restricted or released."""
        sql = """SELECT (SELECT count(*) FROM templates), (SELECT coalesce(sum(restricted_at), 0) FROM consents
            WHERE state = 'given')"""
        return "/".join(map(str, self._database.rows(sql)[0]))

    def count(self) -> int:
        """Count the stored templates, usable or not."""
        stored: int = self._database.rows("SELECT count(*) FROM templates")[0][0]
        return stored
