"""What a demonstration cannot do without, looked at before it begins."""

from __future__ import annotations

from pathlib import Path

from gate.demo.portraits import portrait, portraits
from gate.errors import ModelError
from gate.vision.prepare import verify


def require_models(models_dir: Path) -> None:
    """Raise ModelError or RequestError, with the remedy, where a model or a portrait is absent or altered."""
    for found in verify(models_dir):
        if not found.sound:
            raise ModelError(
                "model-missing", f"{found.path} is {found.state}.", remedy="Run gate models prepare."
            )
    for each in portraits():
        portrait(models_dir, each.name)
