"""Fuzz what an estate's consumer hears: a message of the closed contract that is worded for the journal, or a RequestError."""

from pathlib import Path

from gate.errors import GateError, RequestError
from gate.fleet.consume import arrival_of
from gate.publish import messages
from tests.fuzz.harness import Cut

CANARY = b"canary-9f1d"
SEEDS = (
    *(each.read_bytes() for each in sorted(Path("gate/publish/examples").glob("*.json"))),
    b'{"schema_name":"' + CANARY + b'","name":"' + CANARY + b'"}',
    b"[" * 400,
)


def one_input(raw):
    data = Cut(raw)
    try:
        message = messages.decode(data.rest())
    except RequestError as error:
        assert CANARY.decode() not in str(error), "a refusal quotes what came"
        return
    try:
        payload = messages.encode(message)
    except GateError as error:
        assert error.code == "payload-refused"  # longer than a gate's own
        return
    assert messages.decode(payload) == message
    assert arrival_of("north", message).kind == message.schema_name
