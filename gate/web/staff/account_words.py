"""What the pages of accounts, approvals and tokens say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gate.core.roles import Act, Role
from gate.web.languages import marked as _
from gate.web.staff.ports.accounts import AccountState
from gate.web.staff.ports.approvals import ApprovalState
from gate.web.words import Words

ROLES: Final[Mapping[Role, Words]] = {
    Role.GUARD: Words(
        _("Guard"), _("Watches the door and its alarms, lets people in, locks down, blocks cards.")
    ),
    Role.MANAGER: Words(
        _("Manager"), _("Residents, cards, hours, face at the desk, settings, backups, staff accounts.")
    ),
    Role.PRIVACY_OFFICER: Words(
        _("Privacy officer"),
        _("Notices, requests, retention, the audit log, evidence; agrees as the second person."),
    ),
    Role.INSTALLER: Words(
        _("Installer"), _("Devices and their health, settings, backups; no resident's data.")
    ),
}

STATES: Final[Mapping[AccountState, tuple[str, str]]] = {
    AccountState.INVITED: ("near", _("Invited, not taken up")),
    AccountState.ACTIVE: ("good", _("In use")),
    AccountState.DISABLED: ("calm", _("Ended")),
}

APPROVAL_STATES: Final[Mapping[ApprovalState, tuple[str, str]]] = {
    ApprovalState.PENDING: ("near", _("Waits for a second person")),
    ApprovalState.ALLOWED: ("good", _("Allowed, not used yet")),
    ApprovalState.DENIED: ("bad", _("Refused")),
    ApprovalState.USED: ("calm", _("Used")),
    ApprovalState.LAPSED: ("calm", _("Lapsed")),
}

ACTS: Final[Mapping[Act, str]] = {
    Act.EXPORT_EVIDENCE: _("Export evidence"),
    Act.CHANGE_RETENTION: _("Change how long data are kept"),
    Act.OPEN_MINOR: _("Open a child's record"),
    Act.EXPORT_RECORD: _("Hand out a person's whole record"),
}

DONE: Final[Mapping[str, str]] = {
    "password": _("The new password holds. Every other browser of yours was signed out."),
    "app": _("The new app holds. Every other browser of yours was signed out."),
    "passkey": _("The passkey was added."),
    "passkey-removed": _("The passkey was removed. Every other browser of yours was signed out."),
    "sessions": _("Signed out there."),
    "changed": _("Saved."),
    "disabled": _("The account is ended, and so are the tokens it made."),
    "allowed": _("Allowed: it can be done once, within a day."),
    "denied": _("Refused."),
    "revoked": _("The token is revoked."),
}

_SENTENCE: Final = _("Take a sentence, or four words that do not belong together.")
PASSWORD_CODES: Final = ("too-short", "too-long", "unprintable", "names", "repeats", "common")
PASSWORD_FIELDS: Final[Mapping[str, str]] = {f"password-{fault}": "password" for fault in PASSWORD_CODES}

ACCOUNT_FAULTS: Final[Mapping[str, Words]] = {
    "staff-sign-in-wrong": Words(
        _("Login, password and code do not belong together."),
        _("Try again. A code of the app is good once: wait for the next."),
    ),
    "staff-throttled": Words(
        _("Signing in has to wait a while."), _("Wait a minute, then try again; a passkey needs no waiting.")
    ),
    "passkey-refused": Words(
        _("This passkey was not accepted."), _("Try again, or sign in with password and code.")
    ),
    "passkey-many": Words(
        _("This account has ten passkeys already."), _("Remove one that is not used any more.")
    ),
    "passkey-unknown": Words(_("This account has no such passkey any more."), _("Look at the list again.")),
    "setup-code-wrong": Words(
        _("This is not the set-up code, or its hour is over."),
        _("Run gate account setup-code on the device and type the code it prints."),
    ),
    "invitation-wrong": Words(
        _("This invitation is not known, was used, or its week is over."), _("Ask a manager for a new one.")
    ),
    "enrolment-over": Words(
        _("This took longer than a quarter of an hour, or is done already."), _("Begin again.")
    ),
    "totp-wrong": Words(
        _("This is not the code that the app shows now."),
        _("Type the newest one. If it stays so, compare the time of telephone and gate."),
    ),
    "login-unfit": Words(
        _("A login has 2 to 32 small letters, digits, and . _ -; a letter or digit comes first."),
        _("Take one such as wang.li."),
    ),
    "login-taken": Words(
        _("This login is in use, or belongs to an account that was ended."),
        _("Choose another, or invite the holder of that account anew."),
    ),
    "name-unfit": Words(_("A name has 1 to 80 characters."), _("Write what the others know it by.")),
    "roles-none": Words(_("An account has at least one office."), _("Tick what its holder is to do.")),
    "roles-own": Words(
        _("Nobody changes their own offices."),
        _("Ask another manager; where there is none, gate account setup-code lets one join."),
    ),
    "account-unknown": Words(
        _("There is no such staff account."), _("Choose one from the list of accounts.")
    ),
    "account-changed": Words(
        _("Somebody else changed this account meanwhile."),
        _("Look at what it says now, then change it again if need be."),
    ),
    "accounts-many": Words(
        _("There are 200 staff accounts already, ended ones included."),
        _("Invite the holder of an ended one anew."),
    ),
    "last-manager": Words(
        _("Nobody else could sign in as a manager then."),
        _("Let another manager set up their account first."),
    ),
    "password-too-short": Words(_("A password has at least 12 characters."), _SENTENCE),
    "password-too-long": Words(_("A password has at most 128 characters."), _("Take a shorter one.")),
    "password-unprintable": Words(
        _("A password is made of characters that can be seen."), _("Type it, do not paste it.")
    ),
    "password-names": Words(
        _("The password holds the login or the gate's name."), _("Take words that are not on the door.")
    ),
    "password-repeats": Words(_("The password repeats itself."), _SENTENCE),
    "password-common": Words(_("The password is made of what everybody tries first."), _SENTENCE),
    "password-unlike": Words(_("The two passwords are not the same."), _("Type the same one twice.")),
    "token-days": Words(_("A token holds for 1 to 365 days."), _("Make a new one before it runs out.")),
    "token-role": Words(
        _("A program may do nothing that its maker may not."),
        _("Choose another office, or ask somebody who holds this one too."),
    ),
    "token-many": Words(_("50 tokens are in use already."), _("Revoke those that no program needs.")),
    "token-unknown": Words(
        _("There is no such token, or it is revoked already."), _("Look at the list again.")
    ),
    "approval-own": Words(
        _("Nobody allows what they asked for themselves."), _("Have somebody else of the staff look at it.")
    ),
    "approval-near": Words(
        _(
            "Who asks entered, reset or gave an office to your account within the last 30 days, so that the two may be "
            "one person."
        ),
        _(
            "Have another of the staff look at it, wait until that is longer ago, or ask for it yourself and let them "
            "answer."
        ),
    ),
    "approval-over": Words(
        _("This was answered or taken back already, or waited too long."),
        _("Look at the list again; ask anew if it is still needed."),
    ),
    "approval-role": Words(
        _("Only a manager or the privacy officer answers for a second person."),
        _("Ask one of them to look at it."),
    ),
    "approval-many": Words(
        _("20 of your questions wait for a second person already."),
        _("Take some back, or wait for the answers."),
    ),
    "reason-unfit": Words(
        _("The second person needs a reason, of at most 500 characters."),
        _("Say in a sentence what it is for."),
    ),
}
