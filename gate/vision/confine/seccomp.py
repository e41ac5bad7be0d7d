"""A filter on system calls, by Debian's libseccomp, which systemd brings along."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_ALLOW: Final = 0x7FFF_0000
_REFUSE: Final = 0x0005_0000
_ALL_THREADS: Final = 4  # SCMP_FLTATR_CTL_TSYNC
_DIFFERS, _EQUAL, _AT_LEAST, _UNDER_MASK = 1, 4, 5, 7  # enum scmp_compare
_FAMILIES_MOST: Final = 64
"""The kernel knows 46 families; whatever is numbered above is refused as a whole."""
_WORD: Final = 0xFFFF_FFFF
"""The half of an argument that the kernel heeds where it takes an int."""

_NEVER: Final = (
    # A ring makes sockets and opens files behind the back of any filter on calls.
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    # Nothing in another process is this one's business: neither its memory, nor its files, nor where its pages lie.
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp"),
    *("pidfd_open", "pidfd_getfd", "pidfd_send_signal", "migrate_pages", "move_pages"),
    # Signals by other names than kill's.
    *("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"),
    # Folders put elsewhere, and files opened by their number, past any lock on paths.
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns"),
    *("open_by_handle_at", "name_to_handle_at"),
    *("open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "fanotify_init"),
    # What the kernel is made of, and its keys.
    *("bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "syslog", "reboot"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "swapon", "swapoff"),
    *("settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "iopl", "ioperm", "modify_ldt", "acct"),
)
_PROGRAMS: Final = (
    # Starting another program, from a file or out of memory; a process that would outlive the one the gate kills.
    *("execve", "execveat", "memfd_create", "fork", "vfork", "kill"),
    # Memory and queues shared with others of this account.
    *("shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semctl"),
    *("semtimedop", "mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive"),
)
"""What only a camera that is another program needs: starting it, ending it, and what such programs use."""
_THREAD: Final = 0x0001_0000  # CLONE_THREAD
_NAMESPACES: Final = (
    0x80,
    0x0002_0000,
    0x0200_0000,
    0x0400_0000,
    0x0800_0000,
    0x1000_0000,
    0x2000_0000,
    0x4000_0000,
)
"""CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
_OF_ONE_PROCESS: Final = (
    *(("prlimit64", 0), ("sched_setaffinity", 0), ("sched_setscheduler", 0), ("sched_setparam", 0)),
    *(("sched_setattr", 0), ("setpriority", 1), ("ioprio_set", 1)),
)
"""Calls that name a process, and which argument does: 0 is the caller. Of another they take its processor or its files,
or have the kernel end it at a limit; the kernel asks for no more than the same account."""
_OF_AN_ACCOUNT: Final = (("setpriority", 2), ("ioprio_set", 3))
"""The same for all processes of this account at once: the value of the first argument."""
_OWNERS: Final = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX
"""A file's owner gets any signal one likes when the file is ready: fcntl(2)."""
_ORDERS: Final = (0x8901, 0x8902, 0x5412, 0x541C)  # FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX
_DEVICES: Final = (0xB4, 0x07, ord("k"), ord("E"))
"""Kinds of ioctl that are no camera's: pins (a strike may hang there), I2C, SPI, keyboards: ioctl-number.rst."""


class _Comparison(ctypes.Structure):
    """``struct scmp_arg_cmp``."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


@dataclass(frozen=True, slots=True)
class _Refusal:
    """One call that fails with *error*, where its arguments compare as said; without comparisons always."""

    name: str
    error: int = errno.EPERM
    comparisons: tuple[_Comparison, ...] = ()


def restrict_calls(families: frozenset[int], *, programs: bool) -> bool:
    """Refuse, in every thread, what no face process needs: for good.

    families: of the sockets that may be made. programs: whether new programs may be started, and ended. Everything that
    reaches into other processes, the core process above all, is refused either way, but for ``kill`` with programs, which
    then spares the parent alone. Returns whether the kernel holds it. A refused socket fails with EAFNOSUPPORT, as under
    systemd's own restriction, ``clone3`` with ENOSYS, so that libraries fall back, and anything else with EPERM.
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
    refusals = (*_without_sockets(families), *_without_others(programs=programs))
    try:
        return (
            library.seccomp_attr_set(filter_, _ALL_THREADS, 1) == 0
            and all(_taken(library, filter_, each) for each in refusals)
            and library.seccomp_load(filter_) == 0
        )
    finally:
        library.seccomp_release(filter_)


def _taken(library: ctypes.CDLL, filter_: ctypes.c_void_p, refusal: _Refusal) -> bool:
    """Put one rule in. Returns whether it was taken, or is of a call that this machine does not have."""
    number = library.seccomp_syscall_resolve_name(refusal.name.encode())
    # Negative: of another processor, or the library has never heard of it, and its kernel has not either.
    if number < 0:
        return refusal.name not in {"socket", "execve"}
    table = (_Comparison * len(refusal.comparisons))(*refusal.comparisons)
    action = ctypes.c_uint32(_REFUSE | refusal.error)
    added = library.seccomp_rule_add_array(filter_, action, number, len(refusal.comparisons), table)
    return bool(added == 0)


def _without_others(*, programs: bool) -> Iterable[_Refusal]:
    """Refuse what reaches into other processes, into the kernel, and into devices that are no camera's."""
    yield from (_Refusal(name) for name in _NEVER)
    # Its flags lie in memory, where no filter reads them; glibc takes clone instead.
    yield _Refusal("clone3", errno.ENOSYS)
    yield from (_Refusal("clone", errno.EPERM, (_masked(0, flag, flag),)) for flag in _NAMESPACES)
    for name, argument in _OF_ONE_PROCESS:
        yield _Refusal(name, errno.EPERM, (_Comparison(argument, _DIFFERS, 0, 0),))
    yield from (_Refusal(name, errno.EPERM, (_word(0, value),)) for name, value in _OF_AN_ACCOUNT)
    yield from (_Refusal("fcntl", errno.EPERM, (_word(1, command),)) for command in _OWNERS)
    yield from (_Refusal("ioctl", errno.EPERM, (_word(1, order),)) for order in _ORDERS)
    yield from (_Refusal("ioctl", errno.EPERM, (_masked(1, 0xFF00, kind << 8),)) for kind in _DEVICES)
    yield from _without_signals(programs=programs)
    if not programs:
        yield from (_Refusal(name) for name in _PROGRAMS)
        yield _Refusal("clone", errno.EPERM, (_masked(0, _THREAD, 0),))


def _without_signals(*, programs: bool) -> Iterable[_Refusal]:
    """Leave signals to oneself, which abort() is made of; with programs, also to whatever is not the parent.

    A thread of the parent has a number of its own, which kill() takes: of that only Landlock's scope (Linux 6.12) keeps
    a child with programs. Groups and everybody at once are refused.
    """
    if not programs:
        yield _Refusal("tgkill", errno.EPERM, (_Comparison(0, _DIFFERS, os.getpid(), 0),))
        return
    parent = os.getppid()
    yield from (_Refusal(name, errno.EPERM, (_word(0, parent),)) for name in ("kill", "tgkill"))
    yield _Refusal("kill", errno.EPERM, (_masked(0, 1 << 31, 1 << 31),))


def _without_sockets(families: frozenset[int]) -> Iterable[_Refusal]:
    """Refuse sockets of all families but these. A rule compares one argument once, so each family has its own."""
    if not families:
        yield _Refusal("socket", errno.EAFNOSUPPORT)
        return
    assert max(families) < _FAMILIES_MOST, socket.AddressFamily
    others = [each for each in range(_FAMILIES_MOST) if each not in families]
    rules = [_Comparison(0, _EQUAL, each, 0) for each in others]
    # The kernel heeds the lower half of the argument, the filter sees all of it: a number that is only low in the
    # lower half is caught here.
    rules.append(_Comparison(0, _AT_LEAST, _FAMILIES_MOST, 0))
    yield from (_Refusal("socket", errno.EAFNOSUPPORT, (rule,)) for rule in rules)


def _masked(argument: int, mask: int, value: int) -> _Comparison:
    return _Comparison(argument, _UNDER_MASK, mask, value)


def _word(argument: int, value: int) -> _Comparison:
    """Compare as the kernel does, which leaves the upper half unread."""
    return _masked(argument, _WORD, value & _WORD)
