"""Give a controller its key while somebody stands at it and has pressed its button. See mcu/PROTOCOL.md, Pairing.

The key travels in the clear: whoever listens on the line in this one moment has it. So it is done at the controller,
by hand, in a window that the button opens and that closes by itself.
"""

from __future__ import annotations

import hmac
import queue
import secrets
import time
from collections.abc import Callable
from typing import Final

from firmware_bridge.drivers import Declared
from firmware_bridge.events import BridgeError
from firmware_bridge.link.controller import ControllerOptions
from firmware_bridge.link.conversation import Trouble
from firmware_bridge.link.frames import Frame, FrameReader, encode
from firmware_bridge.link.line import Line
from firmware_bridge.link.messages import (
    KEY_BYTES,
    MAX_RELEASE_MS,
    NONCE_BYTES,
    Challenge,
    Kind,
    NotPaired,
    NoVersion,
    Pair,
    Paired,
    Unpaired,
)
from firmware_bridge.link.parsing import parse
from firmware_bridge.link.session import Session, mac

AGAIN_S: Final = 0.5
PATIENCE_S: Final = 3.0
_REMEDIES: Final = {
    NotPaired.WINDOW: "Its pairing window is shut. Press the pairing button in its case, and pair within ten minutes.",
    NotPaired.STORE: "It cannot keep the key. Flash its firmware anew (deploy/controller), and pair again.",
    NotPaired.VALUES: "It does not take this door's values. Update its firmware (deploy/controller), and pair again.",
}


def new_key() -> bytes:
    """Draw a fresh pairing key."""
    return secrets.token_bytes(KEY_BYTES)


def pair(
    options: ControllerOptions,
    key: bytes,
    declared: Declared,
    *,
    may_stand_open: bool,
    max_ms: int = MAX_RELEASE_MS,
) -> None:
    """Give the controller *key* and what its door is and may do; return when it has proved that it keeps them.

    may_stand_open: whether the host may have the door stand open. max_ms: how long one release may last.
    The caller has kept *key* before: should the answer be lost on its way, `holds` tells later what the controller has.
    Raises BridgeError that says what to do.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    request = Pair(nonce, key, declared, max_ms, may_stand_open)
    bare = Frame(0, Kind.PAIR, 0, request.pack())
    data = encode(Frame(0, Kind.PAIR, 0, bare.payload, mac(key, b"H", bare.head)))
    reader = FrameReader()
    refusals: list[NotPaired] = []

    def is_answer(heard: bytes) -> bool:
        for frame in reader.feed(heard):
            match parse(frame.kind, frame.payload) if not frame.version else None:
                case Paired(nonce=echo) if echo == nonce:
                    if hmac.compare_digest(mac(key, b"C", frame.head), frame.mac):
                        return True
                case NotPaired(nonce=echo) as refusal if echo == nonce:
                    refusals.append(refusal)
                    return True
                case _:
                    pass
        return False

    if not _exchange(options, lambda: data, is_answer):
        raise BridgeError(
            f"Nothing at {options.port} answers to a pairing. Check the cable, the power and the port."
        )
    # A second request finds the window shut by the first, whose answer was lost: then the key is there.
    if refusals and not (refusals[0].why == NotPaired.WINDOW and holds(options, key)):
        remedy = _REMEDIES.get(refusals[0].why, "Update its firmware (deploy/controller), and pair again.")
        raise BridgeError(f"The door controller at {options.port} was not paired. {remedy}")


def holds(options: ControllerOptions, key: bytes) -> bool:
    """Ask the controller whether it holds *key*, without a session.

    Raises BridgeError when the port cannot be opened, and when nothing that tells of a key comes back: silence says
    nothing about keys.
    """
    session = Session(key)
    proved = too_new = False

    def is_answer(heard: bytes) -> bool:
        nonlocal proved, too_new
        said = session.receive(heard)
        proved = any(isinstance(message, Challenge) for message in said)
        too_new = any(isinstance(message, NoVersion) for message in said)
        # The rest are hints: forged, they make a pairing fail that could have been completed, and no more.
        unpaired = any(isinstance(message, Unpaired) for message in said)
        return proved or too_new or session.other_key or unpaired

    answered = _exchange(options, lambda: session.hello(secrets.token_bytes(NONCE_BYTES)), is_answer)
    if too_new or not answered:
        trouble = Trouble.NO_VERSION if too_new else Trouble.SILENT
        raise BridgeError(f"The door controller at {options.port} does not tell its key. {trouble.value}")
    return proved


def _exchange(
    options: ControllerOptions, say: Callable[[], bytes], is_answer: Callable[[bytes], bool]
) -> bool:
    """Say something twice a second until it is answered; False when it is not within three seconds."""
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    line = Line(options.port, options.baud_per_s, heard=heard.put, gone=lambda _: None)
    line.start()
    try:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            line.write(say())
            again = time.monotonic() + AGAIN_S
            while (left := again - time.monotonic()) > 0:
                try:
                    if is_answer(heard.get(timeout=left)):
                        return True
                except queue.Empty:
                    break
        return False
    finally:
        line.close()
