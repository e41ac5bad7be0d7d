"""The registers' names, fields and faults as their pages say them (R16, R82, R83, R85)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.core.register_forms import AnswerFault
from gate.core.registers import Register
from gate.web.languages import marked as _
from gate.web.words import Words

REGISTERS: Final[Mapping[Register, Words]] = MappingProxyType(
    {
        Register.SIGN: Words(
            _("Signs"), _("Where the notice hangs, and when somebody last looked: every 90 days.")
        ),
        Register.TRAINING: Words(
            _("Training"), _("Who of the staff was trained in what. Names stay on this device.")
        ),
        Register.INCIDENT: Words(
            _("Incidents"),
            _("A leak, an alteration or a loss, or the likelihood of one. An entry stays for good."),
        ),
        Register.PROCESSOR: Words(
            _("Processors"), _("Who handles personal data on the controller's behalf, under an agreement.")
        ),
        Register.RECIPIENT: Words(
            _("Recipients"), _("Who is given personal data and decides on it for purposes of their own.")
        ),
        Register.PROCESSING: Words(
            _("Processing activities"),
            _("What is done with whose data, and why: the record the law asks for."),
        ),
        Register.FILING: Words(
            _("Filings"),
            _("What was filed with the cyberspace authority: due from 100,000 people with templates on."),
        ),
    }
)

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": _("Name"),
        "contact": _("Contact"),
        "purpose": _("Purpose"),
        "method": _("How it is passed on"),
        "categories": _("Categories of data"),
        "ended_on": _("Over since"),
        "measures": _("Measures of protection"),
        "agreed_on": _("Agreement signed on"),
        "people": _("Whose data"),
        "recipients": _("Who receives it"),
        "retention": _("How long it is kept"),
        "staff": _("Who was trained"),
        "role": _("In which role"),
        "topic": _("Topic"),
        "trained_on": _("Trained on"),
        "next_due": _("Again by"),
        "cause": _("Cause"),
        "harm": _("Harm it may do"),
        "measures_taken": _("Measures taken"),
        "measures_for_people": _("What people can do to limit the harm"),
        "found_at": _("Found at"),
        "contained_at": _("Contained at"),
        "authority_told_at": _("Authority told at"),
        "people_told_at": _("People told at"),
        "why_people_not_told": _("Why no harm can come of it, so that the people need not be told"),
        "placement": _("Where it hangs"),
        "checked_on": _("Looked at on"),
        "authority": _("Authority"),
        "reference": _("Reference"),
        "filed_on": _("Filed on"),
    }
)

FAULTS: Final[Mapping[AnswerFault, str]] = MappingProxyType(
    {
        AnswerFault.MISSING: _("This must not be empty."),
        AnswerFault.LONG: _("This is longer than 2,000 characters."),
        AnswerFault.NO_DAY: _("This is no day. Choose one, or write it as 2026-11-22."),
        AnswerFault.NO_MOMENT: _("This is no time. Choose one, or write it as 2026-11-22T14:05."),
        AnswerFault.AHEAD: _("This has not come yet."),
        AnswerFault.TOO_EARLY: _("This lies before what it can only follow."),
    }
)
