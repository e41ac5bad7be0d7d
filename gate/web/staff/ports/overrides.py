"""What the pages need to show and change settings: what is in force, what a change does, and who changed what (R80)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gate.core.overrides import Setting, Unfit, Value, Values
from gate.core.roles import Staff
from gate.web.staff.ports.approvals import ApprovalView


class Wrong(StrEnum):
    """Why a value cannot be, beyond what ``Unfit`` says of how it was typed."""

    OUT_OF_BOUNDS = "out-of-bounds"
    NOT_AN_ADDRESS = "not-an-address"
    CONTRADICTS = "contradicts"  # another setting, in the file
    NOT_FITTED = "not-fitted"  # the device lacks what it needs


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting. value: in force. by_file: what the settings file says. low, high: its bounds, where it has some."""

    key: str
    setting: Setting
    value: Value
    by_file: Value
    low: float | None = None
    high: float | None = None

    @property
    def is_changed(self) -> bool:
        """Tell whether the console changed it."""
        return self.value != self.by_file


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to change. wrong: by key, where it cannot be; then nothing else here counts.

    values: the changed keys with their new values. face_locks: face stays locked until the new configuration is
    assessed and approved. notice_moves: the published notice no longer says what the settings say, so face is off until
    it is published anew. asks_anew: that notice needs everybody's consent again (R22).
    """

    values: Values = field(default_factory=dict)
    wrong: Mapping[str, Unfit | Wrong] = field(default_factory=dict)
    face_locks: bool = False
    notice_moves: bool = False
    asks_anew: bool = False
    two_persons: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One value as it was and as it became, as somebody would type it; None: what the settings file says."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class VersionView:
    """One change on record. by: as the audit log says it. whole: nobody altered it since the device signed it."""

    number: int
    at: datetime
    by: str
    changes: tuple[Change, ...]
    whole: bool


class OverridesPort(Protocol):
    """Every method may raise VaultError."""

    @property
    def newest(self) -> int:
        """Give the number of the newest change, 0 while there is none: every form carries what it was shown."""

    @property
    def altered(self) -> bool:
        """Tell whether somebody altered the newest change in the database: then the settings file alone holds."""

    def settings(self) -> Sequence[SettingView]:
        """Give what may be changed here, in the order of the page."""

    def propose(self, typed: Mapping[str, str]) -> Proposal:
        """Read what was *typed*, by key, and tell what it would change and do; changes nothing.

        Keys that are not there stay as they are.
        """

    def change(self, who: Staff, typed: Mapping[str, str], seen: int) -> int:
        """Change the settings, and start the gate anew with them, which takes about a second; give the new number.

        Raises RequestError: ``settings-moved`` where somebody else changed some since *seen*; ``settings-unfit``;
        ``settings-same``; ``approval-missing`` where a second person has to agree and did not.
        """

    def ask(self, who: Staff, typed: Mapping[str, str], reason: str) -> None:
        """Ask that a second person agrees to exactly this. Raises as ``change`` and as ``ApprovalsPort.ask`` does."""

    def approval(self, who: Staff, typed: Mapping[str, str]) -> ApprovalView | None:
        """Give how the second person stands to exactly this, None where *who* never asked."""

    def history(self, before: int | None = None) -> Sequence[VersionView]:
        """Give up to 50 changes, newest first, only those below the number *before* if one is given."""
