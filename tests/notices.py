"""Notices of a made-up site, published as its operator would."""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from gate.core.notice_lint import lint
from gate.core.notices import Change, Published, sha256_of
from gate.core.types import NoticeVersion
from gate.demo.settings import desk_settings
from gate.notice import NoticeBoard, Proposal, Sources, load_sources, publish

FIRST = NoticeVersion("1.0")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class MemoryArchive:
    """Published notices without a database."""

    def __init__(self) -> None:
        self.versions: list[Published] = []

    @property
    def current(self):
        return self.versions[-1] if self.versions else None

    @property
    def newest_number(self):
        return self.current.version if self.current else None

    def version(self, version):
        return next((each for each in self.versions if each.version == version), None)

    def all(self):
        return list(self.versions)

    def publish(self, draft, *, at):
        assert lint(draft) == ()
        sha256 = {key: sha256_of(text) for key, text in draft.texts.items()}
        self.versions.append(Published(draft.version, draft.texts, sha256, draft.terms, at))
        return self.versions[-1]


def published_board(**site) -> NoticeBoard:
    """Give a board with the shipped notice of a site in force, without a database."""
    archive = MemoryArchive()
    publish(archive, sources(**site), NOON)
    return NoticeBoard(archive, lambda: sources(**site))


def bare_board() -> NoticeBoard:
    """Give a board on which nothing was ever published."""
    return NoticeBoard(MemoryArchive(), sources)


@lru_cache
def sources(retention_days=365, **site) -> Sources:
    """Give the shipped texts for a site; *site* changes its settings, such as controller or contact."""
    settings = desk_settings(Path("/nowhere"))
    return load_sources(
        settings.model_copy(
            update={
                "site": settings.site.model_copy(update=site),
                "face": settings.face.model_copy(update={"retention_days": retention_days}),
            }
        )
    )


def publish_notice(store, at, **site) -> Proposal:
    """Publish what the site's settings give, if it differs from what is published."""
    return publish(store.notices, sources(**site), at)


def publish_major(store, at) -> None:
    """Publish a notice that asks for everybody's consent anew (R22)."""
    assert (
        publish_notice(store, at, controller=f"Heir of {store.notices.current_version}").change
        is Change.MAJOR
    )


def publish_minor(store, at) -> None:
    """Publish a notice that only says something in other words (R23)."""
    controller = store.notices.current.terms.controller
    contact = f"Room {store.notices.current_version}"
    assert publish_notice(store, at, controller=controller, contact=contact).change is Change.MINOR


def board(store) -> NoticeBoard:
    """Give the notice in force at the made-up site."""
    return NoticeBoard(store.notices, sources)
