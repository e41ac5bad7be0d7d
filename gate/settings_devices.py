"""The readers, doors and scanners a settings file may name: each section is one driver's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """One section of the settings file: closed, and never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


SerialPort = Annotated[str, Field(pattern=r"^/dev/\S+$", max_length=200)]
Baud = Literal[9600, 19200, 38400, 57600, 115200, 230400]
ChipLabel = Annotated[str, Field(pattern=r"^\S{1,32}$")]
Line = Annotated[int, Field(ge=0, le=511)]


class OsdpSettings(Section):
    """An OSDP reader on RS-485, its secure channel enforced (gate reader pair)."""

    port: SerialPort
    baud_per_s: Baud = 115200
    address: int = Field(default=1, ge=0, le=126)


class ControllerSettings(Section):
    """The door controller (firmware_bridge/mcu) on its serial line (gate door pair)."""

    port: SerialPort
    baud_per_s: Baud = 115200


class WiegandSettings(Section):
    """A Wiegand reader at this computer's own pins, through level shifters. chip: as gpiodetect prints its label."""

    chip: ChipLabel
    data0_line: Line
    data1_line: Line
    parity_bits: tuple[Annotated[int, Field(ge=20, le=128)], ...] = ()
    light_line: Line | None = None
    beeper_line: Line | None = None


class GpioDoorSettings(Section):
    """A strike behind a timer relay at this computer's own pins; relay_s: the time set at the relay."""

    chip: ChipLabel
    strike_line: Line
    relay_s: float = Field(ge=0.5, le=7.0)
    strike_active_low: bool = False
    leaf_line: Line | None = None
    exit_line: Line | None = None
    fire_line: Line | None = None
    case_line: Line | None = None
    power_line: Line | None = None
    other_door_line: Line | None = None
    inverted: tuple[Literal["leaf", "exit", "fire", "case", "power", "other_door"], ...] = ()


class HidSettings(Section):
    """A reader or scanner that types like a keyboard."""

    device: Annotated[str, Field(pattern=r"^/dev/input/\S+$", max_length=300)]
    kind: Literal["card", "code"]
    card_bits: int = Field(default=32, ge=20, le=128)
    base: Literal[10, 16] = 10


class PcscSettings(Section):
    """A contactless PC/SC reader. reader: how its name begins; empty: the only one there is."""

    reader: str = Field(default="", max_length=200)
