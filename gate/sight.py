"""From the settings to the eyes: the vision process with what it may look through, and who hears what it finds."""

from __future__ import annotations

from collections.abc import Callable

from gate.core import inputs as on
from gate.core.liveness import Assurance, Level, assurance
from gate.core.operating import OperatingPoint, effective_threshold
from gate.desk import LiveCapture
from gate.settings import CameraSettings, Settings
from gate.vision import wire
from gate.vision.client import DEPTH_NAMES, VisionClient, VisionSettings


def level_of(settings: Settings) -> Level:
    """Give what the site asks a face to show besides its likeness."""
    return Level(settings.face.liveness)


def depth_fitted(settings: Settings) -> bool:
    """Tell whether the settings name a depth camera that there is a driver for; a simulated one beside its like alone."""
    camera = settings.camera
    if camera is None or camera.depth not in DEPTH_NAMES:
        return False
    return camera.depth != "simulated" or camera.driver == "simulated"


def liveness_fitted(settings: Settings) -> bool:
    """Tell whether the device has what the site's level needs: nothing weaker stands in for a depth camera."""
    return level_of(settings) is not Level.DEPTH or depth_fitted(settings)


def assurance_of(settings: Settings) -> Assurance:
    """Say how far that goes, for whoever decides what face may open here."""
    return assurance(level_of(settings), depth_fitted=depth_fitted(settings))


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
            case wire.Enrolled(attempt, epoch, payload, lookalike):
                capture.take(attempt, epoch, payload, lookalike=lookalike)
            case wire.Fault(attempt, code, what, remedy):
                capture.fail(attempt, code, what, remedy)
                post(on.CameraFailed(wire.attempt_of(message)))
            case _:
                pass

    return VisionClient(vision_settings_of(settings, camera, point), heed)


def vision_settings_of(settings: Settings, camera: CameraSettings, point: OperatingPoint) -> VisionSettings:
    """Give what the vision process, or whoever measures in its place, runs with."""
    face = settings.face
    source = (
        str(settings.models_dir / "weights" / "portraits") if camera.driver == "simulated" else camera.source
    )
    return VisionSettings(
        models_dir=str(settings.models_dir),
        driver=camera.driver,
        source=source,
        width_px=camera.width_px,
        height_px=camera.height_px,
        frames_per_s=camera.frames_per_s,
        threshold=effective_threshold(point, settings.face.threshold_at_least),
        margin=point.margin,
        n_threshold=point.n_threshold,
        rise=point.rise,
        providers=face.providers,
        threads=face.threads,
        detect_side_px=face.detect_side_px,
        zone=face.zone,
        depth=camera.depth,
    )
