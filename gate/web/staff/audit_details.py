"""What the details of the audit log's lines mean, in English; the catalogue holds the other language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.web.consent_words import REASONS
from gate.web.languages import marked as _
from gate.web.own import KINDS, OUTCOMES
from gate.web.staff.account_words import ACTS, ROLES
from gate.web.staff.gate_words import SETTING_WORDS
from gate.web.staff.ports.audit import AuditLine
from gate.web.staff.register_words import REGISTERS
from gate.web.staff.request_words import CHANNELS
from gate.web.staff.retention_words import ITEMS
from gate.web.words import ALARMS, METHODS

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "act": _("What for"),
        "approver": _("Allowed by"),
        "bytes": _("Bytes"),
        "cards": _("Cards"),
        "channel": _("Where"),
        "code": _("What went wrong"),
        "config": _("Configuration"),
        "corrected": _("Corrected"),
        "created": _("Made at"),
        "dropped": _("Older ones deleted"),
        "ended": _("Ended"),
        "epoch": _("Number of the key"),
        "erased_again": _("Erased again"),
        "item": _("What it was"),
        "keys": _("Settings"),
        "kind": _("What was asked for"),
        "ledger": _("Line of the consent record"),
        "ledger_hash": _("Its hash"),
        "left_out": _("Left out"),
        "method": _("Method"),
        "of": _("Shares in all"),
        "outcome": _("Outcome"),
        "people": _("Residents"),
        "reason": _("Why"),
        "register": _("Register"),
        "replaced": _("Replaced"),
        "revision": _("Revision"),
        "role": _("Office"),
        "roles": _("Offices"),
        "sha256": _("SHA-256"),
        "size": _("Bytes"),
        "stopped": _("Stopped there"),
        "templates": _("Templates"),
        "threshold": _("Shares needed"),
        "version": _("Version"),
        "what": _("What was taken"),
        "windows": _("Spans of the week"),
    }
)
_OFFICES: Final = {role.value: words.title for role, words in ROLES.items()}
VALUES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "act": {act.value: words for act, words in ACTS.items()},
        "approver": _OFFICES,
        "channel": {channel.value: words for channel, words in CHANNELS.items()},
        "item": {item.value: words for item, words in ITEMS.items()},
        "keys": {key: words.title for key, words in SETTING_WORDS.items()},
        "kind": {kind.value: words for kind, words in KINDS.items()},
        "method": {method.value: words.title for method, words in METHODS.items()},
        "outcome": {outcome.value: words for outcome, words in OUTCOMES.items()},
        "reason": {reason.value: words for reason, words in REASONS.items()},
        "register": {register.value: words.title for register, words in REGISTERS.items()},
        "role": _OFFICES,
        "roles": _OFFICES,
        "stopped": {"0": _("no"), "1": _("yes")},
        "corrected": {"birthday": _("Day of the 14th birthday")},
        "what": {"audit-log": _("Audit log")},
    }
)
"""What a detail may say, by its name; what stands here for none stands as it is: a number, a hash."""
_LISTS: Final = frozenset({"keys", "roles"})
"""Details that say several things, one after the other."""


def details_of(line: AuditLine) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give each detail of *line* as its name and what it says, marked for translation where there are words for it.

    A count of what was deleted is named by what it was. A line that was altered stands as it is.
    """
    items = VALUES["item"]
    return tuple(
        (NAMES.get(name) or items.get(name) or name, _said(name, value)) for name, value in line.told
    )


def object_of(line: AuditLine) -> str | None:
    """Give the words for what a line is about, None where it is a record by its random word."""
    words = ALARMS.get(line.object) if line.action == "alarm-acknowledged" else None
    return words.title if words else None


def _said(name: str, value: str) -> tuple[str, ...]:
    known = VALUES.get(name, {})
    parts = value.replace(",", " ").split() if name in _LISTS else [value]
    return tuple(known.get(each, each) for each in parts)
