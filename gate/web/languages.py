"""The languages of the pages, with English as the text in the code and catalogues for the rest (R14)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

Language = Literal["zh-CN", "en"]
LANGUAGES: Final[Mapping[str, str]] = MappingProxyType({"zh-CN": "中文", "en": "English"})
"""Each language's tag, as in the lang attribute, and its own name."""
DEFAULT: Final = "zh-CN"
CATALOGUES: Final = Path(__file__).parent / "locale" / "zh_CN" / "LC_MESSAGES"
"""One file for each part of the pages; a sentence stands in one of them."""


def marked(sentence: str) -> str:
    """Mark an English sentence for the catalogues; it is translated where it is shown."""
    return sentence


@cache
def load_translations(catalogues: Path = CATALOGUES) -> Mapping[str, NullTranslations]:
    """Give the translations of every language, compiled in memory from the text of a folder's *catalogues*, once."""
    chinese = NullTranslations()
    for path in sorted(catalogues.glob("*.po"), reverse=True):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale="zh_CN", abort_invalid=True))
        compiled.seek(0)
        part = Translations(compiled)
        part.add_fallback(chinese)
        chinese = part
    return {"zh-CN": chinese, "en": NullTranslations()}
