"""Codes shown at the gate: only somebody who stands there signs in on a telephone (R54)."""

import pytest

from gate.office.gatecodes import CODES_MOST, DIGITS, HOLDS_S, GateCodes


class Clock:
    seconds = 100.0

    def monotonic(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def codes(clock):
    return GateCodes(clock)


def test_a_code_is_good_once(codes):
    code = codes.issue()
    assert codes.take(code)
    assert not codes.take(code)


def test_a_code_has_eight_digits_and_none_is_like_the_last(codes):
    drawn = {codes.issue() for _ in range(200)}
    assert len(drawn) > 190  # by chance one of 10^8 may come again
    assert all(len(code) == DIGITS and code.isdecimal() for code in drawn)


def test_a_code_holds_for_five_minutes(codes, clock):
    one, two = codes.issue(), codes.issue()
    clock.seconds += HOLDS_S - 0.1
    assert codes.take(one)
    clock.seconds += 0.1
    assert not codes.take(two)


def test_a_code_may_be_typed_as_it_is_shown(codes):
    code = codes.issue()
    assert codes.take(f" {code[:4]} {code[4:]}")


@pytest.mark.parametrize("typed", ["", " ", "00000000", "\u0661" * 8, "1" * 10_000, "a' or 1"])
def test_what_was_never_issued_is_never_good(codes, typed):
    while (code := codes.issue()) == typed:
        pass
    assert not codes.take(typed)
    assert codes.take(code)


def test_no_more_than_a_few_are_good_at_once(codes):
    drawn = [codes.issue() for _ in range(CODES_MOST + 1)]
    assert not codes.take(drawn[0])
    assert codes.take(drawn[1])
