"""Who is signed in: in memory, for a time unused, for a time in all, so many at most (R54)."""

import pytest

from gate.core.credentials import CredentialId, SignedIn
from gate.core.types import PersonId
from gate.web.sessions import EACH_MOST, GONE_MOST, PUT_ASIDE_MOST, Sessions, Span
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
    assert sessions.was(tokens[0]) == ADA  # what they were typing may still come


def test_what_is_put_aside_is_taken_once_and_only_the_latest_stay(sessions):
    session = sessions.find(sessions.begin(ADA))
    keys = [session.put_aside(number) for number in range(PUT_ASIDE_MOST + 1)]
    assert session.take(keys[0]) is None
    assert [session.take(key) for key in keys[1:]] == [1, 2, 3, 4]
    assert session.take(keys[1]) is None


def test_r54_nobody_signs_all_others_out_by_signing_in(clock):
    sessions = Sessions(
        clock, lambda _: Span(IDLE_S, LONGEST_S), most=SESSIONS_MOST, whose=lambda who: who.person
    )
    ben = sessions.begin(BEN)
    ada = [sessions.begin(ADA) for _ in range(SESSIONS_MOST + 1)]
    assert sessions.find(ben) is not None
    assert [token for token in ada if sessions.find(token)] == ada[-EACH_MOST:]


def test_whose_a_session_was_is_known_where_another_ended_it_and_not_where_they_signed_out(sessions, clock):
    timed_out, left, ended = (sessions.begin(ADA) for _ in range(3))
    sessions.end(left)
    ended_id = sessions.find(ended).id
    sessions.end_where(lambda session: session.id == ended_id)
    clock.seconds += IDLE_S
    assert sessions.find(timed_out) is None
    assert [sessions.was(token) for token in (timed_out, left, ended, "made up", None)] == [
        ADA,
        None,
        ADA,
        None,
        None,
    ]


def test_of_sessions_that_are_gone_only_so_many_are_known(sessions):
    first = sessions.begin(ADA)
    sessions.let_go(first)
    for _ in range(GONE_MOST):
        sessions.let_go(sessions.begin(BEN))
    assert sessions.was(first) is None
