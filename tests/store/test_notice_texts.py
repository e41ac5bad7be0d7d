"""The notice's words before they are filled: kept whole, changed by one at a time, published with their notice (R14)."""

import pytest

from gate.core.notices import KEYS, Form
from gate.core.types import NoticeVersion
from gate.errors import RequestError
from gate.store.account.audit import Actor
from gate.store.notice_texts import NO_DRAFT, digest_of
from tests.notices import sources

TEXTS = {key: f"[item: purpose]\n{key[0]} {key[1]}\n" for key in KEYS}
KEY = ("en", Form.SHORT)


def keep(store, noon, texts=TEXTS, seen=NO_DRAFT):
    store.notice_texts.keep(texts, at=noon, by=Actor.DESK, seen=seen)


def publishable(store, noon, version="1.1"):
    texts = sources().texts | {KEY: sources().texts[KEY] + "\nOne line more.\n"}
    filled = sources().__class__(sources().settings, texts, sources().phrases, sources().point)
    return texts, filled.draft(NoticeVersion(version), noon, store.notices.all())


def test_a_draft_is_kept_word_for_word_with_who_wrote_it(store, open_store, noon):
    keep(store, noon)
    kept = open_store().notice_texts.draft
    assert (kept.texts, kept.at, kept.by) == (TEXTS, noon, "desk")
    assert kept.digest == digest_of(TEXTS)


def test_a_draft_is_changed_by_who_saw_it_as_it_is(store, noon):
    keep(store, noon)
    for seen in (NO_DRAFT, "0" * 64):
        with pytest.raises(RequestError) as refusal:
            keep(store, noon, TEXTS | {KEY: "other"}, seen)
        assert refusal.value.code == "draft-changed"
        with pytest.raises(RequestError):
            store.notice_texts.drop(seen=seen)
    assert store.notice_texts.draft.texts == TEXTS
    store.notice_texts.drop(seen=digest_of(TEXTS))
    assert store.notice_texts.draft is None


def test_a_published_draft_speaks_for_the_site_from_then_on(store, noon):
    texts, draft = publishable(store, noon)
    keep(store, noon, texts)
    store.notice_texts.publish(draft, at=noon, by=Actor.DESK, seen=digest_of(texts))
    assert store.notices.current.version == "1.1"
    assert store.notice_texts.site == texts
    assert store.notice_texts.draft is None


def test_publishing_that_is_refused_leaves_draft_and_site_as_they_were(store, noon):
    texts, draft = publishable(store, noon, version="7.7")
    keep(store, noon, texts)
    with pytest.raises(RequestError):
        store.notice_texts.publish(draft, at=noon, by=Actor.DESK, seen=digest_of(texts))
    assert store.notice_texts.draft.texts == texts
    assert store.notice_texts.site is None


def test_settings_alone_are_published_without_any_draft(store, noon):
    _, draft = publishable(store, noon)
    store.notice_texts.publish(draft, at=noon, by=Actor.DESK, seen=NO_DRAFT)
    assert store.notice_texts.site is None


def test_the_folder_speaks_for_the_site_again_once_it_is_asked_to(store, noon):
    texts, draft = publishable(store, noon)
    keep(store, noon, texts)
    store.notice_texts.publish(draft, at=noon, by=Actor.DESK, seen=digest_of(texts))
    store.notice_texts.back_to_folder()
    assert store.notice_texts.site is None


@pytest.mark.parametrize("damaged", ["", "[]", "{}", '[["en","short","x"]]', "[[1]]", "[[[],1,2]]"])
def test_a_row_that_cannot_be_read_counts_as_none(store, noon, intruder, damaged):
    keep(store, noon)
    with intruder() as connection:
        connection.execute("UPDATE notice_texts SET texts = ?", (damaged,))
    assert store.notice_texts.draft is None
