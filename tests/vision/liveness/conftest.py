"""A portrait with its landmarks, and the passive networks where their weights were given."""

from __future__ import annotations

import numpy as np
import pytest

from gate.vision.images import read_image
from tests.beside import WEIGHTS
from tests.vision.liveness.rendering import Photo


@pytest.fixture(scope="session")
def photo(models_dir):
    """Give the resident's portrait. Its landmarks are YuNet's, written down, so that geometry needs no network."""
    marks = [[203.4, 101.1], [245.3, 101.5], [222.9, 124.8], [203.4, 144.4], [240.2, 142.4]]
    return Photo(read_image(models_dir / "weights/portraits/astronaut.png"), np.array(marks, np.float32))


@pytest.fixture(scope="session")
def with_weights(models_dir, tmp_path_factory):
    """Give a models folder in which the passive networks stand."""
    names = ("minifasnet_v2.onnx", "minifasnet_v1se.onnx")
    if not all((WEIGHTS / name).is_file() for name in names):
        pytest.skip(f"the weights of the passive networks are not in {WEIGHTS}")
    folder = tmp_path_factory.mktemp("models")
    (folder / "weights").mkdir()
    for path in models_dir.glob("*.toml"):
        (folder / path.name).symlink_to(path)
    for name in names:
        (folder / "weights" / name).symlink_to(WEIGHTS / name)
    return folder
