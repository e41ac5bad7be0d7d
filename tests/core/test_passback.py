"""Soft anti-passback: the second entry within the window is noticed, and nothing outlives the window (R36)."""

import pytest

from gate.core.passback import Passback

KEYS = [bytes([number]) * 32 for number in range(40)]


class Turnstile:
    def __init__(self, window_s=600):
        self.passback, self.keys = Passback(window_s), iter(KEYS)

    def enter(self, who, at):
        self.passback, repeated = self.passback.note(who, at, fresh_key=next(self.keys))
        return repeated

    @property
    def held(self):
        return [digest for each in self.passback._generations for digest, _ in each.entries]


def test_the_second_entry_within_the_window_is_noticed_and_the_first_of_another_is_not():
    gate = Turnstile()
    assert [gate.enter("ada", 0), gate.enter("ben", 1), gate.enter("ada", 599)] == [False, False, True]


def test_an_entry_after_the_window_is_a_first_one():
    gate = Turnstile()
    assert [gate.enter("ada", 0), gate.enter("ada", 600)] == [False, False]


@pytest.mark.parametrize("between", [599, 601, 900, 1199])
def test_a_key_that_changes_between_two_entries_hides_no_repetition(between):
    gate = Turnstile()
    gate.enter("somebody", 0)
    gate.enter("ada", between)
    gate.enter("another", between + 300)
    assert gate.enter("ada", between + 599)


def test_each_entry_begins_the_window_anew():
    gate = Turnstile()
    assert [gate.enter("ada", at) for at in (0, 500, 1000, 1500, 2100)] == [False, True, True, True, False]


def test_r36_digests_and_keys_are_gone_after_the_window():
    gate = Turnstile()
    gate.enter("ada", 0)
    assert gate.passback.forget(599) == gate.passback
    assert gate.passback.forget(600) == Passback(600)


def test_r36_one_person_is_held_once_and_under_no_key_for_longer_than_two_windows():
    gate = Turnstile()
    for at in range(0, 6000, 200):
        gate.enter("ada", at)
        assert len(gate.held) == 1
        assert all(at < each.began + 1200 for each in gate.passback._generations)


def test_r36_the_same_person_has_another_digest_under_another_key():
    one, other = Turnstile(), Turnstile()
    next(other.keys)
    one.enter("ada", 0)
    other.enter("ada", 0)
    assert one.held != other.held


def test_nothing_of_it_is_in_its_repr():
    gate = Turnstile()
    gate.enter("ada", 0)
    assert repr(gate.passback) == "Passback(window_s=600)"
