"""Signals of a living head, measured over one clip of one face; gate/core/liveness.py decides on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from gate.core.liveness import Challenge, Level, Signals, Verdict, fuse, is_solid
from gate.core.types import Seconds
from gate.vision.detect import Face
from gate.vision.images import Frame
from gate.vision.liveness.challenge import Answer
from gate.vision.liveness.cues import Cues
from gate.vision.liveness.depth import DepthCamera, protrusion_mm
from gate.vision.liveness.geometry import Geometry
from gate.vision.liveness.passive import Passive, load_passive

GAP_S: Seconds = 0.5
"""A face that was looked for, and not there, may be another one when it is back after longer."""
BLIND_S: Seconds = 1.0
"""So may one that nobody looked for: a starved machine looks that seldom. After more than GAP_S its likeness must vouch for it."""
JUMP = 0.5
"""Neither is a face the same that moved by this share of its width from one look to the next, or grew by it."""
PASSIVE_FRAMES = 5
"""The networks look at so many frames of a clip: further ones teach little, and cost."""


class Liveness:
    """One face at a time, look by look. Keeps small crops until ``wipe``; tells nothing but a verdict.

    depth: the depth camera beside the colour one while a capture is open, None where there is none.
    """

    def __init__(self, passive: Passive | None = None) -> None:
        self._passive = passive
        self.depth: DepthCamera | None = None
        self._last: tuple[Face, Seconds] | None = None
        self._missed = self._in_doubt = False
        self._frames = 0
        self._shares: list[float] = []
        self._depths: list[float] = []
        self._geometry = Geometry()
        self._cues = Cues()
        self._answer = Answer()

    @classmethod
    def load(cls, models_dir: Path, providers: Sequence[str], threads: int) -> Self:
        """Open the networks that are fitted. Raises ModelError for altered weights; absent ones are no fault."""
        return cls(load_passive(models_dir, providers, threads))

    @property
    def passive_fitted(self) -> bool:
        """Tell whether the passive networks are there."""
        return self._passive is not None

    @property
    def depth_fitted(self) -> bool:
        """Tell whether a depth camera is open."""
        return self.depth is not None

    def observe(self, frame: Frame, face: Face, at: Seconds) -> bool:
        """Look at the chosen face of a frame taken *at*, seconds of a clock that only goes forward.

        Returns False where the face does not follow the last one without a gap: all signals begin anew, and evidence
        gathered elsewhere must. Raises DeviceFault if the depth camera fails, ModelError if a network does.
        """
        follows = self._last is None or _follows(self._last, face, at, missed=self._missed)
        if not follows:
            self.restart()
        elif self._last is not None and at - self._last[1] > GAP_S:
            self._in_doubt = True
        self._last, self._missed = (face, at), False
        self._frames += 1
        self._move(frame, face, at)
        self._cues.observe(frame, face)
        if self._passive is not None and len(self._shares) < PASSIVE_FRAMES:
            self._shares.append(self._passive.live_probability(frame, face))
        if self.depth is not None:
            depth = self.depth.read()
            stands_out = protrusion_mm(depth, face.landmarks)
            depth.fill(0)
            if stands_out is not None:
                self._depths.append(stands_out)
        return follows

    def miss(self) -> None:
        """Heed a look that showed no face to follow: whoever is there next has GAP_S since the last one, and no more."""
        self._missed = True

    def vouch(self, *, same: bool | None) -> None:
        """Heed whether the face of this look is like those compared before it; None where none was.

        Another one begins anew. So does one that nobody looked at for longer than GAP_S and that nothing speaks for: a
        picture may have been put in its place.
        """
        if not (not self._in_doubt if same is None else same):
            self.restart()
        self._in_doubt = False

    def _move(self, frame: Frame, face: Face, at: Seconds) -> None:
        """Follow the head's motion for as long as anything hangs on it."""
        if is_solid(self._signals()) and not self._answer.is_awaited:
            return
        if self._geometry.is_stale and not self._answer.is_awaited:
            self._geometry.renew()
            self._answer.renew()
        motion = self._geometry.observe(frame, face.landmarks)
        self._answer.observe(motion, face.box[2], at)

    def ask(self, challenge: Challenge, at: Seconds) -> None:
        """Note that *challenge* was asked *at* this time."""
        self._answer.ask(challenge, at)

    def verdict(self, level: Level, at: Seconds) -> Verdict:
        """Say what the signals give at *level*, *at* this time; while nothing vouches for the face, nobody is LIVE."""
        if self._last is None or not at - self._last[1] <= GAP_S:
            return Verdict.UNDECIDED
        verdict = fuse(
            self._signals(),
            level,
            passive_fitted=self.passive_fitted,
            depth_fitted=self.depth_fitted,
            challenged=self._answer.response(at),
        )
        return Verdict.UNDECIDED if self._in_doubt and verdict is Verdict.LIVE else verdict

    def restart(self) -> None:
        """Forget every signal, as before another face; a challenge that was asked has failed."""
        self._answer.lose()
        self._forget()

    def wipe(self) -> None:
        """Overwrite what is kept of the clip, and forget it with its challenge (R31)."""
        self._forget()
        self._answer = Answer()
        if self._passive is not None:
            self._passive.wipe()

    def _forget(self) -> None:
        self._last, self._frames = None, 0
        self._missed = self._in_doubt = False
        self._shares.clear()
        self._depths.clear()
        self._geometry.wipe()
        self._cues.wipe()

    def _signals(self) -> Signals:
        parallax = self._geometry.parallax
        return Signals(
            frames=self._frames,
            passive=float(np.mean(self._shares)) if self._shares else None,
            parallax=None if parallax is None else parallax.amount,
            certainty=None if parallax is None else parallax.certainty,
            cues=self._cues.found,
            depth_mm=float(np.median(self._depths)) if self._depths else None,
        )


def is_bridged(elapsed: Seconds, *, missed: bool) -> bool:
    """Tell whether a face seen again after *elapsed* may be the one before; missed: a look between showed none."""
    return 0 <= elapsed <= (GAP_S if missed else BLIND_S)


def _follows(last: tuple[Face, Seconds], face: Face, at: Seconds, *, missed: bool) -> bool:
    before, then = last
    moved = float(np.hypot(*(face.landmarks.mean(axis=0) - before.landmarks.mean(axis=0))))
    width, grown = before.box[2], face.box[2] / before.box[2] if before.box[2] > 0 else 0.0
    in_place = moved <= JUMP * width and 1 - JUMP <= grown <= 1 + JUMP
    return is_bridged(at - then, missed=missed) and in_place
