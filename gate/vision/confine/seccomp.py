"""A filter on system calls, by Debian's libseccomp, which systemd brings along."""

from __future__ import annotations

import ctypes
import errno
import socket
from collections.abc import Callable
from typing import Final

_ALLOW: Final = 0x7FFF_0000
_REFUSE: Final = 0x0005_0000
_ALL_THREADS: Final = 4  # SCMP_FLTATR_CTL_TSYNC
_EQUAL, _AT_LEAST = 4, 5  # enum scmp_compare
_FAMILIES_MOST: Final = 64
"""The kernel knows 46 families; whatever is numbered above is refused as a whole."""

_NEVER: Final = (
    # A ring makes sockets and opens files behind the back of any filter on calls.
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    # Nothing in another process is this one's business, nor what the kernel is made of.
    *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"),
    *("mount", "umount2", "unshare", "setns", "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key"),
)
_PROGRAMS: Final = ("execve", "execveat", "kill", "tkill", "pidfd_send_signal")
"""What only a camera that is another program needs: starting it, and ending it."""


class _Comparison(ctypes.Structure):
    """``struct scmp_arg_cmp``."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def restrict_calls(families: frozenset[int], *, programs: bool) -> bool:
    """Refuse, in every thread, sockets of other *families*, and new programs unless *programs*; for good.

    Returns whether the kernel holds it. A refused socket fails with EAFNOSUPPORT, as under systemd's own restriction, and
    anything else with EPERM.
    """
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError:
        return False
    library.seccomp_init.restype = ctypes.c_void_p
    made = library.seccomp_init(_ALLOW)
    if not made:
        return False
    filter_ = ctypes.c_void_p(made)
    try:
        return _filled(library, filter_, families, programs=programs) and library.seccomp_load(filter_) == 0
    finally:
        library.seccomp_release(filter_)


def _filled(
    library: ctypes.CDLL, filter_: ctypes.c_void_p, families: frozenset[int], *, programs: bool
) -> bool:
    """Put every rule in. Returns whether all were taken."""

    def refuse(name: str, error: int, *comparisons: _Comparison) -> bool:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number == -1:  # a call this machine's library has never heard of, its kernel has not either
            return name not in {"socket", "execve"}
        table = (_Comparison * len(comparisons))(*comparisons)
        action = ctypes.c_uint32(_REFUSE | error)
        return bool(library.seccomp_rule_add_array(filter_, action, number, len(comparisons), table) == 0)

    if library.seccomp_attr_set(filter_, _ALL_THREADS, 1) != 0:
        return False
    names = _NEVER if programs else (*_NEVER, *_PROGRAMS)
    return _without_sockets(refuse, families) and all(refuse(name, errno.EPERM) for name in names)


def _without_sockets(refuse: Callable[..., bool], families: frozenset[int]) -> bool:
    """Refuse sockets of all families but these. A rule compares one argument once, so each family has its own."""
    if not families:
        return refuse("socket", errno.EAFNOSUPPORT)
    others = [each for each in range(_FAMILIES_MOST) if each not in families]
    assert max(families) < _FAMILIES_MOST, socket.AddressFamily
    rules = [_Comparison(0, _EQUAL, each, 0) for each in others]
    # The kernel heeds the lower half of the argument, the filter sees all of it: a number that is only low in the
    # lower half is caught here.
    rules.append(_Comparison(0, _AT_LEAST, _FAMILIES_MOST, 0))
    return all(refuse("socket", errno.EAFNOSUPPORT, rule) for rule in rules)
