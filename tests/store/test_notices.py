"""What was published stays word for word, whole, and is not believed once altered (R08, R11, R14, R22)."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.notices import KEYS, Change, Form, sha256_of
from gate.core.types import NoticeVersion
from gate.errors import RequestError, VaultError
from tests.notices import board, publish_major, publish_minor, publish_notice, sources


@pytest.fixture
def bare(open_store):
    return open_store(with_notice=False)


def draft(version="1.0", at=None, **site):
    return sources(**site).draft(NoticeVersion(version), at, [])


def test_nothing_is_in_force_before_anything_is_published_r11(bare, noon):
    assert bare.notices.current is None
    assert bare.notices.current_version is None
    assert bare.notices.newest_number is None
    assert bare.notices.all() == ()
    assert board(bare).in_force is None


def test_a_notice_is_published_in_every_language_and_form_under_one_version_r14(bare, noon):
    published = bare.notices.publish(draft(at=noon), at=noon)
    current = bare.notices.current
    assert current == published
    assert (current.version, current.published_at) == ("1.0", noon)
    assert set(current.texts) == set(KEYS)
    assert current.texts == draft(at=noon).texts
    assert current.sha256 == {key: sha256_of(text) for key, text in current.texts.items()}
    assert current.terms == sources().terms


def test_no_mark_is_published(store):
    assert not any("[item" in text for text in store.notices.current.texts.values())


def test_publishing_is_in_the_audit_log_r55(store, noon):
    publish_minor(store, noon)
    entries = [each for each in store.audit.entries() if each.action == "notice-published"]
    assert [(each.object, each.actor) for each in entries] == [("1.0", "installer"), ("1.1", "installer")]
    assert all(len(each.detail) > 64 for each in entries)  # the hash of what was published


@pytest.mark.parametrize("key", KEYS)
def test_r08_a_text_the_lint_refuses_is_not_published_and_nothing_else_of_it(bare, noon, key):
    good = draft(at=noon)
    word = "永久" if key[0] == "zh-CN" else "perpetual"
    harmed = replace(good, marked={**good.marked, key: good.marked[key] + f"\n{word} rights."})
    with pytest.raises(RequestError) as refusal:
        bare.notices.publish(harmed, at=noon)
    assert refusal.value.code == "notice-lint"
    assert bare.notices.newest_number is None
    assert bare.audit.entries() == ()


@pytest.mark.parametrize("version", ["1.0", "1.2", "2.1", "3.0", "0.9"])
def test_a_number_that_does_not_follow_is_refused(store, noon, version):
    with pytest.raises(RequestError) as refusal:
        store.notices.publish(draft(version, noon, contact="elsewhere"), at=noon)
    assert refusal.value.code == "notice-version"
    assert store.notices.numbers() == ("1.0",)


def test_the_first_is_1_0(bare, noon):
    with pytest.raises(RequestError):
        bare.notices.publish(draft("2.0", noon), at=noon)


@pytest.mark.parametrize("site", [{"controller": "Heir"}, {"processors": ("Anda",)}])
def test_r22_other_terms_are_never_published_as_a_minor_version(store, noon, site):
    with pytest.raises(RequestError) as refusal:
        store.notices.publish(draft("1.1", noon, **site), at=noon)
    assert refusal.value.code == "notice-version"
    store.notices.publish(draft("2.0", noon, **site), at=noon)
    assert store.notices.current_version == "2.0"


def test_r22_keeping_longer_is_never_published_as_a_minor_version(bare, noon):
    publish_notice(bare, noon, retention_days=100)
    with pytest.raises(RequestError):
        bare.notices.publish(draft("1.1", noon, retention_days=101), at=noon)
    bare.notices.publish(draft("1.1", noon, retention_days=99), at=noon)


def test_every_version_stays_in_the_archive_oldest_first(store, noon):
    publish_minor(store, noon)
    first = store.notices.version(NoticeVersion("1.0"))
    for _ in range(9):
        publish_minor(store, noon + timedelta(days=1))
    publish_major(store, noon + timedelta(days=2))
    assert store.notices.numbers() == (*(f"1.{minor}" for minor in range(11)), "2.0")
    assert [each.version for each in store.notices.all()] == list(store.notices.numbers())
    assert store.notices.version(NoticeVersion("1.0")) == first
    assert store.notices.version(NoticeVersion("7.0")) is None


def test_a_version_published_by_the_command_line_is_current_at_once(open_store, noon):
    service, command_line = open_store(), open_store()
    publish_major(command_line, noon)
    assert service.notices.current_version == "2.0"


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE notices SET text = 'x'",
        "UPDATE notices SET published_at = 0",
        "DELETE FROM notices",
    ],
)
def test_a_published_notice_is_neither_changed_nor_deleted(store, intruder, deed):
    before = store.notices.current
    with intruder() as connection, pytest.raises(sqlite3.IntegrityError, match="a published notice"):
        connection.execute(deed)
    assert store.notices.current == before


ALTERED = {
    "a text": "UPDATE notices SET text = text || ' ' WHERE form = 'full' AND language = 'en'",
    "a hash": "UPDATE notices SET sha256 = '00' WHERE form = 'short'",
    "the terms of one text": "UPDATE notices SET terms = '{}' WHERE form = 'full' AND language = 'en'",
    "the terms of all": "UPDATE notices SET terms = replace(terms, '365', '\"365\"')",
    "the day of one": "UPDATE notices SET published_at = 1 WHERE form = 'full' AND language = 'en'",
    "the day of all": "UPDATE notices SET published_at = 9000000000000000",
    "a text is gone": "DELETE FROM notices WHERE form = 'full' AND language = 'zh-CN'",
}


@pytest.mark.parametrize("deed", ALTERED.values(), ids=ALTERED)
def test_an_altered_notice_is_not_current_and_face_goes_off_r11(store, intruder, deed):
    notices = board(store)
    assert notices.in_force is not None
    with intruder() as connection:
        for trigger in ("notices_never_change", "notices_stay"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(deed)
    assert store.notices.current is None
    assert store.notices.current_version is None
    notices.refresh()
    assert notices.in_force is None


def test_an_altered_text_with_its_hash_made_to_fit_is_still_not_in_force_r11(store, intruder):
    notices = board(store)
    with intruder() as connection:
        connection.execute("DROP TRIGGER notices_never_change")
        connection.execute(
            "UPDATE notices SET text = 'x', sha256 = ? WHERE form = 'full' AND language = 'en'",
            (sha256_of("x"),),
        )
    assert store.notices.current is not None
    notices.refresh()
    assert notices.in_force is None


def test_after_an_alteration_a_new_major_version_mends_it_r22(store, intruder, noon):
    with intruder() as connection:
        connection.execute("DROP TRIGGER notices_never_change")
        connection.execute(ALTERED["a text"])
    proposal = publish_notice(store, noon)
    assert (proposal.change, store.notices.current_version) == (Change.MAJOR, "2.0")
    assert [each.version for each in store.notices.all()] == ["2.0"]
    assert board(store).in_force is not None


def test_what_is_no_version_at_all_hides_none(store, intruder):
    with intruder() as connection:
        connection.execute("INSERT INTO notices VALUES ('new', 'en', 'full', '', '', '{}', 0)")
    assert store.notices.current_version == "1.0"


def test_an_archive_that_cannot_be_read_puts_no_notice_in_force_r11(store):
    notices = board(store)

    class Torn:
        @property
        def current(self):
            raise VaultError("database-io", "Torn.", remedy="Mend it.")

    notices._archive = Torn()
    notices.refresh()
    assert notices.in_force is None


def test_two_who_publish_at_once_publish_once(open_store, noon):
    first, second = open_store(), open_store()
    late = sources(contact="b").draft(NoticeVersion("1.1"), noon, second.notices.all())
    publish_notice(first, noon, contact="a")
    with pytest.raises(RequestError) as refusal:
        second.notices.publish(late, at=noon)
    assert refusal.value.code == "notice-version"
    assert "a" in second.notices.current.texts["en", Form.SHORT]
