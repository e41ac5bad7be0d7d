"""The evidence archive on demand: two persons, one archive at a time, in memory, for an hour, taken once."""

from __future__ import annotations

import asyncio
import hashlib
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
from gate.web.staff.ports.approvals import ApprovalsPort
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
        """Use the approval up and make the archive beside the door's work; that it was made is on record."""
        if self._job.is_at_work:
            raise RequestError(
                "evidence-busy",
                "An archive is being made just now.",
                remedy="Wait until it is done, then make yours.",
            )
        view = self._approvals.find(who, Act.EXPORT_EVIDENCE, SUBJECT)
        if view is None:
            raise RequestError(
                "approval-missing",
                "Nobody was asked to allow this.",
                remedy="Ask a second person first.",
            )
        self._approvals.take(view.id, who, Act.EXPORT_EVIDENCE, SUBJECT)
        at = self._clock.now()

        def work() -> _Made:
            content = export(self._settings, self._store, at)
            name = f"evidence-{self._settings.site.gate_id}-{at:%Y%m%d-%H%M}.zip"
            ready = ReadyArchive(at, at + KEPT_FOR, len(content), hashlib.sha256(content).hexdigest())
            return _Made(ready, ArchiveFile(name, content))

        self._for = who.account
        self._job.begin(self._store, work, then=lambda made: self._note(who, made))

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

    def _note(self, who: Staff, made: _Made) -> None:
        detail = {"bytes": made.about.size}
        self._store.audit.write(who, Action.EVIDENCE_EXPORTED, at=self._clock.now(), detail=detail)
        # Nobody may come for it: it leaves the memory all the same.
        asyncio.get_running_loop().call_later(KEPT_FOR.total_seconds(), self._drop, made)

    def _drop(self, made: _Made) -> None:
        with suppress(GateError):
            if self._job.result is made:
                self._job.forget()

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
