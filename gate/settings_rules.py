"""What settings may not say together, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gate.errors import ConfigError

if TYPE_CHECKING:
    from gate.settings import Settings


def refuse_contradictions(settings: Settings) -> None:
    """Raise ConfigError for the first of the rules that *settings* break."""
    for rule in RULES:
        rule(settings)


def _zone(settings: Settings) -> None:
    left, top, right, bottom = settings.face.zone
    if not (left < right and top < bottom):
        raise ConfigError(
            "settings-zone",
            "face.zone is empty: it takes left, top, right, bottom as fractions of the picture.",
            remedy="Give left below right and top below bottom, such as [0.2, 0.0, 0.8, 1.0].",
        )


def _tls(settings: Settings) -> None:
    broker = settings.broker
    if broker and (
        (broker.certificate_file or broker.key_file) and not (broker.ca_file and broker.certificate_file)
    ):
        raise ConfigError(
            "settings-tls",
            "broker.certificate_file and key_file mean nothing without broker.ca_file and certificate_file.",
            remedy="Name the authority that signed the broker's certificate, and the gate's own certificate.",
        )


def _relay(settings: Settings) -> None:
    relay = settings.gpio_door
    if relay and settings.door.driver == "gpio" and settings.door.release_s < relay.relay_s:
        raise ConfigError(
            "settings-relay",
            "door.release_s is shorter than gpio_door.relay_s: the relay would free the strike for longer than asked.",
            remedy="Give both the time that is set at the relay.",
        )


def _readers(settings: Settings) -> None:
    names = (settings.reader.driver, *settings.reader.also)
    if len(set(names)) < len(names):
        raise ConfigError(
            "settings-readers",
            "reader.driver and reader.also name one reader twice.",
            remedy="Name each reader once.",
        )
    if settings.reader.driver == "hid" and settings.hid and settings.hid.kind == "code":
        raise ConfigError(
            "settings-scanner",
            "reader.driver names a scanner for codes: face must never be the only way in besides it (R01).",
            remedy="Name the card reader or keypad as reader.driver, and the scanner in reader.also.",
        )


def _camera(settings: Settings) -> None:
    if settings.face.enabled and settings.camera is None:
        raise ConfigError(
            "settings-camera",
            "face.enabled is true but there is no [camera] section.",
            remedy="Add [camera] with a driver, or set face.enabled to false.",
        )


def _backup(settings: Settings) -> None:
    if settings.backup is None:
        return
    folder = settings.backup.folder.resolve()
    if any(
        folder.is_relative_to(own.resolve()) for own in (settings.storage.data_dir, settings.storage.keys_dir)
    ):
        raise ConfigError(
            "settings-backup",
            "backup.folder lies in the data or the key folder: what takes the one takes the other.",
            remedy="Name a folder on another medium.",
        )


def _time_zone(settings: Settings) -> None:
    try:
        settings.site.zone  # noqa: B018 - it loads, or it does not
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(
            "settings-time-zone",
            "site.time_zone names no time zone of this device.",
            remedy="Name one of the IANA list, such as Asia/Shanghai, Europe/Berlin or UTC (timedatectl list-timezones).",
        ) from error


RULES: Final[tuple[Callable[[Settings], None], ...]] = (
    _zone,
    _tls,
    _relay,
    _readers,
    _camera,
    _backup,
    _time_zone,
)
