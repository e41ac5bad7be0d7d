"""What a notice is: its forms and required items, the terms behind it, and what makes a new version (R11, R22, R23).

A text is written with marks: a line such as ``[item: voluntary]`` says what the lines after it tell, up to the next
mark or empty line. Marks are taken off when the notice is published. ``{name}`` stands for a value of the site.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, assert_never

from gate.core.canonical import canonical
from gate.core.types import NoticeVersion

LANGUAGES: Final = ("zh-CN", "en")
NO_NOTICE: Final = NoticeVersion("0.0")
"""Stands where none was ever published: no consent was given under it."""

LIVE_EVENTS: Final = "de-identified live events"
"""Among the kinds of data of a site that tells of each opening at once (R44)."""

_MARK = re.compile(r"\[item:(?P<items>[^\]]*)\]\s*")
_PLACEHOLDER = re.compile(r"\{(?P<name>[a-z_0-9]+)\}")
_VERSION = re.compile(r"(?P<major>0|[1-9][0-9]*)\.(?P<minor>0|[1-9][0-9]*)")


class Form(StrEnum):
    """The short form stands on the gate's screen and sign, the full one on its own page."""

    SHORT = "short"
    FULL = "full"


class Item(StrEnum):
    """What a notice must tell (REQUIREMENTS, What a notice must contain)."""

    VOLUNTARY = "voluntary"
    CONTROLLER = "controller"
    CAPTURE = "capture"  # it begins only after face was chosen
    PURPOSE = "purpose"
    DROPPED = "dropped"  # images are, after comparison
    RETENTION = "retention"  # of the template: where, for whom, at most how long
    LOCAL = "local"  # it is not sent out
    SENSITIVE = "sensitive"
    ALTERNATIVES = "alternatives"
    WITHDRAWAL = "withdrawal"
    CONTACT = "contact"
    FULL_TEXT = "full-text"
    VERSION = "version"
    OFFICER = "officer"
    PROCESSORS = "processors"
    DATA = "data"
    NECESSITY = "necessity"
    EFFECT = "effect"
    NO_CONSEQUENCE = "no-consequence"
    RIGHTS = "rights"
    MINORS = "minors"
    DECEASED = "deceased"
    AUTOMATED = "automated"
    ERRORS = "errors"
    SECURITY = "security"
    RECIPIENTS = "recipients"
    NO_TRANSFER = "no-transfer"
    COMPLAINTS = "complaints"
    EFFECTIVE = "effective"
    CHANGES = "changes"


_SHORT = tuple(Item)[: tuple(Item).index(Item.OFFICER)]
REQUIRED: Final[Mapping[Form, tuple[Item, ...]]] = {
    Form.SHORT: _SHORT,
    # The full form is the full text itself.
    Form.FULL: tuple(item for item in Item if item is not Item.FULL_TEXT),
}

Key = tuple[str, Form]
"""A language and a form."""
KEYS: Final[tuple[Key, ...]] = tuple((language, form) for language in LANGUAGES for form in Form)


@dataclass(frozen=True, slots=True)
class Terms:
    """What people agree to, apart from the words. A change of any field is a new major version (R22).

    Only of *retention_days*, how long a template is kept at most, a decrease is minor.
    """

    purpose: str
    method: str
    data_types: tuple[str, ...]
    retention_days: int
    recipients: tuple[str, ...]
    controller: str
    processors: tuple[str, ...]
    model: str

    def spelled(self) -> str:
        """Give the terms as canonical JSON."""
        return canonical(asdict(self)).decode()


def read_terms(text: str) -> Terms:
    """Read what ``Terms.spelled`` gave. Raises ValueError for anything else."""
    values: dict[str, Any] = json.loads(text)
    try:
        spelled: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        terms = Terms(**spelled)
    except (AttributeError, TypeError) as error:
        raise ValueError("these are not a notice's terms") from error
    if type(values["retention_days"]) is not int or terms.spelled() != text:
        raise ValueError("these terms are not in their one spelling")
    return terms


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice that may be published: filled texts that still carry their marks, for every language and form.

    contact: what the texts must name as such.
    """

    version: NoticeVersion
    marked: Mapping[Key, str]
    terms: Terms
    contact: str

    @property
    def texts(self) -> dict[Key, str]:
        """Give the texts as people read them."""
        return {key: plain(text) for key, text in self.marked.items()}


@dataclass(frozen=True, slots=True)
class Published:
    """One version out of the archive. sha256: of each text, in hexadecimal. published_at: aware, UTC."""

    version: NoticeVersion
    texts: Mapping[Key, str]
    sha256: Mapping[Key, str]
    terms: Terms
    published_at: datetime

    def in_form(self, form: Form) -> dict[str, str]:
        """Give the texts of one form by language."""
        return {language: self.texts[language, form] for language in LANGUAGES}


class Change(StrEnum):
    """What publishing would change: MAJOR stops face for everybody until they agree again (R22)."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of a text and what they tell, as they were marked."""

    items: tuple[str, ...]
    text: str


def paragraphs(marked: str) -> tuple[Paragraph, ...]:
    """Split *marked* text at its marks and empty lines; a mark with nothing after it gives an empty paragraph."""
    found: list[Paragraph] = []
    items: tuple[str, ...] = ()
    lines: list[str] = []

    def close() -> None:
        if items or lines:
            found.append(Paragraph(items, "\n".join(lines)))

    for line in [*marked.splitlines(), ""]:
        mark = _MARK.fullmatch(line.strip())
        if mark is None and line.strip():
            lines.append(line.rstrip())
            continue
        close()
        items = tuple(name.strip() for name in mark["items"].split(",")) if mark else ()
        lines = []
    return tuple(found)


def plain(marked: str) -> str:
    """Give *marked* text as people read it: without marks, no empty lines at either end."""
    lines = [line.rstrip() for line in marked.splitlines() if not _MARK.fullmatch(line.strip())]
    return "\n".join(lines).strip("\n")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put *values* in for their placeholders. A value's own line breaks become spaces; an unknown name stays, for the lint."""

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        return " ".join(values[name].split()) if name in values else match[0]

    return _PLACEHOLDER.sub(value, text)


def sha256_of(text: str) -> str:
    """Give the SHA-256 of a published text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_version(text: str) -> bool:
    """Tell whether *text* is two plain numbers with a dot between them."""
    return _VERSION.fullmatch(text) is not None


def numbers_of(version: NoticeVersion) -> tuple[int, int]:
    """Give major and minor. Raises ValueError if *version* is not two plain numbers."""
    parts = _VERSION.fullmatch(version)
    if parts is None:
        raise ValueError("a notice's version is major.minor")
    return int(parts["major"]), int(parts["minor"])


def changed_terms(before: Terms, now: Terms) -> tuple[str, ...]:
    """Name the terms that differ."""
    return tuple(each.name for each in fields(Terms) if getattr(before, each.name) != getattr(now, each.name))


def change_between(
    before: Terms, now: Terms, texts_before: Mapping[Key, str], texts_now: Mapping[Key, str]
) -> Change:
    """Tell what leads from one notice to the other; both with the same version and dates filled in (R22, R23)."""
    changed = changed_terms(before, now)
    if set(changed) - {"retention_days"} or now.retention_days > before.retention_days:
        return Change.MAJOR
    return Change.MINOR if changed or dict(texts_before) != dict(texts_now) else Change.NONE


def next_version(previous: NoticeVersion | None, change: Change) -> NoticeVersion:
    """Give the version that *change* leads to; the first of all is 1.0, whatever *change* says."""
    if previous is None:
        return NoticeVersion("1.0")
    major, minor = numbers_of(previous)
    match change:
        case Change.NONE:
            return previous
        case Change.MINOR:
            return NoticeVersion(f"{major}.{minor + 1}")
        case Change.MAJOR:
            return NoticeVersion(f"{major + 1}.0")
        case _:
            assert_never(change)
