"""What the settings say of the site, in the words of the store."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from gate.core.anonymity import Counting
from gate.core.consent import ConsentTerms
from gate.core.types import Method
from gate.errors import GateError
from gate.keyplace import key_place
from gate.settings import Settings
from gate.store.backup.restore import Site
from gate.vision.manifest import manifest_for

NO_MODEL = "0" * 64
"""Stands for the hash of a model that is not there: no template was ever made with it."""


def consent_terms(settings: Settings) -> ConsentTerms:
    """Give what the site fixes for every consent."""
    site, face = settings.site, settings.face
    children = face.under_14
    return ConsentTerms(
        controller=site.controller,
        contact=site.contact,
        retention=timedelta(days=face.retention_days),
        under_14_retention=timedelta(days=children.retention_days) if children.enabled else None,
        processors=site.processors,
    )


def counting(settings: Settings) -> Counting:
    """Give what the site fixes for its counts: the noise, and the methods it offers its residents, whoever comes."""
    offered = {Method.CARD, Method.PIN} | ({Method.FACE} if settings.face.enabled else set())
    return Counting(Fraction(str(settings.events.epsilon)), frozenset(offered))


def restore_site(settings: Settings) -> Site:
    """Give the device that the settings describe, as a restore needs it."""
    try:
        model_sha256 = manifest_for(settings.models_dir, "embed").sha256
    except GateError:
        model_sha256 = NO_MODEL  # templates are checked against it by the gate; a restore only carries them
    return Site(
        data_dir=settings.storage.data_dir,
        place=key_place(settings),
        gate_id=settings.site.gate_id,
        terms=consent_terms(settings),
        model_sha256=model_sha256,
    )
