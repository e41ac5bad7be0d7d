"""What lack of memory looks like in the vision child, whichever of its libraries met it. Loads nothing heavy.

Nothing in the child goes on without memory: it ends in words, the parent starts another, card and PIN go on (R02).
"""

from __future__ import annotations

import errno
from typing import Final

from gate.errors import DeviceFault

CV_NO_MEMORY: Final = -4
"""OpenCV's code for it (cv::Error::StsNoMem)."""
_NATIVE: Final = ("bad_alloc", "Insufficient memory", "llocate memory", "failed to map", "start new thread")
"""What C++, OpenCV, ONNX Runtime, the kernel, the loader of libraries and the maker of threads say of it, where no type does."""


class NoMemory(DeviceFault):
    """The vision process got no memory."""

    def __init__(self) -> None:
        super().__init__(
            "vision-memory",
            "The vision process got no memory.",
            remedy="It is started anew. If this comes again, end other programs on this device, or give it more memory.",
        )


def lacks_memory(error: BaseException) -> bool:
    """Tell whether *error*, or what it was raised for, says that there was no memory.

    Python and numpy raise MemoryError; the kernel's answer is an OSError; what is written in C++ has only words for it.
    """
    seen: BaseException | None = error
    while seen is not None:
        if _says_so(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _says_so(error: BaseException) -> bool:
    if isinstance(error, MemoryError | NoMemory):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    words = str(error)
    return getattr(error, "code", None) == CV_NO_MEMORY or any(each in words for each in _NATIVE)
