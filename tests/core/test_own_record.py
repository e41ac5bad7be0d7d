"""One's own record as plain values: a stable shape, times in UTC, words for every value (R70)."""

import json
from datetime import UTC, date, datetime

from gate.core.consent import By, Channel, Indication, SubjectRef
from gate.core.consent_record import ConsentEvent, EventKind
from gate.core.own_record import SCHEMA, Controller, Explanation, OwnEvent, OwnRecord, OwnTemplate, to_json
from gate.core.types import ConsentId

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WITHDRAWN = ConsentEvent(
    ConsentId("record"),
    SubjectRef("random"),
    EventKind.WITHDRAWN,
    NOON,
    By(Channel.GATE, "resident"),
    Indication.CREDENTIAL_AND_PRESSED,
    "north",
)
RECORD = OwnRecord(
    at=NOON,
    controller=Controller("Garden Compound Ltd", "+86", "north"),
    unit="1203",
    name="Ada",
    contact="",
    tenancy_ends_at=None,
    declined_face=False,
    credentials=(),
    template=OwnTemplate(NOON, "2026-11", NOON),
    consents=(),
    events=(OwnEvent.of(WITHDRAWN),),
    events_complete=True,
    requests=(),
    explanation=Explanation(0.5, 0.1, 0.0, 0.01, 0.05, 0.1, 0.95, date(2026, 11, 1)),
)


def test_r70_the_record_is_plain_json_with_times_in_iso_8601():
    copy = json.loads(json.dumps(to_json(RECORD)))
    assert copy["schema"] == SCHEMA
    assert copy["at"] == "2026-11-22T12:00:00+00:00"
    assert copy["explanation"]["measured_on"] == "2026-11-01"
    assert copy["tenancy_ends_at"] is None


def test_r70_an_event_says_what_when_where_by_whom_and_nothing_only_the_gate_needs():
    assert to_json(RECORD)["events"] == [
        {
            "record": "record",
            "what": "withdrawn",
            "at": "2026-11-22T12:00:00+00:00",
            "channel": "gate",
            "actor": "resident",
            "indication": "card-or-pin-and-pressed",
            "reason": None,
        }
    ]


def test_a_record_shows_no_person_in_a_log_line():
    assert "Ada" not in repr(RECORD)
    assert "1203" not in repr(RECORD)
