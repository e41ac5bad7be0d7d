"""``gate reader``: the key an OSDP reader shares with this gate, and the number of a card."""

from __future__ import annotations

import time
from queue import SimpleQueue
from typing import Annotated

import typer

from gate.commands.asking import opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.errors import DeviceFault, RequestError
from gate.settings import Settings
from gate.store import Store
from gate.wiring import devices_of

_LOOK_S = 0.02
_OSDP = "osdp"
"""The settings' section of the OSDP device, and the name of its key."""

reader = typer.Typer(
    no_args_is_help=True, help="The key an OSDP reader shares with this gate; a card's number."
)


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


@reader.command("read")
def reader_read(
    config: Config = DEFAULT_CONFIG,
    seconds: Annotated[int, typer.Option(min=1, max=600, help="How long to wait for a card.")] = 60,
) -> None:
    """Show the number of the next card that is held to a reader of this gate; stop the gate first. Stores nothing."""
    from firmware_bridge.events import BridgeError, CardRead, DeviceEvent

    with opened(config) as (settings, store):
        readers, _ = devices_of(settings, store.device_keys.get)
    cards: SimpleQueue[CardRead] = SimpleQueue()

    def hear(event: DeviceEvent) -> None:
        if isinstance(event, CardRead):
            cards.put(event)

    typer.echo(f"Hold a card to the reader, within {seconds} s.", err=True)
    until = time.monotonic() + seconds
    try:
        for each in readers:
            each.open(hear)
        while cards.empty() and time.monotonic() < until:
            for each in readers:
                each.poll(time.monotonic())
            time.sleep(_LOOK_S)
    except BridgeError as error:
        raise DeviceFault("reader-unread", str(error), remedy="Stop the gate, and try again.") from error
    finally:
        for each in readers:
            each.close()
    if cards.empty():
        raise DeviceFault(
            "reader-silent", "No card was read.", remedy="Look at the reader's light, cable and pairing."
        )
    card = cards.get()
    typer.echo(f"{card.bits}:{card.value}")


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
