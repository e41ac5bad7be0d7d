"""One door as it is: a lock, the controller's own logic, a line, and the host's door core, in steps of 50 ms.

The controller's half is the firmware's DoorLogic and the host's half gate.core.door, both as they are; the line between
them, and how soon a silent controller is missed, is told here in a few rules. The real line has tests of its own.
"""

from dataclasses import replace

from firmware_bridge.mcu import door_logic as firmware
from firmware_bridge.mcu import wire
from gate.core import door_effects as do
from gate.core import door_inputs as on
from gate.core.door import Declared, Door, DoorRules, Link, advance, alarms, entry_obstacle
from gate.core.door_effects import Standing
from gate.core.types import AttemptId

STEP_S = 0.05
MISSED_AFTER_S = 1.5
BEAT_S, LEASE_MS = 1.0, 5000
SETTLED_S = 20.0
"""Longer than any release and any lease: what is still so then stays so."""

CODES = {Declared.FAIL_SAFE: wire.FAIL_SAFE, Declared.FAIL_SECURE: wire.FAIL_SECURE}
STANDINGS = {
    Standing.NORMAL: wire.STAND_NORMAL,
    Standing.OPEN: wire.STAND_OPEN,
    Standing.LOCKED: wire.STAND_LOCKED,
}
CONTACTS = {
    wire.LEAF_OPEN: (on.LeafOpened(), on.LeafClosed()),
    wire.FIRE_ON: (on.FireStarted(), on.FireOver()),
    wire.CASE_OPEN: (on.CaseOpened(), on.CaseClosed()),
    wire.POWER_FAILED: (on.PowerFailed(), on.PowerBack()),
    wire.OTHER_OPEN: (on.OtherDoorOpened(), on.OtherDoorClosed()),
}


class World:
    """*declared*: what the settings say. The lock and its controller are the same unless *controller* is another.

    key_fits, paired: whether host and controller can understand each other. It begins at rest, heard if it can be.
    """

    def __init__(self, declared, *, controller=None, key_fits=True, paired=True, interlocked=False):
        self.lock = controller or declared
        self.rules = DoorRules(declared, release_s=5, interlocked=interlocked)
        self.door, self.now = Door(), 0.0
        self.effects, self.raised = [], []
        self.key_fits, self.paired = key_fits, paired
        self.cable = self.power = self.host = self.frames = True
        self.asserted = self.seen = 0
        self.free_seen, self.silent_s, self.beat_in = False, 0.0, 0.0
        self.standing, self.delayed, self.delay_s = Standing.NORMAL, [], 0.0
        self.reset()
        self.wait(SETTLED_S)
        self.raised.clear()
        if not self.heard:
            self.raised += sorted(alarms(self.door))

    @property
    def heard(self):
        return self.cable and self.power and self.key_fits and self.paired and self.frames and self.agreed

    @property
    def agreed(self):
        return self.lock is self.rules.declared

    @property
    def unlocked(self):
        """What the lock does: without current it is as it was built."""
        current = self.power and self.logic.energised
        return current == (self.lock is Declared.FAIL_SECURE)

    @property
    def obstacle(self):
        return entry_obstacle(self.door, self.rules)

    def reset(self):
        self.logic = firmware.DoorLogic(CODES[self.lock] if self.paired else None)

    def contact(self, bit, *, asserted=True):
        self.asserted = self.asserted | bit if asserted else self.asserted & ~bit

    def release(self):
        self.take(on.ReleaseAsked(AttemptId("somebody")))

    def wait(self, seconds):
        for _ in range(round(seconds / STEP_S)):
            self.now += STEP_S
            self.controller_step()
            self.host_step()

    def controller_step(self):
        if self.power:
            rose = self.logic.step(round(self.now * 1000), self.asserted)
            if rose & wire.EXIT_PRESSED and self.host and self.heard:
                self.take(on.ExitRequested())

    def host_step(self):
        if not self.host:
            return
        if self.heard:
            self.silent_s = 0.0
            self.listen()
            self.beat_in -= STEP_S
            if self.beat_in <= 0:
                self.beat()
        else:
            self.silent_s += STEP_S
            if self.silent_s >= MISSED_AFTER_S and self.door.link is not Link.LOST:
                self.take(on.ControllerLost())
        self.take(on.Tick())

    def listen(self):
        if self.door.link is not Link.UP:
            self.take(on.ControllerBack())
            self.seen, self.free_seen = ~self.logic.contacts.seen, False
        for bit, (opened, closed) in CONTACTS.items():
            if (self.seen ^ self.logic.contacts.seen) & bit:
                self.take(opened if self.logic.contacts.seen & bit else closed)
        self.seen = self.logic.contacts.seen
        due, self.delayed = self.delayed, [each for each in self.delayed if each > self.now]
        if len(self.delayed) < len(due):
            self.take(on.StrikeReleased())
        if self.logic.free != self.free_seen:
            self.free_seen = self.logic.free
            if not self.delayed:
                self.take(on.StrikeReleased() if self.free_seen else on.StrikeLocked())

    def beat(self):
        self.beat_in = BEAT_S
        self.logic.beat(STANDINGS[self.standing], LEASE_MS)

    def take(self, event):
        self.door, effects = advance(self.door, event, self.now, self.rules)
        self.effects += effects
        for effect in effects:
            match effect:
                case do.Release(_, seconds) if self.heard:
                    if self.logic.release(round(seconds * 1000)) == 0 and self.delay_s:
                        self.delayed.append(self.now + self.delay_s)
                case do.Stand(standing) if self.heard:
                    self.standing = standing
                    self.beat()
                case do.Raise(alarm):
                    self.raised.append(alarm)
                case _:
                    pass

    def leaves(self):
        """Press the exit button: tell whether the lock is free then. The handle inside needs nobody's leave."""
        before = replace(self.door), self.asserted
        self.contact(wire.EXIT_PRESSED)
        self.wait(0.1)
        free = self.unlocked
        self.door, self.asserted = before
        return free
