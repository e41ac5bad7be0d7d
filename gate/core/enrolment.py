"""What an enrolment asks of the person before the camera: a few poses, and the next thing to do (R26)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gate.core.policy import FacePlace

Degrees = float
"""A turn of the head about its upright axis: 0 looks into the camera, above 0 is towards the person's own left."""

FRONT_MOST: Final[Degrees] = 8.0
SIDE_LEAST: Final[Degrees] = 12.0
"""Between the two lies neither pose, so that the estimate's noise makes no side of a front."""
SIDE_MOST: Final[Degrees] = 36.0
"""Beyond it one eye is nearly hidden, and the embedding learnt few such faces."""


class Pose(StrEnum):
    """How the head is held for a capture; left and right are the person's own."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"


PLAN: Final[Mapping[Pose, int]] = MappingProxyType({Pose.FRONT: 3, Pose.LEFT: 1, Pose.RIGHT: 1})
"""How many captures of each pose make one template, in the order in which they are asked for.

Most look ahead, as people do at a gate; one to each side makes the template bear a turned head. A picture held up has
no such sides: however it is turned, its nose stays between its eyes.
"""
CAPTURES: Final = sum(PLAN.values())


RENEW_AFTER: Final = timedelta(days=270)
"""A face that was taken longer ago than this is worth taking anew: hair, glasses and children change within a year.

Nothing is learnt from passages instead (R34): a template that followed its person could be led to somebody else."""


def is_aged(taken: datetime, at: datetime) -> bool:
    """Tell whether a template *taken* then deserves the hint to renew it."""
    return at - taken > RENEW_AFTER


class Advice(StrEnum):
    """What the person can do now, from one frame."""

    GOOD = "good"  # this frame was taken
    NO_FACE = "no-face"
    COME_CLOSER = "come-closer"
    ONE_PERSON = "one-person"
    MORE_LIGHT = "more-light"
    LESS_LIGHT = "less-light"
    HOLD_STILL = "hold-still"
    LOOK_AHEAD = "look-ahead"
    TURN_LEFT = "turn-left"
    TURN_RIGHT = "turn-right"
    TURN_OTHER_WAY = "turn-other-way"
    TURN_LESS = "turn-less"
    COME_IN = "come-in"
    UNCOVER = "uncover"
    ONCE_MORE = "once-more"  # a capture unlike the others was dropped, and is asked for again


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an enrolment stands after one frame. No pixel, no likeness and no person is in it (R30, R43).

    pose: what is asked for now; done, of total: how many captures are in; place: where the face is in the zone.
    """

    pose: Pose
    advice: Advice
    done: int
    total: int = CAPTURES
    place: FacePlace | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sitting:
    """The poses that are in. The sides may come in any order: whoever turns the other way first has done that one."""

    taken: tuple[Pose, ...] = ()

    @property
    def wanted(self) -> Pose | None:
        """Give the pose to ask for now, None once all are in."""
        return next((pose for pose in PLAN if self._lacks(pose)), None)

    def fitting(self, yaw: Degrees) -> Pose | None:
        """Give the pose that a look at *yaw* fills, None where it fills none. NaN fills none."""
        pose = pose_at(yaw)
        return pose if pose is not None and self._lacks(pose) else None

    def having(self, pose: Pose) -> Sitting:
        """Give the sitting with one more capture of *pose*."""
        return Sitting((*self.taken, pose))

    def without(self, pose: Pose) -> Sitting:
        """Give the sitting with one capture of *pose* less, so that it is asked for again. It has one."""
        taken = list(self.taken)
        taken.remove(pose)
        return Sitting(tuple(taken))

    def advise(self, yaw: Degrees) -> Advice:
        """Say what a person who looks at *yaw* can do for the pose that is wanted; GOOD where the look fills one."""
        if self.fitting(yaw) is not None:
            return Advice.GOOD
        wanted = self.wanted
        if wanted is None or wanted is Pose.FRONT:
            return Advice.LOOK_AHEAD
        if abs(yaw) > SIDE_MOST:
            return Advice.TURN_LESS
        towards = yaw if wanted is Pose.LEFT else -yaw
        if towards <= -SIDE_LEAST:
            return Advice.TURN_OTHER_WAY
        return Advice.TURN_LEFT if wanted is Pose.LEFT else Advice.TURN_RIGHT

    def _lacks(self, pose: Pose) -> bool:
        return self.taken.count(pose) < PLAN[pose]


def pose_at(yaw: Degrees) -> Pose | None:
    """Give the pose that *yaw* is, None between front and side, beyond a side, and for NaN."""
    if abs(yaw) <= FRONT_MOST:
        return Pose.FRONT
    if SIDE_LEAST <= abs(yaw) <= SIDE_MOST:
        return Pose.LEFT if yaw > 0 else Pose.RIGHT
    return None
