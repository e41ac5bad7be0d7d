"""The door controller as the host sees it: one line, a reader's face and a door's face."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from firmware_bridge.drivers import Declared, Emit, Profile, Signal, Standing
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    CaseClosed,
    CaseOpened,
    DeviceBack,
    DeviceEvent,
    DeviceLost,
    KeyPressed,
    Nonsense,
    PowerBack,
    PowerFailed,
)
from firmware_bridge.link.conversation import Conversation, Trouble
from firmware_bridge.link.line import Line
from firmware_bridge.link.messages import KEY_BYTES, NONCE_BYTES
from firmware_bridge.link.session import Dropped

GREET_S: Final = 3.0
"""How long a controller may take to prove itself and to tell its state."""
REOPEN_S: Final = 1.0
_READERS_OWN: Final = (CardRead, KeyPressed, Nonsense)
_EVERYBODYS: Final = (DeviceLost, DeviceBack)
_THE_BOXES: Final = (CaseOpened, CaseClosed, PowerFailed, PowerBack)


@dataclass(frozen=True, slots=True)
class ControllerOptions:
    """Where the controller is. port: its serial device, best by /dev/serial/by-id."""

    port: str
    baud_per_s: int = 115200


class Controller:
    """One controller on one line. Its two faces open and close apart; the line is open while either is.

    key: the 32 bytes of the pairing, or None before it. declared, may_stand_open: what the door is (R67) and may do, as
    the controller must have been told in its pairing. Threads: callers, and the line's own. One lock guards the
    conversation; a second one, taken after it is let go, keeps what is told in order.
    """

    def __init__(
        self,
        options: ControllerOptions,
        key: bytes | None,
        declared: Declared,
        *,
        may_stand_open: bool = False,
    ) -> None:
        self._options = options
        self._key = key
        self._declared = declared
        self._may_stand_open = may_stand_open
        self._lock = threading.Lock()
        self._telling = threading.RLock()
        self._untold: deque[tuple[_Face, DeviceEvent]] = deque()
        self._conversation: Conversation | None = None
        self._line: Line | None = None
        self._line_gone = False
        self._reopen_at = self._greeted_at = 0.0
        self.reader = ControllerReader(self)
        self.door = ControllerDoor(self)

    @property
    def healthy(self) -> bool:
        """Tell whether the controller answers in a session."""
        with self._lock:
            return self._conversation is not None and self._conversation.healthy

    @property
    def dropped(self) -> Dropped:
        """Tell how many frames were dropped since the line was opened."""
        with self._lock:
            return self._conversation.dropped if self._conversation is not None else Dropped()

    def attach(self, face: _Face, emit: Emit) -> None:
        """Open the line for its first face, and tell *face* how everything is. Raises BridgeError."""
        if not self._is_open:
            self._open()
        with self._lock:
            face.emit = emit
            if self._conversation is not None:
                here = self._conversation.present()
                self._untold.extend((face, event) for event in here if face in self._whose(event))
        self._tell()

    def detach(self, face: _Face) -> None:
        """Tell *face* nothing any more; close the line after its last face."""
        with self._telling, self._lock:
            face.emit = None
        if self._is_open and self.reader.emit is None and self.door.emit is None:
            self._shut()

    def poll(self) -> None:
        """Let time pass: the host lives. Beats go out from here and from nowhere else. Raises BridgeError for a misfit."""
        if not self._is_open:
            return
        if self._line_gone:
            self._reopen()
        self._with(lambda talk, now: talk.tick(now))
        self._refuse_misfit()

    def ask(self, request: Callable[[Conversation, float], None]) -> None:
        """Put one request on the line. Raises BridgeError when it cannot be delivered."""
        with self._lock:
            if self._conversation is None:
                raise BridgeError("The door controller is not open. Open it first.")
            request(self._conversation, time.monotonic())
            delivered = self._write()
        if not delivered:
            raise BridgeError("The door controller's line takes nothing. Check its cable and its power.")

    @property
    def _is_open(self) -> bool:
        return self._conversation is not None

    def _open(self) -> None:
        if self._key is None or len(self._key) != KEY_BYTES:
            raise BridgeError(f"The door controller has no key here. {Trouble.UNPAIRED.value}")
        self._line = self._new_line()
        self._line_gone = False
        self._conversation = Conversation(
            self._key,
            self._declared,
            lambda: secrets.token_bytes(NONCE_BYTES),
            may_stand_open=self._may_stand_open,
        )
        self._greeted_at = time.monotonic()
        self._line.start()

    def _refuse_misfit(self) -> None:
        """Raise BridgeError once a controller has not proved itself for long enough to know that it will not."""
        with self._lock:
            talk = self._conversation
            if talk is None or talk.healthy:
                self._greeted_at = time.monotonic()
                return
            if time.monotonic() - self._greeted_at < GREET_S:
                return
            # One that was met and is silent now is merely lost: that was told, and it comes back by itself.
            if talk.met and talk.trouble is Trouble.SILENT:
                return
            trouble = talk.trouble
        raise BridgeError(f"The door controller at {self._options.port} cannot be used. {trouble.value}")

    def _new_line(self) -> Line:
        return Line(self._options.port, self._options.baud_per_s, heard=self._on_heard, gone=self._on_gone)

    def _reopen(self) -> None:
        """Try the port again, once a second: it comes back under its name when it is plugged in again."""
        now = time.monotonic()
        if now < self._reopen_at:
            return
        self._reopen_at = now + REOPEN_S
        with self._lock:
            old, self._line = self._line, None
        if old is not None:
            old.close()  # first: the port is held for this process alone, by each opening of it
        try:
            line = self._new_line()
        except BridgeError:
            return
        with self._lock:
            self._line = line
            self._line_gone = False
        line.start()

    def _shut(self) -> None:
        with self._lock:
            line, self._line, self._conversation = self._line, None, None
            self._untold.clear()
        if line is not None:
            line.close()

    def _on_heard(self, data: bytes) -> None:
        self._with(lambda talk, now: talk.receive(data, now))

    def _on_gone(self, cause: str) -> None:
        self._line_gone = True
        self._with(lambda talk, _: talk.lose(cause))

    def _with(self, step: Callable[[Conversation, float], Iterable[DeviceEvent]]) -> None:
        with self._lock:
            if self._conversation is None:
                return
            self._queue(step(self._conversation, time.monotonic()))
            self._write()
        self._tell()

    def _write(self) -> bool:
        """Write what the conversation wants written; what the line does not take is dropped, nothing is kept for later."""
        assert self._conversation is not None
        data = self._conversation.take()
        return not data or (self._line is not None and not self._line_gone and self._line.write(data))

    def _queue(self, events: Iterable[DeviceEvent]) -> None:
        for event in events:
            self._untold.extend((face, event) for face in self._whose(event))

    def _whose(self, event: DeviceEvent) -> list[_Face]:
        """Find out whom to tell: each face its own; both of a loss; the reader of the box where the door is another's."""
        reader, door = self.reader.emit is not None, self.door.emit is not None
        to_reader = reader and (
            isinstance(event, _READERS_OWN + _EVERYBODYS) or (not door and isinstance(event, _THE_BOXES))
        )
        to_door = door and not isinstance(event, _READERS_OWN if reader else (CardRead, KeyPressed))
        faces: list[_Face] = [self.reader] if to_reader else []
        return [*faces, self.door] if to_door else faces

    def _tell(self) -> None:
        """Tell what waits to be told, in order, whoever comes first; no lock but this one is held meanwhile."""
        with self._telling:
            while self._untold:
                face, event = self._untold.popleft()
                if face.emit is not None:
                    face.emit(event)


class _Face:
    """What both faces share."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.emit: Emit | None = None

    @property
    def healthy(self) -> bool:
        """Tell whether this face is open and the controller answers."""
        return self.emit is not None and self._controller.healthy

    def open(self, emit: Emit) -> None:
        """Start reporting. The face is healthy once the controller has proved itself, a few polls later.

        Raises BridgeError when the port cannot be opened or there is no key.
        """
        self._controller.attach(self, emit)

    def poll(self, now: float) -> None:
        """Let time pass. *now* is not used: the line's thread and this share one clock, ``time.monotonic``.

        Raises BridgeError with what to do when the controller is unpaired, another door's, or too old or too new.
        """
        del now
        if self.emit is not None:
            self._controller.poll()

    def close(self) -> None:
        """Stop reporting, and let go of the line if the other face is closed too."""
        self._controller.detach(self)


class ControllerReader(_Face):
    """The Wiegand reader and keypad on the controller's inputs. A cut cable of theirs looks like nobody coming."""

    profile = Profile.UID_ONLY
    supervised = False

    def show(self, signal: Signal) -> None:
        """Show *signal*, if it reaches the reader."""
        if not self.healthy:
            return
        try:
            self._controller.ask(lambda talk, now: talk.show(signal, now))
        except BridgeError:
            return  # a dark light keeps nobody out


class ControllerDoor(_Face):
    """The strike and the door's contacts."""

    def release(self, *, seconds: float) -> None:
        """Ask for one release; the controller answers, bounds it and locks again by itself."""
        self._refuse_closed()
        self._controller.ask(lambda talk, now: talk.release(seconds, now))

    def stand(self, standing: Standing, *, seconds: float) -> None:
        """Ask to stand so for *seconds*."""
        self._refuse_closed()
        self._controller.ask(lambda talk, now: talk.stand(standing, seconds, now))

    def _refuse_closed(self) -> None:
        if self.emit is None:
            raise BridgeError("The door controller is not open. Open it first.")
