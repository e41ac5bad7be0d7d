"""The words between the gate and its vision child: frozen values over one socket pair.

A frame on the wire is a 4-byte header length, a 4-byte payload length (both big endian), a JSON header with the
message's name and fields, and a payload of raw float32 little-endian numbers where the message carries templates.
Templates cross in their protected form. There is no message that could carry a picture, an embedding as the network
gives it, or a score (R30, R43).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import get_args

from gate.core import liveness
from gate.core.enrolment import Advice, Pose, Progress
from gate.core.liveness import Level, Verdict
from gate.core.policy import FacePlace, Finding, Hint
from gate.core.types import AttemptId, TemplateId
from gate.errors import DeviceFault

TEMPLATE_BYTES = 128 * 4
SEED_BYTES = 32
MAX_HEADER = 8 << 20  # 100,000 template ids of 40 bytes, doubled
MAX_PAYLOAD = SEED_BYTES + 100_000 * TEMPLATE_BYTES
NOT_ALIKE = "enrol-not-alike"
"""The fault of an enrolment whose captures were not all of one clear face: the person's, not the camera's."""
DUPLICATE = "enrol-duplicate"
"""The fault of an enrolment of a face that is enrolled already: the person's, too."""
OF_THE_PERSON = frozenset({NOT_ALIKE, DUPLICATE})

_LENGTHS = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Configure:
    """The first message: the child's settings as JSON."""

    settings: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoadGallery:
    """Replace the gallery: in the payload the seed of *epoch*, then one protected template for each id.

    generation grows with every change. Where no epoch is known, the payload is empty and there are no ids.
    """

    generation: int
    epoch: int
    ids: tuple[str, ...]
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StartCapture:
    """Open the camera and report findings for *attempt*; with *enrol*, make one template instead.

    only: the templates a face is compared with, and no other (1:1); empty stands for the whole gallery (1:N).
    own: at an enrolment, the templates of the person themselves, which their face may be like. liveness: the core's word
    for what the face must show besides; empty: nothing, and nothing is looked for.
    """

    attempt: str
    enrol: bool = False
    only: tuple[str, ...] = field(default=(), repr=False)
    own: tuple[str, ...] = field(default=(), repr=False)
    liveness: str = ""

    @property
    def level(self) -> Level | None:
        """Give it in the core's words. Raises ValueError for a level the core does not know."""
        return Level(self.liveness) if self.liveness else None


@dataclass(frozen=True, slots=True)
class Challenge:
    """The person of *attempt* was asked, now, to move as *name* says; it is watched for until the capture ends."""

    attempt: str
    name: str

    @property
    def asked(self) -> liveness.Challenge:
        """Give it in the core's words. Raises ValueError for a movement the core does not know."""
        return liveness.Challenge(self.name)


@dataclass(frozen=True, slots=True)
class StopCapture:
    """Close the camera; the child answers Closed."""


@dataclass(frozen=True, slots=True)
class Wipe:
    """Overwrite and drop every frame, crop and probe."""


@dataclass(frozen=True, slots=True)
class SetScene:
    """Choose who stands before the simulated camera; any other camera answers with a fault."""

    name: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The models are loaded and warm; *providers* names what really runs them.

    locks: what the kernel holds the child to (gate/vision/confine), by name.
    """

    providers: tuple[str, ...]
    locks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beat:
    """Still here. *held_frames* is 1 from the moment a frame is read until it and every crop of it are overwritten."""

    held_frames: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The camera that StopCapture meant is closed (R10)."""


@dataclass(frozen=True, slots=True)
class GalleryLoaded:
    """This generation of the gallery, and no older one, is matched from now on."""

    generation: int


@dataclass(frozen=True, slots=True)
class Found:
    """One frame's finding: a template is named only where it matched.

    place: where the face is, in whole twentieths of the zone: x, y, height; or empty. live: what is known of its life.
    """

    attempt: str
    hint: str
    template: str | None
    place: tuple[int, ...] = field(default=(), repr=False)
    live: str = Verdict.UNDECIDED.value

    def finding(self) -> Finding:
        """Give it in the core's words. Raises ValueError for a hint, a place or a verdict the core does not know."""
        template = None if self.template is None else TemplateId(self.template)
        return Finding(Hint(self.hint), template, _place_of(self.place), Verdict(self.live))

    @classmethod
    def of(cls, attempt: str, finding: Finding) -> Found:
        """Put a finding on the wire."""
        place = _steps_of(finding.place)
        return cls(attempt, finding.hint.value, finding.template, place, finding.live.value)


@dataclass(frozen=True, slots=True)
class Posed:
    """Where an enrolment stands after one frame: what is asked for, what to do, and how much is done."""

    attempt: str
    pose: str
    advice: str
    done: int
    total: int
    place: tuple[int, ...] = field(default=(), repr=False)

    def progress(self) -> Progress:
        """Give it in the core's words. Raises ValueError for a word, a place or a count the core does not know."""
        if not 0 <= self.done <= self.total:
            raise ValueError(self.done)
        return Progress(Pose(self.pose), Advice(self.advice), self.done, self.total, _place_of(self.place))

    @classmethod
    def of(cls, attempt: str, progress: Progress) -> Posed:
        """Put a progress on the wire."""
        place = _steps_of(progress.place)
        return cls(attempt, progress.pose.value, progress.advice.value, progress.done, progress.total, place)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One person's new template, in the payload, protected under the seed of *epoch*. The camera is closed by then.

    lookalike: somebody else's template comes near it, though not as near as a match; it says neither whose nor how near.
    """

    attempt: str
    epoch: int
    payload: bytes = field(repr=False)
    lookalike: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in vision does not work; *attempt* is empty outside a capture."""

    attempt: str
    code: str
    what: str
    remedy: str


Message = (
    Configure
    | LoadGallery
    | StartCapture
    | Challenge
    | StopCapture
    | Wipe
    | SetScene
    | Ready
    | Beat
    | Closed
    | GalleryLoaded
    | Found
    | Posed
    | Enrolled
    | Fault
)

_BY_NAME: dict[str, type[Message]] = {kind.__name__: kind for kind in get_args(Message)}


def attempt_of(message: Found | Posed | Enrolled | Fault) -> AttemptId:
    """Give the attempt a message belongs to."""
    return AttemptId(message.attempt)


def _steps_of(place: FacePlace | None) -> tuple[int, ...]:
    return () if place is None else place.steps


def _place_of(steps: tuple[int, ...]) -> FacePlace | None:
    if not steps:
        return None
    x, y, height = steps
    return FacePlace.of_steps(x, y, height)


def encode(message: Message) -> bytes:
    """Give the bytes of one message."""
    values = {item.name: getattr(message, item.name) for item in fields(message)}
    payload: bytes = values.pop("payload", b"")
    header = json.dumps([type(message).__name__, values]).encode()
    return _LENGTHS.pack(len(header), len(payload)) + header + payload


class Decoder:
    """Turns a byte stream back into messages, however it was cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes as they come; give the messages they complete. Raises DeviceFault for anything malformed."""
        self._buffer += data
        messages: list[Message] = []
        while len(self._buffer) >= _LENGTHS.size:
            header_size, payload_size = _LENGTHS.unpack_from(self._buffer)
            if header_size > MAX_HEADER or payload_size > MAX_PAYLOAD:
                raise _malformed("is longer than any message")
            end = _LENGTHS.size + header_size + payload_size
            if len(self._buffer) < end:
                break
            header = bytes(self._buffer[_LENGTHS.size : _LENGTHS.size + header_size])
            payload = bytes(self._buffer[_LENGTHS.size + header_size : end])
            self._buffer[:end] = bytes(end)  # templates pass through here: leave nothing of them behind
            del self._buffer[:end]
            messages.append(_parse(header, payload))
        return messages


def _parse(header: bytes, payload: bytes) -> Message:
    try:
        name, values = json.loads(header)
        kind = _BY_NAME[name]
        known = {item.name: item.type for item in fields(kind)}
        if "payload" in known:
            values["payload"] = payload
        elif payload:
            raise _malformed("carries a payload it must not have")
        build: Callable[..., Message] = kind
        checked = {key: _checked(value, str(known[key])) for key, value in values.items()}
        message = build(**checked)
        _refuse_unknown_words(message)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _malformed("is not one of the known messages") from error
    if isinstance(message, LoadGallery) and not _is_whole(message):
        raise _malformed("does not carry a seed and one template for each id")
    if isinstance(message, Enrolled) and len(message.payload) != TEMPLATE_BYTES:
        raise _malformed("does not carry one template")
    return message


def _refuse_unknown_words(message: Message) -> None:
    """Raise ValueError for what the core has no word for: a hint it does not know is no finding."""
    match message:
        case Found():
            message.finding()
        case Posed():
            message.progress()
        case StartCapture():
            message.level  # noqa: B018 - it is known, or it is not
        case Challenge():
            message.asked  # noqa: B018 - as above
        case _:
            pass


def _is_whole(gallery: LoadGallery) -> bool:
    has_none = not gallery.ids and not gallery.payload
    return has_none or len(gallery.payload) == SEED_BYTES + len(gallery.ids) * TEMPLATE_BYTES


_ACCEPTED: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "bool": (bool,),
    "int": (int,),
    "bytes": (bytes,),
}


def _checked(value: object, declared: str) -> object:
    if (
        declared == "tuple[str, ...]"
        and isinstance(value, list)
        and all(isinstance(item, str) for item in value)
    ):
        return tuple(value)
    if declared == "tuple[int, ...]" and isinstance(value, list) and all(type(each) is int for each in value):
        return tuple(value)
    if type(value) not in _ACCEPTED.get(declared, ()):  # exactly: True is no generation
        raise TypeError(declared)
    return value


def _malformed(why: str) -> DeviceFault:
    return DeviceFault(
        "vision-wire",
        f"A message from or to the vision process {why}.",
        remedy="The process is started anew.",
    )
