"""The evidence archive on demand: two persons, one archive at a time, in memory, for an hour, taken once."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from gate.core.roles import AccountId, Act, Staff
from gate.errors import GateError, RequestError
from gate.govern.evidence.export import export
from gate.office.background import Job
from gate.ports import Clock
from gate.settings import Settings
from gate.store import Store
from gate.store.account.audit import Action
from gate.store.account.signing import fingerprint
from gate.web.staff.ports.approvals import ApprovalId, ApprovalsPort, ApprovalState
from gate.web.staff.ports.evidence import KEPT_FOR, ArchiveFile, EvidenceView, ReadyArchive

SUBJECT: Final = "evidence archive"


@dataclass(frozen=True, slots=True)
class _Made:
    about: ReadyArchive
    file: ArchiveFile = field(repr=False)


class EvidenceOffice:
    """The archive of one gate."""

    def __init__(self, settings: Settings, store: Store, clock: Clock, approvals: ApprovalsPort) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._approvals = approvals
        self._job: Job[_Made] = Job()
        self._for: AccountId | None = None

    def view(self, who: Staff) -> EvidenceView:
        """Tell how it stands. Raises what kept the last archive of *who* from being made, once."""
        made = self._waiting(who)
        return EvidenceView(
            approval=self._approvals.find(who, Act.EXPORT_EVIDENCE, SUBJECT),
            fingerprint=fingerprint(self._store.signer.public_key),
            is_making=self._job.is_at_work,
            ready=None if made is None else made.about,
        )

    def ask(self, who: Staff, reason: str) -> None:
        """Ask a second person to allow one archive."""
        self._approvals.ask(who, Act.EXPORT_EVIDENCE, SUBJECT, reason)

    def make(self, who: Staff) -> None:
        """Make the archive beside the door's work; that it was made is on record, and uses the approval up.

        One that could not be made costs no approval.
        """
        if self._job.is_at_work:
            raise RequestError(
                "evidence-busy",
                "An archive is being made just now.",
                remedy="Wait until it is done, then make yours.",
            )
        if self._holds_anothers(who):
            raise RequestError(
                "evidence-waiting",
                "An archive waits here for somebody else, who has an hour to take it.",
                remedy="Have them take it, or make yours once the hour is over.",
            )
        view = self._approvals.find(who, Act.EXPORT_EVIDENCE, SUBJECT)
        if view is None or view.state is not ApprovalState.ALLOWED:
            raise RequestError(
                "approval-missing",
                "No second person allowed this, or it was used, or a day went by.",
                remedy="Ask a second person first, and make the archive within a day of the answer.",
            )
        at, approval = self._clock.now(), view.id

        def work() -> _Made:
            content = export(self._settings, self._store, at)
            name = f"evidence-{self._settings.site.gate_id}-{at:%Y%m%d-%H%M}.zip"
            ready = ReadyArchive(at, at + KEPT_FOR, len(content), hashlib.sha256(content).hexdigest())
            return _Made(ready, ArchiveFile(name, content))

        self._for = who.account
        self._job.begin(self._store, work, then=lambda made: self._note(who, approval, made))

    def take(self, who: Staff) -> ArchiveFile:
        """Give the archive, once; it is forgotten with that."""
        made = self._waiting(who)
        if made is None:
            raise RequestError(
                "evidence-none",
                "No archive of yours waits here: each is given once, within an hour.",
                remedy="Ask for a new one.",
            )
        self._job.forget()
        return made.file

    async def made(self) -> None:
        """Wait until nothing is being made."""
        await self._job.done()

    def _note(self, who: Staff, approval: ApprovalId, made: _Made) -> None:
        def work(connection: sqlite3.Connection) -> None:
            self._approvals.take(approval, who, Act.EXPORT_EVIDENCE, SUBJECT)
            at, detail = self._clock.now(), {"bytes": made.about.size}
            self._store.audit.note(connection, who, Action.EVIDENCE_EXPORTED, at=at, detail=detail)

        self._store.staff.write(work)
        # Nobody may come for it: it leaves the memory all the same.
        asyncio.get_running_loop().call_later(KEPT_FOR.total_seconds(), self._drop, made)

    def _drop(self, made: _Made) -> None:
        with suppress(GateError):
            if self._job.result is made:
                self._job.forget()

    def _holds_anothers(self, who: Staff) -> bool:
        """Tell whether an archive waits for another account; one that could not be made waits for nobody."""
        with suppress(GateError):
            made = self._job.result
            return made is not None and self._for != who.account and self._clock.now() < made.about.until
        return False

    def _waiting(self, who: Staff) -> _Made | None:
        """Give the archive of *who* that still waits; one whose hour is over is dropped, whoever asks."""
        try:
            made = self._job.result
        except GateError:
            if self._for != who.account:
                return None
            self._job.forget()
            raise
        if made is None:
            return None
        if self._clock.now() >= made.about.until:
            self._job.forget()
            return None
        return made if self._for == who.account else None
