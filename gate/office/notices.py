"""Writing the notice on the gate's own pages: both languages and forms together, linted, published as one (R11, R14, R22)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gate.core.notice_lint import lint
from gate.core.notices import Change, Key, changed_terms
from gate.core.roles import Staff
from gate.core.types import NoticeVersion
from gate.errors import RequestError
from gate.notice import Proposal, Sources, folder_texts, load_sources, propose
from gate.ports import Clock
from gate.settings import Settings
from gate.store import Store
from gate.store.notice_texts import NO_DRAFT
from gate.web.staff.ports.notices import ArchivedNotice, Outlook, Texts


class NoticesOffice:
    """The notices of one gate. published: told after each publishing, so that the gate heeds it at once (R22)."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        *,
        published: Callable[[], None],
        name_of: Callable[[str], str | None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._published = published
        self._name_of = name_of

    def texts(self) -> Texts:
        """Give the draft, or the site's texts where nobody began one."""
        draft = self._store.notice_texts.draft
        if draft is None:
            return Texts(self._site(), NO_DRAFT, is_draft=False)
        _, _, account = draft.by.partition(":")
        by = (self._name_of(account) if account else None) or draft.by
        return Texts(draft.texts, draft.digest, is_draft=True, saved_at=draft.at, saved_by=by)

    def shipped(self) -> Mapping[Key, str]:
        """Give the texts of the release, or of the site's own folder."""
        return folder_texts(self._settings)

    def outlook(self, texts: Mapping[Key, str]) -> Outlook:
        """Tell what publishing *texts* now would do; nothing is written."""
        proposal = self._proposal(texts)
        changed = proposal.change is not Change.NONE
        before = proposal.current
        return Outlook(
            change=proposal.change,
            version=proposal.draft.version,
            terms=() if before is None else changed_terms(before.terms, proposal.draft.terms),
            affected=self._store.templates.count() if changed else 0,
            faults=lint(proposal.draft),
            filled=proposal.draft.texts,
            locks_face=changed and self._settings.face.enabled,
        )

    def save(self, who: Staff, texts: Mapping[Key, str], seen: str) -> None:
        """Keep *texts* as the draft. Raises RequestError ``draft-changed``."""
        self._store.notice_texts.keep(texts, at=self._clock.now(), by=who, seen=seen)

    def discard(self, seen: str) -> None:
        """Throw the draft away. Raises RequestError ``draft-changed``."""
        self._store.notice_texts.drop(seen=seen)

    def publish(self, who: Staff, seen: str, version: NoticeVersion) -> NoticeVersion:
        """Publish the saved texts, as the *version* that was shown, in one transaction, and have the gate heed it."""
        proposal = self._proposal(self.texts().texts)
        if proposal.change is Change.NONE:
            raise RequestError(
                "notice-same",
                f"Notice {proposal.draft.version} says exactly this already; nothing was published.",
                remedy="Change a text or a setting first.",
            )
        if proposal.draft.version != version:
            raise RequestError(
                "notice-version",
                f"This would be notice {proposal.draft.version} now, and you saw {version}; nothing was published.",
                remedy="Look again at what it changes, then publish.",
            )
        self._store.notice_texts.publish(proposal.draft, at=self._clock.now(), by=who, seen=seen)
        self._published()
        return proposal.draft.version

    def archive(self) -> Sequence[ArchivedNotice]:
        """Give every published version, newest first; one that was altered too."""
        site = self._proposal(self._site())
        holds = site.change is Change.NONE
        return tuple(
            ArchivedNotice(
                number,
                self._store.notices.version(number),
                in_force=holds and site.draft.version == number,
            )
            for number in reversed(self._store.notices.numbers())
        )

    def _site(self) -> Mapping[Key, str]:
        return self._store.notice_texts.site or folder_texts(self._settings)

    def _sources(self, texts: Mapping[Key, str]) -> Sources:
        return load_sources(self._settings, texts, public_key=self._store.signer.public_key)

    def _proposal(self, texts: Mapping[Key, str]) -> Proposal:
        return propose(self._store.notices, self._sources(texts), self._clock.now())
