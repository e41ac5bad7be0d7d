"""Who is signed in: in memory, for a time unused, for a time in all, so many at most (R54)."""

import pytest

from gate.core.credentials import CredentialId, SignedIn
from gate.core.types import PersonId
from gate.web.sessions import PUT_ASIDE_MOST, Sessions, Span
from tests.web.world import StoppedClock

ADA = SignedIn(PersonId("ada"), CredentialId("pin of ada"))
BEN = SignedIn(PersonId("ben"), CredentialId("pin of ben"))
IDLE_S, LONGEST_S, SESSIONS_MOST = 600.0, 1800.0, 20


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def sessions(clock):
    return Sessions(clock, lambda _who: Span(IDLE_S, LONGEST_S), most=SESSIONS_MOST)


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


def test_what_is_asked_quietly_keeps_no_session_alive(sessions, clock):
    token = sessions.begin(ADA)
    clock.seconds += IDLE_S - 1
    assert sessions.find(token, quiet=True) is not None
    clock.seconds += 1
    assert sessions.find(token) is None


def test_each_has_its_own_span(clock):
    sessions = Sessions(clock, lambda who: Span(IDLE_S * (1 + (who == BEN)), LONGEST_S), most=SESSIONS_MOST)
    ada, ben = sessions.begin(ADA), sessions.begin(BEN)
    clock.seconds += IDLE_S
    assert (sessions.find(ada), sessions.find(ben).who) == (None, BEN)


def test_somebody_s_sessions_are_listed_and_ended_without_the_others(sessions):
    tokens = [sessions.begin(who, browser="Firefox") for who in (ADA, BEN, ADA)]
    listed = sessions.all(lambda who: who == ADA)
    assert [each.browser for each in listed] == ["Firefox", "Firefox"]
    assert sessions.end_where(lambda session: session.id == listed[0].id) == 1
    assert [sessions.find(token) is not None for token in tokens] == [False, True, True]


def test_what_is_put_aside_is_taken_once_and_only_the_latest_stay(sessions):
    session = sessions.find(sessions.begin(ADA))
    keys = [session.put_aside(number) for number in range(PUT_ASIDE_MOST + 1)]
    assert session.take(keys[0]) is None
    assert [session.take(key) for key in keys[1:]] == [1, 2, 3, 4]
    assert session.take(keys[1]) is None
