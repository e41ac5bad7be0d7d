"""The one seam to a computer's pins: what our drivers ask of them, and libgpiod 2 behind it.

Lines are active or at rest; which of both is high is settled when they are taken. Why libgpiod: docs/adr/0016.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from firmware_bridge.events import BridgeError

if TYPE_CHECKING:
    import gpiod

CONSUMER: Final = "gate"
EDGES_KEPT: Final = 1024
"""How many edges the kernel keeps for us: several frames. More than that is a flood, and a gap in the numbers tells."""
_DEV: Final = Path("/dev")


@dataclass(frozen=True, slots=True)
class Input:
    """A line to listen to, pulled high. debounce_us: how long a level must last to count; 0 for data lines."""

    line: int
    active_low: bool
    debounce_us: int = 0
    both_edges: bool = True


@dataclass(frozen=True, slots=True)
class Output:
    """A line to drive; it starts at rest."""

    line: int
    active_low: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """One change of an input. at_ns: the kernel's monotonic time. number: from 1 on, one more with each edge of any line."""

    line: int
    active: bool
    at_ns: int
    number: int


class Lines(Protocol):
    """Lines that are held, by nobody else, until released. Every call but *release* raises OSError when they are gone."""

    def edges(self, seconds: float) -> Sequence[Edge]:
        """Wait for edges, at most so long, and return those that came, oldest first."""

    def active(self, line: int) -> bool:
        """Tell whether a held input is active now."""

    def write(self, line: int, *, active: bool) -> None:
        """Drive a held output."""

    def release(self) -> None:
        """Give the lines back. Raises nothing; harmless twice."""


class Take(Protocol):
    """Takes hold of lines of the chip with this label, wherever the kernel numbered it."""

    def __call__(self, label: str, wires: Sequence[Input | Output]) -> Lines:
        """Raise BridgeError, with the remedy, when chip or lines are not to be had."""


def take_lines(label: str, wires: Sequence[Input | Output]) -> Lines:
    """Take lines of a real chip through libgpiod 2 (`Take`)."""
    try:
        import gpiod
    except ImportError as error:
        raise BridgeError("Pins need the library gpiod. Install gate with it: pip install gpiod.") from error
    path = _chip(label)
    try:
        request = gpiod.request_lines(
            str(path),
            {wire.line: _settings(wire) for wire in wires},
            consumer=CONSUMER,
            event_buffer_size=EDGES_KEPT,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no such line"
        raise BridgeError(
            f"The lines {', '.join(str(wire.line) for wire in wires)} of {label} cannot be taken: {reason}."
            " See with gpioinfo who holds them, and correct the line numbers or end that program."
        ) from error
    return _GpiodLines(request)


def _chip(label: str) -> Path:
    """Find a chip by its label: on a Pi 5 its number differs from kernel to kernel, the label does not."""
    import gpiod

    paths = sorted(path for path in _DEV.glob("gpiochip*") if gpiod.is_gpiochip_device(str(path)))
    labels: dict[str, Path] = {}
    closed = False
    for path in paths:
        try:
            with gpiod.Chip(str(path)) as chip:
                labels.setdefault(chip.get_info().label, path)
        except OSError:
            closed = True
    if label in labels:
        return labels[label]
    there = ", ".join(sorted(labels)) or "none"
    right = " Some may not be read: add the gate's user to the group gpio." if closed else ""
    raise BridgeError(f"No GPIO chip has the label {label}. Name one that is there: {there}.{right}")


def _settings(wire: Input | Output) -> gpiod.LineSettings:
    from datetime import timedelta

    import gpiod
    from gpiod.line import Bias, Clock, Direction, Value
    from gpiod.line import Edge as Edges

    if isinstance(wire, Output):
        return gpiod.LineSettings(
            direction=Direction.OUTPUT, active_low=wire.active_low, output_value=Value.INACTIVE
        )
    return gpiod.LineSettings(
        direction=Direction.INPUT,
        active_low=wire.active_low,
        bias=Bias.PULL_UP,
        # The kernel's edges are logical: rising is from rest to active, also where active is low.
        edge_detection=Edges.BOTH if wire.both_edges else Edges.RISING,
        debounce_period=timedelta(microseconds=wire.debounce_us),
        event_clock=Clock.MONOTONIC,
    )


class _GpiodLines:
    def __init__(self, request: gpiod.LineRequest) -> None:
        self._request = request

    def edges(self, seconds: float) -> Sequence[Edge]:
        if not self._request.wait_edge_events(seconds):
            return ()
        rising = _rising()
        return [
            Edge(each.line_offset, each.event_type is rising, each.timestamp_ns, each.global_seqno)
            for each in self._request.read_edge_events()
        ]

    def active(self, line: int) -> bool:
        from gpiod.line import Value

        return self._request.get_value(line) is Value.ACTIVE

    def write(self, line: int, *, active: bool) -> None:
        from gpiod.line import Value

        self._request.set_value(line, Value.ACTIVE if active else Value.INACTIVE)

    def release(self) -> None:
        from gpiod import RequestReleasedError

        with suppress(OSError, RequestReleasedError):
            self._request.release()


def _rising() -> gpiod.EdgeEvent.Type:
    from gpiod import EdgeEvent

    return EdgeEvent.Type.RISING_EDGE
