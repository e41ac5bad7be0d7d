"""What the pages need to hand an auditor one signed archive: asked by one, allowed by another, made beside the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from gate.core.roles import Staff
from gate.web.staff.ports.approvals import ApprovalView

KEPT_FOR: Final = timedelta(hours=1)
"""How long a made archive waits to be taken, once."""


@dataclass(frozen=True, slots=True)
class ReadyArchive:
    """An archive that waits. sha256: of the file, in hexadecimal."""

    made_at: datetime
    until: datetime
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """How it stands for one account. approval: the newest it asked for. fingerprint: of the device's key.

    is_making: somebody's archive is on its way. ready: this account's own.
    """

    approval: ApprovalView | None
    fingerprint: str
    is_making: bool
    ready: ReadyArchive | None


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """The archive as a file."""

    name: str
    content: bytes = field(repr=False)


class EvidencePort(Protocol):
    """Every method may raise VaultError."""

    def view(self, who: Staff) -> EvidenceView:
        """Tell how it stands. Raises what kept the last archive of *who* from being made, once."""

    def ask(self, who: Staff, reason: str) -> None:
        """Ask a second person. Raises RequestError: ``reason-unfit``, ``approval-many``."""

    def make(self, who: Staff) -> None:
        """Begin; the approval is used up once the archive is made.

        Raises RequestError: ``approval-missing``, ``evidence-busy``, ``evidence-waiting`` while another's is not taken.
        """

    def take(self, who: Staff) -> ArchiveFile:
        """Give the archive, once. Raises RequestError ``evidence-none``."""
