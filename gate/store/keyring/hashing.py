"""argon2id, one hash at a time and never at a cost that an altered file or row asks for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gate.errors import VaultError

# The lanes share OpenSSL's one pool of threads: two hashes at once wait for each other for ever, or fail (seen with
# cryptography 50). One at a time is also what keeps the memory of a small board free (docs/adr/0005).
_HASHING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs: passes over *memory_kib* KiB in *lanes* threads."""

    iterations: int
    memory_kib: int
    lanes: int

    def is_within(self, most: Cost) -> bool:
        """Tell whether a stored cost may be paid: somebody may have altered it to bring the device down."""
        return (
            1 <= self.iterations <= most.iterations
            and 1 <= self.lanes <= most.lanes
            and 8 * self.lanes <= self.memory_kib <= most.memory_kib
        )

    def hasher(self, salt: bytes, length: int) -> Argon2id:
        """Give the hash function of this cost: *length* bytes out."""
        return Argon2id(
            salt=salt,
            length=length,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )


# OWASP's and RFC 9106's second choice, about 0.1 s on a desktop core.
USUAL = Cost(iterations=3, memory_kib=64 * 1024, lanes=4)
MOST = Cost(iterations=10, memory_kib=1024 * 1024, lanes=8)


@contextmanager
def one_hash() -> Iterator[None]:
    """Let one hash run at a time. Raises VaultError ``hash-memory`` when its memory is not to be had."""
    with _HASHING:
        try:
            yield
        except MemoryError as error:
            raise VaultError(
                "hash-memory",
                f"A PIN or passphrase cannot be checked without {USUAL.memory_kib // 1024} MiB of free memory.",
                remedy="End what else runs on this device; cards go on.",
            ) from error
