"""Where releases lie on a device, and which of them is in force: one symbolic link, replaced atomically."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.errors import ConfigError, RequestError
from gate.wholefiles import sync_folder, write_whole

CONFIG: Final = Path("/etc/gate/gate.toml")
DATA_DIR: Final = Path("/var/lib/gate")
KEYS_DIR: Final = Path("/var/lib/gate-keys")
COMPLETE_NAME: Final = "release.json"
"""Written last into an environment: one without it was never finished, and is removed."""
_VERSION = re.compile(r"(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Three numbers, compared as numbers."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read ``1.2.3`` and nothing else. Raises RequestError ``release-version``."""
        found = _VERSION.fullmatch(text)
        if found is None:
            raise RequestError(
                "release-version",
                "A release's version is three numbers, such as 1.2.3; this is none.",
                remedy="Take a release as its makers published it.",
            )
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True)
class Installed:
    """A finished environment. schema: the newest version of the database that it knows."""

    version: Version
    schema: int
    folder: Path

    @property
    def python(self) -> Path:
        """Give its interpreter."""
        return self.folder / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Place:
    """The two folders of a device's releases. root: environments and link. work: what an update keeps while it lasts."""

    root: Path = Path("/opt/gate")
    work: Path = Path("/var/lib/gate-update")

    @property
    def releases(self) -> Path:
        """Give the folder of the environments."""
        return self.root / "releases"

    @property
    def link(self) -> Path:
        """Give the link that names the release in force."""
        return self.root / "current"

    def make_work(self) -> Path:
        """Make the work folder: others may pass through to a folder of their own in it, and look at nothing."""
        self.work.mkdir(mode=0o711, parents=True, exist_ok=True)
        return self.work

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second update out while the block runs. Raises RequestError ``update-busy``."""
        with (self.make_work() / "busy").open("w", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RequestError(
                    "update-busy",
                    "Another update is at work on this device.",
                    remedy="Wait until it is done.",
                ) from error
            yield

    def folder(self, version: Version) -> Path:
        """Give the folder of one release, there or not."""
        return self.releases / str(version)

    def installed(self) -> tuple[Installed, ...]:
        """Give the finished releases, the oldest first."""
        if not self.releases.is_dir():
            return ()
        found = [self.find(each) for each in self.releases.iterdir() if _VERSION.fullmatch(each.name)]
        return tuple(sorted((each for each in found if each), key=lambda each: each.version))

    def find(self, folder: Path) -> Installed | None:
        """Give the finished release in *folder*, None where there is none or it was never finished."""
        try:
            told = json.loads((folder / COMPLETE_NAME).read_text(encoding="utf-8"))
            return Installed(Version.parse(told["version"]), int(told["schema"]), folder)
        except (OSError, ValueError, KeyError, TypeError, RequestError):
            return None

    def in_force(self) -> Installed | None:
        """Give the release that the link names, None where it names none that is finished."""
        try:
            name = self.link.readlink()
        except OSError:
            return None
        return self.find(self.root / name)

    def finish(self, version: Version, schema: int) -> Installed:
        """Mark the environment of *version* as finished, durably. Raises OSError."""
        folder = self.folder(version)
        told = json.dumps({"version": str(version), "schema": schema}) + "\n"
        write_whole(folder / COMPLETE_NAME, told.encode(), mode=0o644)
        return Installed(version, schema, folder)

    def switch(self, to: Installed) -> None:
        """Put *to* in force: before or after a power cut the link names one release, whole. Raises OSError."""
        fresh = self.link.with_name(".current.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(to.folder.relative_to(self.root))
        fresh.replace(self.link)
        sync_folder(self.root)

    def remove(self, version: Version) -> None:
        """Remove a release that is not in force: its mark first, so that half of one is never taken for a whole."""
        folder = self.folder(version)
        (folder / COMPLETE_NAME).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def clear_unfinished(self) -> None:
        """Remove what an installation that ended early left behind."""
        if not self.releases.is_dir():
            return
        for each in self.releases.iterdir():
            if self.find(each) is None:
                shutil.rmtree(each, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class DataPlace:
    """Where the settings say that the gate's data and keys lie."""

    data_dir: Path
    keys_dir: Path


def data_place(config: Path) -> DataPlace:
    """Read just that from the settings file, which may name keys that this release does not know.

    Raises ConfigError ``settings-unreadable``, ``settings-not-toml``.
    """
    try:
        storage = tomllib.loads(config.read_text(encoding="utf-8")).get("storage", {})
        return DataPlace(
            Path(storage.get("data_dir", DATA_DIR)),
            Path(storage.get("keys_dir", KEYS_DIR)),
        )
    except OSError as error:
        raise ConfigError(
            "settings-unreadable",
            f"The settings file {config} cannot be read: {error.strerror}.",
            remedy="Put it there, or name another with --config.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, TypeError) as error:
        raise ConfigError(
            "settings-not-toml", f"{config} is not TOML as the gate takes it.", remedy="Mend it first."
        ) from error
