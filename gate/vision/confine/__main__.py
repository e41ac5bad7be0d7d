"""Shuts this process in as the vision child would be, tries to get out, and tells what held: for ``gate check``."""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import closing
from pathlib import Path

from gate.vision.client import VisionSettings
from gate.vision.confine import Lock, confine, needs_of
from gate.vision.wire import Configure


def main() -> None:
    """Take the child's settings as JSON on standard input, and the folder of the gate's data as the only argument."""
    settings = VisionSettings.of(Configure(sys.stdin.read()))
    data_dir = Path(sys.argv[1])
    seen = os.access(data_dir, os.R_OK)
    held = confine(settings)
    if Lock.CALLS in held and not needs_of(settings.driver, settings.source).network and _reaches_out():
        held -= {Lock.CALLS}
    if Lock.FILES in held and seen and _reads(data_dir):
        held -= {Lock.FILES}
    print(json.dumps(sorted(held)))  # noqa: T201 - the answer


def _reaches_out() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET)):
            return True
    except OSError:
        return False


def _reads(folder: Path) -> bool:
    try:
        next(folder.iterdir(), None)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
