"""``gate-release``: what the Debian package calls, with the system's own Python and nothing installed yet.

``install FOLDER`` makes the environment that the package brings and puts it in force; ``recover`` finishes or undoes an
update that was interrupted; ``purge`` removes every environment. All of them may be run again at any time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from gate.errors import GateError, RequestError
from gate.release.environment import Payload, make_environment, refuse_python
from gate.release.extras import wheelhouse
from gate.release.place import CONFIG, Place, Version, data_place
from gate.release.service import PROBATION_MOST_S, PROBATION_S, Service
from gate.release.trying import Trial
from gate.release.updating import Updater

PAYLOAD_NAME: Final = "payload.json"
PROBATION_VARIABLE: Final = "GATE_PROBATION"


def updater_for(place: Place, config: Path, service: Service | None = None) -> Updater:
    """Give what updates the gate that *config* describes; without such a file there is nothing to keep."""
    data = data_place(config) if config.exists() else None
    there = data is not None and data.data_dir.is_dir()
    trial = Trial(config, data) if data is not None and there else None
    return Updater(place, service or Service(), data if there else None, try_out=trial)


def read_payload(folder: Path, wheels: Path | None) -> Payload:
    """Read what a Debian package brings. Raises RequestError ``release-malformed``, ``release-python``."""
    try:
        told = json.loads((folder / PAYLOAD_NAME).read_text(encoding="utf-8"))
        payload = Payload(Version.parse(told["version"]), int(told["schema"]), folder, wheels)
        pythons = tuple(map(str, told["pythons"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(
            "release-malformed",
            f"{folder} holds no release: {type(error).__name__}.",
            remedy="Install the package anew: apt-get install --reinstall gate.",
        ) from error
    refuse_python(pythons)
    return payload


def install(place: Place, folder: Path, wheels: Path | None, config: Path) -> str:
    """Make and put in force what *folder* brings; gives what to say."""
    payload = read_payload(folder, wheels)
    with place.alone():
        updater = updater_for(place, config, Service(probation_s=probation_s()))
        updater.recover(start=True)
        place.clear_unfinished()
        now = place.in_force()
        if now is not None and now.version > payload.version:
            return (
                f"gate {now.version}, which is newer than this package's {payload.version}, stays in force."
            )
        new = make_environment(place, payload)
        updater.put_in_force(new)
    return f"gate {new.version} is in force."


def probation_s() -> float:
    """Give how long what a package brings must serve; what GATE_PROBATION says, where that is a time."""
    given = os.environ.get(PROBATION_VARIABLE, "")
    seconds = float(given) if given.isascii() and given.isdecimal() else PROBATION_S
    return min(seconds, PROBATION_MOST_S)


def recover(place: Place, config: Path, *, start: bool) -> str:
    """Finish or undo what was interrupted; gives what to say."""
    try:
        with place.alone():
            updater = updater_for(place, config)
            course = updater.recover(start=start)
    except RequestError as error:
        if error.code != "update-busy":
            raise
        return "An update is at work."
    if course is None:
        return "No update was interrupted."
    now = place.in_force()
    return f"The update from {course.old} to {course.new} was interrupted; {now.version if now else 'nothing'} is in force."


def purge(place: Place) -> str:
    """Remove every environment and what updates kept; data, keys and settings stay."""
    for folder in (place.root, place.work):
        shutil.rmtree(folder, ignore_errors=True)
    return "Every release was removed; data, keys and settings stay."


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; a GateError becomes one sentence and its exit code."""
    parser = argparse.ArgumentParser(prog="gate-release", description=__doc__)
    parser.add_argument("--root", type=Path, default=Place().root)
    parser.add_argument("--work", type=Path, default=Place().work)
    parser.add_argument("--config", type=Path, default=CONFIG)
    commands = parser.add_subparsers(dest="command", required=True)
    adding = commands.add_parser("install")
    adding.add_argument("folder", type=Path)
    adding.add_argument("--wheels", type=Path, default=wheelhouse())
    again = commands.add_parser("recover")
    again.add_argument("--start", action="store_true")
    commands.add_parser("purge")
    asked = parser.parse_args(arguments)
    place = Place(asked.root, asked.work)
    try:
        match asked.command:
            case "install":
                said = install(place, asked.folder, asked.wheels, asked.config)
            case "recover":
                said = recover(place, asked.config, start=asked.start)
            case _:
                said = purge(place)
    except GateError as error:
        sys.stderr.write(f"gate-release: {error} [{error.code}]\n")
        return error.exit_code
    sys.stdout.write(said + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
