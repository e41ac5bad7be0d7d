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
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog

from gate.core.types import AttemptId, Seconds, TemplateId
from gate.errors import DeviceFault
from gate.vision import wire

log = structlog.get_logger()

READ_BYTES = 1 << 16
SCENE_NAMES = (
    "nobody",
    "resident",
    "stranger",
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


@dataclass(frozen=True, slots=True)
class VisionSettings:
    """All the child needs to know. It goes over the socket: a camera's address may carry a password."""

    models_dir: str
    driver: str
    source: str = field(repr=False)
    width_px: int
    height_px: int
    frames_per_s: int
    providers: Sequence[str] = ("cpu",)
    threads: int = 2
    detect_side_px: int = 320
    zone: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

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
    restart_s: tuple[Seconds, ...] = (0.2, 1.0, 5.0, 30.0)
    """Waits before a restart, growing while it keeps dying."""


Listener = Callable[[wire.Message], None]


class VisionClient:
    """One vision child at a time, kept alive. *listener* hears every message."""

    def __init__(
        self, settings: VisionSettings, listener: Listener, *, patience: Patience = Patience()
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._patience = patience
        self._gallery = wire.LoadGallery(0, (), b"")
        self._process: Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._listed = False
        self._scene: wire.SetScene | None = None
        self._providers: tuple[str, ...] = ()
        self.last_fault: wire.Fault | None = None
        self.restarts = 0

    @property
    def ready(self) -> bool:
        """Tell whether the models are loaded and the present gallery is in the child."""
        return bool(self._providers) and self._listed

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
        """Stop the child for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    def load_gallery(self, templates: Sequence[tuple[TemplateId, bytes]]) -> None:
        """Replace what can be matched. Until the child confirms, vision counts as not ready."""
        self._gallery = wire.LoadGallery(
            self._gallery.generation + 1,
            tuple(template for template, _ in templates),
            b"".join(embedding for _, embedding in templates),
        )
        self._listed = False
        self._send(self._gallery)

    def open_camera(self, attempt: AttemptId, *, enrol: bool = False) -> None:
        """Open the camera and look at the person in the zone."""
        self._send(wire.StartCapture(attempt, enrol))

    def close_camera(self) -> None:
        """Close the camera."""
        self._send(wire.StopCapture())

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

    async def _keep(self) -> None:
        failures = 0
        while True:
            worked = await self._run_once()
            failures = 0 if worked else failures + 1
            self.restarts += 1
            waits = self._patience.restart_s
            await asyncio.sleep(waits[min(failures, len(waits) - 1)])

    async def _run_once(self) -> bool:
        """Run one child until it dies, hangs or talks nonsense. Returns whether it ever got to work."""
        got_to_work = False
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gate.vision.worker",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=DEVNULL,
                process_group=0,  # so that a camera's own program dies with the child, also a silent one
            )
            theirs.close()
            reader, self._writer = await asyncio.open_connection(sock=ours)
            self._send(self._settings.to_message())
            self._send(self._gallery)
            if self._scene is not None:
                self._send(self._scene)
            decoder, patience = wire.Decoder(), self._patience.start_s
            while data := await asyncio.wait_for(reader.read(READ_BYTES), patience):
                for message in decoder.feed(data):
                    if self._heed(message):
                        got_to_work, patience = True, self._patience.silence_s
            log.warning("vision_lost", cause="ended")
        except TimeoutError:
            log.warning("vision_hung")
        except (OSError, DeviceFault) as error:
            log.warning("vision_lost", cause=type(error).__name__)
        finally:
            theirs.close()
            await self._bury()
            ours.close()
        return got_to_work

    def _heed(self, message: wire.Message) -> bool:
        """Take one message; returns whether it says that the child is at work, models and gallery loaded."""
        match message:
            case wire.Ready(providers):
                self._providers = providers
                log.info("vision_ready", providers=providers)
            case wire.GalleryLoaded(generation):
                self._listed = generation == self._gallery.generation
            case wire.Fault():
                self.last_fault = message
                log.warning("vision_fault", code=message.code)
        self._listener(message)
        return isinstance(message, wire.GalleryLoaded)

    async def _bury(self) -> None:
        self._providers, self._listed = (), False
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
            self._process = None
