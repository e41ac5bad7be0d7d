"""``python -m gate.release.looking CONFIG ROOM``: what this release would find wrong, without touching the gate's data.

It looks at settings, networks, broker and pages as a gate without data, and migrates the copy of the database in ROOM
where there is one. Prints one JSON object: subject to what is wrong with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gate.errors import GateError


def look(config: Path, room: Path) -> dict[str, str]:
    """Give what is wrong. Raises GateError where the settings do not hold, or the copy cannot be migrated."""
    from gate.check import check_gate
    from gate.settings import read_settings
    from gate.store.db import DATABASE_NAME, open_database

    settings = read_settings(config)
    if (room / DATABASE_NAME).exists():
        open_database(room / DATABASE_NAME).close()
    # Keys stay out of this: a copy of the database beside the device's own keys could end an epoch of the original.
    storage = settings.storage.model_copy(update={"data_dir": room / "no-data", "keys_dir": room / "no-keys"})
    elsewhere = settings.model_copy(update={"storage": storage})
    return {
        found.subject: found.seen
        for found in check_gate(elsewhere)
        if not (found.ok or _is_unplugged(found.error))
    }


def _is_unplugged(error: GateError | None) -> bool:
    """Tell whether something is not plugged in just now, which speaks against no release."""
    return error is not None and error.code in {"backup-folder-absent", "camera-absent"}


def main() -> int:
    """Run the command; a fault of any kind is a fault of the release."""
    config, room = map(Path, sys.argv[1:])
    json.dump(look(config, room), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
