"""One clip before the gate's own detector and liveness, judged at each level at once."""

from __future__ import annotations

from dataclasses import dataclass

from gate.core.liveness import CHALLENGE_S, Challenge, Level, Verdict
from gate.vision.liveness import Liveness

ASKED_S = 1.0
"""When a challenge is asked, where one is."""
END_S = ASKED_S + CHALLENGE_S


@dataclass(frozen=True)
class Judge:
    """A gate's level, and whether the passive networks are fitted."""

    level: Level
    passive: bool = False

    @property
    def name(self):
        return self.level + (" with networks" if self.passive else "")


def judged(clip, pipeline, judges, *, challenge: Challenge, passive=None, end_s=END_S):
    """Give for each judge when the face was taken for a living one, in seconds; None: it never was."""
    sessions = [Liveness(passive if judge.passive else None) for judge in judges]
    asked, outcomes = [False] * len(judges), {}
    for frame, at in clip:
        if at > end_s or len(outcomes) == len(judges):
            break
        faces = pipeline.detect(frame)
        if not faces:
            continue
        face = max(faces, key=lambda each: each.area)
        for number, (judge, session) in enumerate(zip(judges, sessions, strict=True)):
            if number in outcomes:
                continue
            session.observe(frame, face, at)
            if at >= ASKED_S and not asked[number] and session.verdict(judge.level, at) is Verdict.UNDECIDED:
                session.ask(challenge, at)
                asked[number] = True
            verdict = session.verdict(judge.level, at)
            if verdict is not Verdict.UNDECIDED:
                outcomes[number] = at if verdict is Verdict.LIVE else None
    for session in sessions:
        session.wipe()
    return [outcomes.get(number) for number in range(len(judges))]
