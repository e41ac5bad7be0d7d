"""``gate retention``, ``gate clock``, ``gate tamper`` and the end of a tenancy, as somebody at a terminal meets them."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from gate.cli import cli
from gate.core.retention import DATA_TABLE
from gate.errors import VaultError
from gate.upkeep_check import look_at_case, look_at_clock, look_at_retention

NOW = datetime.now(UTC)
YEAR = timedelta(days=365)


def test_r75_the_table_shows_every_item_with_where_how_long_and_what_ends_it():
    shown = CliRunner().invoke(cli, ["retention", "table"]).stdout
    for row in DATA_TABLE:
        assert row.what in shown
        assert row.kept in shown


def test_r75_a_run_by_hand_is_written_down_and_shown(gate):
    assert "nothing due" in gate("retention", "run").stdout
    shown = gate("retention", "runs")
    assert shown.exit_code == 0
    assert shown.stdout.count("UTC  deleted: nothing due") == 1


def test_r76_a_failed_deletion_ends_the_command_with_an_error_and_names_no_person(gate, opened, tmp_path):
    gate("resident", "add", "--unit", "1203", said="Ada Chen\n\n40451\n")
    with opened() as store:
        store.residents.set_end("1203", NOW - timedelta(days=60), NOW)
    connection = sqlite3.connect(tmp_path / "data" / "gate.sqlite3")
    with connection:
        connection.execute(
            "CREATE TRIGGER planted BEFORE DELETE ON people BEGIN SELECT RAISE(ABORT, 'planted'); END"
        )
    connection.close()
    ran = gate("retention", "run")
    assert ran.exit_code == 1
    assert "FAILED  person" in ran.stdout
    assert "out of all processing" in ran.stdout
    assert "Ada" not in ran.output
    assert gate("retention", "runs").exit_code == 1
    with opened() as store, pytest.raises(VaultError) as finding:
        look_at_retention(store, NOW)
    assert finding.value.code == "retention-failed"


def test_r75_a_gate_that_did_not_delete_for_a_day_is_told_of(opened):
    with opened() as store:
        assert "no run yet" in look_at_retention(store, NOW)
        store.retention.run(NOW)
        assert "nothing left over" in look_at_retention(store, NOW + timedelta(hours=23))
        with pytest.raises(VaultError) as finding:
            look_at_retention(store, NOW + timedelta(hours=25))
    assert finding.value.code == "retention-stale"


def test_a_clock_that_is_not_behind_needs_no_accepting(gate, opened):
    assert "not behind" in gate("clock", "accept").stdout
    with opened() as store:
        assert look_at_clock(store, NOW) == "nothing seen yet"
        store.clock.raise_to(NOW)
        assert "not behind" in look_at_clock(store, NOW)


def test_a_clock_set_back_is_told_of_and_accepted_by_typing_the_date(gate, opened):
    with opened() as store:
        store.clock.raise_to(NOW + YEAR)
        with pytest.raises(VaultError) as finding:
            look_at_clock(store, NOW)
    assert finding.value.code == "clock-behind"
    assert "set back" in gate("clock", "show").stdout
    refused = gate("clock", "accept", said="2020-01-01\n")
    assert refused.exception.code == "not-confirmed"
    with opened() as store:
        assert not store.clock.trusted(NOW).clock_trusted
    assert gate("clock", "accept", said=f"{datetime.now(UTC):%Y-%m-%d}\n").exit_code == 0
    assert "believed" in gate("clock", "show").stdout


def test_r60_tamper_is_cleared_by_typing_the_gates_id(gate, opened):
    assert "No tamper" in gate("tamper", "clear").stdout
    with opened() as store:
        assert look_at_case(store, NOW) == "no tamper noted"
        store.tamper.raise_(NOW)
        with pytest.raises(VaultError) as finding:
            look_at_case(store, NOW)
    assert finding.value.code == "tampered"
    assert gate("tamper", "clear", said="south\n").exit_code == 1
    with opened() as store:
        assert store.tamper.is_noted
    assert "Start the gate again" in gate("tamper", "clear", said="north\n").stdout
    with opened() as store:
        assert not store.tamper.is_noted


def test_r75_a_tenancy_that_ended_yesterday_ends_at_once_and_frees_the_unit(gate, opened):
    gate("resident", "add", "--unit", "1203", said="Ada Chen\n\n40451\n")
    yesterday = (datetime.now().astimezone() - timedelta(days=1)).date()
    assert gate("resident", "ends", "1203", said=f"{yesterday}\n1203\n").exit_code == 0
    with opened() as store:
        assert not store.credentials.check_card("26:40451", NOW + timedelta(minutes=5)).granted
    assert gate("resident", "list").stdout == ""
    assert gate("resident", "add", "--unit", "1203", said="Bo\n\n40451\n").exit_code == 0


def test_r55_an_empty_audit_log_is_said_to_be_empty(gate):
    assert gate("audit", "verify").stdout == "The log is empty.\n"


@pytest.mark.parametrize(("ago", "warned"), [(1, "end NOW"), (0, "00:00; then it cannot be undone")])
@pytest.mark.parametrize("typed", ["", "\n", "1204\n"])
def test_r75_an_end_that_is_here_or_near_is_confirmed_or_nothing_changes(gate, opened, ago, warned, typed):
    gate("resident", "add", "--unit", "1203", said="Ada Chen\n\n40451\n")
    day = (datetime.now().astimezone() - timedelta(days=ago)).date()
    refused = gate("resident", "ends", "1203", said=f"{day}\n{typed}")
    assert refused.exit_code == 1
    assert warned in refused.stderr
    with opened() as store:
        assert store.people.find_by_unit("1203").ends_at is None


def test_r75_an_end_that_is_here_needs_no_second_word_from_a_script_that_says_yes(gate):
    gate("resident", "add", "--unit", "1203", said="Ada Chen\n\n40451\n")
    assert gate("resident", "ends", "1203", "--yes", said="2020-01-01\n").exit_code == 0
    assert gate("resident", "list").stdout == ""


def test_an_end_to_come_is_set_and_taken_back(gate, opened):
    gate("resident", "add", "--unit", "1203", said="Ada Chen\n\n40451\n")
    assert "end at 2100-01-01 00:00" in gate("resident", "ends", "1203", said="2099-12-31\n").stdout
    assert "no end" in gate("resident", "ends", "1203", said="\n").stdout
    with opened() as store:
        assert store.people.find_by_unit("1203").ends_at is None


@pytest.mark.parametrize("said", ["tomorrow", "2026-13-01", "9999-12-31", "1.1.2027"])
def test_a_day_there_is_not_is_refused_with_the_remedy(gate, said):
    gate("resident", "add", "--unit", "1203", said="Ada Chen\n\n40451\n")
    refused = gate("resident", "ends", "1203", said=f"{said}\n")
    assert refused.exception.code == "date-unfit"


def test_a_damaged_resident_is_told_of_and_removed(gate, tmp_path):
    gate("resident", "add", "--unit", "1203", said="Ada Chen\n\n40451\n")
    connection = sqlite3.connect(tmp_path / "data" / "gate.sqlite3")
    with connection:
        connection.execute("UPDATE people SET sealed = zeroblob(60)")
    connection.close()
    assert "1 damaged" in gate("resident", "list").stderr
    removed = gate("resident", "remove", "1203", "--yes")
    assert removed.exit_code == 0
    assert "was damaged" in removed.stdout
