"""Where a visit to the gate stands. Every phase but Idle belongs to one attempt and has an end."""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.core import inputs as on
from gate.core.liveness import Challenge, Verdict
from gate.core.policy import Conditions, FacePlace, Hint
from gate.core.types import AttemptId, Credential, Decision, Method, Reason, Seconds, TemplateId


@dataclass(frozen=True, slots=True)
class First:
    """A card or PIN that held, where two factors are asked for, and the templates its person agreed to."""

    method: Method
    templates: tuple[TemplateId, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Idle:
    """Nobody is being served."""


@dataclass(frozen=True, slots=True)
class Noticing:
    """The notice goes up; once the screen confirms it, its minimum time runs until *until*."""

    attempt: AttemptId
    until: Seconds
    confirmed: bool = False
    first: First | None = None


@dataclass(frozen=True, slots=True)
class Choosing:
    """The person chooses among *methods*; after a *first* factor, these are what may be the second.

    prolonged: how often they asked for more time; so below.
    """

    attempt: AttemptId
    until: Seconds
    methods: tuple[Method, ...]
    first: First | None = None
    prolonged: int = 0


@dataclass(frozen=True, slots=True)
class Capturing:
    """The camera is open. *agreeing* findings in a row, counted no further than asked for, named *template*.

    saw_face: once any was compared. After a *first* factor only the templates of its person count. challenge: the
    movement drawn for this capture; ask_from: from when it is asked for, None before a face was compared or where none
    ever is; asked: it was. live: what the newest finding said.
    """

    attempt: AttemptId
    until: Seconds
    template: TemplateId | None = None
    agreeing: int = 0
    saw_face: bool = False
    hint: Hint | None = None
    first: First | None = None
    place: FacePlace | None = field(default=None, repr=False)
    challenge: Challenge | None = field(default=None, repr=False)
    ask_from: Seconds | None = None
    asked: bool = False
    live: Verdict = Verdict.UNDECIDED

    @property
    def asking(self) -> Challenge | None:
        """Give the movement that is asked for now: until the face was seen to live."""
        return self.challenge if self.asked and self.live is not Verdict.LIVE else None


@dataclass(frozen=True, slots=True)
class Identifying:
    """The person wants their face deleted; their card or PIN will tell whose it is (R24)."""

    attempt: AttemptId
    until: Seconds
    prolonged: int = 0


@dataclass(frozen=True, slots=True)
class Verifying:
    """The store checks a credential; with *withdraws*, of a person who asked for their face to be deleted.

    method: what the decision will be counted as. second: it is the second of two factors, of the same attempt.
    """

    attempt: AttemptId
    until: Seconds
    method: Method
    withdraws: bool = False
    second: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A grant is being written; the strike waits for it."""

    attempt: AttemptId
    until: Seconds
    decision: Decision
    withdraws: bool = False


@dataclass(frozen=True, slots=True)
class Granted:
    """The door was asked to release and the screen says so."""

    attempt: AttemptId
    until: Seconds


@dataclass(frozen=True, slots=True)
class Refused:
    """The screen says that it did not work, and what else does."""

    attempt: AttemptId
    until: Seconds


@dataclass(frozen=True, slots=True)
class Confirming:
    """A card or PIN told whose face it is, and the screen asks whether it shall go now."""

    attempt: AttemptId
    until: Seconds
    prolonged: int = 0


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """The store ends the consent and destroys the template."""

    attempt: AttemptId
    until: Seconds


@dataclass(frozen=True, slots=True)
class Told:
    """The screen says how the withdrawal ended."""

    attempt: AttemptId
    until: Seconds
    prolonged: int = 0


Phase = (
    Idle
    | Noticing
    | Choosing
    | Capturing
    | Identifying
    | Verifying
    | Recording
    | Granted
    | Refused
    | Confirming
    | Withdrawing
    | Told
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A credential that came while a first factor waits for its second: looked up beside it, off the screen.

    Only one that holds ends the wait, so that whoever holds up rubbish keeps nobody out (R02, R03).
    """

    attempt: AttemptId
    until: Seconds
    credential: Credential = field(repr=False)


@dataclass(frozen=True, slots=True)
class Gate:
    """The whole state: the attempt's phase, what face depends on, and how often face was refused of late.

    entry: why the door lets nobody in for now, whatever the method; None while it does. reader_lost: no card and no key
    can be heard. beside: what is looked up
    beside *phase*. kept: what came while something was looked up or written, the last of each kind, first come first.
    """

    phase: Phase = Idle()
    beside: Beside | None = None
    kept: tuple[on.CredentialPresented, ...] = field(default=(), repr=False)
    conditions: Conditions = field(default_factory=Conditions)
    entry: Reason | None = None
    reader_lost: bool = False
    refusals: int = 0
    face_rests_until: Seconds = float("-inf")


def first_factor(gate: Gate) -> tuple[AttemptId, First] | None:
    """Give the attempt that waits for a second factor and its first, or None."""
    match gate.phase:
        case (
            Noticing(attempt, first=First() as first)
            | Choosing(attempt, first=First() as first)
            | Capturing(attempt, first=First() as first)
        ):
            return attempt, first
        case _:
            return None


def second_wanted(gate: Gate) -> bool:
    """Tell whether a PIN typed alone would be taken: a card held, and its person's PIN is waited for."""
    waiting = first_factor(gate)
    return waiting is not None and waiting[1].method is Method.CARD


def is_busy(gate: Gate) -> bool:
    """Tell whether something is being looked up or written: what is presented meanwhile is kept."""
    return gate.beside is not None or isinstance(gate.phase, Verifying | Recording)


def verified_attempts(gate: Gate) -> frozenset[AttemptId]:
    """Give the attempts whose verified persons must still be known: nobody else's may be kept (R36).

    For sameness at a second factor, for their hours as the grant is recorded, for a withdrawal. Two at most: the one
    at the gate, and the one looked up beside it.
    """
    beside = frozenset[AttemptId]() if gate.beside is None else frozenset({gate.beside.attempt})
    match gate.phase:
        case Verifying(attempt) | Recording(attempt) | Confirming(attempt) | Withdrawing(attempt):
            return beside | {attempt}
        case _:
            waiting = first_factor(gate)
            return beside | {waiting[0]} if waiting else beside
