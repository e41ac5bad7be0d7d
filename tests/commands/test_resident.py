"""``gate resident`` as somebody at a terminal, or a script, meets it."""

import re
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.errors import RequestError
from gate.settings import read_settings

SETTINGS = """
[site]
gate_id = "north"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
[reader]
driver = "simulated"
[door]
driver = "simulated"
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
"""
NOW = datetime.now(UTC)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(SETTINGS.format(folder=tmp_path))
    return path


@pytest.fixture
def resident(config):
    def resident(*arguments, said=""):
        return CliRunner().invoke(cli, ["resident", *arguments, "--config", str(config)], input=said)

    return resident


@pytest.fixture
def ada(resident):
    return pin_in(resident("add", "--unit", "1203", said="Ada Chen\n\n40451\n"))


@pytest.fixture
def opened(config):
    @contextmanager
    def opened():
        store = open_store(read_settings(config))
        yield store
        store.close()

    return opened


def pin_in(result):
    assert result.exit_code == 0, result.output
    return re.search(r"PIN: (\d{6}) ", result.stdout)[1]


def card_opens(store, value):
    return store.credentials.check_card(f"26:{value}", NOW).granted


def pin_opens(store, pin):
    check = store.credentials.prepare_pin("1203", NOW)
    return store.credentials.finish_pin(check, ok=check.verify(pin), at=NOW).granted


def test_a_resident_is_added_from_lines_and_opens_with_card_and_pin(ada, resident, opened):
    assert resident("list").stdout == "1203\tAda Chen\n"
    with opened() as store:
        assert card_opens(store, 40451)
        assert pin_opens(store, ada)


def test_the_questions_stay_out_of_standard_output(resident):
    added = resident("add", "--unit", "1203", said="Ada Chen\n\n\n")
    assert added.stdout.startswith("Unit 1203 added. PIN: ")
    assert "Name" in added.stderr


@pytest.mark.parametrize("option", ["--name", "--contact", "--card"])
def test_personal_data_is_no_argument(resident, option):
    assert resident("add", "--unit", "1203", option, "451").exit_code == 2


@pytest.mark.parametrize("card", ["-1", "67108864", "9" * 5000, "x", "4 5", "\u0663", "26:451"])
def test_a_card_no_reader_can_read_is_refused_with_the_remedy_and_nothing_is_added(resident, card):
    added = resident("add", "--unit", "1203", said=f"Ada\n\n{card}\n")
    assert isinstance(added.exception, RequestError)
    assert "0 to 67108863" in str(added.exception)
    assert resident("list").stdout == ""


@pytest.mark.parametrize("card", ["0", "67108863"])
def test_the_least_and_the_greatest_card_open(resident, opened, card):
    pin_in(resident("add", "--unit", "1203", said=f"Ada\n\n{card}\n"))
    with opened() as store:
        assert card_opens(store, card)


@pytest.mark.parametrize("said", ["", "Ada\n", "Ada\n\n", "\n\n\n", "Ada\n\n40451\n"])
def test_who_is_not_added_whole_is_not_added(ada, resident, said):
    assert resident("add", "--unit", "1204", said=said).exit_code == 1
    assert resident("list").stdout == "1203\tAda Chen\n"


def test_a_lost_card_is_replaced_and_opens_no_more(ada, resident, opened):
    assert resident("card", "1203", said="40452\n").exit_code == 0
    with opened() as store:
        assert [card_opens(store, value) for value in (40451, 40452)] == [False, True]


def test_a_lost_card_ends_before_there_is_a_new_one(ada, resident, opened):
    assert "no card now" in resident("card", "1203", said="\n").stdout
    with opened() as store:
        assert not card_opens(store, 40451)
        assert pin_opens(store, ada)


@pytest.mark.parametrize("said", ["", "x\n"])
def test_an_answer_that_is_no_card_leaves_the_old_one(ada, resident, opened, said):
    assert resident("card", "1203", said=said).exit_code == 1
    with opened() as store:
        assert card_opens(store, 40451)


def test_a_renewed_pin_is_shown_and_opens(ada, resident, opened):
    fresh = pin_in(resident("pin", "1203"))
    with opened() as store:
        assert pin_opens(store, fresh)
        assert fresh == ada or not pin_opens(store, ada)


@pytest.mark.parametrize(("arguments", "said"), [((), "1203\n"), (("--yes",), "")])
def test_a_removed_resident_is_gone_with_the_card(ada, resident, opened, arguments, said):
    assert resident("remove", "1203", *arguments, said=said).exit_code == 0
    assert resident("list").stdout == ""
    with opened() as store:
        assert not card_opens(store, 40451)


@pytest.mark.parametrize("said", ["", "\n", "1204\n", "y\n"])
def test_without_the_unit_typed_again_nobody_is_removed(ada, resident, said):
    assert resident("remove", "1203", said=said).exit_code == 1
    assert resident("list").stdout == "1203\tAda Chen\n"


@pytest.mark.parametrize(("command", "said"), [("card", "1\n"), ("pin", ""), ("remove", "9\n")])
def test_a_unit_without_a_resident_is_told_as_such(resident, command, said):
    assert resident(command, "9", said=said).exception.code == "unit-unknown"
