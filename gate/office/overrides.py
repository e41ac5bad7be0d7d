"""Settings from the console: read, held against the model of the settings file, and what they do to whom, said before (R80)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from pydantic import BaseModel

from gate.core.notices import Change as NoticeChange
from gate.core.overrides import (
    LIVENESS,
    SETTINGS,
    Kind,
    Unfit,
    Value,
    Values,
    needs_two,
    read,
    subject_of,
    written,
)
from gate.core.roles import Act, Staff
from gate.errors import ConfigError, GateError, RequestError
from gate.govern.approval import present_sha256
from gate.inforce import changeable, value_of, with_overrides
from gate.notice import load_sources, propose
from gate.ports import Clock
from gate.settings import Settings
from gate.sight import liveness_fitted
from gate.store import Store
from gate.web.staff.ports.approvals import ApprovalsPort, ApprovalState, ApprovalView
from gate.web.staff.ports.overrides import Change, Proposal, SettingView, VersionView, Wrong

HISTORY_MOST: Final = 50


class OverridesOffice:
    """The port of the settings. settings: in force; by_file: what the settings file alone says."""

    def __init__(
        self,
        *,
        settings: Settings,
        by_file: Settings,
        store: Store,
        clock: Clock,
        approvals: ApprovalsPort,
        restart: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._by_file = by_file
        self._store = store
        self._clock = clock
        self._approvals = approvals
        self._restart = restart

    @property
    def newest(self) -> int:
        """Give the number of the newest change."""
        return self._store.overrides.newest

    @property
    def altered(self) -> bool:
        """Tell whether somebody altered it in the database."""
        return self._store.overrides.altered

    def settings(self) -> tuple[SettingView, ...]:
        """Give what may be changed here."""
        return tuple(
            SettingView(
                key,
                SETTINGS[key],
                value_of(self._settings, key),
                value_of(self._by_file, key),
                *_bounds(type(self._settings), key),
            )
            for key in changeable(self._settings)
        )

    def propose(self, typed: Mapping[str, str]) -> Proposal:
        """Tell what *typed* would change and do."""
        values, wrong = self._read(typed)
        if wrong:
            return Proposal(wrong=wrong)
        if not values:
            return Proposal()
        try:
            after = with_overrides(self._by_file, self._beside(values))
        except ConfigError:
            return Proposal(wrong=dict.fromkeys(values, Wrong.CONTRADICTS))
        notice = self._notice_after(after)
        return Proposal(
            values=values,
            face_locks=self._locks(after),
            notice_moves=notice is not NoticeChange.NONE,
            asks_anew=notice is NoticeChange.MAJOR,
            two_persons=needs_two(tuple(values)),
        )

    def change(self, who: Staff, typed: Mapping[str, str], seen: int) -> int:
        """Change the settings and start the gate anew with them."""
        values = self._wanted(typed)
        if seen != self.newest:
            raise _moved()
        for key in values:
            _refuse_unless(who, SETTINGS[key].act)
        approval = None
        if needs_two(tuple(values)):
            approval = self.approval(who, typed)
            if approval is None or approval.state is not ApprovalState.ALLOWED:
                raise RequestError(
                    "approval-missing",
                    "A second person has to agree to this change first.",
                    remedy="Ask for it on this page, and have a manager or the privacy officer agree.",
                )
        number = self._write(who, values, approval, seen)
        self._restart()
        return number

    def ask(self, who: Staff, typed: Mapping[str, str], reason: str) -> None:
        """Ask that a second person agrees to exactly this."""
        values = self._wanted(typed)
        _refuse_unless(who, Act.CHANGE_RETENTION)
        self._approvals.ask(who, Act.CHANGE_RETENTION, self._subject(values), reason)

    def approval(self, who: Staff, typed: Mapping[str, str]) -> ApprovalView | None:
        """Give how the second person stands to exactly this."""
        values, wrong = self._read(typed)
        return None if wrong else self._approvals.find(who, Act.CHANGE_RETENTION, self._subject(values))

    def history(self, before: int | None = None) -> tuple[VersionView, ...]:
        """Give the changes on record, newest first."""
        found = self._store.overrides.history(most=HISTORY_MOST + 1, before=before)
        earlier = [*(each.values for each in found[1:]), {}][: len(found)]
        return tuple(
            VersionView(
                each.number,
                each.at,
                each.by,
                tuple(Change(key, _said(was, key), _said(each.values, key)) for key in each.changed),
                each.whole,
            )
            for each, was in zip(found, earlier, strict=True)
        )[:HISTORY_MOST]

    def _write(self, who: Staff, values: Values, approval: ApprovalView | None, seen: int) -> int:
        """Use the approval up with the change it is for, both or neither."""
        at = self._clock.now()

        def work(_connection: sqlite3.Connection) -> int:
            if approval is not None:
                self._approvals.take(approval.id, who, Act.CHANGE_RETENTION, self._subject(values))
            return self._store.overrides.change(self._beside(values), seen=seen, at=at, by=who)

        return self._store.staff.write(work)

    def _subject(self, values: Values) -> str:
        return subject_of(values, {key: value_of(self._settings, key) for key in values})

    def _wanted(self, typed: Mapping[str, str]) -> Values:
        proposal = self.propose(typed)
        if proposal.wrong:
            raise RequestError(
                "settings-unfit",
                "Some of these values cannot be; nothing was changed.",
                remedy="Correct them and send the form again.",
            )
        if not proposal.values:
            raise RequestError(
                "settings-same",
                "Nothing in the form differs from what is in force.",
                remedy="Change a value, or leave the page.",
            )
        return proposal.values

    def _read(self, typed: Mapping[str, str]) -> tuple[dict[str, Value], dict[str, Unfit | Wrong]]:
        """Read *typed*; give the values that differ from those in force, and what is wrong, by key."""
        values: dict[str, Value] = {}
        wrong: dict[str, Unfit | Wrong] = {}
        for key in changeable(self._settings):
            if key not in typed:
                continue
            value = read(SETTINGS[key], typed[key])
            if isinstance(value, Unfit):
                wrong[key] = value
            elif value == value_of(self._settings, key):
                continue
            elif fault := self._fault(key, value):
                wrong[key] = fault
            else:
                values[key] = value
        return values, wrong

    def _fault(self, key: str, value: Value) -> Wrong | None:
        try:
            after = with_overrides(self._by_file, {key: value})
        except ConfigError as error:
            if error.code != "override-unfit":
                return None  # against another setting, which may change beside it
            return Wrong.NOT_AN_ADDRESS if SETTINGS[key].kind is Kind.TEXT else Wrong.OUT_OF_BOUNDS
        # Face would be off with it, for want of a camera that only the file can name.
        return Wrong.NOT_FITTED if key == LIVENESS and not liveness_fitted(after) else None

    def _beside(self, values: Values) -> Values:
        """Give all that then stands beside the file: what the file says itself needs no row."""
        after = {key: value_of(self._settings, key) for key in changeable(self._settings)} | dict(values)
        return {key: value for key, value in after.items() if value != value_of(self._by_file, key)}

    def _locks(self, after: Settings) -> bool:
        """Tell whether face is approved now and would not be by *after* (R80)."""
        approved = self._store.assessments.is_approved
        now = present_sha256(self._settings, self._store)
        then = present_sha256(after, self._store)
        return now != then and approved(now) and not approved(then)

    def _notice_after(self, after: Settings) -> NoticeChange:
        """Tell how far *after* takes the site's texts from the published notice; nothing published, nothing moves."""
        if self._store.notices.current is None:
            return NoticeChange.NONE
        try:
            sources = load_sources(
                after, self._store.notice_texts.site, public_key=self._store.signer.public_key
            )
            return propose(self._store.notices, sources, self._clock.now()).change
        except GateError:
            return NoticeChange.NONE  # texts that cannot be read keep face off already


def _bounds(section: type[BaseModel], key: str) -> tuple[float | None, float | None]:
    """Give the bounds that the model of the settings sets to a number."""
    name, _, rest = key.partition(".")
    if rest:
        annotation = section.model_fields[name].annotation
        candidates = getattr(annotation, "__args__", (annotation,))
        inner = next(each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel))
        return _bounds(inner, rest)
    schema = section.model_json_schema()["properties"][name]
    return schema.get("minimum"), schema.get("maximum")


def _said(values: Values, key: str) -> str | None:
    return written(values[key]) if key in values else None


def _refuse_unless(who: Staff, act: Act) -> None:
    if not who.may(act):
        raise RequestError("role-missing", "Your office may not do this.", remedy="Ask a manager who may.")


def _moved() -> RequestError:
    return RequestError(
        "settings-moved",
        "Somebody else changed the settings meanwhile.",
        remedy="Look at what they are now, and change them again if it is still needed.",
    )
