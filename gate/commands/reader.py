"""``gate reader``: the key an OSDP reader shares with this gate."""

from __future__ import annotations

import typer

from gate.commands.asking import opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.errors import DeviceFault, RequestError
from gate.settings import Settings
from gate.store import Store

_OSDP = "osdp"
"""The settings' section of the OSDP device, and the name of its key."""

reader = typer.Typer(no_args_is_help=True, help="The key an OSDP reader shares with this gate.")


@reader.callback()
def _several() -> None:
    """Keep ``pair`` a word of its own."""


@reader.command("pair")
def reader_pair(config: Config = DEFAULT_CONFIG) -> None:
    """Give the OSDP reader a key of its own: stop the gate and put the reader in install mode first.

    Waits ten minutes at most. While a key is given, whoever listens to the reader's wires learns it: do it with the
    case in sight.
    """
    from firmware_bridge.events import BridgeError

    with opened(config) as (settings, store):
        try:
            done = _pair(settings, store)
        except BridgeError as error:
            raise DeviceFault(
                "reader-not-paired", str(error), remedy="Nothing that the gate uses was changed."
            ) from error
    typer.echo(done)


def _pair(settings: Settings, store: Store) -> str:
    """Complete the pairing that was broken off, or make a new one. Raises BridgeError."""
    from firmware_bridge.osdp.options import OsdpOptions
    from firmware_bridge.osdp.pairing import INSTALL_S, pair

    if settings.osdp is None:
        raise RequestError(
            "reader-no-osdp",
            "The settings name no OSDP reader.",
            remedy="Add the section [osdp] with its port (deploy/gate.example.toml).",
        )
    keys = store.device_keys
    in_use, offered = keys.get(_OSDP), keys.offered(_OSDP)
    typer.echo(f"Install mode is open for {INSTALL_S / 60:.0f} minutes at most; Ctrl-C closes it.", err=True)
    key = pair(
        OsdpOptions(**settings.osdp.model_dump()),
        known=tuple(known for known in (offered, in_use) if known is not None),
        keep=lambda fresh: keys.offer(_OSDP, fresh, at=trusted_now(store)),
    )
    if key == in_use:
        return "The reader has its key already; it was given no other. Start the gate."
    keys.confirm(_OSDP, at=trusted_now(store))
    return "The reader is paired and answers under its own key alone. Start the gate."
