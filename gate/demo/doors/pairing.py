"""The first chapter: reader and controller get their keys by the commands that an installer types."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from gate.check import Finding, check_gate
from gate.commands.door import door_pair
from gate.commands.reader import reader_pair
from gate.demo.doors.wires import Wires
from gate.demo.story import Story


def pair_both(story: Story, there: Wires) -> None:
    """Tell that neither device is believed before it is paired, and pair both."""
    story.expect(*_unpaired(there, "gate reader pair"))
    said = _said(reader_pair, there.config)
    story.expect(there.reader.key is not None, f"gate reader pair: {said}")
    story.expect(*_unpaired(there, "gate door pair"))
    there.box.pair_button()
    said = _said(door_pair, there.config)
    story.expect(there.box.key is not None, f"its pairing button is pressed; gate door pair: {said}")
    found = _devices(there)
    story.expect(all(each.ok for each in found), f"gate check, door: {found[-1].seen}")


def _unpaired(there: Wires, remedy: str) -> tuple[bool, str]:
    """Tell whether the check names the device that lacks its key, with *remedy*, and what it says."""
    first = _devices(there)[0]
    return (
        not first.ok and "[device-unpaired]" in first.seen and remedy in first.seen,
        f"gate check: {first.seen}",
    )


def _devices(there: Wires) -> list[Finding]:
    return [each for each in check_gate(there.settings) if each.subject in {"reader", "door"}]


def _said(command: Callable[[Path], None], config: Path) -> str:
    """Run a command as typed; give its last line."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        command(config)
    return (out.getvalue().strip().splitlines() or [""])[-1]
