"""What the pages of requests say: channels, what is wrong with a field, and where else something is done."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.core.consent import Channel
from gate.core.rights import RequestKind
from gate.web.languages import marked as _
from gate.web.words import Words

CHANNELS: Final[Mapping[Channel, str]] = MappingProxyType(
    {
        Channel.DESK: _("at the desk"),
        Channel.GATE: _("at the gate"),
        Channel.SELF_SERVICE: _("on their own page"),
        Channel.DEVICE: _("at the device's command line"),
    }
)

FIELD_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "kind-missing": "kind",
        "unit-unknown": "unit",
        "details-missing": "details",
        "details-long": "details",
        "kin-missing": "kin_name",
        "answer-missing": "answer",
        "outcome-missing": "outcome",
        "unit-unfit": "unit",
        "unit-taken": "unit",
        "name-unfit": "name",
        "contact-unfit": "contact",
        "reason-unfit": "reason",
    }
)
"""The field that an error of this code stands beside."""

LINKS: Final[Mapping[RequestKind, str]] = MappingProxyType(
    {
        RequestKind.ACCESS: _("Save the record below and hand it to the person, then answer."),
        RequestKind.COPY: _("Save the record below and hand it to the person, then answer."),
        RequestKind.CORRECT: _("Put the record right below, then answer."),
        RequestKind.DELETE: _(
            "Their face goes with the button below. Name, card and PIN go when they move out, on the page of residents."
        ),
        RequestKind.RESTRICT: _("Leave the face alone with the button below, then answer."),
        RequestKind.OBJECT: _("Their face is left alone until this is answered. Say how it goes on."),
        RequestKind.EXPLAIN: _(
            "The record below explains the decision with its figures. A single past decision cannot be looked up: scores are not kept."
        ),
        RequestKind.WITHDRAW: _("End the consent and delete the face with the button below, then answer."),
        RequestKind.NEXT_OF_KIN: _(
            "Check the relation on papers you are shown and hand back. They may see, correct or delete what is held of who died."
        ),
    }
)
"""What helps to answer each kind."""

DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "answered": _("The answer is on record, and the request is closed."),
        "corrected": _("Saved: the record says now what you typed."),
    }
)
"""What the page says of what was done on it a moment ago."""

FAULTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "kind-missing": Words(_("It does not say what is asked for."), _("Choose what the person asks for.")),
        "unit-unknown": Words(
            _("No resident is entered under this unit."),
            _("Correct it, or leave it empty if nobody who lives here is meant."),
        ),
        "details-missing": Words(
            _("It does not say what is asked."), _("Write it in the person's own words.")
        ),
        "kin-missing": Words(
            _("Next of kin say their name, their relation, and how it was checked."), _("Fill in all three.")
        ),
        "answer-missing": Words(
            _("A request is closed with an answer."), _("Say what was done, or why it was not.")
        ),
        "outcome-missing": Words(_("It does not say how it ended."), _("Choose how it ended.")),
        "request-closed": Words(
            _("Somebody answered this request already."),
            _("Their answer stands here. Open a new request if more is asked."),
        ),
        "request-unknown": Words(_("There is no such request."), _("Begin at the list of requests.")),
        "subject-none": Words(
            _("The request is about nobody who is entered here."), _("Answer it in words.")
        ),
        "person-changed": Words(
            _("Somebody else corrected this record meanwhile; nothing was written."),
            _("Compare with what it says now, then save again."),
        ),
        "approval-missing": Words(
            _("No second person has allowed this."), _("Ask one, and come back when it is allowed.")
        ),
    }
)
