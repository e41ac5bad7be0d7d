"""From the settings to the eyes: the vision process with what it may look through, and who hears what it finds."""

from __future__ import annotations

from collections.abc import Callable

from gate.core import inputs as on
from gate.core.operating import OperatingPoint, effective_threshold
from gate.desk import LiveCapture
from gate.settings import Settings
from gate.vision import wire
from gate.vision.client import VisionClient, VisionSettings


def vision_of(
    settings: Settings, point: OperatingPoint, post: Callable[[on.Input], None], capture: LiveCapture
) -> VisionClient | None:
    """Make the client of the vision process, not started; None where the site has no face.

    post: takes what vision finds. capture: takes what an enrolment at the desk sees.
    """
    camera, face = settings.camera, settings.face
    if not face.enabled or camera is None:
        return None

    def heed(message: wire.Message) -> None:
        match message:
            case wire.Found():
                post(on.FaceFound(wire.attempt_of(message), message.finding()))
            case wire.Posed():
                capture.heed(message.attempt, message.progress())
            case wire.Enrolled(attempt, epoch, payload):
                capture.take(attempt, epoch, payload)
            case wire.Fault(attempt, code, what, remedy):
                capture.fail(attempt, code, what, remedy)
                post(on.CameraFailed(wire.attempt_of(message)))
            case _:
                pass

    source = (
        str(settings.models_dir / "weights" / "portraits") if camera.driver == "simulated" else camera.source
    )
    return VisionClient(
        VisionSettings(
            models_dir=str(settings.models_dir),
            driver=camera.driver,
            source=source,
            width_px=camera.width_px,
            height_px=camera.height_px,
            frames_per_s=camera.frames_per_s,
            threshold=effective_threshold(point, settings.face.threshold_at_least),
            margin=point.margin,
            providers=face.providers,
            threads=face.threads,
            detect_side_px=face.detect_side_px,
            zone=face.zone,
        ),
        heed,
    )
