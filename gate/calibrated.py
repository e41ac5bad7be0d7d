"""The operating point in force: the one shipped with the model, or a site's own that this device signed.

A site's own lies in the data folder. It holds only if this device signed it, it is about the very network that runs, and it
is nowhere laxer than the shipped one. One that is there and does not hold is a fault, and face is off until it is mended: what
was assessed is not what would run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from gate.core.operating import OperatingPoint, is_no_laxer
from gate.errors import GateError, ModelError, VaultError
from gate.settings import Settings
from gate.store.account.signing import Signer, verify
from gate.store.holds import CALIBRATION_NAME
from gate.vision.manifest import load_operating_point, manifest_for
from gate.wholefiles import read_whole, write_whole

KIND: Final = "operating-point"
MOST_BYTES: Final = 64 << 10

_POINT: Final = TypeAdapter(OperatingPoint)


def point_in_force(settings: Settings, public_key: bytes | None) -> OperatingPoint:
    """Give the site's own operating point where there is one, the shipped one otherwise.

    public_key: what this device signs with; None where there is no store yet, and so no calibration. Raises ModelError
    where the shipped one does not load, or the site's own does not hold.
    """
    shipped = shipped_point(settings)
    path = calibration_file(settings)
    if public_key is None or not path.exists():
        return shipped
    point = _read(path, public_key)
    if not is_no_laxer(point, shipped):
        raise _unusable(
            path, "it is of another network than the one that runs, or laxer than the shipped one"
        )
    return point


def shipped_point(settings: Settings) -> OperatingPoint:
    """Give the operating point of this release. Raises ModelError."""
    return load_operating_point(settings.models_dir, manifest_for(settings.models_dir, "embed"))


def calibration_file(settings: Settings) -> Path:
    """Give the place of the site's own operating point, whether it is there or not."""
    return settings.storage.data_dir / CALIBRATION_NAME


def write_calibration(settings: Settings, point: OperatingPoint, signer: Signer) -> Path:
    """Sign *point* and put it in the place of an earlier one, whole or not at all; face is then locked until assessed anew.

    Raises ModelError where it is laxer than the shipped one: nothing is written. VaultError where the file cannot be.
    """
    path = calibration_file(settings)
    if not is_no_laxer(point, shipped_point(settings)):
        raise _unusable(
            path, "it would be of another network than the one that runs, or laxer than the shipped one"
        )
    document = json.loads(_POINT.dump_json(point))
    try:
        write_whole(path, signer.issue(KIND, document).encode())
    except OSError as error:
        raise VaultError(
            "calibration-unwritable",
            f"{path} cannot be written: {error.strerror}.",
            remedy="Make room there, and run the command as the user the gate runs as.",
        ) from error
    return path


def _read(path: Path, public_key: bytes) -> OperatingPoint:
    try:
        signed = verify(read_whole(path, most=MOST_BYTES), KIND, public_key=public_key)
        point = _POINT.validate_json(json.dumps(signed.document))
    except GateError as error:
        raise _unusable(path, f"this device did not sign it as it stands [{error.code}]") from error
    except (OSError, ValueError, ValidationError) as error:
        raise _unusable(path, "it cannot be read") from error
    if json.loads(_POINT.dump_json(point)) != signed.document:  # a key that means nothing here
        raise _unusable(path, "it holds a key or a value that means nothing here")
    return point


def _unusable(path: Path, why: str) -> ModelError:
    return ModelError(
        "calibration-unusable",
        f"{path} does not hold: {why}.",
        remedy="Run gate calibrate anew, or remove that file: the shipped operating point is in force then.",
    )
