"""``gate run`` at work in a story: what it said, what it used of a core, and its end."""

from __future__ import annotations

import os
import re
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.canary_gate import Serving, Site

_ATTEMPT = re.compile(r"event=attempt method=(\w+) granted=(\w+)")


class Ended(Exception):
    """The gate ended where it should serve. code, said: what a unit's journal would show."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"the gate ended with {code}: {said[-600:]}")
        self.code, self.said = code, said


def _waits(process: int) -> float:
    """Give how many seconds the threads of a process waited for a core in all, by the kernel's own count."""
    waits = 0
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(OSError, ValueError):
            waits += int((task / "schedstat").read_text().split()[1])
    return waits / 1e9


class Gate(Serving):
    """``gate run`` at work; ``Ended`` where it does not come up."""

    start_patience_s = 120.0
    connects_again = 4  # a gate that has just got its files back still refuses whom it had no file for

    def __init__(self, site: Site) -> None:
        self.began, self._waited_before = time.monotonic(), _waits(os.getpid())
        self._told: list[tuple[str, bool]] = []
        self._read_to = 0
        self._rest = ""
        try:
            super().__init__(site)
        except AssertionError as error:
            started = site._started[-1]
            if started.poll() is None:
                raise
            raise Ended(started.returncode, str(error)) from error

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def waited_s(self) -> float:
        """Give how long its threads, and whoever holds cards to it, waited for a core since it began."""
        return _waits(self.pid) + _waits(os.getpid()) - self._waited_before

    @property
    def cpu_s(self) -> float:
        """Give the seconds of a core that its core process used since it began."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _watch(self) -> None:
        """As its parent; a gate in trouble answers with another page, and ends it."""
        with suppress(TypeError, ValueError, KeyError):
            super()._watch()

    def watch_again(self) -> None:
        """Keep the screen's page open once more, where its line was lost."""
        if not self._page.is_alive():
            self._page = threading.Thread(target=self._watch, daemon=True)
            self._page.start()

    def gone(self) -> None:
        """Let go of a gate that was killed."""
        self._ends.set()
        self.process.wait(timeout=30)
        self.process.stdin.close()
        self._page.join(timeout=10)
        self.http.close()
        self.screen.close()

    def answers(self) -> list[tuple[str, bool]]:
        """Give every decision it spoke of, by method. Reads what is new alone: this is asked all the time."""
        with self._log.open(encoding="utf-8", errors="replace") as file:
            file.seek(self._read_to)
            *lines, self._rest = (self._rest + file.read()).split("\n")
            self._read_to = file.tell()
        for line in lines:
            if found := _ATTEMPT.search(line):
                self._told.append((found[1], found[2] == "true"))
        return self._told

    def stands(self) -> tuple[bool, bool]:
        """Tell whether the strike holds, and whether the leaf is open."""
        page = self.screen.get("/sim", params={"lang": "en"}).text
        return "The strike holds." in page, "The door stands open." in page
