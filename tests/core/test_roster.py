"""A file of residents, row by row (R52: nothing half done begins with telling what is wrong)."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.cards import card_number
from gate.core.roster import (
    CONTACT_MOST,
    HEADING_MOST,
    LINE_MOST,
    NAME_MOST,
    ROWS_MOST,
    Column,
    Deed,
    Here,
    Row,
    RowError,
    RowFault,
    facts_faults,
    quoted,
    read,
    text_fault,
)


class Gate:
    """What a gate knows: Li Na lives in 301 with a card, a child in 302."""

    def __init__(self):
        self.people = {"301": Here("p-li", "Li Na"), "302": Here("p-child", None)}
        self.cards = {"26:7": "p-li"}

    def here(self, unit):
        return self.people.get(unit)

    def holder(self, card):
        return self.cards.get(card)

    def has_hours(self, name):
        return name == "cleaners"


def told(text):
    return list(read(io.StringIO(text, newline=""), Gate()))


def row(line, heading="unit,name,contact,card,hours"):
    return told(f"{heading}\n{line}\n")


def faults(line, **heading):
    return [(each.fault, each.column) for each in row(line, **heading)]


def test_a_fit_row_enters_somebody():
    [found] = row("1203,Ada Chen,ada@example.org,34:123456789,cleaners")
    assert found == Row(
        2, Deed.ENTER, "1203", "Ada Chen", "ada@example.org", "34:123456789", "cleaners", None
    )


def test_what_may_be_missing_may_be_missing():
    [found] = told("name;unit\n Ada Chen ; 1203 \n")
    assert (found.unit, found.name, found.contact, found.card, found.hours) == (
        "1203",
        "Ada Chen",
        "",
        None,
        None,
    )


@pytest.mark.parametrize(
    "heading", ["单元号,姓名,联系方式", "UNIT, Name ,contact", '"unit","name","contact"']
)
def test_columns_are_named_in_either_language(heading):
    [found] = row("1203,Ada Chen,555", heading=heading)
    assert (found.unit, found.name, found.contact) == ("1203", "Ada Chen", "555")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", RowError(0, RowFault.EMPTY)),
        (" \r\n\n", RowError(0, RowFault.EMPTY)),
        ("unit,name\n\n , \n", RowError(0, RowFault.EMPTY)),
        ("unit,name,age\n", RowError(1, RowFault.HEADING_UNKNOWN)),
        ("1203,Ada Chen\n", RowError(1, RowFault.HEADING_UNKNOWN)),
        ("\n,,\n", RowError(2, RowFault.HEADING_MISSING, Column.UNIT)),
        ("unit,name,单元号\n", RowError(1, RowFault.HEADING_TWICE)),
        ("name,card\n", RowError(1, RowFault.HEADING_MISSING, Column.UNIT)),
        ("unit,card,,\n", RowError(1, RowFault.HEADING_MISSING, Column.NAME)),
        ('unit,name\n1203,"Ada"x\n', RowError(2, RowFault.QUOTES)),
        ('unit,name\n1203,Ada\n1204,"Bo\n', RowError(3, RowFault.QUOTES)),
    ],
)
def test_a_file_at_fault_is_told_as_such(text, error):
    assert told(text)[-1] == error


def test_empty_lines_and_empty_columns_are_passed_over_and_lines_are_counted_as_in_an_editor():
    found = told("\nunit\tname\n\n\t\n1203\tAda\t\t\n\n1204\t\n")
    assert [(each.line, type(each)) for each in found] == [(5, Row), (7, RowError)]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("12A,Ada,,,", (RowFault.UNIT_UNFIT, Column.UNIT)),
        (",Ada,,,", (RowFault.UNIT_UNFIT, Column.UNIT)),
        ("123456789,Ada,,,", (RowFault.UNIT_UNFIT, Column.UNIT)),
        ("\uff11\uff12,Ada,,,", (RowFault.UNIT_UNFIT, Column.UNIT)),
        ("1203,,,,", (RowFault.NAME_MISSING, Column.NAME)),
        (f"1203,{'a' * (NAME_MOST + 1)},,,", (RowFault.TOO_LONG, Column.NAME)),
        (f"1203,Ada,{'a' * (CONTACT_MOST + 1)},,", (RowFault.TOO_LONG, Column.CONTACT)),
        ('1203,"Ada\nChen",,,', (RowFault.CONTROL, Column.NAME)),
        ("1203,Ada\x00,,,", (RowFault.CONTROL, Column.NAME)),
        ("1203,Ada,,4.05E+08,", (RowFault.CARD_UNFIT, Column.CARD)),
        ("1203,Ada,,67108864,", (RowFault.CARD_UNFIT, Column.CARD)),
        ("1203,Ada,,7,", (RowFault.CARD_TAKEN, Column.CARD)),
        ("302,,,7,", (RowFault.CARD_TAKEN, Column.CARD)),
        ("1203,Ada,,,nobody", (RowFault.HOURS_UNKNOWN, Column.HOURS)),
        ("301,Li Bo,,,", (RowFault.OTHER_NAME, Column.NAME)),
        ("1203,Ada,,,,more", (RowFault.TOO_MANY_COLUMNS, None)),
    ],
)
def test_an_unfit_cell_is_told_with_its_column(line, fault):
    assert faults(line) == [fault]


def test_all_that_is_wrong_with_a_row_is_told_at_once():
    assert faults("x,,=1,y,z") == [
        (RowFault.UNIT_UNFIT, Column.UNIT),
        (RowFault.NAME_MISSING, Column.NAME),
        (RowFault.FORMULA, Column.CONTACT),
        (RowFault.CARD_UNFIT, Column.CARD),
        (RowFault.HOURS_UNKNOWN, Column.HOURS),
    ]


@pytest.mark.parametrize("formula", ["=1+1", "+SUM(A1)", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_a_formula_is_refused_and_quoted_on_the_way_out(formula):
    assert faults(f"1203,{formula},,,") == [(RowFault.FORMULA, Column.NAME)]
    assert faults(f"1203,'{formula},,,") == [(RowFault.FORMULA, Column.NAME)]
    assert quoted(formula) == f"'{formula}"
    assert text_fault(f"\t{formula}", NAME_MOST) is RowFault.FORMULA


def test_a_telephone_number_is_no_formula_and_comes_back_from_an_export_as_it_was():
    [found] = row(f"1203,Ada,{quoted('+86 (10) 5555-0100')},,")
    assert found.contact == "+86 (10) 5555-0100"
    assert quoted("Ada") == "Ada"


def test_an_apostrophe_of_a_name_stays():
    [found] = row("1203,'t Hooft,,,")
    assert found.name == "'t Hooft"


def test_a_duplicate_in_the_file_is_told_with_its_twin():
    found = told("unit,name,card\n1203,Ada,8\n1204,Bo,8\n1203,Cy,\n")
    assert found[1:] == [
        RowError(3, RowFault.CARD_TWICE, Column.CARD, 2),
        RowError(4, RowFault.UNIT_TWICE, Column.UNIT, 2),
    ]


@pytest.mark.parametrize(
    ("line", "deed"),
    [
        ("301,Li Na,,,", Deed.NOTHING),
        ("301,Li Na,other@example.org,7,", Deed.NOTHING),
        ("301,Li Na,,8,", Deed.ADD_CARD),
        ("302,,,,", Deed.NOTHING),
        ("302,Whoever,,8,", Deed.NOTHING),
    ],
)
def test_who_is_here_stays_as_they_are_but_for_a_new_card(line, deed):
    [found] = row(line)
    assert found.deed is deed
    assert found.person is not None


def test_the_reading_ends_where_there_are_too_many_rows():
    lines = (f"{number},Ada\n" for number in range(1, ROWS_MOST + 10))
    found = list(read(["unit,name\n", *lines], Gate()))
    assert found[-1] == RowError(ROWS_MOST + 2, RowFault.TOO_MANY_ROWS)
    assert len(found) == ROWS_MOST + 1


def test_facts_from_a_form_are_judged_as_those_of_a_file():
    assert facts_faults("1203", "Ada", "") == {}
    assert facts_faults("", "", "=1") == {
        Column.UNIT: RowFault.UNIT_UNFIT,
        Column.NAME: RowFault.NAME_MISSING,
        Column.CONTACT: RowFault.FORMULA,
    }


@given(st.text(max_size=200))
def test_any_text_is_read_to_its_end(text):
    assert all(isinstance(each, Row | RowError) for each in told(f"unit,name,contact,card,hours\n{text}"))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("40451", "26:40451"),
        ("0040451", "26:40451"),
        ("34:123456789", "34:123456789"),
        ("67108863", "26:67108863"),
        ("67108864", None),
        ("129:1", None),
        ("026:1", None),
        ("", None),
        ("26:", None),
        ("-1", None),
        ("\uff14", None),
    ],
)
def test_a_cards_value_is_read_as_the_reader_sends_it(typed, number):
    assert card_number(typed) == number


@pytest.mark.parametrize("sign", "＝＋－＠﹢﹣")  # noqa: RUF001 - what East Asian spreadsheets take for signs
def test_a_full_width_formula_is_a_formula_both_ways(sign):
    assert text_fault(f"{sign}1+1", NAME_MOST) is RowFault.FORMULA
    assert quoted(f"{sign}1+1") == f"'{sign}1+1"
    assert row(f"1203,'{sign}1+1,,,") == [RowError(2, RowFault.FORMULA, Column.NAME)]


def test_a_first_line_without_end_is_refused_before_it_is_split():
    heading = "unit,name" + "," * HEADING_MOST
    assert told(f"{heading}\n1,Ada\n") == [RowError(1, RowFault.HEADING_UNKNOWN)]


def test_a_line_of_thousands_of_cells_is_refused_before_it_is_split():
    found = told(f"unit,name\n1203,Ada\n1204,Bo{',' * LINE_MOST}\n1205,Cy\n")
    assert [type(each) for each in found] == [Row, RowError]
    assert found[-1] == RowError(3, RowFault.TOO_LONG)
