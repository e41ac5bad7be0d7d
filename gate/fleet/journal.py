"""The consumer's journal: each message once, whatever the broker sends twice, and what never came.

One SQLite file, shared by all the consumers of one machine. A message is filed before it is acknowledged, so a consumer that
is killed loses nothing, and the second copy that the broker then sends changes nothing.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from gate.errors import RequestError, VaultError
from gate.store.db import translated

BUSY_S = 30.0
"""How long one consumer waits for another's commit: these take milliseconds, on a bad disk a second."""
LAYOUT = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS received(
    number INTEGER PRIMARY KEY AUTOINCREMENT, gate TEXT NOT NULL, message_id TEXT NOT NULL, kind TEXT NOT NULL,
    stream TEXT, epoch TEXT, sequence INTEGER, received_at TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (gate, message_id)
) STRICT;
CREATE INDEX IF NOT EXISTS received_time ON received(received_at);
CREATE TABLE IF NOT EXISTS covered(
    gate TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (gate, stream, epoch, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latest(
    gate TEXT NOT NULL, kind TEXT NOT NULL, received_at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (gate, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS happened(
    what TEXT NOT NULL, gate TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (what, gate)
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands: sequences begin at 1 in each epoch of a gate's stream, and none is left out."""

    stream: str
    epoch: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """One valid message as it came. body: its JSON. is_state: only the latest of its kind is worth keeping."""

    gate: str
    kind: str
    message_id: str
    body: str
    place: Place | None = None
    is_state: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One filed message. ``number`` only grows, in the order of filing, and is never given twice."""

    number: int
    received_at: str
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequences of one stream that never came, though later ones did: late yet, or lost."""

    gate: str
    stream: str
    epoch: str
    first: int
    last: int

    @property
    def at_head(self) -> bool:
        """Tell whether nothing before it ever came: it may have been sent before this journal was begun."""
        return self.first == 1


@dataclass(frozen=True, slots=True)
class LatestState:
    """The last word of one kind, such as health, that one gate said of itself."""

    gate: str
    kind: str
    received_at: str
    body: str


class Journal:
    """The file, open. Raises VaultError if SQLite cannot use it. Stays on the thread that opened it."""

    def __init__(self, path: Path) -> None:
        # One at a time: of two that turn a new file's log on at once, SQLite refuses one without waiting.
        with _lock(path, "opening", fcntl.LOCK_EX), translated():
            path.touch(mode=0o600)  # before SQLite does it: its log takes the file's mode over
            self._database = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
                self._database.execute("PRAGMA synchronous = FULL")  # filed means: after a power cut as well
                self._lay_out()
            except BaseException:
                self._database.close()
                raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def take(self, arrivals: Sequence[Arrival], at: datetime) -> list[Line]:
        """File *arrivals* in one transaction and give the new ones; once this returns they may be acknowledged.

        at: aware, UTC. Known already is what has a message id or a sequence that was filed before. Raises VaultError,
        and then nothing of *arrivals* is filed.
        """
        moment = _text(at)
        with translated(), self._writing():
            lines = [self._filed(arrival, moment) for arrival in arrivals]
        return [line for line in lines if line is not None]

    def refuse(self, gate: str) -> None:
        """Count a payload of *gate* that fits no schema. Nothing of it is kept."""
        with translated(), self._writing():
            self._count("refused", gate)

    def lines(self, *, after: int = 0, limit: int = 1000) -> list[Line]:
        """Give filed messages numbered above *after*, lowest first: who keeps the last number misses none."""
        with translated():
            rows = self._database.execute(
                "SELECT number, received_at, gate, kind, message_id, body, stream, epoch, sequence FROM received "
                "WHERE number > ? ORDER BY number LIMIT ?",
                (after, limit),
            ).fetchall()
        return [_line(*row) for row in rows]

    def gaps(self) -> list[Gap]:
        """Give what never came before something that came, by gate, stream and epoch."""
        with translated():
            rows = self._database.execute(
                "SELECT gate, stream, epoch, before + 1, first - 1 FROM (SELECT *, coalesce(lag(last) OVER "
                "(PARTITION BY gate, stream, epoch ORDER BY first), 0) AS before FROM covered) "
                "WHERE first > before + 1 ORDER BY gate, stream, epoch, first"
            ).fetchall()
        return [Gap(*row) for row in rows]

    def states(self) -> list[LatestState]:
        """Give what each gate said of itself last, by gate and kind."""
        with translated():
            rows = self._database.execute(
                "SELECT gate, kind, received_at, body FROM latest ORDER BY gate, kind"
            ).fetchall()
        return [LatestState(*row) for row in rows]

    def happened(self) -> dict[str, int]:
        """Give how often a message came ``again`` and how many were ``refused``; a word is missing where it never was."""
        with translated():
            rows = self._database.execute("SELECT what, sum(times) FROM happened GROUP BY what").fetchall()
        return dict(rows)

    def filed(self) -> int:
        """Give how many messages are filed now."""
        with translated():
            row: tuple[int] = self._database.execute("SELECT count(*) FROM received").fetchone()
        return row[0]

    def forget(self, before: datetime) -> int:
        """Delete messages that came before *before* (aware, UTC) and tell how many. Their sequences stay known."""
        with translated(), self._writing():
            return self._database.execute(
                "DELETE FROM received WHERE received_at < ?", (_text(before),)
            ).rowcount

    def _lay_out(self) -> None:
        with self._writing():
            found: tuple[int] = self._database.execute("PRAGMA user_version").fetchone()
            if found[0] > LAYOUT:
                raise VaultError(
                    "journal-newer",
                    "The journal was written by a newer gate.",
                    remedy="Use that version, or name another file with --journal.",
                )
            for statement in _TABLES.split(";"):
                self._database.execute(statement)
            self._database.execute(f"PRAGMA user_version = {LAYOUT}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            # A full disk may have ended the transaction already.
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _filed(self, arrival: Arrival, moment: str) -> Line | None:
        if arrival.is_state:
            self._database.execute(
                "INSERT INTO latest VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET received_at = excluded.received_at, "
                "body = excluded.body",
                (arrival.gate, arrival.kind, moment, arrival.body),
            )
            return None
        if self._is_known(arrival):
            self._count("again", arrival.gate)
            return None
        number = self._insert(arrival, moment)
        if arrival.place is not None:
            self._cover(arrival.gate, arrival.place)
        return Line(number, moment, arrival)

    def _is_known(self, arrival: Arrival) -> bool:
        # Of this gate: another's message under the same id must not make this one vanish.
        if self._one(
            "SELECT 1 FROM received WHERE gate = ? AND message_id = ?", arrival.gate, arrival.message_id
        ):
            return True
        place = arrival.place
        # Also once the message itself is forgotten: a gate that was away for months may send its last one again.
        return place is not None and self._one(
            "SELECT 1 FROM covered WHERE gate = ? AND stream = ? AND epoch = ? AND first <= ? AND last >= ?",
            arrival.gate,
            place.stream,
            place.epoch,
            place.sequence,
            place.sequence,
        )

    def _one(self, query: str, *values: str | int) -> bool:
        return self._database.execute(query, values).fetchone() is not None

    def _insert(self, arrival: Arrival, moment: str) -> int:
        place = arrival.place
        stands = (None, None, None) if place is None else (place.stream, place.epoch, place.sequence)
        number = self._database.execute(
            "INSERT INTO received(message_id, gate, kind, stream, epoch, sequence, received_at, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (arrival.message_id, arrival.gate, arrival.kind, *stands, moment, arrival.body),
        ).lastrowid
        assert number is not None
        return number

    def _cover(self, gate: str, place: Place) -> None:
        """Add one sequence to what is covered, joined with the stretches that it touches."""
        stream = (gate, place.stream, place.epoch)
        touched = self._database.execute(
            "DELETE FROM covered WHERE gate = ? AND stream = ? AND epoch = ? AND first <= ? AND last >= ? "
            "RETURNING first, last",
            (*stream, place.sequence + 1, place.sequence - 1),
        ).fetchall()
        stretches = [*touched, (place.sequence, place.sequence)]
        self._database.execute(
            "INSERT INTO covered VALUES (?, ?, ?, ?, ?)",
            (*stream, min(first for first, _ in stretches), max(last for _, last in stretches)),
        )

    def _count(self, what: str, gate: str) -> None:
        self._database.execute(
            "INSERT INTO happened VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1", (what, gate)
        )


@contextmanager
def alone(path: Path, client_id: str) -> Iterator[None]:
    """Hold the name *client_id* beside the journal at *path* while the block lasts, or until this process ends.

    Raises RequestError ``consumer-twice`` if another holds it: two under one name throw each other off the broker for
    ever, and mosquitto 2.0.11 does not tell them why. VaultError if the lock cannot be written.
    """
    try:
        handle = _lock(path, client_id.replace("/", "-"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RequestError(
            "consumer-twice",
            "A consumer of this name runs already.",
            remedy="Give each its own --name.",
        ) from error
    with handle:
        yield


def _lock(path: Path, name: str, operation: int) -> IO[str]:
    """Take a lock beside the journal at *path*, held until what is given is closed. Raises VaultError if that cannot be."""
    try:
        handle = path.with_name(f"{path.name}.{name}.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise VaultError(
            "journal-folder",
            f"The journal's folder cannot be written: {error.strerror}.",
            remedy="Give it to the consumer's account, or name another file with --journal.",
        ) from error
    try:
        fcntl.flock(handle, operation)
    except BaseException:
        handle.close()
        raise
    return handle


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(
    number: int,
    received_at: str,
    gate: str,
    kind: str,
    message_id: str,
    body: str,
    stream: str | None,
    epoch: str | None,
    sequence: int | None,
) -> Line:
    place = None
    if stream is not None and epoch is not None and sequence is not None:
        place = Place(stream, epoch, sequence)
    return Line(number, received_at, Arrival(gate, kind, message_id, body, place))
