"""Requests of people about their own data: due in 15 days, sealed, answered on record (R70 to R73)."""

from datetime import timedelta

import pytest

from gate.core.consent import Channel
from gate.core.rights import NextOfKin, Outcome, RequestKind, RequestState, due_at
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action, Actor
from gate.store.requests import OPEN_MOST

DAY = timedelta(days=1)
KIN = NextOfKin("Li Wei", "daughter", "household register")


@pytest.fixture
def ask(store, resident, noon):
    def ask(
        kind=RequestKind.ACCESS, details="What do you hold of me?", *, person=resident, at=noon, kin=None
    ):
        return store.requests.open(
            kind, person, details, channel=Channel.DESK, at=at, actor=Actor.DESK, kin=kin
        )

    return ask


@pytest.fixture
def close(store, noon):
    def close(request, answer="Given on paper.", outcome=Outcome.DONE):
        store.requests.close(request, outcome, answer, at=noon + DAY, actor=Actor.INSTALLER)

    return close


def test_r72_a_request_is_due_in_fifteen_days_and_stands_near_and_overdue_in_the_list(store, ask, noon):
    ask()
    (request,) = store.requests.list()
    assert request.due_at == due_at(noon)
    states = [request.state(noon + days * DAY) for days in (0, 13, 16)]
    assert states == [RequestState.OPEN, RequestState.NEAR, RequestState.OVERDUE]


def test_what_was_asked_and_answered_comes_back_and_is_on_record(store, ask, close, resident, noon):
    request = ask()
    close(request)
    (answered,) = store.requests.of(resident)
    assert (answered.facts.details, answered.facts.answer) == ("What do you hold of me?", "Given on paper.")
    assert (answered.closed_at, answered.outcome) == (noon + DAY, Outcome.DONE)
    assert answered.state(noon + 99 * DAY) is RequestState.CLOSED
    assert store.requests.list() == ()
    acts = [(entry.action, entry.object) for entry in store.audit.entries()][-2:]
    assert acts == [(Action.REQUEST_OPENED, request), (Action.REQUEST_CLOSED, request)]


def test_the_earliest_due_comes_first(store, ask, noon):
    later, first = ask(at=noon), ask(at=noon - DAY)
    assert [each.id for each in store.requests.list()] == [first, later]


def test_somebody_sees_only_their_own(store, ask, resident):
    other = store.people.add("302", "Bo", "")
    mine = ask()
    ask(person=other)
    ask(person=None)
    assert [each.id for each in store.requests.of(resident)] == [mine]


def test_r73_next_of_kin_say_who_they_are_and_nobody_else_need(store, ask):
    request = ask(RequestKind.NEXT_OF_KIN, kin=KIN)
    assert store.requests.get(request).facts.kin == KIN
    for kind, kin in ((RequestKind.NEXT_OF_KIN, None), (RequestKind.ACCESS, KIN)):
        with pytest.raises(RequestError) as refusal:
            ask(kind, kin=kin)
        assert refusal.value.code == "kin-missing"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda _ask, close: close("nothing"), "request-unknown"),
        (lambda ask, close: close(ask(), " "), "answer-missing"),
        (lambda ask, close: close(ask(), "x" * 2001), "details-long"),
        (lambda ask, _close: ask(details="x" * 2001), "details-long"),
        (lambda ask, close: [close(each) for each in [ask()] * 2], "request-closed"),
    ],
)
def test_what_cannot_be_done_as_asked_is_told(ask, close, act, code):
    with pytest.raises(RequestError) as refusal:
        act(ask, close)
    assert refusal.value.code == code


def test_nothing_personal_of_a_request_is_readable_in_the_files(store, ask, close, tmp_path):
    close(ask(RequestKind.NEXT_OF_KIN, "Grandfather Li Tao died", kin=KIN), "Deleted for Li Wei")
    data = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.name != "ballast")
    for secret in ("Li Tao", "Li Wei", "daughter", "Deleted for"):
        assert secret.encode() not in data


@pytest.mark.parametrize(
    "change",
    ["due_at = due_at + 86400", "kind = 'copy'", "sealed = zeroblob(60)", "closed_at = 1, outcome = 'done'"],
)
def test_an_altered_request_says_nothing_hides_no_other_and_is_not_closed(
    store, ask, close, intruder, change
):
    request, other = ask(), ask()
    with intruder() as connection:
        connection.execute(f"UPDATE requests SET {change} WHERE id = ?", (request,))
    listed = {each.id: each.facts for each in store.requests.list(closed=True)}
    assert listed[request] is None
    assert listed[other] is not None
    with pytest.raises((VaultError, RequestError)):
        close(request)


def test_r75_a_request_goes_three_years_after_its_answer(store, ask, close, noon):
    close(ask())
    ask()
    end = (noon + DAY).replace(year=2029)
    store.retention.run(end - timedelta(seconds=1))
    assert len(store.requests.list(closed=True)) == 2
    store.retention.run(end)
    assert len(store.requests.list(closed=True)) == 1


def test_r72_one_person_has_five_open_requests_by_the_page_and_any_number_at_the_desk(
    store, ask, close, resident, noon
):
    def by_page(person=resident):
        page = {"channel": Channel.SELF_SERVICE, "at": noon, "actor": Actor.RESIDENT}
        return store.requests.open(RequestKind.CORRECT, person, "My name.", **page)

    first, *_ = [by_page() for _ in range(OPEN_MOST)]
    with pytest.raises(RequestError) as refusal:
        by_page()
    assert refusal.value.code == "requests-many"
    by_page(store.people.add("302", "Bo Wang", ""))
    ask()
    assert len(store.requests.of(resident)) == OPEN_MOST + 1
    for each in store.requests.of(resident)[:2]:
        close(each.id)
    by_page()
    assert first in {each.id for each in store.requests.of(resident)}


def test_r70_ones_own_requests_are_found_without_opening_the_neighbours(store, ask, resident, intruder):
    mine = ask()
    theirs = ask(person=store.people.add("302", "Bo Wang", ""))
    with intruder() as connection:  # a row that cannot be read costs its own person only
        connection.execute("UPDATE requests SET kind = 'nonsense' WHERE id = ?", (theirs,))
    assert [each.id for each in store.requests.of(resident)] == [mine]


def test_a_request_moved_to_somebody_elses_page_is_not_shown_there(store, ask, resident, intruder):
    other = store.people.add("302", "Bo Wang", "")
    ask()
    theirs = ask(person=other)
    with intruder() as connection:
        sql = "UPDATE requests SET person_lookup = (SELECT person_lookup FROM requests WHERE id <> ?) WHERE id = ?"
        connection.execute(sql, (theirs, theirs))
    assert theirs not in {each.id for each in store.requests.of(resident)}
    assert store.requests.get(theirs).facts is None
