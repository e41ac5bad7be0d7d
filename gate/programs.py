"""Other programs, run to their end: one place that knows what their failing means.

Whatever goes wrong (no such program, no right to it, no end in time, an exit code) is told in ``Ran``, never raised. Standard
library only: an update runs this with the system's own Python, before there is any environment.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

WORDS_MOST: Final = 600
_LINES_LAST: Final = 3
_ADVICE: Final = ("note:", "hint:", "[notice]", "[end of output]", "╰─>")
"""What pip says below the cause of a failure."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a program runs as. groups: all it is in besides."""

    user: int
    group: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended. code: its own, None where it never started or was ended for its time.

    out: what it printed. why: one line of what went wrong, empty where nothing did.
    """

    code: int | None
    out: bytes = field(default=b"", repr=False)
    why: str = ""

    @property
    def well(self) -> bool:
        """Tell whether it ended with 0."""
        return self.code == 0

    @property
    def text(self) -> str:
        """Give what it printed, without the space around."""
        return self.out.decode(errors="replace").strip()


def run(
    command: Sequence[str | Path],
    *,
    patience_s: float,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    folder: Path | None = None,
    given: bytes = b"",
) -> Ran:
    """Run *command* to its end, without a shell.

    environment, folder: its variables, and where it runs; those of this process where None. account: another one, which
    takes root. given: what it reads.
    """
    try:
        done = subprocess.run(  # noqa: S603 - words of our own, no shell
            [str(word) for word in command],
            input=given,
            capture_output=True,
            timeout=patience_s,
            check=False,
            cwd=folder,
            env=None if environment is None else dict(environment),
            user=None if account is None else account.user,
            group=None if account is None else account.group,
            extra_groups=None if account is None else account.groups,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Ran(None, why=_one_line(str(error)))
    return Ran(done.returncode, done.stdout, "" if done.returncode == 0 else _last_words(done))


def without_python(**others: str) -> dict[str, str]:
    """Give this process's variables without those that steer a Python, and *others*: the same environment everywhere."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")} | others


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    said = (done.stderr or done.stdout).decode(errors="replace")
    told = [line.strip() for line in said.splitlines()]
    last = [line for line in told if line and not line.startswith(_ADVICE)][-_LINES_LAST:]
    return _one_line(" / ".join(last)) or f"it ended with {done.returncode}"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:WORDS_MOST]
