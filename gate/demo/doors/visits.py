"""Chapters of ordinary days: who gets in, by what, when nobody does, and that leaving is free."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from gate.core import effects as do
from gate.core.alarms import Alarm
from gate.core.hours import DAYS
from gate.core.types import Reason
from gate.demo.doors.logbook import LogBook
from gate.demo.doors.wires import CARD, UNIT, Caller, Resident
from gate.demo.story import Story
from gate.store.account.audit import Actor

STRANGERS_CARD = 59999
_WRONG = "000000"


@dataclass(frozen=True, slots=True)
class Play:
    """What every chapter has in hand."""

    story: Story
    caller: Caller
    resident: Resident
    book: LogBook

    async def come_in(self) -> do.ShowResult:
        """Let the resident in at the OSDP reader: by her card, and her PIN where it takes both."""
        if not self.caller.gate.settings.access.two_factors:
            return await self.caller.card()
        return await self.caller.card_and_pin(self.resident.pin)


async def come_in(play: Play) -> None:
    """Card, card at the other reader, PIN, and what opens nothing."""
    story, caller, resident = play.story, play.caller, play.resident
    story.chapter("She comes home, by every way in.")
    await caller.rests()
    began = time.monotonic()
    caller.reader.present(CARD)
    await caller.until(lambda: not caller.box.locked, "the lock to be free")
    took = 1000 * (time.monotonic() - began)
    story.expect(
        True, f"her card at the OSDP reader: the lock is free after {took:.0f} ms, secure channel and all"
    )
    story.expect(caller.box.push(), "she pushes the door open")
    caller.box.shut()
    took = await caller.until(lambda: caller.box.locked, "the lock to hold")
    story.expect(caller.box.locked, f"the controller locks by its own clock {took:.1f} s later")
    shown = await caller.card_at_controller()
    story.expect(shown.granted, "her card at the controller's Wiegand reader: opens")
    shown = await caller.pin(resident.pin)
    story.expect(shown.granted, "unit and PIN at the OSDP keypad: open")
    for what, act in (("a wrong PIN", caller.pin(_WRONG)), ("a strange card", caller.card(STRANGERS_CARD))):
        shown = await act
        story.expect(
            not shown.granted and caller.box.locked,
            f"{what}: refused ({shown.reason}), and the door stays locked",
        )


async def come_as_guest(play: Play) -> None:
    """Let a guest in by a code, once."""
    story, caller = play.story, play.caller
    story.chapter("A guest comes with a code.")
    now = caller.gate.clock.now()
    code = caller.gate.store.visits.issue(play.resident.person, now, now + timedelta(hours=2), at=now).text
    shown = await caller.code(code)
    story.expect(shown.granted, "her guest's code, signed by this gate: opens")
    shown = await caller.code(code)
    story.expect(not shown.granted and caller.box.locked, f"the same code again: refused ({shown.reason})")


async def come_under_threat(play: Play) -> None:
    """Open under threat: it looks the same everywhere but on the status page."""
    story, caller, resident = play.story, play.caller, play.resident
    story.chapter("Somebody makes her open.")
    honest = await caller.pin(resident.pin)
    at_rest = caller.gate.alarms.standing
    seen = await caller.pin(resident.duress_pin)
    same = (seen.granted, seen.reason) == (honest.granted, honest.reason)
    story.expect(
        same and at_rest == (), "with her duress PIN the screen, the lights and the door do the same"
    )
    story.expect(
        Alarm.DURESS in caller.gate.status().alarms, "the status page alone calls for help, and names nobody"
    )
    named = [word for word in (resident.pin, resident.duress_pin, resident.person) if word in play.book.text]
    story.expect(named == [], "nothing of it in the log says who she is")


async def come_at_another_hour(play: Play) -> None:
    """Hours refuse every method alike (R03)."""
    story, caller = play.story, play.caller
    gate, permits = caller.gate, caller.gate.store.permits
    story.chapter("Her hours, and a lockdown, hold for every way in alike.")
    now = gate.clock.now()
    permits.set("another-day", f"{DAYS[(now.weekday() + 3) % 7]} 08:00-18:00", now)
    permits.give(UNIT, "another-day", now)
    reasons = await _refused(play)
    story.expect(
        reasons == [Reason.NOT_NOW] * 3,
        f"outside her hours: card, PIN and her guest's code alike ({reasons[0]})",
    )
    permits.give(UNIT, None, now)


async def nobody_comes_in(play: Play) -> None:
    """Lock down: everybody is refused, and leaving is free (R66)."""
    story, caller = play.story, play.caller
    lockdown = caller.gate.store.lockdown
    lockdown.begin(caller.gate.clock.now(), Actor.INSTALLER)
    await caller.until(lambda: caller.gate.doorkeeper.door.lockdown, "the lockdown to be heeded")
    reasons = await _refused(play)
    story.expect(
        reasons == [Reason.DOOR_LOCKED] * 3, f"in a lockdown: card, PIN and code alike ({reasons[0]})"
    )
    caller.box.press_exit()
    took = await caller.until(lambda: not caller.box.locked, "the exit to open")
    story.expect(
        not caller.box.locked, f"leaving is free: the exit button opens in {1000 * took:.0f} ms, on the board"
    )
    lockdown.end(caller.gate.clock.now(), Actor.INSTALLER)
    await caller.until(lambda: not caller.gate.doorkeeper.door.lockdown, "the end of the lockdown")
    await caller.rests()
    shown = await caller.card()
    story.expect(shown.granted, "the lockdown is over: her card opens")


async def _refused(play: Play) -> list[Reason]:
    """Try card, PIN and a fresh code; give why each was refused."""
    caller, now = play.caller, play.caller.gate.clock.now()
    visit = caller.gate.store.visits.issue(play.resident.person, now, now + timedelta(hours=2), at=now)
    views = [await caller.card(), await caller.pin(play.resident.pin), await caller.code(visit.text)]
    caller.gate.store.visits.revoke(visit.visit.id, now)
    return [view.reason for view in views if not view.granted]
