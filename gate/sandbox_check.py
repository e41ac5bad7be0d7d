"""What ``gate check`` says of how the vision process is shut in: tried on a process of its own, not believed."""

from __future__ import annotations

import json
import sys

from gate.errors import DeviceFault
from gate.programs import run
from gate.settings import CameraSettings, Settings
from gate.vision.client import VisionSettings

PATIENCE_S = 30.0


def look_at_sandbox(settings: Settings) -> str:
    """Say what the kernel holds the vision process to here. Raises DeviceFault ``vision-open``, ``vision-untried``."""
    if not settings.face.enabled or settings.camera is None:
        return "nothing to shut in: face is off, so no vision process runs"
    held = _tried(settings, settings.camera)
    if "calls" not in held:
        raise DeviceFault(
            "vision-open",
            "Nothing keeps the vision process from the network: libseccomp or the kernel's seccomp filter is missing.",
            remedy="Install libseccomp2 (apt-get install libseccomp2), and run the gate under deploy/systemd/gate.service.",
        )
    reaches = (
        "reaches the network, as its camera is there"
        if settings.camera.driver == "stream" and "://" in settings.camera.source
        else "cannot make a network socket"
    )
    files = (
        "sees neither data nor keys, and writes no file"
        if "files" in held
        else "is not kept from the gate's files, for this kernel lacks Landlock"
    )
    return f"the vision process {reaches}; it {files}"


def _tried(settings: Settings, camera: CameraSettings) -> frozenset[str]:
    child = VisionSettings(
        models_dir=str(settings.models_dir),
        driver=camera.driver,
        source=camera.source,
        width_px=camera.width_px,
        height_px=camera.height_px,
        frames_per_s=camera.frames_per_s,
        threshold=1.0,
        margin=1.0,
        providers=settings.face.providers,
    )
    told = run(
        [sys.executable, "-m", "gate.vision.confine", settings.storage.data_dir],
        patience_s=PATIENCE_S,
        given=child.to_message().settings.encode(),
    )
    try:
        held = frozenset(json.loads(told.out)) if told.well else None
    except (ValueError, TypeError):
        held = None
    if held is None:
        raise DeviceFault(
            "vision-untried",
            f"It could not be tried what the vision process is held to: {told.why or 'it told nothing'}.",
            remedy="Run python -m gate.vision.confine by hand, and set the gate up again if it does not start.",
        )
    return held
