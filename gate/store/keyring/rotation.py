"""A new epoch after each erasure: every surviving template renewed and sealed anew, the old secret destroyed (R24, R51).

In this order, so that a power cut at any moment leaves everything readable under one epoch: the new secret is made
durable; one transaction moves every template and the epoch's number; the old secret is destroyed. What is left over
after a cut is destroyed at the next start (``Epochs.settle``). docs/adr/0009 says why.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from gate.errors import VaultError
from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.consent.templates import BOUND_TERMS, template_binding
from gate.store.database import Database, Row
from gate.store.keyring.epochs import Epoch, Epochs
from gate.store.vault import Sealed

_ROWS = f"""SELECT templates.id, consent_id, model_sha256, wrapped_key, sealed, {BOUND_TERMS}
    FROM templates LEFT JOIN consents ON consents.id = consent_id ORDER BY templates.rowid"""  # noqa: S608 - our own words
_KEYS = "SELECT id, wrapped_key FROM templates ORDER BY rowid"
_MOVE = "UPDATE templates SET epoch = ?, wrapped_key = ?, sealed = ? WHERE id = ?"
_TRIES = 5

T = TypeVar("T")
Move = tuple[int, bytes, bytes, str]  # the values of _MOVE
Renew = Callable[[bytes, bytes, Sequence[bytes]], Awaitable[Sequence[bytes]]]
"""Takes templates from the old seed to the new one, off this thread; as many, in the same order."""
RenewNow = Callable[[bytes, bytes, Sequence[bytes]], Sequence[bytes]]
"""The same for the command line: it waits."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """One change of epoch under way: what stood in the database, and the keys before and after.

    was: the epoch in force. old is None where there is no template, so that a lost epoch does not stand in the way of
    the next. others: epochs
    whose secret is there besides, left over. Both methods are safe in any
    thread, and slow.
    """

    was: int
    old: Epoch | None
    new: Epoch
    others: frozenset[int]
    secret: bytes = field(repr=False)
    rows: tuple[Row, ...] = field(repr=False)

    def survivors(self) -> tuple[list[Row], list[bytes]]:
        """Open every template; altered ones stay behind, as noise that the gallery reports."""
        rows, templates = [], []
        for row in self.rows:
            template, consent, model, wrapped_key, content, terms = row
            assert self.old is not None  # without the old epoch there are no rows
            try:
                binding = template_binding(template, consent, model, self.old.number, terms)
                opened = self.old.vault.open(Sealed(wrapped_key, content), binding)
            except VaultError:
                continue
            rows.append(row)
            templates.append(opened)
        return rows, templates

    def sealed(self, rows: Sequence[Row], renewed: Sequence[bytes]) -> list[Move]:
        """Seal the renewed templates under the new epoch, each with a fresh key and its own binding.

        Raises VaultError ``renewal-failed`` if not every template came back.
        """
        if len(renewed) != len(rows):
            raise VaultError(
                "renewal-failed",
                f"Of {len(rows)} face templates {len(renewed)} came back renewed; the old epoch stays.",
                remedy="Report it; it is tried again.",
            )
        moves = []
        for (template, consent, model, _, _, terms), plain in zip(rows, renewed, strict=True):
            binding = template_binding(template, consent, model, self.new.number, terms)
            sealed = self.new.vault.seal(plain, binding)
            moves.append((self.new.number, sealed.wrapped_key, sealed.content, template))
        return moves

    def stale(self, *, finished: bool) -> frozenset[int]:
        """Give the epochs whose secrets have to go now that the change is done, or is not to be."""
        return self.others | {self.was if finished else self.new.number}


class Rotation:
    """Changes the epoch. ``begin`` and ``finish`` belong to the store's thread."""

    def __init__(self, database: Database, epochs: Epochs, audit: AuditLog) -> None:
        self._database = database
        self._epochs = epochs
        self._audit = audit
        self._left_behind = False

    @property
    def due(self) -> bool:
        """Tell whether a template was deleted since the last change of epoch, or an old secret outlived it.

        While the keys are out of memory (R60) nothing can be renewed: the answer is then no.
        """
        marked = self._database.rows("SELECT 1 FROM meta WHERE name = 'rotation-due'")
        return not self._epochs.is_closed and (self._left_behind or bool(marked))

    def begin(self, known: frozenset[int] | None = None) -> Renewal:
        """Read what stands in the database and draw the new epoch; nothing is written.

        known: what ``Epochs.shelved`` gives, where it was asked in another thread. Raises VaultError ``epoch-lost``
        where there are templates that nothing opens: they have to go first.
        """
        known = self._epochs.shelved() if known is None else known
        rows = tuple(self._database.rows(_ROWS))
        was = self._epochs.number
        new, secret = self._epochs.drawn(known)
        return Renewal(was, self._epochs.current if rows else None, new, known - {was}, secret, rows)

    def finish(self, renewal: Renewal, moves: Sequence[Move], at: datetime) -> bool:
        """Move database and templates to the new epoch in one transaction; its secret must be durable.

        Returns False, and writes nothing, if templates or epoch changed since ``begin``.
        """
        read = [(template, wrapped_key) for template, _, _, wrapped_key, *_ in renewal.rows]

        def work(connection: sqlite3.Connection) -> bool:
            if self._epochs.number != renewal.was or connection.execute(_KEYS).fetchall() != read:
                return False
            connection.executemany(_MOVE, moves)
            connection.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (renewal.new.number,))
            connection.execute("DELETE FROM meta WHERE name = 'rotation-due'")
            detail = {"epoch": renewal.new.number, "templates": len(moves)}
            self._audit.note(connection, Actor.GATE, Action.EPOCH_ROTATED, at=at, detail=detail)
            return True

        self._left_behind = True  # from here on one of two secrets is stale, until it is destroyed
        finished = self._database.write(work)
        if finished:
            self._epochs.adopt(renewal.new)
        return finished

    async def rotate(self, renew: Renew, at: datetime) -> bool:
        """Change the epoch; what is slow happens off this thread. Returns False if another process is at it.

        Raises VaultError; the old epoch is then still in force, or the new one whole, and a second try mends the rest.
        """
        with self._epochs.alone() as alone:
            if not alone:
                return False
            for _ in range(_TRIES):
                renewal = self.begin(await _aside(self._epochs.shelved))
                rows, templates = await _aside(renewal.survivors)
                renewed = await renew(_seed(renewal.old), renewal.new.seed, templates) if templates else ()
                moves = await _aside(partial(renewal.sealed, rows, renewed))
                await _aside(partial(self._epochs.write, renewal.new.number, renewal.secret))
                finished = self.finish(renewal, moves, at)
                await _aside(partial(self._epochs.destroy, renewal.stale(finished=finished)))
                self._left_behind = False
                if finished:
                    self._database.scrub()
                    return True
        raise _never_still()

    def rotate_now(self, renew: RenewNow, at: datetime) -> bool:
        """Do the same at once, for the command line."""
        with self._epochs.alone() as alone:
            if not alone:
                return False
            for _ in range(_TRIES):
                renewal = self.begin()
                rows, templates = renewal.survivors()
                renewed = renew(_seed(renewal.old), renewal.new.seed, templates) if templates else ()
                moves = renewal.sealed(rows, renewed)
                self._epochs.write(renewal.new.number, renewal.secret)
                finished = self.finish(renewal, moves, at)
                self._epochs.destroy(renewal.stale(finished=finished))
                self._left_behind = False
                if finished:
                    self._database.scrub()
                    return True
        raise _never_still()


async def _aside(work: Callable[[], T]) -> T:
    """Do *work* in a thread. A cancellation waits for it: nothing may be written after the lock is let go."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _seed(epoch: Epoch | None) -> bytes:
    assert epoch is not None  # only templates need it, and without the old epoch there are none
    return epoch.seed


def _never_still() -> VaultError:
    return VaultError(
        "rotation-outrun",
        "The face templates changed again and again while their epoch was to change.",
        remedy="Nothing: it is tried again within half a minute.",
    )
