"""The vision child from its first step: it loads what looks, serves, and where there is no memory ends in words.

Lack of memory is met anywhere: by the loader of a library, a network's file, a frame, a matrix, the message that would tell
of it. So it is heeded in one place, here, above all that can meet it and before anything heavy is loaded; what it says then
was made beforehand.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import socket
import sys
from typing import Final

from gate.errors import GateError
from gate.vision import wire
from gate.vision.memory import NoMemory, lacks_memory

LIBRARIES_BYTES: Final = 384 << 20
"""What the libraries take of the address space; a child at work has more than 500 MB of it (tests/vision/test_memory.py)."""
_TOLD: Final = NoMemory()
_FAULT: Final = wire.encode(wire.Fault("", _TOLD.code, _TOLD.what, _TOLD.remedy))
_WORDS: Final = f"{_TOLD}\n".encode()


def main() -> None:
    """Be the vision child on the socket whose descriptor is the only argument."""
    with socket.socket(fileno=int(sys.argv[1])) as link:
        if _serves(link):
            return
        # What filled the memory is let go of by now. Nothing more runs that might ask for some.
        with contextlib.suppress(OSError):
            link.sendall(_FAULT)
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), _WORDS)
        os._exit(_TOLD.exit_code)


def _serves(link: socket.socket) -> bool:
    """Serve until the parent closes the link; False where there was no memory for it."""
    try:
        # Where OpenBLAS has no memory while it is loaded, it ends the process itself: so there must be room for all of them.
        with mmap.mmap(-1, LIBRARIES_BYTES, prot=0):
            pass
        from gate.vision.worker import serve

        serve(link)
    except Exception as error:
        if lacks_memory(error):
            return False
        if isinstance(error, GateError):
            sys.exit(str(error))
        raise
    return True


if __name__ == "__main__":
    main()
