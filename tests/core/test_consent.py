"""When a consent carries face: every condition by itself, and all of them together (R21, R22)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from gate.core.consent import Consent, ConsentState, Purpose, SubjectRef, is_active, major
from gate.core.types import ConsentId, NoticeVersion

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
END = NOON + timedelta(days=1)


def consent(state=ConsentState.GIVEN, notice="2.0"):
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
    )


TIMES = {NOON - SECOND: False, NOON: True, END - SECOND: True, END: False}
NOTICES = {"2.0": True, "2.9": True, "1.9": False, "3.0": False, "20.0": False}


@pytest.mark.parametrize(("state", "at", "current"), [*product(ConsentState, TIMES, NOTICES)])
def test_a_consent_is_active_only_if_given_in_its_span_and_of_the_current_major(state, at, current):
    expected = state is ConsentState.GIVEN and TIMES[at] and NOTICES[current]
    assert is_active(consent(state), at, NoticeVersion(current)) is expected


@pytest.mark.parametrize(("version", "expected"), [("1.0", 1), ("12.34", 12), ("007.1", 7)])
def test_the_major_part_is_a_number(version, expected):
    assert major(NoticeVersion(version)) == expected


@pytest.mark.parametrize(
    "version", ["", "1", "1.", ".1", "1.0.0", "a.b", "1.-1", " 1.0", "\u0661.0", "\u00b2.0"]
)
def test_another_shape_of_version_is_refused(version):
    with pytest.raises(ValueError, match=r".*"):
        major(NoticeVersion(version))
