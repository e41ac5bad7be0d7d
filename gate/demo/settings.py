"""The settings of a desk gate: simulated reader and door, the scenes for a camera, everything in one folder."""

from __future__ import annotations

from pathlib import Path

from gate.settings import (
    SHARED,
    CameraSettings,
    DoorSettings,
    FaceSettings,
    ReaderSettings,
    Settings,
    SiteSettings,
    StorageSettings,
    WebSettings,
)


def desk_settings(
    folder: Path,
    *,
    models_dir: Path = SHARED / "models",
    camera: str | None = None,
    port: int = 0,
    screen_port: int = 0,
) -> Settings:
    """Give the settings of a gate whose state lies in *folder*. camera: a V4L2 device instead of the scenes.

    port, screen_port: of the pages; 0 takes any free one.
    """
    seen_by = (
        CameraSettings(driver="simulated") if camera is None else CameraSettings(driver="v4l2", source=camera)
    )
    return Settings(
        site=SiteSettings(gate_id="demo", controller="Demo Compound", contact="+86 10 5555 0100"),
        camera=seen_by,
        door=DoorSettings(driver="simulated", declared="fail-secure", release_s=3.0),
        reader=ReaderSettings(driver="simulated"),
        face=FaceSettings(enabled=True),
        web=WebSettings(port=port, screen_port=screen_port),
        storage=StorageSettings(data_dir=folder / "data", keys_dir=folder / "keys"),
        models_dir=models_dir,
    )
