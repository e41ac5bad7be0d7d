"""The closed set of messages that may leave the device; nothing else can be encoded (R42, R43, R45).

``python -m gate.publish.messages`` writes the JSON Schema files that receivers validate against.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from gate.core.events import SMALL_CELL, Health, Queued, publishable
from gate.errors import ConfigError, RequestError

SCHEMA_DIR = Path(__file__).parent / "schemas"
PAYLOAD_BYTES = 256
"""Every payload is padded to this with spaces, so that its length on the wire tells neither count nor state."""

_DAY_S = 24 * 60 * 60


def _utc_second(at: datetime) -> datetime:
    if at.utcoffset() != timedelta(0) or at.microsecond:
        msg = "must be UTC and a whole second"
        raise ValueError(msg)
    return at


def _utc_hour(at: datetime) -> datetime:
    if at.minute or at.second:
        msg = "must be on the hour"
        raise ValueError(msg)
    return _utc_second(at)


def _time_schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": "date-time", "pattern": pattern})


UtcSecond = Annotated[
    AwareDatetime, AfterValidator(_utc_second), _time_schema(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
]
UtcHour = Annotated[AwareDatetime, AfterValidator(_utc_hour), _time_schema(r"^\d{4}-\d\d-\d\dT\d\d:00:00Z$")]
MessageId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
# The lower bound is the last fence before the wire: a small cell cannot be encoded even by a faulty aggregator.
Count = Annotated[int, Field(ge=SMALL_CELL, le=1_000_000)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    schema_version: Literal[1]
    message_id: MessageId


class AccessCountsMessage(_Message):
    """Decisions at one gate in one closed hour; null stands for fewer than five, and for none."""

    schema_name: Literal["access-counts"]
    window_start: UtcHour
    window_end: UtcHour
    granted: Count | None
    refused: Count | None


class HealthMessage(_Message):
    """The gate's own state at one moment."""

    schema_name: Literal["health"]
    at: UtcSecond
    face_offered: bool
    reader_healthy: bool
    door_healthy: bool
    software: Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,32}$")]


class PresenceMessage(_Message):
    """The gate came online, or its connection is gone."""

    schema_name: Literal["presence"]
    state: Literal["online", "offline"]


Message = AccessCountsMessage | HealthMessage | PresenceMessage
_PARSER: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="schema_name")])


@dataclass(frozen=True, slots=True)
class Route:
    """What a kind of message is called, where it goes and how long a broker may keep it for an absent receiver."""

    schema: str
    leaf: str
    expiry_s: int


ROUTES: dict[type[Message], Route] = {
    AccessCountsMessage: Route("access-counts", leaf="access-counts", expiry_s=7 * _DAY_S),
    HealthMessage: Route("health", leaf="health", expiry_s=10 * 60),
    PresenceMessage: Route("presence", leaf="health", expiry_s=10 * 60),
}


def checked_gate_id(gate_id: str) -> str:
    """Give *gate_id* back if it may stand in a topic and a client id. Raises ConfigError otherwise."""
    if not re.fullmatch(r"[a-z0-9-]{1,32}", gate_id):
        raise ConfigError(
            "gate-id",
            f"The gate id {gate_id!r} cannot be used.",
            remedy="Give it 1 to 32 lower-case letters, digits and hyphens.",
        )
    return gate_id


def topic(gate_id: str, message: Message) -> str:
    """Give the topic of *message*: ``gate/<gate_id>/<leaf>``."""
    return f"gate/{gate_id}/{ROUTES[type(message)].leaf}"


def encode(message: Message) -> bytes:
    """Turn one message into the bytes that leave the device: there is no other way to a payload.

    Returns ``PAYLOAD_BYTES`` bytes of JSON, padded with spaces. Raises RequestError for any other type, a subclass
    included, and for a message that was built round its own validation.
    """
    if type(message) not in ROUTES:
        raise _refused("a message of an unknown kind")
    try:
        type(message).model_validate(message.__dict__)
    except ValidationError as error:
        raise _refused(f"a message with bad fields: {_fields(error)}") from error
    return message.model_dump_json().encode().ljust(PAYLOAD_BYTES)


def decode(payload: bytes) -> Message:
    """Read one received payload. Raises RequestError, without quoting the payload, if it fits no schema."""
    try:
        return _PARSER.validate_json(payload)
    except ValidationError as error:
        raise _refused(f"a payload that fits no schema: {_fields(error)}") from error


def access_counts(queued: Queued) -> AccessCountsMessage:
    """Word one queued window for the outside, small cells withheld. Raises RequestError if it is malformed."""
    counts = publishable(queued.counts)
    try:
        return AccessCountsMessage(
            schema_name="access-counts",
            schema_version=1,
            message_id=queued.message_id,
            window_start=counts.window_start,
            window_end=counts.window_end,
            granted=counts.granted,
            refused=counts.refused,
        )
    except ValidationError as error:
        raise _refused(f"a queued window with bad fields: {_fields(error)}") from error


def health(state: Health) -> HealthMessage:
    """Word the gate's own state, to the second, under a fresh message id. Raises RequestError if it is malformed."""
    try:
        return HealthMessage(
            schema_name="health",
            schema_version=1,
            message_id=_fresh_id(),
            at=state.at.replace(microsecond=0),
            face_offered=state.face_offered,
            reader_healthy=state.reader_healthy,
            door_healthy=state.door_healthy,
            software=state.version,
        )
    except ValidationError as error:
        raise _refused(f"a health report with bad fields: {_fields(error)}") from error


def presence(state: Literal["online", "offline"]) -> PresenceMessage:
    """Word the birth or the last will of a connection, under a fresh message id."""
    return PresenceMessage(schema_name="presence", schema_version=1, message_id=_fresh_id(), state=state)


def json_schemas() -> dict[str, str]:
    """Give each schema file's name and text."""
    return {f"{route.schema}-1.json": _schema_text(kind, route.schema) for kind, route in ROUTES.items()}


def _schema_text(kind: type[Message], name: str) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:gate:{name}:1",
        **kind.model_json_schema(),
    }
    return json.dumps(schema, indent=2) + "\n"


def _fresh_id() -> str:
    return secrets.token_hex(16)


def _fields(error: ValidationError) -> str:
    # Pydantic's own text quotes the offending value, which may be what must not be logged.
    return ", ".join(sorted({".".join(map(str, one["loc"])) or "document" for one in error.errors()}))


def _refused(what: str) -> RequestError:
    return RequestError(
        "payload-refused",
        f"Refused {what}.",
        remedy="Compare it with the files in gate/publish/schemas; this is a fault in the program that made it.",
    )


if __name__ == "__main__":
    for file_name, text in json_schemas().items():
        (SCHEMA_DIR / file_name).write_text(text, encoding="utf-8")
