"""Keys shared with a reader or a door controller, sealed: the one in use, and one offered that waits for its answer."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime
from typing import Final

from gate.errors import RequestError
from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.database import Database
from gate.store.times import seconds_of
from gate.store.vault import Binding, Sealed, Vault

KEY_BYTES: Final = range(16, 65)
"""An OSDP base key has 16 bytes, a controller's pairing key 32."""
_DEVICE = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_CONFIRMED, _OFFERED = "confirmed", "offered"


class DeviceKeys:
    """The device_keys table. A key that was altered or moved raises VaultError ``record-altered``.

    A new key is offered first and confirmed once the device answers under it: a cable pulled in between leaves both keys
    here, and the device holds one of them.
    """

    def __init__(self, database: Database, vault: Vault, audit: AuditLog) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    def get(self, device: str) -> bytes | None:
        """Give the key that *device* is known to hold, or None."""
        rows = self._database.rows(
            "SELECT wrapped_key, sealed FROM device_keys WHERE device = :device AND sealed IS NOT NULL",
            device=device,
        )
        return self._vault.open(Sealed(*rows[0]), _binding(device, _CONFIRMED)) if rows else None

    def offered(self, device: str) -> bytes | None:
        """Give the key that was offered to *device* and is not confirmed, or None."""
        rows = self._database.rows(
            """SELECT offered_wrapped_key, offered_sealed FROM device_keys
                WHERE device = :device AND offered_sealed IS NOT NULL""",
            device=device,
        )
        return self._vault.open(Sealed(*rows[0]), _binding(device, _OFFERED)) if rows else None

    def offer(self, device: str, key: bytes, *, at: datetime) -> None:
        """Keep a fresh *key*, 16 to 64 bytes, before *device* is told it; one offered earlier goes, the confirmed one stays.

        Raises RequestError ``device-unfit`` for a name that is no section of the settings; ValueError for another length.
        """
        if _DEVICE.fullmatch(device) is None:
            raise RequestError(
                "device-unfit",
                "A device's name is 1 to 32 small letters, digits and -, a letter first.",
                remedy="Name the section of the settings that describes the device.",
            )
        if len(key) not in KEY_BYTES:
            raise ValueError("A device's key has 16 to 64 bytes.")
        sealed = self._vault.seal(key, _binding(device, _OFFERED))

        def work(connection: sqlite3.Connection) -> None:
            sql = """INSERT INTO device_keys (device, offered_wrapped_key, offered_sealed, offered_at)
                VALUES (:device, :wrapped, :sealed, :at) ON CONFLICT (device) DO UPDATE SET
                offered_wrapped_key = :wrapped, offered_sealed = :sealed, offered_at = :at"""
            values = {"wrapped": sealed.wrapped_key, "sealed": sealed.content, "at": seconds_of(at)}
            connection.execute(sql, {"device": device, **values})
            self._audit.note(connection, Actor.INSTALLER, Action.DEVICE_KEY_OFFERED, at=at, object=device)

        self._database.write(work)
        self._database.scrub()

    def confirm(self, device: str, *, at: datetime) -> None:
        """Take the offered key for the one in use: *device* answered under it; the earlier one is gone for good.

        Raises RequestError ``device-not-offered`` where none waits.
        """

        def work(connection: sqlite3.Connection) -> None:
            key = self.offered(device)
            if key is None:
                raise RequestError(
                    "device-not-offered",
                    f"No key waits to be confirmed for the device '{device}'.",
                    remedy="Pair the device anew.",
                )
            sealed = self._vault.seal(key, _binding(device, _CONFIRMED))
            sql = """UPDATE device_keys SET wrapped_key = ?, sealed = ?, confirmed_at = ?,
                offered_wrapped_key = NULL, offered_sealed = NULL, offered_at = NULL WHERE device = ?"""
            connection.execute(sql, (sealed.wrapped_key, sealed.content, seconds_of(at), device))
            self._audit.note(connection, Actor.INSTALLER, Action.DEVICE_KEY_CONFIRMED, at=at, object=device)

        self._database.write(work)
        self._database.scrub()

    def forget(self, device: str, *, at: datetime) -> bool:
        """Erase every key of *device*, an altered one too; False if there was none."""

        def work(connection: sqlite3.Connection) -> bool:
            if not connection.execute("DELETE FROM device_keys WHERE device = ?", (device,)).rowcount:
                return False
            self._audit.note(connection, Actor.INSTALLER, Action.DEVICE_KEY_FORGOTTEN, at=at, object=device)
            return True

        forgotten = self._database.write(work)
        self._database.scrub()
        return forgotten


def _binding(device: str, standing: str) -> Binding:
    """Bind a key to its device and its standing: an offered key passes for no confirmed one, nor for another's."""
    return Binding("device_keys", f"{standing}/{device}", 0)
