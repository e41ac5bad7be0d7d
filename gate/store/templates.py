"""Reading templates: only those whose consent holds now (R21)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gate.core.consent import is_active
from gate.core.types import TemplateId
from gate.errors import VaultError
from gate.store.consents import consent_of, template_binding
from gate.store.database import Database
from gate.store.epochs import Epochs
from gate.store.notices import Notices
from gate.store.vault import Sealed

_GALLERY = """SELECT consents.*, templates.id, wrapped_key, sealed
    FROM templates JOIN consents ON consents.id = templates.consent_id WHERE model_sha256 = :model"""
_CONSENT = """SELECT consents.*
    FROM templates JOIN consents ON consents.id = templates.consent_id
    WHERE model_sha256 = :model AND templates.id = :template"""


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

    def __init__(self, database: Database, epochs: Epochs, notices: Notices, model_sha256: str) -> None:
        self._database = database
        self._epochs = epochs
        self._notices = notices
        self._model_sha256 = model_sha256

    def gallery(self, at: datetime) -> Gallery:
        """Unseal every template of this model whose consent is active at *at*; a faulty one stops only itself."""
        epoch = self._epochs.current
        notice = self._notices.current_version
        templates: list[tuple[TemplateId, bytes]] = []
        faulty: list[TemplateId] = []
        rows = self._database.rows(_GALLERY, model=self._model_sha256)
        for *columns, template, wrapped_key, content in rows:
            consent = consent_of(tuple(columns))
            if notice is None or not is_active(consent, at, notice):
                continue
            binding = template_binding(template, consent.id, self._model_sha256, epoch.number)
            try:
                embedding = epoch.vault.open(Sealed(wrapped_key, content), binding)
            except VaultError:
                faulty.append(TemplateId(template))
            else:
                templates.append((TemplateId(template), embedding))
        return Gallery(epoch.number, epoch.seed, tuple(templates), tuple(faulty))

    def permits(self, template: TemplateId, at: datetime) -> bool:
        """Tell whether a match with *template* may still open: it is there, of this model, its consent active."""
        notice = self._notices.current_version
        rows = self._database.rows(_CONSENT, model=self._model_sha256, template=template)
        return notice is not None and any(is_active(consent_of(row), at, notice) for row in rows)

    def count(self) -> int:
        """Count the stored templates, usable or not."""
        stored: int = self._database.rows("SELECT count(*) FROM templates")[0][0]
        return stored
