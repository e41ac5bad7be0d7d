"""Which orders came already: each is taken once, before it is carried out, and remembered until it could hold no more.

The table is bounded by the rate: RATE_MOST orders of a kind and key a minute, kept for ten minutes. Nothing that
nobody signed gets here.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from gate.core.orders import KEPT, RATE_MOST, RATE_SPAN, Order, OrderKind, Refusal
from gate.store.account.audit import Action, AuditLog, Who
from gate.store.database import Database
from gate.store.lockdown import Lockdown
from gate.store.times import seconds_of

_FLOOR: Final = "orders-floor"
"""In meta: the latest expiry of an order that was forgotten. A clock set back brings none of these to life again."""
VOID_AFTER_RESTORE: Final = (
    f"INSERT INTO meta VALUES ('{_FLOOR}', :at + {int(KEPT.total_seconds())})"  # noqa: S608 - our own words
    " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"
)
"""After a restore nobody knows which orders were carried out since the backup: all that may be out are void."""

_OVER = "expires_at <= :now AND issued_at <= :now - :kept"
_FORGET = f"DELETE FROM order_nonces WHERE {_OVER}"  # noqa: S608 - our own words
_RAISE = f"""INSERT INTO meta SELECT :floor, max(expires_at) FROM order_nonces WHERE {_OVER} HAVING count(*) > 0
    ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"""  # noqa: S608 - our own words
_RATE = """SELECT count(*) FROM order_nonces
    WHERE key = :key AND kind = :kind AND abs(taken_at - :now) < :span"""
_LATER = "SELECT 1 FROM order_nonces WHERE kind <> :release AND issued_at > :issued LIMIT 1"


class OrderBook:
    """The order_nonces table."""

    def __init__(self, database: Database, audit: AuditLog, lockdown: Lockdown) -> None:
        self._database = database
        self._audit = audit
        self._lockdown = lockdown

    def take(self, order: Order, *, at: datetime, by: Who) -> Refusal | None:
        """Write down that *order* is taken, with a line of the audit log; None once that is on disk.

        The caller has found it rightly signed and in force at *at*. Gives REPLAYED, OVERTAKEN or TOO_MANY, and writes
        nothing then. Raises VaultError.
        """
        now = seconds_of(at)
        row = {
            "nonce": order.nonce,
            "key": order.key,
            "kind": order.kind.value,
            "issued": seconds_of(order.issued_at),
            "expires": seconds_of(order.expires_at),
            "now": now,
        }

        def work(connection: sqlite3.Connection) -> Refusal | None:
            refused = self._refusal(connection, order, row)
            if refused is not None:
                return refused
            over = {"now": now, "kept": int(KEPT.total_seconds())}
            connection.execute(_RAISE, over | {"floor": _FLOOR})
            connection.execute(_FORGET, over)
            connection.execute(
                "INSERT INTO order_nonces VALUES (:nonce, :key, :kind, :issued, :expires, :now)", row
            )
            detail: dict[str, str | int] = {"kind": order.kind.value}
            self._audit.note(connection, by, Action.ORDER_TAKEN, at=at, object=order.nonce, detail=detail)
            return None

        return self._database.write(work)

    def refused(self, order: Order, why: Refusal, *, at: datetime, by: Who) -> None:
        """Add a line to the audit log: somebody who can sign, or holds what was signed, was refused. Raises VaultError."""
        detail: dict[str, str | int] = {"kind": order.kind.value, "reason": why.value}
        self._audit.write(by, Action.ORDER_REFUSED, at=at, object=order.nonce, detail=detail)

    def _refusal(
        self, connection: sqlite3.Connection, order: Order, row: dict[str, str | int]
    ) -> Refusal | None:
        """Say why *order* is not taken, by what is on record."""
        known = connection.execute("SELECT 1 FROM order_nonces WHERE nonce = ?", (order.nonce,)).fetchone()
        floor = connection.execute("SELECT value FROM meta WHERE name = ?", (_FLOOR,)).fetchone()
        if known or (floor is not None and int(row["expires"]) <= floor[0]):
            return Refusal.REPLAYED
        # What was held back on its way undoes no lockdown that was begun, or ended, after it was ordered.
        later = connection.execute(_LATER, row | {"release": OrderKind.RELEASE.value}).fetchone()
        begun = self._lockdown.since if order.kind is OrderKind.END_LOCKDOWN else None
        if later or (begun is not None and begun > order.issued_at):
            return Refusal.OVERTAKEN
        recent = connection.execute(_RATE, row | {"span": int(RATE_SPAN.total_seconds())}).fetchone()[0]
        return Refusal.TOO_MANY if recent >= RATE_MOST else None
