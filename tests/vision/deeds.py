"""What a face process that was taken over might do to others, each as a bare call to the kernel that harms nobody.

Signals are number 0, limits and affinities are pointers to nothing: without a filter they succeed or fail for want of an
argument, and with one they are refused. Nothing but ctypes is needed, so that it runs in a process that is shut in.
"""

import ctypes
import errno
import os
import signal
import subprocess

NOTHING = (
    *(
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
    ),
    *("process_madvise", "process_mrelease", "kcmp", "pidfd_open", "pidfd_getfd", "pidfd_send_signal"),
    *("migrate_pages", "move_pages", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "mount", "umount2"),
    *("pivot_root", "chroot", "unshare", "setns", "open_by_handle_at", "name_to_handle_at", "open_tree"),
    *("move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "fanotify_init", "bpf"),
    *("perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "init_module", "finit_module"),
    *("delete_module", "kexec_load", "kexec_file_load", "settimeofday", "clock_settime", "clock_adjtime"),
)
"""Calls that are refused whatever their arguments are; here all are 0."""
WITHOUT_PROGRAMS = ("execve", "execveat", "memfd_create", "shmget", "msgget", "semget", "mq_open")
_LIBC = ctypes.CDLL(None, use_errno=True)
_NUMBERS = ctypes.CDLL("libseccomp.so.2")
_HIGH = 1 << 32


def called(name, *arguments):
    """Call the kernel; give "done", the error's name, or "absent" where this machine has no such call."""
    number = _NUMBERS.seccomp_syscall_resolve_name(name.encode())
    if number < 0:
        return "absent"
    given = [ctypes.c_ulong(each & (1 << 64) - 1) for each in (*arguments, *[0] * (6 - len(arguments)))]
    ctypes.set_errno(0)
    if _LIBC.syscall(ctypes.c_long(number), *given) < 0:
        return errno.errorcode[ctypes.get_errno()]
    return "done"


def of_others(victim):
    """Give what comes of everything that names another process, by what was tried."""
    tried = {
        "kill": called("kill", victim, 0),
        "kill everybody": called("kill", -1, 0),
        "tgkill": called("tgkill", victim, victim, 0),
        "limits": called("prlimit64", victim, 7),
        "processors": called("sched_setaffinity", victim),
        "schedule": called("sched_setscheduler", victim),
        "parameters": called("sched_setparam", victim),
        "attributes": called("sched_setattr", victim),
        "nice": called("setpriority", 0, victim, 19),
        "disk": called("ioprio_set", 1, victim),
        "disk of the account": called("ioprio_set", 3, 0, 0xFFFF),
        "a file's owner": called("fcntl", 0, 8, victim),
        "a file's signal": called("fcntl", 0, 10),
        "a file's owner by kind": called("fcntl", 0, 15),
        "a file's owner past the low half": called("fcntl", 0, _HIGH + 8, victim),
        "a socket's owner": called("ioctl", 0, 0x8901),
        "a socket's group": called("ioctl", 0, 0x8902),
        "words into a terminal": called("ioctl", 0, 0x5412),
        "words past the low half": called("ioctl", 0, _HIGH + 0x5412),
        "a pin": called("ioctl", 0, 0xC250B407),
        "I2C": called("ioctl", 0, 0x0703),
        "SPI": called("ioctl", 0, 0x40006B00),
        "a keyboard": called("ioctl", 0, 0x40044590),
    }
    if (
        tried["disk of the account"] == "EPERM"
    ):  # the same table holds both, and this one has no harmless arguments
        tried["nice of the account"] = called("setpriority", 2, 0, 19)
    return tried


def a_process(flags=0):
    """Make a process, which ends at once; flags: of clone, besides its signal."""
    number = _NUMBERS.seccomp_syscall_resolve_name(b"clone")
    made = _LIBC.syscall(ctypes.c_long(number), ctypes.c_ulong(flags | signal.SIGCHLD), 0, 0, 0, 0)
    if made == 0:
        os._exit(0)
    if made < 0:
        return errno.errorcode[ctypes.get_errno()]
    os.waitpid(made, 0)
    return "done"


def ended():
    """Start a program and end it, as a camera that is one is ended."""
    program = subprocess.Popen(["sleep", "60"])
    program.kill()
    return signal.Signals(-program.wait()).name


def opened(path):
    """Open a device to write."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NOCTTY))
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"


def everything(victim):
    """Give all of it, by what was tried."""
    return {
        **{name: called(name) for name in (*NOTHING, *WITHOUT_PROGRAMS)},
        **of_others(victim),
        "a process": a_process(),
        "a thread by clone3": called("clone3"),
        "a name space": a_process(0x1000_0000),
        "a device that is no camera": opened("/dev/ptmx"),
        "/dev/null": opened("/dev/null"),
        "oneself": called("tgkill", os.getpid(), os.getpid(), 0),
        "own limits": called("prlimit64", 0, 7),
    }
