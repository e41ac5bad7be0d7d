"""The one way to the database: whole writes, plain reads, and what to do when the disk is full."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from gate.errors import VaultError
from gate.store.ballast import Ballast
from gate.store.db import BUSY_MS, open_beside, open_database, translated

T = TypeVar("T")
Row = tuple[Any, ...]  # what a SELECT gives: each caller names its columns and unpacks them on the next line

_TRIES: Final = 40
_AWAY_S: Final = 0.25
"""How long a long write stays away: longer than SQLite lets pass between two looks at a lock (0.1 s)."""


class _GaveWay(Exception):
    """The door's thread wants to write: no error, the long write begins anew."""


class Database:
    """A connection of one thread, with ballast; another thread reads ``beside`` it, or makes one long write at a time.

    Every method raises VaultError when the database cannot serve.
    """

    def __init__(self, path: Path) -> None:
        self._ballast = Ballast(path.with_name("ballast"))
        self._path = path
        self._beside = threading.local()
        self._wanted = threading.Event()  # set while the opener's thread waits to write
        self._long_write = threading.Lock()
        self._main = self._with_ballast(lambda: open_database(path))
        self._scrub_due = True  # a crash may have come between a deletion and its scrub
        self.reclaim()

    @property
    def space_low(self) -> bool:
        """Tell whether the room kept back is spent: face should go off and somebody should be told."""
        return not self._ballast.in_place

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run *work* in one transaction and give its result after the COMMIT; on any error nothing is written.

        *work* runs a second time when the disk was full and the ballast made room: it must not act elsewhere.
        A write inside *work* joins its transaction.
        """
        if self._connection.in_transaction:
            return work(self._connection)

        def transact() -> T:
            connection = self._connection
            self._begin(connection)
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # SQLite itself rolls back on some errors
                    connection.execute("ROLLBACK")
                raise
            return result

        return self._with_ballast(transact)

    def write_beside(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run *work* as ``write`` does, in the calling thread, another than the opener's, without keeping the door waiting.

        For what takes long: *work* calls ``give_way`` every few milliseconds. Where the opener's thread wants to write
        meanwhile, all of it is taken back and *work* runs again a little later; forty times at most, then VaultError
        ``database-busy``.
        """
        with self._long_write:
            connection = self._beside.connection = open_beside(self._path)
            try:
                for _ in range(_TRIES):
                    try:
                        return self.write(work)
                    except _GaveWay:
                        time.sleep(_AWAY_S)
            finally:
                del self._beside.connection
                connection.close()
        raise VaultError(
            "database-busy",
            "The gate had to write all the while; nothing was written.",
            remedy="Try again at a quieter hour.",
        )

    def give_way(self) -> None:
        """Let the opener's thread write first, from inside the work of ``write_beside``; nothing in the opener's own."""
        if self._connection is not self._main and self._wanted.is_set():
            raise _GaveWay

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Let the calling thread, another than the opener's, read what is committed, while the block runs.

        For what takes long and must not keep the door's loop. It reads by a connection of its own and must not write.
        """
        connection = self._beside.connection = open_beside(self._path)
        try:
            connection.execute("PRAGMA query_only = ON")
            yield
        finally:
            del self._beside.connection
            connection.close()

    def snapshot(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run *work*, which only reads, on the database as it stands at one moment; keeps no writer waiting."""
        connection = self._connection
        if connection.in_transaction:
            return work(connection)
        with translated():
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.execute("ROLLBACK")

    def rows(self, sql: str, **values: object) -> list[Row]:
        """Read all rows of a query with named *values*, also inside *work*."""
        with translated():
            return self._connection.execute(sql, values).fetchall()

    def scrub(self) -> bool:
        """Empty the write-ahead log, so that no deleted byte is left in it.

        Returns False if another connection still reads from it: ``reclaim`` then tries again. Deleted pages of the
        database itself are zeroed at once (secure_delete). What the flash chip keeps below is out of reach.
        """
        self._scrub_due = True
        busy: int = self._with_ballast(self._truncate_log)
        self._scrub_due = busy != 0
        return not self._scrub_due

    def reclaim(self) -> None:
        """Take up what could not be done earlier: a scrub that met a reader, ballast when there is room again."""
        if self._scrub_due:
            self.scrub()
        self._ballast.take()

    def close(self) -> None:
        """Close the connection. Closing twice is fine."""
        self._main.close()

    def _begin(self, connection: sqlite3.Connection) -> None:
        if connection is not self._main:
            connection.execute("BEGIN IMMEDIATE")
            return
        self._wanted.set()
        try:
            connection.execute("BEGIN IMMEDIATE")
        finally:
            self._wanted.clear()

    @property
    def _connection(self) -> sqlite3.Connection:
        """Give the calling thread's connection."""
        beside: sqlite3.Connection | None = getattr(self._beside, "connection", None)
        return self._main if beside is None else beside

    def _truncate_log(self) -> int:
        # Without the usual patience: a reader elsewhere must not keep the door's loop; ``reclaim`` comes back.
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            busy: int = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        return busy

    def _with_ballast(self, act: Callable[[], T]) -> T:
        try:
            with translated():
                return act()
        except VaultError as error:
            if error.code != "disk-full" or not self._ballast.release():
                raise
        with translated():
            return act()
