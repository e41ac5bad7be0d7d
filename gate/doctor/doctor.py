"""The whole examination: device, software, and everything ``gate check`` looks at. Nothing it meets ends it early."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gate.doctor.device import Device, look_at_device
from gate.doctor.findings import Diagnosis, State, well, wrong
from gate.doctor.software import look_at_software
from gate.errors import GateError
from gate.release.place import Place
from gate.settings import Settings, read_settings


@dataclass(frozen=True, slots=True)
class Examined:
    """What came out. settings: None where they cannot be read."""

    diagnoses: tuple[Diagnosis, ...]
    settings: Settings | None = field(repr=False)

    @property
    def sound(self) -> bool:
        """Tell whether nothing is wrong."""
        return all(each.state is not State.WRONG for each in self.diagnoses)


def examine(config: Path, *, device: Device | None = None, place: Place | None = None) -> Examined:
    """Look at everything. Opens no camera and shows no person; raises nothing that a part may raise."""
    device = device or Device()
    try:
        settings, of_file = read_settings(config), well("file", "the settings file is as it should be")
    except GateError as error:
        settings = None
        of_file = wrong("file", error.code, error.what, remedy=error.remedy)
    found = [
        of_file,
        *look_at_device(device, settings),
        *look_at_software(device, place or Place(), settings),
        *(_checked(settings) if settings is not None else []),
    ]
    return Examined(tuple(found), settings)


def _checked(settings: Settings) -> list[Diagnosis]:
    from gate.check import check_gate

    return [
        wrong(each.subject, each.error.code, each.error.what, remedy=each.error.remedy)
        if each.error is not None
        else well(each.subject, each.seen)
        for each in check_gate(settings)
    ]
