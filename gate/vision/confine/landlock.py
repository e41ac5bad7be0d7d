"""A lock on files, by the kernel's Landlock (5.13 and later, where it is built in): landlock(7)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every machine
_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NO_NEW_PRIVILEGES: Final = 38  # PR_SET_NO_NEW_PRIVS

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_FIRST_RIGHTS: Final = (1 << 13) - 1
_RIGHTS_SINCE: Final = {2: 1 << 13, 3: _TRUNCATE, 5: _IOCTL_DEVICE}
"""Which right on files came with which version, beside those of the first."""
_OF_A_FILE: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_SIGNALS_SINCE, _SCOPE_SIGNAL = 6, 1 << 1


@dataclass(frozen=True, slots=True)
class Folders:
    """What stays in reach: *read* to read and to run libraries from, *write* for devices; what is not there is left out.

    programs: whether one started from here may make files and sockets in *write*.
    """

    read: tuple[Path, ...]
    write: tuple[Path, ...]
    programs: bool = False


class _Ruleset(ctypes.Structure):
    """``struct landlock_ruleset_attr``; an older kernel takes it as long as what it does not know is zero."""

    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``, which is packed."""

    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def restrict_files(folders: Folders) -> bool:
    """Keep this thread, and whatever it starts, to *folders* for good. Returns whether the kernel holds it."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION))
    if version < 1:
        return False
    rights = _FIRST_RIGHTS | sum(right for since, right in _RIGHTS_SINCE.items() if version >= since)
    scoped = _SCOPE_SIGNAL if version >= _SIGNALS_SINCE else 0
    ruleset = _Ruleset(rights, 0, scoped)
    locks = libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(ctypes.sizeof(ruleset)), 0)
    if locks < 0:
        return False
    read = _READ_FILE | _READ_DIR | _EXECUTE
    write = _READ_FILE | _READ_DIR | _WRITE_FILE | _IOCTL_DEVICE
    if folders.programs:
        write |= _FIRST_RIGHTS | _TRUNCATE
    try:
        allowed = _allow(libc, locks, folders.read, read & rights)
        allowed = _allow(libc, locks, folders.write, write & rights) and allowed
        alone = libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
        return allowed and alone and libc.syscall(_RESTRICT_SELF, locks, 0) == 0
    finally:
        os.close(locks)


def _allow(libc: ctypes.CDLL, locks: int, paths: Iterable[Path], rights: int) -> bool:
    """Leave *paths* in reach. Returns whether the kernel took every one that is there."""
    taken = True
    for path in paths:
        with suppress(OSError):
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                granted = rights if path.is_dir() else rights & _OF_A_FILE
                rule = _PathBeneath(granted, handle)
                taken &= libc.syscall(_ADD_RULE, locks, _PATH_BENEATH, ctypes.byref(rule), 0) == 0
            finally:
                os.close(handle)
    return taken
