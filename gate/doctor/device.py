"""What the device itself says of power, heat, storage, memory, clock and its devices. Opens nothing, writes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gate.doctor.findings import Diagnosis, note, well, wrong
from gate.programs import run
from gate.settings import Settings

MB: Final = 1 << 20
ROOM_LEAST_BYTES: Final = 100 * MB
ROOM_NOTED_BYTES: Final = 1000 * MB
HOT_C: Final = 80.0
"""A Raspberry Pi slows its processor from 80 degrees on, a Jetson Orin from about 99."""
WORN_NOTED_PERCENT: Final = 80
MEMORY_LEAST_KB: Final = 100 * 1024
_UNDER_VOLTAGE_NOW, _UNDER_VOLTAGE_SEEN = 1 << 0, 1 << 16
_THROTTLED_SEEN = 1 << 18
_PATIENCE_S = 10


def _said_by(command: list[str]) -> str | None:
    """Give what *command* prints, None where it is not there or fails."""
    told = run(command, patience_s=_PATIENCE_S)
    return told.text if told.well else None


@dataclass(frozen=True, slots=True)
class Device:
    """The machine under the gate. root: where its files are; ask: runs one of its programs."""

    root: Path = Path("/")
    ask: Callable[[list[str]], str | None] = field(default=_said_by)

    def read(self, path: str) -> str | None:
        """Give a small file's text, None where there is none."""
        try:
            return (self.root / path).read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            return None

    def find(self, pattern: str) -> Iterator[Path]:
        """Give the files that fit, in order; those that cannot be listed are left out."""
        try:
            yield from sorted(self.root.glob(pattern))
        except OSError:
            return


def look_at_device(device: Device, settings: Settings | None) -> list[Diagnosis]:
    """Look at all of it; settings: None where they cannot be read."""
    found = [power(device), heat(device), memory(device), swap(device), wear(device), clock(device)]
    if settings is not None:
        found += [room(settings.storage.data_dir), *folders(settings), *ports(settings)]
    return found


def power(device: Device) -> Diagnosis:
    """Say whether the supply holds, as a Raspberry Pi's firmware tells it."""
    bits = _throttled(device)
    alarms = [
        path for path in device.find("sys/class/hwmon/hwmon*/in0_lcrit_alarm") if _name_of(path) == "rpi_volt"
    ]
    low = any(_text(path) == "1" for path in alarms)
    if low or (bits is not None and bits & _UNDER_VOLTAGE_NOW):
        return wrong(
            "power",
            "under-voltage",
            "the supply is too weak right now: a camera that starts, or a card that is written, may bring the device down",
            remedy="Use the board's own supply and a short, thick cable; let no strike or reader draw from the board.",
        )
    if bits is not None and bits & _UNDER_VOLTAGE_SEEN:
        return note(
            "power",
            "under-voltage-seen",
            "the supply was too weak at some time since the start",
            remedy="Use the board's own supply and a short, thick cable.",
        )
    if bits is None and not alarms:
        return well("power", "this board does not tell of its supply")
    return well("power", "no under-voltage since the start")


def _throttled(device: Device) -> int | None:
    told = device.ask(["vcgencmd", "get_throttled"])
    try:
        return int(told.rsplit("=", 1)[1], 16) if told else None
    except (IndexError, ValueError):
        return None


def _name_of(path: Path) -> str:
    return _text(path.parent / "name")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def heat(device: Device) -> Diagnosis:
    """Say how hot the hottest zone is, and whether the board slowed down for it."""
    degrees = [
        int(text) / 1000
        for path in device.find("sys/class/thermal/thermal_zone*/temp")
        if (text := _text(path)).lstrip("-").isdigit()
    ]
    slowed = (_throttled(device) or 0) & _THROTTLED_SEEN
    if not degrees:
        return well("heat", "this board tells no temperature")
    hottest = max(degrees)
    if hottest >= HOT_C or slowed:
        return note(
            "heat",
            "hot",
            f"{hottest:.0f} degrees{', and the processor was slowed' if slowed else ''}: faces take longer",
            remedy="Give the case air, shade or a heat sink.",
        )
    return well("heat", f"{hottest:.0f} degrees")


def memory(device: Device) -> Diagnosis:
    """Say how much memory is left."""
    told = device.read("proc/meminfo") or ""
    left = next(
        (int(line.split()[1]) for line in told.splitlines() if line.startswith("MemAvailable:")), None
    )
    if left is None:
        return well("memory", "this system does not tell")
    if not left >= MEMORY_LEAST_KB:
        return wrong(
            "memory",
            "memory-short",
            f"{left >> 10} MB left: the face process may be ended for want of it",
            remedy="End what else runs here, or take a board with 2 GB or more.",
        )
    return well("memory", f"{left >> 10} MB left")


def swap(device: Device) -> Diagnosis:
    """Say whether memory may reach a disk: the gate's own unit forbids it to itself."""
    kinds = [line.split()[0] for line in (device.read("proc/swaps") or "").splitlines()[1:] if line.strip()]
    on_disk = [kind for kind in kinds if "zram" not in kind]
    if on_disk:
        return note(
            "swap",
            "swap-on-disk",
            "memory may be swapped to a disk; a gate that systemd runs is kept out of it (MemorySwapMax=0)",
            remedy="Turn it off: swapoff --all, and take it out of /etc/fstab, or dphys-swapfile uninstall.",
        )
    return well("swap", "none on a disk")


def wear(device: Device) -> Diagnosis:
    """Say how worn the storage is, where it tells: eMMC does, SD cards do not."""
    worst: int | None = None
    for path in device.find("sys/block/mmcblk*/device/life_time"):
        for word in _text(path).split():
            try:
                tenths = int(word, 16)
            except ValueError:
                continue
            # JEDEC 84-B51: 1 stands for up to 10 % of its life used, 11 for more than all of it; 0 is not told.
            worst = max(worst or 0, tenths * 10) if tenths else worst
    if worst is None:
        cards = any(True for _ in device.find("sys/block/mmcblk*"))
        return well(
            "wear", "an SD card does not tell how worn it is" if cards else "no storage here tells its wear"
        )
    if worst >= WORN_NOTED_PERCENT:
        return note(
            "wear",
            "storage-worn",
            f"the storage has used up to {worst} % of its life",
            remedy="Make a backup (gate backup make) and replace the storage soon.",
        )
    return well("wear", f"up to {worst} % of the storage's life is used")


def clock(device: Device) -> Diagnosis:
    """Say whether anything keeps the clock right."""
    if (device.root / "run/systemd/timesync/synchronized").exists():
        return well("time", "set by a time server")
    told = device.ask(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    if told == "yes":
        return well("time", "set by a time server")
    if any(True for _ in device.find("sys/class/rtc/rtc*")):
        return well("time", "kept by a clock of its own; no time server was heard")
    if told is None:
        return well("time", "this system does not tell who keeps it")
    return note(
        "time",
        "time-unsynchronised",
        "no time server was heard, and there is no clock with a battery: after a power cut the time is wrong",
        remedy="Let the device reach a time server, or fit a clock module; see gate clock status.",
    )


def room(data_dir: Path) -> Diagnosis:
    """Say how much room the data has."""
    folder = next(each for each in (data_dir, *data_dir.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    if not free >= ROOM_LEAST_BYTES:
        return wrong(
            "disk",
            "disk-full",
            f"{free // MB} MB free where the data lies",
            remedy="Free some space: journalctl --vacuum-size=50M, apt-get clean, older releases (gate update list).",
        )
    if not free >= ROOM_NOTED_BYTES:
        return note(
            "disk", "disk-filling", f"{free // MB} MB free where the data lies: too little for an update",
            remedy="Free some space before the next update.",
        )  # fmt: skip
    return well("disk", f"{free // MB} MB free where the data lies")


def folders(settings: Settings) -> Iterator[Diagnosis]:
    """Say whether data and keys are closed to every other account."""
    storage = settings.storage
    for subject, folder in (("data", storage.data_dir), ("keys", storage.keys_dir)):
        if not folder.exists():
            yield well(subject, "no folder yet: the first start makes it")
            continue
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield wrong(
                subject,
                "folder-owner",
                f"this account may not use {folder}",
                remedy=f"Give it to the gate's account: chown -R gate:gate {folder}",
            )
        elif folder.stat().st_mode & 0o077:
            yield wrong(
                subject,
                "folder-open",
                f"other accounts may enter {folder}",
                remedy=f"Close it: chmod 700 {folder}",
            )
        else:
            yield well(subject, "the gate's own, closed to others")


def ports(settings: Settings) -> Iterator[Diagnosis]:
    """Say whether every device file that the settings name is there, and is the gate's to use."""
    wanted = {
        "osdp port": settings.osdp and settings.osdp.port,
        "door port": settings.controller and settings.controller.port,
        "hid device": settings.hid and settings.hid.device,
        "camera": _camera_file(settings),
    }
    for subject, name in wanted.items():
        if not name:
            continue
        path = Path(name)
        if not path.exists():
            yield wrong(
                subject,
                "device-absent",
                f"{path} is not there",
                remedy="Plug it in, look at dmesg, and name it by its path under /dev/serial/by-id or /dev/v4l/by-id.",
            )
        elif not os.access(path, os.R_OK | os.W_OK):
            yield wrong(
                subject,
                "device-denied",
                f"this account may not use {path}",
                remedy="Let udev give it to the gate (deploy/systemd, the rules), or put the account into its group.",
            )
        else:
            yield well(subject, f"{path} is there, and the gate's to use")


def _camera_file(settings: Settings) -> str | None:
    camera = settings.camera
    if camera is None or camera.driver != "v4l2" or not settings.face.enabled:
        return None
    return f"/dev/video{camera.source}" if camera.source.isdigit() else camera.source or "/dev/video0"
