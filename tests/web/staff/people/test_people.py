"""R04, R27, R53: residents are looked up, entered and taken along; a card is blocked whoever holds it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from gate.core.roles import Role
from tests.consents import give
from tests.web.staff.people.conftest import NOON


def names(page):
    return [name for name in ("Ada Chen", "Bo Lin", "Cy Wu") if name in page]


def test_who_is_entered_opens_with_the_pin_that_is_shown_once(console):
    answer = console.send("/staff/people/new", unit="1203", name=" Ada Chen ", contact="555", card="40451")
    shown = console.follow(answer)
    person = console.store.people.find_by_unit("1203")
    assert (person.name, person.contact) == ("Ada Chen", "555")
    assert console.store.credentials.check_card("26:40451", NOON).person == person.id
    check = console.store.credentials.prepare_pin("1203", NOON)
    pin = shown.text.split('class="value">')[1][:6]
    assert console.store.credentials.finish_pin(check, ok=check.verify(pin), at=NOON).granted
    assert pin not in console.follow(answer).text


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"unit": "12A"}, "unit", "1 to 8 digits"),
        ({"unit": ""}, "unit", "1 to 8 digits"),
        ({"unit": "1204"}, "unit", "already entered"),
        ({"name": "   "}, "name", "needs a name"),
        ({"name": "a" * 101}, "name", "too long"),
        ({"name": "=1+1"}, "name", "formula"),
        ({"name": "Ada\nChen"}, "name", "line breaks"),
        ({"contact": "c" * 201}, "contact", "too long"),
        ({"card": "x"}, "card", "whole number"),
        ({"card": "7"}, "card", "already opens"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(console, fields, field, sentence):
    console.get("/staff/people")
    console.move_in("1204", "Bo Lin", card="7")
    typed = {"unit": "1203", "name": "Ada Chen", "contact": "555 0100", "card": "40451"} | fields
    answer = console.send("/staff/people/new", **typed)
    assert answer.status_code == 422
    assert f'<a href="#field-{field}">' in answer.text
    assert sentence in answer.text.split(f'id="wrong-{field}"')[1].split("</p>")[0]
    kept = [value for name, value in typed.items() if name != field]
    assert all(f'value="{value}"' in answer.text for value in kept)
    assert len(console.store.people.list()) == 1


def test_a_search_finds_by_the_beginning_of_the_unit_and_any_part_of_the_name(console):
    console.move_in("1203", "Ada Chen")
    console.move_in("1204", "Bo Lin")
    console.move_in("301", "Cy Wu")
    assert names(console.get("/staff/people").text) == ["Ada Chen", "Bo Lin", "Cy Wu"]
    found = {
        query: names(console.get(f"/staff/people?q={query}").text) for query in ("120", "CHEN", "in+12", "x")
    }
    assert found == {"120": ["Ada Chen", "Bo Lin"], "CHEN": ["Ada Chen"], "in+12": ["Bo Lin"], "x": []}


def test_fifty_stand_on_a_page_in_the_order_of_their_units(console):
    for number in range(60):
        console.store.people.add(str(160 - number), f"Resident {number}", "")
    first, second = console.get("/staff/people").text, console.get("/staff/people?page=2&lang=en").text
    assert first.count('<th scope="row">') == 50
    assert second.count('<th scope="row">') == 10
    assert ">101</a>" in first
    assert "page=2" in first
    assert ">151</a>" in second


def test_r27_no_list_tells_the_name_of_a_child(console):
    person = console.store.people.add("1203", "Little Chen", "")
    console.is_child(person)
    page = console.get("/staff/people").text
    assert "Little Chen" not in page
    assert "A child's record" in page.replace("&#39;", "'")
    assert "1203" not in console.get("/staff/people?q=little").text


def test_what_was_changed_beside_the_pages_is_found_at_once(console, open_store):
    console.move_in("1203", "Ada Chen")
    console.get("/staff/people")
    with_command_line = open_store()
    with_command_line.people.add("1204", "Bo Lin", "")
    with_command_line.residents.move_out("1203", NOON)
    assert names(console.get("/staff/people").text) == ["Bo Lin"]


def test_an_export_quotes_formulas_and_tells_of_a_child_the_unit_alone_r27(console):
    console.store.people.add("1203", "=cmd()", "+86 555")
    child = console.store.people.add("1204", "Little Chen", "555")
    console.is_child(child)
    answer = console.send("/staff/people/export.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows == [
        ["unit", "name", "contact", "hours"],
        ["1203", "'=cmd()", "'+86 555", ""],
        ["1204", "", "", ""],
    ]
    assert ("staff:" + "a" * 16, "people-exported") in console.actions()


def test_r04_a_card_is_blocked_whoever_holds_it_and_the_page_does_not_tell_who(console):
    console.move_in("1203", "Ada Chen", card="40451")
    answer = console.send("/staff/cards/block", card="40451")
    page = console.follow(answer).text
    assert not console.store.credentials.check_card("26:40451", NOON).granted
    assert "Ada Chen" not in page
    assert "1203" not in page
    assert "opens for nobody" in console.send("/staff/cards/block", card="40451").text
    assert "whole number" in console.send("/staff/cards/block", card="").text


def test_r53_a_guard_blocks_cards_and_sees_no_resident(consoles):
    guard = consoles(roles=(Role.GUARD,))
    assert guard.get("/staff/cards/block").status_code == 200
    assert {guard.get(path).status_code for path in ("/staff/people", "/staff/visits", "/staff/hours")} == {
        403
    }
    assert guard.send("/staff/people/export.csv").status_code == 403


def test_names_are_dropped_from_memory_five_minutes_after_the_last_search(console, runner):
    console.move_in("1203", "Ada Chen")
    directory = console.office.people._parts.directory
    console.get("/staff/people")
    assert directory.is_held

    async def held_after(minutes):
        console.time.wait(minutes=minutes)
        directory._drop_unused()
        return directory.is_held

    assert runner.run(held_after(4))
    assert not runner.run(held_after(1))


def test_who_moved_out_is_in_no_index(console):
    person = console.move_in("1203", "Ada Chen")
    console.get("/staff/people")
    console.send(f"/staff/people/{person}/leave", again="1203")
    assert not console.office.people._parts.directory.is_held


def test_a_damaged_record_is_counted_and_hides_nobody_else(console):
    console.move_in("1203", "Ada Chen")
    damaged = console.move_in("1204", "Bo Lin")
    console.store._database.write(
        lambda c: c.execute("UPDATE people SET sealed = x'00' WHERE id = ?", (damaged,))
    )
    page = console.get("/staff/people").text
    assert names(page) == ["Ada Chen"]
    assert "1 record is damaged" in page


def test_a_query_that_is_too_long_and_a_page_that_is_none_are_refused(console):
    assert console.get(f"/staff/people?q={'a' * 101}").status_code == 400
    assert console.get("/staff/people?page=0").status_code == 400
    assert console.get("/staff/people?page=999&lang=en").status_code == 200


def test_a_form_sent_twice_enters_one_person(console):
    fields = {"unit": "1203", "name": "Ada Chen", "contact": "", "card": "", "once": "w1"}
    first, second = (console.send("/staff/people/new", **fields) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(console.store.people.list()) == 1


def test_a_card_given_until_then_is_over_then(console):
    person = console.move_in("1203", "Ada Chen")
    console.send(f"/staff/people/{person}/card", card="40451", begins="", until="2026-11-23")
    check = console.store.credentials.check_card
    assert check("26:40451", NOON).granted
    assert not check("26:40451", NOON + timedelta(days=2)).granted


def test_residents_told_of_a_face_like_theirs_are_listed_without_the_other_and_without_children(console):
    ada, bo, child = (console.move_in(*each) for each in (("1", "Ada Chen"), ("2", "Bo Lin"), ("3", "Cy Wu")))
    give(console.store, ada, at=NOON, lookalike=True)
    give(console.store, bo, at=NOON)
    give(console.store, child, at=NOON, lookalike=True)
    console.is_child(child)
    everybody, alike = (console.get(f"/staff/people?{asked}lang=en").text for asked in ("", "alike=yes&"))
    assert 'href="/staff/people?alike=yes"' in everybody
    assert names(alike) == ["Ada Chen"]
    assert alike.count('<th scope="row">') == 1
    assert "the card first and the face after it" in alike
    assert names(console.get("/staff/people?alike=yes&q=bo&lang=en").text) == []


def test_where_no_face_is_like_another_nothing_is_said_of_it(console):
    give(console.store, console.move_in(), at=NOON)
    assert "alike=yes" not in console.get("/staff/people").text


@pytest.mark.parametrize("lookalike", [True, False])
def test_a_residents_record_says_whether_another_face_was_like_theirs(console, lookalike):
    person = console.move_in()
    give(console.store, person, at=NOON, lookalike=lookalike)
    page = console.get(f"/staff/people/{person}").text
    assert ("another one here was much like it" in page) is lookalike
