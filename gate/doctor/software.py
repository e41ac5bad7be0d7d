"""What the installed software says of itself: versions, the service, releases, an update under way."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Final

from gate.doctor.device import Device
from gate.doctor.findings import Diagnosis, note, well, wrong
from gate.release.extras import NEEDS, Extra
from gate.release.journal import Journal, Result
from gate.release.place import Place
from gate.release.service import UNIT
from gate.settings import Settings

PACKAGES: Final = (
    "gate",
    "cryptography",
    "libosdp",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "paho-mqtt",
)


def versions() -> Mapping[str, str]:
    """Give the versions that a report is read with; nothing of them tells one device from another."""
    found = {name: _version(name) for name in PACKAGES}
    return {**found, "python": platform.python_version(), "system": _system(), "machine": platform.machine()}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def look_at_software(device: Device, place: Place, settings: Settings | None) -> list[Diagnosis]:
    """Look at versions, service and releases, and at what the settings need besides; None: they cannot be read."""
    told = versions()
    names = ("gate", "python", "system", "machine")
    return [
        well("versions", ", ".join(f"{name} {told[name]}" for name in names)),
        service(device),
        releases(place),
        *(libraries(settings) if settings is not None else []),
    ]


def _importable(module: str) -> bool:
    return find_spec(module) is not None


def libraries(settings: Settings, there: Callable[[str], bool] = _importable) -> Iterator[Diagnosis]:
    """Say whether the libraries are there that the settings ask for and no release carries by itself.

    there: tells whether a module can be imported.
    """
    asked = {
        'storage.custody = "tpm"': (Extra.TPM, "tpm2_pytss", settings.storage.custody == "tpm"),
        'the reader "hid"': (Extra.READERS, "evdev", "hid" in _readers(settings)),
        'the reader "pcsc"': (Extra.READERS, "smartcard", "pcsc" in _readers(settings)),
    }
    for what, (extra, module, wanted) in asked.items():
        if not wanted:
            continue
        if there(module):
            yield well("library", f"{module} is there, which {what} asks for")
            continue
        yield wrong(
            "library",
            "library-absent",
            f"{what} needs the library {module}, which this release was not made with",
            remedy=f"As root: apt-get install {' '.join(NEEDS[extra].packages)}, then gate update add {extra}.",
        )


def _readers(settings: Settings) -> tuple[str, ...]:
    return (settings.reader.driver, *settings.reader.also)


def service(device: Device) -> Diagnosis:
    """Say whether systemd runs the gate, and whether it had to start it again."""
    state = device.ask(["systemctl", "show", UNIT, "--property=ActiveState", "--value"])
    if not state:
        return well("service", "systemd does not run here, or does not tell")
    restarts = device.ask(["systemctl", "show", UNIT, "--property=NRestarts", "--value"]) or "0"
    if state == "failed":
        return wrong(
            "service",
            "service-failed",
            f"{UNIT} failed: the door serves nobody",
            remedy=f"Read journalctl -u {UNIT} -n 50, mend what it says, then systemctl start {UNIT}.",
        )
    if state != "active":
        return note(
            "service", "service-stopped", f"{UNIT} is {state}", remedy=f"Start it: systemctl start {UNIT}"
        )
    if restarts not in {"0", "[not set]"}:
        return note(
            "service",
            "service-restarted",
            f"{UNIT} runs, and was started again {restarts} times by itself",
            remedy=f"Read journalctl -u {UNIT} for what ended it.",
        )
    return well("service", f"{UNIT} runs")


def releases(place: Place) -> Diagnosis:
    """Say which release is in force, and whether an update hangs or was taken back."""
    now = place.in_force()
    if now is None:
        return well(
            "release", "not installed by its package: a checkout, or an environment of somebody's own"
        )
    journal = Journal(place)
    if journal.read() is not None:
        return wrong(
            "release",
            "update-unfinished",
            "an update was interrupted, and is neither finished nor undone",
            remedy="Run gate update recover --start.",
        )
    history = journal.history()
    if history and history[-1].result is Result.UNDONE:
        last = history[-1]
        return note(
            "release",
            "update-undone",
            f"{now.version} is in force; {last.new} was taken back",
            remedy="Look at gate update list, and take a newer release.",
        )
    kept = [str(each.version) for each in place.installed() if each.version != now.version]
    return well("release", f"{now.version} is in force; kept beside it: {', '.join(kept) or 'none'}")
