"""Two factors: a card with a PIN or a face of the same person; neither alone opens, face is looked at 1:1."""

from dataclasses import replace

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import (
    Capturing,
    Choosing,
    Confirming,
    First,
    Idle,
    Noticing,
    Recording,
    Refused,
    Verifying,
    Withdrawing,
    first_factor,
    second_wanted,
    verified_attempts,
)
from gate.core.types import Card, Code, Decision, Method, Pin, Reason, UnitPin
from tests.core.visits import (
    ADA,
    BEN,
    BLIND,
    GOOD,
    ME,
    NEXT,
    NOTICE,
    OTHER,
    READY,
    TWO,
    WEAK,
    Visit,
    proven,
)

PIN = on.CredentialPresented(NEXT, Pin("482913"))
KNOWN = on.CredentialChecked(ME, Reason.KNOWN_CREDENTIAL)
PAIRS = ({Card, Pin}, {UnitPin, Card})


def test_no_grant_without_two_different_credentials_of_one_attempt_but_a_visitors_code(transitions, rules):
    ways = set()
    for before, event, _, _, _, effects in transitions:
        for effect in effects:
            if not (isinstance(effect, do.Record) and effect.decision.granted):
                continue
            held, templates = proven(before, event)
            method = effect.decision.method
            ways.add((method, held))
            if not rules.two_factors:
                assert len(held) == (method is not Method.FACE)
            elif method is Method.FACE:
                assert held == {Card}
                assert effect.template in templates
                assert event == on.FaceFound(ME, GOOD)
            else:
                assert held in PAIRS or (method is Method.CODE and held == {Code})
    assert {method for method, _ in ways} == set(Method)


def test_two_factors_are_counted_as_their_first_or_as_face(transitions, rules):
    for before, event, _, _, _, effects in transitions:
        for effect in effects:
            if rules.two_factors and isinstance(effect, do.Record) and effect.decision.granted:
                first = {Pin: Method.CARD, UnitPin: Method.PIN, Code: Method.CODE}
                held, _ = proven(before, event)
                assert effect.decision.method in {
                    Method.FACE,
                    *(first[kind] for kind in held if kind in first),
                }


def test_a_second_is_looked_up_under_its_firsts_attempt_and_only_where_two_factors_are_asked_for(
    transitions, rules
):
    seconds = 0
    for before, _, _, _, _, effects in transitions:
        for effect in effects:
            if isinstance(effect, do.CheckSecond):
                seconds += 1
                assert effect.attempt == ME
                assert before.held in ({Card}, {UnitPin})
                assert type(effect.credential) not in before.held
    assert (seconds > 0) == rules.two_factors


def test_matching_is_never_against_everybody_where_two_factors_are_asked_for(transitions, rules):
    opened = 0
    for before, _, _, _, _, effects in transitions:
        for effect in effects:
            if isinstance(effect, do.OpenCamera):
                opened += 1
                assert effect.only == before.templates
                assert bool(effect.only) == rules.two_factors
    assert opened > 0


def test_r05_face_is_asked_for_as_the_second_only_of_somebody_who_agreed_to_it(transitions, rules):
    asked = 0
    for before, event, _, _, _, effects in transitions:
        for effect in effects:
            with_face = isinstance(effect, do.AskSecond) and Method.FACE in effect.methods
            if with_face or (isinstance(effect, do.ShowNotice) and effect.second):
                asked += 1
                assert proven(before, event) == ({Card}, (ADA,))
    assert (asked > 0) == rules.two_factors


def test_a_pin_typed_alone_is_taken_exactly_while_it_is_wanted(transitions):
    for before, event, passing, _, gate, effects in transitions:
        if event == PIN and not passing:
            wanted = second_wanted(before.gate)
            taken = do.CheckSecond(ME, event.credential) in effects
            assert taken == (wanted and before.gate.beside is None)
            assert (event in gate.kept) == (wanted and before.gate.beside is not None)
            assert wanted or (gate, effects) == (before.gate, ())


def test_r36_a_verified_person_is_known_only_while_something_still_depends_on_who_it_is(transitions):
    kept = set()
    for _, _, _, _, gate, _ in transitions:
        known, phase = verified_attempts(gate), gate.phase
        depends = isinstance(phase, Verifying | Recording | Confirming | Withdrawing)
        at_gate = {phase.attempt} if depends or first_factor(gate) else set()
        assert known == at_gate | ({gate.beside.attempt} if gate.beside else set())
        kept.add(type(phase) if at_gate else None)
    assert {None, Verifying, Recording, Confirming, Withdrawing} <= kept


def test_a_card_and_its_pin_open():
    visit = Visit(TWO).to_second()(PIN)(KNOWN)(on.Recorded(ME, on.Stored.COMMITTED))
    assert visit.effects == [
        do.ShowChecking(ME, Method.CARD),
        do.CheckCredential(ME, Card("1")),
        do.AskSecond(ME, (Method.PIN,)),
        do.ShowChecking(ME, Method.PIN),
        do.CheckSecond(ME, Pin("482913")),
        do.Record(Decision(ME, Method.CARD, granted=True, reason=Reason.KNOWN_CREDENTIAL)),
        do.ReleaseDoor(ME),
        do.ShowResult(ME, granted=True, reason=Reason.KNOWN_CREDENTIAL),
    ]


def test_unit_and_pin_are_one_factor_and_the_card_is_the_other():
    visit = Visit(TWO)(on.CredentialPresented(ME, UnitPin("1203", "482913")))(KNOWN)
    assert visit.effects[-1] == do.AskSecond(ME, (Method.CARD,))
    visit(on.CredentialPresented(NEXT, Card("1")))(on.CredentialChecked(NEXT, Reason.KNOWN_CREDENTIAL))
    assert visit.effects[-3:] == [
        do.CheckCredential(NEXT, Card("1")),
        do.ShowChecking(ME, Method.CARD),
        do.CheckSecond(ME, Card("1")),
    ]
    assert visit(KNOWN).decisions() == [(True, Reason.KNOWN_CREDENTIAL)]


def test_a_card_and_a_face_of_its_person_open_behind_the_notice():
    visit = Visit(TWO).to_second(ADA)
    assert visit.effects[-1] == do.ShowNotice(ME, NOTICE, second=True)
    visit(on.NoticeShown(ME, NOTICE))(on.Tick(), after=2)
    assert visit.effects[-1] == do.AskSecond(ME, (Method.PIN, Method.FACE))
    visit(on.FaceChosen(ME))
    assert visit.effects[-1] == do.OpenCamera(ME, (ADA,))
    visit(on.FaceFound(ME, GOOD))(on.FaceFound(ME, GOOD))
    granted = Decision(ME, Method.FACE, granted=True, reason=Reason.MATCHED)
    assert visit.effects[-1] == do.Record(granted, ADA)


def test_another_persons_face_after_a_card_is_no_match_and_counts_as_one_not_recognised():
    visit = Visit(TWO).to_second_face()
    for _ in range(4):
        visit(on.FaceFound(ME, OTHER))
    visit(on.Tick(), after=TWO.compare_s)
    assert visit.decisions() == [(False, Reason.NOT_RECOGNISED)]
    assert visit.gate.refusals == 1


def test_any_of_a_persons_templates_may_match():
    visit = Visit(TWO).to_second(ADA, BEN)(on.NoticeShown(ME, NOTICE))
    visit(on.Tick(), after=2)(on.FaceChosen(ME))(on.FaceFound(ME, OTHER))(on.FaceFound(ME, OTHER))
    assert visit.decisions() == [(True, Reason.MATCHED)]


@pytest.mark.parametrize("notice_seen", [False, True], ids=["during the notice", "at the choice"])
def test_r03_the_pin_is_taken_at_once_whether_or_not_the_notice_is_still_up(notice_seen):
    visit = Visit(TWO).to_second(ADA)
    if notice_seen:
        visit(on.NoticeShown(ME, NOTICE))(on.Tick(), after=2)
    assert visit(PIN).effects[-1] == do.CheckSecond(ME, Pin("482913"))


def test_r31_a_pin_during_the_face_attempt_ends_it_and_the_attempt_is_recorded_once():
    visit = Visit(TWO).to_second_face()(on.FaceFound(ME, WEAK))(PIN)
    assert visit.effects[-4:-2] == [do.CloseCamera(), do.Forget()]
    assert visit.effects[-1] == do.CheckSecond(ME, Pin("482913"))
    assert visit.gate.refusals == 1
    assert visit(KNOWN).decisions() == [(True, Reason.KNOWN_CREDENTIAL)]


def test_a_pin_before_any_face_was_compared_counts_none():
    assert Visit(TWO).to_second_face()(PIN).gate.refusals == 0


def test_r02_a_camera_that_fails_after_a_card_leaves_its_pin():
    visit = Visit(TWO).to_second_face()(on.CameraFailed(ME))
    assert visit.effects[-3:] == [do.CloseCamera(), do.Forget(), do.AskSecond(ME, (Method.PIN,))]
    assert visit(PIN)(KNOWN).decisions() == [(True, Reason.KNOWN_CREDENTIAL)]


@pytest.mark.parametrize("reached", [0, 2], ids=["notice", "choice"])
def test_r12_face_leaves_what_may_be_second_when_what_it_depends_on_goes(reached):
    visit = Visit(TWO).to_second(ADA)(on.NoticeShown(ME, NOTICE))(on.Tick(), after=reached)
    assert visit(on.ConditionsChanged(BLIND)).effects[-1] == do.AskSecond(ME, (Method.PIN,))
    assert isinstance(visit(on.ConditionsChanged(READY))(on.FaceChosen(ME)).gate.phase, Choosing)


def test_r02_without_face_a_card_asks_for_its_pin_alone():
    visit = Visit(TWO, BLIND).to_second(ADA)
    assert visit.effects[-1] == do.AskSecond(ME, (Method.PIN,))


def test_r10_a_notice_the_screen_never_confirms_leaves_the_pin_alone():
    visit = Visit(TWO).to_second(ADA)(on.Tick(), after=TWO.notice_confirm_s)
    assert visit.effects[-1] == do.AskSecond(ME, (Method.PIN,))


@pytest.mark.parametrize("first", [Card("1"), UnitPin("1203", "482913")], ids=["card", "unit and pin"])
def test_a_second_that_never_comes_is_refused_as_missing(first):
    visit = Visit(TWO)(on.CredentialPresented(ME, first))(KNOWN)(on.Tick(), after=TWO.choose_s)
    assert visit.decisions() == [(False, Reason.SECOND_MISSING)]
    assert isinstance(visit.gate.phase, Refused)


@pytest.mark.parametrize("reason", [Reason.UNKNOWN_CREDENTIAL, Reason.THROTTLED, Reason.FAULT])
def test_a_wrong_second_is_refused_like_a_wrong_first(reason):
    visit = Visit(TWO).to_second()(PIN)(on.CredentialChecked(ME, reason))
    assert visit.decisions() == [(False, reason)]


def test_a_second_the_store_never_answers_is_refused():
    visit = Visit(TWO).to_second()(PIN)(on.Tick(), after=TWO.verify_s)
    assert visit.decisions() == [(False, Reason.TOO_SLOW)]


@pytest.mark.parametrize("templates", [(), (ADA,)], ids=["asked", "notice"])
def test_who_walks_off_after_the_first_factor_is_let_go(templates):
    visit = Visit(TWO).to_second(*templates)(on.Cancelled(ME))
    assert (visit.gate.phase, visit.effects[-1]) == (Idle(), do.ClearScreen())
    assert visit.decisions() == []


def test_a_visitors_code_is_the_hosts_word_and_opens_alone():
    visit = Visit(TWO)(on.CredentialPresented(ME, Code("GV1.ABC")))(KNOWN)
    assert visit.decisions() == [(True, Reason.KNOWN_CREDENTIAL)]


def test_r05_who_comes_without_a_card_is_offered_no_face_and_shown_no_notice():
    visit = Visit(TWO)(on.Presence(ME))
    assert visit.effects == [do.OfferMethods(ME, (Method.CARD, Method.PIN), two_factors=True)]
    assert not isinstance(visit(on.FaceChosen(ME)).gate.phase, Capturing)


@pytest.mark.parametrize(
    "unmet",
    [Noticing(ME, 2.0, confirmed=True), Noticing(ME, 2.0, confirmed=True, first=First(Method.CARD))],
    ids=["no card", "no templates"],
)
def test_even_from_a_state_no_visit_reaches_no_face_is_looked_for_among_everybody(unmet):
    visit = Visit(TWO)
    visit.gate = replace(visit.gate, phase=unmet)
    assert not isinstance(visit(on.Tick(), after=2)(on.FaceChosen(ME)).gate.phase, Capturing)


def test_r24_one_factor_withdraws_and_does_not_open():
    visit = Visit(TWO).to_question()
    assert visit.effects == [
        do.AskCredential(ME, opens=False),
        do.ShowChecking(NEXT, Method.CARD),
        do.CheckCredential(NEXT, Card("1")),
        do.ConfirmWithdrawal(NEXT, do.DoorSaid.STAYED_SHUT),
    ]
    assert visit(on.WithdrawalConfirmed(NEXT)).effects[-1] == do.Withdraw(NEXT)


def test_no_value_on_its_way_prints_a_pin_a_code_or_a_template():
    for value in (Pin("482913"), Code("GV1.ABC"), First(Method.CARD, (ADA,)), do.OpenCamera(ME, (ADA,))):
        assert not any(secret in repr(value) for secret in ("482913", "GV1", "ada"))
    assert "ada" not in repr(on.CredentialChecked(ME, Reason.KNOWN_CREDENTIAL, (ADA,)))
