"""The consent record: which event may follow which, what it comes to, and its one form as JSON (R22, R24, R25)."""

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.canonical import canonical
from gate.core.consent import (
    ACTORS,
    AgeBand,
    Agreement,
    By,
    Channel,
    ConsentTerms,
    Guardian,
    Indication,
    Purpose,
    Relation,
    RelationProof,
    SubjectRef,
)
from gate.core.consent_record import (
    TRANSITIONS,
    Asked,
    ConsentEvent,
    DataCategory,
    EventKind,
    ExpiryReason,
    InvalidationReason,
    Standing,
    asked_for,
    follow,
    from_json,
    state_of,
    to_json,
)
from gate.core.receipt import Receipt, ReceiptFacts
from gate.core.types import ConsentId, NoticeVersion

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BY = By(Channel.DESK, "resident")
SAID = Agreement(NoticeVersion("1.0"), "en", BY, Indication.TICKED_AND_PRESSED, AgeBand.FROM_14, "ab" * 32)
TERMS = ConsentTerms(
    "Garden Compound Ltd", "+86 10 5555 0100", timedelta(days=365), processors=("Nobody Ltd",)
)
ASKED = asked_for(SAID, TERMS, "cd" * 32, NOON)
REASONS = {EventKind.EXPIRED: ExpiryReason.SPAN_OVER, EventKind.INVALIDATED: InvalidationReason.SUPERSEDED}


def event(kind, **changed):
    asked = ASKED if kind is EventKind.REQUESTED else None
    said = {"asked": asked, "reason": REASONS.get(kind)}
    return ConsentEvent(
        ConsentId("r"), SubjectRef("s"), kind, NOON, BY, Indication.PRESSED, "north", **(said | changed)
    )


ALLOWED = {
    (None, "requested"): "asked",
    ("asked", "given"): "given",
    ("asked", "reconfirmed"): "given",
    ("asked", "refused"): "refused",
    ("given", "withdrawn"): "withdrawn",
    ("given", "expired"): "expired",
    ("given", "invalidated"): "invalidated",
}


@pytest.mark.parametrize(("standing", "kind"), [*product([None, *Standing], EventKind)])
def test_only_the_listed_events_may_follow_each_standing(standing, kind):
    expected = ALLOWED.get((standing and standing.value, kind.value))
    if expected is None:
        with pytest.raises(ValueError, match="cannot follow"):
            follow(standing, event(kind))
    else:
        assert follow(standing, event(kind)) == expected


def test_the_table_names_every_standing():
    assert set(TRANSITIONS) == {None, *Standing}


@given(st.lists(st.sampled_from([*EventKind]), max_size=6))
def test_no_row_of_events_revives_what_ended(kinds):
    """R24: a consent only ever leaves GIVEN."""
    try:
        final = state_of(map(event, kinds))
    except ValueError:
        return
    ends = [kind for kind in kinds if kind in TRANSITIONS[Standing.GIVEN]]
    assert len(kinds) <= 3
    assert kinds[:1] in ([], [EventKind.REQUESTED])
    if ends:
        assert kinds[-1] is ends[0]
        assert final == ends[0].value


def test_no_event_is_no_standing():
    assert state_of([]) is None


@pytest.mark.parametrize("changed", [{"record": ConsentId("x")}, {"subject": SubjectRef("x")}])
def test_events_of_two_records_are_not_replayed_as_one(changed):
    with pytest.raises(ValueError, match="one record"):
        state_of([event(EventKind.REQUESTED), replace(event(EventKind.GIVEN), **changed)])


@pytest.mark.parametrize("kind", EventKind)
def test_what_was_asked_stands_in_the_request_and_nowhere_else(kind):
    wrong = None if kind is EventKind.REQUESTED else ASKED
    with pytest.raises(ValueError, match="request"):
        follow(None, event(kind, asked=wrong))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (EventKind.EXPIRED, None),
        (EventKind.EXPIRED, InvalidationReason.UNUSED),
        (EventKind.INVALIDATED, None),
        (EventKind.INVALIDATED, ExpiryReason.TURNED_14),
        (EventKind.WITHDRAWN, InvalidationReason.UNUSED),
    ],
)
def test_an_end_that_nobody_asked_for_says_why_and_a_withdrawal_never_does(kind, reason):
    """R24: no reason is asked of who withdraws."""
    with pytest.raises(ValueError, match="reason"):
        follow(Standing.GIVEN, event(kind, reason=reason))


def test_a_record_has_no_place_for_a_photo_a_name_or_an_address():
    names = {each.name for kind in (ConsentEvent, Asked, Guardian, By) for each in fields(kind)}
    assert names == {
        *("record", "subject", "kind", "at", "by", "indication", "device", "asked", "reason", "erased"),
        *("age_band", "guardian", "turns_14_on", "purpose", "retention", "expires_at", "model_sha256"),
        *("controller", "contact", "processors", "notice", "notice_sha256", "language"),
        *("data", "method", "storage", "ref", "relation", "checked_by", "channel", "actor"),
    }
    assert not {each.type for each in fields(ConsentEvent)} & {"bytes", "object", "Any"}


def test_the_json_holds_the_groups_of_the_standard():
    """ISO/IEC TS 27560: processing, parties, notice, event."""
    asked = to_json(event(EventKind.REQUESTED))["asked"]
    assert asked["processing"]["recipients"] == []
    assert asked["processing"]["data"] == [category.value for category in DataCategory]
    assert asked["parties"]["processors"] == ["Nobody Ltd"]
    assert asked["notice"]["basis"] == "consent"
    assert asked["notice"]["alternatives"] == ["card", "pin"]
    assert asked["notice"]["withdrawal"] == ["gate", "self-service", "desk"]
    assert asked["processing"]["expires_at"] == "2027-11-22T12:00:00Z"


seconds = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0)
)
words = st.text(max_size=20)
guardians = st.builds(Guardian, words, st.sampled_from(Relation), st.sampled_from(RelationProof))
askings = st.builds(
    Asked,
    st.sampled_from(AgeBand),
    st.none() | guardians,
    st.none() | st.dates(date(2000, 1, 1)),
    st.sampled_from(Purpose),
    st.integers(0, 10**9).map(lambda count: timedelta(seconds=count)),
    seconds,
    words,
    words,
    words,
    st.lists(words, max_size=3).map(tuple),
    words,
    words,
    words,
)
byes = st.builds(By, st.sampled_from(Channel), st.sampled_from(sorted(ACTORS)))


@st.composite
def events(draw):
    kind = draw(st.sampled_from(EventKind))
    reasons = {EventKind.EXPIRED: ExpiryReason, EventKind.INVALIDATED: InvalidationReason}
    return ConsentEvent(
        draw(words),
        draw(words),
        kind,
        draw(seconds),
        draw(byes),
        draw(st.sampled_from(Indication)),
        draw(words),
        draw(askings) if kind is EventKind.REQUESTED else None,
        draw(st.sampled_from(reasons[kind])) if kind in reasons else None,
        draw(st.integers(0, 5)),
    )


@given(events())
def test_every_event_comes_back_from_its_json_as_it_was(event):
    assert from_json(json.loads(canonical(to_json(event)))) == event


def leaves(value, path=()):
    """Give the path of everything inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from leaves(each, (*path, key))


WHOLE = canonical(
    to_json(
        event(
            EventKind.REQUESTED,
            asked=replace(
                ASKED,
                guardian=Guardian("g", Relation.PARENT, RelationProof.BIRTH_CERTIFICATE),
                turns_14_on=date(2030, 1, 1),
            ),
        )
    )
)


@pytest.mark.parametrize("path", [*leaves(json.loads(WHOLE))], ids=str)
@pytest.mark.parametrize("other", [7.5, None, [], {}, "x", True])
def test_another_value_anywhere_is_refused_or_read_as_another_event(path, other):
    document = json.loads(WHOLE)
    place = document
    for key in path[:-1]:
        place = place[key]
    before, place[path[-1]] = place[path[-1]], other
    try:
        read = from_json(document)
    except ValueError:
        return
    assert (to_json(read) == json.loads(WHOLE)) is (before == other)


@pytest.mark.parametrize("path", [*leaves(json.loads(WHOLE))], ids=str)
def test_a_missing_or_an_extra_word_is_refused(path):
    for change in ("drop", "add"):
        document = json.loads(WHOLE)
        place = document
        for key in path[:-1]:
            place = place[key]
        if change == "drop":
            del place[path[-1]]
        elif isinstance(place, dict):
            place["photo"] = "x"
        else:
            place.append("photo")
        if change == "drop" and path[:-1] in {
            ("asked", "parties", "processors"),
            ("asked", "processing", "data"),
        }:
            continue  # a shorter list is another event
        if change == "add" and path[:-1] == ("asked", "parties", "processors"):
            continue
        with pytest.raises(ValueError, match=r".+"):
            from_json(document)


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"event": None}])
def test_what_is_no_event_at_all_is_refused(value):
    with pytest.raises(ValueError, match="no consent event"):
        from_json(value)


def test_an_earlier_end_than_the_terms_give_is_kept():
    until = NOON + timedelta(days=3)
    assert asked_for(SAID, TERMS, "m", NOON, until=until).expires_at == until
    assert asked_for(SAID, TERMS, "m", NOON, until=until).retention == timedelta(days=3)
    late = asked_for(SAID, TERMS, "m", NOON, until=NOON + timedelta(days=900))
    assert late.expires_at == ASKED.expires_at


def test_a_receipt_in_a_log_line_shows_its_number_only():
    facts = ReceiptFacts(EventKind.GIVEN, NOON, Standing.ASKED, "record", "subject", "AB-CD", None, "f00d")
    assert repr(Receipt("AB-CD", facts, "document", "compact")) == "Receipt(reference='AB-CD')"
