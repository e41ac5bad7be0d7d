"""What the fleet's tests share: messages of a gate that never was, somebody to send them, a consumer to hear them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from gate.core.events import Denied, Queued, Stream
from gate.fleet.consume import Consumer, Desk
from gate.fleet.journal import Journal
from gate.fleet.made_up import made_up_health
from gate.publish import link, messages
from gate.publish.evented import on_the_loop

DAY = datetime(2026, 11, 22, tzinfo=UTC)
EPOCH = "00112233aabbccdd"


def denials(sequence, *, gate="north"):
    """A valid message; its id follows from gate and sequence."""
    number = f"{gate.encode().hex():0>16}{sequence:016x}"[-32:]
    body = Denied(DAY, DAY + timedelta(days=1), None, 10, 1.0)
    return messages.queued_message(Queued(number, Stream.COUNTS, EPOCH, sequence, body))


def health():
    return messages.health(made_up_health(DAY, "1.0"))


def packets(*worded, gate="north"):
    """Topic and payload of each message."""
    return [(messages.topic(gate, message), messages.encode(message)) for message in worded]


async def send(settings, wanted, *, qos=1):
    """Publish and wait until the broker has acknowledged everything; gives the reason codes."""
    client = link.new_client(settings, "sender")
    codes, done = [], asyncio.Event()

    def on_publish(_client, _data, _mid, reason, _more):
        codes.append(reason.value)
        if len(codes) == len(wanted):
            done.set()

    def on_up(up, _granted):
        for topic, payload in wanted:
            up.publish(topic, payload, qos=qos)

    client.on_publish = on_publish
    serving = asyncio.create_task(on_the_loop(client, settings, on_up=on_up, stopping=lambda: False))
    async with asyncio.timeout(30):
        await done.wait()
    client.disconnect()
    await serving
    return codes


@asynccontextmanager
async def consuming(settings, path, *, name="c1", group="estate", journal=Journal) -> AsyncIterator[Consumer]:
    """A consumer that hears the broker; leaving stops it in good order and raises what ended it before."""
    kept = journal(path)
    consumer = Consumer(settings, kept, Desk(name, group), lambda _line: None)
    stop = asyncio.Event()
    running = asyncio.create_task(consumer.run(stop))
    heard = asyncio.create_task(consumer.subscribed.wait())
    try:
        await asyncio.wait({running, heard}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        yield consumer
        stop.set()
        await running
    finally:
        running.cancel()
        heard.cancel()
        await asyncio.wait({running, heard})
        kept.close()


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - another thread or process sets no event of ours
            await asyncio.sleep(0.01)


def filed(path):
    """What the journal holds, as another program would read it: gate and sequence."""
    journal = Journal(path)
    try:
        return [(line.arrival.gate, line.arrival.place.sequence) for line in journal.lines(limit=100_000)]
    finally:
        journal.close()


def happened(path):
    journal = Journal(path)
    try:
        return journal.happened()
    finally:
        journal.close()
