"""Fuzz receipts and the signed operating point: what this device did not sign is refused, and what it did has one shape."""

import base64
import json
import math
import tomllib
import zlib
from pathlib import Path

from gate.calibrated import KIND as CALIBRATION
from gate.calibrated import _read as read_calibration
from gate.core.consent_record import EventKind
from gate.errors import ModelError, RequestError
from gate.store.consent.receipts import KIND, PREFIX, read
from tests.fuzz.harness import Cut, as_file
from tests.receipts import DEVICE, receipt_of

RECEIPT = receipt_of(EventKind.GIVEN)
DOCUMENT = json.dumps(json.loads(RECEIPT.document)["document"]).encode()
POINT = json.dumps(tomllib.loads(Path("models/sface.operating-point.toml").read_text()), default=str).encode()
SEEDS = (
    b"\x00" + RECEIPT.document.encode(),
    b"\x00" + RECEIPT.compact.encode(),
    b"\x01" + DOCUMENT,
    b"\x01" + DOCUMENT.replace(b"365", b"1e400"),
    b"\x02" + POINT,
    b"\x02" + POINT.replace(b"0.55", b"NaN"),
    b"\x03" + json.dumps({"kind": "receipt", "document": {}, "public_key": "", "signature": ""}).encode(),
    b"\x00[" + b"[" * 3000,
)


def one_input(raw):
    """Read it as it is; as a document this device signed; as its operating point; as the text of a QR code."""
    data = Cut(raw)
    match data.number(0, 3):
        case 0:
            check_receipt(data.rest())
        case 1:
            check_receipt(_signed(KIND, data.rest()))
        case 2:
            check_point(_signed(CALIBRATION, data.rest()))
        case _:
            packed = base64.urlsafe_b64encode(zlib.compress(data.rest())).rstrip(b"=")
            check_receipt(PREFIX.encode() + packed)


def check_receipt(content):
    try:
        facts = read(content, public_key=DEVICE.public_key)
    except RequestError as error:
        assert error.code in {
            "document-malformed",
            "document-kind",
            "signature-wrong",
            "signer-unknown",
            "receipt-shape",
        }
        return
    assert facts.at.tzinfo is not None


def check_point(content):
    with as_file(content) as path:
        try:
            point = read_calibration(path, DEVICE.public_key)
        except ModelError:
            return
    numbers = (point.threshold, point.margin, point.rise, point.fmr.high, point.fnmr.high, point.confidence)
    assert all(math.isfinite(each) for each in numbers)
    assert 0 < point.threshold < 1


def _signed(kind, spelled):
    """Sign what the fuzzer wrote, as no fuzzer guesses a signature; what is no JSON goes as it is."""
    try:
        return DEVICE.issue(kind, json.loads(spelled)).encode()
    except (ValueError, RecursionError):
        return spelled
