"""Whose credential it was is known while the attempt needs it, and no longer (R36)."""

import pytest

from gate.core.phases import Beside, Confirming, First, Gate, Granted, Idle, Noticing, Recording, Verifying
from gate.core.types import Code, Decision, Method, Reason
from gate.visitor import Visitor

GRANT = Decision("mine", Method.CARD, granted=True, reason=Reason.KNOWN_CREDENTIAL)
WAITING = [
    Verifying("mine", 9.0, Method.PIN),
    Noticing("mine", 9.0, first=First(Method.CARD)),
    Recording("mine", 9.0, GRANT),
    Confirming("mine", 9.0),
]
OVER = [Idle(), Granted("mine", 9.0), Verifying("another", 9.0, Method.PIN), Confirming("another", 9.0)]


@pytest.fixture
def visitor():
    return Visitor()


@pytest.mark.parametrize("phase", WAITING, ids=lambda phase: type(phase).__name__)
def test_a_person_is_known_while_their_attempt_needs_them(visitor, phase):
    visitor.heed(Gate(phase), "mine", "ada")
    visitor.settle(Gate(phase))
    assert visitor.of("mine") == "ada"


@pytest.mark.parametrize("phase", OVER, ids=lambda phase: f"{type(phase).__name__}")
def test_a_verdict_that_nothing_waits_for_is_not_remembered(visitor, phase):
    """R36: a PIN's slow answer may come when its attempt is long over."""
    visitor.heed(Gate(phase), "mine", "ada")
    assert visitor.of("mine") is None


@pytest.mark.parametrize("phase", OVER, ids=lambda phase: f"{type(phase).__name__}")
def test_a_person_is_forgotten_with_their_attempt(visitor, phase):
    visitor.heed(Gate(WAITING[0]), "mine", "ada")
    visitor.settle(Gate(phase))
    assert visitor.of("mine") is None


def test_one_attempts_person_is_nobody_in_another(visitor):
    visitor.heed(Gate(WAITING[0]), "mine", "ada")
    assert visitor.of("another") is None


def test_a_refused_second_factor_leaves_nobody(visitor):
    visitor.heed(Gate(WAITING[0]), "mine", "ada")
    visitor.heed(Gate(WAITING[0]), "mine", None)
    assert visitor.of("mine") is None


def test_the_person_looked_up_beside_another_is_known_beside_them_and_forgotten_first(visitor):
    """R36: two people at most, each for as long as their own attempt needs them."""
    waiting = Noticing("mine", 9.0, first=First(Method.CARD))
    both = Gate(waiting, Beside("another", 9.0, Code("GV1")))
    visitor.heed(both, "mine", "ada")
    visitor.heed(both, "another", "ben")
    visitor.settle(both)
    assert (visitor.of("mine"), visitor.of("another")) == ("ada", "ben")
    visitor.settle(Gate(waiting))
    assert (visitor.of("mine"), visitor.of("another")) == ("ada", None)
