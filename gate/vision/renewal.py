"""The gate's side of carrying templates to the next epoch: runs ``gate.vision.renew`` and trusts only a whole answer.

Imports no numpy, as the whole core process: it hands bytes to a child and takes bytes back.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence

from gate.core.types import Seconds
from gate.errors import VaultError

TEMPLATE_BYTES = 512
PATIENCE_S: Seconds = 60.0
"""100,000 templates take a second or two on a desk, and a Raspberry Pi ten times that."""
_CHILD = ("-m", "gate.vision.renew")


async def renewed(
    old_seed: bytes, new_seed: bytes, templates: Sequence[bytes], *, patience: Seconds = PATIENCE_S
) -> list[bytes]:
    """Give *templates*, protected under *old_seed*, as they are under *new_seed*, in the same order.

    Seeds: 32 bytes. Templates: 512 bytes each. Raises VaultError ``renewal-failed`` when any of it cannot be renewed;
    nothing is kept either way.
    """
    if not templates:
        return []
    request = _request(old_seed, new_seed, templates)
    try:
        child = await asyncio.create_subprocess_exec(sys.executable, *_CHILD, stdin=PIPE, stdout=PIPE)
    except OSError as error:
        raise _failed() from error
    try:
        async with asyncio.timeout(patience):
            answer, _ = await child.communicate(request)
    except TimeoutError as error:
        raise _failed() from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return _templates(answer, len(templates), child.returncode)


def renewed_now(
    old_seed: bytes, new_seed: bytes, templates: Sequence[bytes], *, patience: Seconds = PATIENCE_S
) -> list[bytes]:
    """Do what `renewed` does, and wait for it: for the command line, which has no event loop."""
    if not templates:
        return []
    request = _request(old_seed, new_seed, templates)
    try:
        child = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, *_CHILD], input=request, stdout=PIPE, timeout=patience, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed() from error
    return _templates(child.stdout, len(templates), child.returncode)


def _request(old_seed: bytes, new_seed: bytes, templates: Sequence[bytes]) -> bytes:
    if any(len(each) != TEMPLATE_BYTES for each in templates):  # two wrong lengths may add up to a right one
        raise _failed()
    return b"".join((old_seed, new_seed, *templates))


def _templates(answer: bytes, count: int, exit_code: int | None) -> list[bytes]:
    if exit_code != 0 or len(answer) != count * TEMPLATE_BYTES:
        raise _failed()
    return [answer[start : start + TEMPLATE_BYTES] for start in range(0, len(answer), TEMPLATE_BYTES)]


def _failed() -> VaultError:
    return VaultError(
        "renewal-failed",
        "The face templates could not be carried over to the next epoch.",
        remedy="Try again; if it goes on, read the service's log and run gate check.",
    )
