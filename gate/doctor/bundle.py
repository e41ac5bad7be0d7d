"""The support bundle: what somebody far away needs to see of a gate, and nothing of anybody who lives there.

It is made of what is let through, never of what is cut out: of the settings, numbers, switches and words of a closed list; of
the log, lines as the gate itself writes them. On top, whatever the settings or credentials say in their own words (addresses,
names, paths, passwords) is struck out wherever it turns up.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from gate.doctor.doctor import Examined
from gate.doctor.software import versions
from gate.settings import Settings, credentials_dir

LOG_LINES_MOST: Final = 2000
STRUCK: Final = "(left out)"
_LOG_LINE = re.compile(
    r"at=[0-9TZ:.+-]+ level=(?:debug|info|warning|error|critical) event=[a-z0-9_]+(?: [a-z0-9_]+=(?:[^\"\s]*|\"[^\"]*\"))*"
)
_OPEN_WORDS: Final = {
    "driver",
    "also",
    "declared",
    "custody",
    "liveness",
    "providers",
    "allowed",
    "time_zone",
    "kind",
    "depth",
}
"""Settings whose words come from a closed list, or say nothing of the place but its zone."""
_PATTERNS: Final = (
    re.compile(r"[a-z]+://\S+", re.IGNORECASE),
    re.compile(r"[^\s@=]+@[^\s@]+"),
    re.compile(r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"),
    re.compile(r"\b(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}\b", re.IGNORECASE),
    re.compile(r"/(?:home|media|mnt|root|srv|tmp)/\S*"),
    re.compile(r"\b[0-9a-f]{16,}\b", re.IGNORECASE),
)
_SHORTEST_STRUCK: Final = 4


def make_bundle(examined: Examined, log: Iterable[str], logged_from: str) -> bytes:
    """Give the bundle: a plain tar of five files. log: lines of the gate's log, newest last; logged_from: in words."""
    settings = examined.settings
    strike = Striker(() if settings is None else _own_words(settings))
    kept, dropped = _log(log, strike)
    diagnoses = [
        {"subject": each.subject, "state": each.state.value, "code": each.code, "seen": strike(each.seen)}
        for each in examined.diagnoses
    ]
    parts = {
        "README.txt": _README,
        "diagnoses.json": _json(diagnoses),
        "settings.json": _json({} if settings is None else let_through(settings)),
        "versions.json": _json(dict(versions())),
        "log.txt": f"# {logged_from}; {dropped} lines that are not the gate's own are left out\n"
        + "".join(kept),
    }
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in parts.items():
            entry = tarfile.TarInfo(f"gate-support/{name}")
            entry.size, entry.mode = len(text.encode()), 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))
    return held.getvalue()


class Striker:
    """Strikes given words, addresses, paths of people's own and long numbers out of a text."""

    def __init__(self, words: Iterable[str]) -> None:
        longest_first = sorted(
            {word for word in words if len(word) >= _SHORTEST_STRUCK}, key=len, reverse=True
        )
        self._words = (
            re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if longest_first else None
        )

    def __call__(self, text: str) -> str:
        """Give *text* without them."""
        struck = self._words.sub(STRUCK, text) if self._words else text
        for pattern in _PATTERNS:
            struck = pattern.sub(STRUCK, struck)
        return struck


def let_through(settings: BaseModel) -> dict[str, object]:
    """Give the settings' switches, numbers and words of closed lists; of everything else only whether it is set."""
    return {name: _value(name, value) for name, value in settings}


def _value(name: str, value: object) -> object:
    match value:
        case BaseModel():
            return let_through(value)
        case None | bool() | int() | float():
            return value
        case tuple():
            if all(isinstance(each, int | float) for each in value) or name in _OPEN_WORDS:
                return list(value)
            return f"({len(value)} set)"
        case str() if name in _OPEN_WORDS or not value:
            return value
        case _:
            return "(set)"


def _own_words(settings: Settings) -> Iterator[str]:
    """Give every word of the settings that is not let through, and every credential."""
    yield from _words_of("", settings)
    folder = credentials_dir()
    for path in folder.iterdir() if folder else ():
        try:
            yield path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue  # bytes are in no text


def _words_of(name: str, value: object) -> Iterator[str]:
    match value:
        case BaseModel():
            for inner, each in value:
                yield from _words_of(inner, each)
        case tuple():
            for each in value:
                yield from _words_of(name, each)
        case str() | Path() if name not in _OPEN_WORDS:
            yield str(value)
        case _:
            return


def _log(lines: Iterable[str], strike: Striker) -> tuple[list[str], int]:
    kept, dropped = [], 0
    for line in list(lines)[-LOG_LINES_MOST:]:
        if _LOG_LINE.fullmatch(line.rstrip("\n")):
            kept.append(strike(line.rstrip("\n")) + "\n")
        else:
            dropped += 1
    return kept, dropped


def _json(document: object) -> str:
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


_README: Final = """What this is: the state of one gate, for somebody who helps to mend it (gate doctor --bundle).
diagnoses.json  what was looked at, and what was seen
settings.json   switches, numbers and drivers; of names, addresses, paths and keys only whether they are set
versions.json   of the software
log.txt         the newest lines of the gate's own log, which holds no person, card, PIN or score
No database, key, picture, name, unit, card, PIN or password is in it. Read it before you send it.
"""
