"""What the pages say of each error, by its code; any other is shown in its own English words."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Final

from gate.errors import RequestError
from gate.web.enrol_words import ENROL_FAULTS
from gate.web.languages import marked as _
from gate.web.staff.account_words import ACCOUNT_FAULTS
from gate.web.staff.gate_words import GATE_FAULTS
from gate.web.staff.people_words import PEOPLE_FAULTS
from gate.web.staff.privacy_faults import PRIVACY_FAULTS
from gate.web.words import Words

_PAGES: Final[Mapping[str, Words]] = {
    "foreign-host": Words(
        _("This address is not one of this gate."),
        _("Open the page under a name that the site uses for it; web.names in the settings lists them."),
    ),
    "foreign-page": Words(
        _("This request did not come from a page of this gate."),
        _("Open the gate's page and press the button there."),
    ),
    "body-length": Words(_("The request does not say how long it is."), _("Send it with its length.")),
    "body-size": Words(_("The request is too large."), _("Send less: a form of this gate is always small.")),
    "body-slow": Words(_("The request did not come in time."), _("Send it again over a better connection.")),
    "too-many": Words(_("Too many requests came from here."), _("Wait a minute, then try again.")),
    "speech-failed": Words(_("This could not be read aloud."), _("Read it on the screen, or call for help.")),
    "speech-none": Words(
        _("This device does not read aloud."), _("Install espeak-ng, then start the gate again.")
    ),
    "page-fault": Words(
        _("This page failed; the door works on without it."),
        _("Try again; if it stays so, read the service's log."),
    ),
    "no-page": Words(_("There is no such page."), _("Begin at the first page.")),
    "not-so": Words(
        _("This page does not take such a request."), _("Go back and use the page's own buttons.")
    ),
    "bad-form": Words(
        _("Something in the form is missing or of the wrong kind."),
        _("Go back, correct it and send it again."),
    ),
    "bad-query": Words(
        _("Something in the request is missing or of the wrong kind."),
        _("Send it as /api/v1/openapi.json describes it."),
    ),
    "camera-busy": Words(
        _("The camera cannot be used just now."), _("Wait a moment and press the button again.")
    ),
    "enrol-locked": Words(
        _("Face is off at this gate just now, so nobody is enrolled."),
        _("The status page says why and what to do; cards and PINs work."),
    ),
    "notice-unread": Words(
        _("The notice was not before you long enough to be read."),
        _("Read it, then decide with the buttons below it."),
    ),
    "enrol-no-face": Words(
        _("No clear face was seen."), _("Stand before the camera, one person, in good light, and try again.")
    ),
    "enrol-not-alike": Words(
        _("The captures were not all of one clear face."),
        _("Stand still, one person, in good light, and try again."),
    ),
    "face-stopped": Words(
        _("Face was ended at this gate for good."),
        _("Cards and PINs go on. To begin anew, reset the device to factory state."),
    ),
    "assessment-missing": Words(
        _("No impact assessment is approved for the present configuration."),
        _("Run gate govern assess, read it, then run gate govern approve."),
    ),
    "sign-in-wrong": Words(
        _("Unit, PIN or code is not right."),
        _(
            "Type unit and PIN as at the keypad, and the code of the gate's screen where it is asked for. The desk gives a new PIN to whoever forgot theirs."
        ),
    ),
    "sign-in-wait": Words(
        _("Too many tries just now"), _("Wait a little before the next PIN. A card works at once.")
    ),
    "signed-out": Words(_("You are signed out."), _("Ask the contact below for your data.")),
    "details-long": Words(_("The text is too long."), _("Say it in fewer words; papers stay on paper.")),
    "requests-many": Words(
        _("Five of your requests wait for an answer already."),
        _("Wait for an answer, or tell the contact below what else you ask for."),
    ),
    "notice-outdated": Words(_("The notice has changed meanwhile."), _("Read it again and agree anew.")),
    "notice-text": Words(
        _("The text that was shown is not the published notice."),
        _("Read the published notice and decide anew."),
    ),
    "enrol-withdrawn": Words(
        _("Consent was withdrawn meanwhile."), _("Begin again if it is wanted after all.")
    ),
    "enrol-stale": Words(
        _("The keys were renewed while the face was taken."),
        _("Take the face again; it takes a few seconds."),
    ),
    "reconfirm-nothing": Words(
        _("There is no template that could live on."), _("Agree and have the face taken anew.")
    ),
    "reconfirm-needless": Words(
        _("The consent stands under the present notice already."), _("Nothing needs to be done.")
    ),
    "age-missing": Words(
        _("It was not said whether the person is 14 or older."),
        _("Ask the person or the guardian; nobody's age is guessed."),
    ),
    "guardian-missing": Words(
        _("For a child under 14 the guardian must decide."),
        _("Fill in what the guardian is, how that was checked, the 14th birthday, and who approved."),
    ),
    "guardian-needless": Words(
        _("Somebody of 14 or older decides alone."), _("Leave the guardian's fields empty.")
    ),
    "birthday-wrong": Words(
        _("The day on which the child turns 14 is missing, past, or too far ahead."),
        _("Ask the guardian for the date of the fourteenth birthday."),
    ),
    "birthday-differs": Words(
        _("Another fourteenth birthday was told for this child before."),
        _("Check which is right; gate rights birthday corrects the one on record, with a second approval."),
    ),
    "under-14-off": Words(
        _("Face is off for children under 14 at this gate."),
        _("Card and PIN open it; only the manager can change this."),
    ),
    "minor-approval": Words(
        _("A child's record opens to staff only with a second approval."),
        _("Have a manager or the privacy officer approve it, and try again."),
    ),
    "person-unknown": Words(_("There is no such person here."), _("Look them up again on the desk's page.")),
    "no-receipt": Words(_("There is no such receipt."), _("Open the receipts from the desk's page.")),
    "request-empty": Words(
        _("It does not say what is to be corrected or explained, so nothing was sent."),
        _("Say it in your own words, then send it again."),
    ),
    "browser-gone": Words(
        _("The page was closed, so nothing was taken and nothing was stored."), _("Begin again.")
    ),
    "screen-only": Words(
        _("This page is for the gate's own screen."), _("Open it on the device itself, not over the network.")
    ),
    "role-missing": Words(
        _("Your office may not do this."), _("Ask a manager who may, or to be given the office.")
    ),
    "token-wrong": Words(
        _("This token opens nothing."),
        _("Send one that a manager made and that is not over, as a bearer token."),
    ),
    "session-over": Words(
        _("You were signed out, because nothing happened for a while."),
        _("Sign in again. What you had typed is kept for a quarter of an hour."),
    ),
    "session-over-lost": Words(
        _("You are not signed in, so what you sent was not done."), _("Sign in, then send it again.")
    ),
    "session-over-file": Words(
        _("You are not signed in, so the file was not read."), _("Sign in, then choose the file again.")
    ),
    "parked-gone": Words(
        _("What was kept for you is no longer here."), _("Open the page and fill the form in again.")
    ),
    "form-charset": Words(
        _("The form is written in signs that this gate does not read."),
        _("Send it from the gate's own page; forms are in UTF-8."),
    ),
    "consent-box": Words(
        _("The box was not ticked, so nothing was taken and nothing was stored."),
        _("Tick it only if you agree, then press the button."),
    ),
}

FAULTS: Final[Mapping[str, Words]] = ChainMap(
    dict(_PAGES),
    dict(ACCOUNT_FAULTS),
    dict(PRIVACY_FAULTS),
    dict(GATE_FAULTS),
    dict(PEOPLE_FAULTS),
    dict(ENROL_FAULTS),
)
"""Every table of words for errors: each part of the pages adds its own."""


def page_fault(code: str) -> RequestError:
    """Give the pages' own error of that *code*, in the words of the table."""
    return RequestError(code, FAULTS[code].title, remedy=FAULTS[code].next)
