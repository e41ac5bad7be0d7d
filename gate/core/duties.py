"""What somebody at this site still has to do, and by when: clocks that start by themselves and end when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from gate.core.registers import Filing, Incident, Sign, Training, has_ended
from gate.core.rights import NEAR as REQUEST_NEAR

SIGN_EVERY = timedelta(days=90)  # R16
INCIDENT_WITHIN = timedelta(hours=24)
"""PIPL 57 says "at once" and no number of hours: this is the product's own clock, and it says so."""
PEOPLE_NEAR = 80_000  # R84
PEOPLE_FILED = 100_000  # FRM 15
FILING_WORKING_DAYS = 30  # FRM 15
SIGN_NEAR = timedelta(days=14)
TRAINING_NEAR = timedelta(days=30)
FILING_NEAR = timedelta(days=14)
_WORKING_DAYS_A_WEEK = 5


class State(StrEnum):
    """How pressing a duty is. OK: nothing to do now, and a clock runs."""

    OK = "ok"
    NEAR = "near"
    OVERDUE = "overdue"


class Task(StrEnum):
    """What there is to do, one word for each sentence."""

    TELL_AUTHORITY = "tell-authority"
    TELL_PEOPLE = "tell-people"
    CONTAIN = "contain"
    ANSWER = "answer"
    PROCESSORS = "processors"
    ASSESS = "assess"
    PUT_UP_SIGN = "put-up-sign"
    LOOK_AT_SIGN = "look-at-sign"
    FILE = "file"
    PREPARE_FILING = "prepare-filing"
    TRAIN = "train"
    TRAIN_AGAIN = "train-again"
    UNDELETED = "undeleted"
    SOFTWARE_KEY = "software-key"


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do. due_at: None where it is due from now on. what: a sentence without personal data.

    about: which of several, as it was entered, such as the office and the topic of a training.
    """

    task: Task
    what: str
    due_at: datetime | None
    state: State
    requirement: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the duties follow from. Times are aware, UTC.

    face_enabled: by the settings. face_approved: an assessment fits the present configuration. incidents, signs,
    trainings, filings: the registers' present entries. people: with a template. reached_at: when there were first
    PEOPLE_FILED of them. requests_due: of open requests. processors_told:
    the notice names some exactly where the register has some. retention_failed: at the last run.
    """

    now: datetime
    face_enabled: bool
    face_approved: bool
    face_stopped: bool
    software_key: bool
    people: int
    reached_at: datetime | None
    retention_failed: bool
    incidents: tuple[Incident, ...] = ()
    signs: tuple[Sign, ...] = ()
    trainings: tuple[Training, ...] = ()
    filings: tuple[Filing, ...] = ()
    requests_due: tuple[datetime, ...] = ()
    processors_told: bool = True


def duties(facts: Facts) -> tuple[Duty, ...]:
    """Give everything that is to do or that a clock runs for, the most pressing first, then the earliest."""
    found = [
        *_incidents(facts),
        *_requests(facts),
        *_processors(facts),
        *_assessment(facts),
        *_signs(facts),
        *_people(facts),
        *_trainings(facts),
        *_device(facts),
    ]
    order = {State.OVERDUE: 0, State.NEAR: 1, State.OK: 2}
    return tuple(sorted(found, key=lambda duty: (order[duty.state], duty.due_at or facts.now)))


def after_working_days(start: date, days: int) -> date:
    """Give the last of *days* working days after *start*, Monday to Friday.

    Public holidays are not known here: they would only give more time than this says.
    """
    end = start
    while days:
        end += timedelta(days=1)
        days -= end.weekday() < _WORKING_DAYS_A_WEEK
    return end


def _incidents(facts: Facts) -> list[Duty]:
    """R85, PIPL 57: the authority and the people are told, or it is written down why the people need not be."""
    found = []
    own = "at once, says PIPL 57; the 24 hours are this product's own clock"
    for incident in facts.incidents:
        due = incident.found_at + INCIDENT_WITHIN
        if incident.authority_told_at is None:
            what = f"Tell the authority of an incident ({own})."
            found.append(_due(facts, Task.TELL_AUTHORITY, what, due, INCIDENT_WITHIN, "R85"))
        if incident.people_told_at is None and not incident.why_people_not_told:
            what = f"Tell the people an incident affects, or write down why no harm can come of it ({own})."
            found.append(_due(facts, Task.TELL_PEOPLE, what, due, INCIDENT_WITHIN, "R85"))
        if incident.contained_at is None:
            found.append(Duty(Task.CONTAIN, "Contain an incident.", None, State.NEAR, "R85"))
    return found


def _requests(facts: Facts) -> list[Duty]:
    what = "Answer a person's request."
    return [_due(facts, Task.ANSWER, what, due, REQUEST_NEAR, "R72") for due in facts.requests_due]


def _processors(facts: Facts) -> list[Duty]:
    if not facts.face_enabled or facts.face_stopped or facts.processors_told:
        return []
    what = (
        "Make the notice and the register agree on processors: set site.processors and publish the notice, or mend the "
        "register (gate govern register list processor)."
    )
    return [Duty(Task.PROCESSORS, what, None, State.OVERDUE, "R83")]


def _assessment(facts: Facts) -> list[Duty]:
    if not facts.face_enabled or facts.face_stopped or facts.face_approved:
        return []
    what = "Assess the present configuration and approve it (gate govern assess, approve); face is locked until then."
    return [Duty(Task.ASSESS, what, None, State.OVERDUE, "R80")]


def _signs(facts: Facts) -> list[Duty]:
    if not facts.face_enabled or facts.face_stopped:
        return []
    signs = [sign for sign in facts.signs if not has_ended(sign, facts.now.date())]
    if not signs:
        state = State.OVERDUE if facts.face_approved else State.NEAR
        what = "Put up the sign with the notice and enter where it hangs (gate govern register add sign)."
        return [Duty(Task.PUT_UP_SIGN, what, None, state, "R16")]
    return [
        _due(
            facts,
            Task.LOOK_AT_SIGN,
            "Look at a sign again.",
            _start_of(sign.checked_on, facts) + SIGN_EVERY,
            SIGN_NEAR,
            "R16",
        )
        for sign in signs
    ]


def _people(facts: Facts) -> list[Duty]:
    today = facts.now.date()
    if any(not has_ended(filing, today) for filing in facts.filings):
        return []
    if facts.people >= PEOPLE_FILED:
        reached = facts.reached_at or facts.now
        last_day = after_working_days(reached.date(), FILING_WORKING_DAYS)
        due = reached.replace(hour=0, minute=0, second=0) + (last_day - reached.date() + timedelta(days=1))
        what = f"File with the cyberspace authority: templates of {PEOPLE_FILED:,} people or more are kept."
        return [_due(facts, Task.FILE, what, due, FILING_NEAR, "R84")]
    if facts.people >= PEOPLE_NEAR:
        what = f"Prepare the filing that is due from {PEOPLE_FILED:,} people with templates on."
        return [Duty(Task.PREPARE_FILING, what, None, State.NEAR, "R84")]
    return []


def _trainings(facts: Facts) -> list[Duty]:
    today = facts.now.date()
    trainings = [training for training in facts.trainings if not has_ended(training, today)]
    if not trainings and facts.face_enabled and not facts.face_stopped:
        what = "Train the staff and enter it (gate govern register add training)."
        return [Duty(Task.TRAIN, what, None, State.NEAR, "PIPL 51")]
    return [
        _due(
            facts,
            Task.TRAIN_AGAIN,
            f"Train again: {training.role}, {training.topic}.",
            _start_of(training.next_due, facts) + timedelta(days=1),
            TRAINING_NEAR,
            "PIPL 51",
            about=f"{training.role}, {training.topic}",
        )
        for training in trainings
    ]


def _device(facts: Facts) -> list[Duty]:
    found = []
    if facts.retention_failed:
        what = "Find out why something could not be deleted in its time (gate retention); its use is stopped."
        found.append(Duty(Task.UNDELETED, what, None, State.OVERDUE, "R76"))
    if facts.software_key:
        what = "The master key lies in a software file: move it to a TPM or a systemd credential if you can."
        found.append(Duty(Task.SOFTWARE_KEY, what, None, State.NEAR, "R52"))
    return found


def _due(
    facts: Facts, task: Task, what: str, due: datetime, near: timedelta, requirement: str, *, about: str = ""
) -> Duty:
    if facts.now >= due:
        state = State.OVERDUE
    elif facts.now >= due - near:
        state = State.NEAR
    else:
        state = State.OK
    return Duty(task, what, due, state, requirement, about)


def _start_of(day: date, facts: Facts) -> datetime:
    """Give the beginning of *day* in the zone of *now*: a day in a register has no hour."""
    return facts.now.replace(
        year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0
    )
