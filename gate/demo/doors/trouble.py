"""Chapters of bad days: fire, cut wires, a hung host, a forced door, and somebody at the wires."""

from __future__ import annotations

import os
import secrets

from gate.core.alarms import Alarm
from gate.core.door import DoorView
from gate.core.types import Reason
from gate.demo.doors.visits import Play
from gate.demo.doors.wires import CARD, HELD_AFTER_S, RELEASE_S

LEASE_S = 5.0
_LATE_S = 0.3
"""What a lock may be late in the eyes of a watcher on a busy machine."""
_NOISE_BYTES = 400
_KEY_BYTES = 16


async def burn(play: Play) -> None:
    """Fire frees the door while the host hangs (R65)."""
    story, caller = play.story, play.caller
    story.chapter("Fire, while the gate's computer hangs.")
    await caller.rests()
    caller.box.fire(True)
    took = caller.hang_until(lambda: not caller.box.locked, "the lock to be free")
    story.expect(
        True,
        f"the door is free after {1000 * took:.0f} ms, by the controller alone: the gate's loop stands still",
    )
    await caller.until(lambda: Alarm.FIRE in caller.gate.alarms.standing, "the alarm")
    story.expect(
        caller.gate.doorkeeper.look is DoorView.FIRE, "the gate learns of it when it is back, and alarms"
    )
    caller.box.fire(False)
    await caller.until(lambda: caller.box.locked, "the lock to hold")
    await caller.until(lambda: Alarm.FIRE not in caller.gate.alarms.standing, "the end of the alarm")
    story.expect(caller.box.locked, "the fire is over: the controller locks, and the alarm ends")


async def pull_the_cable(play: Play) -> None:
    """Pull the cable mid-unlock."""
    story, caller = play.story, play.caller
    story.chapter("Things break in the middle of an unlock.")
    await _open(play)
    play.book.clear()
    caller.box.pull()
    took = await caller.until(lambda: caller.box.locked, "the lock to hold")
    story.expect(
        took <= RELEASE_S + _LATE_S, f"cable pulled: the controller locks by itself {took:.1f} s later"
    )
    await caller.until(lambda: not caller.gate.hardware.door_healthy, "the loss to be seen")
    shown = await caller.card()
    story.expect(
        not shown.granted and shown.reason is Reason.FAULT and caller.box.locked,
        f"meanwhile nobody is let in ({shown.reason}), and the alarm stands: {', '.join(caller.gate.alarms.standing)}",
    )
    caller.box.plug()
    await caller.until(lambda: caller.gate.hardware.door_healthy, "the controller to be back")
    await caller.until(lambda: play.book.named("device_back", "door") != [], "the word of it")
    lines = [play.book.named(event, "door") for event in ("device_lost", "device_back")]
    story.expect([len(each) for each in lines] == [1, 1], "in the log the door is lost once, and back once")
    await caller.rests()
    story.expect((await caller.card()).granted, "and her card opens again")


async def reset_the_controller(play: Play) -> None:
    """Start the controller again mid-unlock: it releases nothing by itself."""
    story, caller = play.story, play.caller
    await _open(play)
    caller.box.reset()
    story.expect(caller.box.locked, "controller reset: its outputs fall at once")
    await caller.until(lambda: not caller.gate.hardware.door_healthy, "the loss to be seen")
    await caller.until(lambda: caller.gate.hardware.door_healthy, "the controller to be back")
    story.expect(caller.box.locked, "it is back in a new session, and does not finish what was asked before")
    story.expect((await caller.card()).granted, "her card, held there once more, opens")


async def hang_the_host(play: Play, *, fail_safe: bool = False) -> None:
    """Hang the host mid-unlock: the controller ends it, and after its lease stands as declared (R67)."""
    story, caller = play.story, play.caller
    await _open(play)
    took = caller.hang_until(lambda: caller.box.locked, "the lock to hold")
    story.expect(took <= RELEASE_S + _LATE_S, f"host hung: the controller locks by itself {took:.1f} s later")
    if fail_safe:
        took += caller.hang_until(lambda: not caller.box.locked, "the declared state")
        story.expect(
            took <= LEASE_S + 1,
            f"after {took:.1f} s without a word of it the door is as declared, fail-safe: unlocked",
        )
    else:
        caller.hang_for(LEASE_S + 0.5 - took)
        story.expect(caller.box.locked, "past its lease the door is as declared, fail-secure: locked")
    await caller.until(lambda: caller.gate.hardware.door_healthy and caller.box.locked, "the gate to be back")
    story.expect(await _open(play), "the host is back, and she comes in")


async def break_in(play: Play) -> None:
    """Force the leaf, hold it, and open a case."""
    story, caller = play.story, play.caller
    alarms = caller.gate.alarms
    story.chapter("Hands on the door.")
    await caller.rests()
    gate = caller.gate
    # A leaf that opens soon after a release, or after the controller came back, is not called forced.
    await caller.until(
        lambda: gate.clock.monotonic() > gate.doorkeeper.door.excused_until, "the last opening to be over"
    )
    caller.box.force()
    await caller.until(lambda: Alarm.FORCED in alarms.standing, "the alarm")
    story.expect(caller.gate.doorkeeper.look is DoorView.FORCED, "the leaf is forced: alarm")
    caller.box.shut()
    await caller.until(lambda: Alarm.FORCED not in alarms.standing, "the end of the alarm")
    await _open(play)
    caller.box.push()
    took = await caller.until(lambda: Alarm.HELD in alarms.standing, "the alarm", patience=4 * HELD_AFTER_S)
    story.expect(
        caller.box.locked, f"the leaf is held open: alarm after {took:.1f} s, and the bolt is out already"
    )
    caller.box.shut()
    await caller.until(lambda: Alarm.HELD not in alarms.standing, "the end of the alarm")
    caller.reader.tamper(on=True)
    await caller.until(lambda: Alarm.TAMPER in alarms.standing, "the alarm")
    shown = await caller.card()
    story.expect(
        shown.granted, "the OSDP reader's case is opened: alarm; a card still opens, for people live here"
    )
    caller.reader.tamper(on=False)
    await caller.until(lambda: Alarm.TAMPER not in alarms.standing, "the end of the alarm")


async def listen_at_the_wires(play: Play) -> None:
    """Noise, a reader with another key, and recorded frames."""
    story, caller = play.story, play.caller
    story.chapter("Somebody is at the wires.")
    await caller.rests()
    play.book.clear()
    for _ in range(5):
        caller.reader.babble(os.urandom(_NOISE_BYTES))
        caller.box.babble(os.urandom(_NOISE_BYTES))
    story.expect((await caller.card()).granted, "noise on both lines: her card opens all the same")
    await caller.rests()
    await _replay(play)
    await _impostor(play)


async def _replay(play: Play) -> None:
    story, caller = play.story, play.caller
    recorded = caller.box.overheard
    moved = False
    for start in range(0, len(recorded), 256):
        caller.box.tell(recorded[start : start + 256])
        await caller.wait(0.1)
        moved |= not caller.box.locked
    story.expect(
        not moved,
        f"{len(recorded)} recorded bytes, a release among them, played to the controller: it does nothing",
    )
    await caller.until(lambda: caller.gate.hardware.door_healthy, "the controller to be well")


async def _impostor(play: Play) -> None:
    story, caller = play.story, play.caller
    true_key, results = caller.reader.key, caller.results
    caller.reader.restart(key=secrets.token_bytes(_KEY_BYTES))
    await caller.until(
        lambda: Alarm.READER_LOST in caller.gate.alarms.standing, "the loss of the reader", patience=30
    )
    caller.reader.present(CARD)
    await caller.wait(1.0)
    story.expect(
        caller.results == results and caller.box.locked,
        "another reader in its place, with another key: never believed, whatever card it reports",
    )
    cause = play.book.named("device_lost", "reader")[-1:]
    story.expect(len(cause) == 1, f"the log: {cause[0]['cause'] if cause else '?'}")
    shown = await caller.card_at_controller()
    story.expect(shown.granted, "the controller's own reader goes on meanwhile")
    caller.reader.restart(key=true_key)
    await caller.until(lambda: caller.gate.hardware.reader_healthy, "the reader to be back", patience=30)
    story.expect((await caller.card()).granted, "the true one is back by itself, and her card opens")


async def _open(play: Play) -> bool:
    """Let her in and wait until the lock is free; tell whether the screen granted it."""
    shown = await play.come_in()
    if shown.granted:
        await play.caller.until(lambda: not play.caller.box.locked, "the lock to be free")
    return shown.granted
