"""The search that proves that nothing leaks (R30, R31, R43) finds each shape of each secret where it is planted."""

import base64
import io
import json
import struct
import zipfile

import cv2
import numpy as np
import pytest

from tests import canary
from tests.canary import Detectors, Roundings, Search

RNG = np.random.default_rng(11)
NOISE = RNG.bytes(1 << 17)
PIN = "739205184662"
RAW = RNG.standard_normal(128).astype("<f4")
RAW /= np.linalg.norm(RAW)
PROTECTED = RNG.permutation(RAW)
IMAGE = RNG.integers(0, 256, (40, 60, 3), np.uint8)
FILE = cv2.imencode(".png", IMAGE)[1].tobytes()
FACE = cv2.GaussianBlur(IMAGE, (9, 9), 3)


@pytest.fixture(scope="module")
def detectors():
    needles = [
        *canary.text("the PIN", PIN),
        *canary.template("template", PROTECTED.tobytes(), RAW),
        *canary.picture(FILE),
    ]
    return Detectors(Search(needles), Roundings({"embedding": RAW}))


def another_rounding(vector):
    """Give the same vector as another order of summing would: each number a bit off in its last place."""
    return np.nextafter(vector, np.float32(1), dtype=np.float32)


def zipped(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", content)
    return file.getvalue()


PLANTED = {
    "the PIN as text": (f"pin={PIN}".encode(), "the PIN"),
    "the PIN as UTF-16": (PIN.encode("utf-16-le"), "the PIN in UTF-16"),
    "the PIN backwards": (PIN[::-1].encode(), "the PIN backwards"),
    "the PIN in hex": (PIN.encode().hex().encode(), "the PIN in hex"),
    **{
        f"the PIN in base64 after {lead} bytes": (
            base64.b64encode(b"x" * lead + PIN.encode() + b"yz"),
            "the PIN in base64",
        )
        for lead in range(3)
    },
    "sixteen bytes of a template": (PROTECTED.tobytes()[101:117], "template"),
    "a template in hex": (PROTECTED.tobytes().hex().encode(), "template in hex"),
    "a template in base64": (base64.b64encode(b"x" + PROTECTED.tobytes()), "template in base64"),
    "a template as Python shows it": (repr(PROTECTED.tobytes()).encode(), "template printed"),
    "a template as a log shows it": (repr(repr(PROTECTED.tobytes())).encode(), "template printed"),
    "a template as numbers of bytes": (repr(list(PROTECTED.tobytes())).encode(), "template printed"),
    "a template as a list": (json.dumps(PROTECTED.tolist()).encode(), "template as numbers"),
    "a template as numpy shows it": (repr(PROTECTED[:6].tolist()).encode(), "template as numbers"),
    "sixteen bytes of an embedding": (RAW.tobytes()[32:48], "template, unprotected"),
    "an embedding as a list": (json.dumps(RAW.tolist()).encode(), "template, unprotected as numbers"),
    "an embedding rounded another way": (another_rounding(RAW)[40:56].tobytes(), "embedding"),
    "an embedding nobody knows": (np.roll(RAW, 5)[::-1].astype("<f4").tobytes(), "a unit vector of 128 <f4"),
    "an embedding as float64": (np.roll(RAW, 5)[::-1].astype("<f8").tobytes(), "a unit vector of 128 <f8"),
    "a row of a frame": (IMAGE[7].tobytes(), "a frame in BGR"),
    "a row of a frame in RGB": (IMAGE[7, :, ::-1].tobytes(), "a frame in RGB"),
    "a row of a gray frame": (cv2.cvtColor(IMAGE, cv2.COLOR_BGR2GRAY)[7].tobytes(), "a frame in gray"),
    "a piece of a frame's file": (FILE[1000:1200], "a frame's file"),
    "another picture as JPEG": (cv2.imencode(".jpg", FACE)[1].tobytes(), "a JPEG"),
    "another picture as PNG": (cv2.imencode(".png", FACE)[1].tobytes(), "a PNG"),
    "another picture as BMP": (cv2.imencode(".bmp", FACE)[1].tobytes(), "a BMP"),
    "another picture as WebP": (cv2.imencode(".webp", FACE)[1].tobytes(), "a WebP"),
}


@pytest.mark.parametrize("at", [0, 77_777])
@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_in_a_file_is_found(tmp_path, detectors, name, at):
    planted, what = PLANTED[name]
    (tmp_path / "file").write_bytes(NOISE[:at] + planted + NOISE[at:])
    assert what in {each.what for each in detectors.hits(tmp_path)}


def test_what_lies_across_the_border_of_two_pieces_is_found(detectors):
    border = canary._CHUNK - len(PIN) // 2
    assert "the PIN" in detectors.found(bytes(border) + PIN.encode() + bytes(1000))


def test_what_is_packed_in_an_archive_is_found(tmp_path, detectors):
    (tmp_path / "archive").write_bytes(zipped(f"pin={PIN}"))
    assert [each.place for each in detectors.hits(tmp_path) if each.what == "the PIN"] == [
        f"{tmp_path}/archive!inside"
    ]


def test_a_core_dump_is_known_by_its_head(detectors):
    assert "a core dump" in detectors.found(
        b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 4, 62) + NOISE[:500]
    )


def test_noise_zeros_and_text_hold_nothing(detectors):
    for innocent in (NOISE, bytes(1 << 16), b"0.125 granted=true seconds\n" * 5000, b""):
        assert detectors.found(innocent) == set()
