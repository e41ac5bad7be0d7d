"""A visitor's code opens once, for its host, in its time, at this gate, and leaves no trace of the passage."""

import shutil
from datetime import timedelta

import pytest

from gate.core.credentials import Verdict
from gate.core.retention import Item
from gate.core.types import AttemptId, Decision, Method, Reason
from gate.core.visit_codes import OPEN_MOST, VisitCode, gate_digest, judge, parse
from gate.errors import RequestError
from gate.store.account.signing import Signer, is_signed
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
UNKNOWN = Verdict(Reason.UNKNOWN_CREDENTIAL)


@pytest.fixture
def invite(store, resident, noon):
    def invite(host=None, *, begin=noon, end=noon + HOUR, at=noon):
        return store.visits.issue(host or resident, begin, end, at=at)

    return invite


@pytest.fixture
def scan(store, noon):
    def scan(text, at=noon, *, clock_trusted=True):
        return store.visits.check(text, at, clock_trusted=clock_trusted)

    return scan


def code_of(act, *args, **kwargs):
    with pytest.raises(RequestError) as refusal:
        act(*args, **kwargs)
    return refusal.value.code


def rows(store, sql):
    return store._database.rows(sql)


def forged(noon, gate="north", key=None):
    signer = key or Signer(b"\1" * 32)
    begin = int(noon.timestamp())
    code = VisitCode(gate_digest(gate), bytes(16), begin, begin + 3600)
    return code.text(signer.sign(code.signed_bytes))


def test_a_code_opens_for_its_host_and_a_second_scan_does_not(invite, scan, resident):
    text = invite().text
    assert scan(text) == Verdict(Reason.KNOWN_CREDENTIAL, resident)
    assert scan(text) == UNKNOWN


def test_a_code_opens_from_its_first_second_to_before_its_last(invite, scan, noon):
    begin, end = noon + DAY, noon + 2 * DAY
    text = invite(begin=begin, end=end).text
    assert [scan(text, at).granted for at in (noon, begin - SECOND, end, begin)] == [
        False,
        False,
        False,
        True,
    ]
    assert scan(invite(begin=begin, end=end).text, end - SECOND).granted


def test_every_way_to_be_no_code_of_this_gate_gives_the_same_verdict(store, invite, scan, noon):
    used, revoked = invite(), invite()
    scan(used.text)
    store.visits.revoke(revoked.visit.id, noon)
    removed = invite(store.people.add("302", "Bo", ""))
    store.residents.move_out("302", noon)
    verdicts = {
        "sql": scan("'; DROP TABLE visits --"),
        "empty": scan(""),
        "huge": scan("GV1." + "A" * 10**6),
        "forged": scan(forged(noon)),
        "another gate's, of the same key": scan(forged(noon, "south", store.signer)),
        "signed and never issued": scan(forged(noon, "north", store.signer)),
        "used": scan(used.text),
        "revoked": scan(revoked.text),
        "of a host who moved out": scan(removed.text),
        "not yet": scan(invite(begin=noon + HOUR, end=noon + DAY).text),
        "over": scan(invite().text, noon + HOUR),
        "by a clock nobody believes": scan(invite().text, clock_trusted=False),
    }
    assert set(verdicts.values()) == {UNKNOWN}


def test_a_code_of_a_gate_of_another_name_opens_nothing_even_on_its_own_data(open_store, store, invite, noon):
    text = invite().text
    store.close()
    assert open_store(gate_id="south").visits.check(text, noon, clock_trusted=True) == UNKNOWN


def test_without_a_clock_to_judge_by_a_code_is_not_used_up(invite, scan):
    text = invite().text
    scan(text, clock_trusted=False)
    assert scan(text).granted


def test_a_code_is_used_up_before_anything_else_happens(open_store, store, invite, noon):
    """A power cut right after the check gives no second entry."""
    text = invite().text
    store.visits.check(text, noon, clock_trusted=True)
    store.close()
    assert open_store().visits.check(text, noon, clock_trusted=True) == UNKNOWN


def test_where_the_door_failed_another_code_is_issued(invite, scan):
    scan(invite().text)
    assert scan(invite().text).granted


def test_r03_outside_the_hosts_hours_a_code_is_refused_as_any_method_and_stays_unused(
    store, invite, scan, noon
):
    store.permits.set("mornings", "mon-sun 07:00-11:00", noon)
    store.permits.give("301", "mornings", noon)
    text = invite(end=noon + DAY).text
    assert scan(text) == Verdict(Reason.NOT_NOW)
    assert scan(text, noon + 20 * HOUR).granted


def test_r03_the_grant_of_a_code_is_kept_by_the_one_place_that_judges_all_methods(
    store, invite, scan, resident, noon
):
    verdict = scan(invite().text)
    grant = Decision(AttemptId("a"), Method.CODE, granted=True, reason=verdict.reason)
    assert store.decisions.record(grant, at=noon, who=verdict.person, clock_trusted=True).value == "committed"


def test_a_code_ends_with_the_tenancy_of_its_host(store, scan, noon):
    store.residents.move_in("302", "Ada", "", None, noon)
    host = store.people.find_by_unit("302").id
    text = store.visits.issue(host, noon, noon + DAY, at=noon).text
    other = store.visits.issue(host, noon, noon + 2 * DAY, at=noon).text
    store.residents.set_end("302", noon + HOUR, noon)
    assert not scan(text, noon + HOUR).granted
    store.retention.keep(noon + HOUR)
    assert not scan(other, noon + HOUR).granted
    assert rows(store, "SELECT * FROM visits") == []


def test_r36_of_a_used_code_nothing_stays_that_ties_a_passage_to_a_host(store, invite, scan, resident, noon):
    issued = invite(end=noon + DAY)
    before = rows(store, "SELECT count(*) FROM audit_log")
    scan(issued.text, noon + HOUR)
    assert rows(store, "SELECT * FROM visits") == []
    assert rows(store, "SELECT count(*) FROM audit_log") == before
    [(kind, ref, at)] = rows(store, "SELECT kind, ref, at FROM tombstones")
    assert (kind, ref, at) == ("credential", issued.visit.id, int((noon + DAY).timestamp()))
    assert resident not in ref


def test_the_database_does_not_hold_the_code(store, invite, database_path):
    text = invite().text
    [visit] = rows(store, "SELECT * FROM visits")
    code, _ = parse(text)
    assert code.id.hex() not in str(visit)
    store.close()
    assert code.id not in database_path.read_bytes()


def test_anybody_with_the_public_key_can_verify_a_code(store, invite, noon):
    def is_ours(signed, signature):
        return is_signed(signed, signature, store.signer.public_key)

    standing, code = judge(invite().text, int(noon.timestamp()), is_ours)
    assert standing == "good"
    assert (code.gate, code.valid_until - code.valid_from) == (gate_digest("north"), 3600)


def test_r51_a_used_code_does_not_come_back_with_last_weeks_database(
    open_store, store, invite, noon, database_path, tmp_path
):
    used, left = invite(end=noon + DAY), invite(end=noon + DAY)
    store._database.scrub()
    shutil.copy(database_path, tmp_path / "before")
    store.visits.check(used.text, noon, clock_trusted=True)
    stones = store._database.write(tombstones.buried)
    store.close()
    for leftover in database_path.parent.glob("gate.sqlite3*"):
        leftover.unlink()
    shutil.copy(tmp_path / "before", database_path)
    restored = open_store()

    def erase(connection):
        tombstones.add(connection, stones)
        return tombstones.apply(connection)

    assert restored._database.write(erase) == 1
    assert not restored.visits.check(used.text, noon, clock_trusted=True).granted
    assert restored.visits.check(left.text, noon, clock_trusted=True).granted


def test_a_used_code_that_somebody_writes_back_meets_its_tombstone(store, invite, scan, intruder, resident):
    issued = invite()
    scan(issued.text)
    with intruder() as connection:
        row = (issued.visit.id, resident, 0, 2**32)
        connection.execute("INSERT INTO visits VALUES (?, ?, ?, ?)", row)
    assert scan(issued.text) == UNKNOWN


def test_a_code_prolonged_in_the_database_ends_as_it_was_signed(invite, scan, intruder, noon):
    text = invite().text
    with intruder() as connection:
        connection.execute("UPDATE visits SET valid_until = valid_until + 1000000")
    assert not scan(text, noon + HOUR).granted


def test_a_host_whose_record_was_altered_has_no_guests(invite, scan, intruder):
    text = invite().text
    with intruder() as connection:
        connection.execute("UPDATE people SET sealed = zeroblob(64)")
    assert scan(text) == UNKNOWN


@pytest.mark.parametrize(
    ("begin", "end", "remedy"),
    [
        (HOUR, timedelta(0), "after the beginning"),
        (-HOUR, timedelta(0), "ahead"),
        (timedelta(0), 7 * DAY + SECOND, "each stay"),
        (31 * DAY, 32 * DAY, "nearer"),
    ],
)
def test_a_span_no_code_is_issued_for_is_refused_with_the_remedy(store, resident, noon, begin, end, remedy):
    with pytest.raises(RequestError, match=remedy) as refusal:
        store.visits.issue(resident, noon + begin, noon + end, at=noon)
    assert refusal.value.code == "visit-span"
    assert rows(store, "SELECT * FROM visits") == []


def test_a_host_has_so_many_codes_open_and_no_more(store, invite, resident, noon):
    first, *_ = [invite() for _ in range(OPEN_MOST)]
    assert code_of(invite) == "visit-many"
    assert len(store.visits.of(resident, noon)) == OPEN_MOST
    store.visits.revoke(first.visit.id, noon)
    assert invite().visit in store.visits.of(resident, noon)
    assert store.visits.of(resident, noon + HOUR) == ()


def test_nobody_has_no_guests(store, noon):
    assert code_of(store.visits.issue, "nobody", noon, noon + HOUR, at=noon) == "person-unknown"


def test_what_is_used_over_or_unknown_cannot_be_taken_back(store, invite, scan, noon):
    used, over = invite(), invite()
    scan(used.text)
    assert code_of(store.visits.revoke, used.visit.id, noon) == "visit-unknown"
    assert code_of(store.visits.revoke, over.visit.id, noon + HOUR) == "visit-unknown"
    assert code_of(store.visits.revoke, "'; --", noon) == "visit-unknown"


def test_r75_a_code_nobody_used_goes_when_it_is_over(store, invite, noon):
    invite()
    assert Item.VISIT not in store.retention.run(noon + HOUR - SECOND).deleted
    assert store.retention.run(noon + HOUR).deleted[Item.VISIT] == 1


def test_r55_issuing_and_taking_back_are_on_record_and_using_is_not(store, invite, scan, noon):
    scan(invite().text)
    store.visits.revoke(invite().visit.id, noon)
    said = [(entry.action, entry.detail) for entry in store.audit.entries() if "code" in entry.detail]
    assert [action for action, _ in said] == ["credential-issued", "credential-issued", "credential-revoked"]


def test_a_flood_of_forged_codes_slows_no_pin_and_writes_nothing(store, scan, noon):
    text = forged(noon)
    before = store._database._connection.total_changes
    for _ in range(300):
        scan(text)
    assert store._database._connection.total_changes == before
    assert not store.credentials.prepare_pin("301", noon).is_throttled


def test_a_fresh_code_shows_in_no_log_line(invite):
    issued = invite()
    assert issued.text not in repr(issued)


def test_a_code_buried_elsewhere_is_of_the_kind_the_list_knows(store, invite, noon):
    """An older gate reads the list as well: no kind that it does not know."""
    store.visits.revoke(invite().visit.id, noon)
    assert {stone.kind for stone in store._database.write(tombstones.buried)} == {Kind.CREDENTIAL}
