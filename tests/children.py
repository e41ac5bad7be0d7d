"""Processes that a test serves itself with: none outlives its test, and nobody waits for one without limit."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MOST_S = 200.0
"""Less than the time after which a test that hangs ends the whole run (pyproject.toml): it fails by what it asserts."""


@contextmanager
def child(command: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start *command*; kill it when the block ends, however it ends, and after MOST_S at the latest."""
    with subprocess.Popen(command, text=True, **options) as process:
        late = threading.Timer(MOST_S, process.kill)
        late.daemon = True
        late.start()
        try:
            yield process
        finally:
            late.cancel()
            process.kill()


def gate_run(config: Path, **options: Any):
    """Start the gate with the settings at *config*, as `child` does; both of its outputs are pipes, unless told."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return child([sys.executable, "-m", "gate.cli", "run", "--config", config], **{**pipes, **options})
