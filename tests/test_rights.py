"""One's own record to take along: whole, readable, and of nobody else; no template, no key, no lookup (R70, R71)."""

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.consent import By, Channel
from gate.core.own_record import SCHEMA, OwnRecord, to_json
from gate.core.rights import Outcome, RequestKind
from gate.errors import RequestError
from gate.rights import exported, records_of, write_folder
from gate.store.account.audit import Actor
from tests.consents import agreement, give
from tests.settings_of import settings_of
from tests.stores import lay_started, open_in

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CANARY = bytes(range(64)) * 8
BY = By(Channel.DESK, "resident")


@pytest.fixture
def store(tmp_path):
    lay_started(tmp_path)
    store = open_in(tmp_path)
    yield store
    store.close()


@pytest.fixture
def ada(store):
    """Somebody with everything there is: card, PIN, face, a request answered."""
    person = store.people.add("70317", "Ada Chen", "ada@example.org")
    store.credentials.issue_card(person, "26:40451", at=NOON)
    store.credentials.issue_pin(person, "739154", at=NOON)
    give(store, person, at=NOON, template=CANARY)
    store.visits.issue(person, NOON, NOON + timedelta(days=1), at=NOON)
    request = store.requests.open(
        RequestKind.CORRECT, person, "It is Chen-Li", channel=Channel.DESK, at=NOON, actor=Actor.DESK
    )
    store.requests.close(request, Outcome.DONE, "Corrected", at=NOON, actor=Actor.INSTALLER)
    return person


@pytest.fixture
def files(store, ada):
    other = store.people.add("80428", "Bo Wang", "bo@example.org")
    give(store, other, at=NOON, template=CANARY)
    store.requests.open(
        RequestKind.ACCESS, other, "What of me?", channel=Channel.DESK, at=NOON, actor=Actor.DESK
    )
    return exported(record(store, ada))


def record(store, person, now=NOON):
    return records_of(settings_of("north"), store, None).own_record(person, now)


def test_r70_the_copy_is_machine_readable_and_in_both_languages_to_read(files):
    assert set(files) == {"own-record.json", "own-record.en.html", "own-record.zh-CN.html"}
    copy = json.loads(files["own-record.json"])
    assert copy["schema"] == SCHEMA
    assert (copy["unit"], copy["name"], copy["contact"]) == ("70317", "Ada Chen", "ada@example.org")
    assert copy["template"] == {
        "since": "2026-11-22T12:00:00+00:00",
        "last_used": "2026-11",
        "expires_at": "2027-11-22T12:00:00+00:00",
        "lookalike": False,
    }
    assert [each["method"] for each in copy["credentials"]] == ["card", "pin", "code"]
    assert [each["what"] for each in copy["events"]] == ["requested", "given"]
    assert copy["requests"][0]["answer"] == "Corrected"


def test_r70_every_file_holds_the_persons_own_and_nothing_of_anybody_else(files):
    for name, content in files.items():
        text = content.decode()
        assert "Ada Chen" in text, name
        assert "It is Chen-Li" in text, name
        for others in ("Bo Wang", "bo@example.org", "80428", "What of me?"):
            assert others not in text, name


def test_r70_no_file_holds_a_template_a_key_a_lookup_or_a_credentials_number(store, files):
    secrets = [CANARY, CANARY.hex().encode(), b"40451", b"739154", b"argon2id"]
    for table, columns in (
        ("templates", "sealed, wrapped_key"),
        ("people", "unit_lookup, sealed, wrapped_key"),
        ("credentials", "lookup, verifier, duress"),
    ):
        for row in store._database.rows(f"SELECT {columns} FROM {table}"):
            found = [each.encode() if isinstance(each, str) else each for each in row if each is not None]
            secrets += found + [each.hex().encode() for each in found]
    (subject,) = {store.people.find_by_unit("70317").subject}
    for content in files.values():
        assert not any(secret in content for secret in secrets)
        assert subject.encode() not in content


def test_r70_the_shape_of_the_copy_is_the_one_its_schema_names(store, ada):
    copy = to_json(record(store, ada))
    assert list(copy) == ["schema", *(each.name for each in fields(OwnRecord))]
    json.dumps(copy)


def test_r36_the_copy_has_no_passages(store, ada, files):
    assert "passages" not in json.loads(files["own-record.json"])
    assert "decisions" not in json.loads(files["own-record.json"])


def test_after_withdrawal_the_copy_says_that_there_is_no_template(store, ada):
    store.consents.withdraw(ada, at=NOON + timedelta(hours=1), by=BY)
    copy = record(store, ada)
    assert copy.template is None
    assert [event.what for event in copy.events][-1] == "withdrawn"


def test_r05_a_refusal_stands_in_the_copy(store):
    person = store.people.add("70317", "Ada Chen", "")
    store.consents.refuse(person, agreement(store), at=NOON)
    assert record(store, person).declined_face


def test_a_damaged_ledger_keeps_nobody_from_the_rest(store, ada):
    store._database.write(
        lambda c: [
            c.execute("DROP TRIGGER consent_events_only_lose_content"),
            c.execute("UPDATE consent_events SET sealed = zeroblob(60)"),
        ]
    )
    copy = record(store, ada)
    assert not copy.events_complete
    assert copy.name == "Ada Chen"
    assert b"cannot be read" in exported(copy)["own-record.en.html"]


def test_a_name_that_is_markup_stays_text(store):
    person = store.people.add("70317", "<b>Ada</b>", "")
    page = exported(record(store, person))["own-record.en.html"].decode()
    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "<script" not in page


def test_the_files_are_written_for_this_account_alone(tmp_path, files):
    write_folder(files, tmp_path / "ada")
    assert (tmp_path / "ada").stat().st_mode & 0o777 == 0o700
    for name, content in files.items():
        assert (tmp_path / "ada" / name).stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "ada" / name).read_bytes() == content


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path, files):
    (tmp_path / "ada").mkdir()
    with pytest.raises(RequestError) as refusal:
        write_folder(files, tmp_path / "ada")
    assert refusal.value.code == "export-exists"
    assert list((tmp_path / "ada").iterdir()) == []


def test_an_export_that_cannot_be_written_leaves_nothing(tmp_path, files):
    folder = tmp_path / "there"
    folder.mkdir()
    long = "x" * 300  # a name no file system takes, in the middle of the set
    with pytest.raises(RequestError) as refusal:
        write_folder({"own-record.json": files["own-record.json"], long: b""}, folder / "ada")
    assert refusal.value.code == "export-unwritable"
    assert list(folder.iterdir()) == []
