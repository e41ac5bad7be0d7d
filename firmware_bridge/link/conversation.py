"""What a controller and its host make of each other over time: beats, lost and back, releases, events. Pure.

Time, in monotonic seconds, is an argument; bytes go in by `receive` and come out by `take`. `controller` gives it a
line, a clock and threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Final, assert_never

from firmware_bridge.drivers import LEASE_S, MAX_RELEASE_S, Declared, Signal, Standing
from firmware_bridge.events import (
    BridgeError,
    DeviceBack,
    DeviceEvent,
    DeviceLost,
    Nonsense,
)
from firmware_bridge.link.changes import Changes
from firmware_bridge.link.messages import (
    Babble,
    Beat,
    Burst,
    ByController,
    Challenge,
    Exit,
    InSession,
    Locked,
    NoSession,
    NotPaired,
    NoVersion,
    Paired,
    Refused,
    Release,
    Released,
    Report,
    Show,
    State,
    Unpaired,
)
from firmware_bridge.link.session import Dropped, Session
from firmware_bridge.wiegand import decode

BEAT_S: Final = 1.0
LEASE_MS: Final = 5000
"""How long the controller goes by this host's word without hearing it again (R67)."""
LAPSE_MS: Final = 200
"""What a standing's lease is longer than the standing: the beat that ends it must come in time."""
LOST_S: Final = 1.5
"""No valid frame for so long: lost. The controller tells its state every half second."""
HELLO_S: Final = 0.4
ANSWER_S: Final = 1.0
"""How long a release may stay unanswered before its answer means nothing."""
NONSENSE_S: Final = 1.0


class Trouble(Enum):
    """Why there is no session, as far as can be told, with what to do about it."""

    SILENT = "It does not answer. Check its cable and its power, and that the port is the controller's."
    UNPAIRED = "It is not paired. Press the pairing button in its case, then run: gate door pair"
    OTHER_KEY = (
        "It is paired with another key. Press the pairing button in its case, then run: gate door pair"
    )
    NO_VERSION = (
        "It speaks no version of the link that this gate speaks. Update its firmware (deploy/controller)."
    )
    DECLARED_OTHERWISE = "It was paired for a door that is declared otherwise. Correct [door] declared, or pair it again: gate door pair"
    STANDS_OTHERWISE = "It was paired when [door] may_stand_open was otherwise. Correct that, or pair it again: gate door pair"


class Conversation:
    """One host's talk with one controller. Not safe for threads; its owner holds a lock.

    key: 32 bytes. declared, may_stand_open: what this door is and may do, which the controller must have been told
    too. nonces: gives 16 bytes from `secrets`, new ones each time.
    """

    def __init__(
        self,
        key: bytes,
        declared: Declared,
        nonces: Callable[[], bytes],
        *,
        may_stand_open: bool = False,
    ) -> None:
        self._declared = declared
        self._may_stand_open = may_stand_open
        self._nonces = nonces
        self._session = Session(key)
        self._changes = Changes()
        self._out = bytearray()
        self._heard_at: float | None = None
        self._lost = False
        self._wants_hello = False
        self._hello_at = -math.inf
        self._beat_at = -math.inf
        self._standing, self._stands_until = Standing.NORMAL, -math.inf
        self._last_id = 0
        self._asked: dict[int, float] = {}
        self._boot: int | None = None
        self._fits = True
        self._babbled = False
        self._dropped = 0
        self._nonsense_at = -math.inf
        self.trouble = Trouble.SILENT
        """Why it is not healthy, while it is not."""

    @property
    def healthy(self) -> bool:
        """Tell whether the controller has told its state in a session, and not fallen silent since."""
        return self._heard_at is not None and not self._lost

    @property
    def met(self) -> bool:
        """Tell whether it was ever healthy."""
        return self._heard_at is not None

    @property
    def dropped(self) -> Dropped:
        """Tell how many frames were dropped so far."""
        return self._session.dropped

    def take(self) -> bytes:
        """Return what is to be written now, and forget it."""
        taken = bytes(self._out)
        self._out.clear()
        return taken

    def present(self) -> list[DeviceEvent]:
        """Return how everything is, as far as it was told."""
        return self._changes.present() if self.healthy else []

    def tick(self, now: float) -> list[DeviceEvent]:
        """Let time pass: beats, hellos, and the silence that means lost.

        Nothing but this and its owner's requests puts bytes on the line: a host that hangs falls silent (R67).
        """
        events: list[DeviceEvent] = []
        if self.healthy and self._heard_at is not None and now - self._heard_at >= LOST_S:
            events += self.lose()
        if (not self.healthy or self._session.worn or self._wants_hello) and now - self._hello_at >= HELLO_S:
            self._wants_hello = False
            self._hello_at = now
            self._out += self._session.hello(self._nonces())
        lapsed = self._standing is not Standing.NORMAL and now >= self._stands_until
        if lapsed:
            self._standing = Standing.NORMAL
        if self._session.established and self._fits and (lapsed or now - self._beat_at >= BEAT_S):
            self._beat(now)
        return events + self._nonsense(now)

    def lose(self, cause: str = "it stopped answering") -> list[DeviceEvent]:
        """Take the controller for lost: the line is gone, or it was silent for too long. cause: what is known of why."""
        self._asked.clear()
        if not self.healthy:
            return []
        self._lost = True
        self.trouble = Trouble.SILENT
        return [DeviceLost(cause)]

    def receive(self, data: bytes, now: float) -> list[DeviceEvent]:
        """Take any number of bytes; return what happened at the door, oldest first."""
        events: list[DeviceEvent] = []
        for message in self._session.receive(data):
            events += self._hear(message, now)
        if self._session.other_key and not self.healthy:
            self.trouble = Trouble.OTHER_KEY
        return events + self._nonsense(now)

    def release(self, seconds: float, now: float) -> None:
        """Ask for one release. Raises BridgeError when it cannot be asked for; says nothing of whether it happens."""
        self._refuse_unheard()
        if not 0 < seconds < math.inf:
            raise BridgeError(
                f"A release lasts more than zero seconds, not {seconds}. Correct the door's release time."
            )
        if self._standing is Standing.LOCKED and now < self._stands_until:
            raise BridgeError("The door stands locked. End the lockdown first.")
        self._asked = {release: at for release, at in self._asked.items() if now - at < ANSWER_S}
        self._last_id = self._last_id % 0xFFFF + 1
        self._asked[self._last_id] = now
        self._send(Release(self._last_id, max(1, round(min(seconds, MAX_RELEASE_S) * 1000))), now)

    def stand(self, standing: Standing, seconds: float, now: float) -> None:
        """Ask to stand so for *seconds*, at most LEASE_S. Raises BridgeError when it cannot be asked for."""
        self._refuse_unheard()
        if not 0 < seconds < math.inf:
            raise BridgeError(f"A door stands so for more than zero seconds, not {seconds}.")
        changed = standing is not self._standing
        self._standing, self._stands_until = standing, now + min(seconds, LEASE_S)
        if changed:
            self._beat(now)

    def show(self, signal: Signal, now: float) -> None:
        """Ask the reader's light to show *signal*; nothing without a session."""
        self._send(Show(signal), now)

    def _refuse_unheard(self) -> None:
        if not self.healthy:
            raise BridgeError(f"The door controller cannot be asked. {self.trouble.value}")

    def _send(self, message: InSession, now: float) -> None:
        self._out += self._session.send(message, now)

    def _beat(self, now: float) -> None:
        lease = LEASE_MS
        if self._standing is not Standing.NORMAL:
            lease = min(lease, round((self._stands_until - now) * 1000) + LAPSE_MS)
        self._send(Beat(self._standing, lease), now)
        self._beat_at = now

    def _hear(self, message: ByController, now: float) -> list[DeviceEvent]:
        match message:
            case Challenge():
                return self._met(message)
            case NoSession():
                self._wants_hello = True
            case Unpaired():
                self._hinted(Trouble.UNPAIRED)
            case NoVersion():
                self._hinted(Trouble.NO_VERSION)
            case Paired() | NotPaired():
                pass  # of a pairing that is none of this conversation's
            case _:
                return self._reported(message, now)
        return []

    def _hinted(self, trouble: Trouble) -> None:
        if not self.healthy:
            self.trouble = trouble

    def _met(self, challenge: Challenge) -> list[DeviceEvent]:
        """Begin the session that *challenge* proved, unless the controller is another door's."""
        events: list[DeviceEvent] = []
        if self._boot is not None and challenge.boot != self._boot:
            self._changes.restarted()
            events = self.lose()
        self._boot = challenge.boot
        misfit = self._misfit(challenge)
        self._fits = misfit is None
        self._beat_at = -math.inf
        self._wants_hello = False
        if misfit is None:
            return events
        events += self.lose()
        self.trouble = misfit
        return events

    def _misfit(self, challenge: Challenge) -> Trouble | None:
        """Tell in what the controller was told another door than this one."""
        if challenge.declared is not self._declared:
            return Trouble.DECLARED_OTHERWISE
        if challenge.may_stand_open is not self._may_stand_open:
            return Trouble.STANDS_OTHERWISE
        return None

    def _reported(self, report: Report, now: float) -> list[DeviceEvent]:
        """Take what the controller tells in its session. A lost one is back with its first whole state."""
        events: list[DeviceEvent] = []
        if not self.healthy:
            if not isinstance(report, State):
                return []
            if self._lost:
                events.append(DeviceBack())
                self._changes.forget_told()
            if self._heard_at is None:
                self._last_id = report.last_release  # an earlier host's release is none of this one's
            self._lost = False
        self._heard_at = now
        return events + self._told(report, now)

    def _told(self, report: Report, now: float) -> list[DeviceEvent]:
        match report:
            case State():
                answer = self._changes.released() if self._answered(report.last_release, now) else []
                return answer + self._changes.state(report)
            case Released():
                return self._changes.released() if self._answered(report.id, now) else []
            case Refused():
                self._asked.pop(report.id, None)
                return []
            case Locked():
                return self._changes.locked()
            case Exit():
                return self._changes.exit(report.exits)
            case Burst():
                return self._carried(report)
            case Babble():
                self._babbled = True
                return []
            case _:
                assert_never(report)

    def _answered(self, release: int, now: float) -> bool:
        """Tell whether this is the first answer to a release asked less than a second ago."""
        asked_at = self._asked.pop(release, None)
        return asked_at is not None and now - asked_at < ANSWER_S

    def _carried(self, burst: Burst) -> list[DeviceEvent]:
        meant = decode(burst.count, burst.value)
        if isinstance(meant, Nonsense):
            self._babbled = True
            return []
        return [meant]

    def _nonsense(self, now: float) -> list[DeviceEvent]:
        """Tell of noise, forgeries and broken bursts together, at most once a second; of a lost line its loss is enough."""
        dropped = self._session.dropped.total
        self._babbled |= dropped > self._dropped
        self._dropped = dropped
        self._babbled &= self.healthy
        if not self._babbled or now - self._nonsense_at < NONSENSE_S:
            return []
        self._babbled = False
        self._nonsense_at = now
        return [Nonsense()]
