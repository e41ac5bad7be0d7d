"""The gate's side of vision: starts the child process, speaks to it, and kills and restarts it when it hangs or dies.

Imports no pixels and no models: what the child does costs this process nothing but its messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog

from gate.core.liveness import Challenge, Level
from gate.core.types import AttemptId, Seconds, TemplateId
from gate.ports import ProtectedGallery
from gate.vision import wire

log = structlog.get_logger()

READ_BYTES = 1 << 16
END_S: Seconds = 0.5
"""A child that hung up is gone within milliseconds; one that is not is killed after so long."""
CHILD_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
"""A product with a gallery takes a tenth of a millisecond; a second thread for it waits its turn on a busy board: 2.5 to
3.5 ms a look instead of 0.7 to 0.9, measured (ADR 0030)."""
SCENE_NAMES = (
    "nobody",
    "resident",
    "stranger",
    "print",
    "replay",
    "far",
    "two",
    "bystander",
    "dark",
    "torn",
    "frozen",
    "hanging",
    "absent",
)
"""Who can stand before the simulated camera."""
DEPTH_NAMES = ("simulated",)
"""The depth cameras there are drivers for (gate/vision/liveness/depth.py)."""


@dataclass(frozen=True, slots=True)
class VisionSettings:
    """All the child needs to know. It goes over the socket: a camera's address may carry a password.

    threshold, margin: the cosine a match must reach, and how far the next person must be behind; n_threshold, rise: for how
    many templates searched the threshold holds, and how it rises with more (gate/core/operating.py). They are applied in
    the child, which tells no score (R43).
    """

    models_dir: str
    driver: str
    source: str = field(repr=False)
    width_px: int
    height_px: int
    frames_per_s: int
    threshold: float
    margin: float
    n_threshold: int = 1
    rise: float = 0.0
    providers: Sequence[str] = ("cpu",)
    threads: int = 2
    detect_side_px: int = 320
    zone: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    depth: str = ""

    def to_message(self) -> wire.Configure:
        """Put the settings on the wire."""
        return wire.Configure(json.dumps(asdict(self)))

    @classmethod
    def of(cls, message: wire.Configure) -> VisionSettings:
        """Take the settings off the wire."""
        values: dict[str, Any] = json.loads(message.settings)
        left, top, right, bottom = values.pop("zone")
        return cls(**values, zone=(left, top, right, bottom))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the parent waits for its child before it takes it for hung."""

    start_s: Seconds = 30.0
    """A Raspberry Pi 4 loads and warms both models in a few seconds from a cold card; ten times that is a fault."""
    silence_s: Seconds = 4.0
    """The child beats twice a second; a camera driver may block it for a second or two when it opens."""
    close_s: Seconds = 1.0
    """A camera not closed by then is closed by the child's death (R10); a look takes a tenth of it."""
    restart_s: tuple[Seconds, ...] = (0.2, 1.0, 5.0, 30.0)
    """Waits before a restart, growing while it keeps dying."""
    steady_s: Seconds = 30.0
    """A child that lived this long starts the waits anew; one that dies sooner makes the next one longer."""


Listener = Callable[[wire.Message], None]


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Give *environment* without the way to the keys that systemd hands over: they are the parent's alone."""
    return {name: value for name, value in environment.items() if name != "CREDENTIALS_DIRECTORY"}


async def _end_of(child: Process) -> str:
    """Say how a child that hung up ended: what it could not say itself, its libraries having ended it, the signal says."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_S):
            await child.wait()
    if child.returncode is None or child.returncode >= 0:
        return "ended"
    return f"ended by {signal.Signals(-child.returncode).name}"


class VisionClient:
    """One vision child at a time, kept alive. *listener* hears every message.

    It keeps seed and gallery for the next child, in one buffer that is overwritten when replaced and when stopped. What a
    message on its way to the child copies of it is freed, not overwritten.
    """

    def __init__(
        self, settings: VisionSettings, listener: Listener, *, patience: Patience = Patience()
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._patience = patience
        self._generation = 0
        self._epoch = 0
        self._ids: tuple[str, ...] = ()
        self._kept = bytearray()
        self._closing: deque[asyncio.TimerHandle] = deque()
        self._process: Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._listed = False
        self._serves = False
        self._scene: wire.SetScene | None = None
        self._providers: tuple[str, ...] = ()
        self.last_fault: wire.Fault | None = None
        self.restarts = 0

    @property
    def ready(self) -> bool:
        """Tell whether the models are loaded and a gallery is in use.

        A gallery just replaced may still be matched for milliseconds: whether a match opens, the store decides in the
        very transaction that records it, so a visitor before the camera is not sent away for it.
        """
        return self._serves

    @property
    def settled(self) -> bool:
        """Tell whether the child confirmed the present gallery: no older one is matched."""
        return self._listed

    @property
    def providers(self) -> tuple[str, ...]:
        """Name what runs the models; empty while the child is not ready."""
        return self._providers

    @property
    def is_simulated(self) -> bool:
        """Tell whether the camera is the simulated one, which takes scenes."""
        return self._settings.driver == "simulated"

    @property
    def pid(self) -> int | None:
        """Give the child's process id, for whoever measures or kills it."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start keeping a child alive, in the background."""
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """Stop the child for good, and overwrite the gallery. Raises nothing."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        self._keep_gallery(ProtectedGallery())

    def load_gallery(self, gallery: ProtectedGallery) -> None:
        """Replace what can be matched; ``settled`` tells when it is. A camera opened after this meets the new one."""
        self._keep_gallery(gallery)
        self._send_gallery()

    def open_camera(
        self,
        attempt: AttemptId,
        *,
        enrol: bool = False,
        only: tuple[TemplateId, ...] = (),
        own: tuple[TemplateId, ...] = (),
        liveness: Level | None = None,
    ) -> None:
        """Open the camera and look at the person in the zone; with *only*, compare with those templates alone (1:1).

        own: who is enrolled may be like these, and like no other template. liveness: as ``ports.Vision`` has it.
        """
        self._send(wire.StartCapture(attempt, enrol, only, own, liveness.value if liveness else ""))

    def ask(self, attempt: AttemptId, challenge: Challenge) -> None:
        """Have the child watch whether the face does what is asked, from now on."""
        self._send(wire.Challenge(attempt, challenge.value))

    def close_camera(self) -> None:
        """Close the camera; a child that does not confirm it in time is killed (R10)."""
        self._send(wire.StopCapture())
        if self._writer is not None:
            patience = self._patience.close_s if self._providers else self._patience.start_s
            self._closing.append(asyncio.get_running_loop().call_later(patience, self.kill))

    def forget(self) -> None:
        """Overwrite and drop frames, crops and the probe (R31)."""
        self._send(wire.Wipe())

    def set_scene(self, name: str) -> None:
        """Choose who stands before the simulated camera; a child started later is told as well."""
        self._scene = wire.SetScene(name)
        self._send(self._scene)

    def kill(self) -> None:
        """Kill the child at once, as a fault would; it is started anew."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def _send(self, message: wire.Message) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(wire.encode(message))

    def _keep_gallery(self, gallery: ProtectedGallery) -> None:
        self._kept[:] = bytes(len(self._kept))
        self._generation += 1
        self._epoch = gallery.epoch
        self._ids = tuple(template for template, _ in gallery.templates)
        self._kept = bytearray().join((gallery.seed, *(template for _, template in gallery.templates)))
        self._listed = False

    def _send_gallery(self) -> None:
        self._send(wire.LoadGallery(self._generation, self._epoch, self._ids, bytes(self._kept)))

    async def _keep(self) -> None:
        failures, waits, clock = 0, self._patience.restart_s, asyncio.get_running_loop().time
        while True:
            began, cause = clock(), "ended"
            try:
                cause = await self._run_once()
            except TimeoutError:
                cause = "hung"
            except Exception as error:  # noqa: BLE001 - the outer loop: whatever happened, the next child may work
                cause = type(error).__name__
            if clock() - began >= self._patience.steady_s:
                failures = 0
            wait = waits[min(failures, len(waits) - 1)]
            failures += 1
            self.restarts += 1
            log.warning("vision_lost", cause=cause, restart_in_s=wait)
            await asyncio.sleep(wait)

    async def _run_once(self) -> str:
        """Run one child until it dies, hangs (TimeoutError) or talks nonsense (DeviceFault); say how it died."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "gate.vision.child",
                    str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    stdin=DEVNULL,
                    env={**_without_secrets(os.environ), **CHILD_ENVIRONMENT},
                    process_group=0,  # so that a camera's own program dies with the child, also a silent one
                )
                theirs.close()
                reader, self._writer = await asyncio.open_connection(sock=ours)
                with contextlib.suppress(ConnectionError):  # it ended before it had read all it was sent
                    await self._converse(reader)
                self._serve_no_more()
                return await _end_of(self._process)
            finally:
                await self._bury()

    async def _converse(self, reader: asyncio.StreamReader) -> None:
        """Tell a new child all it needs, then heed it until it ends."""
        self._send(self._settings.to_message())
        self._send_gallery()
        if self._scene is not None:
            self._send(self._scene)
        decoder, patience = wire.Decoder(), self._patience.start_s
        while True:
            async with asyncio.timeout(patience):
                data = await reader.read(READ_BYTES)
            if not data:
                return
            for message in decoder.feed(data):
                if self._heed(message):
                    patience = self._patience.silence_s

    def _heed(self, message: wire.Message) -> bool:
        """Take one message; returns whether it says that the child is at work, models and gallery loaded."""
        match message:
            case wire.Ready(providers, locks):
                self._providers, self.last_fault = providers, None
                log.info("vision_ready", providers=providers, locks=locks)
            case wire.GalleryLoaded(generation):
                self._serves = True
                self._listed = generation == self._generation
            case wire.Closed() if self._closing:
                self._closing.popleft().cancel()
            case wire.Found() | wire.Posed() | wire.Enrolled():
                self.last_fault = None
            case wire.Fault(code=code) if code in wire.OF_THE_PERSON:
                self.last_fault = None
            case wire.Fault():
                self.last_fault = message
                log.warning("vision_fault", code=message.code, what=message.what, remedy=message.remedy)
        self._listener(message)
        return isinstance(message, wire.GalleryLoaded)

    def _serve_no_more(self) -> None:
        self._providers, self._serves, self._listed = (), False, False
        while self._closing:
            self._closing.pop().cancel()

    async def _bury(self) -> None:
        self._serve_no_more()
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None
        if self._process is not None:
            with contextlib.suppress(OSError):  # it is gone, or is about to go
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
            self._process = None
