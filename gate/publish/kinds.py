"""The closed set of messages: what each kind says, where it goes, and nothing else (R42, R43).

These classes are the contract: the published JSON Schemas, the AsyncAPI document and what may leave the device are all made
of them. Whoever changes one raises its version too (docs/events.md, "Versions"); gate/publish/contract.py holds them to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gate.core.door_mode import DoorMode
from gate.core.events import Span
from gate.core.orders import OrderKind, Refusal, Result
from gate.core.types import Method
from gate.publish.fields import (
    Count,
    Epoch,
    Epsilon,
    GateId,
    KeyId,
    LeastPeople,
    MessageId,
    PublishedAlarm,
    Sequence,
    Signature,
    Software,
    StandingAlarms,
    Times,
    UtcHour,
    UtcMinute,
    UtcSecond,
)

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
_LENGTHS: Final = {Span.HOUR: HOUR, Span.BLOCK: 4 * HOUR, Span.DAY: DAY}


class Closed(BaseModel):
    """Fields that are known, and no others."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, revalidate_instances="always", use_attribute_docstrings=True
    )


class _Sent(Closed):
    message_id: MessageId
    """Random, and told to nobody else: a receiver that has seen it takes the message no second time."""


class _Queued(_Sent):
    epoch: Epoch
    """Drawn afresh at the gate's first start and after a restore; sequences begin at 1 in each."""
    sequence: Sequence
    """Of this stream and epoch, without a gap: a receiver sees at once that one is missing."""


class MethodCounts(Closed):
    """The same people by the method of each one's first passage. null: the site does not offer its residents that method."""

    face: Count | None
    card: Count | None
    pin: Count | None

    def shown(self) -> tuple[int, ...]:
        """Give what is not null."""
        return tuple(each for each in (self.face, self.card, self.pin) if each is not None)


class AccessCountsMessage(_Queued):
    """How many different people came in through one gate in one closed window, with noise; null where fewer than k did.

    Each passage is in one shown cell at most: a window leaves out what narrower windows showed already.
    """

    schema_name: Literal["access-counts"]
    schema_version: Literal["2.0.0"]
    stream: Literal["counts"]
    span: Span
    window_start: UtcHour
    window_end: UtcHour
    people: Count | None
    """Each once, however often they came. null: withheld. A window without anybody and one with too few look the same."""
    by_method: MethodCounts | None
    """Adds up to people. null: withheld, and always for other spans than an hour."""
    k: LeastPeople
    """So many different people at least are in what is shown."""
    epsilon: Epsilon
    """The noise's budget for what one person does in one hour; 0: no noise."""

    @model_validator(mode="after")
    def _holds(self) -> Self:
        _refuse_unless(_fits(self.span, self.window_end - self.window_start), "window_end does not fit span")
        _refuse_unless(self.people is None or self.people >= self.k, "people is below k")
        if self.by_method is not None:
            shown = self.by_method.shown()
            _refuse_unless(self.span is Span.HOUR and shown != (), "by_method has no place here")
            _refuse_unless(all(each >= self.k for each in shown), "by_method is below k")
            _refuse_unless(sum(shown) == self.people, "by_method does not add up to people")
        return self


class DenialsMessage(_Queued):
    """How often nobody was let in over one closed UTC day or several, rounded and with noise; null: withheld."""

    schema_name: Literal["denials"]
    schema_version: Literal["1.0.0"]
    stream: Literal["counts"]
    window_start: UtcHour
    window_end: UtcHour
    refused: Count | None
    k: LeastPeople
    """What refused is rounded to; shown from twice that on."""
    epsilon: Epsilon

    @model_validator(mode="after")
    def _holds(self) -> Self:
        length = self.window_end - self.window_start
        _refuse_unless(length >= DAY and length % DAY == timedelta(0), "the window is not whole days")
        _refuse_unless(self.window_start.hour == 0, "window_start is not the start of a day")
        _refuse_unless(
            self.refused is None or (self.refused >= 2 * self.k and self.refused % self.k == 0),
            "refused is not a multiple of k from 2k on",
        )
        return self


class AlarmMessage(_Queued):
    """An alarm began, or is over: where and what, never who. It goes at once."""

    schema_name: Literal["alarm"]
    schema_version: Literal["1.0.0"]
    stream: Literal["alarms"]
    alarm: PublishedAlarm
    began: bool
    at: UtcSecond
    times: Times
    """How many of this alarm the message stands for: more than 1 only after the broker was away for very long."""


class DeidentifiedPassageMessage(_Queued):
    """One de-identified live event. Its time alone may single somebody out: it is not anonymous, and off by default."""

    schema_name: Literal["deidentified-passage"]
    schema_version: Literal["1.0.0"]
    stream: Literal["passages"]
    at: UtcMinute
    method: Method | None
    granted: bool


class HealthMessage(_Sent):
    """The gate's own state at one moment, once a minute; nothing in it moves with a passage."""

    schema_name: Literal["health"]
    schema_version: Literal["2.0.0"]
    at: UtcSecond
    door_mode: DoorMode
    """How the door is meant to stand, by order or by its hours; never whether it just opened."""
    alarms: StandingAlarms
    """Those that stand now and leave the device at all."""
    face_offered: bool
    reader_healthy: bool
    door_healthy: bool
    storage_healthy: bool
    clock_trusted: bool
    deidentified_live: bool
    """Whether this gate publishes de-identified live events: if so, call nothing of it anonymous."""
    software: Software


class PresenceMessage(_Sent):
    """The gate came online, or its connection is gone."""

    schema_name: Literal["presence"]
    schema_version: Literal["2.0.0"]
    state: Literal["online", "offline"]


class CommandAnswerMessage(_Sent):
    """What came of one command."""

    schema_name: Literal["command-answer"]
    schema_version: Literal["1.0.0"]
    nonce: MessageId | None
    """The command's; null: what came could not be read as one."""
    at: UtcSecond
    result: Result
    reason: Refusal | None
    """null where it was obeyed."""


class CommandMessage(Closed):
    """A signed order to one gate, where its site takes any (gate/core/orders.py reads it, to the byte)."""

    expires_at: UtcSecond
    gate: GateId
    """For whom it is: another gate refuses it."""
    issued_at: UtcSecond
    key: KeyId
    """The first 16 hex digits of the SHA-256 of the public key: whose order it is, among those the site named."""
    kind: OrderKind
    nonce: MessageId
    """Random: a gate heeds each once."""
    schema_name: Literal["command"]
    schema_version: Literal["1.0.0"]
    signature: Signature
    """Ed25519 over all other fields as JSON with sorted keys and no spaces."""


Message = (
    AccessCountsMessage
    | DenialsMessage
    | AlarmMessage
    | DeidentifiedPassageMessage
    | HealthMessage
    | PresenceMessage
    | CommandAnswerMessage
)
"""What a gate says. There is no other way to a payload."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a kind of message is called, where it goes and how long a broker may keep it for an absent receiver.

    qos: 0 for the beat of the gate's health alone, which is worth nothing to whoever was away.
    """

    schema: str
    leaf: str
    expiry_s: int
    version: str
    qos: int = 1


_DAY_S: Final = 24 * 60 * 60
_WEEK_S: Final = 7 * _DAY_S
_SHORT_S: Final = 10 * 60
_ORDER_S: Final = 60


def _route(kind: type[BaseModel], *, leaf: str | None = None, expiry_s: int, qos: int = 1) -> Route:
    name, version = (_constant(kind, field) for field in ("schema_name", "schema_version"))
    return Route(name, leaf or name, expiry_s, version, qos)


def _constant(kind: type[BaseModel], field: str) -> str:
    (value,) = kind.model_fields[field].annotation.__args__  # type: ignore[union-attr]  # a Literal of one
    return str(value)


ROUTES: Final[Mapping[type[Message], Route]] = MappingProxyType(
    {
        AccessCountsMessage: _route(AccessCountsMessage, expiry_s=_WEEK_S),
        DenialsMessage: _route(DenialsMessage, expiry_s=_WEEK_S),
        AlarmMessage: _route(AlarmMessage, expiry_s=_WEEK_S),
        DeidentifiedPassageMessage: _route(DeidentifiedPassageMessage, expiry_s=_SHORT_S),
        HealthMessage: _route(HealthMessage, expiry_s=_SHORT_S, qos=0),
        PresenceMessage: _route(PresenceMessage, leaf="health", expiry_s=_SHORT_S),
        CommandAnswerMessage: _route(CommandAnswerMessage, expiry_s=_ORDER_S),
    }
)
"""What a gate sends."""

COMMAND: Final = _route(CommandMessage, expiry_s=_SHORT_S)
"""What a gate may be sent, which lies at a broker as long as it holds and no longer. A gate says no such message itself."""


def _fits(span: Span, length: timedelta) -> bool:
    if span is Span.MERGED:
        return length >= HOUR
    return length == _LENGTHS[span]


def _refuse_unless(condition: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence at the call
    if not condition:
        raise ValueError(what)


Discriminated = Annotated[Message, Field(discriminator="schema_name")]
