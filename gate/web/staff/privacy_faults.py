"""What the pages of privacy say of each error, by its code."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Final

from gate.web.languages import marked as _
from gate.web.staff.notice_words import FAULTS as NOTICE_FAULTS
from gate.web.staff.request_words import FAULTS as REQUEST_FAULTS
from gate.web.words import Words

_OWN: Final[Mapping[str, Words]] = {
    "clock-unsettled": Words(
        _("The clock was set back or leapt ahead; nothing was deleted."),
        _("Set the clock right, or let it stand for a day: what is deleted is gone for good."),
    ),
    "evidence-none": Words(
        _("No archive of yours waits here."), _("Each is given once, within an hour. Ask for a new one.")
    ),
    "evidence-busy": Words(
        _("An archive is being made just now."), _("Wait until it is done, then make yours.")
    ),
    "evidence-waiting": Words(
        _("An archive waits here for somebody else, who has an hour to take it."),
        _("Have them take it, or make yours once the hour is over."),
    ),
    "entry-unknown": Words(_("There is no such entry."), _("Begin at the list of the register.")),
    "entry-changed": Words(
        _("Somebody else changed this entry meanwhile; nothing was written."),
        _("Look at what it says now. Saving again puts what you typed in its place."),
    ),
    "assessment-outdated": Words(
        _("The configuration changed since this page was read; nothing was approved."),
        _("Read what it says now, then approve it."),
    ),
    "processors-untold": Words(
        _("The notice and the register of processors say different things; nothing was approved."),
        _("Name the same processors in both, or in neither. Then approve."),
    ),
}

PRIVACY_FAULTS: Final[Mapping[str, Words]] = ChainMap(dict(_OWN), dict(NOTICE_FAULTS), dict(REQUEST_FAULTS))
