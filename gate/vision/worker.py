"""The vision child: one thread that reads messages, looks at frames while the camera is open, and sends findings.

It owns the camera, the models, the unsealed gallery and the seed it is protected with, and nothing else. What it learns
of likeness it keeps: it says who matched and hands out one protected template at an enrolment, never a score. Whatever goes wrong with a camera becomes a
Fault message; whatever goes wrong with the process itself ends it, and the parent starts a new one.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from gate.core.enrolment import Advice
from gate.core.matching import Embedding, Gallery, is_enrolled, search, verify
from gate.core.policy import Finding, Hint, is_match
from gate.core.types import TemplateId
from gate.errors import DeviceFault, GateError, ModelError
from gate.process import keep_memory_private
from gate.vision import wire
from gate.vision.camera import Camera, camera_faults, known_driver, open_camera, require_live
from gate.vision.client import VisionSettings
from gate.vision.enrolment import Enrolment, combine
from gate.vision.look import Look, choose, flaw_of
from gate.vision.pipeline import Pipeline
from gate.vision.protection import Protection
from gate.vision.scenes import SCENES, SceneCamera

BEAT_S = 0.5
FROZEN_FRAMES = 15
"""A live sensor never gives two equal frames; this many in a row is a frozen driver."""
NICENESS = 10
"""The core process, with its card and PIN, goes first on a busy board."""
READ_BYTES = 1 << 20


class Worker:
    """The child's state: at most one open camera, one gallery, one frame in memory."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._decoder = wire.Decoder()
        self._inbox: list[wire.Message] = []
        self._camera: Camera | None = None
        self._capture = wire.StartCapture("")
        self._scene = "nobody"
        self._gallery = Gallery((), np.zeros((0, 128), np.float32))
        self._protection: Protection | None = None
        self._epoch = 0
        self._enrolment = Enrolment()
        self._beat_due = 0.0
        self._held_frames = 0
        self._same_frames = (0, 0)

    def run(self) -> None:
        """Serve until the parent closes the link."""
        first = self._next()
        if not isinstance(first, wire.Configure):
            raise DeviceFault(
                "vision-wire", "The first message must be Configure.", remedy="Start the gate anew."
            )
        try:
            self.prepare(VisionSettings.of(first))
        except GateError as error:
            self._fault(error)
            raise
        self._send(wire.Ready(tuple(self._settings.providers)))
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
        self._pipeline = Pipeline.load(
            Path(settings.models_dir),
            settings.providers,
            settings.threads,
            detect_side=settings.detect_side_px,
        )
        self._pipeline.warm_up(width=settings.width_px, height=settings.height_px)
        _hand_back_memory()

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
        self._send(wire.GalleryLoaded(message.generation))

    def _open(self, message: wire.StartCapture) -> None:
        self._close()
        self._capture = message
        try:
            if message.enrol:
                require_live(self._settings)
                if self._protection is None:
                    raise _no_epoch()
            camera = open_camera(self._settings)
        except DeviceFault as error:
            self._fault(error)
            return
        finally:
            self._beat_now()  # opening may take most of the parent's patience, and so may the first frame
        if isinstance(camera, SceneCamera):
            camera.scene = self._scene
            camera.turning = message.enrol
        self._camera = camera

    def _close(self) -> None:
        if self._camera is not None:
            self._camera.close()
            self._camera = None
            _hand_back_memory()
        self._same_frames = (0, 0)
        self._wipe()

    def _wipe(self) -> None:
        self._pipeline.wipe()
        self._enrolment.wipe()
        self._enrolment = Enrolment()
        self._held_frames = 0

    def _look(self, camera: Camera) -> None:
        """Look at one frame, report what was found, and overwrite the frame; crops of it stay until _wipe."""
        try:
            with camera_faults():
                frame = camera.read()
        except DeviceFault as error:
            self._close()
            self._fault(error)
            return
        self._held_frames = 1
        try:
            self.report(frame)
        except GateError as error:
            self._close()
            self._fault(error)
        finally:
            frame.fill(0)

    def report(self, frame: npt.NDArray[np.uint8]) -> None:
        """Send what one frame shows; nothing for the last frame over again."""
        if self._is_repeated(frame):
            return
        flaw = flaw_of(frame)
        look = Look(flaw) if flaw else choose(self._pipeline.detect(frame), frame, self._settings.zone)
        if self._capture.enrol:
            self._sit(frame, look)
            return
        probe = self._probe(frame, look)
        if probe is None:
            hint = Hint.HOLD_STILL if look.face else look.hint
            self._found(Finding(hint, place=look.place))
            return
        try:
            self._found(Finding(look.hint, self._matched(probe), look.place))
        finally:
            probe.fill(0)

    def _probe(self, frame: npt.NDArray[np.uint8], look: Look) -> Embedding | None:
        """Embed the face of *look*, None where there is none: this frame's may be no face, and the next one's is."""
        if look.face is None:
            return None
        try:
            return self._pipeline.embed(frame, look.face)
        except ModelError as error:
            if error.code != "face-landmarks":
                raise
            return None

    def _sit(self, frame: npt.NDArray[np.uint8], look: Look) -> None:
        """Capture the frame if it is good for a pose that is wanted, and tell how far the enrolment is."""
        enrolment = self._enrolment
        if look.face is None:
            advice = enrolment.advise_without(look.hint)
        else:
            advice = enrolment.advise(frame, look.face)
            if advice is Advice.GOOD and (probe := self._probe(frame, look)) is not None:
                enrolment.take(probe, look.face)
            elif advice is Advice.GOOD:
                advice = Advice.HOLD_STILL
        progress = enrolment.progress(advice, look.place)
        if progress is None:
            self._enrol()
        else:
            self._send(wire.Posed.of(self._capture.attempt, progress))

    def _matched(self, probe: Embedding) -> TemplateId | None:
        """Give the template that *probe* matches, of those this capture is about where it names any (1:1).

        Compared are protected forms only, which are as alike as the faces.
        """
        if self._protection is None:
            return None
        protected = self._protection.apply(probe[np.newaxis])
        claimed = tuple(map(TemplateId, self._capture.only))
        match = (
            verify(self._gallery, protected[0], claimed) if claimed else search(self._gallery, protected[0])
        )
        protected.fill(0)
        limits = self._settings
        named = match is not None and is_match(
            match.score, match.second_score, threshold=limits.threshold, margin=limits.margin
        )
        return match.template if match is not None and named else None

    def _enrol(self) -> None:
        """Make one protected template of the captures, close the camera and send it.

        Raises DeviceFault if they disagree, or are as like somebody else's template as a match is: two people would
        open with one face, or one person twice. No margin is asked here: who lies between two templates is like both.
        """
        template = combine(self._enrolment.captures, at_least=self._settings.threshold)
        if template is None:
            raise DeviceFault(
                wire.NOT_ALIKE,
                "The captures were not all of one clear face.",
                remedy="Stand still, one person, in good light, and try again.",
            )
        if self._protection is None:  # the epoch was lost while the camera looked
            raise _no_epoch()
        protected = self._protection.apply(template[np.newaxis])
        template.fill(0)
        own = tuple(map(TemplateId, self._capture.own))
        if is_enrolled(self._gallery, protected[0], own=own, threshold=self._settings.threshold):
            protected.fill(0)
            raise _duplicate()
        self._close()
        self._send(wire.Enrolled(self._capture.attempt, self._epoch, protected.tobytes()))

    def _found(self, finding: Finding) -> None:
        self._send(wire.Found.of(self._capture.attempt, finding))

    def _is_repeated(self, frame: npt.NDArray[np.uint8]) -> bool:
        """Tell whether the frame is the last one again: it is no second look. Raises DeviceFault when that goes on."""
        digest = zlib.crc32(frame[::8, ::8].tobytes())
        last, count = self._same_frames
        repeats = count + 1 if digest == last else 0
        self._same_frames = (digest, repeats)
        if repeats >= FROZEN_FRAMES:
            raise DeviceFault(
                "camera-frozen",
                "The camera gives the same frame again and again.",
                remedy="Unplug it and plug it in again.",
            )
        return repeats > 0


def _duplicate() -> DeviceFault:
    return DeviceFault(
        wire.DUPLICATE,
        "This face is enrolled already, or is too like one that is.",
        remedy="Withdraw there first. Where nobody did enrol it, card and PIN stay the way in.",
    )


def _no_epoch() -> DeviceFault:
    return DeviceFault(
        "enrol-no-epoch",
        "There is no secret yet that a face template could be protected with.",
        remedy="Wait a moment and try again; if it goes on, run gate check.",
    )


def _confine() -> None:
    """Leave no trace and no orphan: no core dump (R30), die with the parent, yield to the core process."""
    keep_memory_private()
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at a desk is the parent's to answer
    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def _hand_back_memory() -> None:
    """Give freed pages back to the system: 40 of 226 MB after loading, and what a visit's frames left behind."""
    ctypes.CDLL(None).malloc_trim(0)


def main() -> None:
    """Run the child on the socket whose descriptor is the only argument."""
    _confine()
    with (
        socket.socket(fileno=int(sys.argv[1])) as link,
        contextlib.suppress(BrokenPipeError, ConnectionResetError),
    ):
        try:
            Worker(link).run()
        except GateError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
