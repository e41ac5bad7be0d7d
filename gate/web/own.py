"""What pages and files say of one person's own record, in English; the catalogues hold the other languages (R70, R71)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.core.enrolment import is_aged
from gate.core.own_record import OwnRecord
from gate.core.rights import Outcome, RequestKind, RequestState, last_day
from gate.web.consent_words import REASONS, RECEIPTS
from gate.web.languages import marked as _
from gate.web.moments import LocalTimes
from gate.web.pages import FOLDER, Pages
from gate.web.words import METHODS

UTC_TIMES: Final = LocalTimes()
KINDS: Final[Mapping[RequestKind, str]] = {
    RequestKind.ACCESS: _("See what is held of me"),
    RequestKind.COPY: _("Get a copy to take along"),
    RequestKind.CORRECT: _("Correct something"),
    RequestKind.DELETE: _("Delete my data"),
    RequestKind.RESTRICT: _("Leave my face alone for now"),
    RequestKind.OBJECT: _("Object to my face being used"),
    RequestKind.EXPLAIN: _("Explain a decision, by a human being"),
    RequestKind.NEXT_OF_KIN: _("Asked by next of kin"),
    RequestKind.WITHDRAW: _("Withdraw my consent"),
}
ASKABLE: Final = (RequestKind.CORRECT, RequestKind.DELETE, RequestKind.OBJECT, RequestKind.EXPLAIN)
"""What needs somebody's answer; the rest the page does at once."""
STATES: Final[Mapping[RequestState, str]] = {
    RequestState.OPEN: _("Open"),
    RequestState.NEAR: _("Due within three days"),
    RequestState.OVERDUE: _("Overdue"),
    RequestState.CLOSED: _("Answered"),
}
OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.DONE: _("Done"),
    Outcome.PARTLY: _("Done in part"),
    Outcome.REFUSED: _("Refused"),
    Outcome.DROPPED: _("Taken back"),
}


def record_values(record: OwnRecord, times: LocalTimes = UTC_TIMES) -> Mapping[str, object]:
    """Give what the template own_record.html needs to show *record*, its moments told as *times* has them."""
    return MappingProxyType(
        {
            "record": record,
            "methods": METHODS,
            "kinds": KINDS,
            "states": STATES,
            "outcomes": OUTCOMES,
            "events": [event for event in record.events if event.what in RECEIPTS],
            "what": RECEIPTS,
            "reasons": REASONS,
            "aged": record.template is not None and is_aged(record.template.since, record.at),
            "percent": percent,
            "moment": times.moment,
            "last_day": last_day,
        }
    )


def own_record_html(record: OwnRecord, language: str) -> str:
    """Give *record* as one HTML file that fetches nothing and prints well."""
    style = (FOLDER / "static" / "printed-page.css").read_text(encoding="utf-8")
    return Pages().render("printed/own.html", language, style=style, **record_values(record))


def percent(share: float) -> int:
    """Give *share* in whole percent, rounded up: no bound is made to look better than it is."""
    return math.ceil(100 * share)
