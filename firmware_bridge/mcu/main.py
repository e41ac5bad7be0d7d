"""What the board runs, from power to power: `run` with the board's own modules. A site sets here what it has wired."""

from .board import WATCHDOG_MS, Board, Flash, boot_reason, rest_lock
from .controller import CONTACTS, Controller

TYPE_CHECKING = False
if TYPE_CHECKING:  # the board has neither module nor need
    from typing import Any

FITTED = CONTACTS
"""The contacts that are wired. Take one out with ``CONTACTS & ~OTHER_OPEN``; fire and exit stay in whatever is said."""


def run(machine: "Any", time: "Any", os: "Any", folder: str = "") -> None:
    """Start safe, then do rounds until something breaks. folder: where the flash is, for tests.

    The watchdog is fed after a whole round and nowhere else. Whatever ends the rounds, the lock's current is off
    before the watchdog resets the board.
    """
    lock = rest_lock(machine)
    try:
        watchdog = machine.WDT(timeout=WATCHDOG_MS)
        flash = Flash(os, folder)
        boot = int.from_bytes(os.urandom(4), "little")
        controller = Controller(flash.load(), os.urandom, flash.save, FITTED, boot, boot_reason(machine))
        board = Board(machine, time.ticks_ms, lock)
        room = True
        while True:
            board.set(controller.guard(time.ticks_ms(), board.levels()))
            edges, lost = board.edges()
            said = controller.talk(time.ticks_ms(), edges, board.hear(), lost=lost, room=room)
            board.set(controller.outputs)
            room = board.say(said)
            watchdog.feed()
            time.sleep_ms(1)
    finally:
        lock.value(0)
