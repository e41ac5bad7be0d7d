"""Was it done what was asked: in its time, after it was asked, and nothing else before.

A motion is read off the nose against the plane of its face (geometry.py), which a picture's never leaves, however it is
turned: so a print cannot answer. A film can, if it happens to show what is asked at that moment; that another motion
ends the challenge makes it luck.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from gate.core.liveness import CERTAINTY_LEAST, CHALLENGE_S, Challenge, Response
from gate.core.types import Seconds
from gate.vision.liveness.geometry import Parallax

TURN_LEAST = 0.075
"""How far the nose goes aside, in distances between the eyes: 10 to 20 degrees, on seven rendered faces."""
NOD_LEAST = 0.05
"""Up or down: 7 to 20 degrees."""
OTHER_LEAST = 1.5
"""Another motion than the one asked for counts from so many times that: people sway."""
CLOSER_LEAST = 1.25
"""By how much the face must grow in the picture."""
REACTION_S: Seconds = 0.15
"""Nobody answers sooner; what is done by then was no answer."""
FRAMES = 2
BEFORE = 5


class Answer:
    """What became of one challenge, told look by look."""

    def __init__(self) -> None:
        self._before: deque[tuple[float, float]] = deque(maxlen=BEFORE)
        self._width_px = 0.0
        self._asked: tuple[Challenge, Seconds] | None = None
        self._streak: tuple[Challenge | None, int] = (None, 0)
        self._ended: Response | None = None

    @property
    def is_awaited(self) -> bool:
        """Tell whether a challenge was asked and not answered yet."""
        return self._asked is not None and self._ended is None

    def ask(self, challenge: Challenge, at: Seconds) -> None:
        """Begin to wait for *challenge*. A second one, before or after an answer, is not heeded."""
        if self._asked is None:
            self._asked = challenge, at

    def observe(self, motion: Parallax | None, width_px: float, at: Seconds) -> None:
        """Take one look at the same face: its *motion* since the clip's first look, and the width of its box.

        None stands for a look that could not be compared, and for the first one.
        """
        if self._ended is not None:
            return
        if self._asked is None:
            self._width_px = width_px
            if motion is not None:
                self._before.append((motion.aside, motion.down))
            return
        challenge, asked_at = self._asked
        shown = self._shown(challenge, motion, width_px)
        last, count = self._streak
        self._streak = shown, count + 1 if shown is last else 1
        if shown is not None and self._streak[1] >= FRAMES:
            is_it = shown is challenge and REACTION_S <= at - asked_at <= CHALLENGE_S
            self._ended = Response.DONE if is_it else Response.FAILED

    def renew(self) -> None:
        """Heed that motions are told against another first look from now on."""
        self._before.clear()

    def lose(self) -> None:
        """Heed that the face was lost: who was asked may not be who comes back."""
        if self._asked is not None:
            self._ended = Response.FAILED
        self._before.clear()

    def response(self, at: Seconds) -> Response:
        """Say what became of it, *at* this time."""
        if self._ended is not None:
            return self._ended
        if self._asked is None:
            return Response.NOT_ASKED
        return Response.WAITING if at - self._asked[1] <= CHALLENGE_S else Response.FAILED

    def _shown(self, asked: Challenge, motion: Parallax | None, width_px: float) -> Challenge | None:
        """Name the motion that a look is in the midst of, the most pronounced one."""
        if motion is not None and motion.certainty >= CERTAINTY_LEAST:
            # Against the first look alone where none was compared before the challenge.
            aside, down = np.median(self._before, axis=0) if self._before else (0.0, 0.0)
            extents = {
                Challenge.TURN_LEFT: (motion.aside - aside) / TURN_LEAST,
                Challenge.TURN_RIGHT: (aside - motion.aside) / TURN_LEAST,
                Challenge.NOD: abs(motion.down - down) / NOD_LEAST,
            }
            most = max(extents, key=lambda each: extents[each])
            if extents[most] >= (1 if most is asked else OTHER_LEAST):
                return most
        is_closer = asked is Challenge.COME_CLOSER and width_px >= CLOSER_LEAST * self._width_px > 0
        return Challenge.COME_CLOSER if is_closer else None
