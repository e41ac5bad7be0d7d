"""Kills a process before each of its writes in turn: ``python -m tests.killing DEED BASE OUT``.

Each round copies BASE to OUT/k and does the deed there in a forked child that is killed (SIGKILL) before its k-th write:
a statement to SQLite, or a call that opens, writes, syncs, renames or deletes a file. It ends when a child lives
through its deed, and prints how many were killed. Nothing of ours is patched: the profiler counts.
"""

import io
import os
import posix
import shutil
import signal
import sqlite3
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from gate.store.keyring.custody import Tpm
from gate.store.keyring.keys import Custody
from tests.consents import AT_DESK
from tests.stores import open_in

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FILE_CALLS = {
    "open",
    "write",
    "fsync",
    "replace",
    "rename",
    "unlink",
    "remove",
    "link",
    "mkdir",
    "chmod",
    "ftruncate",
}
CHIP_CALLS = {"Esys_NV_Write", "Esys_NV_DefineSpace", "Esys_NV_UndefineSpace", "Esys_Create"}
UNIT = "301"
EACH = 15
"""Of the statements within a transaction one in so many: before its COMMIT nothing is durable, whichever it is."""


def open_at(folder, *, tcti=None):
    """Open the store in *folder*, its key in a file, or in the chip at *tcti*."""
    return open_in(folder) if tcti is None else open_in(folder, custody=Custody.TPM, tpm=Tpm(tcti))


def keep(_old_seed, _new_seed, templates):
    """Stand in for the transform, which writes nothing."""
    return list(templates)


def start(folder, tcti):
    """Start the gate: the first time, after an upgrade, or after a crash."""
    return lambda: open_at(folder, tcti=tcti).close()


def rotate(folder, tcti):
    """Change the epoch."""
    store = open_at(folder, tcti=tcti)
    return lambda: store.rotation.rotate_now(keep, NOON)


def erase(folder, tcti):
    """Let the resident of UNIT withdraw."""
    store = open_at(folder, tcti=tcti)
    person = store.people.find_by_unit(UNIT)
    return lambda: store.consents.withdraw(person.id, at=NOON, by=AT_DESK)


DEEDS = {"start": start, "rotate": rotate, "erase": erase}


def is_write(function, statements):
    owner, name = getattr(function, "__self__", None), function.__name__
    if isinstance(owner, sqlite3.Connection | sqlite3.Cursor):
        connection = owner if isinstance(owner, sqlite3.Connection) else owner.connection
        if not connection.in_transaction:
            return name in {"execute", "executemany"}
        return name in {"execute", "executemany"} and next(statements) % EACH == 0
    if owner is posix or isinstance(owner, io.IOBase):
        return name in FILE_CALLS
    return name in CHIP_CALLS


def do_and_die(deed, number):
    """Do the deed; die before write *number*, counted from 0."""
    writes, statements = count(), count()

    def watch(_frame, event, function):
        if event == "c_call" and is_write(function, statements) and next(writes) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    deed()
    sys.setprofile(None)


def survives(name, folder, number, tcti=None):
    """Fork a child that does the deed in *folder*, to be killed before write *number*; tell whether it lived."""
    child = os.fork()
    if child == 0:
        try:
            do_and_die(DEEDS[name](folder, tcti), number)
        except BaseException:  # noqa: BLE001 - the child must not return into the caller's code
            sys.excepthook(*sys.exc_info())
            os._exit(2)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "the deed itself failed"
    return True


def main(name, base, out):
    for number in count():
        shutil.copytree(base, out / str(number))
        if survives(name, out / str(number), number):
            sys.stdout.write(f"{number}\n")
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
