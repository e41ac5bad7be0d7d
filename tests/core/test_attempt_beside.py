"""What is held up at a reader ends no other person's check and no wait for a second factor, unless it holds (R02, R03)."""

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import deadline
from gate.core.phases import (
    Capturing,
    Choosing,
    First,
    Gate,
    Granted,
    Idle,
    Noticing,
    Verifying,
    first_factor,
)
from gate.core.types import AttemptId, Card, Code, Decision, Method, Pin, Reason, UnitPin
from tests.core.visits import ADA, GOOD, ME, NEXT, NOTICE, RULES, SIDE, TWO, WEAK, Visit

PIN = on.CredentialPresented(NEXT, Pin("482913"))
JUNK = on.CredentialPresented(SIDE, Code("junk"))
TYPED = on.CredentialPresented(SIDE, UnitPin("1204", "719305"))
KNOWN = on.CredentialChecked(ME, Reason.KNOWN_CREDENTIAL)
UNKNOWN = on.CredentialChecked(SIDE, Reason.UNKNOWN_CREDENTIAL)
HOLDS = on.CredentialChecked(SIDE, Reason.KNOWN_CREDENTIAL)


def outstanding(gate: Gate) -> dict[AttemptId, object]:
    """Give what was presented and is not answered yet: looked up, looked up beside, kept."""
    found: dict[AttemptId, object] = {each.attempt: each.credential for each in gate.kept}
    if gate.beside is not None:
        found[gate.beside.attempt] = gate.beside.credential
    if isinstance(gate.phase, Verifying):
        found[gate.phase.attempt] = None
    return found


def answers(attempt, credential, effects):
    """Count what ends the check of one credential: its record; without one, a question, or its use as the second."""
    records = [each for each in effects if isinstance(each, do.Record) and each.decision.attempt == attempt]
    asked = [
        each
        for each in effects
        if (isinstance(each, do.AskSecond | do.ConfirmWithdrawal | do.ShowNotice) and each.attempt == attempt)
        or (isinstance(each, do.CheckSecond) and each.credential == credential)
    ]
    return len(records or asked)


def test_every_credential_is_answered_once_or_gives_way_to_a_later_one_of_its_kind(transitions):
    """R02, R03: nothing that was presented is lost to something else that is."""
    given_way = 0
    for before, event, passing, _, gate, effects in transitions:
        if passing:
            continue
        waited, waits = outstanding(before.gate), outstanding(gate)
        fresh = getattr(event, "credential", None)
        for attempt, credential in waited.items():
            if attempt in waits:
                continue
            if fresh is not None and type(fresh) is type(credential):
                given_way += 1
                assert event in gate.kept
            elif isinstance(credential, Pin) and first_factor(gate) is None:
                assert first_factor(before.gate) is None or not any(
                    isinstance(each, do.AskSecond) for each in effects
                )
            elif not (isinstance(credential, Pin) and first_factor(gate)[0] != ME):
                assert answers(attempt, credential, effects) == 1
    assert given_way > 0


def test_a_refused_credential_ends_nobody_elses_wait_for_the_second_factor(transitions, rules):
    """R03: two factors stand up to whoever scans rubbish."""
    refused = 0
    for before, event, passing, _, gate, effects in transitions:
        waiting = first_factor(before.gate)
        over = isinstance(event, on.CredentialChecked) and event.reason is not Reason.KNOWN_CREDENTIAL
        if waiting is None or passing or not (over or isinstance(event, on.CredentialPresented)):
            continue
        if over and event.attempt == SIDE and before.gate.beside is not None:
            refused += 1
            assert effects[0] == do.Record(
                Decision(SIDE, effects[0].decision.method, granted=False, reason=event.reason)
            )
        goes_on = first_factor(gate) == waiting and gate.phase == before.gate.phase
        assert goes_on or do.CheckSecond in {type(each) for each in effects}
        assert not goes_on or not any(isinstance(each, do.View | do.CloseCamera) for each in effects)
    assert (refused > 0) == rules.two_factors


def test_what_is_looked_up_beside_is_so_only_while_another_waits_for_the_second_factor(transitions):
    for before, event, _, _, gate, _ in transitions:
        if gate.beside is not None and before.gate.beside is None:
            assert isinstance(event, on.CredentialPresented | on.CredentialChecked | on.Recorded | on.Tick)
            assert first_factor(gate) is not None


@pytest.mark.parametrize("credential", [Card("2"), Code("junk")], ids=["card", "code"])
@pytest.mark.parametrize("known", [True, False])
def test_r02_what_comes_while_a_pin_is_hashed_is_looked_up_once_the_pin_is_answered(credential, known):
    visit = Visit()(on.CredentialPresented(ME, UnitPin("1203", "482913")))
    for _ in range(5):
        visit(on.CredentialPresented(SIDE, credential), after=0.2)
    assert isinstance(visit.gate.phase, Verifying)
    assert visit.decisions() == []
    visit(KNOWN if known else on.CredentialChecked(ME, Reason.UNKNOWN_CREDENTIAL))
    visit(on.Recorded(ME, on.Stored.COMMITTED))
    assert visit.decisions()[0][0] is known
    assert (do.ReleaseDoor(ME) in visit.effects) is known
    assert visit.effects.count(do.CheckCredential(SIDE, credential)) == 1
    assert visit.effects[-1] == do.CheckCredential(SIDE, credential)


def test_r03_a_flood_of_codes_takes_no_cards_place_in_the_row():
    visit = Visit()(on.CredentialPresented(ME, UnitPin("1203", "482913")))
    visit(JUNK)(on.CredentialPresented(NEXT, Card("2")))(JUNK)(JUNK)(UNKNOWN)
    assert [type(each.credential) for each in visit.gate.kept] == [Card, Code]
    visit(on.CredentialChecked(ME, Reason.UNKNOWN_CREDENTIAL))
    assert visit.effects[-1] == do.CheckCredential(NEXT, Card("2"))


def test_a_pin_that_is_never_answered_holds_up_what_was_kept_no_longer_than_its_deadline():
    visit = Visit()(on.CredentialPresented(ME, UnitPin("1203", "482913")))(JUNK)
    visit(on.Tick(), after=RULES.verify_s)
    assert visit.decisions() == [(False, Reason.TOO_SLOW)]
    assert visit.effects[-1] == do.CheckCredential(SIDE, Code("junk"))


def test_what_was_kept_as_the_door_locked_is_refused_and_not_looked_up():
    """A visitor's code would be used up for nothing."""
    visit = Visit()(on.CredentialPresented(ME, UnitPin("1203", "482913")))(JUNK)
    visit(on.EntryChanged(Reason.DOOR_LOCKED))(KNOWN)
    assert visit.decisions() == [(False, Reason.DOOR_LOCKED)] * 2
    assert do.CheckCredential(SIDE, Code("junk")) not in visit.effects


@pytest.mark.parametrize("reached", [Noticing, Choosing, Capturing], ids=lambda each: each.__name__)
def test_r10_an_unknown_credential_leaves_the_wait_its_deadline_its_notice_and_its_camera(reached):
    visit = Visit(TWO).to_second(ADA)
    if reached is not Noticing:
        visit(on.NoticeShown(ME, NOTICE))(on.Tick(), after=2)
    if reached is Capturing:
        visit(on.FaceChosen(ME))(on.FaceFound(ME, WEAK))
    before, so_far = visit.gate, len(visit.effects)
    assert isinstance(before.phase, reached)
    visit(JUNK)(UNKNOWN, after=0.5)
    assert visit.gate == before
    refused = Decision(SIDE, Method.CODE, granted=False, reason=Reason.UNKNOWN_CREDENTIAL)
    assert visit.effects[so_far:] == [
        do.CheckCredential(SIDE, Code("junk")),
        do.Record(refused),
        do.TellRefused(ME, Reason.UNKNOWN_CREDENTIAL),
    ]


def test_r03_a_pin_typed_while_another_credential_is_looked_up_completes_its_card_afterwards():
    visit = Visit(TWO).to_second()(TYPED)(PIN)
    assert do.CheckSecond(ME, Pin("482913")) not in visit.effects
    visit(UNKNOWN)
    assert visit.effects[-1] == do.CheckSecond(ME, Pin("482913"))
    assert visit(KNOWN).decisions()[-1] == (True, Reason.KNOWN_CREDENTIAL)


def test_r03_a_card_nobody_has_ends_no_wait_after_a_unit_and_pin():
    visit = Visit(TWO)(on.CredentialPresented(ME, UnitPin("1203", "482913")))(KNOWN)
    visit(on.CredentialPresented(SIDE, Card("2")))(UNKNOWN)
    assert first_factor(visit.gate) == (ME, First(Method.PIN))
    visit(on.CredentialPresented(NEXT, Card("1")))(on.CredentialChecked(NEXT, Reason.KNOWN_CREDENTIAL))
    assert visit(KNOWN).decisions()[-1] == (True, Reason.KNOWN_CREDENTIAL)


@pytest.mark.parametrize("credential", [Card("2"), UnitPin("1204", "719305")], ids=["card", "unit and pin"])
def test_r02_another_credential_that_holds_takes_over_and_the_wait_is_recorded_as_missing_its_second(
    credential,
):
    visit = Visit(TWO).to_second()(on.CredentialPresented(SIDE, credential))
    assert first_factor(visit.gate)[0] == ME
    visit(HOLDS)
    assert first_factor(visit.gate)[0] == SIDE
    assert visit.decisions() == [(False, Reason.SECOND_MISSING)]


def test_a_visitors_code_that_holds_opens_beside_a_wait():
    visit = Visit(TWO).to_second()(JUNK)(HOLDS)(on.Recorded(SIDE, on.Stored.COMMITTED))
    assert visit.decisions() == [(False, Reason.SECOND_MISSING), (True, Reason.KNOWN_CREDENTIAL)]
    assert do.ReleaseDoor(SIDE) in visit.effects


def test_a_pin_typed_after_ones_card_is_never_tried_on_another_who_took_over():
    visit = Visit(TWO).to_second()(on.CredentialPresented(SIDE, Card("2")))(PIN)(HOLDS)
    assert first_factor(visit.gate)[0] == SIDE
    assert not any(isinstance(each, do.CheckSecond) for each in visit.effects)
    assert visit.gate.kept == ()


@pytest.mark.parametrize(
    ("found", "reason"), [(WEAK, Reason.NOT_RECOGNISED), (None, Reason.SECOND_MISSING)], ids=["face", "none"]
)
def test_r31_taking_over_from_a_face_attempt_leaves_the_camera_and_records_it_once(found, reason):
    visit = Visit(TWO).to_second_face()
    if found is not None:
        visit(on.FaceFound(ME, found))
    visit(on.CredentialPresented(SIDE, Card("2")))(HOLDS)
    assert visit.effects[-4:-2] == [do.CloseCamera(), do.Forget()]
    assert visit.decisions() == [(False, reason)]


def test_no_frame_grants_while_a_credential_is_looked_up_beside_it():
    visit = Visit(TWO).to_second_face()(TYPED)(on.FaceFound(ME, GOOD))(on.FaceFound(ME, GOOD))
    assert visit.decisions() == []
    visit(UNKNOWN)(on.FaceFound(ME, GOOD))(on.FaceFound(ME, GOOD))
    assert visit.decisions() == [(False, Reason.UNKNOWN_CREDENTIAL), (True, Reason.MATCHED)]


def test_what_is_looked_up_beside_has_a_deadline_and_a_late_answer_opens_nothing():
    visit = Visit(TWO).to_second()(TYPED)
    assert deadline(visit.gate) == visit.now + TWO.verify_s
    visit(HOLDS, after=TWO.verify_s)
    assert visit.decisions() == [(False, Reason.TOO_SLOW)]
    assert first_factor(visit.gate) == (ME, First(Method.CARD))


def test_what_is_looked_up_beside_is_answered_on_the_screen_once_who_waited_is_gone():
    visit = Visit(TWO).to_second()(TYPED)(on.Cancelled(ME))
    assert isinstance(visit.gate.phase, Idle)
    assert deadline(visit.gate) is not None
    visit(UNKNOWN)
    assert visit.effects[-1] == do.ShowResult(SIDE, granted=False, reason=Reason.UNKNOWN_CREDENTIAL)


def test_r03_a_scan_each_200_ms_keeps_neither_a_pin_nor_a_second_factor_from_opening():
    """The proof of the finding: every wait is longer than the scans lie apart."""
    visit = Visit(TWO).to_second()

    def scan(times):
        for number in range(times):
            one = AttemptId(f"junk {number}")
            visit(on.CredentialPresented(one, Code("junk")), after=0.2)
            visit(on.CredentialChecked(one, Reason.UNKNOWN_CREDENTIAL))

    scan(10)
    visit(PIN)
    scan(6)
    visit(KNOWN)(on.Recorded(ME, on.Stored.COMMITTED))
    assert do.ReleaseDoor(ME) in visit.effects
    assert not isinstance(visit.gate.phase, Granted | Choosing)
