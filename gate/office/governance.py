"""Duties, registers and the impact assessment on the gate's own pages (R16, R80 to R85)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence

from gate.core.canonical import Json
from gate.core.duties import Duty
from gate.core.registers import Fields, Register, has_ended
from gate.core.roles import Act, Role, Staff, may
from gate.errors import RequestError
from gate.govern.approval import approve, face_approved, present_sha256
from gate.govern.assessment import assessment, sections_of
from gate.govern.facts import present_duties, processing_of
from gate.govern.report import Section
from gate.ports import Clock
from gate.settings import Settings
from gate.store import Store
from gate.store.account.registers import Entry
from gate.web.staff.ports.governance import (
    AssessmentPart,
    AssessmentTable,
    AssessmentView,
    ConsentShare,
    GivenApproval,
    RegisterEntry,
)


class GovernanceOffice:
    """What is kept in order at one gate. name_of: the name of an account, which an approval is sealed with."""

    def __init__(
        self, settings: Settings, store: Store, clock: Clock, name_of: Callable[[str], str | None]
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._name_of = name_of

    def duties(self) -> Sequence[Duty]:
        """Give what is to do, the most pressing first."""
        return present_duties(self._settings, self._store, self._clock.now())

    def consents(self) -> Sequence[ConsentShare]:
        """Count the consents by standing and version of the notice, both languages together."""
        counted: Counter[tuple[str, str]] = Counter()
        for each in self._store.figures.consents():
            counted[each.version, each.state] += each.count
        return tuple(
            ConsentShare(state, version, count) for (version, state), count in sorted(counted.items())
        )

    def people_with_templates(self) -> int:
        """Count the people of whom a template is kept (R84)."""
        return self._store.figures.people_with_templates()

    def entries(self, register: Register) -> Sequence[RegisterEntry]:
        """Give a register's present entries, those that are over too."""
        return tuple(self._seen(each) for each in self._store.registers.current(register))

    def entry(self, entry: str) -> RegisterEntry:
        """Give one. Raises RequestError ``entry-unknown``."""
        return self._seen(self._store.registers.newest(entry))

    def history(self, entry: str) -> Sequence[RegisterEntry]:
        """Give every revision of an entry that is kept, oldest first."""
        return tuple(self._seen(each) for each in self._store.registers.history(entry))

    def begun(self, register: Register) -> Fields | None:
        """Give a form filled so far as the settings tell, None where they tell nothing."""
        return processing_of(self._settings) if register is Register.PROCESSING else None

    def add(self, who: Staff, register: Register, fields: Fields) -> str:
        """Enter something new; give its id."""
        return self._store.registers.add(register, fields, self._clock.now(), by=who)

    def revise(self, who: Staff, entry: str, fields: Fields, seen: int) -> None:
        """Let *fields* hold from now on; what was said before stays as an earlier revision."""
        self._store.registers.revise(entry, fields, self._clock.now(), by=who, seen=seen)

    def assessment(self) -> AssessmentView:
        """Give the assessment of the present configuration as the gate writes it."""
        present = present_sha256(self._settings, self._store)
        return AssessmentView(
            config_sha256=present,
            approved=face_approved(self._settings, self._store),
            stopped_at=self._store.assessments.stopped_at,
            parts=tuple(map(_part, sections_of(self._settings, self._store))),
            approvals=tuple(
                GivenApproval(each.approved_at, each.approver, each.role, each.config_sha256 == present)
                for each in reversed(self._store.assessments.all())
            ),
        )

    def approve(self, who: Staff, seen: str, remarks: str) -> None:
        """Approve it, for the configuration of the hash *seen* and no other (R80)."""
        if present_sha256(self._settings, self._store) != seen:
            raise RequestError(
                "assessment-outdated",
                "The configuration changed since this page was read; nothing was approved.",
                remedy="Read what it says now, then approve it.",
            )
        at = self._clock.now()
        approve(
            self._settings,
            self._store,
            approver=self._name_of(who.account) or who.value,
            role=_office_of(who),
            at=at,
            document=json.dumps(
                _with(assessment(self._settings, self._store, at), remarks), ensure_ascii=False
            ),
            by=who,
        )

    def _seen(self, entry: Entry) -> RegisterEntry:
        ended = has_ended(entry.fields, self._clock.now().date())
        return RegisterEntry(entry.id, entry.register, entry.revision, entry.at, entry.fields, ended)


def _office_of(who: Staff) -> str:
    """Give the office in which *who* approves: the privacy officer's before the manager's."""
    offices = [each for each in (Role.PRIVACY_OFFICER, Role.MANAGER) if each in who.roles]
    return next((each.value for each in offices if may(each, Act.APPROVE_ASSESSMENT)), "")


def _with(document: dict[str, Json], remarks: str) -> dict[str, Json]:
    """Add what somebody wrote to it; configuration and hash stay."""
    sections = document["sections"]
    if not remarks.strip() or not isinstance(sections, list):
        return document
    added = Section("remarks", "Remarks of who approved", "批准人补充意见", (remarks.strip(),)).as_json()
    return document | {"sections": [*sections, added]}


def _part(section: Section) -> AssessmentPart:
    tables = tuple(
        AssessmentTable(each.title, each.columns, each.rows, each.empty) for each in section.tables
    )
    return AssessmentPart(section.title, section.title_zh, section.text, tables)
