"""``gate resident`` as somebody at a terminal, or a script, meets it."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from gate.errors import RequestError

NOW = datetime.now(UTC)


@pytest.fixture
def resident(gate):
    return partial(gate, "resident")


@pytest.fixture
def ada(resident):
    return pin_in(resident("add", "--unit", "1203", said="Ada Chen\n\n40451\n"))


def pin_in(result):
    assert result.exit_code == 0, result.output
    return re.search(r"PIN: (\d{6}) ", result.stdout)[1]


def card_opens(store, value):
    number = str(value)
    return store.credentials.check_card(number if ":" in number else f"26:{number}", NOW).granted


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


@pytest.mark.parametrize(
    "card", ["-1", "67108864", "9" * 5000, "x", "4 5", "\u0663", "8:256", "129:1", "0:0", "26:", ":5"]
)
def test_a_card_no_reader_can_read_is_refused_with_the_remedy_and_nothing_is_added(resident, card):
    added = resident("add", "--unit", "1203", said=f"Ada\n\n{card}\n")
    assert isinstance(added.exception, RequestError)
    assert "26 bits" in str(added.exception)
    assert resident("list").stdout == ""


@pytest.mark.parametrize("card", ["0", "67108863", "34:8589934591"])
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


def test_a_card_may_hold_for_a_while_beside_the_earlier_one(ada, resident, opened):
    given = resident(
        "card", "1203", "--from", "2098-01-01", "--until", "2099-01-01", "--beside", said="40452\n"
    )
    assert given.exit_code == 0, given.output
    inside = datetime(2098, 6, 1, tzinfo=UTC)
    with opened() as store:
        assert card_opens(store, 40451)
        assert not card_opens(store, 40452)
        assert store.credentials.check_card("26:40452", inside).granted
        assert not store.credentials.check_card("26:40452", datetime(2099, 1, 2, tzinfo=UTC)).granted


@pytest.mark.parametrize(
    ("span", "code"),
    [(("--until", "2001-01-01"), "validity-unfit"), (("--from", "whenever"), "time-unfit")],
)
def test_a_card_for_a_time_that_is_none_leaves_the_old_one(ada, resident, opened, span, code):
    assert resident("card", "1203", *span, said="40452\n").exception.code == code
    with opened() as store:
        assert card_opens(store, 40451)


def test_a_found_card_is_ended_by_its_value_and_given_again(ada, resident, opened):
    assert resident("block-card", said="40451\n").exit_code == 0
    with opened() as store:
        assert not card_opens(store, 40451)
        assert pin_opens(store, ada)
    assert resident("card", "1203", "--beside", said="40451\n").exit_code == 0
    with opened() as store:
        assert card_opens(store, 40451)


def test_a_card_nobody_holds_cannot_be_ended(ada, resident):
    assert resident("block-card", said="40452\n").exception.code == "card-unknown"


@pytest.mark.parametrize(
    ("named", "card", "pin", "codes"),
    [
        (("--card",), False, True, 1),
        (("--pin",), True, False, 1),
        (("--codes",), True, True, 0),
        (("--card", "--pin"), False, False, 1),
        (("--all",), False, False, 0),
    ],
)
def test_what_is_named_ends_and_the_rest_stays(ada, resident, opened, named, card, pin, codes):
    with opened() as store:
        host = store.people.id_by_unit("1203")
        store.visits.issue(host, NOW, NOW + timedelta(days=1), at=NOW)
    assert resident("revoke", "1203", *named).exit_code == 0
    with opened() as store:
        assert (card_opens(store, 40451), pin_opens(store, ada)) == (card, pin)
        assert len(store.visits.of(host, NOW)) == codes


def test_nothing_named_ends_nothing(ada, resident, opened):
    assert resident("revoke", "1203").exception.code == "nothing-named"
    with opened() as store:
        assert card_opens(store, 40451)


@pytest.fixture
def with_duress(config):
    config.write_text(config.read_text() + "[access]\nduress = true\n")


def test_a_duress_pin_is_drawn_with_a_fresh_pin_and_both_open(with_duress, ada, resident, opened):
    drawn = resident("duress", "1203")
    pin, duress = pin_in(drawn), re.search(r"Duress PIN: (\d{6}) ", drawn.stdout)[1]
    with opened() as store:
        assert pin_opens(store, pin)
        assert pin_opens(store, duress)


def test_a_duress_pin_is_ended_and_the_pin_stays(with_duress, ada, resident, opened):
    drawn = resident("duress", "1203")
    pin, duress = pin_in(drawn), re.search(r"Duress PIN: (\d{6}) ", drawn.stdout)[1]
    assert resident("duress", "1203", "--off").exit_code == 0
    with opened() as store:
        assert not pin_opens(store, duress)
        assert pin_opens(store, pin)


def test_where_the_site_takes_no_duress_pins_none_is_drawn_and_the_pin_stays(ada, resident, opened):
    """PIN and card: off by default."""
    assert resident("duress", "1203").exception.code == "duress-off"
    with opened() as store:
        assert pin_opens(store, ada)
