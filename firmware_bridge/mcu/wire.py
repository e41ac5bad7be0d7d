"""The controller's end of the link: frames, authentication and sessions (PROTOCOL.md). Pure; runs on the board as it is.

Runs unchanged on MicroPython 1.27 and CPython 3.11: hashlib.sha256 and builtins only. Nothing that arrives on the wire
makes it raise or grow: what is not authentic, fresh and well formed is dropped and counted.
"""

from .sealing import MAC_BYTES, TICKS, Mac, Session, cobs_decode, crc16, frame, same, session_key

TYPE_CHECKING = False
if TYPE_CHECKING:  # the board has neither module nor need
    from collections.abc import Callable

VERSION_MIN = 1
VERSION_MAX = 1

# From the host.
HELLO = 0x01
BEAT = 0x02
RELEASE = 0x03
SHOW = 0x04
PAIR = 0x05
# From the controller.
CHALLENGE = 0x81
STATE = 0x82
RELEASED = 0x83
REFUSED = 0x84
LOCKED = 0x85
EXIT = 0x86
BURST = 0x87
NONSENSE = 0x88
NO_SESSION = 0x89
UNPAIRED = 0x8A
NO_VERSION = 0x8B
PAIRED = 0x8C
NOT_PAIRED = 0x8D

FAIL_SAFE = 1
FAIL_SECURE = 2

STAND_NORMAL = 0
STAND_OPEN = 1
STAND_LOCKED = 2

SHOW_READY = 0
SHOW_WAIT = 1
SHOW_GRANTED = 2
SHOW_REFUSED = 3

# Bits of STATE.
STRIKE_FREE = 1
LEAF_OPEN = 2
FIRE_ON = 4
CASE_OPEN = 8
POWER_FAILED = 16
OTHER_OPEN = 32
EXIT_PRESSED = 64
HOST_SILENT = 128

# Why a release was refused.
WHY_STANDING = 1
WHY_FAULT = 2
# Why the strike locked again.
WHY_TIME = 1
WHY_MAXIMUM = 2
WHY_HOST = 3
WHY_FAULT_LOCK = 4
# Why the controller started.
BOOT_UNKNOWN = 0
BOOT_POWER = 1
BOOT_WATCHDOG = 2
BOOT_FAULT = 3
BOOT_ASKED = 4
# Why a pairing was refused.
WHY_WINDOW = 1
WHY_STORE = 2
WHY_VALUES = 3

KEY_BYTES = 32
NONCE_BYTES = 16
MAX_PAYLOAD = 64
MAX_BURST_BITS = 128
MAX_RELEASE_MS = 7000
MAX_COUNTER = 0xFFFFFFFF

_HEAD = 6
_BEAT_BYTES = 3
_RELEASE_BYTES = 4
_MIN_FRAME = _HEAD + MAC_BYTES + 2
_MAX_FRAME = _MIN_FRAME + MAX_PAYLOAD
_MAX_ENCODED = _MAX_FRAME + 1
_MAX_WAITING = 1024
"""Bytes for the wire that nobody took; more than that is dropped, a silent line must not eat the memory."""
_PENDING_MS = 2000
_NO_SESSION_MS = 250


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "little")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


# What the host says, out of a body that `feed` handed over: it is well formed.


def unpack_beat(body: bytes) -> tuple[int, int]:
    """Return the standing asked for and for how many milliseconds."""
    return body[0], _number(body[1:3])


def unpack_release(body: bytes) -> tuple[int, int]:
    """Return the release's id (never zero) and its milliseconds (never zero)."""
    return _number(body[0:2]), _number(body[2:4])


def unpack_show(body: bytes) -> int:
    """Return the signal to show."""
    return body[0]


def unpack_pair(body: bytes) -> tuple[bytes, int, int, int]:
    """Return the new key, the declared state, the longest release in milliseconds, and 1 if it may stand open."""
    return body[NONCE_BYTES : NONCE_BYTES + KEY_BYTES], body[48], _number(body[49:51]), body[51]


# What the controller says.


def pack_state(
    bits: int, fitted: int, standing: int, boot_reason: int, exits: int, last_release: int
) -> bytes:
    """Tell how everything is. fitted: the bits that have an input at all; exits: requests so far, modulo 256."""
    return bytes([bits & 255, fitted & 255, standing, boot_reason, exits & 255]) + _u16(last_release & 0xFFFF)


def pack_released(release: int) -> bytes:
    """Tell that the release has begun."""
    return _u16(release)


def pack_refused(release: int, why: int) -> bytes:
    """Tell that the release is not carried out, and why."""
    return _u16(release) + bytes([why])


def pack_locked(why: int) -> bytes:
    """Tell that the strike is locked again, and why."""
    return bytes([why])


def pack_exit(exits: int) -> bytes:
    """Tell that somebody wants out. exits: requests so far, modulo 256, this one included."""
    return bytes([exits & 255])


def pack_burst(count: int, value: int) -> bytes:
    """Pass a Wiegand burst on as it came. count: 1..128 bits; value: its bits, the first one highest."""
    return bytes([count]) + value.to_bytes((count + 7) // 8, "big")


def pack_nonsense(count: int) -> bytes:
    """Tell of *count* bursts, at most 255, that were no bursts."""
    return bytes([min(count, 255)])


def _well_formed(kind: int, body: bytes) -> bool:
    size = len(body)
    if kind == BEAT:
        return size == _BEAT_BYTES and body[0] <= STAND_LOCKED
    if kind == RELEASE:
        return size == _RELEASE_BYTES and _number(body[0:2]) > 0 and _number(body[2:4]) > 0
    return kind == SHOW and size == 1 and body[0] <= SHOW_REFUSED


class Link:
    """What the controller makes of the bytes on its line, and what it puts there.

    key: 32 bytes, or None while unpaired. random_bytes(n) must be good for nonces. declared: FAIL_SAFE or FAIL_SECURE.
    max_ms: longest release. firmware: three numbers. boot: differs at each start. may_stand_open: 1 if the host may
    have the door stand open. Call `feed` in every step, also with no data: it brings the time. `send` and `take` then
    work in that time.
    """

    def __init__(
        self,
        key: bytes | None,
        random_bytes: "Callable[[int], bytes]",
        declared: int,
        max_ms: int,
        firmware: tuple[int, int, int],
        boot: int,
        boot_reason: int = BOOT_UNKNOWN,
        may_stand_open: int = 0,
    ) -> None:
        """Start without a session, and say so: the host then knows at once that everything is gone."""
        self.key = key
        self.pairing = False  # the controller sets it while the button's window is open
        self.crc_errors = 0
        self.mac_errors = 0
        self.replays = 0
        self.stale = 0
        self.malformed = 0
        self.overlong = 0
        self._random = random_bytes
        self._declared = declared
        self._max_ms = max_ms
        self._may_stand_open = may_stand_open
        self._firmware = bytes(firmware)
        self._boot = boot
        self._boot_reason = boot_reason
        self._now = 0
        self._told_no_session = -_NO_SESSION_MS
        self._session: Session | None = None
        self._pending: Session | None = None
        self._pair = b""
        self._rx = bytearray()
        self._too_long = False
        self._tx = bytearray()
        self._say(NO_SESSION)

    @property
    def established(self) -> bool:
        """Tell whether a host has proved itself since the start."""
        return self._session is not None

    def feed(self, data: bytes, now_ms: int) -> list[tuple[int, bytes]]:
        """Take what came. Return what an authenticated, fresh host asks: BEAT, RELEASE, SHOW, and PAIR while pairing.

        Any number of bytes, cut anywhere. The first message of a new session is always preceded by `established`
        turning true, or staying true: answer a BEAT of a new session with STATE at once.
        """
        self._now = now_ms
        for session in (self._session, self._pending):
            if session is not None:
                session.pass_time(now_ms)
        data = bytes(data)
        messages: list[tuple[int, bytes]] = []
        start = 0
        while True:
            end = data.find(b"\x00", start)
            if end < 0:
                self._keep(data[start:])
                return messages
            self._keep(data[start:end])
            start = end + 1
            message = self._complete()
            if message is not None:
                messages.append(message)

    def send(self, kind: int, payload: bytes) -> bool:
        """Put one message on its way; False when there is no session to send it in."""
        session = self._session
        if session is None:
            return False
        if session.sent >= MAX_COUNTER:
            self._session = None  # a counter never wraps: the host says HELLO again
            self._say(NO_SESSION)
            return False
        counter = session.count()
        body = session.heard.to_bytes(4, "little") + payload
        return self._put(frame(session.version, kind, counter, body, session.mac, b"C"))

    def take(self) -> bytes:
        """Return what is to be written to the line now, and forget it."""
        taken = bytes(self._tx)
        self._tx = bytearray()
        return taken

    def answer_pair(self, why: int) -> None:
        """Answer the PAIR that `feed` handed over: 0 when key and values are kept for good, else why they are not.

        From then on the new key counts; the session under the old one is over.
        """
        nonce = self._pair[:NONCE_BYTES]
        if why:
            self._say(NOT_PAIRED, nonce + bytes([why]))
            return
        self.key, self._declared, self._max_ms, self._may_stand_open = unpack_pair(self._pair)
        self.pairing = False
        self._session = None
        self._pending = None
        self._put(frame(0, PAIRED, 0, nonce, Mac(self.key), b"C"))

    def _keep(self, data: bytes) -> None:
        if len(self._rx) + len(data) > _MAX_ENCODED:
            self._too_long = True
        elif not self._too_long:
            self._rx.extend(data)

    def _complete(self) -> tuple[int, bytes] | None:
        encoded = bytes(self._rx)
        overlong = self._too_long
        self._rx = bytearray()
        self._too_long = False
        if overlong:
            self.overlong += 1
            return None
        if not encoded:
            return None
        body = cobs_decode(encoded)
        if (
            body is None
            or not _MIN_FRAME <= len(body) <= _MAX_FRAME
            or _number(body[-2:]) != crc16(body[:-2])
        ):
            self.crc_errors += 1
            return None
        return self._sort(body[: -2 - MAC_BYTES], body[-2 - MAC_BYTES : -2])

    def _sort(self, head: bytes, mac: bytes) -> tuple[int, bytes] | None:
        if head[0] != 0:
            return self._in_session(head, mac)
        payload = head[_HEAD:]
        if head[1] == HELLO and len(payload) == 2 + NONCE_BYTES:
            self._hello(payload)
            return None
        if head[1] == PAIR and len(payload) == NONCE_BYTES + KEY_BYTES + 4:
            return self._asked_to_pair(head, payload, mac)
        self.malformed += 1
        return None

    def _hello(self, payload: bytes) -> None:
        """Answer, and keep the running session until somebody proves the new one: a forged HELLO ends nothing."""
        if self.key is None:
            self._say(UNPAIRED, bytes([1 if self.pairing else 0]))
            return
        version = min(VERSION_MAX, payload[1])
        if version < max(VERSION_MIN, payload[0]):
            self._say(NO_VERSION, bytes([VERSION_MIN, VERSION_MAX]))
            return
        nonce = self._random(NONCE_BYTES)
        pending = Session(session_key(self.key, payload, version, nonce), version, self._now)
        said = bytes([version]) + nonce + self._firmware + bytes([self._declared]) + _u16(self._max_ms)
        said += bytes([self._may_stand_open]) + self._boot.to_bytes(4, "little") + bytes([self._boot_reason])
        if self._put(frame(0, CHALLENGE, 0, said, pending.mac, b"C")):
            self._pending = pending

    def _in_session(self, head: bytes, mac: bytes) -> tuple[int, bytes] | None:
        if self._pending is not None and (self._now - self._pending.began) & TICKS > _PENDING_MS:
            self._pending = None
        session = self._session
        if session is None or not same(mac, session.mac.tag(b"H", head)):
            session = self._pending
            if session is None or not same(mac, session.mac.tag(b"H", head)):
                self.mac_errors += 1
                self._no_session()
                return None
        return self._accept(session, head)

    def _accept(self, session: Session, head: bytes) -> tuple[int, bytes] | None:
        counter = _number(head[2:_HEAD])
        acknowledged = _number(head[_HEAD : _HEAD + 4])
        body = head[_HEAD + 4 :]
        if head[0] != session.version or len(head) < _HEAD + 4 or not _well_formed(head[1], body):
            self.malformed += 1
            return None
        if counter <= session.heard:
            self.replays += 1
            return None
        if not session.is_fresh(acknowledged):
            self.stale += 1
            return None
        session.heard = counter
        if session is self._pending:
            self._session = session
            self._pending = None
        return head[1], body

    def _asked_to_pair(self, head: bytes, payload: bytes, mac: bytes) -> tuple[int, bytes] | None:
        key, declared, max_ms, may_stand_open = unpack_pair(payload)
        if not same(mac, Mac(key).tag(b"H", head)):
            self.mac_errors += 1
            return None
        self._pair = payload
        if not self.pairing:
            self.answer_pair(WHY_WINDOW)
        elif (
            declared not in (FAIL_SAFE, FAIL_SECURE) or not 0 < max_ms <= MAX_RELEASE_MS or may_stand_open > 1
        ):
            self.answer_pair(WHY_VALUES)
        else:
            return PAIR, payload
        return None

    def _no_session(self) -> None:
        if self._session is None and (self._now - self._told_no_session) & TICKS >= _NO_SESSION_MS:
            self._told_no_session = self._now
            self._say(NO_SESSION)

    def _say(self, kind: int, payload: bytes = b"") -> None:
        self._put(frame(0, kind, 0, payload, None, b"C"))

    def _put(self, data: bytes) -> bool:
        if len(self._tx) + len(data) > _MAX_WAITING:
            return False
        self._tx.extend(data)
        return True
