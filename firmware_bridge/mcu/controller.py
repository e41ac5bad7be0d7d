"""The controller: door, contacts, reader and link joined, still without a pin. `board.py` gives it pins, tests give it time.

Runs on MicroPython and on CPython. Each round has two halves. `guard` reads the contacts and decides about the lock; it
never looks at the link. `talk` then hears the host. So nothing that comes over the link can delay fire or exit by more
than one bounded `talk`, and nothing in it can raise out of a round.
"""

from .burst import Bursts
from .contacts import BUTTON, EXIT, FIRE, asserted
from .door_logic import DoorLogic
from .lamps import Lamps
from .sealing import TICKS
from .wire import (
    BEAT,
    BOOT_UNKNOWN,
    BURST,
    CASE_OPEN,
    HOST_SILENT,
    LEAF_OPEN,
    LOCKED,
    MAX_RELEASE_MS,
    NONSENSE,
    OTHER_OPEN,
    PAIR,
    POWER_FAILED,
    REFUSED,
    RELEASE,
    RELEASED,
    SHOW,
    STATE,
    STRIKE_FREE,
    WHY_STORE,
    Link,
    pack_burst,
    pack_exit,
    pack_locked,
    pack_nonsense,
    pack_refused,
    pack_released,
    pack_state,
    unpack_beat,
    unpack_pair,
    unpack_release,
    unpack_show,
)
from .wire import EXIT as EXIT_TOLD

TYPE_CHECKING = False
if TYPE_CHECKING:  # the board has neither module nor need
    from collections.abc import Callable

    Kept = tuple[bytes, int, int, int]
    """What a pairing leaves on the board: key, declared state, longest release in milliseconds, may it stand open."""

FIRMWARE = (1, 0, 0)
ENERGISE = 1
"""The lock's current; the other outputs are those of `lamps`."""

CONTACTS = LEAF_OPEN | FIRE | CASE_OPEN | POWER_FAILED | OTHER_OPEN | EXIT
STATE_MS = 500
PAIRING_MS = 600000
"""The pairing window: ten minutes, then it closes by itself."""
RX_BYTES = 64
"""What one round hears at most. More waits on the line, so a host that floods cannot draw a round out."""
_SECOND_MS = 1000


class Controller:
    """One door controller between two resets.

    kept: what the last pairing left, or None. random_bytes(n): good for nonces. save(kept): keeps a pairing for good or
    raises OSError. fitted: mask of the contacts that are wired; fire and exit always are. boot: differs at each start.
    """

    def __init__(
        self,
        kept: "Kept | None",
        random_bytes: "Callable[[int], bytes]",
        save: "Callable[[Kept], None]",
        fitted: int = CONTACTS,
        boot: int = 0,
        boot_reason: int = BOOT_UNKNOWN,
    ) -> None:
        self.door = DoorLogic(kept[1], kept[2], may_stand_open=bool(kept[3])) if kept else DoorLogic(None)
        self.faults = 0
        """Rounds in which the link's half broke. It never should; if it does, exit and fire have not noticed."""
        self._kept = kept
        self._random = random_bytes
        self._save = save
        self._fitted = fitted & CONTACTS | FIRE | EXIT
        self._boot = boot
        self._boot_reason = boot_reason
        self._link = self._new_link()
        self._bursts = Bursts()
        self._lamps = Lamps()
        self._lit = 0
        self._last_ms: int | None = None
        self._elapsed_ms = 0
        self._window_ms = 0
        self._exits = 0
        self._exit_told = 0
        self._last_release = 0
        self._told_bits = -1
        self._state_in_ms = 0
        self._nonsense_in_ms = 0

    @property
    def outputs(self) -> int:
        """Return what is to be on: ENERGISE and the lamps."""
        return self._lit | (ENERGISE if self.door.energised else 0)

    @property
    def pairing(self) -> bool:
        """Tell whether the pairing window is open."""
        return self._window_ms > 0

    def step(
        self, now_ms: int, levels: int, edges: "list[int]", rx: bytes, *, lost: bool = False
    ) -> tuple[int, bytes]:
        """Do one whole round. Returns the outputs and what is to be sent."""
        self.guard(now_ms, levels)
        tx = self.talk(now_ms, edges, rx, lost=lost)
        return self.outputs, tx

    def guard(self, now_ms: int, levels: int) -> int:
        """Read the contacts and decide about the lock, whatever the host does. Returns the outputs to set at once.

        now_ms: ticks that wrap at 2**30. levels: one bit a contact, 1 for high.
        """
        self._elapsed_ms = 0 if self._last_ms is None else (now_ms - self._last_ms) & TICKS
        self._last_ms = now_ms
        said = asserted(levels) & (self._fitted | BUTTON)
        rose = self.door.step(now_ms, said)
        if rose & EXIT:
            self._exits = (self._exits + 1) & 255
        self._window_ms = PAIRING_MS if rose & BUTTON else max(0, self._window_ms - self._elapsed_ms)
        self._lit = self._lamps.step(self._elapsed_ms, self._life())
        return self.outputs

    def talk(
        self, now_ms: int, edges: "list[int]", rx: bytes, *, lost: bool = False, room: bool = True
    ) -> bytes:
        """Hear host and reader, and return what is to be sent.

        edges: as `burst.edge` writes them; lost: some found no room. rx: at most RX_BYTES. room: False while what the
        last rounds returned is not yet on the line; then nothing is returned and the link keeps a bounded rest.
        """
        try:
            self._hear(now_ms, rx[:RX_BYTES])
            self._tell(now_ms, edges, lost=lost)
            return self._link.take() if room else b""
        except Exception:  # noqa: BLE001 - the outer loop: a fault here must not take exit and fire with it
            self.faults += 1
            self.door.forget_host()
            self._link = self._new_link()
            return b""

    def _new_link(self) -> Link:
        key, declared, max_ms, may_stand_open = self._kept or (None, 0, MAX_RELEASE_MS, 0)
        return Link(
            key, self._random, declared, max_ms, FIRMWARE, self._boot, self._boot_reason, may_stand_open
        )

    def _life(self) -> str:
        if self.pairing:
            return "pairing"
        if self._kept is None:
            return "unpaired"
        return "silent" if self.door.silent else "alive"

    def _hear(self, now_ms: int, rx: bytes) -> None:
        self._link.pairing = self.pairing
        for kind, body in self._link.feed(rx, now_ms):
            if kind == BEAT:
                self.door.beat(*unpack_beat(body))
                self._state_in_ms = (
                    0  # a new session's first word is a beat, and wants to know how things are
                )
            elif kind == RELEASE:
                self._asked_to_release(body)
            elif kind == SHOW:
                self._lamps.show(unpack_show(body))
            elif kind == PAIR:
                self._asked_to_pair(body)

    def _asked_to_release(self, body: bytes) -> None:
        release, ms = unpack_release(body)
        why = self.door.release(ms)
        if why:
            self._link.send(REFUSED, pack_refused(release, why))
            return
        self._last_release = release
        self._link.send(RELEASED, pack_released(release))

    def _asked_to_pair(self, body: bytes) -> None:
        kept = unpack_pair(body)
        try:
            self._save(kept)
        except OSError:
            self._link.answer_pair(WHY_STORE)
            return
        self._kept = kept
        self._window_ms = 0
        self.door.declare(kept[1], kept[2], may_stand_open=bool(kept[3]))
        self._link.answer_pair(0)

    def _tell(self, now_ms: int, edges: "list[int]", *, lost: bool) -> None:
        """Say what happened since the last round. Without a session it is gone: nothing waits to be said later."""
        if self._exit_told != self._exits:
            self._exit_told = self._exits
            self._link.send(EXIT_TOLD, pack_exit(self._exits))
        if self.door.locked_by:
            self._link.send(LOCKED, pack_locked(self.door.locked_by))
            self.door.locked_by = 0
        for count, value in self._bursts.step(self._elapsed_ms, now_ms, edges, lost=lost):
            self._link.send(BURST, pack_burst(count, value))
        self._nonsense_in_ms = max(0, self._nonsense_in_ms - self._elapsed_ms)
        if self._bursts.spoilt and self._nonsense_in_ms == 0:
            self._link.send(NONSENSE, pack_nonsense(self._bursts.spoilt))
            self._bursts.spoilt = 0
            self._nonsense_in_ms = _SECOND_MS
        self._tell_state()

    def _tell_state(self) -> None:
        self._state_in_ms -= self._elapsed_ms
        bits = self.door.contacts.seen & self._fitted
        bits |= (STRIKE_FREE if self.door.free else 0) | (HOST_SILENT if self.door.silent else 0)
        if bits == self._told_bits and self._state_in_ms > 0:
            return
        self._told_bits = bits
        self._state_in_ms = STATE_MS
        fitted = self._fitted | STRIKE_FREE | HOST_SILENT
        state = pack_state(
            bits, fitted, self.door.standing, self._boot_reason, self._exits, self._last_release
        )
        self._link.send(STATE, state)
