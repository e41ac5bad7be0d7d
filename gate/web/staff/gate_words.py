"""What the staff's pages say of door, alarms, parts and settings, in English; the catalogues hold the other languages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gate.core.types import Reason
from gate.web.languages import marked as _
from gate.web.words import Words


class Tone(StrEnum):
    """How a state looks; its words alone carry the meaning."""

    CALM = "calm"
    GOOD = "good"
    NEAR = "near"
    BAD = "bad"


DOOR_TONES: Final[Mapping[str, Tone]] = {
    "fire": Tone.BAD,
    "lost": Tone.BAD,
    "forced": Tone.BAD,
    "tamper": Tone.BAD,
    "held": Tone.BAD,
    "unlocked": Tone.BAD,
    "lockdown": Tone.NEAR,
    "always-locked": Tone.NEAR,
    "open": Tone.NEAR,
    "always-open": Tone.NEAR,
    "releasing": Tone.NEAR,
    "interlocked": Tone.NEAR,
    "locked": Tone.GOOD,
}

OBSTACLES_TO_ENTRY: Final[Mapping[Reason, str]] = {
    Reason.FAULT: _("Nobody can be let in: the door's controller or the database does not answer."),
    Reason.DOOR_LOCKED: _("Nobody can be let in: the door is in lockdown, or locked by its hours."),
    Reason.INTERLOCKED: _("Nobody can be let in until the other door is closed."),
}

LEAVES: Final[Mapping[str, str]] = {
    "unknown": _("not known"),
    "closed": _("closed"),
    "open": _("open"),
}

DECLARED: Final[Mapping[str, str]] = {
    "fail-safe": _("Without power the lock lets everybody in (fail-safe)."),
    "fail-secure": _("Without power the lock stays locked (fail-secure); leaving is free."),
}

GATE_FAULTS: Final[Mapping[str, Words]] = {
    "release-late": Words(
        _("The second step did not come within 10 seconds, so the door stayed as it was."),
        _("Look at the door again, then begin anew."),
    ),
    "release-obstacle": Words(
        _("The door lets nobody in now: a lockdown, its hours, the other door, or a fault."),
        _("The page says which; the way out is always free."),
    ),
    "release-unanswered": Words(
        _("The door did not confirm that it opened."),
        _("Look at the door and at its controller before you try again."),
    ),
    "settings-moved": Words(
        _("Somebody else changed the settings meanwhile."),
        _("Look at what they are now, and change them again if it is still needed."),
    ),
    "settings-unfit": Words(
        _("Some of these values cannot be; nothing was changed."),
        _("Correct them and send the form again."),
    ),
    "settings-same": Words(
        _("Nothing in the form differs from what is in force."), _("Change a value, or leave the page.")
    ),
    "backup-off": Words(
        _("The settings name no folder for backups."),
        _("Name one in the settings file, in the section [backup], and start the gate again."),
    ),
    "backup-at-work": Words(_("A backup is being made or looked into."), _("Wait until that is done.")),
    "backup-unknown": Words(_("There is no such backup."), _("Choose one of the list, and reload it.")),
    "backup-folder-absent": Words(
        _("The backup folder is not there."),
        _("Plug in and mount its medium, or make the folder; it is never made by itself."),
    ),
    "backup-folder-full": Words(
        _("The backup folder has no room for another backup."),
        _("Free some space there; the older backups are still whole."),
    ),
    "backup-folder-unusable": Words(
        _("The backup folder cannot be used."),
        _("Give it to the gate's account, on a medium mounted for writing."),
    ),
    "backup-folder-foreign": Words(
        _("The backups in the folder are another gate's."), _("Name an empty folder for this gate's own.")
    ),
    "backup-busy": Words(_("Another backup is being made."), _("Wait for it, then try again.")),
    "backup-altered": Words(
        _("This backup does not hold what was written: it was altered or damaged."),
        _("Make a new one, and look at the medium."),
    ),
    "streams-many": Words(
        _("Too many pages watch this gate at once."), _("Close some; this page then renews itself again.")
    ),
    "alarm-over": Words(
        _("This alarm is over, or somebody acknowledged it before you."), _("Nothing is to do.")
    ),
}

SETTING_WORDS: Final[Mapping[str, Words]] = {
    "door.release_s": Words(
        _("Seconds the door is free after a grant"),
        _("The lock is never held longer: its controller cuts off by itself."),
    ),
    "door.held_after_s": Words(
        _("Seconds the door may stand open"), _("After that, the alarm for a door held open.")
    ),
    "access.passback_minutes": Words(
        _("Minutes within which a second entry is an alarm"),
        _("0 means never. The alarm names nobody, and nobody is refused."),
    ),
    "access.duress": Words(
        _("PINs for use under threat"), _("A second PIN that opens as ever and raises a silent alarm.")
    ),
    "notice.minimum_s": Words(
        _("Seconds the notice stands before a choice"), _("Longer is kinder to slow readers.")
    ),
    "face.enabled": Words(_("Face as a way in"), _("Card and PIN go on in any case, for everybody.")),
    "face.liveness": Words(
        _("What a face must show beside its likeness"),
        _(
            "Where a movement is asked for only if needed, films on a screen often pass. Where one is asked for each time, whoever cannot turn or nod uses card or PIN. With a colour camera alone it is low assurance either way."
        ),
    ),
    "face.threshold_at_least": Words(
        _("How alike faces must be, at least"),
        _("Stricter than the model asks is possible, never laxer; 0 leaves it to the model."),
    ),
    "face.under_14.enabled": Words(
        _("Face for children under 14"), _("Only with a guardian's consent and a second approval, each time.")
    ),
    "face.retention_days": Words(_("Days a face template is kept at most"), _("Counted from the consent.")),
    "face.under_14.retention_days": Words(
        _("Days a child's face template is kept at most"), _("Counted from the consent.")
    ),
    "site.contact": Words(_("Whom residents may ask"), _("Stands in the notice and on the gate's screen.")),
    "site.officer": Words(
        _("Who answers for personal information"), _("Stands in the notice. Empty: nobody was appointed.")
    ),
    "web.public_url": Words(
        _("Address of the notice for telephones"),
        _(
            "The QR codes lead there. Empty: to this gate's own page of the notice, where the site has named an address."
        ),
    ),
    "backup.every_hours": Words(_("Hours between two backups"), _("The gate makes them by itself.")),
    "events.deidentified_live": Words(
        _("De-identified live events"), _("Whether each passage leaves at once, for the broker.")
    ),
}

CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "face.liveness": {
        "basic": _("A movement only if needed"),
        "challenge": _("A movement each time"),
        "depth": _("Its depth, by a depth camera"),
    }
}
"""The values of a setting that is chosen from a list, in words."""

AREAS: Final[Mapping[str, str]] = {
    "door": _("Door"),
    "access": _("Coming in"),
    "screen": _("The gate's screen"),
    "face": _("Face"),
    "retention": _("Keeping and erasing"),
    "site": _("Site"),
    "backup": _("Backups"),
    "events": _("Events for the broker"),
}

UNFIT: Final[Mapping[str, str]] = {
    "missing": _("Give a value."),
    "not-a-number": _("Give a number, such as 5 or 2.5."),
    "not-whole": _("Give a whole number."),
    "not-a-switch": _("Choose on or off."),
    "not-a-choice": _("Choose one of these."),
    "too-long": _("Say it in at most 300 characters."),
    "not-a-line": _("Give one line without special characters."),
    "out-of-bounds": _("This lies outside what is possible here."),
    "not-an-address": _("This cannot be taken. An address begins with https:// or http://."),
    "contradicts": _("This does not go together with the settings file."),
    "not-fitted": _("There is no depth camera: the settings file names none."),
}
