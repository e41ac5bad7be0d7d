"""``gate door``: what the door does by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from gate.commands.asking import opened, trusted_now
from gate.commands.hours import line
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.core.hours import NONE
from gate.errors import DeviceFault, RequestError
from gate.settings import Settings
from gate.store import Store
from gate.store.permits import DoorHoursKind

_CONTROLLER = "controller"
"""The settings' section of the door controller, and the name of its key."""

door = typer.Typer(no_args_is_help=True, help="The door's own hours, and its controller's key.")


@door.command("hours")
def door_hours(
    locked: Annotated[
        str | None, typer.Option(help=f"Hours in which nobody comes in; {NONE}: no more.")
    ] = None,
    stands_open: Annotated[
        str | None, typer.Option("--open", help=f"Hours in which the door stands open; {NONE}: no more.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let the door stand locked or open by itself in hours of these names; where both hold, it is locked."""
    asked = {DoorHoursKind.LOCKED: locked, DoorHoursKind.OPEN: stands_open}
    with opened(config) as (settings, store):
        if stands_open not in {None, NONE} and not settings.door.may_stand_open:
            raise RequestError(
                "door-cannot-stand-open",
                "This door's lock is not said to be made for standing open.",
                remedy="If it is, set door.may_stand_open to true in the settings, and pair a door controller anew"
                " (gate door pair); nothing was changed.",
            )
        store.permits.set_door(
            {kind: None if name == NONE else name for kind, name in asked.items() if name is not None},
            trusted_now(store),
        )
        kept = store.permits.door()
    for kind, each in kept.items():
        typer.echo(f"The door stands {kind.value} in: {line(each)}")
    if not kept:
        typer.echo("The door keeps no hours of its own.")


@door.command("pair")
def door_pair(config: Config = DEFAULT_CONFIG) -> None:
    """Give the door controller a new key: press the pairing button in its case first, and stop the gate meanwhile."""
    from firmware_bridge.events import BridgeError

    with opened(config) as (settings, store):
        try:
            done = _pair(settings, store)
        except BridgeError as error:
            raise DeviceFault(
                "controller-not-paired",
                str(error),
                remedy="Nothing that the gate uses was changed. Stop the gate, then run gate door pair again.",
            ) from error
    typer.echo(done)


def _pair(settings: Settings, store: Store) -> str:
    """Complete the pairing that was broken off, or begin a new one. Raises BridgeError.

    A key is kept before it is sent: whatever breaks in between, one of the kept keys is the controller's.
    """
    from firmware_bridge.drivers import Declared
    from firmware_bridge.link.controller import ControllerOptions
    from firmware_bridge.link.pairing import holds, new_key, pair

    if settings.controller is None:
        raise RequestError(
            "door-no-controller",
            "The settings name no door controller.",
            remedy="Add the section [controller] with its port (deploy/gate.example.toml).",
        )
    options = ControllerOptions(settings.controller.port, settings.controller.baud_per_s)
    keys, at = store.device_keys, trusted_now(store)
    offered = keys.offered(_CONTROLLER)
    if offered is not None and holds(options, offered):
        keys.confirm(_CONTROLLER, at=at)
        return "The pairing that was begun before is complete. Start the gate."
    key = new_key()
    keys.offer(_CONTROLLER, key, at=at)
    pair(options, key, Declared(settings.door.declared), may_stand_open=settings.door.may_stand_open)
    keys.confirm(_CONTROLLER, at=at)
    return f"The door controller is paired, for a door that is {settings.door.declared}. Start the gate."
