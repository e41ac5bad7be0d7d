"""What the pages say about residents' records, hours and visitors' codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gate.core.roster import Column, Deed, RowFault
from gate.core.types import Method
from gate.web.context import FaceStanding
from gate.web.languages import marked as _
from gate.web.staff.ports.approvals import ApprovalState
from gate.web.staff.ports.people import CredentialState
from gate.web.words import Words

PEOPLE_FAULTS: Final[Mapping[str, Words]] = {
    "unit-unfit": Words(
        _("A unit is 1 to 8 digits, as it is typed at the keypad."),
        _("Write building, floor and flat as one number."),
    ),
    "unit-taken": Words(_("This unit is already entered."), _("Choose another unit number.")),
    "name-unfit": Words(
        _("A name is 1 to 100 characters on one line, and begins like no formula."),
        _("Write the name as it is said, without =, +, - or @ before it."),
    ),
    "contact-unfit": Words(
        _("A contact is at most 200 characters on one line, and begins like no formula."),
        _("Write a telephone number such as +86 10 5555 0100, an address, or nothing."),
    ),
    "unit-unknown": Words(_("No resident is entered under this unit."), _("Look the resident up by name.")),
    "card-unfit": Words(
        _("A card's value is a whole number, or its length in bits, a colon and the number."),
        _("Hold the card to a reader of this gate, and copy the value, such as 34:123456789."),
    ),
    "card-taken": Words(
        _("This card already opens for somebody."), _("Block it first, or take another card.")
    ),
    "card-unknown": Words(
        _("This card opens for nobody here; nothing was changed."),
        _("Compare the value with what a reader shows."),
    ),
    "credential-unknown": Words(
        _("This card or PIN is not there any more; nothing was changed."), _("Look at the record below.")
    ),
    "validity-unfit": Words(
        _("With these times it would open at no time."),
        _("Name an end that lies ahead and after the beginning."),
    ),
    "time-unfit": Words(_("That is no day and no time."), _("Write a day as 2026-11-22.")),
    "record-changed": Words(
        _("Somebody else changed this meanwhile; nothing was written."),
        _("Look at what stands there now, then send it again."),
    ),
    "duress-off": Words(
        _("This site takes no duress PINs; nothing was changed."),
        _("They can be switched on under settings and rules."),
    ),
    "end-soon": Words(
        _("With that day card, PIN and face end now or within a day, and that cannot be undone."),
        _("Tick the box below if this is meant, or name another day."),
    ),
    "not-confirmed": Words(
        _("The unit that was typed is another one; nothing was deleted."),
        _("Type the unit of this resident."),
    ),
    "hours-unknown": Words(_("There are no hours of that name."), _("Look at the list of hours.")),
    "hours-name": Words(
        _(
            "Hours are named with 1 to 32 letters, digits and -, a letter or digit first; not always, not none."
        ),
        _("Name what they are for, such as cleaners or night; never a person."),
    ),
    "hours-unfit": Words(
        _("These are no hours."),
        _('Write days and times, such as "mon-fri 07:00-18:00; sat 08:00-12:00", or always.'),
    ),
    "hours-there": Words(
        _("There are hours of that name already; nothing was changed."),
        _("Change those, or choose another name."),
    ),
    "hours-in-use": Words(
        _("These hours are still in use; nothing was changed."),
        _("Give the residents and the door other hours first."),
    ),
    "visit-span": Words(
        _("No code is issued for these times."),
        _(
            "It may begin within 30 days and hold for 7 days at most, and it has to end after it begins, and not in the past."
        ),
    ),
    "visit-many": Words(
        _("This host has 20 codes that nobody used yet."), _("Take some of them back first.")
    ),
    "visit-unknown": Words(
        _("There is no such code, or it was used, or it is over."), _("Look at the list of the host's codes.")
    ),
    "import-size": Words(_("The file is larger than 4 MB; nothing was read."), _("Send it in parts.")),
    "import-rows": Words(
        _("The file has more than 10,000 rows; nothing was entered."), _("Send it in parts.")
    ),
    "import-workbook": Words(
        _("This is a workbook, not a list of values."),
        _("Save it as CSV (UTF-8) in the spreadsheet program, and send that file."),
    ),
    "import-utf16": Words(
        _("The file is written in UTF-16, or is no text."), _("Save it as CSV (UTF-8), and send that file.")
    ),
    "import-encoding": Words(
        _("The file is neither UTF-8 nor GBK or GB18030."), _("Save it as CSV (UTF-8), and send that file.")
    ),
    "import-gone": Words(
        _("What this file would do is not kept any more; nothing was entered."), _("Send the file again.")
    ),
    "import-faulty": Words(
        _("The file has faults; nothing was entered."), _("Put them right in the file, and send it again.")
    ),
    "import-stale": Words(
        _("Something was changed since the file was looked at; nothing was entered."),
        _("Send the file again, and look at what it would do now."),
    ),
    "import-none": Words(_("No file was chosen."), _("Choose the file, then press the button again.")),
    "shown-gone": Words(
        _("This was shown already, and nobody can look it up."), _("Draw a new one if it was not noted.")
    ),
}

ROW_FAULTS: Final[Mapping[RowFault, Words]] = {
    RowFault.EMPTY: Words(_("The file has no rows."), _("Fill it in, and save it as CSV.")),
    RowFault.HEADING_UNKNOWN: Words(
        _("The first row names no columns that are known."),
        _("Write unit, name, contact, card, hours there; contact, card and hours may be left out."),
    ),
    RowFault.HEADING_TWICE: Words(_("The first row names a column twice."), _("Keep one of them.")),
    RowFault.HEADING_MISSING: Words(
        _("The first row does not name this column."), _("Every file needs unit and name.")
    ),
    RowFault.QUOTES: Words(
        _("The quotation marks of this row do not close."),
        _("Save the file as CSV from a spreadsheet program."),
    ),
    RowFault.TOO_MANY_ROWS: PEOPLE_FAULTS["import-rows"],
    RowFault.TOO_MANY_COLUMNS: Words(
        _("The row has more cells than the first row names."),
        _("Put a text with commas between quotation marks."),
    ),
    RowFault.UNIT_UNFIT: PEOPLE_FAULTS["unit-unfit"],
    RowFault.UNIT_TWICE: Words(_("The file names this unit twice."), _("Keep one of the rows.")),
    RowFault.NAME_MISSING: Words(_("A resident needs a name."), _("Give one; it is sealed.")),
    RowFault.TOO_LONG: Words(
        _("This text is too long."), _("A name has 100 characters at most, a contact 200.")
    ),
    RowFault.FORMULA: Words(
        _("This begins like a formula of a spreadsheet: =, +, - or @."),
        _("Take the sign away. A telephone number may begin with +."),
    ),
    RowFault.CONTROL: Words(
        _("This holds line breaks or signs that cannot be shown."), _("Type it anew, on one line.")
    ),
    RowFault.CARD_UNFIT: PEOPLE_FAULTS["card-unfit"],
    RowFault.CARD_TWICE: Words(_("The file gives this card to two residents."), _("Keep one of the rows.")),
    RowFault.CARD_TAKEN: PEOPLE_FAULTS["card-taken"],
    RowFault.HOURS_UNKNOWN: PEOPLE_FAULTS["hours-unknown"],
    RowFault.OTHER_NAME: Words(
        _("Somebody of another name is entered under this unit."),
        _("Correct the name, or let the earlier resident move out first."),
    ),
}

COLUMNS: Final[Mapping[Column, str]] = {
    Column.UNIT: _("Unit"),
    Column.NAME: _("Name"),
    Column.CONTACT: _("Contact"),
    Column.CARD: _("Card"),
    Column.HOURS: _("Hours"),
}

DEEDS: Final[Mapping[Deed, str]] = {
    Deed.ENTER: _("New resident"),
    Deed.ADD_CARD: _("Already here: gets this card beside the earlier ones"),
    Deed.NOTHING: _("Already here: nothing changes"),
}

STATES: Final[Mapping[CredentialState, str]] = {
    CredentialState.OPENS: _("Opens"),
    CredentialState.NOT_YET: _("Not yet"),
    CredentialState.OVER: _("Over"),
    CredentialState.ENDED: _("Ended"),
}

KINDS: Final[Mapping[Method, str]] = {Method.CARD: _("Card"), Method.PIN: _("PIN")}

FACES: Final[Mapping[FaceStanding, str]] = {
    FaceStanding.NONE: _("Not in use"),
    FaceStanding.GIVEN: _("In use, with consent"),
    FaceStanding.RESTRICTED: _("Left alone, as the resident wished"),
    FaceStanding.OUTDATED: _("Resting: the notice has changed, and nobody has agreed anew"),
    FaceStanding.DECLINED: _("Declined; nobody asks again"),
}

APPROVALS: Final[Mapping[ApprovalState, str]] = {
    ApprovalState.PENDING: _("Asked; nobody has answered yet."),
    ApprovalState.ALLOWED: _("A second person has agreed."),
    ApprovalState.DENIED: _("A second person has refused."),
    ApprovalState.USED: _("It was used; ask again to open the record once more."),
    ApprovalState.LAPSED: _("It lapsed; ask again."),
}

DONE: Final[Mapping[str, str]] = {
    "entered": _("The resident is entered."),
    "corrected": _("The record is corrected."),
    "same": _("It was so already; nothing was changed."),
    "card": _("The card opens from now on."),
    "revoked": _("It opens no more."),
    "duress": _("There is no duress PIN now. The PIN stays."),
    "hours": _("The hours are given."),
    "end": _("The end of the tenancy is set."),
    "end-off": _("There is no end of the tenancy now."),
    "asked": _("A second person was asked."),
    "opened": _("The record is open for a quarter of an hour. That is on record."),
    "blocked": _("The card opens no more, whoever holds it."),
    "set": _("The hours are saved. They hold from now on."),
    "removed": _("The hours are removed."),
    "door": _("The door keeps these hours from now on."),
    "taken-back": _("The code opens no more."),
}
