"""Compiles the layers that stand between a gate's processes and their computer (power.c, clock.c)."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import time
from hashlib import sha256
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def compiler_is_there() -> bool:
    """Tell whether layers can be compiled here."""
    return shutil.which("cc") is not None


def library(name: str, folder: Path) -> Path:
    """Compile the layer of that name into *folder*, once; skip, with the reason, where there is no compiler."""
    source = _HERE / f"{name}.c"
    made = folder / f"{name}-{sha256(source.read_bytes()).hexdigest()[:8]}.so"
    if made.exists():
        return made
    if not compiler_is_there():
        if os.environ.get("CI") == "true":
            pytest.fail("a C compiler is missing: CI must run these tests")
        pytest.skip("the layers below the gate need a C compiler (Debian: apt-get install gcc libc6-dev)")
    part = folder / f"{name}-{os.getpid()}.so"
    flags = ["-std=gnu11", "-Wall", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run(["cc", *flags, "-o", part, source, "-ldl"], check=True)
    part.replace(made)
    return made


class WallClock:
    """The wall clock of the processes that were started with ``environment``; kept in *file*."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.write_bytes(bytes(24))
        self.set(0.0)

    @property
    def environment(self) -> dict[str, str]:
        return {"CLOCK_FILE": str(self._file)}

    def set(self, ahead_s: float, speed: float = 1.0) -> None:
        """Set it so far ahead of this computer's, or behind, and let it run so many times as fast from now on."""
        now = time.time_ns()
        values = struct.pack("=qqd", now, now + round(ahead_s * 1e9), speed)
        with self._file.open("r+b") as file:  # in place: the processes have it mapped
            file.write(values)
