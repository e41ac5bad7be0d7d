"""What the pages of an enrolment say, in English; the catalogues hold the other languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gate.core.enrolment import Advice, Pose
from gate.web.languages import marked as _
from gate.web.words import Words

POSES: Final[Mapping[Pose, str]] = {
    Pose.FRONT: _("Look straight into the camera"),
    Pose.LEFT: _("Turn your head a little to your left"),
    Pose.RIGHT: _("Turn your head a little to your right"),
}

ADVICE: Final[Mapping[Advice, Words]] = {
    Advice.GOOD: Words(_("Good"), _("That one is taken.")),
    Advice.NO_FACE: Words(_("Look at the camera"), _("Your face is not in the picture yet.")),
    Advice.COME_CLOSER: Words(_("Come a little closer"), _("Your face is still too small in the picture.")),
    Advice.ONE_PERSON: Words(_("One person at a time, please"), _("Ask the others to step back a little.")),
    Advice.MORE_LIGHT: Words(_("More light, please"), _("Turn your face towards the light.")),
    Advice.LESS_LIGHT: Words(_("Too much light"), _("Step out of the glaring light.")),
    Advice.HOLD_STILL: Words(_("Hold still for a moment"), _("The picture is blurred.")),
    Advice.LOOK_AHEAD: Words(_("Look straight into the camera"), _("Your head is turned a little.")),
    Advice.TURN_LEFT: Words(_("Turn your head a little to your left"), _("As if somebody stood beside you.")),
    Advice.TURN_RIGHT: Words(
        _("Turn your head a little to your right"), _("As if somebody stood beside you.")
    ),
    Advice.TURN_OTHER_WAY: Words(_("Now the other way"), _("This side is done already.")),
    Advice.TURN_LESS: Words(_("Not so far"), _("Turn your head back a little.")),
    Advice.COME_IN: Words(_("Come into the middle"), _("The picture's edge cuts your face.")),
    Advice.UNCOVER: Words(_("Uncover your face for a moment"), _("A mask or scarf is in the way.")),
    Advice.ONCE_MORE: Words(_("That one once more"), _("One picture was unlike the others and was dropped.")),
}

ENROL_FAULTS: Final[Mapping[str, Words]] = {
    "enrol-duplicate": Words(
        _("This face is enrolled already, or is too like one that is. Nothing was stored."),
        _("If it is yours, withdraw there first. Otherwise card and PIN stay your way in."),
    ),
    "enrol-camera": Words(
        _("The camera gave no usable picture. Nothing was stored."),
        _("Try again; if it stays so, tell the manager. Card and PIN work."),
    ),
    "enrol-stopped": Words(_("Stopped. Nothing was taken and nothing was stored."), _("Decide again below.")),
    "card-wrong": Words(
        _("No card that opens here has this number."),
        _("Hold it to the reader again, or type unit and PIN. The desk helps whoever has neither."),
    ),
    "card-again": Words(
        _("One card was given here already; nothing was changed."),
        _("Ask the desk for a further card once the screen is given back."),
    ),
    "sitting-over": Words(
        _("This page was handed over to somebody, and that is over."), _("Sign in to begin anew.")
    ),
    "pin-wrong": Words(
        _("This is not your present PIN; nothing was changed."), _("Type the PIN you use now.")
    ),
    "pin-weak": Words(
        _("This PIN is too easy to guess; nothing was changed."),
        _("Take 6 to 12 digits without a run or a pattern, or let the gate draw one."),
    ),
    "pin-differs": Words(_("The two new PINs differ; nothing was changed."), _("Type the same one twice.")),
    "staff-sign-in-wait": Words(_("The gate is busy just now."), _("Wait a minute, then try again.")),
}
