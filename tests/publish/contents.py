"""One good message of each kind, as the core would have it said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from gate.core.alarms import Alarm
from gate.core.door_mode import DoorMode
from gate.core.events import Alarmed, Counted, Denied, Health, Passage, Queued, Span, Stream
from gate.core.orders import Answer, Refusal, Result
from gate.core.types import Method
from gate.publish.contract import SCHEMA_DIR, schema_file
from gate.publish.messages import ROUTES, command_answer, health, presence, queued_message

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
MIDNIGHT = NINE.replace(hour=0)
ID = "0123456789abcdef" * 2
EPOCH = "fedcba9876543210"
BY_METHOD = {Method.FACE: 6, Method.CARD: 7}


def counted(**changes) -> Counted:
    said = {
        "span": Span.HOUR,
        "window_start": NINE,
        "window_end": NINE + timedelta(hours=1),
        "people": 12,
        "by_method": None,
        "k": 5,
        "epsilon": 1.0,
    }
    return Counted(**said | changes)


def denied(**changes) -> Denied:
    said = {"window_start": MIDNIGHT, "window_end": MIDNIGHT + timedelta(days=1), "refused": 15, "k": 5}
    return Denied(**said | changes)


def alarmed(**changes) -> Alarmed:
    return Alarmed(**{"alarm": Alarm.FORCED, "began": True, "at": NINE} | changes)


def passage(**changes) -> Passage:
    return Passage(**{"at": NINE, "method": Method.CARD, "granted": True} | changes)


STREAMS = {
    Counted: Stream.COUNTS,
    Denied: Stream.COUNTS,
    Alarmed: Stream.ALARMS,
    Passage: Stream.PASSAGES,
}


def queued(body, *, message_id: str = ID, epoch: str = EPOCH, sequence: int = 7) -> Queued:
    return Queued(message_id, STREAMS[type(body)], epoch, sequence, body)


def state(**changes) -> Health:
    said = {
        "at": NINE,
        "door_mode": DoorMode.CONTROLLED,
        "alarms": (Alarm.POWER,),
        "face_offered": True,
        "reader_healthy": False,
        "door_healthy": True,
        "storage_healthy": True,
        "clock_trusted": True,
        "deidentified_live": False,
        "version": "0.1.0",
    }
    return Health(**said | changes)


MESSAGES = {
    "access-counts": queued_message(queued(counted())),
    "denials": queued_message(queued(denied())),
    "alarm": queued_message(queued(alarmed())),
    "deidentified-passage": queued_message(queued(passage())),
    "health": health(state()),
    "presence": presence("offline"),
    "command-answer": command_answer(ID, Answer(Result.REFUSED, Refusal.EXPIRED), NINE),
}
"""By the name of the schema."""


def schema_of(message):
    """Give the published schema of a message's kind."""
    return json.loads((SCHEMA_DIR / schema_file(ROUTES[type(message)])).read_text(encoding="utf-8"))
