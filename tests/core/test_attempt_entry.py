"""A door that lets nobody in for now, and a person outside their hours: every method gets the same answer (R03)."""

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.effects import Standstill
from gate.core.phases import (
    Capturing,
    Choosing,
    Identifying,
    Idle,
    Noticing,
    Recording,
    Refused,
    Verifying,
    is_busy,
)
from gate.core.types import Card, Code, Decision, Method, Pin, Reason, UnitPin
from tests.core.visits import (
    ADA,
    GOOD,
    ME,
    NEXT,
    NOTICE,
    RULES,
    STALE,
    TWO,
    WEAK,
    Visit,
)

LOCKED = on.EntryChanged(Reason.DOOR_LOCKED)
DOOR_LOST = on.EntryChanged(Reason.FAULT)
KNOWN = on.CredentialChecked(ME, Reason.KNOWN_CREDENTIAL)


def test_r03_r68_while_the_door_lets_nobody_in_no_method_grants_releases_or_opens_the_camera(transitions):
    barred = 0
    for before, event, _, _, gate, effects in transitions:
        if before.gate.entry is None or gate.entry is None:
            continue
        barred += 1
        assert not isinstance(gate.phase, Noticing | Choosing | Capturing)
        assert not any(
            isinstance(
                effect, do.ReleaseDoor | do.OpenCamera | do.ShowNotice | do.OfferMethods | do.AskSecond
            )
            for effect in effects
        )
        assert not any(isinstance(effect, do.Record) and effect.decision.granted for effect in effects)
        if gate.phase != before.gate.phase and isinstance(event, on.CredentialChecked):
            assert not isinstance(gate.phase, Recording)
    assert barred > 0


def test_r03_every_credential_gets_the_same_answer_at_once_and_none_is_looked_up(transitions):
    """A visitor's code is used up by looking it up, and a wrong PIN costs a try: both for nothing."""
    methods = set()
    for before, event, passing, _, _, effects in transitions:
        fresh = isinstance(event, on.CredentialPresented) and not isinstance(event.credential, Pin)
        if before.gate.entry is None or not fresh or passing or is_busy(before.gate):
            continue
        if isinstance(before.gate.phase, Identifying) and not isinstance(event.credential, Code):
            continue
        recorded, shown = effects
        methods.add(recorded.decision.method)
        assert recorded.decision == Decision(
            NEXT, recorded.decision.method, granted=False, reason=Reason.DOOR_LOCKED
        )
        assert shown == do.ShowResult(NEXT, granted=False, reason=Reason.DOOR_LOCKED)
    assert methods == {Method.CARD, Method.PIN, Method.CODE}


@pytest.mark.parametrize("obstacle", [Reason.DOOR_LOCKED, Reason.INTERLOCKED, Reason.FAULT])
@pytest.mark.parametrize("credential", [Card("1"), UnitPin("1203", "482913"), Code("GV1.ABC")])
def test_r03_a_credential_under_way_as_the_door_locks_is_refused_with_that_reason(credential, obstacle):
    visit = Visit()(on.CredentialPresented(ME, credential))(on.EntryChanged(obstacle))(KNOWN)
    assert visit.decisions() == [(False, obstacle)]


def test_r03_a_face_under_way_as_the_door_locks_is_refused_with_that_reason_and_does_not_count():
    visit = Visit().to_capture()(on.FaceFound(ME, WEAK))(LOCKED)
    assert visit.effects[-4:] == [
        do.CloseCamera(),
        do.Forget(),
        do.Record(Decision(ME, Method.FACE, granted=False, reason=Reason.DOOR_LOCKED)),
        do.ShowResult(ME, granted=False, reason=Reason.DOOR_LOCKED),
    ]
    assert visit.gate.refusals == 0


def test_a_door_that_locks_while_the_grant_is_written_is_not_asked_and_the_record_says_so():
    visit = Visit()(on.CredentialPresented(ME, Card("1")))(KNOWN)(LOCKED)(
        on.Recorded(ME, on.Stored.COMMITTED)
    )
    assert visit.effects[-2:] == [
        do.RecordOutcome(ME, released=False),
        do.ShowResult(ME, granted=False, reason=Reason.DOOR_LOCKED),
    ]
    assert do.ReleaseDoor(ME) not in visit.effects


@pytest.mark.parametrize("so_far", [(), (on.NoticeShown(ME, NOTICE), on.Tick())], ids=["notice", "choice"])
def test_who_stands_at_the_screen_as_the_door_locks_is_told_at_once_and_nothing_is_decided(so_far):
    visit = Visit()(on.Presence(ME))
    for event in so_far:
        visit(event, after=1)
    visit(LOCKED)
    assert visit.effects[-1] == do.ShowResult(ME, granted=False, reason=Reason.DOOR_LOCKED)
    assert visit.decisions() == []


def test_who_comes_to_a_locked_door_is_told_at_once_and_once_it_serves_again_is_served():
    visit = Visit()(LOCKED)(on.Presence(ME))
    assert visit.effects[1:] == [do.ShowResult(ME, granted=False, reason=Reason.DOOR_LOCKED)]
    visit(on.Tick(), after=RULES.show_result_s)(on.EntryChanged(None))(on.Presence(NEXT))
    assert visit.effects[-1] == do.ShowNotice(NEXT, NOTICE)


def test_at_rest_a_door_that_locks_for_everybody_says_so_at_once_and_no_more_once_it_is_over():
    visit = Visit()(LOCKED)(LOCKED)
    assert visit.effects == [do.ClearScreen(Standstill.LOCKED)]
    visit(on.EntryChanged(None))(on.EntryChanged(None))
    assert visit.effects[1:] == [do.ClearScreen()]


def test_the_screen_goes_back_to_a_rest_that_says_the_door_is_locked():
    visit = Visit()(LOCKED)(on.Presence(ME))(on.Tick(), after=RULES.show_result_s)
    assert visit.effects[-1] == do.ClearScreen(Standstill.LOCKED)
    visit = Visit()(on.WithdrawalChosen(ME))(LOCKED)(on.Cancelled(ME))
    assert visit.effects[-1] == do.ClearScreen(Standstill.LOCKED)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (DOOR_LOST, Standstill.DOOR_LOST),
        (on.EntryChanged(None, reader_lost=True), Standstill.READER_LOST),
        (on.EntryChanged(Reason.INTERLOCKED, reader_lost=True), Standstill.READER_LOST),
        (on.EntryChanged(Reason.FAULT, reader_lost=True), Standstill.DOOR_LOST),
        (on.EntryChanged(Reason.DOOR_LOCKED, reader_lost=True), Standstill.LOCKED),
    ],
)
def test_r74_at_rest_a_gate_that_stands_still_says_why_at_once_and_no_more_once_it_is_over(entry, says):
    visit = Visit()(entry)(entry)
    assert visit.effects == [do.ClearScreen(says)]
    visit(on.EntryChanged(None))
    assert visit.effects[1:] == [do.ClearScreen()]


def test_an_interlock_that_is_over_in_a_moment_leaves_the_resting_screen_alone():
    assert Visit()(on.EntryChanged(Reason.INTERLOCKED)).effects == []


def test_who_comes_to_a_door_that_nothing_opens_is_not_told_to_try_again():
    lost = do.ShowResult(ME, granted=False, reason=Reason.FAULT, lost=True)
    assert Visit()(DOOR_LOST)(on.Presence(ME)).effects[-1] == lost
    assert Visit()(DOOR_LOST)(on.CredentialPresented(ME, Card("1"))).effects[-1] == lost
    visit = Visit()(on.CredentialPresented(ME, Card("1")))(on.CredentialChecked(ME, Reason.FAULT))
    assert visit.effects[-1] == do.ShowResult(ME, granted=False, reason=Reason.FAULT)


def test_r02_a_reader_that_is_lost_keeps_nobody_from_typing_unit_and_pin_on_the_screen():
    visit = Visit()(on.EntryChanged(None, reader_lost=True))
    visit(on.CredentialPresented(ME, UnitPin("1203", "482913")))(KNOWN)(on.Recorded(ME, on.Stored.COMMITTED))
    assert do.ReleaseDoor(ME) in visit.effects


def test_who_waits_for_their_second_factor_as_the_door_locks_is_refused():
    for visit in (Visit(TWO).to_second(), Visit(TWO).to_second(ADA)):
        visit(LOCKED)
        assert visit.decisions() == [(False, Reason.DOOR_LOCKED)]
        assert isinstance(visit.gate.phase, Refused)


@pytest.mark.parametrize("rules", [RULES, TWO], ids=["one factor", "two factors"])
def test_r24_a_locked_door_keeps_nobody_from_withdrawing(rules):
    visit = Visit(rules)(LOCKED).to_question()
    assert visit.effects[-1] == do.ConfirmWithdrawal(NEXT, do.DoorSaid.STAYED_SHUT)
    assert visit(on.WithdrawalConfirmed(NEXT)).effects[-1] == do.Withdraw(NEXT)
    assert do.ReleaseDoor(NEXT) not in visit.effects


def test_r24_a_door_that_locks_while_the_withdrawers_grant_is_written_stays_shut_and_still_asks():
    visit = Visit()(on.WithdrawalChosen(ME))(on.CredentialPresented(NEXT, Card("1")))
    visit(on.CredentialChecked(NEXT, Reason.KNOWN_CREDENTIAL))(LOCKED)
    visit(on.Recorded(NEXT, on.Stored.COMMITTED))
    assert visit.effects[-2:] == [
        do.RecordOutcome(NEXT, released=False),
        do.ConfirmWithdrawal(NEXT, do.DoorSaid.STAYED_SHUT),
    ]


@pytest.mark.parametrize("credential", [Card("1"), UnitPin("1203", "482913"), Code("GV1.ABC")])
def test_r03_a_person_outside_their_hours_is_refused_whatever_the_credential(credential):
    visit = Visit()(on.CredentialPresented(ME, credential))(KNOWN)(on.Recorded(ME, on.Stored.NOT_NOW))
    assert visit.decisions()[-1] == (False, Reason.NOT_NOW)
    assert visit.effects[-1] == do.ShowResult(ME, granted=False, reason=Reason.NOT_NOW)
    assert do.ReleaseDoor(ME) not in visit.effects


def test_r03_a_face_outside_its_persons_hours_is_refused_alike_and_does_not_count():
    visit = Visit().to_capture()(on.FaceFound(ME, GOOD))(on.FaceFound(ME, GOOD))
    visit(on.Recorded(ME, on.Stored.NOT_NOW))
    assert visit.decisions()[-1] == (False, Reason.NOT_NOW)
    assert visit.gate.refusals == 0


def test_r24_hours_keep_nobody_from_withdrawing():
    visit = Visit()(on.WithdrawalChosen(ME))(on.CredentialPresented(NEXT, Card("1")))
    visit(on.CredentialChecked(NEXT, Reason.KNOWN_CREDENTIAL))(on.Recorded(NEXT, on.Stored.NOT_NOW))
    assert visit.decisions()[-1] == (False, Reason.NOT_NOW)
    assert visit.effects[-1] == do.ConfirmWithdrawal(NEXT, do.DoorSaid.STAYED_SHUT)


def test_a_visitors_code_opens_like_a_card():
    visit = Visit()(on.CredentialPresented(ME, Code("GV1.ABC")))
    assert visit.effects[-2:] == [
        do.ShowChecking(ME, Method.CODE),
        do.CheckCredential(ME, Code("GV1.ABC")),
    ]
    visit(KNOWN)(on.Recorded(ME, on.Stored.COMMITTED))
    assert do.ReleaseDoor(ME) in visit.effects


def test_a_visitors_code_names_nobody_whose_face_could_be_withdrawn():
    visit = Visit()(on.WithdrawalChosen(ME))(on.CredentialPresented(NEXT, Code("GV1.ABC")))
    assert visit.gate.phase == Verifying(NEXT, RULES.verify_s, Method.CODE, withdraws=False)


def test_a_pin_alone_means_nothing_where_one_factor_opens():
    visit = Visit()(on.CredentialPresented(ME, Pin("482913")))
    assert (visit.effects, visit.gate.phase) == ([], Idle())
    visit(on.CredentialPresented(ME, Card("1")))(on.CredentialPresented(STALE, Pin("482913")))
    assert isinstance(visit.gate.phase, Verifying)
