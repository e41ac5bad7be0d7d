"""Every way a broker can stand has its word, and every word its remedy (R46)."""

from __future__ import annotations

import pytest

from gate.core.broker import COUNSEL, UP, BrokerState, ended_by, refused_by
from tests.broker_table import DOCUMENT, document


@pytest.mark.parametrize("state", BrokerState)
def test_every_state_says_what_is_so_and_what_to_do(state):
    assert COUNSEL[state].what.endswith(".")
    assert COUNSEL[state].remedy.endswith(".")


def test_no_two_states_say_the_same():
    assert len({counsel.what for counsel in COUNSEL.values()}) == len(BrokerState)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0x84, BrokerState.NONSENSE),
        (0x86, BrokerState.CREDENTIALS),
        (0x87, BrokerState.BARRED),
        (0x89, BrokerState.BUSY),
        (0x8D, BrokerState.SILENT),
        (0x8E, BrokerState.TAKEN_OVER),
        (0x93, BrokerState.OVER_QUOTA),
        (0x95, BrokerState.TOO_LARGE),
        (0x97, BrokerState.OVER_QUOTA),
        (0x9C, BrokerState.MOVED),
        (0x9D, BrokerState.MOVED),
        (0x00, BrokerState.CLOSED),
        (0xA2, BrokerState.CLOSED),
    ],
)
def test_what_ends_a_connection_has_its_word(code, state):
    assert ended_by(code) is state


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0x87, BrokerState.TOPIC_REFUSED),
        (0x90, BrokerState.TOPIC_REFUSED),
        (0x95, BrokerState.TOO_LARGE),
        (0x97, BrokerState.OVER_QUOTA),
        (0x80, BrokerState.REFUSED),
        (0x99, BrokerState.REFUSED),
    ],
)
def test_what_refuses_a_message_has_its_word(code, state):
    assert refused_by(code) is state
    assert state in UP


def test_the_document_says_what_the_code_does():
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run make docs"
