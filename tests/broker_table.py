"""``docs/broker.md``: how a gate gets on with its broker, and every word for what can be wrong. Made by ``make docs``."""

from __future__ import annotations

from pathlib import Path

from gate.core.broker import COUNSEL, BrokerState
from gate.publish import keeping, link, mqtt

DOCUMENT = Path(__file__).parent.parent / "docs" / "broker.md"
HEAD = f"""# The gate and its broker

Made by `make docs` from `gate/core/broker.py` and `tests/broker_table.py`; do not edit. No door waits for any of this (R46):
`tests/service/test_broker_trouble.py` times card entries while a broker does all it can.

## The connection

- MQTT 5 over TLS 1.2 or later, with the broker's certificate checked against the one authority in `ca_file` and against the
  name in `host`; plain text on this device alone. Each gate has its own password, its own certificate, or both (R45).
- `clean_start`, session expiry 0: the outbox is the only queue. An order that waited for a gate at the broker would be stale.
- Birth and last will, QoS 1, say `online` and `offline` on the health topic, and nothing of any passage. Nothing is retained.
- Counts, denials, alarms: QoS 1. The health beat: QoS 0, for a broker keeps each QoS 1 message for every receiver that is
  away; when its queue is full, it drops what it has acknowledged without a word.
- Each message has an expiry. Keep-alive is {link.KEEPALIVE_S} s: a cut line is noticed within three times that.
- A broker that acknowledges nothing for {mqtt.ACKNOWLEDGE_S:g} s is called afresh, though it answers pings.
- Certificate files are read for each connection: a new file is used at the next. When the broker's certificate runs out, the
  gate hangs up at once, also in the middle of a connection.
- What the broker grants is kept: receive maximum, largest packet, its own keep-alive. A broker's word to go elsewhere is told, never
  followed (R41). What it sends is bounded: packets of {link.LARGEST_HEARD} bytes, {link.LOUD} packets a second.
- Between two calls the gate waits, at first for up to 2 s and at last for up to {keeping.LONGEST_WAIT_S:g} s, by lot, so that the gates
  of a site do not call together.

## What waits

Each stream (alarms, counts, live events if any) goes one message at a time, the next when the one before was acknowledged: so none
overtakes another, whatever is refused, lost or repeated. The streams do not wait for each other; alarms go first. What was not
acknowledged goes again under the same id; so does what the broker took and dropped because nobody subscribes, where it says so
(reason code 0x10). A refused stream rests for {mqtt.REST_S:g} s. At most {mqtt.LOOK_AHEAD} messages of each
stream go out a second, so that the catching up after a long outage leaves the disk and the loop to the door.

An acknowledgement means that the broker has it. A broker that loses what it acknowledged leaves a gap in the sequence, which a
receiver sees; the gate cannot. `make soak` plays a week of this in three minutes: broker down half the time, 100 kills of the
process, the clock set ten times.

## What can be wrong

The word is in the log (`broker_down`, `still_without_broker`, `publish_refused`), in `gate check` (`broker-<word>`), in the metrics
and, with the sentences, on the console's health page.

| word | what is so | what to do |
|---|---|---|
"""


def document() -> str:
    """Give the whole text."""
    rows = [f"| `{state}` | {COUNSEL[state].what} | {COUNSEL[state].remedy} |" for state in BrokerState]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
