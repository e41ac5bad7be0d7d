"""A made-up device for updates: releases without code, a real database, and a systemctl that keeps a service of files."""

import json
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from gate.release.place import DataPlace, Place, Version
from gate.release.service import Service
from gate.release.updating import Updater

KEEPER = Path(__file__).parent / "serving"
KEEPS = """#!/bin/sh
case "$1" in
  start) [ -e "{running}" ] || {{ rm -f "{looping}"; exec {start}; }} ;;
  stop) rm -f "{running}" "{looping}" ;;
  is-active) if [ -e "{running}" ]; then echo active; elif [ -e "{looping}" ]; then echo activating; else echo inactive; fi ;;
  show) echo 0 ;;
esac
"""
OLD, NEW = Version(0, 1, 0), Version(0, 2, 0)
SCHEMA = 9


class Device:
    """The folders of one device. The service is "running" while the file of that name says which release."""

    def __init__(self, home):
        self.home = home
        self.place = Place(home / "opt", home / "work")
        self.data = DataPlace(home / "data", home / "keys")

    def made(self, *, new_schema=SCHEMA, broken=False):
        """Set up the old release, which serves, and the new one, finished beside it."""
        for folder in (self.data.data_dir, self.data.keys_dir, self.place.releases):
            folder.mkdir(mode=0o700, parents=True)
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(
                f"PRAGMA journal_mode=WAL; PRAGMA user_version={SCHEMA};"
                "CREATE TABLE told (what TEXT); INSERT INTO told VALUES ('before');"
            )
        (self.data.keys_dir / "audit-head").write_text("before\n", encoding="ascii")
        self.place.switch(self.release(OLD, SCHEMA))
        self.release(NEW, new_schema, broken=broken)
        assert Service().start()
        return self

    def release(self, version, schema, *, broken=False):
        folder = self.place.folder(version)
        folder.mkdir(parents=True)
        if broken:
            (folder / "broken").touch()
        return self.place.finish(version, schema)

    @property
    def database(self):
        return self.data.data_dir / "gate.sqlite3"

    @property
    def new(self):
        return self.place.find(self.place.folder(NEW))

    def updater(self, steps=None, **others):
        service = Service(probation_s=0.0, look_every_s=0.0)
        return Updater(self.place, service, self.data, **({"steps": steps} if steps else {}), **others)

    def environment(self, monkeypatch):
        """Put the stand-in for systemctl first in the path: a program, found as any other."""
        bin_folder = self.home / "bin"
        bin_folder.mkdir(parents=True)
        start = f'"{sys.executable}" -S -E "{KEEPER}" "{self.home}"'
        files = {"running": self.home / "running", "looping": self.home / "looping"}
        (bin_folder / "systemctl").write_text(KEEPS.format(**files, start=start), "utf-8")
        (bin_folder / "systemctl").chmod(0o755)
        monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
        return self

    def runs(self):
        """Give the release that serves, None where none does."""
        path = self.home / "running"
        return Version.parse(path.read_text(encoding="ascii")) if path.exists() else None

    def ends_again_and_again(self):
        """Have systemd wait to start once more what serves, as it does with a gate that always ends."""
        (self.home / "running").unlink()
        (self.home / "looping").touch()

    def told(self):
        with closing(sqlite3.connect(self.database)) as connection:
            return [what for (what,) in connection.execute("SELECT what FROM told")]

    def schema(self):
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute("PRAGMA user_version").fetchone()[0]

    def head(self):
        return (self.data.keys_dir / "audit-head").read_text(encoding="ascii").strip()

    def leftovers(self):
        """Give what an update should have taken away again."""
        work = self.place.work
        names = {path.name for path in work.iterdir()} if work.exists() else set()
        return sorted(names - {"busy", "history.json"})

    def history(self):
        path = self.place.work / "history.json"
        return [each["result"] for each in json.loads(path.read_text("utf-8"))] if path.exists() else []


def killed_at(device, step):
    """Update in a child that is killed at *step*; True if it lived."""
    child = os.fork()
    if child == 0:

        def steps(name):
            if name == step:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            device.updater(steps).put_in_force(device.new)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return not os.WIFSIGNALED(status)
