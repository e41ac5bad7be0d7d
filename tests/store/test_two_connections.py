"""The command line writes while the service runs; two first starts meet."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gate.errors import VaultError
from gate.store import Kept
from tests.passages import passage
from tests.stores import open_in


def test_a_card_added_on_the_command_line_opens_at_the_running_gate(open_store, noon):
    service, command_line = open_store(), open_store()
    person = command_line.people.add("301", "Li Na", "")
    assert not service.credentials.check_card("0451", noon).granted
    card = command_line.credentials.issue_card(person, "0451", at=noon)
    assert service.credentials.check_card("0451", noon).granted
    command_line.credentials.revoke(card, noon)
    assert not service.credentials.check_card("0451", noon).granted


def test_both_may_write_in_turn(open_store, decide, noon):
    service, command_line = open_store(), open_store()
    for number in range(20):
        assert passage(service, decide(f"s{number}", granted=False), at=noon) is Kept.COMMITTED
        command_line.people.add(str(number), "Ann", "")
    assert len(service.people.list()) == 20


def test_a_write_lock_held_too_long_is_an_error_and_not_a_hang(open_store, resident, intruder, decide, noon):
    service = open_store()
    with intruder() as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(VaultError) as refusal:
            passage(service, decide(), at=noon, who=resident)
        holder.execute("ROLLBACK")
    assert refusal.value.code == "database-busy"
    assert passage(service, decide(), at=noon, who=resident) is Kept.COMMITTED


def test_first_starts_at_the_same_moment_agree_on_one_key(tmp_path):
    def start(_):
        store = open_in(tmp_path)
        found = len(store.people.list()), store.epochs.current.seed
        store.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(start, range(4)))
    assert len(set(found)) == 1, "one key, one epoch"
    assert found[0][0] == 0
    assert {path.name for path in (tmp_path / "keys").iterdir()} == {"gate-master-key", "epoch-1"}


@pytest.mark.alone
def test_r24_a_reader_elsewhere_keeps_the_loop_no_second_and_the_scrub_is_made_up_for(
    open_store, intruder, resident, enrol, noon
):
    store = open_store()
    enrol(resident)
    with intruder() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM consents").fetchall()
        store.people.add("302", "Ann", "")
        began = time.monotonic()
        assert not store._database.scrub()
        assert time.monotonic() - began < 0.5
        reader.execute("ROLLBACK")
    assert store._database.scrub()
