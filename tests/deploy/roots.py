"""The scripts of deploy/package/try, which make a Debian root and enter it: what they need, and what they told."""

import os
import shutil
import subprocess
import sys

import pytest

from gate.settings import PROJECT

TRY = PROJECT / "deploy" / "package" / "try"
CANNOT = 77
"""What a script ends with where its root cannot be had."""
PATIENCE_S = 225
"""Below what ends the whole run (faulthandler_timeout)."""
IN_CI = os.environ.get("CI") == "true"


def marks(*programs):
    """Give what marks the tests of a script that calls *programs*."""
    without = [
        name for name in (*programs, "debootstrap", "unshare", "dpkg-deb") if shutil.which(name) is None
    ]
    return [
        pytest.mark.slow,
        pytest.mark.alone,
        pytest.mark.models,
        pytest.mark.portraits,
        pytest.mark.skipif(os.geteuid() != 0, reason="a root is made and entered by root alone"),
        pytest.mark.skipif(bool(without) and not IN_CI, reason=f"not installed: {without}"),
    ]


def told_by(script, work, *words, **given):
    """Run *script* in the folder *work*, which it keeps for its next run, and give what it told."""
    inherited = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    work.mkdir(parents=True, exist_ok=True)
    with (work / "told").open("w+") as told:
        done = subprocess.run(
            ["timeout", str(PATIENCE_S), "bash", TRY / script, work, *words],
            env={**inherited, "PYTHON": sys.executable, **given},
            stdout=told,
            stderr=subprocess.STDOUT,
            check=False,
        )
        told.seek(0)
        said = told.read()
    if done.returncode == CANNOT and not IN_CI:
        pytest.skip(f"{script} cannot have its root here: {said[-300:]}")
    assert done.returncode == 0, said[-6000:]
    return said
