"""Making the environment of one release: from a lock whose every byte is pinned, beside the one in force."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.errors import DeviceFault, RequestError
from gate.programs import run, without_python
from gate.release.extras import bring_wanted
from gate.release.manifest import LOCK_NAME, wheel_name
from gate.release.place import Installed, Place, Version
from gate.wholefiles import PARTIAL

ROOM_MOST_BYTES: Final = 900 * 1024 * 1024
"""What an environment takes while it is made, with its wheels beside it; measured below 600 MB on x86-64."""
_PATIENCE_S: Final = 3600
_WEIGHTS: Final = Path("share") / "gate" / "models" / "weights"
_UNFINISHED: Final = shutil.ignore_patterns(f"*{PARTIAL}", "*.part")
"""Of a write or a download (gate/vision/fetch) that was cut off."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What an environment is made of. folder: holds the wheel, the lock and maybe further wheels. schema: see Installed.

    wheels: a folder of wheels to take dependencies from, and nothing from a network; None: from PyPI, as pip is set up.
    """

    version: Version
    schema: int
    folder: Path
    wheels: Path | None = None


def make_environment(place: Place, payload: Payload) -> Installed:
    """Make the release's environment, with what the operator wants besides; of one that is finished, only that.

    Raises DeviceFault ``release-no-room``, ``release-not-made``, with the last words of what failed, and what
    ``extras.bring`` raises; nothing is in force that was not before.
    """
    folder = place.folder(payload.version)
    done = place.find(folder)
    if done is not None:
        bring_wanted(place, done)
        return done
    place.releases.mkdir(mode=0o755, parents=True, exist_ok=True)
    _refuse_without_room(place.releases)
    shutil.rmtree(folder, ignore_errors=True)
    # Downloads and unpacking take hundreds of megabytes, which /tmp of a device that spares its card does not have.
    with tempfile.TemporaryDirectory(dir=place.releases, prefix="making-") as temporary:
        _fill(folder, payload, temporary)
    unfinished = Installed(payload.version, payload.schema, folder)
    bring_wanted(place, unfinished)
    # Compiled here once: the service may not write into its own code.
    _do([unfinished.python, "-P", "-m", "compileall", "-q", "-j", "0", folder / "lib"])
    _inherit_weights(place.in_force(), folder)
    _sync_all()
    return place.finish(payload.version, payload.schema)


def _fill(folder: Path, payload: Payload, temporary: str) -> None:
    # -P, here and below: root runs nothing out of the folder where it happens to stand.
    _do([sys.executable, "-P", "-m", "venv", folder], TMPDIR=temporary)
    pip: list[str | Path] = [
        folder / "bin" / "python",
        "-P",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-cache-dir",
        "install",
    ]
    pip += ["--quiet", "--no-compile"]
    source: list[str | Path] = []
    if payload.wheels is not None:
        source = ["--no-index", "--find-links", payload.wheels]
    locked: list[str | Path] = [
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        payload.folder / LOCK_NAME,
    ]
    _do([*pip, *source, *locked], TMPDIR=temporary)
    _do([*pip, "--no-deps", "--no-index", payload.folder / wheel_name(payload.version)], TMPDIR=temporary)


def _inherit_weights(before: Installed | None, folder: Path) -> None:
    """Link the networks that were prepared for the release in force: this release checks each against its own hash."""
    weights = None if before is None else before.folder / _WEIGHTS
    if weights is None or not weights.is_dir():
        return
    # Linked, not copied: nothing ever writes into such a file, it is replaced.
    shutil.copytree(weights, folder / _WEIGHTS, copy_function=os.link, dirs_exist_ok=True, ignore=_UNFINISHED)


def _refuse_without_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if not free >= ROOM_MOST_BYTES:
        raise DeviceFault(
            "release-no-room",
            f"{folder} has {free >> 20} MB free; another release needs up to {ROOM_MOST_BYTES >> 20} MB while it is made.",
            remedy="Free some space: gate update list shows the releases that are kept.",
        )


def _do(command: list[str | Path], **variables: str) -> None:
    done = run(command, patience_s=_PATIENCE_S, environment=without_python(**variables))
    if not done.well:
        raise _not_made(done.why)


def _not_made(why: str) -> DeviceFault:
    return DeviceFault(
        "release-not-made",
        f"The release's environment could not be made: {why}.",
        remedy="Where there is no network, take a release that carries its wheels, or name a folder of them (make wheelhouse).",
    )


def _sync_all() -> None:
    """Have everything on the disk before the mark says so."""
    os.sync()


def refuse_python(pythons: tuple[str, ...]) -> None:
    """Raise RequestError ``release-python`` where this device's Python is none of *pythons*."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if own not in pythons:
        raise RequestError(
            "release-python",
            f"This release runs on Python {', '.join(pythons)}; this device has {own}.",
            remedy="Take a release for this system, or upgrade the system first.",
        )
