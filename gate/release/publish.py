"""``python -m gate.release.publish``: makes and signs a release file. For its makers, never on a device."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from gate.errors import GateError, RequestError
from gate.programs import run
from gate.release.manifest import LOCK_NAME, Manifest, wheel_name
from gate.release.place import Version
from gate.release.sealed import SUFFIX, describe, write_release

_PATIENCE_S: Final = 60


def publish(wheel: Path, lock: Path, key: Path, to: Path, *, wheels: Path | None) -> Path:
    """Write ``gate-VERSION.release`` into the folder *to*. wheels: a folder of dependencies to carry along.

    What the release says of itself is read out of *wheel*. Raises ConfigError ``release-key``, RequestError
    ``release-malformed`` for what no device would take, OSError.
    """
    told = json.loads(_told_by(wheel, "payload"))
    version = Version.parse(told["version"])
    assert wheel.name == wheel_name(version)
    assert lock.name == LOCK_NAME
    carried = sorted(wheels.glob("*.whl")) if wheels else []
    described = describe([wheel, lock, *(each for each in carried if each.name != wheel.name)])
    manifest = Manifest(
        version=version,
        schema=int(told["schema"]),
        interface=int(_told_by(wheel, "interface")),
        pythons=tuple(told["pythons"]),
        files=tuple(each.file for each in described),
    )
    Manifest.decode(manifest.encode())
    made = to / f"gate-{version}{SUFFIX}"
    write_release(made, manifest, described, key)
    return made


def _told_by(wheel: Path, what: str) -> str:
    told = run(
        [sys.executable, "-P", "-m", "gate.release.facts", what],
        patience_s=_PATIENCE_S,
        environment={"PYTHONPATH": str(wheel)},
        folder=Path("/"),
    )
    if not told.well:
        raise RequestError(
            "release-malformed",
            f"{wheel.name} does not say what it is: {told.why}.",
            remedy="Build the gate's wheel anew: make release-file.",
        )
    return told.text


def main(arguments: list[str] | None = None) -> int:
    """Run the command; a GateError becomes one sentence."""
    parser = argparse.ArgumentParser(prog="gate.release.publish", description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--lock", type=Path, default=Path(LOCK_NAME))
    parser.add_argument("--key", type=Path, required=True, help="the private key, PEM")
    parser.add_argument("--to", type=Path, default=Path("dist"))
    parser.add_argument(
        "--wheels", type=Path, help="a folder of dependencies to carry, for places without network"
    )
    asked = parser.parse_args(arguments)
    try:
        made = publish(asked.wheel.resolve(), asked.lock, asked.key, asked.to, wheels=asked.wheels)
    except GateError as error:
        sys.stderr.write(f"{error} [{error.code}]\n")
        return error.exit_code
    sys.stdout.write(f"{made}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
