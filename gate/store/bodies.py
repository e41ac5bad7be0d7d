"""Messages as the outbox seals them: JSON of a closed set of kinds, read back as it was written."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final, assert_never

from gate.core.alarms import Alarm
from gate.core.events import Alarmed, Body, Counted, Denied, Passage, Span
from gate.core.types import Method
from gate.errors import VaultError
from gate.store.times import seconds_of, time_of

_KIND: Final = "kind"


def encode(body: Body) -> bytes:
    """Give the bytes to seal."""
    return json.dumps(_fields(body), separators=(",", ":")).encode()


def decode(sealed: bytes) -> Body:
    """Give the message back. Raises VaultError ``record-altered`` where it is none that this gate could have written."""
    try:
        return _body(json.loads(sealed))
    except (ValueError, KeyError, TypeError) as error:
        raise VaultError(
            "record-altered",
            "A message that waits to be sent is not one that this gate knows.",
            remedy="It is left out; find out whether an older gate was installed over a newer one.",
        ) from error


def _fields(body: Body) -> dict[str, object]:
    match body:
        case Counted():
            return {
                _KIND: "counted",
                "span": body.span,
                "from": seconds_of(body.window_start),
                "to": seconds_of(body.window_end),
                "people": body.people,
                "by": body.by_method and {str(method): count for method, count in body.by_method.items()},
                "k": body.k,
                "epsilon": body.epsilon,
            }
        case Denied():
            return {
                _KIND: "denied",
                "from": seconds_of(body.window_start),
                "to": seconds_of(body.window_end),
                "refused": body.refused,
                "k": body.k,
                "epsilon": body.epsilon,
            }
        case Alarmed():
            at = seconds_of(body.at)
            return {_KIND: "alarmed", "alarm": body.alarm, "began": body.began, "at": at, "times": body.times}
        case Passage():
            at = seconds_of(body.at)
            return {_KIND: "passage", "at": at, "method": body.method, "granted": body.granted}
        case _:  # pragma: no cover - mypy proves it
            assert_never(body)


def _body(fields: dict[str, Any]) -> Body:
    match fields[_KIND]:
        case "counted":
            by = fields["by"]
            return Counted(
                Span(fields["span"]),
                *_window(fields),
                fields["people"],
                None if by is None else {Method(method): count for method, count in by.items()},
                fields["k"],
                fields["epsilon"],
            )
        case "denied":
            return Denied(*_window(fields), fields["refused"], fields["k"], fields["epsilon"])
        case "alarmed":
            return Alarmed(Alarm(fields["alarm"]), fields["began"], time_of(fields["at"]), fields["times"])
        case "passage":
            method = fields["method"]
            return Passage(
                time_of(fields["at"]), None if method is None else Method(method), fields["granted"]
            )
        case _:
            msg = "an unknown kind of message"
            raise ValueError(msg)


def _window(fields: dict[str, Any]) -> tuple[datetime, datetime]:
    return time_of(fields["from"]), time_of(fields["to"])
