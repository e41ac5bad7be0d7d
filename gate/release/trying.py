"""A release tried beside the running one: its own checks on these settings, and its migration on a copy of the database."""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.errors import RequestError
from gate.programs import Account, run, without_python
from gate.release.place import DataPlace, Installed

_PATIENCE_S: Final = 600


@dataclass(frozen=True, slots=True)
class Trial:
    """Tries releases with one settings file, as the account that owns the data."""

    config: Path
    data: DataPlace

    def __call__(self, old: Installed, new: Installed, room: Path) -> None:
        """Return if *new* finds fault with nothing that *old* is content with. Raises RequestError ``release-unfit``.

        room: a private folder, with a copy of the database in it where *new* would bring that to another schema.
        """
        before = self._look(old, room / "old")
        after = self._look(new, room)
        if after is None:
            raise _unfit(f"{new.version} could not look at this gate: its own check ended early")
        worse = {subject: seen for subject, seen in after.items() if before is None or subject not in before}
        if before is not None and worse:
            raise _unfit("; ".join(f"{subject}: {seen}" for subject, seen in worse.items()))

    def _look(self, release: Installed, room: Path) -> dict[str, str] | None:
        """Give what the release finds wrong, None where its check ended early."""
        told = run(
            [release.python, "-m", "gate.release.looking", self.config, room],
            patience_s=_PATIENCE_S,
            # Whoever runs this may run out of a wheel: the release under trial runs its own code.
            environment=without_python(),
            account=self._account(),
            folder=Path("/"),
        )
        try:
            found = json.loads(told.out)
            return {str(subject): str(seen) for subject, seen in found.items()} if told.well else None
        except (ValueError, AttributeError):
            return None

    def _account(self) -> Account | None:
        """Give whom a trial runs as; None: whoever runs the update."""
        owner = self.data.data_dir.stat()
        if os.geteuid() != 0 or owner.st_uid == 0:
            return None
        name = pwd.getpwuid(owner.st_uid).pw_name
        return Account(owner.st_uid, owner.st_gid, tuple(os.getgrouplist(name, owner.st_gid)))


def _unfit(why: str) -> RequestError:
    return RequestError(
        "release-unfit",
        f"The release does not fit this gate; nothing was changed. {why}.",
        remedy="Mend what it says, or tell its makers.",
    )
