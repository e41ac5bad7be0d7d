"""The demo's receiver shows what arrived, and whether it is what a gate may say."""

from __future__ import annotations

import asyncio

from paho.mqtt.publish import single

from gate.publish.embedded import embedded_broker
from gate.publish.listen import Listener
from gate.publish.messages import encode, presence
from tests.publish.world import GATE, until


def test_what_fits_no_schema_or_the_wrong_topic_is_shown_without_a_message():
    good = presence("online")
    sent = [
        (f"gate/{GATE}/health", b'{"person": "p-17"}'),
        (f"gate/{GATE}/access-counts", encode(good)),
        (f"gate/{GATE}/health", encode(good)),
    ]

    async def scenario(settings):
        async with Listener(settings, GATE) as listener:
            for topic, payload in sent:
                await asyncio.to_thread(
                    single,
                    topic,
                    payload,
                    qos=1,
                    hostname=settings.host,
                    port=settings.port,
                    auth={"username": settings.username, "password": settings.password},
                    protocol=5,
                )
            await until(lambda: len(listener.received) == len(sent))
        return listener.received

    with embedded_broker() as settings:
        received = asyncio.run(scenario(settings))
    assert [(r.topic, r.payload) for r in received] == sent
    assert [r.message for r in received] == [None, None, good]
