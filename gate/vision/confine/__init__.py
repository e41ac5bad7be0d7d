"""How the vision child shuts itself in before it loads a model or opens a camera (R40, R41, R30).

Once shut in, it makes no socket its camera does not need, starts no program its camera is not, reads neither the gate's
data nor its keys, and writes no file. The kernel holds this (seccomp, Landlock), for the child and whatever it starts, and
nothing takes it back. What this kernel cannot hold is told by name: the child goes on without it, for the service's own
unit (deploy/systemd) stands around both processes.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gate.vision.camera import LIVE_SCHEMES
from gate.vision.client import VisionSettings
from gate.vision.confine.landlock import Folders, restrict_files
from gate.vision.confine.seccomp import restrict_calls

PROGRAMS = frozenset({"rpicam", "jetson"})
"""Drivers whose camera is another program, which speaks to the camera's own service on this device."""
_LOCAL = frozenset({socket.AF_UNIX, socket.AF_NETLINK})
_NETWORK = _LOCAL | {socket.AF_INET, socket.AF_INET6}


class Lock(StrEnum):
    """What the kernel holds the child to."""

    CALLS = "calls"
    """Sockets and programs (seccomp)."""
    FILES = "files"
    """Files (Landlock)."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a camera cannot do without.

    families: of the sockets it may make. programs: whether it starts one. folders: what it plays stored pictures from.
    device: the camera's own node, where that is all it needs of /dev.
    """

    families: frozenset[int] = frozenset()
    programs: bool = False
    folders: tuple[Path, ...] = ()
    device: Path | None = None

    @property
    def network(self) -> bool:
        """Tell whether it reaches beyond this device."""
        return socket.AF_INET in self.families


def needs_of(driver: str, source: str, providers: Iterable[str] = ("cpu",)) -> Needs:
    """Give what the camera *driver* with *source* needs; what is not known to need anything is given nothing.

    providers: of the networks; one that is no processor speaks to its driver over local sockets.
    """
    accelerated = any(each != "cpu" for each in providers)
    local = Needs(_LOCAL, programs=True) if driver in PROGRAMS or accelerated else Needs()
    if driver == "v4l2" and not local.programs:
        return Needs(device=_node(source))
    scheme, separator, _ = source.partition("://")
    if driver == "stream" and separator and scheme.lower() in LIVE_SCHEMES:
        return Needs(_NETWORK, programs=local.programs)
    if driver in {"folder", "stream", "simulated"}:
        return Needs(local.families, programs=local.programs, folders=(Path(source),))
    return local


def _node(source: str) -> Path:
    """Give the node of a V4L2 camera: by its number, the first unless given, or by its path."""
    return Path(f"/dev/video{source or 0}" if source.isdecimal() or not source else source)


def camera_node(settings: VisionSettings) -> int | None:
    """Give which node the camera is now, None where there is none: one plugged in again is another, and shut out."""
    node = needs_of(settings.driver, settings.source).device
    try:
        return None if node is None else node.stat().st_ino
    except OSError:
        return None


def confine(settings: VisionSettings) -> frozenset[Lock]:
    """Shut this process in for good; returns what the kernel holds from now on. Raises nothing the kernel may lack.

    To be called while the process has one thread: a lock on files binds the thread that takes it and those it starts.
    """
    needs = needs_of(settings.driver, settings.source, settings.providers)
    held = set()
    if restrict_files(_folders(Path(settings.models_dir), needs)):
        held.add(Lock.FILES)
    if restrict_calls(needs.families, programs=needs.programs):
        held.add(Lock.CALLS)
    return frozenset(held)


def _folders(models_dir: Path, needs: Needs) -> Folders:
    """Give the only folders the child sees: its own code, the models, the system, and the devices.

    Neither /var/lib nor /etc/gate nor any home is among them.
    """
    code = Path(__file__).resolve().parents[2]
    libraries = [Path(each) for each in sys.path if Path(each).name in {"site-packages", "dist-packages"}]
    ours = [code, models_dir, Path(sys.prefix), Path(sys.base_prefix), *libraries, *needs.folders]
    system = [Path(each) for each in ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/proc", "/sys")]
    names = [Path("/etc") / each for each in ("hosts", "resolv.conf", "nsswitch.conf", "ssl")]
    # Not /dev as a whole: the door's lines, its pins, the keypad and the TPM lie there too, and are this account's.
    written = [Path("/dev") / each for each in ("null", "zero", "full", "random", "urandom")]
    written += [needs.device] if needs.device else []
    if needs.network:
        system += names
    if needs.programs:
        written += [Path("/dev")]  # which nodes a board's own stack opens is its makers' to know
        system += [Path("/etc") / each for each in ("alternatives", "glvnd", "libcamera", "vulkan")]
        system += [Path("/opt/nvidia"), Path("/run/udev")]
        written += [Path("/tmp")]  # noqa: S108 - where a camera's service keeps its own socket; private to the unit
    return Folders(read=tuple(ours + system), write=tuple(written), programs=needs.programs)
