"""What the pages of the notice say: its languages, forms and items, what a lint found, what a change means (R11, R22)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.core.notice_words import Rule
from gate.core.notices import Change, Form, Item
from gate.web.languages import marked as _
from gate.web.words import Words

FORMS: Final[Mapping[Form, Words]] = MappingProxyType(
    {
        Form.SHORT: Words(_("Short form"), _("It stands on the gate's screen and on the sign.")),
        Form.FULL: Words(_("Full text"), _("It stands on its own page, to be read and printed by anybody.")),
    }
)

LANGUAGE_NAMES: Final[Mapping[str, str]] = MappingProxyType({"zh-CN": _("Chinese"), "en": _("English")})

CHANGES: Final[Mapping[Change, Words]] = MappingProxyType(
    {
        Change.NONE: Words(_("Nothing would change."), _("The published notice says exactly this already.")),
        Change.MINOR: Words(
            _("A minor version: wording, contact, or a shorter time of keeping."),
            _("Consents go on. People are told of the change on their own page."),
        ),
        Change.MAJOR: Words(
            _("A major version: what people agreed to changes."),
            _("Face stops for everybody until they agree again. Card and PIN go on."),
        ),
    }
)

TERMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "purpose": _("purpose"),
        "method": _("method"),
        "data_types": _("types of data"),
        "retention_days": _("time of keeping"),
        "recipients": _("recipients"),
        "controller": _("controller"),
        "processors": _("processors"),
        "model": _("face model"),
    }
)

RULES: Final[Mapping[Rule, Words]] = MappingProxyType(
    {
        Rule.TEXT_MISSING: Words(
            _("Nothing is written."), _("Write this text, or begin anew from the texts of the release.")
        ),
        Rule.ITEM_MISSING: Words(
            _("Something a notice must tell is missing."),
            _("Write a paragraph that tells it, under a line with its mark."),
        ),
        Rule.ITEM_UNKNOWN: Words(_("A mark is not known."), _("Use one of the marks listed below.")),
        Rule.VALUE_MISSING: Words(
            _("A value is not told where it must be."), _("Write the placeholder into that item's paragraph.")
        ),
        Rule.LANGUAGES_DIFFER: Words(
            _("The other language tells something that this one does not."),
            _("Tell the same in both: add it here, or take it out there."),
        ),
        Rule.VERSION_DIFFERS: Words(
            _("It names a version of its own."), _("Write {version} where the text names its version.")
        ),
        Rule.UNLIMITED: Words(
            _("It claims a right without limit, or one that cannot be taken back."),
            _("Take it out: agreement is for one purpose, for a time, and can be taken back."),
        ),
        Rule.BUNDLED: Words(
            _("It names another purpose."), _("Take it out: the only purpose is opening this gate.")
        ),
        Rule.PRESSURE: Words(
            _("It puts pressure on people."),
            _("Take it out: whoever says no loses nothing and gains nothing."),
        ),
        Rule.CLAIM: Words(
            _("It praises itself."), _("Take it out: say what the gate does, and let others judge it.")
        ),
        Rule.UNFILLED: Words(
            _("Something was left to be filled in."), _("Fill it in, or use a known placeholder.")
        ),
        Rule.RETENTION: Words(
            _("It names a time of keeping that is too long."),
            _("Say a time of at most 12 months (365 days)."),
        ),
        Rule.LIVE_EVENTS: Words(
            _("It does not call de-identified live events by their name, or it calls something anonymous."),
            _("Write {live_events} into the paragraph on data, and take the word anonymous out."),
        ),
    }
)

ITEMS: Final[Mapping[Item, str]] = MappingProxyType(
    {
        Item.VOLUNTARY: _("face is voluntary"),
        Item.CONTROLLER: _("who the controller is; with {controller}"),
        Item.CAPTURE: _("capture begins only after face was chosen"),
        Item.PURPOSE: _("the one purpose"),
        Item.DROPPED: _("pictures are dropped after the comparison"),
        Item.RETENTION: _("how long a template is kept; with {retention_days}"),
        Item.LOCAL: _("face data is not sent out"),
        Item.SENSITIVE: _("face data is sensitive, a leak could harm"),
        Item.ALTERNATIVES: _("card and PIN work equally"),
        Item.WITHDRAWAL: _("withdrawing and deleting at any time, and where"),
        Item.CONTACT: _("whom to ask; with {contact}"),
        Item.FULL_TEXT: _("where the full text is"),
        Item.VERSION: _("the version; with {version}"),
        Item.OFFICER: _("who is in charge of personal data"),
        Item.PROCESSORS: _("who works on the controller's behalf"),
        Item.DATA: _("each type of data, why, how, and how long"),
        Item.NECESSITY: _("why it is necessary"),
        Item.EFFECT: _("what it means for people"),
        Item.NO_CONSEQUENCE: _("refusing has no consequence"),
        Item.RIGHTS: _("how to see, copy, correct, restrict, delete, withdraw, and in what time"),
        Item.MINORS: _("children under 14"),
        Item.DECEASED: _("people who died"),
        Item.AUTOMATED: _("the automated decision, and how to reach a human being"),
        Item.ERRORS: _("error rates in plain words"),
        Item.SECURITY: _("how it is protected"),
        Item.RECIPIENTS: _("who receives it"),
        Item.NO_TRANSFER: _("nothing goes abroad"),
        Item.COMPLAINTS: _("where to complain"),
        Item.EFFECTIVE: _("from when it is in force; with {effective}"),
        Item.CHANGES: _("what changed in which version; with {changes}"),
    }
)

FAULTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "draft-changed": Words(
            _("Somebody else changed the draft meanwhile; nothing was written."),
            _("Compare with what it says now, below. Saving again puts your text in its place."),
        ),
        "notice-same": Words(
            _("The published notice says exactly this already; nothing was published."),
            _("Change a text or a setting first."),
        ),
        "notice-version": Words(
            _("Another notice was published meanwhile; nothing was published."),
            _("Look again at what this one changes, then publish."),
        ),
        "notice-lint": Words(
            _("This notice cannot be published yet."), _("Put right what stands below, then publish.")
        ),
        "notice-unconfirmed": Words(
            _("The box was not ticked; nothing was published."),
            _("Have a person read both languages, then tick it."),
        ),
        "notice-long": Words(
            _("A text is too long, or holds signs that cannot be printed; nothing was written."),
            _("Shorten it to 12,000 signs."),
        ),
        "notice-incomplete": Words(
            _("A text of the notice's folder cannot be read."),
            _("Restore the folder from the release, or name another in the settings."),
        ),
    }
)
