"""The notice a person sees before any capture: both languages under one version, or none at all (R11, R14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gate.core.types import NoticeVersion
from gate.errors import ConfigError
from gate.settings import Settings

CURRENT: Final = NoticeVersion("1.0")
LANGUAGES: Final = ("zh-CN", "en")
NOTICES: Final = Path(__file__).parent / "notices"


@dataclass(frozen=True, slots=True)
class Notice:
    """One published version: a text for each language, filled with who answers for this gate."""

    version: NoticeVersion
    texts: Mapping[str, str]


UNPUBLISHED: Final = Notice(CURRENT, MappingProxyType(dict.fromkeys(LANGUAGES, "")))
"""What the pages show where no notice can be: nothing, and face is not offered."""


def load_notice(settings: Settings, folder: Path = NOTICES) -> Notice:
    """Read the current notice. Raises ConfigError when a language is missing or a text cannot be filled."""
    values = {
        "controller": settings.site.controller,
        "contact": settings.site.contact,
        "retention_days": settings.face.retention_days,
        "version": CURRENT,
    }
    texts = {}
    for language in LANGUAGES:
        path = folder / CURRENT / f"{language}.txt"
        try:
            texts[language] = path.read_text(encoding="utf-8").format(**values).strip()
        except (OSError, KeyError, ValueError, IndexError) as error:
            raise ConfigError(
                "notice-incomplete",
                f"The notice {CURRENT} has no usable text in {language} ({path.name}).",
                remedy="Restore the file from the release: without both languages face stays off.",
            ) from error
    return Notice(CURRENT, MappingProxyType(texts))
