"""Whatever a file, a camera or a person shows: no crash, nobody named who was not there, and something to do about it."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

import cv2
import numpy as np
import pytest

from gate.core.policy import Hint
from gate.errors import DeviceFault, RequestError
from gate.vision import wire
from gate.vision.enrolment import combine
from gate.vision.images import normalise_frame, read_image
from gate.vision.liveness import BLIND_S, Liveness
from gate.vision.pipeline import Pipeline
from gate.vision.protection import Protection
from gate.vision.quality import Assessor
from gate.vision.scenes import PORTRAITS
from gate.vision.visit import Senses
from tests.vision import spoiling
from tests.vision.world import EPOCH, SEED

CMYK_JPEG = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNbXYW1hpCeo6ut"
    "q2eAvMm6pseZqKuk/9sAQwEcHh4oIyhOKytOpG5dbqSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk"
    "pKSkpKSk/8AAFAgAEAAQBAEiAAIRAQMRAQQiAP/EABUAAQEAAAAAAAAAAAAAAAAAAAAG/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/E"
    "ABQBAQAAAAAAAAAAAAAAAAAAAAD/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADgQBAAIRAxEEAAA/AJkAFMA//9k="
)


def encoded(pixels, suffix=".png"):
    return cv2.imencode(suffix, pixels)[1].tobytes()


def noise(*shape, kind=np.uint8):
    return np.random.default_rng(2).integers(0, np.iinfo(kind).max, shape, kind)


def claiming(width, height):
    """Give a PNG of a few bytes that claims to be so large."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


READABLE = {
    "16 bit": (encoded(noise(32, 48, 3, kind=np.uint16)), (32, 48, 3)),
    "16 bit grey": (encoded(noise(32, 48, kind=np.uint16)), (32, 48, 3)),
    "cmyk": (CMYK_JPEG, (16, 16, 3)),
    "with alpha": (encoded(noise(9, 9, 4)), (9, 9, 3)),
    "one pixel": (encoded(noise(1, 1, 3)), (1, 1, 3)),
    "20,000 wide": (encoded(np.zeros((4, 20_000, 3), np.uint8)), (4, 20_000, 3)),
    "20,000 high": (encoded(np.zeros((20_000, 4, 3), np.uint8)), (20_000, 4, 3)),
    "text after the end": (encoded(noise(8, 8, 3)) + b"<script>", (8, 8, 3)),
}
REFUSED = {
    "no bytes": b"",
    "one byte": b"\xff",
    "text": b"not a picture at all\n" * 50,
    "a header alone": encoded(noise(64, 64, 3))[:33],
    "half a photograph": encoded(noise(64, 64, 3), ".jpg")[:900],
    "half a png": encoded(noise(64, 64, 3))[:2000],
    "claims 60,000 by 60,000": claiming(60_000, 60_000),
    "claims no width": claiming(0, 16),
    "a film": b"RIFF\x00\x00\x00\x00AVI LIST",
    "an archive": b"PK\x03\x04" + bytes(200),
}


@pytest.fixture
def file_of(tmp_path):
    def write(content):
        path = tmp_path / "picture"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("name", READABLE)
def test_an_odd_picture_is_read_as_8_bit_colour(file_of, name):
    content, shape = READABLE[name]
    image = read_image(file_of(content))
    assert (image.shape, image.dtype.name) == (shape, "uint8")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_whole_picture_is_refused_with_the_remedy(file_of, name):
    with pytest.raises(RequestError) as refused:
        read_image(file_of(REFUSED[name]))
    assert (refused.value.code, "JPEG" in refused.value.remedy) == ("image-unreadable", True)


# --- cameras ---


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((480, 640, 3), np.float32),
        np.zeros((480, 640, 3), np.uint16),
        np.zeros((480, 640, 2), np.uint8),
        np.zeros((480, 640, 5), np.uint8),
        np.zeros((2, 480, 640, 3), np.uint8),
        np.zeros((640,), np.uint8),
        np.zeros((0, 640, 3), np.uint8),
        np.zeros((480, 0, 3), np.uint8),
    ],
    ids=lambda frame: f"{frame.shape} {frame.dtype}",
)
def test_a_camera_that_lies_about_its_pixels_is_a_fault_with_the_remedy(frame):
    with pytest.raises(DeviceFault) as fault:
        normalise_frame(frame)
    assert (fault.value.code, bool(fault.value.remedy)) == ("camera-frame", True)


@pytest.fixture(scope="module")
def pipeline(models_dir):
    return Pipeline.load(models_dir, ("cpu",), 2)


@pytest.fixture(scope="module")
def portraits(models_dir, pipeline):
    """Give both portraits as they stand at a gate: the frame, the face, and the portrait itself with its face."""
    shown = {}
    for who, portrait in PORTRAITS.items():
        image = read_image(models_dir / "weights" / "portraits" / portrait.file)
        own = max(pipeline.detect(image), key=lambda each: each.area)
        frame = spoiling.at_the_gate(image, own)
        shown[who] = frame, max(pipeline.detect(frame), key=lambda each: each.area), image, own
    return shown


@pytest.fixture
def visit(child_of, settings_for, pipeline, portraits):
    """Give a child that knows both people; call it with frames to get what it finds."""
    child = child_of(settings_for("folder", threshold=0.55, margin=0.1))
    rows = [
        combine([pipeline.embed(frame, face)] * 2, at_least=0.9) for frame, face, _, _ in portraits.values()
    ]
    payload = SEED + Protection(SEED).apply(np.array(rows, np.float32)).tobytes()
    child.worker.fit(Senses(child.settings, pipeline, Liveness(), Assessor()))
    child.told(wire.LoadGallery(7, EPOCH, tuple(portraits), payload))
    child.captures(wire.StartCapture("x"))
    clock = iter(range(10**6))

    def show(*frames, step=0.04):
        for frame in frames:
            child.worker.report(frame, 1 + step * next(clock))
        return child.said()

    return show


SIZES = [(480, 640), (240, 320), (720, 1280), (1, 1), (1, 640), (480, 1), (33, 2000), (7, 7)]


@pytest.mark.models
@pytest.mark.portraits
def test_a_camera_that_changes_its_size_from_frame_to_frame_names_nobody_wrongly(visit, portraits):
    frame = portraits["resident"][0]
    sizes = cycle(SIZES)
    frames = [
        cv2.resize(frame, next(sizes)[::-1], interpolation=cv2.INTER_AREA) for _ in range(len(SIZES) * 2)
    ]
    assert {each.template for each in visit(*frames)} <= {None, "resident"}


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("step", [0.0, -1.0, 1e-9, BLIND_S, 5.0, 1e6])
def test_a_camera_that_lies_about_its_rate_names_nobody_wrongly(visit, portraits, step):
    rng = np.random.default_rng(4)
    frames = [spoiling.grained(portraits["resident"][0], 3, rng) for _ in range(4)]
    names = {each.template for each in visit(*frames, step=step)}
    assert names == ({None, "resident"} if 0 <= step <= BLIND_S else {None})


# --- people ---


@dataclass(frozen=True)
class Spoilt:
    """How a person comes, and what they may be told where they are not named; hopeless: nobody is named at all."""

    frame: Callable
    told: frozenset = frozenset()
    hopeless: bool = False


def comes(frame, *told, hopeless=False):
    return Spoilt(frame, frozenset(told), hopeless)


COMES = {
    "in a hat": comes(lambda frame, face, _: spoiling.in_a_hat(frame, face)),
    "in a mask": comes(lambda frame, face, _: spoiling.masked(frame, face), Hint.UNCOVER),
    "in sunglasses": comes(lambda frame, face, _: spoiling.in_sunglasses(frame, face), Hint.UNCOVER),
    "against the light": comes(lambda frame, face, rng: spoiling.backlit(frame, face, 0.25, rng)),
    "against hard light": comes(
        lambda frame, face, rng: spoiling.backlit(frame, face, 0.03, rng),
        Hint.MORE_LIGHT,
        Hint.LESS_LIGHT,
        hopeless=True,
    ),
    "at night": comes(
        lambda frame, _, rng: spoiling.dimmed(frame, 0.03, rng), Hint.MORE_LIGHT, hopeless=True
    ),
    "at dusk": comes(lambda frame, _, rng: spoiling.dimmed(frame, 0.2, rng), Hint.MORE_LIGHT),
    "in glare": comes(lambda frame, _, rng: spoiling.dimmed(frame, 6, rng), Hint.LESS_LIGHT, hopeless=True),
    "lit from the side": comes(lambda frame, face, rng: spoiling.side_lit(frame, face, 0.1, rng)),
    "out of focus": comes(lambda frame, *_: spoiling.blurred(frame, 8), Hint.HOLD_STILL, hopeless=True),
    "running": comes(lambda frame, _, rng: spoiling.swept(frame, 41, rng), Hint.HOLD_STILL),
    "half beside the frame": comes(
        lambda frame, face, _: spoiling.shifted(frame, face, 0.45, down=False), Hint.COME_IN
    ),
    "half below the frame": comes(
        lambda frame, face, _: spoiling.shifted(frame, face, 0.5, down=True),
        Hint.COME_IN,
        Hint.LOOK_AHEAD,
        Hint.UNCOVER,
    ),
    "leaning far": comes(lambda frame, *_: spoiling.leaning(frame, 35), Hint.LOOK_AHEAD, hopeless=True),
    "through a bad line": comes(lambda frame, *_: spoiling.packed(frame, 3)),
}


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("who", PORTRAITS)
@pytest.mark.parametrize("way", COMES)
def test_however_somebody_comes_they_are_never_another_and_are_told_what_to_do(visit, portraits, who, way):
    spoilt, rng = COMES[way], np.random.default_rng(9)
    frame, face, _, _ = portraits[who]
    found = visit(*(spoiling.grained(spoilt.frame(frame, face, rng), 2, rng) for _ in range(3)))
    assert {each.template for each in found} <= {None, *(() if spoilt.hopeless else (who,))}
    told = {Hint(each.hint) for each in found if each.template is None}
    assert told <= spoilt.told | (set() if spoilt.hopeless else {Hint.COMPARED})
