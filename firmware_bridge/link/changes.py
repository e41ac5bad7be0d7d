"""From states to events: what is different from the state before. Pure."""

from __future__ import annotations

from typing import Final

from firmware_bridge.events import (
    CaseClosed,
    CaseOpened,
    DeviceEvent,
    ExitRequested,
    FireOver,
    FireStarted,
    LeafClosed,
    LeafOpened,
    OtherDoorClosed,
    OtherDoorOpened,
    PowerBack,
    PowerFailed,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.link.messages import State

_INPUTS: Final[tuple[tuple[int, DeviceEvent, DeviceEvent], ...]] = (
    (State.FIRE, FireStarted(), FireOver()),
    (State.LEAF_OPEN, LeafOpened(), LeafClosed()),
    (State.CASE_OPEN, CaseOpened(), CaseClosed()),
    (State.POWER_FAILED, PowerFailed(), PowerBack()),
    (State.OTHER_OPEN, OtherDoorOpened(), OtherDoorClosed()),
)
"""Bit, event when it is set, event when it is not; fire before all else."""


class Changes:
    """The last state, and the events that lead from one to the next.

    What led to a thing is told before it: an exit request and a freed strike before the leaf that moved by them.
    """

    def __init__(self) -> None:
        self._state: State | None = None
        self._told_inputs = False
        self._strike_free = False
        self._exits: int | None = None

    def forget_told(self) -> None:
        """Tell every input, and a strike that is free, anew with the next state: the device was lost."""
        self._told_inputs = False

    def restarted(self) -> None:
        """Begin to count exit requests anew: the controller has started anew."""
        self._exits = None

    def present(self) -> list[DeviceEvent]:
        """Return how each fitted input is, and whether the strike is free."""
        state = self._state
        if state is None:
            return []
        inputs = [on if state.bits & bit else off for bit, on, off in _INPUTS if state.fitted & bit]
        return [StrikeReleased(), *inputs] if self._strike_free else inputs

    def released(self) -> list[DeviceEvent]:
        """Tell that the strike is free, and remember it."""
        self._strike_free = True
        return [StrikeReleased()]

    def locked(self) -> list[DeviceEvent]:
        """Tell that the strike holds again, if it was free."""
        was_free, self._strike_free = self._strike_free, False
        return [StrikeLocked()] if was_free else []

    def exit(self, exits: int) -> list[DeviceEvent]:
        """Tell of an exit request, once. exits: how many so far, modulo 256."""
        known, self._exits = self._exits, exits
        return [] if exits == known else [ExitRequested()]

    def state(self, state: State) -> list[DeviceEvent]:
        """Take the next state; return what is different.

        The strike follows the state whatever was told of releases. A button that is held when the first state comes is
        an exit request like any other: the leaf may be moving by it.
        """
        before, self._state = self._state, state
        known = 0 if before is None or not self._told_inputs else before.fitted
        anew, self._told_inputs = not self._told_inputs, True
        moved = [
            on if state.bits & bit else off
            for bit, on, off in _INPUTS
            if state.fitted & bit and (not known & bit or before is None or (before.bits ^ state.bits) & bit)
        ]
        events: list[DeviceEvent] = []
        if self._exits is None and not state.bits & State.EXIT_PRESSED:
            self._exits = state.exits
        events += self.exit(state.exits)
        free = bool(state.bits & State.STRIKE_FREE)
        if free and (anew or not self._strike_free):
            events += self.released()
        events += moved
        if not free:
            events += self.locked()
        return events
