"""A capture as vision carries it out: what the core asks of the camera, and the draw of what a face may be asked to do."""

from __future__ import annotations

import secrets
from dataclasses import replace

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.liveness import DRAWN
from gate.ports import Vision

OfCamera = do.OpenCamera | do.AskChallenge | do.CloseCamera | do.Forget


def with_draw(event: on.Input) -> on.Input:
    """Draw the movement for a capture as it is chosen, each as likely, whatever was drawn before and whoever chose.

    A film of one movement so fails two times in three, and what comes next cannot be known before it is asked.
    """
    if not isinstance(event, on.FaceChosen):
        return event
    return replace(event, challenge=secrets.choice(DRAWN))


def carry_out(effect: OfCamera, vision: Vision | None) -> None:
    """Have vision do it, where there is one."""
    if vision is None:
        return
    match effect:
        case do.OpenCamera(attempt, only, liveness):
            vision.open_camera(attempt, only=only, liveness=liveness)
        case do.AskChallenge(attempt, challenge):
            vision.ask(attempt, challenge)
        case do.CloseCamera():
            vision.close_camera()
        case do.Forget():
            vision.forget()
