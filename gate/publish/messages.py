"""Words for what the gate says, and the only way to a payload: a message of the closed set, or nothing (R42, R43)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal, TypeVar, assert_never

from pydantic import TypeAdapter, ValidationError

from gate.core.events import Alarmed, Counted, Denied, Health, Passage, Queued
from gate.core.orders import Answer
from gate.core.types import Method
from gate.errors import ConfigError, RequestError
from gate.publish.kinds import (
    COMMAND,
    ROUTES,
    AccessCountsMessage,
    AlarmMessage,
    CommandAnswerMessage,
    DeidentifiedPassageMessage,
    DenialsMessage,
    Discriminated,
    HealthMessage,
    Message,
    MethodCounts,
    PresenceMessage,
    Route,
)

__all__ = [
    "COMMAND",
    "PAYLOAD_BYTES",
    "ROUTES",
    "AccessCountsMessage",
    "AlarmMessage",
    "CommandAnswerMessage",
    "DeidentifiedPassageMessage",
    "DenialsMessage",
    "HealthMessage",
    "Message",
    "PresenceMessage",
    "Route",
    "checked_gate_id",
    "command_answer",
    "decode",
    "encode",
    "health",
    "presence",
    "queued_message",
    "topic",
    "topic_of",
]

PAYLOAD_BYTES: Final = 768
"""Payload and last part of the topic are this long together, so that all packets of a gate are: their length on the wire
tells neither count nor state nor kind."""

_PARSER: Final[TypeAdapter[Message]] = TypeAdapter(Discriminated)

Built = TypeVar("Built")


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
    return topic_of(gate_id, ROUTES[type(message)])


def topic_of(gate_id: str, route: Route) -> str:
    """Give the topic of all messages of *route*."""
    return f"gate/{gate_id}/{route.leaf}"


def encode(message: Message) -> bytes:
    """Turn one message into the bytes that leave the device: there is no other way to a payload.

    Returns JSON, padded with spaces. Raises RequestError ``payload-refused`` for any other type, a subclass included, and
    for a message that was built round its own validation.
    """
    if type(message) not in ROUTES:
        raise _refused("a message of an unknown kind")
    try:
        type(message).model_validate(message.__dict__)
        text = message.model_dump_json().encode()
        # What leaves is these bytes, so it is they that are held against the contract in the end.
        type(message).model_validate_json(text)
    except ValidationError as error:
        raise _refused(f"a message with bad fields: {_fields(error)}") from error
    most = PAYLOAD_BYTES - len(ROUTES[type(message)].leaf)
    if len(text) > most:
        raise _refused("a message that is too long")
    return text.ljust(most)


def decode(payload: bytes) -> Message:
    """Read one received payload. Raises RequestError, without quoting the payload, if it fits no schema."""
    try:
        return _PARSER.validate_json(payload)
    except ValidationError as error:
        raise _refused(f"a payload that fits no schema: {_fields(error)}") from error


def queued_message(queued: Queued) -> Message:
    """Word what waits in the outbox for the outside. Raises RequestError ``payload-refused`` if it fits no schema."""
    body = queued.body
    match body:
        case Counted():
            return _built("counts", lambda: _access_counts(queued, body))
        case Denied():
            return _built("denials", lambda: _denials(queued, body))
        case Alarmed():
            return _built("an alarm", lambda: _alarm(queued, body))
        case Passage():
            return _built("a de-identified live event", lambda: _passage(queued, body))
        case _:
            assert_never(body)


def health(state: Health) -> HealthMessage:
    """Word the gate's own state, to the second, under a fresh message id. Raises RequestError if it is malformed."""
    return _built(
        "a health report",
        lambda: HealthMessage(
            schema_name="health",
            schema_version="2.0.0",
            message_id=_fresh_id(),
            at=state.at.replace(microsecond=0),
            door_mode=state.door_mode,
            alarms=state.alarms,
            face_offered=state.face_offered,
            reader_healthy=state.reader_healthy,
            door_healthy=state.door_healthy,
            storage_healthy=state.storage_healthy,
            clock_trusted=state.clock_trusted,
            deidentified_live=state.deidentified_live,
            software=state.version,
        ),
    )


def presence(state: Literal["online", "offline"]) -> PresenceMessage:
    """Word the birth or the last will of a connection, under a fresh message id."""
    return PresenceMessage(
        schema_name="presence", schema_version="2.0.0", message_id=_fresh_id(), state=state
    )


def command_answer(nonce: str | None, answer: Answer, at: datetime) -> CommandAnswerMessage:
    """Word what came of the command with *nonce*, to the second. Raises RequestError if it is malformed.

    nonce: None for what could not be read as one.
    """
    return _built(
        "an answer to a command",
        lambda: CommandAnswerMessage(
            schema_name="command-answer",
            schema_version="1.0.0",
            message_id=_fresh_id(),
            nonce=nonce,
            at=at.replace(microsecond=0),
            result=answer.result,
            reason=answer.reason,
        ),
    )


def _access_counts(queued: Queued, counted: Counted) -> AccessCountsMessage:
    return AccessCountsMessage(
        schema_name="access-counts",
        schema_version="2.0.0",
        stream="counts",
        message_id=queued.message_id,
        epoch=queued.epoch,
        sequence=queued.sequence,
        span=counted.span,
        window_start=counted.window_start,
        window_end=counted.window_end,
        people=counted.people,
        by_method=None if counted.by_method is None else _by_method(counted.by_method),
        k=counted.k,
        epsilon=float(counted.epsilon),
    )


def _by_method(counts: Mapping[Method, int]) -> MethodCounts:
    return MethodCounts(
        face=counts.get(Method.FACE),
        card=counts.get(Method.CARD),
        pin=counts.get(Method.PIN),
    )


def _denials(queued: Queued, denied: Denied) -> DenialsMessage:
    return DenialsMessage(
        schema_name="denials",
        schema_version="1.0.0",
        stream="counts",
        message_id=queued.message_id,
        epoch=queued.epoch,
        sequence=queued.sequence,
        window_start=denied.window_start,
        window_end=denied.window_end,
        refused=denied.refused,
        k=denied.k,
        epsilon=float(denied.epsilon),
    )


def _alarm(queued: Queued, alarmed: Alarmed) -> AlarmMessage:
    return AlarmMessage(
        schema_name="alarm",
        schema_version="1.0.0",
        stream="alarms",
        message_id=queued.message_id,
        epoch=queued.epoch,
        sequence=queued.sequence,
        alarm=alarmed.alarm,
        began=alarmed.began,
        at=alarmed.at,
        times=alarmed.times,
    )


def _passage(queued: Queued, passage: Passage) -> DeidentifiedPassageMessage:
    return DeidentifiedPassageMessage(
        schema_name="deidentified-passage",
        schema_version="1.0.0",
        stream="passages",
        message_id=queued.message_id,
        epoch=queued.epoch,
        sequence=queued.sequence,
        at=passage.at,
        method=passage.method,
        granted=passage.granted,
    )


def _built(what: str, build: Callable[[], Built]) -> Built:
    try:
        return build()
    except ValidationError as error:
        raise _refused(f"{what} with bad fields: {_fields(error)}") from error


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
