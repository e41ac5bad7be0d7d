"""One rule over every signal that is fitted: it fails closed, whatever is missing, silent or no number."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from gate.core.liveness import (
    CERTAINTY_LEAST,
    DEPTH_LEAST_MM,
    DEPTH_MOST_MM,
    DRAWN,
    FRAMES_LEAST,
    PARALLAX_LEAST,
    PASSIVE_LEAST,
    Assurance,
    Challenge,
    Cue,
    Level,
    Response,
    Signals,
    Verdict,
    assurance,
    fuse,
)

HEAD = Signals(FRAMES_LEAST, None, PARALLAX_LEAST, CERTAINTY_LEAST)
IN_DEPTH = Signals(FRAMES_LEAST, depth_mm=20.0)


def verdict(signals=HEAD, level=Level.BASIC, *, passive=False, depth=False, challenged=Response.NOT_ASKED):
    return fuse(signals, level, passive_fitted=passive, depth_fitted=depth, challenged=challenged)


def test_natural_motion_of_a_solid_head_suffices_at_the_basic_level():
    assert verdict() is Verdict.LIVE


@pytest.mark.parametrize("low", [None, -1.0, 0.0, math.nan, -math.inf])
@pytest.mark.parametrize("name", ["parallax", "certainty"])
def test_a_face_not_seen_to_stand_out_is_never_live(name, low):
    for level, challenged in itertools.product((Level.BASIC, Level.CHALLENGE), Response):
        assert verdict(replace(HEAD, **{name: low}), level, challenged=challenged) is not Verdict.LIVE


@pytest.mark.parametrize("name", ["parallax", "certainty"])
def test_the_limits_of_a_solid_head_are_met_exactly(name):
    below = math.nextafter(getattr(HEAD, name), -math.inf)
    assert verdict(replace(HEAD, **{name: below})) is Verdict.UNDECIDED


@pytest.mark.parametrize("frames", range(FRAMES_LEAST))
def test_too_few_looks_decide_nothing(frames):
    assert verdict(replace(HEAD, frames=frames)) is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("challenged", "expected"),
    [
        (Response.NOT_ASKED, Verdict.UNDECIDED),
        (Response.WAITING, Verdict.UNDECIDED),
        (Response.DONE, Verdict.LIVE),
        (Response.FAILED, Verdict.ATTACK),
    ],
)
def test_the_challenge_level_asks_for_a_challenge_done(challenged, expected):
    assert verdict(level=Level.CHALLENGE, challenged=challenged) is expected


def test_a_challenge_that_was_asked_must_be_done_whatever_else_is_seen():
    assert verdict(challenged=Response.WAITING) is Verdict.UNDECIDED


def test_one_trace_of_a_screen_or_print_asks_for_a_challenge():
    suspect = replace(HEAD, cues=frozenset({Cue.MOIRE}))
    assert verdict(suspect) is Verdict.UNDECIDED
    assert verdict(suspect, challenged=Response.DONE) is Verdict.LIVE


def test_two_traces_are_an_attack_even_in_the_first_look():
    assert verdict(Signals(1, cues=frozenset(Cue)), challenged=Response.DONE) is Verdict.ATTACK


@pytest.mark.parametrize("silent", [None, math.nan, math.inf, -0.1, 1.1])
def test_fitted_networks_that_are_silent_or_talk_nonsense_are_never_live(silent):
    for level, challenged in itertools.product(Level, Response):
        seen = replace(HEAD, passive=silent, depth_mm=20.0)
        assert verdict(seen, level, passive=True, depth=True, challenged=challenged) is not Verdict.LIVE


@pytest.mark.parametrize(
    ("share", "expected"),
    [(PASSIVE_LEAST, Verdict.LIVE), (math.nextafter(PASSIVE_LEAST, 0), Verdict.UNDECIDED)],
)
def test_networks_in_doubt_ask_for_a_challenge(share, expected):
    assert verdict(replace(HEAD, passive=share), passive=True) is expected
    assert verdict(replace(HEAD, passive=share), passive=True, challenged=Response.DONE) is Verdict.LIVE


@pytest.mark.parametrize(
    ("millimetres", "expected"),
    [
        (None, Verdict.UNDECIDED),
        (math.nan, Verdict.UNDECIDED),
        (-30.0, Verdict.ATTACK),
        (3.9, Verdict.ATTACK),
        (4.0, Verdict.UNDECIDED),
        (math.nextafter(DEPTH_LEAST_MM, 0), Verdict.UNDECIDED),
        (DEPTH_LEAST_MM, Verdict.LIVE),
        (DEPTH_MOST_MM, Verdict.LIVE),
        (math.nextafter(DEPTH_MOST_MM, math.inf), Verdict.UNDECIDED),
        (math.inf, Verdict.UNDECIDED),
    ],
)
def test_depth_opens_for_a_nose_that_stands_out_as_noses_do(millimetres, expected):
    assert verdict(replace(IN_DEPTH, depth_mm=millimetres), Level.DEPTH, depth=True) is expected


def test_the_depth_level_never_falls_back_to_colour():
    for signals, challenged in itertools.product((HEAD, replace(HEAD, depth_mm=20.0)), Response):
        assert verdict(signals, Level.DEPTH, challenged=challenged) is not Verdict.LIVE


def test_a_flat_depth_is_an_attack_at_every_level():
    for level in Level:
        assert verdict(replace(HEAD, depth_mm=1.0), level, depth=True) is Verdict.ATTACK


def test_colour_alone_is_labelled_low_assurance():
    for level, fitted in itertools.product(Level, (False, True)):
        is_deep = level is Level.DEPTH and fitted
        assert assurance(level, depth_fitted=fitted) is (Assurance.SUBSTANTIAL if is_deep else Assurance.LOW)


def test_a_motion_that_a_print_can_make_is_never_drawn():
    assert Challenge.COME_CLOSER not in DRAWN
    assert set(DRAWN) == set(Challenge) - {Challenge.COME_CLOSER}


def test_r43_signals_show_no_score():
    assert repr(Signals(3, 0.123, 0.123, 0.123, depth_mm=0.123)).count("0.123") == 0
