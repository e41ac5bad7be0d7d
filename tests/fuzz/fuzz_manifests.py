"""Fuzz the models' manifests and operating points: of the allow-list and with finite numbers, or a ModelError."""

import math
from pathlib import Path

from pydantic import TypeAdapter

from gate.core.operating import OperatingPoint
from gate.errors import ModelError
from gate.vision.manifest import Manifest, read_toml
from tests.fuzz.harness import Cut, as_file

KINDS = (TypeAdapter(Manifest), TypeAdapter(OperatingPoint))
POINT = Path("models/sface.operating-point.toml").read_bytes()
SFACE = Path("models/sface.toml").read_bytes()
SEEDS = (
    b"\x00" + SFACE,
    b"\x00" + SFACE.replace(b'"embed"', b'"age"'),
    b"\x00" + SFACE.replace(b'file = "', b'file = "../'),
    b"\x01" + POINT,
    b"\x01" + POINT.replace(b"threshold = 0.55", b"threshold = nan"),
    b"\x01" + b"n_max = " + b"1" * 4400,
    b"\x01" + b"a = " + b"[" * 2000,
)


def one_input(raw):
    data = Cut(raw)
    kind = KINDS[data.number(0, 1)]
    with as_file(data.rest()) as path:
        try:
            found = read_toml(path, kind)
        except ModelError:
            return
    if isinstance(found, OperatingPoint):
        assert 0 < found.threshold < 1
        assert 0 <= found.margin < 1
        assert all(math.isfinite(each) for each in (found.rise, found.fmr.high, found.fnmr.high))
    else:
        assert found.task in {"detect", "embed", "liveness"}
        assert "/" not in found.file
