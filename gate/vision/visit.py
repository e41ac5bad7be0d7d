"""One capture, frame by frame: what each frame comes to, what is kept from one to the next, and its wiping.

The order is fixed, so that nobody is compared who should not be: a frame over again is no frame, a useless one is
guidance, one face in the zone is chosen (R32), its life is observed, its quality assessed, and only a picture good enough is
embedded. A template is named only when the evidence over several frames of one face suffices (gate/core/evidence.py).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from gate.core.enrolment import Advice
from gate.core.evidence import Evidence, Limits, Outcome, judge
from gate.core.liveness import Verdict
from gate.core.matching import Embedding, Gallery, MeanProbe, compare, is_enrolled, verify
from gate.core.operating import raised
from gate.core.policy import Finding, Hint
from gate.core.types import Seconds, TemplateId
from gate.errors import DeviceFault, ModelError
from gate.vision import wire
from gate.vision.client import VisionSettings
from gate.vision.detect import Face
from gate.vision.enrolment import Enrolment
from gate.vision.images import Frame
from gate.vision.liveness import Liveness, is_bridged
from gate.vision.look import Look, choose, flaw_of
from gate.vision.pipeline import Pipeline
from gate.vision.protection import Protection
from gate.vision.quality import COMPARED_LEAST, Assessor, Quality

FROZEN_FRAMES: Final = 15
"""A live sensor never gives two equal frames; this many in a row is a frozen driver."""
OTHER_FACE: Final = 0.36
"""Below this, two looks are of two people: the highest of 262 impostor pairs has 0.342, and a head that turns because it
is asked to stays above."""
SAME_FACE: Final = 0.5
"""A probe less like the mean of those before it begins anew: no face vouches for the next. On a clip of people who talk and
turn, neighbouring frames of one face agree to 0.67 at least; two people's reach 0.53 at most, 0.34 on photographs."""


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the child knows now: the gallery, the protection it was made with, and their epoch."""

    gallery: Gallery = field(repr=False)
    protection: Protection | None = field(repr=False)
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Senses:
    """What a visit looks with. Lives as long as the child; each visit wipes what it left in them."""

    settings: VisionSettings
    pipeline: Pipeline
    liveness: Liveness
    assessor: Assessor


class Visit:
    """What is kept of one capture: nothing that was seen outlives ``wipe`` (R31)."""

    def __init__(self, capture: wire.StartCapture, senses: Senses) -> None:
        self._capture = capture
        self._senses = senses
        self._level = None if capture.enrol else capture.level
        self._only = tuple(map(TemplateId, capture.only))
        self._probe = MeanProbe()
        self._probed_at: Seconds = 0.0
        self._missed = False
        self._same_frames = (0, 0)
        self.enrolment = Enrolment()

    def wipe(self) -> None:
        """Overwrite every buffer that held pixels, probes or captures (R31), and begin anew."""
        self._senses.pipeline.wipe()
        self._senses.liveness.wipe()
        self._senses.assessor.wipe()
        self._probe.wipe()
        self.enrolment.wipe()
        self.enrolment = Enrolment()
        self._same_frames = (0, 0)

    def ask(self, message: wire.Challenge, at: Seconds) -> None:
        """Watch, from now on, for the movement that was asked for. Another attempt's is let go."""
        if message.attempt == self._capture.attempt:
            self._senses.liveness.ask(message.asked, at)

    def meet(self) -> None:
        """Forget whom the frames so far were like: the gallery, or what protects it, is another."""
        self._probe.wipe()

    def report(
        self, frame: Frame, at: Seconds, known: Known
    ) -> wire.Found | wire.Posed | wire.Enrolled | None:
        """Say what one frame, taken *at*, shows; None for the last frame over again.

        Raises DeviceFault for a frozen camera and for an enrolment that came to nothing, ModelError as the networks do.
        """
        if self._is_repeated(frame):
            return None
        senses = self._senses
        flaw = flaw_of(frame)
        look = Look(flaw) if flaw else choose(senses.pipeline.detect(frame), frame, senses.settings.zone)
        if self._capture.enrol:
            return self._sit(frame, look, known)
        return wire.Found.of(self._capture.attempt, self._find(frame, look, at, known))

    def _find(self, frame: Frame, look: Look, at: Seconds, known: Known) -> Finding:
        face = look.face
        if face is None:
            self._missed = True
            self._senses.liveness.miss()
            if look.hint is Hint.ONE_PERSON:
                self._probe.wipe()
            return Finding(look.hint, place=look.place, live=self._lives(at))
        if self._level is not None and not self._senses.liveness.observe(frame, face, at):
            self._probe.wipe()  # a face that lived does not vouch for the one that took its place
        quality = self._senses.assessor.assess(frame, face)
        if not quality.overall >= COMPARED_LEAST:
            return Finding(quality.hint(), place=look.place, live=self._lives(at))
        probe = self._embed(frame, face)
        if probe is None:
            return Finding(Hint.HOLD_STILL, place=look.place, live=self._lives(at))
        named = self._name(probe, quality, at, known)
        # Named or not: else the hint would tell whoever covers a picture whether its person is enrolled here.
        hint = Hint.UNCOVER if quality.covered or quality.shaded else look.hint
        return Finding(hint, named, look.place, self._lives(at))

    def _lives(self, at: Seconds) -> Verdict:
        return Verdict.UNDECIDED if self._level is None else self._senses.liveness.verdict(self._level, at)

    def _embed(self, frame: Frame, face: Face) -> Embedding | None:
        """Embed *face*, None where there is none: this frame's may be no face, and the next one's is."""
        try:
            return self._senses.pipeline.embed(frame, face)
        except ModelError as error:
            if error.code != "face-landmarks":
                raise
            return None

    def _name(self, probe: Embedding, quality: Quality, at: Seconds, known: Known) -> TemplateId | None:
        """Count *probe*, overwrite it, and give the template that the frames so far name, None where they name none.

        Of those this capture is about, where it names any (1:1). Kept and compared are protected forms only, which are as
        alike as the faces.
        """
        if known.protection is None:
            probe.fill(0)
            return None
        protected = known.protection.probe(probe)
        probe.fill(0)
        likeness = self._probe.likeness(protected)
        # Nor does a face that lived vouch for one swapped in between two frames.
        self._senses.liveness.vouch(same=likeness >= OTHER_FACE if self._probe.frames else None)
        if not is_bridged(at - self._probed_at, missed=self._missed) or not likeness >= SAME_FACE:
            self._probe.wipe()
        self._probed_at, self._missed = at, False
        self._probe.add(protected, quality.overall)
        named = self._judged(protected, known.gallery)
        protected.fill(0)
        return named

    def _judged(self, latest: Embedding, gallery: Gallery) -> TemplateId | None:
        """Give whom the frames so far name, if the *latest* is as like them too: no earlier frame opens for a later one."""
        match = compare(gallery, self._probe, self._only)
        if match is None:
            return None
        limits = self._senses.settings
        evidence = Evidence(self._probe.frames, self._probe.weight, match.score, match.second_score)
        compared = len(self._only) or len(gallery.ids)
        threshold = limits.threshold + raised(compared, n_threshold=limits.n_threshold, rise=limits.rise)
        if judge(evidence, Limits(threshold, limits.margin, compared)) is not Outcome.NAMED:
            return None
        alone = verify(gallery, latest, (match.template,))
        return match.template if alone is not None and alone.score >= threshold else None

    def _sit(self, frame: Frame, look: Look, known: Known) -> wire.Posed | wire.Enrolled:
        """Capture the frame if it is good for a pose that is wanted, and tell how far the enrolment is."""
        enrolment = self.enrolment
        advice = (
            enrolment.advise_without(look.hint) if look.face is None else self._captured(frame, look.face)
        )
        limit = self._senses.settings.threshold
        if enrolment.is_complete and enrolment.drop_outlier(at_least=limit):
            advice = Advice.ONCE_MORE
        progress = enrolment.progress(advice, look.place)
        return self._enrol(known) if progress is None else wire.Posed.of(self._capture.attempt, progress)

    def _captured(self, frame: Frame, face: Face) -> Advice:
        quality = self._senses.assessor.assess(frame, face)
        advice = self.enrolment.advise(frame, face, quality)
        if advice is Advice.GOOD:
            probe = self._embed(frame, face)
            if probe is None:
                return Advice.HOLD_STILL
            self.enrolment.take(probe, quality)
        return advice

    def _enrol(self, known: Known) -> wire.Enrolled:
        """Make one protected template of the captures.

        Raises DeviceFault if they disagree, or are as like somebody else's template as a match is: two people would
        open with one face, or one person twice. No margin is asked here: who lies between two templates is like both. Who
        comes within the margin of one is enrolled, and told.
        """
        limits = self._senses.settings
        template = self.enrolment.template(at_least=limits.threshold)
        if template is None:
            raise DeviceFault(
                wire.NOT_ALIKE,
                "The captures were not all of one clear face.",
                remedy="Stand still, one person, in good light, and try again.",
            )
        if known.protection is None:  # the epoch was lost while the camera looked
            raise no_epoch()
        protected = known.protection.apply(template[np.newaxis])
        template.fill(0)
        own = tuple(map(TemplateId, self._capture.own))
        if is_enrolled(known.gallery, protected[0], own=own, threshold=limits.threshold):
            protected.fill(0)
            raise _duplicate()
        near = limits.threshold - limits.margin
        is_alike = is_enrolled(known.gallery, protected[0], own=own, threshold=near)
        return wire.Enrolled(self._capture.attempt, known.epoch, protected.tobytes(), is_alike)

    def _is_repeated(self, frame: Frame) -> bool:
        """Tell whether the frame is the last one again: it is no second look. Raises DeviceFault when that goes on."""
        digest = zlib.crc32(frame[::8, ::8].tobytes())
        last, count = self._same_frames
        repeats = count + 1 if digest == last else 0
        self._same_frames = (digest, repeats)
        if repeats >= FROZEN_FRAMES:
            raise DeviceFault(
                "camera-frozen",
                "The camera gives the same frame again and again.",
                remedy="Unplug it and plug it in again.",
            )
        return repeats > 0


def no_epoch() -> DeviceFault:
    """Make the fault of an enrolment before there is an epoch."""
    return DeviceFault(
        "enrol-no-epoch",
        "There is no secret yet that a face template could be protected with.",
        remedy="Wait a moment and try again; if it goes on, run gate check.",
    )


def _duplicate() -> DeviceFault:
    return DeviceFault(
        wire.DUPLICATE,
        "This face is enrolled already, or is too like one that is.",
        remedy="Withdraw there first. Where nobody did enrol it, card and PIN stay the way in.",
    )
