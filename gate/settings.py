"""The only reader of the settings file. Every field has its unit in its name; an unknown key is an error.

Secrets never stand here: they come from systemd credentials or from sealed files.
"""

from __future__ import annotations

import difflib
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from gate.errors import ConfigError
from gate.release.place import DATA_DIR, KEYS_DIR
from gate.settings_devices import (
    ControllerSettings,
    GpioDoorSettings,
    HidSettings,
    OsdpSettings,
    PcscSettings,
    Section,
    WiegandSettings,
)
from gate.settings_rules import refuse_contradictions, refuse_in_file

PROJECT = Path(__file__).parent.parent
IN_CHECKOUT: Final = (PROJECT / "pyproject.toml").is_file()
SHARED: Final = PROJECT if IN_CHECKOUT else Path(sys.prefix) / "share" / "gate"
"""Where models/ and docs/requirements.md lie: in the checkout, or in the environment of an installed release."""

Provider = Literal["cpu", "cuda", "tensorrt"]
Fraction = Annotated[float, Field(ge=0, le=1)]
Register = Annotated[int, Field(ge=0, le=23)]


class SiteSettings(Section):
    """Who answers for this gate: printed in the notice, so it has no default.

    time_zone: in which hours are meant, by its IANA name.
    """

    gate_id: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    controller: str = Field(pattern=r"\S", max_length=200)
    contact: str = Field(pattern=r"\S", max_length=200)
    officer: str | None = Field(default=None, pattern=r"\S", max_length=200)
    processors: tuple[Annotated[str, Field(pattern=r"\S", max_length=200)], ...] = ()
    complaints: str | None = Field(default=None, pattern=r"\S", max_length=200)
    time_zone: str = Field(default="UTC", pattern=r"^[A-Za-z]", max_length=64)

    @property
    def zone(self) -> ZoneInfo:
        """Give the zone; settings that were read name one that is there."""
        return ZoneInfo(self.time_zone)


class NoticeSettings(Section):
    """The notice before any capture. folder: the site's own texts in place of the shipped ones."""

    minimum_s: float = Field(default=2.0, ge=2.0, le=60.0)
    folder: Path | None = None


class Under14Settings(Section):
    """Face for children under 14: off unless the manager enables it, each with a guardian's consent (R27)."""

    enabled: bool = False
    retention_days: int = Field(default=180, ge=1, le=180)


class FaceSettings(Section):
    """Face, which is off unless the site turns it on. liveness: what a face must show besides (docs/adr/0033)."""

    enabled: bool = False
    liveness: Literal["basic", "challenge", "depth"] = "basic"
    threshold_at_least: Fraction = 0.0
    providers: tuple[Provider, ...] = Field(default=("cpu",), min_length=1)
    threads: int = Field(default=0, ge=0, le=64)  # 0: as gate models tune measured here, else two
    detect_side_px: int = Field(default=320, ge=160, le=512, multiple_of=32)
    zone: tuple[Fraction, Fraction, Fraction, Fraction] = (0.0, 0.0, 1.0, 1.0)
    retention_days: int = Field(default=365, ge=1, le=365)
    under_14: Under14Settings = Under14Settings()


class CameraSettings(Section):
    """Where frames come from; *source* means what the driver says it means.

    A stream's address may hold the camera's own password: then keep the settings file to root and the gate.
    """

    driver: str  # from gate/vision/camera.py, which vision and `gate check` hold it against
    source: str = Field(default="", repr=False)
    width_px: int = Field(default=640, ge=160, le=3840)
    height_px: int = Field(default=480, ge=120, le=2160)
    frames_per_s: int = Field(default=25, ge=1, le=120)
    depth: str = ""  # from gate/vision/client.py: the depth camera beside it, where there is one


class DoorSettings(Section):
    """The strike. declared: what the lock does without power or host, which nothing here may guess (R67).

    leaf_sensor: whether the door tells if it is open. exit_contact: whether it tells of who leaves; without, no opening
    is called forced. interlock: whether another door must be shut before this opens.
    may_stand_open: whether the lock is made to be released for hours, as the door's hours may ask.
    """

    driver: str
    declared: Literal["fail-safe", "fail-secure"]
    release_s: float = Field(default=5.0, ge=0.5, le=7.0)
    held_after_s: float = Field(default=30.0, ge=5.0, le=600.0)
    leaf_sensor: bool = True
    exit_contact: bool = True
    interlock: bool = False
    may_stand_open: bool = False


class ReaderSettings(Section):
    """The card reader and keypad, without which face is not offered (R01). also: further readers, such as a scanner."""

    driver: str
    also: tuple[str, ...] = ()


class AccessSettings(Section):
    """What it takes to come in, the same for every method (R03).

    two_factors: a card with a PIN or a face, and never one of them alone. duress: second PINs that open and raise a
    silent alarm. passback_minutes: within which a second entry raises an alarm; 0: never.
    """

    two_factors: bool = False
    duress: bool = False
    passback_minutes: int = Field(default=0, ge=0, le=60)


class BrokerSettings(Section):
    """The broker events go to. Without this section an embedded one on loopback serves.

    home_assistant: whether the gate introduces itself to a Home Assistant at that broker, with its discovery prefix.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=8883, ge=1, le=65535)
    username: str | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    home_assistant: bool = False
    home_assistant_prefix: str = Field(
        default="homeassistant", pattern=r"^[A-Za-z0-9_-]{1,40}(/[A-Za-z0-9_-]{1,40}){0,3}$"
    )


class MetricsSettings(Section):
    """Figures for a Prometheus on this device: loopback only, and only where a site wants them."""

    enabled: bool = False
    port: int = Field(default=9464, ge=0, le=65535)


class EventsSettings(Section):
    """What leaves for the broker. epsilon: the noise's budget for one passage (docs/adr/0026); 0: no noise.

    deidentified_live: whether each passage goes out at once, as a de-identified event. Only the privacy officer switches
    that on, on the console: a settings file that says so is refused (R44).
    """

    epsilon: float = Field(default=1.0, ge=0.0, le=10.0)
    deidentified_live: bool = False


class CommandsSettings(Section):
    """Signed orders over the broker: off unless a site wants them, and then only the kinds that *allowed* names.

    keys: public Ed25519 keys as ``gate order key`` prints them, of whoever may give orders.
    """

    enabled: bool = False
    keys: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = Field(default=(), max_length=8)
    allowed: tuple[Literal["lockdown", "end-lockdown", "release"], ...] = ()


WEB_ADDRESS: Final = r"^https?://[^\s/]+(/\S*)?$"
"""What a telephone can open from a QR code."""


class WebSettings(Section):
    """The pages, served over TLS. public_url: where people's own telephones find the notice, for the QR codes (R13).

    host: the address they are served on, 0.0.0.0 or :: for all. screen_port: plain HTTP, on this device alone, for the
    gate's own screen. redirect_port: plain HTTP on *host* that leads to TLS and serves nothing. names: under which host
    names and addresses the site opens the pages. certificate_file, key_file: the site's own, in place of the gate's.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8443, ge=0, le=65535)
    screen_port: int = Field(default=8080, ge=0, le=65535)
    redirect_port: int | None = Field(default=None, ge=0, le=65535)
    names: tuple[Annotated[str, Field(min_length=1, max_length=253)], ...] = Field(default=(), max_length=16)
    certificate_file: Path | None = None
    key_file: Path | None = None
    public_url: str | None = Field(default=None, pattern=WEB_ADDRESS, max_length=300)


class ScreenSettings(Section):
    """The gate's screen. touch: false for a sign that cannot be touched; the keypad's keys lead through it then.

    sound: whether the end of a visit is heard. speech: whether it reads aloud on request, where espeak-ng is installed.
    """

    touch: bool = True
    sound: bool = True
    speech: bool = True


class StorageSettings(Section):
    """Where the database and, apart from it, the keys live, and who guards the root key.

    custody: from gate/store/keyring/custody.py; what it names is used, and nothing else in its place. tpm_tcti, tpm_pcrs: how
    the TPM is reached, and the registers of its SHA-256 bank that must stand as they did when the key was sealed.
    """

    data_dir: Path = Field(default=PROJECT / "state" / "data" if IN_CHECKOUT else DATA_DIR)
    keys_dir: Path = Field(default=PROJECT / "state" / "keys" if IN_CHECKOUT else KEYS_DIR)
    custody: Literal["file", "credential", "passphrase", "tpm"] = "file"
    tpm_tcti: str = Field(default="device:/dev/tpmrm0", pattern=r"^[a-z]+(:\S+)?$", max_length=200)
    tpm_pcrs: tuple[Register, ...] = Field(default=(7,), min_length=1, max_length=8)


class BackupSettings(Section):
    """Where the gate backs itself up; without this section it does so only on demand (``gate backup make``)."""

    folder: Path
    every_hours: int = Field(default=24, ge=1, le=168)


class Settings(Section):
    """All of one gate."""

    site: SiteSettings
    camera: CameraSettings | None = None
    door: DoorSettings
    reader: ReaderSettings
    osdp: OsdpSettings | None = None
    controller: ControllerSettings | None = None
    wiegand: WiegandSettings | None = None
    gpio_door: GpioDoorSettings | None = None
    hid: HidSettings | None = None
    pcsc: PcscSettings | None = None
    access: AccessSettings = AccessSettings()
    notice: NoticeSettings = NoticeSettings()
    face: FaceSettings = FaceSettings()
    broker: BrokerSettings | None = None
    events: EventsSettings = EventsSettings()
    commands: CommandsSettings = CommandsSettings()
    metrics: MetricsSettings = MetricsSettings()
    web: WebSettings = WebSettings()
    screen: ScreenSettings = ScreenSettings()
    storage: StorageSettings = StorageSettings()
    backup: BackupSettings | None = None
    models_dir: Path = Field(default=SHARED / "models")


def credentials_dir() -> Path | None:
    """Give the folder in which systemd hands over credentials, where it does."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder else None


def broker_password() -> str | None:
    """Give the broker's password from the systemd credential ``broker-password``, where there is one."""
    folder = credentials_dir()
    path = folder / "broker-password" if folder else None
    return path.read_text(encoding="utf-8").strip() if path and path.is_file() else None


def read_settings(path: Path) -> Settings:
    """Read and check one TOML file. Raises ConfigError that names the key, what it takes and the remedy."""
    try:
        # Strict JSON mode takes a list for a tuple and text for a path, as TOML has neither, and nothing else.
        document = json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str)
    except OSError as error:
        raise ConfigError(
            "settings-unreadable",
            f"The settings file {path} cannot be read: {error.strerror}.",
            remedy="Run this as root or as the gate's account."
            if isinstance(error, PermissionError)
            else "Copy deploy/gate.example.toml to it, or name another with --config.",
        ) from error
    except (ValueError, RecursionError) as error:  # also of a number without end, of brackets without end
        raise ConfigError(
            "settings-not-toml",
            f"{path} is not TOML: {error}.",
            remedy="Mend that line; the guide is deploy/gate.example.toml.",
        ) from error
    try:
        settings = Settings.model_validate_json(document)
    except ValidationError as error:
        raise ConfigError(
            "settings-invalid", f"{path}: {_explain(error)}.", remedy="Correct it and start again."
        ) from None  # pydantic's own text repeats the values
    refuse_in_file(settings)
    refuse_contradictions(settings)
    return settings


def _explain(error: ValidationError) -> str:
    """Say what is wrong with every faulty key in words that name the remedy; values are left out."""
    return "; ".join(
        dict.fromkeys(
            _told(fault["type"], fault["loc"], fault["msg"])
            for fault in error.errors(include_input=False, include_url=False)
        )
    )


def _told(kind: str, location: tuple[int | str, ...], message: str) -> str:
    """Say one fault. kind, message: as pydantic has them."""
    key = ".".join(str(part) for part in location)
    match kind:
        case "missing":
            return f"the setting {key} is missing" if len(location) > 1 else f"the section [{key}] is missing"
        case "extra_forbidden":
            return f"unknown setting {key}{_nearest(location)}"
        case "string_pattern_mismatch":
            return f"{key}: {_SHAPES.get(key, 'not of the form that deploy/gate.example.toml shows')}"
        case _:
            return f"{key}: {message[0].lower()}{message[1:]}{_unit(key)}"


_SHAPES = {
    "site.gate_id": "1 to 32 lower-case letters, digits and hyphens, such as north-gate",
    "site.controller": "it may not be empty",
    "site.contact": "it may not be empty",
    "site.time_zone": "a name of the IANA list, such as Asia/Shanghai",
    "web.public_url": "an address that begins with http:// or https://",
}


def _nearest(location: tuple[int | str, ...]) -> str:
    known = _keys_beside(location)
    name = str(location[-1])
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (did you mean {close[0]}{_unit(close[0])}?)" if close else f" (known here: {', '.join(known)})"


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    fields = Settings.model_fields
    for name in location[:-1]:
        section = fields[str(name)].annotation
        for candidate in getattr(section, "__args__", (section,)):
            if isinstance(candidate, type) and issubclass(candidate, Section):
                fields = candidate.model_fields
    return list(fields)


_UNITS = {"_s": "seconds", "_px": "pixels", "_hours": "hours", "_days": "days", "_per_s": "per second"}


def _unit(key: str) -> str:
    matching = [unit for suffix, unit in _UNITS.items() if key.endswith(suffix)]
    return f", in {matching[-1]}" if matching else ""
