"""What a keypad's keys ask for where the screen cannot be touched, and what no hand pressed (R10)."""

import pytest

from firmware_bridge.events import KeyPressed, Nonsense
from gate.core.types import Pin, Sign, UnitPin
from gate.listening import SIGN_AGAIN_S, STUCK_KEYS, Ear


def said(keys, *, gap=0.3, after_card=False):
    """Press *keys* one after another; give everything that came of it."""
    ear = Ear("reader")
    heard = [
        ear.take(KeyPressed(key), 100.0 + gap * place, after_card=after_card)
        for place, key in enumerate(keys)
    ]
    return [each for each in heard if each is not None]


@pytest.mark.parametrize("after_card", [False, True])
@pytest.mark.parametrize("sign", Sign)
def test_a_sign_is_pressed_alone_with_and_without_a_card_before_it(sign, after_card):
    assert said(sign.value, after_card=after_card) == [sign]


def test_a_star_that_clears_half_an_entry_asks_for_nothing():
    assert said("120*") == []
    assert said("1203#73*") == []
    assert said("7391*", after_card=True) == []


def test_no_entry_holds_a_sign_and_none_is_lost_to_one():
    assert said("*1203#739154#") == [Sign.GO, UnitPin("1203", "739154")]
    assert said("0044#739154#") == [UnitPin("0044", "739154")]
    assert said("*739154#", after_card=True) == [Sign.GO, Pin("739154")]


def test_a_key_that_repeats_by_itself_asks_once_r10():
    """A `*` that hangs at rest must not choose face when the choice comes."""
    assert said("*" * (STUCK_KEYS - 1), gap=0.1) == [Sign.GO]
    assert said("**", gap=SIGN_AGAIN_S) == [Sign.GO, Sign.GO]


def test_a_stuck_key_asks_for_nothing_however_slowly_it_repeats():
    assert said("*" * (STUCK_KEYS + 5), gap=SIGN_AGAIN_S).count(Sign.GO) == STUCK_KEYS - 1


def test_after_nonsense_on_the_line_a_sign_may_be_a_digit_short_and_is_dropped():
    ear = Ear("reader")
    ear.take(KeyPressed("0"), 100.0, after_card=False)
    ear.take(Nonsense(), 100.1, after_card=False)
    assert ear.take(KeyPressed("#"), 100.2, after_card=False) is None
