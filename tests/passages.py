"""Decisions on record, of people who live here."""

from gate.core.types import Method

_UNIT = "900"


def passage(store, decision, *, at, who=None, clock_trusted=True):
    """Record *decision*; a card or PIN is that of *who*, else of somebody in a unit of their own, entered at first use."""
    if who is None and decision.granted and decision.method is not Method.FACE:
        who = store.people.id_by_unit(_UNIT) or store.people.add(_UNIT, "Wu", "")
    return store.decisions.record(decision, at=at, who=who, clock_trusted=clock_trusted)
