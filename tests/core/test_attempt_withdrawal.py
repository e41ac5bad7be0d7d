"""Withdrawing at the gate's screen, as the state machine sees it (R24)."""

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import (
    Choosing,
    Confirming,
    Granted,
    Identifying,
    Idle,
    Recording,
    Refused,
    Told,
    Verifying,
    Withdrawing,
    verified_attempts,
)
from gate.core.types import (
    Card,
    Decision,
    Method,
    Reason,
    WithdrawalOutcome,
)
from tests.core.visits import (
    ME,
    NEXT,
    RULES,
    STALE,
    Visit,
)


def test_r24_asking_to_withdraw_is_heard_at_rest_and_at_the_choice_whatever_face_depends_on(
    transitions, rules
):
    heard = 0
    for before, event, passing, _, gate, effects in transitions:
        at_choice = isinstance(before.gate.phase, Choosing) and event == on.WithdrawalChosen(ME)
        at_rest = isinstance(before.gate.phase, Idle) and isinstance(event, on.WithdrawalChosen)
        if passing == 0 and (at_choice or at_rest):
            heard += not before.gate.conditions.switched_on
            assert isinstance(gate.phase, Identifying)
            opens = not rules.two_factors and before.gate.entry is None
            assert effects == (do.AskCredential(event.attempt, opens),)
    assert heard > 0


def test_r24_a_withdrawal_follows_its_own_question_answered_in_time_and_nothing_else(transitions):
    withdrawn = 0
    for before, event, passing, _, _, effects in transitions:
        if any(isinstance(effect, do.Withdraw) for effect in effects):
            withdrawn += 1
            assert isinstance(before.gate.phase, Confirming)
            assert event == on.WithdrawalConfirmed(before.gate.phase.attempt)
            assert passing < before.gate.phase.until
            assert effects == (do.Withdraw(ME),)
    assert withdrawn > 0


def test_r24_the_question_comes_for_one_credential_asked_for_and_no_other_and_says_what_the_door_did(
    transitions, rules
):
    said = set()
    for before, event, _, _, gate, effects in transitions:
        if isinstance(before.gate.phase, Confirming) or not isinstance(gate.phase, Confirming):
            continue
        assert before.gate.phase.withdraws
        known = isinstance(event, on.CredentialChecked) and event.reason is Reason.KNOWN_CREDENTIAL
        assert isinstance(before.gate.phase, Recording) or known
        assert isinstance(effects[-1], do.ConfirmWithdrawal)
        said.add(effects[-1].door)
        assert (do.ReleaseDoor(ME) in effects) == (effects[-1].door is do.DoorSaid.OPENED)
    # Two factors: the one that withdraws does not open.
    assert said == {do.DoorSaid.STAYED_SHUT, *(() if rules.two_factors else (do.DoorSaid.OPENED,))}
    asked = {
        type(b.gate.phase) for b, _, _, _, gate, _ in transitions if getattr(gate.phase, "withdraws", False)
    }
    assert asked == {Identifying, Verifying} | (set() if rules.two_factors else {Recording})


def test_r36_a_withdrawals_person_is_needed_from_their_credential_to_its_answer(transitions):
    for _, _, _, _, gate, _ in transitions:
        withdraws = getattr(gate.phase, "withdraws", False) or isinstance(
            gate.phase, Confirming | Withdrawing
        )
        if withdraws:
            known = not isinstance(gate.phase, Identifying)
            beside = {gate.beside.attempt} if gate.beside else set()
            assert verified_attempts(gate) == ({gate.phase.attempt} if known else set()) | beside


def test_r25_a_receipt_is_on_the_screen_exactly_while_it_is_told(transitions):
    for before, _, _, _, gate, effects in transitions:
        shown = [effect for effect in effects if isinstance(effect, do.View)]
        was_told, is_told = isinstance(before.gate.phase, Told), isinstance(gate.phase, Told)
        if is_told and not was_told:
            assert isinstance(shown[-1], do.ShowWithdrawn)
        elif was_told and not is_told:
            assert not isinstance(shown[-1], do.ShowWithdrawn)
        else:
            assert not any(isinstance(view, do.ShowWithdrawn) for view in shown[-1:])


def test_r24_a_withdrawal_runs_from_the_press_to_the_receipt_and_opens_the_door_on_its_way():
    visit = Visit().to_question()(on.DoorReported(NEXT, released=True))
    visit(on.WithdrawalConfirmed(NEXT))
    visit(on.Withdrawn(NEXT, WithdrawalOutcome.WITHDRAWN, "7K2M", "the receipt"))
    assert visit.effects == [
        do.AskCredential(ME),
        do.ShowChecking(NEXT, Method.CARD),
        do.CheckCredential(NEXT, Card("1")),
        do.Record(Decision(NEXT, Method.CARD, granted=True, reason=Reason.KNOWN_CREDENTIAL)),
        do.ReleaseDoor(NEXT),
        do.ConfirmWithdrawal(NEXT),
        do.RecordOutcome(NEXT, released=True),
        do.Withdraw(NEXT),
        do.ShowWithdrawn(NEXT, WithdrawalOutcome.WITHDRAWN, "7K2M", "the receipt"),
    ]


def test_an_unknown_card_is_refused_as_always_and_asks_nothing():
    visit = Visit()(on.WithdrawalChosen(ME))(on.CredentialPresented(NEXT, Card("1")))
    visit(on.CredentialChecked(NEXT, Reason.UNKNOWN_CREDENTIAL))
    assert visit.effects[-1] == do.ShowResult(NEXT, granted=False, reason=Reason.UNKNOWN_CREDENTIAL)
    assert isinstance(visit.gate.phase, Refused)


def test_r02_a_second_card_opens_as_always_and_drops_the_question():
    visit = Visit().to_question()(on.CredentialPresented(STALE, Card("2")))
    visit(on.WithdrawalConfirmed(NEXT))(on.CredentialChecked(STALE, Reason.KNOWN_CREDENTIAL))
    visit(on.Recorded(STALE, on.Stored.COMMITTED))(on.WithdrawalConfirmed(STALE))
    assert do.ReleaseDoor(STALE) in visit.effects
    assert isinstance(visit.gate.phase, Granted)
    assert do.Withdraw(NEXT) not in visit.effects
    assert do.Withdraw(STALE) not in visit.effects


def test_r02_a_card_that_comes_while_the_withdrawers_grant_is_written_opens_and_drops_the_question():
    visit = Visit()(on.WithdrawalChosen(ME))(on.CredentialPresented(NEXT, Card("1")))
    visit(on.CredentialChecked(NEXT, Reason.KNOWN_CREDENTIAL))(on.CredentialPresented(STALE, Card("2")))
    visit(on.Recorded(NEXT, on.Stored.COMMITTED))
    assert visit.gate.phase == Verifying(STALE, RULES.verify_s, Method.CARD, withdraws=False)


@pytest.mark.parametrize(
    ("leaving", "after"), [(on.Cancelled(NEXT), 0), (on.Tick(), RULES.choose_s)], ids=["no", "walked off"]
)
def test_r24_a_question_nobody_says_yes_to_withdraws_nothing(leaving, after):
    visit = Visit().to_question()(leaving, after=after)
    visit(on.WithdrawalConfirmed(NEXT))
    assert visit.effects[-1] == do.ClearScreen()
    assert do.Withdraw(NEXT) not in visit.effects
    assert isinstance(visit.gate.phase, Idle)


@pytest.mark.parametrize(
    ("leaving", "after"), [(on.Cancelled(ME), 0), (on.Tick(), RULES.choose_s)], ids=["cancel", "walked off"]
)
def test_a_person_who_asks_and_shows_no_card_is_let_go(leaving, after):
    visit = Visit()(on.WithdrawalChosen(ME))(leaving, after=after)
    assert visit.effects == [do.AskCredential(ME), do.ClearScreen()]


def test_r24_a_door_that_fails_keeps_nobody_from_withdrawing():
    visit = Visit().to_question()(on.DoorReported(NEXT, released=False))
    assert visit.effects[-2:] == [
        do.RecordOutcome(NEXT, released=False),
        do.ConfirmWithdrawal(NEXT, do.DoorSaid.FAILED),
    ]
    assert visit(on.WithdrawalConfirmed(NEXT)).effects[-1] == do.Withdraw(NEXT)


def test_a_withdrawal_without_an_answer_is_told_as_failed_and_a_late_answer_changes_nothing():
    visit = Visit().to_question()(on.WithdrawalConfirmed(NEXT))(on.Tick(), after=RULES.record_s)
    visit(on.Withdrawn(NEXT, WithdrawalOutcome.WITHDRAWN))
    assert visit.effects[-1] == do.ShowWithdrawn(NEXT, WithdrawalOutcome.FAILED)


@pytest.mark.parametrize(
    ("leaving", "after"), [(on.Cancelled(NEXT), 0), (on.Tick(), RULES.show_withdrawn_s)], ids=["done", "time"]
)
def test_r25_a_receipt_leaves_the_screen_by_done_or_by_time(leaving, after):
    visit = Visit().to_question()(on.WithdrawalConfirmed(NEXT))
    visit(on.Withdrawn(NEXT, WithdrawalOutcome.WITHDRAWN))(leaving, after=after)
    assert visit.effects[-1] == do.ClearScreen()
    assert isinstance(visit.gate.phase, Idle)


def test_no_value_on_its_way_to_the_screen_prints_the_receipt():
    for value in (on.Withdrawn, do.ShowWithdrawn):
        assert "signed" not in repr(value(ME, WithdrawalOutcome.WITHDRAWN, "7K2M", "signed"))
