"""A person at a desk gate: steps up, chooses, holds a card, types a PIN, and waits for what the screen says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gate.app import RunningGate
from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import Idle
from gate.core.types import Method, Seconds
from gate.service import new_attempt
from gate.simulated import DeskSimulation, SimulatedScreen

LOOK_S: Seconds = 0.005
PATIENCE_S: Seconds = 30.0

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Visit:
    """How one visit went. result is None where face was not offered."""

    result: do.ShowResult | None
    notice_s: Seconds = 0.0
    decided_s: Seconds = 0.0

    @property
    def granted(self) -> bool:
        """Tell whether the door was released for it."""
        return self.result is not None and self.result.granted


class Visitor:
    """One person after another, as a simulated screen and simulated devices see them."""

    def __init__(self, gate: RunningGate, screen: SimulatedScreen) -> None:
        assert gate.simulation is not None, "a visitor needs simulated devices"
        self.gate = gate
        self.screen = screen
        self.devices: DeskSimulation = gate.simulation

    async def by_face(self, scene: str) -> Visit:
        """Step up as *scene*, read the notice, choose face if it is offered, and wait for the answer."""
        await self.gate_rests()
        self.devices.set_scene(scene)
        came = self._now()
        seen = len(self.screen.views)
        self.gate.inputs.put_nowait(on.Presence(new_attempt()))
        offer = await self._shown(do.OfferMethods, since=seen)
        notice_s = self._now() - came
        if Method.FACE not in offer.methods:
            self.gate.inputs.put_nowait(on.Cancelled(offer.attempt))
            return Visit(None, notice_s)
        chose = self._now()
        self.gate.inputs.put_nowait(on.FaceChosen(offer.attempt))
        result = await self._shown(do.ShowResult, since=seen)
        return Visit(result, notice_s, self._now() - chose)

    async def by_card(self, value: int) -> Visit:
        """Hold a card to the reader and wait for the answer."""
        return await self._at_reader(lambda: self.devices.present_card(value))

    async def by_pin(self, unit: str, pin: str) -> Visit:
        """Type unit and PIN and wait for the answer."""
        return await self._at_reader(lambda: self.devices.press(f"{unit}#{pin}#"))

    async def gate_rests(self) -> None:
        """Wait until nobody is being served."""
        await self.until(lambda: isinstance(self.gate.service.gate.phase, Idle), "the gate to rest")

    async def until(self, holds: Callable[[], bool], what: str, patience: Seconds = PATIENCE_S) -> Seconds:
        """Wait until *holds*; give how long it took. Raises TimeoutError that names *what* was waited for."""
        began = self._now()
        while not holds():
            if self._now() - began > patience:
                raise TimeoutError(f"waited {patience:g} s for {what}")
            await asyncio.sleep(LOOK_S)
        return self._now() - began

    async def _at_reader(self, act: Callable[[], None]) -> Visit:
        await self.gate_rests()
        seen, began = len(self.screen.views), self._now()
        act()
        result = await self._shown(do.ShowResult, since=seen)
        return Visit(result, decided_s=self._now() - began)

    async def _shown(self, kind: type[V], *, since: int) -> V:
        found: list[V] = []

        def look() -> bool:
            found.extend(view for view in self.screen.views[since:] if isinstance(view, kind))
            return bool(found)

        await self.until(look, f"the screen to show {kind.__name__}")
        return found[0]

    def _now(self) -> Seconds:
        return self.gate.clock.monotonic()
