"""What the pages need to write a notice: a draft of both languages and forms, what is wrong with it, what it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from gate.core.notice_lint import Finding
from gate.core.notices import Change, Key, Published
from gate.core.roles import Staff
from gate.core.types import NoticeVersion

TEXT_MOST: Final = 12_000
"""Characters of one text: several times the shipped ones."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The unfilled, marked texts somebody works on.

    seen: a digest that ``save`` and ``publish`` want again. is_draft: False where they are the site's texts as they
    stand. saved_at, saved_by: of a draft; by a role, or an account's name.
    """

    texts: Mapping[Key, str] = field(repr=False)
    seen: str
    is_draft: bool
    saved_at: datetime | None = None
    saved_by: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What publishing certain texts would do.

    change, version: of the new notice. terms: what of the terms changed, by name. affected: how many people agreed,
    and so would be asked again (major) or told (minor). faults: why it cannot be published. filled: the texts as
    people would read them. locks_face: whether the impact assessment has to be made anew (R80).
    """

    change: Change
    version: NoticeVersion
    terms: tuple[str, ...]
    affected: int
    faults: tuple[Finding, ...]
    filled: Mapping[Key, str] = field(repr=False)
    locks_face: bool


@dataclass(frozen=True, slots=True)
class ArchivedNotice:
    """One published version. notice: None where its rows were altered, so that it counts no more."""

    version: NoticeVersion
    notice: Published | None
    in_force: bool


class NoticesPort(Protocol):
    """Writing and publishing the notice. Every method may raise VaultError or ConfigError."""

    def texts(self) -> Texts:
        """Give the draft, or the site's texts where nobody began one."""

    def shipped(self) -> Mapping[Key, str]:
        """Give the texts of the release, or of the site's own folder, to begin anew from."""

    def outlook(self, texts: Mapping[Key, str]) -> Outlook:
        """Tell what publishing *texts* now would do; nothing is written."""

    def save(self, who: Staff, texts: Mapping[Key, str], seen: str) -> None:
        """Keep *texts* as the draft. Raises RequestError ``draft-changed``."""

    def discard(self, seen: str) -> None:
        """Throw the draft away. Raises RequestError ``draft-changed``."""

    def publish(self, who: Staff, seen: str, version: NoticeVersion) -> NoticeVersion:
        """Publish the saved texts in both languages at once, as the *version* that was shown (R14).

        Raises RequestError: ``draft-changed``, ``notice-lint``, ``notice-version``, ``notice-same`` where nothing
        would change.
        """

    def archive(self) -> Sequence[ArchivedNotice]:
        """Give every published version, newest first."""
