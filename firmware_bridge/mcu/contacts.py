"""The controller's contacts: which level means what, and how long a level must last before it counts.

Runs on MicroPython and on CPython. Pure: time is an argument, in milliseconds.

Every contact is wired to ground with a pull-up in the controller, so a cut wire reads high. All but the exit button
and the pairing button are normally closed: a cut wire then reads as what is worth a look (fire, opened case, open
leaf, failed supply, other door open), and never as quiet. The exit button closes when pressed: a cut wire to it would
read as a press for ever, so it is the one contact that is normally open, and a second path in hardware stands behind
it (deploy/controller/README.md).
"""

from .wire import CASE_OPEN, EXIT_PRESSED, FIRE_ON, LEAF_OPEN, OTHER_OPEN, POWER_FAILED

# The bits are those of the link's STATE, so that nothing is translated on the way out.
LEAF = LEAF_OPEN
FIRE = FIRE_ON
CASE = CASE_OPEN
POWER = POWER_FAILED
OTHER = OTHER_OPEN
EXIT = EXIT_PRESSED
BUTTON = 256
"""The pairing button inside the case."""

ALL = LEAF | FIRE | CASE | POWER | OTHER | EXIT | BUTTON
CLOSED_AT_REST = LEAF | FIRE | CASE | POWER | OTHER

# contact, ms it must be asserted to count as asserted, ms it must rest to count as at rest
_LASTING = (
    (FIRE, 0, 200),  # at once in, slowly out: a chattering fire contact must not make the lock chatter
    (EXIT, 5, 50),  # long enough for a spike on the wire to pass, too short for a hand to notice
    (LEAF, 30, 30),
    (CASE, 30, 200),
    (POWER, 100, 1000),
    (OTHER, 30, 30),
    (BUTTON, 30, 30),
)


def asserted(levels: int) -> int:
    """Turn *levels*, one bit a contact, 1 for high, into a mask of contacts that say what they are there to say."""
    return (levels ^ (ALL & ~CLOSED_AT_REST)) & ALL


def at_rest() -> int:
    """Return the levels of a door at which nothing happens."""
    return ALL & ~CLOSED_AT_REST


class Contacts:
    """What the contacts say, once bounce and spikes are left out."""

    def __init__(self) -> None:
        self.seen = 0
        self._fresh = True
        self._waiting = [-1] * len(_LASTING)

    def step(self, elapsed_ms: int, now_asserted: int) -> int:
        """Take one reading, *elapsed_ms* after the last. Returns the mask of contacts that have just been asserted.

        The first reading counts as it is: there is nothing before it to hold against it.
        """
        before = self.seen
        if self._fresh:
            self._fresh = False
            self.seen = now_asserted & ALL
            return self.seen
        for place, (bit, set_ms, clear_ms) in enumerate(_LASTING):
            if (now_asserted ^ self.seen) & bit:
                self._weigh(place, bit, elapsed_ms, set_ms if now_asserted & bit else clear_ms)
            else:
                self._waiting[place] = -1
        return self.seen & ~before

    def _weigh(self, place: int, bit: int, elapsed_ms: int, needed_ms: int) -> None:
        """Count down on a contact that reads otherwise than it counts; the first such reading starts the count."""
        left = self._waiting[place]
        left = needed_ms if left < 0 else left - elapsed_ms
        if left <= 0:
            self.seen ^= bit
            left = -1
        self._waiting[place] = left
