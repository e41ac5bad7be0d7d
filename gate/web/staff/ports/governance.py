"""What the pages need to keep a site's house in order: duties, registers, and the impact assessment (R16, R80 to R85)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gate.core.duties import Duty
from gate.core.registers import Fields, Register
from gate.core.roles import Staff

REMARKS_MOST = 4000
"""Characters of what somebody adds to an assessment."""


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One entry as it stands. revision: counts from 1; ``revise`` wants it again."""

    id: str
    register: Register
    revision: int
    at: datetime
    fields: Fields = field(repr=False)
    ended: bool


@dataclass(frozen=True, slots=True)
class ConsentShare:
    """How many consents stand so, for one version of the notice."""

    state: str
    version: str
    count: int


@dataclass(frozen=True, slots=True)
class AssessmentTable:
    """A table of the assessment."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    empty: str


@dataclass(frozen=True, slots=True)
class AssessmentPart:
    """One section of the assessment, as the gate writes it, in English with a Chinese heading beside."""

    title: str
    title_zh: str
    text: tuple[str, ...]
    tables: tuple[AssessmentTable, ...]


@dataclass(frozen=True, slots=True)
class GivenApproval:
    """An approval that is kept. present: it is of the configuration in force."""

    at: datetime
    approver: str = field(repr=False)
    role: str
    present: bool


@dataclass(frozen=True, slots=True)
class AssessmentView:
    """The impact assessment of the present configuration. config_sha256: what an approval is for, and of nothing else."""

    config_sha256: str
    approved: bool
    stopped_at: datetime | None
    parts: tuple[AssessmentPart, ...]
    approvals: tuple[GivenApproval, ...]


class GovernancePort(Protocol):
    """Every method may raise VaultError."""

    def duties(self) -> Sequence[Duty]:
        """Give what is to do, the most pressing first."""

    def consents(self) -> Sequence[ConsentShare]:
        """Count the consents by standing and version of the notice."""

    def people_with_templates(self) -> int:
        """Count the people of whom a template is kept (R84)."""

    def entries(self, register: Register) -> Sequence[RegisterEntry]:
        """Give a register's present entries, those that are over too."""

    def entry(self, entry: str) -> RegisterEntry:
        """Give one. Raises RequestError ``entry-unknown``."""

    def history(self, entry: str) -> Sequence[RegisterEntry]:
        """Give every revision of an entry that is kept, oldest first."""

    def begun(self, register: Register) -> Fields | None:
        """Give a form filled so far as the settings tell, None where they tell nothing."""

    def add(self, who: Staff, register: Register, fields: Fields) -> str:
        """Enter something new; give its id."""

    def revise(self, who: Staff, entry: str, fields: Fields, seen: int) -> None:
        """Let *fields* hold from now on. Raises RequestError: ``entry-unknown``, ``entry-changed``."""

    def assessment(self) -> AssessmentView:
        """Give the assessment of the present configuration as the gate writes it."""

    def approve(self, who: Staff, seen: str, remarks: str) -> None:
        """Approve it, for the configuration of the hash *seen* and no other (R80). remarks: added to the document.

        Raises RequestError: ``assessment-outdated``, ``processors-untold``, ``face-stopped``.
        """
