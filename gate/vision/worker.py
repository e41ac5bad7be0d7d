"""The vision child: one thread that reads messages, looks at frames while the camera is open, and sends findings.

It owns the camera, the models, the unsealed gallery and the seed it is protected with, and nothing else. What it learns
of likeness it keeps: it says who matched and hands out one protected template at an enrolment, never a score. Whatever goes wrong with a camera becomes a
Fault message; whatever goes wrong with the process itself ends it, and the parent starts a new one. ``gate.vision.child``
starts it.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import select
import signal
import socket
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from gate.core.matching import Gallery
from gate.core.types import Seconds, TemplateId
from gate.errors import DeviceFault, GateError
from gate.process import keep_memory_private
from gate.vision import wire
from gate.vision.camera import Camera, camera_faults, known_driver, open_camera, require_live
from gate.vision.client import VisionSettings
from gate.vision.confine import Lock, camera_node, confine
from gate.vision.liveness import Liveness
from gate.vision.liveness.depth import open_depth
from gate.vision.memory import NoMemory, lacks_memory
from gate.vision.pipeline import Pipeline
from gate.vision.protection import Protection
from gate.vision.quality import Assessor
from gate.vision.scenes import SCENES, SceneCamera
from gate.vision.visit import Known, Senses, Visit, no_epoch

BEAT_S = 0.5
NICENESS = 10
"""The core process, with its card and PIN, goes first on a busy board."""
LAST_IN_MEMORY = 500
"""Of 1000: how much sooner than any other the kernel ends this process where memory runs out."""
READ_BYTES = 1 << 20
MATRIX_BYTES, MATRIX_SIDE = 64 << 20, 256
"""More than OpenBLAS works in, and the side of a product that is none of the small ones it does without."""


class Worker:
    """The child's state: at most one open camera, one gallery, one frame in memory."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._decoder = wire.Decoder()
        self._inbox: list[wire.Message] = []
        self._camera: Camera | None = None
        self._capture = wire.StartCapture("")
        self._visit: Visit
        self._scene = "nobody"
        self._gallery = Gallery((), np.zeros((0, 128), np.float32))
        self._protection: Protection | None = None
        self._epoch = 0
        self._beat_due = 0.0
        self._held_frames = 0
        self._node: int | None = None
        self._keeps_node = False

    def run(self) -> None:
        """Serve until the parent closes the link."""
        first = self._next()
        if not isinstance(first, wire.Configure):
            raise DeviceFault(
                "vision-wire", "The first message must be Configure.", remedy="Start the gate anew."
            )
        settings = VisionSettings.of(first)
        # Before the models' threads: a lock on files binds only those that come after it.
        self._node = camera_node(settings)
        locks = confine(settings)
        self._keeps_node = Lock.FILES in locks
        try:
            self.prepare(settings)
        except GateError as error:
            self._fault(error)
            raise
        self._send(wire.Ready(tuple(self._settings.providers), tuple(sorted(locks))))
        while True:
            self._receive(0.0 if self._camera or self._inbox else BEAT_S)
            while self._inbox:
                self._heed(self._inbox.pop(0))
            if self._camera is not None:
                self._look(self._camera)
            self._beat()

    def prepare(self, settings: VisionSettings) -> None:
        """Load and warm the models. Raises ModelError, or DeviceFault for a camera driver there is not."""
        known_driver(settings.driver)
        self._settings = settings
        _take_matrix_memory()
        pipeline = Pipeline.load(
            Path(settings.models_dir),
            settings.providers,
            settings.threads,
            detect_side=settings.detect_side_px,
        )
        pipeline.warm_up(width=settings.width_px, height=settings.height_px)
        liveness = Liveness.load(Path(settings.models_dir), settings.providers, settings.threads)
        self.fit(Senses(settings, pipeline, liveness, Assessor()))
        _hand_back_memory()

    def fit(self, senses: Senses) -> None:
        """Look with these from now on."""
        self._settings, self._senses = senses.settings, senses
        self._visit = Visit(self._capture, senses)

    def _next(self) -> wire.Message:
        while not self._inbox:
            self._receive(None)
        return self._inbox.pop(0)

    def _receive(self, patience: float | None) -> None:
        readable, _, _ = select.select([self._link], [], [], patience)
        if readable:
            data = self._link.recv(READ_BYTES)
            if not data:
                raise SystemExit(0)
            self._inbox += self._decoder.feed(data)

    def _send(self, message: wire.Message) -> None:
        self._link.sendall(wire.encode(message))

    def _fault(self, error: GateError) -> None:
        """Tell of *error*; where what it lacks is memory, raise NoMemory instead: of that gate/vision/child.py tells."""
        if lacks_memory(error):
            raise NoMemory from error
        self._send(wire.Fault(self._capture.attempt, error.code, error.what, error.remedy))

    def _beat(self) -> None:
        if time.monotonic() >= self._beat_due:
            self._beat_now()

    def _beat_now(self) -> None:
        self._beat_due = time.monotonic() + BEAT_S
        self._send(wire.Beat(self._held_frames))

    def _heed(self, message: wire.Message) -> None:
        match message:
            case wire.LoadGallery():
                self.load(message)
            case wire.StartCapture():
                self._open(message)
            case wire.Challenge():
                self._ask(message)
            case wire.StopCapture():
                self._close()
                self._send(wire.Closed())
            case wire.Wipe():
                self._wipe()
                self._beat_now()
            case wire.SetScene(name) if self._settings.driver == "simulated" and name in SCENES:
                self._scene = name
            case _:
                raise DeviceFault(
                    "vision-wire",
                    f"{type(message).__name__} means nothing here.",
                    remedy="Start the gate anew.",
                )

    def load(self, message: wire.LoadGallery) -> None:
        """Match this gallery from now on, protect with its seed, and confirm it."""
        self._gallery.wipe()
        if self._protection is not None:
            self._protection.wipe()
        seed, rows = message.payload[: wire.SEED_BYTES], message.payload[wire.SEED_BYTES :]
        ids = tuple(TemplateId(template) for template in message.ids)
        matrix = np.frombuffer(rows, "<f4").reshape(len(ids), 128).astype(np.float32)
        self._gallery = Gallery(ids, matrix)
        self._protection = Protection(seed) if seed else None
        self._epoch = message.epoch
        self._visit.meet()
        self._send(wire.GalleryLoaded(message.generation))

    def _open(self, message: wire.StartCapture) -> None:
        self._close()
        self._capture = message
        self._visit = Visit(message, self._senses)
        try:
            if message.enrol:
                require_live(self._settings)
                if self._protection is None:
                    raise no_epoch()
            camera = open_camera(self._settings)
            self._open_depth(camera)
        except DeviceFault as error:
            self._fault(error)
            self._end_where_shut_out()
            return
        finally:
            self._beat_now()  # opening may take most of the parent's patience, and so may the first frame
        if isinstance(camera, SceneCamera):
            camera.scene = self._scene
            camera.turning = message.enrol
        self._camera = camera

    def _end_where_shut_out(self) -> None:
        """End this process where its camera was plugged in since it shut itself in: the next one takes in what is there."""
        now = camera_node(self._settings)
        if self._keeps_node and now is not None and now != self._node:
            raise SystemExit(0)

    def _open_depth(self, camera: Camera) -> None:
        """Open the depth camera beside *camera*, where there is one. Raises DeviceFault, and closes *camera* then (R10)."""
        try:
            self._senses.liveness.depth = open_depth(self._settings.depth, camera)
        except DeviceFault:
            camera.close()
            raise

    def _close(self) -> None:
        if self._camera is not None:
            self._camera.close()
            self._camera = None
            if self._senses.liveness.depth is not None:
                self._senses.liveness.depth.close()
                self._senses.liveness.depth = None
            _hand_back_memory()
        self._wipe()

    def _wipe(self) -> None:
        self._visit.wipe()
        self._held_frames = 0

    def _ask(self, message: wire.Challenge) -> None:
        """Watch for the movement that was asked for; whoever stands before the simulated camera is asked as well."""
        if message.attempt != self._capture.attempt:
            return
        self._visit.ask(message, time.monotonic())
        if isinstance(self._camera, SceneCamera):
            self._camera.ask(message.asked)

    def _look(self, camera: Camera) -> None:
        """Look at one frame, report what was found, and overwrite the frame; crops of it stay until _wipe."""
        try:
            with camera_faults():
                frame = camera.read()
            at = time.monotonic()
        except DeviceFault as error:
            self._close()
            self._fault(error)
            return
        self._held_frames = 1
        try:
            self.report(frame, at)
        except GateError as error:
            self._close()
            self._fault(error)
        finally:
            frame.fill(0)

    def report(self, frame: npt.NDArray[np.uint8], at: Seconds) -> None:
        """Send what one frame, taken *at*, shows; nothing for the last frame over again."""
        said = self._visit.report(frame, at, Known(self._gallery, self._protection, self._epoch))
        if isinstance(said, wire.Enrolled):
            self._close()
        if said is not None:
            self._send(said)


def _confine() -> None:
    """Leave no trace and no orphan: no core dump (R30), die with the parent, yield to the core process."""
    _die_first()  # before the memory is private: what this file says is root's afterwards
    keep_memory_private()
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at a desk is the parent's to answer
    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def _die_first() -> None:
    """Be what the kernel ends where memory runs out: the door goes on without face."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(LAST_IN_MEMORY), encoding="ascii")


def _take_matrix_memory() -> None:
    """Have OpenBLAS take the memory it works in. Raises OSError where there is none.

    It takes it at the first larger product, a person's first look, and where it cannot, ends the process without a word to
    anybody. So it is asked for here before, in a way that can be answered.
    """
    with mmap.mmap(-1, MATRIX_BYTES):
        pass
    np.ones((MATRIX_SIDE, MATRIX_SIDE), np.float32) @ np.ones((MATRIX_SIDE, MATRIX_SIDE), np.float32)


def _hand_back_memory() -> None:
    """Give freed pages back to the system: 40 of 226 MB after loading, and what a visit's frames left behind."""
    ctypes.CDLL(None).malloc_trim(0)


def serve(link: socket.socket) -> None:
    """Serve the parent at the other end of *link* until it closes it. Raises GateError for what the child cannot work with."""
    _confine()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        Worker(link).run()
