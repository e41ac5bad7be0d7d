"""When a consent carries face, who may give one, and until when (R21, R22, R27)."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.consent import (
    ACTORS,
    AgeBand,
    AgeFault,
    Agreement,
    By,
    Channel,
    Consent,
    ConsentState,
    ConsentTerms,
    Guardian,
    Indication,
    Purpose,
    Relation,
    RelationProof,
    SubjectRef,
    age_fault,
    expiry_of,
    fourteen_from,
    indication_of,
    is_active,
    major,
)
from gate.core.types import ConsentId, NoticeVersion

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
END = NOON + DAY
TERMS = ConsentTerms("Garden Compound Ltd", "+86 10 5555 0100", 365 * DAY)
WITH_CHILDREN = replace(TERMS, under_14_retention=180 * DAY)
ADULT = Agreement(
    NoticeVersion("1.0"),
    "en",
    By(Channel.DESK, "resident"),
    Indication.TICKED_AND_PRESSED,
    AgeBand.FROM_14,
)
CHILD = replace(
    ADULT,
    by=By(Channel.DESK, "guardian"),
    age_band=AgeBand.UNDER_14,
    guardian=Guardian("0f" * 16, Relation.PARENT, RelationProof.BIRTH_CERTIFICATE),
    turns_14_on=date(2030, 5, 1),
)


def consent(state=ConsentState.GIVEN, notice="2.0", restricted_at=None):
    ended = None if state is ConsentState.GIVEN else NOON
    return Consent(
        ConsentId("c"),
        SubjectRef("s"),
        Purpose.OPEN_GATE,
        NoticeVersion(notice),
        "en",
        NOON,
        END,
        ended,
        state,
        restricted_at,
    )


TIMES = {NOON - SECOND: False, NOON: True, END - SECOND: True, END: False}
NOTICES = {"2.0": True, "2.9": True, "1.9": False, "3.0": False, "20.0": False}


@pytest.mark.parametrize(
    ("state", "at", "current", "restricted"), [*product(ConsentState, TIMES, NOTICES, (None, NOON))]
)
def test_a_consent_is_active_only_if_given_in_its_span_unrestricted_and_of_the_current_major(
    state, at, current, restricted
):
    """R21, R22, R71."""
    expected = state is ConsentState.GIVEN and TIMES[at] and NOTICES[current] and restricted is None
    assert is_active(consent(state, restricted_at=restricted), at, NoticeVersion(current)) is expected


@pytest.mark.parametrize(("version", "expected"), [("1.0", 1), ("12.34", 12), ("007.1", 7)])
def test_the_major_part_is_a_number(version, expected):
    assert major(NoticeVersion(version)) == expected


@pytest.mark.parametrize(
    "version", ["", "1", "1.", ".1", "1.0.0", "a.b", "1.-1", " 1.0", "\u0661.0", "\u00b2.0"]
)
def test_another_shape_of_version_is_refused(version):
    with pytest.raises(ValueError, match=r".*"):
        major(NoticeVersion(version))


def test_there_is_one_purpose_and_no_consent_to_a_second():
    """R06."""
    assert [*Purpose] == [Purpose.OPEN_GATE]
    assert [each.type for each in fields(Consent) if each.name == "purpose"] == ["Purpose"]


@pytest.mark.parametrize("actor", ["Li Na", "", "Resident", "staff"])
def test_an_actor_is_a_role_and_never_a_name(actor):
    with pytest.raises(ValueError, match="role"):
        By(Channel.DESK, actor)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("actor", sorted(ACTORS))
def test_every_end_was_shown_by_an_act_unless_the_gate_ended_it_by_itself(channel, actor):
    shown = indication_of(By(channel, actor))
    assert (shown is Indication.NONE) is (channel is Channel.DEVICE and actor == "gate")


# R27: children.


@pytest.mark.parametrize(
    ("changed", "terms", "expected"),
    [
        ({}, WITH_CHILDREN, None),
        ({}, TERMS, AgeFault.OFF),
        ({"guardian": None}, WITH_CHILDREN, AgeFault.GUARDIAN),
        ({"by": By(Channel.DESK, "resident")}, WITH_CHILDREN, AgeFault.GUARDIAN),
        ({"by": By(Channel.DESK, "desk")}, WITH_CHILDREN, AgeFault.GUARDIAN),
        ({"turns_14_on": None}, WITH_CHILDREN, AgeFault.BIRTHDAY),
        ({"turns_14_on": date(2026, 11, 22)}, WITH_CHILDREN, AgeFault.BIRTHDAY),
        ({"turns_14_on": date(2001, 1, 1)}, WITH_CHILDREN, AgeFault.BIRTHDAY),
        ({"turns_14_on": date(2026, 11, 24)}, WITH_CHILDREN, None),
        ({"turns_14_on": date(2042, 1, 1)}, WITH_CHILDREN, AgeFault.BIRTHDAY),
        ({"age_band": AgeBand.FROM_14}, WITH_CHILDREN, AgeFault.NO_GUARDIAN),
        ({"age_band": AgeBand.FROM_14, "guardian": None}, WITH_CHILDREN, AgeFault.NO_GUARDIAN),
        ({"age_band": AgeBand.FROM_14, "turns_14_on": None}, WITH_CHILDREN, AgeFault.NO_GUARDIAN),
    ],
)
def test_a_childs_consent_needs_the_site_the_guardian_and_the_birthday(changed, terms, expected):
    assert age_fault(replace(CHILD, **changed), terms, NOON) is expected


@pytest.mark.parametrize("terms", [TERMS, WITH_CHILDREN])
def test_somebody_of_14_or_older_consents_alone(terms):
    assert age_fault(ADULT, terms, NOON) is None


@pytest.mark.parametrize(
    ("said", "known", "expected"),
    [
        (ADULT, date(2026, 11, 24), AgeFault.GUARDIAN),
        (ADULT, date(2026, 11, 22), None),
        (CHILD, CHILD.turns_14_on, None),
        (CHILD, date(2026, 12, 24), AgeFault.DIFFERS),
    ],
)
def test_a_known_child_stays_one_until_the_birthday_told_first(said, known, expected):
    assert age_fault(said, WITH_CHILDREN, NOON, known) is expected


def test_a_birthday_counts_from_the_first_moment_it_begins_anywhere():
    assert fourteen_from(date(2030, 5, 1)) == datetime(2030, 4, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("retention", "expected"), [(DAY, DAY), (365 * DAY, 365 * DAY), (400 * DAY, 365 * DAY)]
)
def test_a_consent_runs_for_the_sites_span_and_never_past_twelve_months(retention, expected):
    """R75."""
    assert expiry_of(ADULT, replace(TERMS, retention=retention), NOON) == NOON + expected


@given(
    birthday=st.dates(date(2026, 11, 24), date(2040, 11, 1)),
    days=st.integers(1, 365),
    childs_days=st.integers(1, 365),
)
def test_a_childs_consent_is_shorter_and_ends_before_the_birthday(birthday, days, childs_days):
    terms = replace(TERMS, retention=days * DAY, under_14_retention=childs_days * DAY)
    said = replace(CHILD, turns_14_on=birthday)
    end = expiry_of(said, terms, NOON)
    assert end - NOON <= min(days, childs_days, 180) * DAY
    assert end <= fourteen_from(birthday)
    assert age_fault(said, terms, NOON) is None
    assert end > NOON


def test_without_face_for_children_a_childs_consent_has_no_span():
    assert expiry_of(CHILD, TERMS, NOON) == NOON
