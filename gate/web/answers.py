"""What somebody answered on the consent sheet, read from its form (R06, R10, R26, R27)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal

from fastapi import Form

from gate.core.consent import Relation, RelationProof
from gate.core.types import PersonId
from gate.web.context import ChildSaid, Identified, Said, WebContext
from gate.web.faults import page_fault
from gate.web.languages import Language
from gate.web.reading import Reading


@dataclass(frozen=True, slots=True)
class Answer:
    """One filled form of the consent sheet, as it came. notice, language, shown: what stood there, and since when."""

    notice: Annotated[str, Form(max_length=32)]
    language: Annotated[Language, Form()]
    shown: Annotated[str, Form(max_length=128)] = ""
    agreed: Annotated[str, Form(max_length=8)] = ""
    age: Annotated[Literal["", "from-14", "under-14"], Form()] = ""
    relation: Annotated[Relation | Literal[""], Form()] = ""
    checked_by: Annotated[RelationProof | Literal[""], Form()] = ""
    turns_14_on: Annotated[date | Literal[""], Form()] = ""


FIELDS = {
    "consent-box": "agreed",
    "age-missing": "age-from-14",
    "guardian-missing": "relation",
    "birthday-wrong": "turns_14_on",
    "birthday-differs": "turns_14_on",
}
"""Which field of the sheet each fault is about."""


def shown_of(context: WebContext, answer: Answer, identified: Identified) -> Said:
    """Give what was before the person. Raises RequestError ``notice-outdated`` unless it is the notice in force."""
    in_force = context.notices.in_force
    if in_force is None or answer.notice != in_force.version:
        raise page_fault("notice-outdated")
    return replace(Said.to(in_force, answer.language), identified=identified)


def agreed_of(
    context: WebContext, reading: Reading, person: PersonId, answer: Answer, identified: Identified
) -> Said:
    """Give what the person agreed to. Raises RequestError for a form that says less than a consent needs, or too soon.

    Where the site has no face for children, whoever ticks says in the same sentence that they are 14 or older (R27).
    """
    if answer.agreed != "yes":
        raise page_fault("consent-box")
    said = shown_of(context, answer, identified)
    reading.check(answer.shown, person, answer.notice, answer.language)
    if not context.desk.children_enabled or answer.age == "from-14":
        return said
    if answer.age == "":
        raise page_fault("age-missing")
    if not (answer.relation and answer.checked_by and answer.turns_14_on):
        raise page_fault("guardian-missing")
    child = ChildSaid(answer.relation, answer.checked_by, answer.turns_14_on)
    return replace(said, child=child)
