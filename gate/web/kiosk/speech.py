"""The gate's screen read aloud, on this device and by no service: espeak-ng, one sentence after another (R15, R41)."""

from __future__ import annotations

import asyncio
import shutil
from collections import OrderedDict
from contextlib import suppress
from html.parser import HTMLParser
from typing import Final

import structlog

from gate.core.types import Seconds
from gate.web.faults import page_fault

log = structlog.get_logger()

VOICES: Final = {"zh-CN": ("cmn", "240"), "en": ("en", "150")}
"""The voice of each language and its words a minute, as espeak-ng counts them: slow enough for old ears."""
LIMIT_S: Final[Seconds] = 5.0
TEXT_MOST: Final = 4000
KEPT_BYTES: Final = 6_000_000
HEAD_BYTES: Final = 44
_BREAKS: Final = frozenset({"h1", "p", "li", "button", "b", "div", "article", "section"})
_SILENT: Final = frozenset({"svg", "template", "script", "progress"})
_STOPS: Final = ".!?:;,\u3002\uff01\uff1f\uff1a\uff1b\uff0c"


class _Words(HTMLParser):
    """Collects what a person reads of a view, in order; nothing of its pictures, and nothing marked unspoken."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = [""]
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        silent = tag in _SILENT or bool(names & {"data-unspoken", "hidden"})
        if tag != "input":  # it has no end
            self._open.append((tag, silent))
        if tag in _BREAKS:
            self.parts.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Pass over an element that holds nothing."""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag in _BREAKS:
            self.parts.append("")

    def handle_data(self, data: str) -> None:
        if not any(silent for _, silent in self._open):
            self.parts[-1] += data


def words_of_view(html: str) -> str:
    """Give the words of a view as it is drawn, each block as a sentence of its own."""
    words = _Words()
    words.feed(html)
    blocks = (" ".join(part.split()) for part in words.parts)
    said = (block if block[-1] in _STOPS else f"{block}." for block in blocks if block)
    return "\n".join(said)[:TEXT_MOST]


class EspeakVoice:
    """espeak-ng as a child that reads its text from a pipe; what it said last is kept, up to KEPT_BYTES, in memory."""

    def __init__(self, program: str, *, limit_s: Seconds = LIMIT_S) -> None:
        self._program = program
        self._limit_s = limit_s
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def found(cls) -> EspeakVoice | None:
        """Give a voice where the program is installed, else None."""
        program = shutil.which("espeak-ng")
        return cls(program) if program else None

    async def say(self, text: str, language: str) -> bytes:
        """Give *text* spoken, as one WAV file. Raises RequestError ``speech-failed`` after its limit or a fault."""
        async with self._one_at_a_time:
            wav = self._kept.pop((language, text), None) or await self._spoken(text, language)
            self._kept[language, text] = wav
            while sum(map(len, self._kept.values())) > KEPT_BYTES:
                self._kept.popitem(last=False)
            return wav

    async def _spoken(self, text: str, language: str) -> bytes:
        voice, pace = VOICES[language]
        child = await asyncio.create_subprocess_exec(
            self._program,
            *("-v", voice, "-s", pace, "--stdin", "--stdout"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            wav, _ = await asyncio.wait_for(child.communicate(text.encode()), self._limit_s)
        except TimeoutError:
            wav = b""
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        if child.returncode != 0 or not wav.startswith(b"RIFF"):
            log.error("speech_failed", remedy="Run espeak-ng by hand and see what it says.")
            raise page_fault("speech-failed")
        return _with_lengths(wav)


def _with_lengths(wav: bytes) -> bytes:
    """Write the lengths that espeak-ng cannot know when it begins: some players take them at their word."""
    head = bytearray(wav[:HEAD_BYTES])
    head[4:8] = (len(wav) - 8).to_bytes(4, "little")
    head[40:44] = (len(wav) - HEAD_BYTES).to_bytes(4, "little")
    return bytes(head) + wav[HEAD_BYTES:]
