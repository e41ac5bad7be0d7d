"""From texts and settings to the notice people see: both languages, both forms, one version, or none at all (R11, R14).

The texts lie in ``gate/notices``, or in the site's own folder (``notice.folder``); which version they become, and
whether that needs everybody's consent anew, follows from what is published already (R22, R23).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import structlog

from gate.calibrated import point_in_force
from gate.core.consent import Purpose
from gate.core.notices import (
    KEYS,
    LANGUAGES,
    LIVE_EVENTS,
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
from gate.office.trust import site_names
from gate.settings import Settings

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
            data_types=(*DATA_TYPES, LIVE_EVENTS) if self._live else DATA_TYPES,
            retention_days=self.settings.face.retention_days,
            recipients=(),
            controller=site.controller,
            processors=site.processors,
            model=self.point.model if self.point else NO_MODEL,
        )

    def _values(self, phrases: Phrases) -> dict[str, str]:
        site, face, web = self.settings.site, self.settings.face, self.settings.web
        has_code = web.public_url is not None or bool(site_names(web))
        children_days = min(face.under_14.retention_days, face.retention_days)
        who = {"controller": site.controller, "contact": site.contact}
        complaints = phrases.say("complaints", route=site.complaints or "", **who)
        return {
            **who,
            "retention_days": str(face.retention_days),
            "full_text": phrases.say("full_text" if has_code else "no_full_text"),
            "officer": site.officer or phrases.say("no_officer"),
            "processors": phrases.listed(site.processors) or phrases.say("no_processors"),
            "complaints": complaints if site.complaints else phrases.say("no_complaints", **who),
            "minors": phrases.say("minors_on", days=children_days)
            if face.under_14.enabled
            else phrases.say("minors_off"),
            "errors": phrases.errors(self.point),
            "live_events": phrases.say("live_events") if self._live else "",
        }

    @property
    def _live(self) -> bool:
        return self.settings.events.deidentified_live


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


def folder_texts(settings: Settings) -> dict[Key, str]:
    """Read the texts of the site's folder, or the shipped ones. Raises ConfigError ``notice-incomplete``."""
    folder = settings.notice.folder or NOTICES
    return {key: _read(folder / key[0] / f"{key[1]}.txt") for key in KEYS}


def load_sources(
    settings: Settings, own: Mapping[Key, str] | None = None, *, public_key: bytes | None = None
) -> Sources:
    """Read the site's texts. own: unfilled texts in place of the folder's, as a page published them.

    public_key: what this device signs with, so that the figures told are those of the site's own operating point.

    Raises ConfigError ``notice-incomplete`` when one is missing or no text.
    """
    try:
        point = point_in_force(settings, public_key)
    except ModelError:
        point = None  # face is off without it, and gate check says why
    return Sources(
        settings,
        folder_texts(settings) if own is None else own,
        {language: _phrases(NOTICES / language / PHRASES) for language in LANGUAGES},
        point,
    )


def propose(archive: Archive, sources: Sources, at: datetime) -> Proposal:
    """Tell what publishing the site's texts at *at* would change against the archive."""
    current = archive.current
    change = Change.MAJOR
    if current is not None:
        change = _change_since(archive, sources, current)
        if change is Change.NONE:
            return Proposal(change, _again(archive, sources, current), current)
    version = next_version(archive.newest_number, change)
    return Proposal(change, sources.draft(version, at, archive.all()), current)


def publish(archive: Archive, sources: Sources, at: datetime) -> Proposal:
    """Publish the site's texts if they differ from what is published. Raises RequestError ``notice-lint``."""
    proposal = propose(archive, sources, at)
    if proposal.change is not Change.NONE:
        archive.publish(proposal.draft, at=at)
    return proposal


_NOT_PUBLISHED: Final = ConfigError(
    "notice-not-published",
    "No notice is published.",
    remedy="Run gate notice publish; until then face is off.",
)
_DIFFERS: Final = ConfigError(
    "notice-differs",
    "The published notice is not what this gate's settings and texts say.",
    remedy="Restart the gate if the settings were changed, or run gate notice publish; until then face is off.",
)


class NoticeBoard:
    """The notice in force: the newest published, as long as this gate's settings and texts say the same (R11)."""

    def __init__(self, archive: Archive, load: Callable[[], Sources]) -> None:
        """Look once. load: reads the site's texts; asked again whenever a new version was published."""
        self._archive = archive
        self._load = load
        self._sources: Sources | None = None
        self._in_force: Published | None = None
        self._newest: NoticeVersion | None = None
        self._complained: str | None = None
        self.refresh()

    @property
    def in_force(self) -> Published | None:
        """Give the notice that the last refresh found in force."""
        return self._in_force

    @property
    def newest(self) -> NoticeVersion:
        """Give the newest version that can be trusted, in force or not, ``NO_NOTICE`` where there is none."""
        return self._newest or NO_NOTICE

    def refresh(self) -> None:
        """Look again, for the command line may have published. What cannot be read puts no notice in force."""
        self._in_force = None
        fault: GateError | None = None
        try:
            current = self._archive.current
            newest = current.version if current else NO_NOTICE
            if newest != self._newest or self._sources is None:
                self._newest, self._sources = newest, None
                self._sources = self._load()
            if current is None:
                fault = _NOT_PUBLISHED
            elif _change_since(self._archive, self._sources, current) is Change.NONE:
                self._in_force = current
            else:
                fault = _DIFFERS
        except GateError as error:
            fault = error
        self._complain(fault)

    def _complain(self, fault: GateError | None) -> None:
        """Say once what is wrong, where somebody wants face at all."""
        wanted = self._sources is None or self._sources.settings.face.enabled
        if fault is not None and wanted and fault.code != self._complained:
            log.error("no_notice", code=fault.code, what=fault.what, remedy=fault.remedy)
        self._complained = fault.code if fault else None

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


def _change_since(archive: Archive, sources: Sources, current: Published) -> Change:
    """Tell how far the site's texts, filled as they were for *current*, have gone from it."""
    again = _again(archive, sources, current)
    return change_between(current.terms, again.terms, current.texts, again.texts)


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
