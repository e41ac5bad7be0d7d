"""Photographs spoilt as a gate's camera spoils them: each way by itself, more and more."""

from __future__ import annotations

import cv2
import numpy as np

from gate.vision.turning import Head

WIDTH, HEIGHT = 640, 480
FACE_PX = 160


def at_the_gate(image, face, height=FACE_PX):
    """Give a frame of 640x480 with *face* in its middle, *height* pixels high."""
    x, y, w, h = face.box
    scale = height / h
    matrix = np.array(
        [[scale, 0, WIDTH / 2 - scale * (x + w / 2)], [0, scale, HEIGHT / 2 - scale * (y + h / 2)]]
    )
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def grained(frame, spread, rng):
    return np.clip(frame + rng.normal(0, spread, frame.shape), 0, 255).astype(np.uint8)


def dimmed(frame, gain, rng):
    """Less light, and the sensor's own noise as before."""
    return grained(frame.astype(np.float32) * gain, 3, rng)


def blurred(frame, sigma, _rng=None):
    return cv2.GaussianBlur(frame, (0, 0), sigma)


def swept(frame, length, rng):
    """Moved by *length* pixels while the shutter was open, in any direction."""
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), float(rng.uniform(0, 180)), 1)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return cv2.filter2D(frame, -1, kernel / kernel.sum())


def packed(frame, quality, _rng=None):
    return cv2.imdecode(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def leaning(frame, degrees, _rng=None):
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, 1)
    return cv2.warpAffine(frame, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)


def backlit(frame, face, gain, rng):
    """The face in its own shade before a burning white."""
    x, y, w, h = face.box
    shade = np.zeros(frame.shape[:2], np.float32)
    centre = round(x + w / 2), round(y + h / 2)
    cv2.ellipse(shade, centre, (round(w * 0.75), round(h * 0.75)), 0, 0, 360, 1, -1)
    shade[centre[1] :, max(0, round(x - w / 2)) : round(x + 1.5 * w)] = 1
    shade = cv2.GaussianBlur(shade, (0, 0), 6)[..., None]
    return grained(frame * gain * shade + 255 * (1 - shade), 3, rng)


def side_lit(frame, face, least, rng):
    x, _, w, _ = face.box
    light = np.clip((np.arange(WIDTH) - (x + w / 2)) / w + 0.5, 0, 1)
    return grained(frame * (least + (1 - least) * light)[None, :, None], 2, rng)


def turned(frame, face, degrees):
    x, y, w, h = face.box
    return Head(frame.shape, (x + w / 2, y + h / 2), w, h).turned(frame, degrees)


def shifted(frame, face, share, *, down):
    """Move the face out of the frame by this share of its size."""
    x, y, w, h = face.box
    across, below = (0.0, HEIGHT - (y + h * (1 - share))) if down else (-(x + share * w), 0.0)
    matrix = np.array([[1, 0, across], [0, 1, below]])
    return cv2.warpAffine(frame, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)


def masked(frame, face, colour=(200, 170, 140)):
    _, mouth, nose, wide, down = _shape(face)
    points = [nose - wide * 0.75, nose + wide * 0.75, mouth + wide * 0.6 + down * 0.6, mouth + down * 0.9]
    return _painted(frame, [*points, mouth - wide * 0.6 + down * 0.6], colour)


def in_sunglasses(frame, face):
    _, _, _, wide, _ = _shape(face)
    worn, apart = frame.copy(), float(np.hypot(*wide))
    for eye in face.landmarks[:2]:
        cv2.ellipse(
            worn, tuple(map(int, eye)), (int(apart * 0.36), int(apart * 0.28)), 0, 0, 360, (20,) * 3, -1
        )
    return worn


def in_a_hat(frame, face):
    eyes, _, _, wide, down = _shape(face)
    brim, top = eyes - down * 0.25, eyes - down * 1.6
    return _painted(
        frame, [brim - wide * 1.3, brim + wide * 1.3, top + wide * 1.3, top - wide * 1.3], (40, 30, 30)
    )


def in_a_cap(frame, face, shade, *, above=0.32, colour=(30, 25, 25)):
    """Draw a cap with its peak *above* the eyes, as a share of the way from eyes to mouth; *shade*: of the light it leaves them."""
    eyes, _, _, wide, down = _shape(face)
    edge = [eyes + wide * t - down * (above - 0.05 * (t / 1.3) ** 2) for t in np.linspace(-1.3, 1.3, 21)]
    below = np.zeros(frame.shape[:2], np.float32)
    cv2.fillPoly(below, [np.array(edge + [each + down * (above + 0.35) for each in edge[::-1]], np.int32)], 1)
    below = cv2.GaussianBlur(below, (0, 0), 0.06 * float(np.hypot(*wide)))[..., None]
    shaded = (frame * (1 - below * (1 - shade))).astype(np.uint8)
    return _painted(shaded, [*edge, eyes + wide * 1.3 - down * 1.8, eyes - wide * 1.3 - down * 1.8], colour)


def _shape(face):
    points = face.landmarks
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    return eyes, mouth, points[2], points[1] - points[0], mouth - eyes


def _painted(frame, points, colour):
    worn = frame.copy()
    cv2.fillPoly(worn, [np.array(points, np.int32)], colour)
    return worn


def ways(frame, face, image, original, rng):
    """Yield each way with each degree of it: its name, and the frame."""
    alone = {
        "blur": (blurred, (1, 1.5, 2, 3, 4, 5, 6, 8)),
        "motion": (swept, (7, 11, 17, 25, 35)),
        "dark": (dimmed, (0.5, 0.3, 0.2, 0.12, 0.08, 0.05)),
        "noise": (grained, (10, 20, 35, 50, 70)),
        "jpeg": (packed, (30, 15, 8, 4)),
    }
    for name, (spoil, levels) in alone.items():
        for level in levels:
            yield name, spoil(frame, level, rng)
    for gain in (1.5, 2, 3, 4):
        yield "bright", dimmed(frame, gain, rng)
    for height in (100, 70, 60, 50, 40, 32, 26):
        yield "small", at_the_gate(image, original, height)
    for degrees in (15, -25, 35, -45):
        yield "turned", turned(frame, face, degrees)
    for gain in (0.3, 0.15, 0.08):
        yield "backlight", backlit(frame, face, gain, rng)
    for least in (0.3, 0.1, 0.0):
        yield "sidelight", side_lit(frame, face, least, rng)
    for share in (0.15, 0.3, 0.45):
        for down in (True, False):
            yield "edge", shifted(frame, face, share, down=down)
    yield from (
        ("mask", masked(frame, face)),
        ("sunglasses", in_sunglasses(frame, face)),
        ("hat", in_a_hat(frame, face)),
    )
