"""What there is to do at a site, in sentences for its pages, and where to do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gate.core.duties import State, Task
from gate.web.languages import marked as _


@dataclass(frozen=True, slots=True)
class DutyWords:
    """A duty in words. path: where it is done, empty where no page does it."""

    what: str
    why: str
    path: str


TASKS: Final[Mapping[Task, DutyWords]] = MappingProxyType(
    {
        Task.TELL_AUTHORITY: DutyWords(
            _("Tell the authority of an incident."),
            _("The law says at once; the clock of 24 hours is this product's own."),
            "/staff/registers/incident",
        ),
        Task.TELL_PEOPLE: DutyWords(
            _("Tell the people an incident affects, or write down why no harm can come of it."),
            _("The law says at once; the clock of 24 hours is this product's own."),
            "/staff/registers/incident",
        ),
        Task.CONTAIN: DutyWords(
            _("Contain an incident."),
            _("The entry says since when it is contained."),
            "/staff/registers/incident",
        ),
        Task.ANSWER: DutyWords(
            _("Answer a person's request."), _("Each is due within fifteen days."), "/staff/requests"
        ),
        Task.PROCESSORS: DutyWords(
            _("Make the notice and the register agree on processors."),
            _("One of them names processors and the other does not."),
            "/staff/registers/processor",
        ),
        Task.ASSESS: DutyWords(
            _("Read the impact assessment of the present configuration and approve it."),
            _("Face is locked until then."),
            "/staff/assessment",
        ),
        Task.PUT_UP_SIGN: DutyWords(
            _("Put up the sign with the notice and enter where it hangs."),
            _("People must be able to read it before they come to the gate."),
            "/staff/registers/sign",
        ),
        Task.LOOK_AT_SIGN: DutyWords(
            _("Look at a sign again and enter that it still hangs."),
            _("Every sign is looked at every 90 days."),
            "/staff/registers/sign",
        ),
        Task.FILE: DutyWords(
            _("File with the cyberspace authority."),
            _("Templates of 100,000 people or more are kept."),
            "/staff/registers/filing",
        ),
        Task.PREPARE_FILING: DutyWords(
            _("Prepare the filing with the cyberspace authority."),
            _("It is due from 100,000 people with templates on."),
            "/staff/registers/filing",
        ),
        Task.TRAIN: DutyWords(
            _("Train the staff and enter it."),
            _("Nobody is entered as trained."),
            "/staff/registers/training",
        ),
        Task.TRAIN_AGAIN: DutyWords(
            _("Train somebody again."),
            _("The training they had is due to be repeated."),
            "/staff/registers/training",
        ),
        Task.UNDELETED: DutyWords(
            _("Find out why something could not be deleted in its time."),
            _("Its use is stopped; the alarm stands until it is gone."),
            "/staff/retention",
        ),
        Task.SOFTWARE_KEY: DutyWords(
            _("Move the root key out of its file, into a TPM or a systemd credential."),
            _("Whoever copies data and key folder together has the gate."),
            "",
        ),
    }
)

STATES: Final[Mapping[State, str]] = MappingProxyType(
    {State.OVERDUE: _("Overdue"), State.NEAR: _("To do"), State.OK: _("A clock runs")}
)
PILLS: Final[Mapping[State, str]] = MappingProxyType(
    {State.OVERDUE: "bad", State.NEAR: "near", State.OK: "calm"}
)
