"""``gate consume``: what it prints is what was filed, and a gap is told with an exit code (issue 6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from gate.cli import cli
from gate.commands.fleet import _estate
from gate.errors import RequestError
from gate.fleet.journal import Arrival, Journal, Place

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def counts(sequence):
    place = Place("counts", "aa", sequence)
    return Arrival("north", "access-counts", f"id{sequence}", f'{{"sequence":{sequence}}}', place)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "journal.sqlite3"
    journal = Journal(path)
    journal.take([counts(2), counts(3), counts(6)], NOW)
    journal.take([Arrival("north", "health", "h", '{"state":"well"}', is_state=True)], NOW)
    journal.close()
    return path


def told(*words, path):
    result = CliRunner().invoke(cli, ["consume", *words, "--journal", str(path)])
    return result, [json.loads(line) for line in result.stdout.splitlines()]


def test_lines_after_a_number_are_the_newer_ones_in_order(path):
    result, lines = told("lines", "--after", "1", path=path)
    assert result.exit_code == 0
    assert [(line["number"], line["gate"], line["message"]) for line in lines] == [
        (2, "north", {"sequence": 3}),
        (3, "north", {"sequence": 6}),
    ]


def test_gaps_are_told_and_one_that_is_no_mere_beginning_fails(path):
    result, gaps = told("gaps", path=path)
    assert result.exit_code == 1
    assert [(gap["first"], gap["last"], gap["perhaps_before_this_journal"]) for gap in gaps] == [
        (1, 1, True),
        (4, 5, False),
    ]


def test_a_journal_begun_late_has_no_gap_that_fails(path):
    journal = Journal(path)
    journal.take([counts(4), counts(5)], NOW)
    journal.close()
    assert told("gaps", path=path)[0].exit_code == 0


def test_gates_tell_their_last_word(path):
    _, gates = told("gates", path=path)
    assert gates == [{"gate": "north", "received_at": "2026-11-22T09:30:00Z", "message": {"state": "well"}}]


@pytest.mark.parametrize("word", ["lines", "gaps", "gates"])
def test_a_journal_that_is_not_there_is_told_and_not_made(word, tmp_path):
    result, _ = told(word, path=tmp_path / "none")
    assert isinstance(result.exception, RequestError)
    assert list(tmp_path.iterdir()) == []


def test_plain_text_to_another_machine_is_refused(tmp_path):
    result, _ = told("run", "--host", "broker.example", path=tmp_path / "journal.sqlite3")
    assert result.exception.code == "broker-plain"


@pytest.mark.parametrize("accounts", ["west-1:word\n", "receiver:word\n"])
def test_a_fleet_without_enough_accounts_is_refused(accounts, tmp_path):
    file = tmp_path / "accounts"
    file.write_text(accounts, encoding="utf-8")
    words = ["fleet-sim", "--devices", "1", "--host", "localhost", "--accounts", str(file)]
    result = CliRunner().invoke(cli, words)
    assert result.exception.code == "fleet-accounts"


def test_a_fleet_takes_its_accounts_from_the_file(tmp_path):
    file = tmp_path / "accounts"
    file.write_text("west-1:a:b\nwest-2:c\n\nreceiver:d\n", encoding="utf-8")
    estate = _estate("localhost", 1883, None, file, 2)
    assert {name: settings.password for name, settings in estate.gates.items()} == {
        "west-1": "a:b",
        "west-2": "c",
    }
    assert (estate.receiver.username, estate.receiver.password) == ("receiver", "d")


def test_figures_that_could_not_be_written_are_refused_before_the_run(tmp_path):
    words = ["fleet-sim", "--devices", "1", "--json", str(tmp_path / "none" / "figures.json")]
    result = CliRunner().invoke(cli, words)
    assert result.exception.code == "output-unwritable"
