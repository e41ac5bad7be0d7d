"""R55: whoever edits, removes, reorders or rolls back a line of the audit log is found out."""

import shutil
import sqlite3
from datetime import timedelta

import pytest

from gate.core.chain import link_hash
from gate.errors import VaultError
from gate.store.account.audit import Action, Actor, _digest
from gate.store.account.audit_head import Head
from gate.store.account.signing import Signer

LONG_AGO = timedelta(days=3 * 365)
UNGUARD = """DROP TRIGGER audit_log_never_changes; DROP TRIGGER audit_log_only_ages;"""


@pytest.fixture
def store(open_store):
    """Give a store whose log has no line yet."""
    return open_store(with_notice=False)


@pytest.fixture
def log(store):
    return store.audit


@pytest.fixture
def written(store, log, noon):
    """Give a log of ten lines."""

    def work(connection):
        for number in range(10):
            at = noon + timedelta(minutes=number)
            detail = {"n": number}
            log.note(
                connection, Actor.DESK, Action.CREDENTIAL_ISSUED, at=at, object=f"c{number}", detail=detail
            )

    store._database.write(work)
    log.keep_head()
    return log


@pytest.fixture
def tampered(intruder, written):
    def tamper(*statements):
        with intruder() as connection:
            connection.executescript(UNGUARD)
            for sql in statements:
                connection.execute(sql)

    return tamper


@pytest.fixture
def broken(written, noon):
    def broken(kept_since=None):
        return written.verify(kept_since or noon - LONG_AGO)

    return broken


@pytest.fixture
def head_file(tmp_path):
    return tmp_path / "keys" / "audit-head"


def test_r55_a_whole_log_holds(broken):
    assert broken() is None


def test_a_log_without_a_line_holds(log, noon):
    assert log.verify(noon) is None


def test_the_newest_lines_are_given_oldest_first(written):
    assert [entry.object for entry in written.entries(newest=3)] == ["c7", "c8", "c9"]
    assert len(written.entries()) == 10


@pytest.mark.parametrize(
    "change",
    [
        "at = at + 1",
        "actor = 'resident'",
        "action = 'person-removed'",
        "object = 'c99'",
        "detail = '{\"n\":99}'",
        "detail = detail || ' '",
        "hash = zeroblob(32)",
        "actor = CAST(X'ff' AS TEXT)",
    ],
)
@pytest.mark.parametrize("line", [1, 5, 10])
def test_r55_an_edited_column_is_found_at_its_line(tampered, broken, change, line):
    tampered(f"UPDATE audit_log SET {change} WHERE seq = {line}")
    assert broken().seq == line


@pytest.mark.parametrize("line", [1, 5, 9])
def test_r55_a_removed_line_is_found_at_its_place(tampered, broken, line):
    tampered(f"DELETE FROM audit_log WHERE seq = {line}")
    assert broken().seq == line


def test_r55_a_removed_line_is_found_also_if_the_rest_is_renumbered(tampered, broken):
    tampered("DELETE FROM audit_log WHERE seq = 5", "UPDATE audit_log SET seq = seq - 1 WHERE seq > 5")
    assert broken().seq == 5


def test_r55_a_reordered_pair_is_found(tampered, broken):
    tampered(
        "UPDATE audit_log SET seq = 99 WHERE seq = 4",
        "UPDATE audit_log SET seq = 4 WHERE seq = 5",
        "UPDATE audit_log SET seq = 5 WHERE seq = 99",
    )
    assert broken().seq == 4


def test_r55_a_removed_tail_is_found(tampered, broken):
    tampered("DELETE FROM audit_log WHERE seq > 7")
    assert broken() is not None


def test_r55_a_tail_removed_with_its_signed_heads_is_found(tampered, broken):
    tampered("DELETE FROM audit_log WHERE seq > 7", "DELETE FROM anchors WHERE seq > 7")
    assert broken() is not None


def test_r55_a_log_emptied_with_everything_that_tells_of_it_in_the_database_is_found(tampered, broken):
    tampered("DELETE FROM audit_log", "DELETE FROM anchors", "DELETE FROM meta WHERE name LIKE 'audit%'")
    assert broken() is not None


@pytest.mark.parametrize("signed", [False, True])
def test_r55_a_line_added_with_a_right_hash_by_somebody_without_the_key_is_found(
    tampered, broken, written, signed
):
    previous = written.heads()[-1].hash
    values = (0, "desk", "notice-published", "", "{}")
    linked = link_hash("audit", 11, previous, _digest(values)).hex()
    forged = [f"INSERT INTO audit_log VALUES (11, 0, 'desk', 'notice-published', '', '{{}}', X'{linked}')"]
    if signed:
        signature = Signer(bytes(32)).sign(Head(11, 0, bytes.fromhex(linked)).signed_bytes).hex()
        forged.append(f"INSERT INTO anchors VALUES (11, 0, X'{linked}', X'{signature}')")
    tampered(*forged)
    assert broken().seq == 11


def test_r55_a_rewritten_tail_is_found(tampered, broken, written):
    """The whole chain recomputed from line 8 on: every hash fits, no signature does."""
    rows = written._database.rows("SELECT * FROM audit_log ORDER BY seq")
    previous, changes = rows[6][-1], []
    for seq, *values, _ in rows[7:]:
        values[3] = "forged"
        previous = link_hash("audit", seq, previous, _digest(tuple(values)))
        changes.append(
            f"UPDATE audit_log SET object = 'forged', hash = X'{previous.hex()}' WHERE seq = {seq}"
        )
    tampered(*changes)
    assert broken().why == "the log ends before, or differs from, its signed head"


@pytest.mark.parametrize("seq", [3, 10, 11, 0, -1, 2**62])
def test_r55_a_forged_head_is_found(tampered, broken, seq):
    forged = Signer(bytes(32)).sign(b"anything").hex()
    tampered(
        f"INSERT OR REPLACE INTO anchors VALUES ({seq}, 1, (SELECT hash FROM audit_log WHERE seq = 3), X'{forged}')"
    )
    assert broken().seq == seq


@pytest.mark.parametrize(
    "column", ["at = at + 1", "hash = zeroblob(32)", "signature = zeroblob(64)", "at = -1"]
)
def test_r55_an_altered_head_is_found(tampered, broken, column):
    tampered(f"UPDATE anchors SET {column} WHERE seq = 10")
    assert broken().seq == 10


def test_r55_removed_heads_are_found(tampered, broken):
    tampered("DELETE FROM anchors")
    assert broken().why == "the newest line is not signed"


def test_r55_a_whole_database_put_back_to_an_older_state_is_found(open_store, tmp_path, noon):
    store = open_store(with_notice=False)
    store.audit.write(Actor.DESK, Action.PERSON_ADDED, at=noon)
    store.close()
    shutil.copytree(tmp_path / "data", tmp_path / "older")
    store = open_store(with_notice=False)
    store.audit.write(Actor.DESK, Action.PERSON_REMOVED, at=noon)
    store.close()
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(tmp_path / "older", tmp_path / "data")
    for _ in range(2):  # and stays found: the gate's own upkeep does not paint over it
        store = open_store(with_notice=False)
        assert store.audit.verify(noon - LONG_AGO).seq == 2
        store.reclaim()
        store.close()
    store = open_store(with_notice=False)
    for _ in range(3):  # nor do the lines that come after it
        store.audit.write(Actor.DESK, Action.PERSON_ADDED, at=noon)
        store.reclaim()
    assert store.audit.verify(noon - LONG_AGO).seq == 2


def test_r55_closing_keeps_the_newest_head_apart(open_store, head_file, noon):
    store = open_store(with_notice=False)
    store.audit.write(Actor.DESK, Action.PERSON_ADDED, at=noon)
    store.close()
    assert head_file.read_text().startswith("1 ")
    assert head_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no head",
        b"10 x y z",
        b"\xff\xfe",
        b"-1 -1 00 00",
        b"10 1 " + b"00" * 32 + b" " + b"00" * 64,
        b"99999999999999999999999 1 00 00",
    ],
)
def test_r55_an_altered_head_file_is_found_and_stays(broken, written, head_file, content):
    head_file.write_bytes(content)
    assert broken() is not None
    written.keep_head()
    assert head_file.read_bytes() == content


def test_r55_one_altered_digit_of_the_head_file_is_found(broken, head_file):
    text = head_file.read_text()
    head_file.write_text(text[:-3] + ("0" if text[-3] != "0" else "1") + text[-2:])
    assert broken() is not None


def test_r55_a_head_file_taken_away_is_found_and_not_made_anew(broken, written, head_file):
    head_file.unlink()
    assert broken().why == "the head kept apart is gone"
    written.keep_head()
    assert not head_file.exists()


def test_r55_a_head_file_nobody_can_read_is_found(broken, head_file):
    head_file.unlink()
    head_file.mkdir()
    assert broken() is not None


def test_what_was_looked_into_can_be_accepted_and_the_log_tells_of_it(broken, written, head_file, noon):
    head_file.unlink()
    written.accept(noon)
    assert broken() is None
    assert written.entries(newest=1)[0].action == Action.TAMPER_CLEARED


def test_an_altered_line_stays_broken_whatever_is_accepted(tampered, broken, written, noon):
    tampered("UPDATE audit_log SET object = 'c99' WHERE seq = 5")
    written.accept(noon)
    assert broken().seq == 5


def test_a_folder_that_takes_no_head_is_told_with_the_remedy(written, head_file, noon):
    head_file.unlink()
    head_file.mkdir()
    with pytest.raises(VaultError) as refusal:
        written.accept(noon)
    assert refusal.value.code == "audit-head-unwritable"


def test_lines_past_their_time_go_from_the_beginning_and_the_rest_holds(log, noon):
    """R75: the log is kept 3 years, and what is older may go without breaking the chain."""
    for day in range(10):
        log.write(Actor.GATE, Action.RETENTION_RAN, at=noon + timedelta(days=day))
    log.keep_head()
    assert log.purge(noon + timedelta(days=5)) == 5
    assert log.verify(noon + timedelta(days=5)) is None
    assert [entry.seq for entry in log.entries()] == [6, 7, 8, 9, 10]
    log.write(Actor.GATE, Action.RETENTION_RAN, at=noon + timedelta(days=10))
    assert log.verify(noon + timedelta(days=5)) is None


def test_a_log_purged_whole_goes_on(log, noon):
    log.write(Actor.GATE, Action.RETENTION_RAN, at=noon)
    assert log.purge(noon + timedelta(days=1)) == 1
    assert log.verify(noon + timedelta(days=1)) is None
    log.write(Actor.GATE, Action.RETENTION_RAN, at=noon + timedelta(days=2))
    log.keep_head()
    assert log.verify(noon + timedelta(days=1)) is None
    assert [entry.seq for entry in log.entries()] == [2]


def test_the_line_a_log_begins_after_keeps_its_signed_head_whatever_comes_the_same_day(log, noon):
    log.write(Actor.GATE, Action.RETENTION_RAN, at=noon)
    log.purge(noon + timedelta(hours=1))
    for hours in (2, 3):
        log.write(Actor.GATE, Action.RETENTION_RAN, at=noon + timedelta(hours=hours))
    assert [head.seq for head in log.heads()] == [1, 3]
    assert log.verify(noon + timedelta(hours=1)) is None


def test_r55_a_purge_before_its_time_is_found(written, broken, noon):
    assert written.purge(noon + timedelta(days=1)) == 10
    assert broken().why == "lines were removed before their time"


def test_r55_a_purge_made_by_hand_is_found(tampered, broken):
    tampered("REPLACE INTO meta VALUES ('audit-base', 4)", "DELETE FROM audit_log WHERE seq <= 4")
    assert broken() is not None


def test_r55_the_database_itself_refuses_to_change_or_drop_a_line(written, intruder):
    with intruder() as connection:
        for sql in ("UPDATE audit_log SET object = ''", "DELETE FROM audit_log WHERE seq = 10"):
            with pytest.raises(sqlite3.IntegrityError, match="audit log"):
                connection.execute(sql)


def test_many_lines_of_a_day_keep_few_heads(log, noon):
    def work(connection):
        for _ in range(130):
            log.note(connection, Actor.GATE, Action.RETENTION_RAN, at=noon)

    log._database.write(work)
    assert [head.seq for head in log.heads()] == [64, 128, 130]


def test_the_log_is_verified_beside_a_gate_that_writes(open_store, noon):
    """R55: a line added between two looks is no break."""
    running, command_line = open_store(), open_store()
    for _ in range(20):
        running.audit.write(Actor.DESK, Action.PERSON_ADDED, at=noon)
        running.reclaim()
        assert command_line.audit.verify(noon - LONG_AGO) is None


def test_nothing_is_written_of_a_transaction_that_failed(store, noon):
    def work(connection):
        store.audit.note(connection, Actor.DESK, Action.PERSON_ADDED, at=noon)
        raise VaultError("planned", "It failed.", remedy="None.")

    with pytest.raises(VaultError):
        store._database.write(work)
    assert store.audit.entries() == ()
    assert store.audit.verify(noon) is None


def test_a_line_whose_time_is_none_is_told_as_altered(tampered, written):
    tampered(f"UPDATE audit_log SET at = {2**60} WHERE seq = 5")
    with pytest.raises(VaultError) as refusal:
        written.entries()
    assert refusal.value.code == "record-altered"
