"""The configuration an impact assessment is about, and its hash (R80): when one of these changes, so does the hash."""

from __future__ import annotations

from gate.calibrated import point_in_force
from gate.core.canonical import Json, digest
from gate.core.registers import Register
from gate.errors import GateError
from gate.settings import CameraSettings, Settings
from gate.store import Store
from gate.vision.manifest import load_manifests

_SHORT = 8


def configuration(settings: Settings, store: Store) -> dict[str, Json]:
    """Give what is assessed, as JSON. No address, no secret and nobody's name but the controller's is in it."""
    return {
        # The zone says when hours begin, the same for every method: nothing of a face.
        "site": settings.site.model_dump(mode="json", exclude={"time_zone"}),
        "face": _face(settings),
        "camera": _camera(settings.camera),
        "models": _models(settings),
        "operating_point": _operating_point(settings, store),
        "notice": _notice(store),
        "key_custody": str(store.custody),
        # R44: each passage told at once is another thing than counts.
        "deidentified_live_events": settings.events.deidentified_live,
        "broker": settings.broker.host if settings.broker else "embedded",
        "recipients": _revisions(store, Register.RECIPIENT),
        "processors": _revisions(store, Register.PROCESSOR),
    }


def config_sha256(config: dict[str, Json]) -> str:
    """Give the hash of a configuration, 64 hexadecimal digits."""
    return digest(config).hex()


def short(sha256: str) -> str:
    """Give as much of a hash as a person types to name it."""
    return sha256[:_SHORT]


def _face(settings: Settings) -> Json:
    """Take every face setting that changes what is done to people: how fast it is computed does not.

    What a later release adds counts too, unless it is named here.
    """
    speed_only = {"providers", "threads", "detect_side_px"}
    face: dict[str, Json] = settings.face.model_dump(mode="json", exclude=speed_only)
    return face | {"notice_minimum_s": settings.notice.minimum_s}


def _camera(camera: CameraSettings | None) -> Json:
    if camera is None:
        return None
    return {
        "driver": camera.driver,
        "width_px": camera.width_px,
        "height_px": camera.height_px,
        "depth": camera.depth,
    }


def _models(settings: Settings) -> Json:
    """Give the models' hashes; None where they cannot be read, which no approved configuration says.

    None, too, for an optional model that is not there: a gate that lost one, or gained one, is another gate.
    """
    folder = settings.models_dir
    try:
        return {
            each.name: None if each.optional and not each.weights(folder).is_file() else each.sha256
            for each in load_manifests(folder)
        } or None
    except GateError:
        return None


def _operating_point(settings: Settings, store: Store) -> Json:
    try:
        point = point_in_force(settings, store.signer.public_key)
    except GateError:
        return None
    return {
        "threshold": point.threshold,
        "margin": point.margin,
        "n_threshold": point.n_threshold,
        "rise": point.rise,
        "n_max": point.n_max,
        "fmr_at_most": point.fmr.high,
        "fnmr_at_most": point.fnmr.high,
        "dataset": point.dataset,
    }


def _notice(store: Store) -> Json:
    """Give the notice in force; None while none is published, or where it was altered."""
    current = store.notices.current
    if current is None:
        return None
    texts: dict[str, Json] = {f"{language} {form}": sha for (language, form), sha in current.sha256.items()}
    return {"version": current.version, "sha256": texts}


def _revisions(store: Store, register: Register) -> Json:
    return [[entry, revision] for entry, revision in store.registers.revisions(register)]
