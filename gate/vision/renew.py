"""The process that carries protected templates from one epoch to the next, and then ends: ``python -m gate.vision.renew``.

Standard input is the old seed and the new one, then the templates; standard output is the templates, renewed, in their
order. The face that a template stands for exists in this process alone, for the blink between the two seeds.
"""

from __future__ import annotations

import signal
import sys

import numpy as np

from gate.process import keep_memory_private
from gate.vision.protection import SEED_BYTES, SIZE, Protection, Vectors

TEMPLATE_BYTES = SIZE * 4
MAX_TEMPLATES = 100_000
UNIT_TOLERANCE = 1e-3
_SEEDS = 2 * SEED_BYTES


def renew(request: bytes) -> bytes:
    """Answer one request, as this module describes both. Raises ValueError, with a sentence, for a malformed one."""
    if len(request) < _SEEDS or (len(request) - _SEEDS) % TEMPLATE_BYTES:
        raise ValueError("The input is not two seeds and whole templates.")
    if len(request) > _SEEDS + MAX_TEMPLATES * TEMPLATE_BYTES:
        raise ValueError(f"The input holds more than {MAX_TEMPLATES} templates.")
    old, new = request[:SEED_BYTES], request[SEED_BYTES:_SEEDS]
    if old == new:
        raise ValueError("The new seed is the old one.")
    templates = np.frombuffer(request, "<f4", offset=_SEEDS).reshape(-1, SIZE)
    if not _are_units(templates):
        raise ValueError("A template is not a vector of length 1.")
    return Protection(old).renewed(templates, Protection(new)).tobytes()


def main() -> None:
    """Serve the one request on standard input; exit with 1 and a sentence where it is malformed."""
    keep_memory_private()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is the parent's to answer; without it the pipes end this
    try:
        answer = renew(sys.stdin.buffer.read(_SEEDS + MAX_TEMPLATES * TEMPLATE_BYTES + 1))
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


def _are_units(templates: Vectors) -> bool:
    with np.errstate(invalid="ignore"):  # a NaN is no length either
        squares = np.einsum("ij,ij->i", templates, templates, dtype=np.float64)
        return bool((abs(squares - 1) <= UNIT_TOLERANCE).all())


if __name__ == "__main__":
    main()
