"""Whether a release that its makers signed may be installed here: newer, fitting, and not one that failed here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.errors import RequestError
from gate.release.journal import Ended, Result
from gate.release.manifest import Manifest
from gate.release.place import Version


@dataclass(frozen=True, slots=True)
class Device:
    """What of the device decides. interface: of its Debian package. schema: of its database, None where there is none."""

    in_force: Version | None
    history: tuple[Ended, ...]
    interface: int
    schema: int | None

    @property
    def floor(self) -> Version | None:
        """Give the newest release that ever served here: an older one is refused, whoever signed it."""
        served: Iterable[Version] = (each.new for each in self.history if each.result is Result.INSTALLED)
        return max((*served, *([self.in_force] if self.in_force else [])), default=None)


def refuse_unfit(manifest: Manifest, device: Device, *, again: bool) -> None:
    """Return if the release may be installed. again: also if it was taken back here before.

    Raises RequestError: ``release-installed``, ``release-older``, ``release-needs-package``, ``release-schema``,
    ``release-failed-before``.
    """
    floor = device.floor
    if manifest.version == device.in_force:
        raise RequestError(
            "release-installed", f"{manifest.version} is in force already.", remedy="Nothing is to be done."
        )
    if floor is not None and manifest.version < floor:
        raise RequestError(
            "release-older",
            f"{manifest.version} is older than {floor}, which served here: its mended flaws would come back.",
            remedy="Take a newer release; to go back one release, use gate update roll-back.",
        )
    if manifest.interface > device.interface:
        raise RequestError(
            "release-needs-package",
            f"{manifest.version} needs a newer Debian package: its units and folders changed.",
            remedy="Install the package of that version with apt; it brings this release along.",
        )
    if device.schema is not None and device.schema > manifest.schema:
        raise RequestError(
            "release-schema",
            f"The database is at schema {device.schema}; {manifest.version} knows schemas up to {manifest.schema}.",
            remedy="Take a newer release.",
        )
    failed = any(e.new == manifest.version and e.result is Result.UNDONE for e in device.history)
    if failed and not again:
        raise RequestError(
            "release-failed-before",
            f"{manifest.version} was taken back here before (gate update list).",
            remedy="Take a newer release, or, once the cause is mended, install it with --again.",
        )
