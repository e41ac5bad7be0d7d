"""What a consent is and when it holds. Face works for nobody without one (R20, R21, R22)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from gate.core.types import ConsentId, NoticeVersion

_VERSION = re.compile(r"(?P<major>[0-9]+)\.[0-9]+")

SubjectRef = NewType("SubjectRef", str)
"""The random word that stands for a person beside biometric data; the sealed person record tells whose (R35)."""


class Purpose(StrEnum):
    """What face data may be used for: one purpose, never bundled (R06)."""

    OPEN_GATE = "open-gate"


class Channel(StrEnum):
    """Where a consent was asked, given or withdrawn."""

    DESK = "desk"
    GATE = "gate"
    SELF_SERVICE = "self-service"
    DEVICE = "device"  # the gate by itself, or at its command line


@dataclass(frozen=True, slots=True)
class By:
    """Through which channel, and by whom as a role: resident, guardian, next-of-kin, desk, installer, gate."""

    channel: Channel
    actor: str


class ConsentState(StrEnum):
    """Where a consent stands. It only ever leaves GIVEN, never returns to it."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"  # a newer one took its place, the tenancy or the service ended: no withdrawal


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's agreement to one purpose, under one notice, for one span. Times are aware, UTC, to the second."""

    id: ConsentId
    subject: SubjectRef
    purpose: Purpose
    notice: NoticeVersion
    language: str
    given_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    state: ConsentState
    restricted_at: datetime | None = None
    """Since when the person has their face left alone without withdrawing; None: not (R71)."""


def major(version: NoticeVersion) -> int:
    """Give the major part of ``major.minor``. Raises ValueError if *version* is not two plain numbers."""
    parts = _VERSION.fullmatch(version)
    if parts is None:
        raise ValueError(version)
    return int(parts["major"])


def is_active(consent: Consent, at: datetime, current_notice: NoticeVersion) -> bool:
    """Tell whether the consent carries face at *at*: given, begun, unexpired, not restricted, and under the current major notice."""
    return (
        consent.state is ConsentState.GIVEN
        and consent.restricted_at is None
        and consent.given_at <= at < consent.expires_at
        and major(consent.notice) == major(current_notice)
    )
