"""What a field of a message may hold: types with their bounds, the same for this program and for the published schemas."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field, WithJsonSchema

from gate.core.alarms import Alarm, leaves

LEAST_K: Final = 5
"""The smallest cell that is ever shown (R44): the last fence before the wire, whatever an aggregator gets wrong."""
MOST_SEQUENCE: Final = 2**53 - 1
"""What a receiver's JSON reader still holds exactly."""


def _utc_second(at: datetime) -> datetime:
    if at.utcoffset() != timedelta(0) or at.microsecond:
        msg = "must be UTC and a whole second"
        raise ValueError(msg)
    return at


def _utc_minute(at: datetime) -> datetime:
    if at.second:
        msg = "must be a whole minute"
        raise ValueError(msg)
    return _utc_second(at)


def _utc_hour(at: datetime) -> datetime:
    if at.minute or at.second:
        msg = "must be on the hour"
        raise ValueError(msg)
    return _utc_second(at)


def _published(alarm: Alarm) -> Alarm:
    if not leaves(alarm):
        msg = "never leaves the device"
        raise ValueError(msg)
    return alarm


def _once_each(alarms: tuple[Alarm, ...]) -> tuple[Alarm, ...]:
    if len(set(alarms)) < len(alarms):
        msg = "names an alarm twice"
        raise ValueError(msg)
    return alarms


def _time_schema(clock: str) -> WithJsonSchema:
    pattern = rf"^\d{{4}}-\d\d-\d\dT{clock}Z$"
    return WithJsonSchema({"type": "string", "format": "date-time", "pattern": pattern})


_ALARM_SCHEMA: Final = {"type": "string", "enum": [each.value for each in Alarm if leaves(each)]}

UtcSecond = Annotated[AwareDatetime, AfterValidator(_utc_second), _time_schema(r"\d\d:\d\d:\d\d")]
UtcMinute = Annotated[AwareDatetime, AfterValidator(_utc_minute), _time_schema(r"\d\d:\d\d:00")]
UtcHour = Annotated[AwareDatetime, AfterValidator(_utc_hour), _time_schema(r"\d\d:00:00")]
MessageId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Epoch = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Signature = Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
GateId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
Software = Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,32}$")]
Sequence = Annotated[int, Field(ge=1, le=MOST_SEQUENCE)]
Count = Annotated[int, Field(ge=LEAST_K, le=1_000_000)]
LeastPeople = Annotated[int, Field(ge=LEAST_K, le=1_000)]
Epsilon = Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)]
Times = Annotated[int, Field(ge=1, le=1_000_000)]
PublishedAlarm = Annotated[Alarm, AfterValidator(_published), WithJsonSchema(_ALARM_SCHEMA)]
StandingAlarms = Annotated[
    tuple[PublishedAlarm, ...],
    AfterValidator(_once_each),
    WithJsonSchema({"type": "array", "items": _ALARM_SCHEMA, "uniqueItems": True}),
]
