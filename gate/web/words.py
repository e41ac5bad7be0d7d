"""What the pages say of each value the core can give, in English; the catalogues hold the other languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gate.core.effects import Standstill
from gate.core.liveness import Challenge
from gate.core.policy import Hint
from gate.core.types import Method, Reason, WithdrawalOutcome
from gate.web.languages import marked as _


@dataclass(frozen=True, slots=True)
class Words:
    """What is so, and what to do next."""

    title: str
    next: str


METHODS: Final[Mapping[Method, Words]] = {
    Method.CARD: Words(_("Card"), _("Hold it to the reader")),
    Method.PIN: Words(_("PIN"), _("Type it on the keypad")),
    Method.FACE: Words(_("Face"), _("Look at the camera")),
    Method.CODE: Words(_("Visitor's code"), _("Hold it to the scanner")),
}

CHOSEN: Final[Mapping[Method, Words]] = {
    Method.CARD: Words(_("Hold your card to the reader"), _("The reader is waiting for it.")),
    Method.PIN: Words(
        _("Type your unit and PIN on the keypad"), _("Your unit number, then #, then your PIN, then # again.")
    ),
    Method.FACE: Words(_("Look at the camera"), _("The camera is being switched on.")),
    Method.CODE: Words(_("Hold your code to the scanner"), _("The scanner is waiting for it.")),
}

SECOND: Final[Mapping[Method, Words]] = {
    Method.CARD: Words(
        _("Now hold your card to the reader"), _("The PIN was right. The card is the second step.")
    ),
    Method.PIN: Words(_("Now type your PIN, then #"), _("The card was read. The PIN is the second step.")),
    Method.FACE: CHOSEN[Method.FACE],
}
"""What may be asked for after a first factor; a visitor's code needs none and is none."""

HINTS: Final[Mapping[Hint, Words]] = {
    Hint.COMPARED: Words(_("Checking your face"), _("Keep looking at the camera.")),
    Hint.NO_FACE: Words(_("Look at the camera"), _("Your face is not in the picture yet.")),
    Hint.COME_CLOSER: Words(_("Come a little closer"), _("Your face is still too small in the picture.")),
    Hint.ONE_PERSON: Words(_("One person at a time, please"), _("Ask the others to step back a little.")),
    Hint.MORE_LIGHT: Words(_("More light, please"), _("Turn your face towards the light.")),
    Hint.HOLD_STILL: Words(_("Hold still for a moment"), _("The picture is blurred.")),
    Hint.LESS_LIGHT: Words(_("Too much light"), _("Step out of the glaring light.")),
    Hint.LOOK_AHEAD: Words(_("Look straight at the camera"), _("Hold your head upright.")),
    Hint.COME_IN: Words(_("Come into the middle"), _("The picture's edge cuts your face.")),
    Hint.UNCOVER: Words(
        _("Uncover your face for a moment"),
        _("A mask, scarf, dark glasses or a cap is in the way. Your card works too."),
    ),
}

_AND_BACK = _("Then look at the camera again.")

CHALLENGES: Final[Mapping[Challenge, Words]] = {
    Challenge.TURN_LEFT: Words(_("Turn your head slowly to your left"), _AND_BACK),
    Challenge.TURN_RIGHT: Words(_("Turn your head slowly to your right"), _AND_BACK),
    Challenge.NOD: Words(_("Nod slowly, once"), _AND_BACK),
    Challenge.COME_CLOSER: Words(_("Come slowly closer"), _("Keep looking at the camera.")),
}
"""A movement that a face is asked for, to show that it is no picture; left and right are the person's own."""

CHECKING: Final[Mapping[Method, str]] = {
    Method.CARD: _("Checking your card"),
    Method.PIN: _("Checking your PIN"),
    Method.FACE: _("Checking your face"),
    Method.CODE: _("Checking your code"),
}

_WELCOME = Words(_("Please come in"), _("The door is open for a few seconds."))

_NOT_RECOGNISED = Words(
    _("Your face was not recognised"),
    _(
        "This happens. Use your card or PIN, or touch Start and try again. "
        "If you agreed earlier and the notice has changed since, agree again at the desk."
    ),
)

RESULTS: Final[Mapping[Reason, Words]] = {
    Reason.MATCHED: _WELCOME,
    Reason.KNOWN_CREDENTIAL: _WELCOME,
    Reason.UNKNOWN_CREDENTIAL: Words(
        _("This card, PIN or code does not open this gate"),
        _("Try again, slowly. Card and PIN can be used right away."),
    ),
    Reason.THROTTLED: Words(
        _("Too many tries just now"), _("Wait a little before the next PIN. A card works at once.")
    ),
    Reason.NO_FACE: Words(_("No face was seen"), _("Use your card or PIN, or touch Start and try again.")),
    Reason.NOT_RECOGNISED: _NOT_RECOGNISED,
    Reason.NOT_LIVE: _NOT_RECOGNISED,
    Reason.NOT_CONSENTED: Words(
        _("Face does not open the gate this time"),
        _(
            "Your card and PIN open it as before. "
            "If you agreed earlier and the notice has changed since, agree again at the desk."
        ),
    ),
    Reason.TOO_SLOW: Words(_("That took too long"), _("Present your card or type your PIN once more.")),
    Reason.FAULT: Words(
        _("The gate could not do that"),
        _("This is the gate's fault, not yours. Try your card or PIN once more."),
    ),
    Reason.NOT_NOW: Words(
        _("It is outside your hours"),
        _("That is the same for every way in. Ask whoever runs this gate about them."),
    ),
    Reason.DOOR_LOCKED: Words(
        _("This door is locked for everybody now"),
        _("No way in opens it at the moment. The way out is always free."),
    ),
    Reason.INTERLOCKED: Words(
        _("The other door is not closed yet"), _("Wait until it is closed, then come in as always.")
    ),
    Reason.SECOND_MISSING: Words(
        _("The second step did not come in time"), _("Begin again with your card, or with unit and PIN.")
    ),
}

STANDSTILLS: Final[Mapping[Standstill, Words]] = {
    Standstill.LOCKED: RESULTS[Reason.DOOR_LOCKED],
    Standstill.DOOR_LOST: Words(
        _("The gate cannot open the door now"),
        _("Its lock does not answer: no card, PIN or face opens it. The way out is always free."),
    ),
    Standstill.READER_LOST: Words(
        _("The card reader does not answer"), _("No card and no keypad can be read here now.")
    ),
}
"""Why the gate does not open as always, until somebody ends it."""

SHUT: Final = frozenset({Reason.NOT_NOW, Reason.DOOR_LOCKED, Reason.INTERLOCKED})
"""What no other way in helps against."""

WITHDRAWALS: Final[Mapping[WithdrawalOutcome, Words]] = {
    WithdrawalOutcome.WITHDRAWN: Words(
        _("Your face was deleted"),
        _("Your consent is withdrawn. Your card and PIN work as before."),
    ),
    WithdrawalOutcome.NOTHING_TO_WITHDRAW: Words(
        _("Nothing is stored of your face"),
        _("There is no consent to withdraw. Your card and PIN work as before."),
    ),
    WithdrawalOutcome.FAILED: Words(
        _("It is not certain that your face was deleted"),
        _("This is the gate's fault. Ask at the desk, where it can be deleted at once, or try again here."),
    ),
}

OBSTACLES: Final[Mapping[str, Words]] = {
    "switched_on": Words(
        _("Face is switched off in the settings."), _("Set face.enabled to true if the site decides for it.")
    ),
    "vision_ready": Words(
        _("The face process is not ready, or is lent to an enrolment."),
        _("Wait a minute. If it stays so, read the camera's line below and check its cable."),
    ),
    "screen_live": Words(
        _("The gate's screen is dark or its page is not visible."),
        _("Open the gate's screen in a browser and leave it in front."),
    ),
    "notice_published": Words(
        _("No notice is published that says what the settings say."), _("Run gate notice publish.")
    ),
    "reader_healthy": Words(
        _("No card reader is known to work, so face may not stand alone."),
        _("Check its cable and power. A Wiegand reader must have read something within the last day."),
    ),
    "gallery_validated": Words(
        _("More faces are enrolled than the accuracy of the model was validated for."),
        _(
            "Set access.two_factors, so that a face is compared with its card's owner alone; or run gate calibrate with "
            "more evidence; or withdraw unused consents."
        ),
    ),
    "storage_healthy": Words(
        _("The storage is full or faulty."), _("Free some space, or replace the storage medium.")
    ),
    "clock_trusted": Words(
        _("The device's clock is behind a time the gate has seen before."),
        _("Set the clock. If it is right now and was wrong before, run gate clock accept."),
    ),
    "untampered": Words(
        _("The case was opened: faces are locked away."),
        _("Look at the device, run gate tamper clear, then start the gate again."),
    ),
    "liveness_fitted": Words(
        _("The site asks for a depth camera, and none is fitted."),
        _(
            "Set face.liveness to another level, or connect a depth camera and name its driver as camera.depth."
        ),
    ),
    "not_stopped": Words(
        _("Face was ended at this gate for good."),
        _("Cards and PINs go on. To begin anew, reset the device to factory state."),
    ),
    "assessment_approved": Words(
        _("No impact assessment is approved for the present configuration."),
        _("Run gate govern assess, read it, then run gate govern approve."),
    ),
}

PHASES: Final[Mapping[str, str]] = {
    "idle": _("Nobody is being served"),
    "noticing": _("The notice is being shown"),
    "choosing": _("Somebody is choosing"),
    "capturing": _("The camera is open"),
    "identifying": _("A card or PIN is awaited"),
    "verifying": _("A card or PIN is being checked"),
    "recording": _("A decision is being written"),
    "granted": _("The door was released"),
    "refused": _("An attempt was refused"),
    # Not what the person at the gate withdraws: whoever reads this page may see who stands there.
    "confirming": _("The door was released"),
    "withdrawing": _("The door was released"),
    "told": _("The door was released"),
}

CUSTODY: Final[Mapping[str, str]] = {
    "file": _(
        "The master key is kept in a software file: whoever copies this device's storage can copy it too."
    ),
    "credential": _("The master key is kept as a system credential."),
    "passphrase": _(
        "The master key is kept in a file that only the operator's passphrase opens; each start asks for it."
    ),
    "tpm": _(
        "The master key is sealed in this device's security chip (TPM): its storage alone opens nothing."
    ),
}

DEEDS: Final[Mapping[str, str]] = {
    "unplug": _("Unplug the reader"),
    "plug": _("Plug the reader in"),
    "tamper": _("Open the reader's case"),
    "close-case": _("Close the reader's case"),
    "babble": _("Let the reader talk nonsense"),
    "kill-vision": _("Kill the face process"),
    "push": _("Push from outside"),
    "shut": _("Let it fall shut"),
    "leave": _("Leave from inside"),
    "exit": _("Press the exit button"),
    "force": _("Force it open"),
    "fire": _("Set off the fire alarm"),
    "fire-over": _("End the fire alarm"),
    "unplug-door": _("Unplug the controller"),
    "plug-door": _("Plug the controller in"),
    "fail-power": _("Cut the mains"),
    "mend-power": _("Give the mains back"),
    "open-other": _("Open the other door"),
    "shut-other": _("Shut the other door"),
}

DOOR: Final[Mapping[str, str]] = {
    "fire": _("Open: the fire alarm is on"),
    "lost": _("Its controller does not answer; leaving is free"),
    "forced": _("Forced open"),
    "tamper": _("A case is open"),
    "held": _("Held open for too long"),
    "unlocked": _("Unlocked for too long"),
    "lockdown": _("Lockdown: nobody is let in, leaving is free"),
    "always-locked": _("Locked by its hours, leaving is free"),
    "open": _("Open"),
    "always-open": _("Stands open by its hours"),
    "releasing": _("Released"),
    "interlocked": _("Waits for the other door"),
    "locked": _("Locked"),
}

PROVIDERS: Final[Mapping[str, str]] = {
    "cpu": _("Models ready, computed by the processor"),
    "tensorrt": _("Models ready, computed by the graphics card with TensorRT"),
    "cuda": _("Models ready, computed by the graphics card"),
}
"""By what computes the models. What stands here for none stands as it is called."""

SCENES: Final[Mapping[str, str]] = {
    "nobody": _("Nobody"),
    "resident": _("A resident"),
    "stranger": _("A stranger"),
    "print": _("A print of a resident's photograph"),
    "replay": _("A film of a resident on a screen"),
    "far": _("A resident too far away"),
    "two": _("Two people"),
    "bystander": _("A resident with a bystander"),
    "dark": _("A resident in the dark"),
    "torn": _("Torn pictures"),
    "frozen": _("A picture that does not move"),
    "hanging": _("A camera that hangs"),
    "absent": _("No camera"),
}

SILENT: Final = frozenset({"duress"})
"""Alarms that only the desk's page shows."""

ALARMS: Final[Mapping[str, Words]] = {
    "forced": Words(_("The door was forced."), _("Go there, and look at the lock and the leaf.")),
    "held": Words(_("The door stands open for too long."), _("Close it, and look for what keeps it open.")),
    "unlocked": Words(
        _("The door stays unlocked for too long."),
        _("Look for an exit button that is held down; have the lock and its wires looked at."),
    ),
    "fire": Words(_("The fire alarm is on."), _("The door is open by itself. Follow the fire plan.")),
    "tamper": Words(
        _("A case was opened."), _("Look at reader, controller and gate before you trust them again.")
    ),
    "controller-lost": Words(
        _("The door controller does not answer."), _("Check its cable and power; people can leave.")
    ),
    "reader-lost": Words(
        _("The reader does not answer."), _("Check its cable and power; face is off until it is back.")
    ),
    "power": Words(
        _("A device runs without mains power."), _("Look at its supply before the battery is empty.")
    ),
    "duress": Words(
        _("Somebody opened under threat."), _("Act by your plan for it. The gate shows nothing of it.")
    ),
    "help": Words(
        _("Somebody at the gate calls for help."), _("Go there, or talk to them; then say that you know.")
    ),
    "passback": Words(
        _("Somebody came in twice within minutes."),
        _("A card or PIN may have been passed on. Whose it was is not known here."),
    ),
    "egress": Words(
        _("The gate kept back a message that may not leave it."),
        _("Nothing of it was sent. This is a fault of the program: report it with the gate's log."),
    ),
}
