"""From texts and settings to the notice people see: both languages, both forms, one version, or none at all (R11, R14).

The texts lie in ``gate/notices``, or in the site's own folder (``notice.folder``); which version they become, and
whether that needs everybody's consent anew, follows from what is published already (R22, R23).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import structlog

from gate.core.consent import Purpose
from gate.core.notices import (
    KEYS,
    LANGUAGES,
    NO_NOTICE,
    Change,
    Draft,
    Key,
    Published,
    Terms,
    change_between,
    changed_terms,
    fill,
    next_version,
    numbers_of,
)
from gate.core.operating import OperatingPoint
from gate.core.types import NoticeVersion
from gate.errors import ConfigError, GateError, ModelError
from gate.settings import Settings
from gate.vision.manifest import load_operating_point, manifest_for

log = structlog.get_logger()

NOTICES: Final = Path(__file__).parent / "notices"
PHRASES: Final = "phrases.toml"
METHOD: Final = "1:N comparison on the device, after the person chose face"
DATA_TYPES: Final = (
    "picture of the moment",
    "protected face template",
    "month of last use",
    "consent record",
)
NO_MODEL: Final = "none"


class Archive(Protocol):
    """The published notices, as the store keeps them."""

    @property
    def current(self) -> Published | None:
        """Give the newest version, None where there is none that can be trusted."""

    @property
    def newest_number(self) -> NoticeVersion | None:
        """Give the highest number ever published."""

    def version(self, version: NoticeVersion) -> Published | None:
        """Give one version, None where there is none that can be trusted."""

    def all(self) -> Sequence[Published]:
        """Give every version that can be trusted, oldest first."""

    def publish(self, draft: Draft, *, at: datetime) -> Published:
        """Write a version, whole or not at all."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts of a site, unfilled and marked, and everything they are filled from."""

    settings: Settings
    texts: Mapping[Key, str]
    phrases: Mapping[str, Phrases]
    point: OperatingPoint | None

    def draft(self, version: NoticeVersion, at: datetime, earlier: Sequence[Published]) -> Draft:
        """Fill the texts as version *version* of the day *at*; *earlier* is what was published before it."""
        terms = self.terms
        marked = {}
        for key in KEYS:
            phrases = self.phrases[key[0]]
            values = self._values(phrases) | {
                "version": version,
                "effective": phrases.date(at),
                "changes": phrases.changes([*earlier, Published(version, {}, {}, terms, at)]),
            }
            marked[key] = fill(self.texts[key], values)
        return Draft(version, marked, terms, self.settings.site.contact)

    @property
    def terms(self) -> Terms:
        """Give what people agree to at this site."""
        site = self.settings.site
        return Terms(
            purpose=Purpose.OPEN_GATE.value,
            method=METHOD,
            data_types=DATA_TYPES,
            retention_days=self.settings.face.retention_days,
            recipients=(),
            controller=site.controller,
            processors=site.processors,
            model=self.point.model if self.point else NO_MODEL,
        )

    def _values(self, phrases: Phrases) -> dict[str, str]:
        site = self.settings.site
        who = {"controller": site.controller, "contact": site.contact}
        complaints = phrases.say("complaints", route=site.complaints or "", **who)
        return {
            **who,
            "retention_days": str(self.settings.face.retention_days),
            "officer": site.officer or phrases.say("no_officer"),
            "processors": phrases.listed(site.processors) or phrases.say("no_processors"),
            "complaints": complaints if site.complaints else phrases.say("no_complaints", **who),
            "minors": phrases.say("minors_off"),
            "errors": phrases.errors(self.point),
        }


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words of one language that settings and archive put into a notice."""

    words: Mapping[str, str]
    terms: Mapping[str, str]

    def say(self, name: str, **values: str | int) -> str:
        """Give one phrase, filled."""
        return self.words[name].format(**values)

    def listed(self, names: Sequence[str]) -> str:
        """Give *names* as a list in words, empty for none."""
        return self.words["list_separator"].join(names)

    def date(self, at: datetime) -> str:
        """Give the day of *at* in UTC: every process that fills a text must come to the same one."""
        day = at.astimezone(UTC)
        return self.say("date", year=day.year, month=day.month, day=day.day)

    def errors(self, point: OperatingPoint | None) -> str:
        """Give the error rates in plain words, rounded up."""
        if point is None:
            return self.say("no_errors")
        return self.say(
            "errors",
            people=point.subjects,
            refused=math.ceil(100 * point.fnmr.value),
            refused_most=math.ceil(100 * point.fnmr.high),
            pairs=point.impostor_pairs,
            confused=round(point.fmr.value * point.impostor_pairs),
            confused_most=math.ceil(100 * point.fmr.high),
        )

    def changes(self, versions: Sequence[Published]) -> str:
        """Give one entry for each version, oldest first: its day and what it changed."""
        entries = [
            self._change(before, now) for before, now in zip([None, *versions], versions, strict=False)
        ]
        return self.words["change_separator"].join(entries)

    def _change(self, before: Published | None, now: Published) -> str:
        said = {"version": now.version, "date": self.date(now.published_at)}
        if before is None:
            return self.say("first", **said)
        if numbers_of(before.version)[0] == numbers_of(now.version)[0]:
            return self.say("minor", **said)
        changed = changed_terms(before.terms, now.terms) or ("unknown",)
        return self.say("major", terms=self.listed([self.terms[name] for name in changed]), **said)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What publishing now would do. draft: the notice as it would be, or as it is where nothing changes."""

    change: Change
    draft: Draft
    current: Published | None


def load_sources(settings: Settings) -> Sources:
    """Read the site's texts. Raises ConfigError ``notice-incomplete`` when one is missing or no text."""
    folder = settings.notice.folder or NOTICES
    names = {key: folder / key[0] / f"{key[1]}.txt" for key in KEYS}
    try:
        point = load_operating_point(settings.models_dir, manifest_for(settings.models_dir, "embed"))
    except ModelError:
        point = None  # face is off without it, and gate check says why
    return Sources(
        settings,
        {key: _read(path) for key, path in names.items()},
        {language: _phrases(NOTICES / language / PHRASES) for language in LANGUAGES},
        point,
    )


def propose(archive: Archive, sources: Sources, at: datetime) -> Proposal:
    """Tell what publishing the site's texts at *at* would change against the archive."""
    current = archive.current
    change = Change.MAJOR
    if current is not None:
        again = _again(archive, sources, current)
        change = change_between(current.terms, again.terms, current.texts, again.texts)
        if change is Change.NONE:
            return Proposal(change, again, current)
    version = next_version(archive.newest_number, change)
    return Proposal(change, sources.draft(version, at, archive.all()), current)


def publish(archive: Archive, sources: Sources, at: datetime) -> Proposal:
    """Publish the site's texts if they differ from what is published. Raises RequestError ``notice-lint``."""
    proposal = propose(archive, sources, at)
    if proposal.change is not Change.NONE:
        archive.publish(proposal.draft, at=at)
    return proposal


class NoticeBoard:
    """The notice in force: the newest published, as long as settings and texts still say the same (R11)."""

    def __init__(self, archive: Archive, sources: Sources | None) -> None:
        """Look once. sources: None where the texts cannot be read, and so no notice is in force."""
        self._archive = archive
        self._sources = sources
        self._in_force: Published | None = None
        self._newest = NO_NOTICE
        self._complained = False
        self.refresh()

    @property
    def in_force(self) -> Published | None:
        """Give the notice that the last refresh found in force."""
        return self._in_force

    @property
    def newest(self) -> NoticeVersion:
        """Give the newest version that can be trusted, in force or not, ``NO_NOTICE`` where there is none."""
        return self._newest

    def refresh(self) -> None:
        """Look again, for the command line may have published. An archive that cannot be read puts none in force."""
        try:
            current = self._archive.current
            self._in_force = current if current and self._still_says(current) else None
        except GateError as error:
            self._in_force = None
            self._complain(error.code, error.remedy)
            return
        self._newest = current.version if current else NO_NOTICE
        if self._in_force is None:
            self._complain("notice-not-published", "Run gate notice publish; until then face is off.")
        else:
            self._complained = False

    def _still_says(self, current: Published) -> bool:
        """Tell whether the site's texts, filled as they were for *current*, give *current*."""
        if self._sources is None:
            return False
        again = _again(self._archive, self._sources, current)
        return change_between(current.terms, again.terms, current.texts, again.texts) is Change.NONE

    def _complain(self, code: str, remedy: str) -> None:
        is_wanted = self._sources is not None and self._sources.settings.face.enabled
        if is_wanted and not self._complained:
            log.error("no_notice", code=code, remedy=remedy)
        self._complained = True

    def version(self, version: NoticeVersion) -> Published | None:
        """Give any published version, None where there is none that can be trusted."""
        return self._archive.version(version)

    def all(self) -> Sequence[Published]:
        """Give every published version, oldest first."""
        return self._archive.all()


def _again(archive: Archive, sources: Sources, current: Published) -> Draft:
    """Fill the site's texts as they would have been filled when *current* was published."""
    earlier = [each for each in archive.all() if numbers_of(each.version) < numbers_of(current.version)]
    return sources.draft(current.version, current.published_at, earlier)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "notice-incomplete",
            f"The notice has no usable text {path}.",
            remedy="Restore it from the release, or write it: both languages need a short and a full form.",
        ) from error


def _phrases(path: Path) -> Phrases:
    words = tomllib.loads(_read(path))
    return Phrases({name: word for name, word in words.items() if isinstance(word, str)}, words["terms"])
