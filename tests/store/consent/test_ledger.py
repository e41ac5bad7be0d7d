"""The consent ledger: whatever was altered, swapped, cut, replayed or reordered is found (R25, R50, R55)."""

import hashlib
import json
from datetime import timedelta

import pytest

from gate.core.canonical import canonical
from gate.core.chain import GENESIS, link_hash
from gate.core.consent import Indication, SubjectRef
from gate.core.consent_record import ConsentEvent, EventKind, to_json
from gate.core.types import ConsentId
from gate.errors import VaultError
from gate.store.account.signing import Signer
from gate.store.consent.ledger import _binding, _signed_bytes
from gate.store.vault import Sealed
from tests.consents import AT_DESK, TERMS, agreement, give

TRIGGERS = ("consent_events_stay", "consent_events_keep_their_chain", "consent_events_only_lose_content")
OTHER = Signer(b"\2" * 32)


@pytest.fixture
def full(store, resident, noon):
    """A ledger of seven events: given, withdrawn, given again; and somebody who refused."""
    give(store, resident, at=noon)
    store.consents.withdraw(resident, at=noon, by=AT_DESK)
    give(store, resident, at=noon + timedelta(hours=1))
    other = store.people.add("302", "Ann", "")
    store.consents.refuse(other, agreement(store), at=noon + timedelta(hours=2))
    assert store.consents.verify() is None
    return store


@pytest.fixture
def forger(intruder):
    """Somebody who writes past every trigger."""

    def forge(*statements):
        with intruder() as connection:
            for trigger in TRIGGERS:
                connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            for sql, *values in statements:
                connection.execute(sql, values)

    return forge


def broken_at(store):
    broken = store.consents.verify()
    return broken and broken.seq


@pytest.mark.parametrize(
    "change",
    [
        "at = at + 1",
        "record = 'ffff'",
        "digest = zeroblob(32)",
        "digest = x''",
        "hash = zeroblob(32)",
        "signature = zeroblob(64)",
        "signature = x''",
        "wrapped_key = zeroblob(60)",
        "sealed = zeroblob(600)",
        "sealed = x''",
    ],
)
@pytest.mark.parametrize("seq", [1, 4, 7])
def test_an_altered_event_is_found_where_it_stands(full, forger, change, seq):
    forger((f"UPDATE consent_events SET {change} WHERE seq = ?", seq))
    assert broken_at(full) == seq


@pytest.mark.parametrize("seq", [1, 4, 7])
def test_a_removed_event_is_found(full, forger, seq):
    """The last one too: the audit log noted its number and hash."""
    forger(("DELETE FROM consent_events WHERE seq = ?", seq))
    assert broken_at(full) == seq


def test_a_cut_tail_is_found_however_long(full, forger):
    forger(("DELETE FROM consent_events WHERE seq > 2",))
    assert broken_at(full) == 3


def test_a_whole_ledger_that_is_gone_is_found(full, forger):
    forger(("DELETE FROM consent_events",))
    assert full.ledger.verify() is not None


def test_two_events_that_changed_places_are_found(full, forger):
    forger(
        ("UPDATE consent_events SET seq = 100 WHERE seq = 2",),
        ("UPDATE consent_events SET seq = 2 WHERE seq = 3",),
        ("UPDATE consent_events SET seq = 3 WHERE seq = 100",),
    )
    assert broken_at(full) == 2


def test_a_replayed_event_is_found(full, forger):
    forger(
        (
            (
                "INSERT INTO consent_events SELECT 8, record, at, digest, hash, signature, wrapped_key, sealed"
                " FROM consent_events WHERE seq = 2"
            ),
        )
    )
    assert broken_at(full) == 8


@pytest.mark.parametrize(
    "parts", ["wrapped_key, sealed", "digest, hash, signature, wrapped_key, sealed, record, at"]
)
def test_content_moved_to_another_row_does_not_open_there(full, forger, parts):
    """R50: the seal is bound to the row."""
    forger(
        (
            (
                f"UPDATE consent_events SET ({parts}) ="
                f" (SELECT {parts} FROM consent_events WHERE seq = 2) WHERE seq = 5"
            ),
        )
    )
    assert broken_at(full) == 5


def test_swapped_contents_are_found(full, intruder, forger):
    with intruder() as connection:
        rows = {
            seq: parts
            for seq, *parts in connection.execute(
                "SELECT seq, wrapped_key, sealed FROM consent_events WHERE seq IN (1, 6)"
            )
        }
    sql = "UPDATE consent_events SET wrapped_key = ?, sealed = ? WHERE seq = ?"
    forger((sql, *rows[1], 6), (sql, *rows[6], 1))
    assert broken_at(full) == 1


def test_another_devices_signature_is_found(full, intruder, forger):
    with intruder() as connection:
        sql = "SELECT seq, record, at, hash FROM consent_events WHERE seq = 7"
        [(seq, record, at, linked)] = connection.execute(sql)
    forged = OTHER.sign(_signed_bytes(seq, record, at, linked))
    forger(("UPDATE consent_events SET signature = ? WHERE seq = 7", forged))
    assert broken_at(full) == 7


def test_a_chain_written_anew_by_who_lacks_the_key_is_found(store, resident, forger, noon):
    """A forger who recomputes every hash still has no signature."""
    give(store, resident, at=noon)
    event = ConsentEvent(
        ConsentId("r"), SubjectRef("s"), EventKind.REQUESTED, noon, AT_DESK, Indication.NONE, "north"
    )
    digest = hashlib.sha256(canonical({"salt": "", "event": to_json(event)})).digest()
    linked = link_hash("consent", 1, GENESIS, digest)
    forger(
        ("DELETE FROM consent_events WHERE seq > 1",),
        ("UPDATE consent_events SET digest = ?, hash = ? WHERE seq = 1", digest, linked),
    )
    assert broken_at(store) == 1


def test_a_consent_that_the_ledger_does_not_bear_out_is_found(full, resident, forger):
    """R24: a withdrawn consent written back as given."""
    withdrawn = full.consents.of(resident)[0].id
    forger(
        ("DROP TRIGGER ended_consent_stays_ended",),
        ("DROP INDEX one_consent_per_purpose",),
        ("UPDATE consents SET state = 'given', ended_at = NULL WHERE id = ?", withdrawn),
    )
    assert full.ledger.verify() is None
    assert broken_at(full) == 3


def test_a_consent_that_no_event_ever_gave_is_found(full, forger):
    forger(
        ("INSERT INTO consents VALUES ('c', 's', 'open-gate', '1.0', 'en', 1, 2, NULL, 'given', NULL, 0)",)
    )
    assert full.consents.verify().why.startswith("a consent stands as given")


def test_the_schema_refuses_to_change_or_drop_an_event(full, intruder):
    with intruder() as connection:
        for sql in (
            "DELETE FROM consent_events",
            "UPDATE consent_events SET hash = x'00'",
            "UPDATE consent_events SET sealed = x'00', wrapped_key = x'00'",
        ):
            with pytest.raises(Exception, match="ledger"):
                connection.execute(sql)


def test_content_past_its_time_goes_and_the_chain_still_holds(full, resident, intruder, noon):
    """R75: content of a record three years after its end; digest, hash and signature stay."""
    record = full.consents.of(resident)[0].id
    assert full._database.write(lambda c: full.ledger.prune(c, record)) == 3
    assert full._database.write(lambda c: full.ledger.prune(c, record)) == 0
    assert full.ledger.events_of(record) == ()
    assert full.consents.verify() is None
    with intruder() as connection:
        kept = connection.execute(
            "SELECT count(*), count(digest), count(sealed), count(wrapped_key) FROM consent_events"
        ).fetchone()
    assert kept == (7, 7, 4, 4)


@pytest.mark.parametrize("change", ["at = at + 1", "record = 'ffff'", "digest = zeroblob(32)"])
def test_what_stays_of_a_pruned_event_is_still_held_to(full, resident, forger, change):
    record = full.consents.of(resident)[0].id
    full._database.write(lambda c: full.ledger.prune(c, record))
    forger((f"UPDATE consent_events SET {change} WHERE seq = 2",))
    assert broken_at(full) == 2


def contents(store):
    """Give each row's number, record and seal, and what is sealed there."""
    rows = store._database.rows("SELECT seq, record, wrapped_key, sealed FROM consent_events ORDER BY seq")
    for seq, record, *parts in rows:
        sealed = Sealed(*parts)
        yield seq, record, sealed, json.loads(store.ledger._vault.open(sealed, _binding(seq, record)))


def test_the_digest_tells_nothing_about_what_was_sealed(full):
    """Each content has its own salt, so that nobody can guess a content and compare."""
    salts = [content["salt"] for _, _, _, content in contents(full)]
    assert len(set(salts)) == 7
    assert {len(bytes.fromhex(salt)) for salt in salts} == {16}


def test_an_events_seal_is_bound_to_its_row_and_record(full):
    """R50."""
    for seq, record, sealed, _ in contents(full):
        for binding in (_binding(seq + 1, record), _binding(seq, "ffff")):
            with pytest.raises(VaultError):
                full.ledger._vault.open(sealed, binding)


def test_another_event_sealed_with_the_right_key_in_the_right_place_is_found(full, forger):
    """The chain holds the digest of what was written, whoever has the keys now."""
    [seq, record, _, content] = [*contents(full)][1]
    content["event"]["event"]["erased"] = 9
    sealed = full.ledger._vault.seal(canonical(content), _binding(seq, record))
    sql = "UPDATE consent_events SET wrapped_key = ?, sealed = ? WHERE seq = ?"
    forger((sql, sealed.wrapped_key, sealed.content, seq))
    assert broken_at(full) == seq


def test_an_event_whose_columns_contradict_it_is_not_given_out(full, resident, forger):
    forger(("UPDATE consent_events SET at = at + 1 WHERE seq = 2",))
    with pytest.raises(VaultError):
        full.consents.record(resident)


def test_nothing_of_an_event_is_readable_in_the_database(full, database_path):
    """R35: neither the person's random word nor what was asked."""
    full._database.scrub()
    content = database_path.read_bytes()
    assert TERMS.controller.encode() not in content
    assert b"ticked-and-pressed" not in content


def test_an_event_that_cannot_be_read_is_named_and_not_guessed(full, resident, forger):
    forger(("UPDATE consent_events SET sealed = zeroblob(600) WHERE seq = 2",))
    for act in (lambda: full.consents.record(resident), full.consents.statistics):
        with pytest.raises(VaultError) as refusal:
            act()
        assert refusal.value.code == "record-altered"
        assert "gate" in refusal.value.remedy or "Delete" in refusal.value.remedy


def test_content_that_is_sealed_well_but_is_no_event_is_found(full, forger, intruder):
    """Somebody with the key, or a bug: the seal alone proves nothing about its content."""
    with intruder() as connection:
        [(record,)] = connection.execute("SELECT record FROM consent_events WHERE seq = 1")
    for content in (b"[]", b"{}", b"\xff", canonical({"salt": "", "event": {"schema": "x"}})):
        sealed = full.ledger._vault.seal(content, _binding(1, record))
        sql = "UPDATE consent_events SET wrapped_key = ?, sealed = ? WHERE seq = 1"
        forger((sql, sealed.wrapped_key, sealed.content))
        assert broken_at(full) == 1


@pytest.mark.parametrize("kind", [EventKind.GIVEN, EventKind.REFUSED, EventKind.RECONFIRMED])
def test_an_answer_without_a_request_is_not_written(store, noon, kind):
    event = ConsentEvent(ConsentId("r"), SubjectRef("s"), kind, noon, AT_DESK, Indication.PRESSED, "north")
    with pytest.raises(ValueError, match="cannot follow"):
        store._database.write(lambda connection: store.ledger.append(connection, event))
    assert store._database.rows("SELECT count(*) FROM consent_events") == [(0,)]


def test_a_second_end_is_not_written(full, resident, noon):
    [first, _] = full.consents.of(resident)
    event = ConsentEvent(
        first.id, first.subject, EventKind.WITHDRAWN, noon, AT_DESK, Indication.PRESSED, "north"
    )
    with pytest.raises(ValueError, match="cannot follow"):
        full._database.write(lambda connection: full.ledger.append(connection, event))


def test_an_altered_audit_line_is_for_the_audit_log_to_tell(full, intruder):
    """R55: the ledger's own check neither hides it nor falls over it."""
    with intruder() as connection:
        connection.execute("DROP TRIGGER audit_log_never_changes")
        for detail in ("not json", "[]", json.dumps({"ledger": 1})):
            connection.execute("UPDATE audit_log SET detail = ? WHERE action = 'consent-given'", (detail,))
            assert full.consents.verify() is None
