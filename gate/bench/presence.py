"""How soon a person who stands before the open camera is known: the whole vision child on the simulated clip."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import TypeVar

from gate.bench.desk import camera_settings
from gate.core.liveness import Level, Verdict
from gate.core.types import AttemptId, Seconds, TemplateId
from gate.errors import DeviceFault
from gate.ports import ProtectedGallery
from gate.vision import wire
from gate.vision.client import VisionClient

THREADS = 2
AGREEING = 2
"""Findings in a row that name the same template, as the core asks for."""
PATIENCE_S: Seconds = 20.0
OWN = TemplateId("resident")

Kind = TypeVar("Kind", bound=wire.Message)


async def presence_times(
    models_dir: Path, count: int, *, level: Level | None = Level.BASIC
) -> dict[str, object]:
    """Enrol the simulated resident, let them stand there *count* times, and time each from "open the camera".

    Until the finding that lets the core decide: the template named, on frames in a row, and alive where *level* asks.
    The camera gives 25 frames a second. Raises DeviceFault where the person is not known in time.
    """
    visits = _Visits(models_dir)
    visits.client.start()
    try:
        await visits.enrol()
        spent = [await visits.stand(level) for _ in range(count)]
    finally:
        await visits.client.stop()
    return {
        "presence_to_decision_p50_s": median(spent),
        "presence_to_decision_p95_s": quantiles(spent, n=20)[18],
        "presence_liveness": level.value if level else "off",
    }


class _Visits:
    """A vision child of its own, and what it says."""

    def __init__(self, models_dir: Path) -> None:
        settings = camera_settings(models_dir, threads=THREADS, frames_per_s=25)
        self.client = VisionClient(settings, self._hear)
        self._heard: asyncio.Queue[wire.Message] = asyncio.Queue()

    def _hear(self, message: wire.Message) -> None:
        if isinstance(message, wire.Found | wire.Enrolled | wire.Fault):
            self._heard.put_nowait(message)

    async def enrol(self) -> None:
        seed = secrets.token_bytes(wire.SEED_BYTES)
        await self._load(ProtectedGallery(1, seed))
        self._open(enrol=True)
        enrolled = await self._until(wire.Enrolled)
        self.client.close_camera()
        await self._load(ProtectedGallery(1, seed, ((OWN, enrolled.payload),)))

    async def stand(self, level: Level | None) -> Seconds:
        """Give the seconds until the resident is known, on a capture of their own."""
        began = perf_counter()
        attempt = self._open(level=level)
        named = 0
        while True:
            found = await self._until(wire.Found)
            if found.attempt != attempt:
                continue
            named = named + 1 if found.template == OWN else 0
            if named >= AGREEING and (level is None or found.live == Verdict.LIVE.value):
                break
        spent = perf_counter() - began
        self.client.close_camera()
        await self._settled()
        return spent

    def _open(self, *, enrol: bool = False, level: Level | None = None) -> AttemptId:
        attempt = AttemptId(secrets.token_hex(8))
        self.client.set_scene("resident")
        self.client.open_camera(attempt, enrol=enrol, liveness=level)
        return attempt

    async def _load(self, gallery: ProtectedGallery) -> None:
        self.client.load_gallery(gallery)
        await self._settled()

    async def _settled(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.client.settled:  # noqa: ASYNC110 - the client tells its listener nothing of this
                await asyncio.sleep(0.005)

    async def _until(self, kind: type[Kind]) -> Kind:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not isinstance(message := await self._heard.get(), kind):
                    if isinstance(message, wire.Fault):
                        raise _unknown(f"said {message.code}")
        except TimeoutError as error:
            raise _unknown("did not know the simulated resident in time") from error
        return message


def _unknown(what: str) -> DeviceFault:
    return DeviceFault(
        "bench-presence", f"The vision process {what}.", remedy="Run gate models verify, then measure again."
    )
