"""Every bad thing that is known to happen at a door, and what the gate owes then.

docs/door-faults.md is made of it; the state of lock, exit, entry and alarm in each is computed there by running door and
controller, not typed here. Each fault is injected by at least one test, which is marked with its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """What can go wrong."""

    # the building
    FIRE = "fire"
    FIRE_WHILE_HOST_HANGS = "fire-while-host-hangs"
    FIRE_WIRE_CUT = "fire-wire-cut"
    FORCED = "forced"
    HELD = "held"
    EXIT_HELD = "exit-held"
    CASE_OPENED = "case-opened"
    POWER_FAILED = "power-failed"
    OTHER_DOOR_UNKNOWN = "other-door-unknown"
    # the controller
    CONTROLLER_LOST = "controller-lost"
    CONTROLLER_DEAD = "controller-dead"
    CONTROLLER_RESET_MID_UNLOCK = "controller-reset-mid-unlock"
    CABLE_PULLED_MID_UNLOCK = "cable-pulled-mid-unlock"
    RELEASE_UNCONFIRMED = "release-unconfirmed"
    WRONG_KEY = "wrong-key"
    NOT_PAIRED = "not-paired"
    DECLARES_OTHERWISE = "declares-otherwise"
    # the line
    BIT_ERRORS = "bit-errors"
    TRUNCATION = "truncation"
    ONE_BYTE_AT_A_TIME = "one-byte-at-a-time"
    DELAYS = "delays"
    DUPLICATED_FRAMES = "duplicated-frames"
    REPLAYED_FRAMES = "replayed-frames"
    NOISE_FLOOD = "noise-flood"
    # the reader
    READER_LOST = "reader-lost"
    READER_NONSENSE = "reader-nonsense"
    STUCK_KEY = "stuck-key"
    CARD_FLOOD = "card-flood"
    WRONG_PINS = "wrong-pins"
    # the host
    HOST_HUNG_MID_UNLOCK = "host-hung-mid-unlock"
    LOOP_STALLED = "loop-stalled"
    ACCIDENT = "accident"
    VISION_DEAD = "vision-dead"
    DISK_FULL = "disk-full"
    CLOCK_JUMPS = "clock-jumps"


@dataclass(frozen=True, slots=True)
class Answer:
    """What happens on a fault, as far as it is not computed.

    entry: what holds of card and PIN beyond the door's own answer. face_needs: the field of Conditions that falls, so
    that face is off. alarm: what the shell raises beside the door. says: the events in the log, beginning and end.
    """

    happens: str
    entry: str = ""
    face_needs: str = ""
    alarm: str = ""
    says: tuple[str, ...] = ()


_ALARMED: Final = ("alarm", "alarm_over")
_UNHEARD: Final = ("device_lost", "device_back", *_ALARMED)
_DROPPED: Final = "Such a frame is dropped and counted; the next good one makes good what it would have said."

ANSWERS: Final[dict[Fault, Answer]] = {
    Fault.FIRE: Answer(
        "The fire contact cuts the lock's supply, and the controller frees the lock too, at once and alone.",
        says=_ALARMED,
    ),
    Fault.FIRE_WHILE_HOST_HANGS: Answer(
        "As above: nothing of it waits for the host, which hears of the fire when it is back."
    ),
    Fault.FIRE_WIRE_CUT: Answer(
        "A fire contact is closed at rest: a cut wire counts as fire, and the door stands open until it is mended.",
        says=_ALARMED,
    ),
    Fault.FORCED: Answer("The leaf opens while locked, with nobody asking to leave.", says=_ALARMED),
    Fault.HELD: Answer(
        "The leaf stands open longer than it may; the lock is engaged beside it.", says=_ALARMED
    ),
    Fault.EXIT_HELD: Answer(
        "The exit button is held down, or its wire shorted: the door stays free, for somebody may be leaving, and people are told.",
        says=_ALARMED,
    ),
    Fault.CASE_OPENED: Answer(
        "Face is locked and its keys are sealed until a person has looked.",
        face_needs="untampered",
        says=_ALARMED,
    ),
    Fault.POWER_FAILED: Answer("The controller runs on its battery.", says=_ALARMED),
    Fault.OTHER_DOOR_UNKNOWN: Answer(
        "An interlocked door takes a contact that cannot be read for an open door."
    ),
    Fault.CONTROLLER_LOST: Answer(
        "The cable is out or the line is dead: after its lease without the host the door is as declared.",
        says=_UNHEARD,
    ),
    Fault.CONTROLLER_DEAD: Answer(
        "The controller has no current at all, or its watchdog holds it in reset: the lock has none either.",
        says=_UNHEARD,
    ),
    Fault.CONTROLLER_RESET_MID_UNLOCK: Answer(
        "The release is over and is not asked for again; the person presents the card once more.",
        says=_UNHEARD,
    ),
    Fault.CABLE_PULLED_MID_UNLOCK: Answer(
        "The controller ends the release by its own clock, and after its lease is as declared.", says=_UNHEARD
    ),
    Fault.RELEASE_UNCONFIRMED: Answer(
        "After a second without an answer the attempt is told that the door did not open."
    ),
    Fault.WRONG_KEY: Answer(
        "Host and controller, or host and reader, do not hold the same key: neither heeds the other.",
        says=_UNHEARD,
    ),
    Fault.NOT_PAIRED: Answer(
        "Without a key the driver does not open, and says how to pair. An unpaired controller never energises its lock.",
        says=_UNHEARD,
    ),
    Fault.DECLARES_OTHERWISE: Answer(
        "The driver does not open and says why. The lock is as the controller was told when it was paired.",
        says=_UNHEARD,
    ),
    Fault.BIT_ERRORS: Answer(_DROPPED),
    Fault.TRUNCATION: Answer(_DROPPED),
    Fault.ONE_BYTE_AT_A_TIME: Answer("Frames are put together however they arrive."),
    Fault.DELAYS: Answer(
        "A late answer is an answer until the attempt was told otherwise. One that never comes is unconfirmed."
    ),
    Fault.DUPLICATED_FRAMES: Answer("A counter no greater than the last one heard is dropped and counted."),
    Fault.REPLAYED_FRAMES: Answer(
        "The same, and after a reset the session's key is another one: nothing recorded opens anything."
    ),
    Fault.NOISE_FLOOD: Answer("Noise is dropped in bounded memory; exit and fire are read before the line."),
    Fault.READER_LOST: Answer(
        "Face leaves too: it is never the only way in.",
        entry="not at this reader",
        face_needs="reader_healthy",
        alarm="reader-lost",
        says=_UNHEARD,
    ),
    Fault.READER_NONSENSE: Answer(
        "Nonsense is dropped, and a reader that goes on with it is not one that face may lean on.",
        entry="yes, where the reader can be understood",
        face_needs="reader_healthy",
        says=("reader_raves",),
    ),
    Fault.STUCK_KEY: Answer(
        "A key that hangs is no entry, and is told once.",
        entry="card yes, PIN not at this keypad",
        says=("key_stuck",),
    ),
    Fault.CARD_FLOOD: Answer(
        "As many as hands can present are answered, the others of those two seconds are dropped.",
        entry="yes, among those answered",
        face_needs="reader_healthy",
        says=("reader_raves",),
    ),
    Fault.WRONG_PINS: Answer(
        "Each wrong PIN makes that unit, and many make that keypad, wait longer; nobody is locked out.",
        entry="card yes, PIN after its wait",
    ),
    Fault.HOST_HUNG_MID_UNLOCK: Answer(
        "The controller ends the release by its own clock, and after its lease is as declared; systemd starts the host anew.",
        entry="not while it hangs",
    ),
    Fault.LOOP_STALLED: Answer("What waited in the queue is taken as it came; no answer is late for that."),
    Fault.ACCIDENT: Answer(
        "What a driver or a step throws costs that device or that attempt, and nothing is granted by it."
    ),
    Fault.VISION_DEAD: Answer(
        "The vision process is killed and started again; nobody else notices.",
        face_needs="vision_ready",
        says=("vision_lost", "vision_ready"),
    ),
    Fault.DISK_FULL: Answer(
        "Room kept back for this is given up: card and PIN go on for thousands of passages.",
        face_needs="storage_healthy",
    ),
    Fault.CLOCK_JUMPS: Answer(
        "Spans are counted on a clock that nobody sets; the timetable is not believed, and the door is as usual.",
        face_needs="clock_trusted",
        says=("clock_untrusted", "clock_trusted"),
    ),
}
