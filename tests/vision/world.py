"""A client with its real child, and everything the child said."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import count

from gate.ports import ProtectedGallery
from gate.vision import wire
from gate.vision.client import Patience, VisionClient

WAIT_S = 60
LONG = Patience(silence_s=WAIT_S, close_s=WAIT_S)
SHORT = Patience(silence_s=2.0, restart_s=(0.01,))
QUICK = Patience(silence_s=WAIT_S, close_s=WAIT_S, restart_s=(0.01,))
"""A child that dies is replaced at once; one that a busy machine holds up is not taken for hung."""
EPOCH = 3
SEED = bytes(range(32))
ATTEMPTS = (f"attempt-{number}" for number in count())


class World:
    """A client with its child, and everything the child said."""

    def __init__(self, settings, patience=LONG):
        self.heard = []
        self.ready_then = []
        self.client = VisionClient(settings, self._hear, patience=patience)

    def _hear(self, message):
        self.heard.append(message)
        self.ready_then.append(self.client.settled)

    async def until(self, claim):
        async with asyncio.timeout(WAIT_S):
            while not (value := claim()):  # noqa: ASYNC110 - much of it is seen from outside this process
                await asyncio.sleep(0.005)
        return value

    async def ready(self):
        await self.until(lambda: self.client.settled)

    def said(self, kind, attempt=None):
        return [
            message
            for message in self.heard
            if isinstance(message, kind) and attempt in {None, getattr(message, "attempt", None)}
        ]

    async def capture(
        self, scene, *, looks=3, enrol=False, only=(), own=(), kind=wire.Found | wire.Enrolled | wire.Fault
    ):
        """Look at a scene until there are *looks* answers, or a fault; give them all."""
        attempt = next(ATTEMPTS)
        self.client.set_scene(scene)
        self.client.open_camera(attempt, enrol=enrol, only=only, own=own)
        await self.until(lambda: len(self.said(kind, attempt)) >= looks or self.said(wire.Fault, attempt))
        self.client.close_camera()
        await self.settled()
        return self.said(kind, attempt)

    async def settled(self):
        """Wait until the child has heeded everything sent so far: it answers a Wipe with a Beat, a gallery by name."""
        self.client.load_gallery(self.gallery)
        await self.ready()

    gallery = ProtectedGallery(EPOCH, SEED)

    async def load(self, **templates):
        self.gallery = gallery_of(**templates)
        await self.settled()


def gallery_of(**templates):
    """Give a gallery of templates that are protected under SEED."""
    return ProtectedGallery(EPOCH, SEED, tuple(templates.items()))


@asynccontextmanager
async def opened(settings, patience=LONG):
    world = World(settings, patience)
    world.client.start()
    try:
        yield world
    finally:
        await world.client.stop()
