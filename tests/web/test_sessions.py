"""Who is signed in: in memory, ten minutes idle, half an hour in all, twenty at most (R54)."""

import pytest

from gate.core.credentials import CredentialId, SignedIn
from gate.core.types import PersonId
from gate.web.sessions import IDLE_S, LONGEST_S, SESSIONS_MOST, Sessions
from tests.web.world import StoppedClock

ADA = SignedIn(PersonId("ada"), CredentialId("pin of ada"))


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def sessions(clock):
    return Sessions(clock)


def test_a_session_is_found_by_its_token_and_by_nothing_else(sessions):
    token = sessions.begin(ADA)
    assert sessions.find(token).who == ADA
    for other in (None, "", token[:-1], token + "x"):
        assert sessions.find(other) is None


def test_two_sessions_share_neither_token_nor_form(sessions):
    first, second = sessions.begin(ADA), sessions.begin(ADA)
    assert first != second
    assert not sessions.find(first).fits(sessions.find(second).form)


def test_a_session_lives_while_it_is_seen_and_ends_ten_minutes_after(sessions, clock):
    token = sessions.begin(ADA)
    for _ in range(2):
        clock.seconds += IDLE_S - 1
        assert sessions.find(token) is not None
    clock.seconds += IDLE_S
    assert sessions.find(token) is None


def test_r54_a_session_that_is_always_seen_ends_half_an_hour_after_it_began(sessions, clock):
    token = sessions.begin(ADA)
    for _ in range(4):
        clock.seconds += LONGEST_S / 4 - 1
        assert sessions.find(token) is not None
    clock.seconds += 4
    assert sessions.find(token) is None


def test_the_one_longest_unseen_makes_room_for_the_twenty_first(sessions):
    tokens = [sessions.begin(ADA) for _ in range(SESSIONS_MOST)]
    sessions.find(tokens[0])
    newest = sessions.begin(ADA)
    assert sessions.find(tokens[1]) is None
    assert all(sessions.find(token) for token in (tokens[0], *tokens[2:], newest))


def test_who_signed_out_is_out(sessions):
    token = sessions.begin(ADA)
    for _ in range(2):
        sessions.end(token)
    assert sessions.find(token) is None


def test_a_session_shows_neither_person_nor_form(sessions):
    session = sessions.find(sessions.begin(ADA))
    assert "ada" not in repr(session)
    assert session.form not in repr(session)
