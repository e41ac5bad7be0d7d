"""A signed head of the audit log, and the file that keeps the newest one apart from the database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HEAD_NAME = "audit-head"
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Head:
    """A signed point of the log: line, time of signing in UTC seconds, the chain's hash there."""

    seq: int
    at: int
    hash: bytes
    signature: bytes = b""

    @property
    def signed_bytes(self) -> bytes:
        """Give what the signature is over. Raises OverflowError for a line or a time below 0 or past 64 bits."""
        return b"gate audit head 1\0" + self.seq.to_bytes(8) + self.at.to_bytes(8) + self.hash


class KeptHead:
    """The file with one head."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Head | None:
        """Give the head, None where no file is. Raises ValueError for a file that holds none or cannot be read."""
        try:
            seq, at, linked, signature = self.path.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ValueError(error.strerror) from error
        return Head(int(seq), int(at), bytes.fromhex(linked), bytes.fromhex(signature))

    def write(self, head: Head) -> None:
        """Put *head* in the place of what was there, whole or not at all. Raises OSError."""
        fresh = self.path.with_suffix(f".{os.getpid()}")  # the command line may write beside the running gate
        with os.fdopen(os.open(fresh, _FRESH, 0o600), "w", encoding="ascii") as file:
            file.write(f"{head.seq} {head.at} {head.hash.hex()} {head.signature.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
