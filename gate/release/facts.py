"""``python -m gate.release.facts payload|interface``: what a wheel says of itself, read out of that wheel alone."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from importlib.resources import files
from typing import Final

from gate.release.manifest import INTERFACE
from gate.release.place import Version

PYTHONS: Final = ("3.11", "3.12", "3.13")
"""That a release is made for: requires-python of pyproject.toml, a version each. A test compares."""


def own_version() -> Version:
    """Give the version of the gate that this module belongs to."""
    return Version.parse(version("gate"))


def schema() -> int:
    """Give the newest version of the database that this gate knows: one for each migration."""
    return sum(each.name.endswith(".sql") for each in files("gate").joinpath("store", "schema").iterdir())


def payload() -> str:
    """Give what a Debian package says of the release it brings, as JSON."""
    told = {"version": str(own_version()), "schema": schema(), "pythons": list(PYTHONS)}
    return json.dumps(told, sort_keys=True) + "\n"


def main() -> int:
    """Run the command."""
    sys.stdout.write(payload() if sys.argv[1:] == ["payload"] else f"{INTERFACE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
