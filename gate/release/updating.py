"""Putting a release in force, and taking it back by itself if it does not serve (docs/adr/0035).

The order of steps is the safety: every step leaves one release that works, and is noted on the disk before it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gate.errors import DeviceFault, GateError, RequestError
from gate.release import database
from gate.release.database import Snapshot
from gate.release.extras import bring_wanted
from gate.release.journal import Course, Journal, Result, Step, snapshot_folder
from gate.release.place import DataPlace, Installed, Place, Version
from gate.release.service import Service


def no_steps(_name: str) -> None:
    """Heed no step; tests end the process at one."""


@dataclass(frozen=True, slots=True)
class Updater:
    """Updates of one device. data: None where there are no settings yet, so that nothing runs and nothing is kept.

    try_out: looks at a release beside the running one, given a folder to work in; raises what speaks against it.
    """

    place: Place
    service: Service
    data: DataPlace | None
    try_out: Callable[[Installed, Installed, Path], None] | None = None
    steps: Callable[[str], None] = field(default=no_steps)

    @property
    def journal(self) -> Journal:
        """Give the journal and history."""
        return Journal(self.place)

    def put_in_force(self, new: Installed) -> None:
        """Put *new*, which is finished, in force; if it does not serve, the old one serves again, as before.

        Raises what speaks against it (nothing was changed then), DeviceFault ``update-undone``, ``service-stays``.
        """
        self.recover(start=True)
        old = self.place.in_force()
        if old is None:
            self.place.switch(new)
            return
        if old.version == new.version:
            return
        self._refuse_older_schema(new)
        served = self.service.is_asked_to_run()
        if self.try_out is not None:
            self._tried(old, new)
        self.steps("tried")
        copied = self._moves_database(new)
        course = Course(Step.PREPARED, old.version, new.version, copied=copied, served=served)
        self.journal.write(course)
        self.steps("noted")
        self._stopped(course)
        self._switch(course, new)
        if served:
            self._prove(course)
        self._keep(course, Result.INSTALLED)

    def roll_back(self) -> Version:
        """Put the newest earlier release in force again; gives which. Nothing that was stored is lost.

        Raises RequestError: ``nothing-earlier``, ``database-moved-on``; DeviceFault ``service-stays``, ``update-undone``;
        and what ``extras.bring`` raises, before anything is stopped.
        """
        self.recover(start=True)
        now = self.place.in_force()
        earlier = [each for each in self.place.installed() if now is None or each.version < now.version]
        if now is None or not earlier:
            raise RequestError(
                "nothing-earlier",
                "No earlier release is kept on this device.",
                remedy="Install the one you want: gate update install FILE.",
            )
        back = earlier[-1]
        self._refuse_older_schema(back)
        bring_wanted(self.place, back)
        served = self.service.is_asked_to_run()
        course = Course(Step.PREPARED, now.version, back.version, copied=False, served=served, why="by hand")
        self.journal.write(course)
        self._stopped(course)
        self._switch(course, back)
        if course.served:
            self._prove(course)
        self._keep(course, Result.BY_HAND)
        return back.version

    def recover(self, *, start: bool = False) -> Course | None:
        """Finish or undo what a crash or a power cut interrupted; gives what that was, None where there was nothing.

        start: and start the gate if it ran when that began; before a device's own start, systemd does. A gate that serves
        meanwhile is stopped first, for its database is put back. Raises DeviceFault ``service-stays``.
        """
        self.journal.sweep()
        course = self.journal.read()
        if course is None:
            # A copy without a journal is of an update that is over; one that cannot be read would call the timer for ever.
            database.destroy(self._snapshot)
            self.journal.close()
            return None
        if course.step in {Step.SWITCHED, Step.UNDOING}:
            # Whoever killed the update may have left the new release serving: what it stores is lost the longer it does.
            self.service.stop()
            self._undo(course)
        self._end(course, start=start)
        return course

    @property
    def _snapshot(self) -> Snapshot:
        return Snapshot(snapshot_folder(self.place))

    def _refuse_older_schema(self, release: Installed) -> None:
        schema = None if self.data is None else database.schema_of(self.data)
        if schema is not None and schema > release.schema:
            raise RequestError(
                "database-moved-on",
                f"The database is at schema {schema}; {release.version} knows schemas up to {release.schema}.",
                remedy="Mend it with a newer release. What the newer database holds cannot be taken back to an older one; "
                "a backup from before the update can (gate restore), without what came after it.",
            )

    def _moves_database(self, new: Installed) -> bool:
        """Tell whether *new* will bring the database to a schema that the old release does not know."""
        schema = None if self.data is None else database.schema_of(self.data)
        return schema is not None and new.schema > schema

    def _tried(self, old: Installed, new: Installed) -> None:
        assert self.try_out is not None
        room = self.place.work / "trial"
        trial = Snapshot(room)
        database.destroy(trial)
        self.place.make_work()
        room.mkdir(mode=0o700)
        try:
            if self.data is not None:
                database.give(room, self.data)  # a trial runs as the gate does
            if self._moves_database(new) and self.data is not None:
                database.copy_database(self.data.data_dir / database.DATABASE_NAME, trial.database)
            self.try_out(old, new, room)
        finally:
            database.destroy(trial)

    def _stopped(self, course: Course) -> None:
        """Stop the gate and copy its database; if either fails it serves as before."""
        try:
            self.service.stop()
            self.steps("stopped")
            if course.copied:
                assert self.data is not None
                self.journal.write(replace(course, step=Step.COPYING))
                self.steps("copying")
                database.take(self.data, self._snapshot)
            self.steps("copied")
        except (GateError, OSError):
            self._end(course, start=True)
            raise

    def _switch(self, course: Course, to: Installed) -> None:
        self.journal.write(replace(course, step=Step.SWITCHED))
        self.steps("switching")
        self.place.switch(to)
        self.steps("switched")

    def _prove(self, course: Course) -> None:
        """Start what is in force now and watch it; undo all if it does not serve."""
        started = self.service.start()
        self.steps("started")
        if started and self.service.stays_up():
            self.steps("proved")
            return
        why = "it did not stay up" if started else "it did not become ready"
        self.service.stop()
        self._undo(replace(course, step=Step.SWITCHED, why=why))
        back = self._end(course, start=True)
        lost = (
            " The database was put back as it was before: what was changed while the new release ran is undone."
            if course.copied
            else " Nothing that was stored is lost."
        )
        raise DeviceFault(
            "update-undone",
            f"{course.new} was taken back, because {why}; {course.old} {'serves again' if back else 'is in force'}.{lost}",
            remedy=f"Look at journalctl -u {self.service.unit} for what {course.new} said, and tell its makers.",
        )

    def _undo(self, course: Course) -> None:
        """Put link and database back as before; may be interrupted anywhere and done again, until it is noted as over."""
        self.journal.write(replace(course, step=Step.UNDOING))
        self.steps("undoing")
        old = self.place.find(self.place.folder(course.old))
        assert old is not None, "the release before an update is never removed while it is under way"
        if course.copied and self.data is not None and self._snapshot.database.exists():
            database.put_back(self.data, self._snapshot)
        self.steps("put-back")
        self.place.switch(old)
        self.steps("switched-back")
        self.journal.note(course, Result.UNDONE, course.why or "it was interrupted")
        # Before the gate serves again: what it stores from then on, no second undoing may take away.
        self.journal.write(replace(course, step=Step.OVER))
        self.steps("undone")

    def _end(self, course: Course, *, start: bool) -> bool:
        """Start the gate if it is to run, then forget the update; gives whether it was started, and serves.

        In this order: where this is killed, the journal still has the timer come and do the rest.
        """
        serves = start and course.served and self.service.start()
        self.steps("served-again")
        database.destroy(self._snapshot)
        self.journal.close()
        return serves

    def _keep(self, course: Course, result: Result) -> None:
        """End a successful update: the copy goes, and so do releases older than the one before."""
        self.journal.note(course, result)
        self.journal.write(replace(course, step=Step.OVER))
        self.steps("over")
        database.destroy(self._snapshot)
        self.journal.close()
        self.steps("closed")
        kept = {course.old, course.new}
        for each in self.place.installed():
            if each.version not in kept:
                self.place.remove(each.version)
        self.steps("kept")
