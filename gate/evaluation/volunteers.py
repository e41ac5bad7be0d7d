"""A site's own consenting volunteers before its own camera: embeddings in memory until the figures are made, then nothing.

No frame, embedding, score or name is written; a volunteer is a number in the order of coming. All captures of one volunteer
come from one sitting, so the share of refusals is too good: people look the same for ten seconds, and not for a year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from gate.core.matching import Embedding
from gate.core.policy import Hint
from gate.errors import DeviceFault, ModelError, RequestError
from gate.vision.camera import Camera, camera_faults, open_camera, require_live
from gate.vision.client import VisionSettings
from gate.vision.look import choose, flaw_of
from gate.vision.scenes import SceneCamera
from gate.vision.trials import FaceNetworks, Trials, trials_of

CAPTURES: Final = 8
"""Of one volunteer; spread over the frames, for two neighbours are nearly one picture."""
EVERY: Final = 5
FRAMES_MOST: Final = 250
LEAST_VOLUNTEERS: Final = 2
SIMULATED: Final = ("resident", "stranger")

Zone = tuple[float, float, float, float]


class Networks(FaceNetworks, Protocol):
    """What of a pipeline volunteers are captured with."""

    def wipe(self) -> None:
        """Overwrite every buffer that held pixels."""


class Volunteers:
    """Those captured so far. ``trials`` compares them; ``wipe`` overwrites all of it."""

    def __init__(self, settings: VisionSettings, networks: Networks) -> None:
        """Refuse, with DeviceFault, a camera that plays stored files: volunteers are people who are present."""
        require_live(settings)
        self._settings = settings
        self._networks = networks
        self._captures: list[list[Embedding]] = []

    @property
    def count(self) -> int:
        """Give how many were captured."""
        return len(self._captures)

    def capture(self, progress: Callable[[int, int], None]) -> bool:
        """Open the camera for the next volunteer, and close it again; False where no face was captured.

        Raises DeviceFault if the camera fails.
        """
        with _opened(self._settings, self.count) as camera:
            found = self._looked(camera, progress)
        self._networks.wipe()
        if found:
            self._captures.append(found)
        return bool(found)

    def trials(self) -> Trials:
        """Compare everybody. Raises RequestError where there are not two volunteers."""
        if len(self._captures) < LEAST_VOLUNTEERS:
            raise RequestError(
                "volunteers-few",
                f"{len(self._captures)} volunteers were captured; figures take {LEAST_VOLUNTEERS} at least.",
                remedy="Ask more people; for a threshold that holds for many, a hundred or more.",
            )
        owners = [number for number, taken in enumerate(self._captures) for _ in taken]
        return trials_of(
            owners,
            [each for taken in self._captures for each in taken],
            people=tuple(map(str, range(len(self._captures)))),
            images=len(owners),
            failures={},
        )

    def wipe(self) -> None:
        """Overwrite every capture."""
        for taken in self._captures:
            for each in taken:
                each.fill(0)
        self._captures.clear()

    def _looked(self, camera: Camera, progress: Callable[[int, int], None]) -> list[Embedding]:
        taken: list[Embedding] = []
        usable = 0
        for _ in range(FRAMES_MOST):
            with camera_faults():
                frame = camera.read()
            try:
                if flaw_of(frame):
                    continue
                look = choose(self._networks.detect(frame), frame, self._settings.zone)
                if look.hint is not Hint.COMPARED or look.face is None:
                    continue
                usable += 1
                if usable % EVERY == 1:
                    taken.append(self._networks.embed(frame, look.face))
                    progress(len(taken), CAPTURES)
            except ModelError as error:
                if error.code != "face-landmarks":
                    raise
            finally:
                frame.fill(0)
            if len(taken) == CAPTURES:
                break
        return taken


def wipe_trials(trials: Trials) -> None:
    """Overwrite the embeddings and the scores of *trials*: the figures are made."""
    for values in (trials.matrix, trials.genuine, trials.impostor):
        values.fill(0)


@contextmanager
def _opened(settings: VisionSettings, number: int) -> Iterator[Camera]:
    """Open the camera; before the simulated one its two people come in turn."""
    camera = open_camera(settings)
    try:
        if isinstance(camera, SceneCamera):
            camera.scene = SIMULATED[number % len(SIMULATED)]
        yield camera
    finally:
        camera.close()


def no_camera() -> DeviceFault:
    """Give the fault of a gate without a camera, to be raised."""
    return DeviceFault(
        "camera-absent",
        "The settings name no camera.",
        remedy="Add [camera] with a driver, or give a folder of photographs.",
    )
