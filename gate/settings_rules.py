"""What settings may not say together, each with its remedy."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gate.core.orders import is_weak
from gate.errors import ConfigError

if TYPE_CHECKING:
    from gate.settings import Settings

LEAST_EPSILON: Final = 0.05


def refuse_contradictions(settings: Settings) -> None:
    """Raise ConfigError for the first of the rules that *settings* break."""
    for rule in RULES:
        rule(settings)


def refuse_in_file(settings: Settings) -> None:
    """Raise ConfigError for what a settings file may not say, though the console may."""
    if settings.events.deidentified_live:
        raise ConfigError(
            "settings-live-events",
            "events.deidentified_live cannot be switched on in the settings file: each passage would leave at once, "
            "de-identified at most.",
            remedy="Take it out. The privacy officer switches it on, on the console under Live events.",
        )


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


def _web_names(settings: Settings) -> None:
    for name in settings.web.names:
        if not (is_address(name) or _DNS_NAME.fullmatch(name)) or is_everywhere(name):
            raise ConfigError(
                "settings-web-names",
                "web.names holds something that is neither a host name in small letters nor an address.",
                remedy='Give names and addresses without port or https://, such as "gate.garden.example" or "192.168.1.20".',
            )
    if is_everywhere(settings.web.host) and not settings.web.names:
        raise ConfigError(
            "settings-web-names",
            "web.host serves the network, but web.names does not say under which names: every request would be refused.",
            remedy='Name what people type to open the pages, such as web.names = ["gate.garden.example", "192.168.1.20"].',
        )


def _web_host(settings: Settings) -> None:
    if not (is_address(settings.web.host) or settings.web.host == "localhost"):
        raise ConfigError(
            "settings-web-host",
            "web.host is no address of this device: it says where the pages are served, not how they are called.",
            remedy="Give 127.0.0.1, 0.0.0.0 or an address of this device; names go to web.names.",
        )


def _web_ports(settings: Settings) -> None:
    web, metrics = settings.web, settings.metrics
    asked = (web.port, web.screen_port, web.redirect_port, metrics.port if metrics.enabled else None)
    ports = [port for port in asked if port]
    if len(set(ports)) < len(ports):
        raise ConfigError(
            "settings-web-ports",
            "Two of web.port, web.screen_port, web.redirect_port and metrics.port are the same.",
            remedy="Give each a port of its own; 8443, 8080, 80 and 9464 are usual.",
        )


def _web_certificate(settings: Settings) -> None:
    if (settings.web.certificate_file is None) != (settings.web.key_file is None):
        raise ConfigError(
            "settings-web-certificate",
            "web.certificate_file and web.key_file go together, and only one is there.",
            remedy="Name both, or neither: then the gate makes a certificate of its own.",
        )


def _commands(settings: Settings) -> None:
    commands = settings.commands
    if commands.enabled and not (commands.keys and commands.allowed):
        raise ConfigError(
            "settings-commands",
            "commands.enabled is true, but commands.keys or commands.allowed is empty: nothing could be ordered.",
            remedy="Name the public keys that gate order key printed, and what they may order, or take enabled out.",
        )
    if len(set(commands.keys)) < len(commands.keys) or any(
        is_weak(bytes.fromhex(key)) for key in commands.keys
    ):
        raise ConfigError(
            "settings-commands-key",
            "commands.keys names a key twice, or one for which anybody can sign, such as all zeros.",
            remedy="Make a key with gate order key, and name what it prints.",
        )


def _epsilon(settings: Settings) -> None:
    epsilon = settings.events.epsilon
    if 0 < epsilon < LEAST_EPSILON:
        raise ConfigError(
            "settings-epsilon",
            f"events.epsilon is {epsilon}: with so much noise no number would mean anything.",
            remedy=f"Give {LEAST_EPSILON} or more, up to 10; or 0 for no noise.",
        )


def is_address(text: str) -> bool:
    """Tell whether *text* is an IP address, without brackets or port."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # a scope names an interface of one device: nobody else's name for it


def is_everywhere(host: str) -> bool:
    """Tell whether *host* means every address of this device."""
    return is_address(host) and ipaddress.ip_address(host).is_unspecified


_DNS_NAME: Final = re.compile(
    r"(?=.*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)

RULES: Final[tuple[Callable[[Settings], None], ...]] = (
    _zone,
    _tls,
    _relay,
    _readers,
    _camera,
    _backup,
    _time_zone,
    _web_host,
    _web_names,
    _web_ports,
    _web_certificate,
    _commands,
    _epsilon,
)
