"""R04, R27, R71, R75: one resident's record: corrected, with cards and PIN, until they move out."""

from __future__ import annotations

from datetime import date, timedelta
from http import HTTPStatus

import pytest

from gate.core.roles import Act
from gate.core.types import Method
from gate.store.account.audit import Actor
from gate.web.staff.ports.approvals import ApprovalState
from tests.consents import give
from tests.web.staff.people.conftest import MANAGER, NOON, OFFICER


@pytest.fixture
def ada(console):
    return console.move_in("1203", "Ada Chen", "555 0100", card="40452")


def path(person, *rest):
    return "/".join(("/staff/people", person, *rest))


def opens(store, unit, pin):
    check = store.credentials.prepare_pin(unit, NOON)
    return store.credentials.finish_pin(check, ok=check.verify(pin), at=NOON)


def test_the_record_shows_the_facts_and_how_face_stands(console, ada):
    give(console.store, ada, at=NOON)
    page = console.get(path(ada)).text
    assert all(fact in page for fact in ("Ada Chen", "555 0100", "1203", "Opens"))
    assert "40452" not in page
    declined = console.move_in("1204", "Bo Lin")
    assert console.office.people.sheet(MANAGER, ada).standing.value == "given"
    assert console.office.people.sheet(MANAGER, declined).standing.value == "none"


@pytest.mark.parametrize(("days", "told"), [(270, False), (271, True)])
def test_r34_a_face_taken_long_ago_is_told_so_that_it_may_be_taken_anew_and_changes_by_itself_never(
    console, ada, days, told
):
    give(console.store, ada, at=NOON)
    console.time.at += timedelta(days=days)
    assert ("more than nine months ago" in console.get(path(ada)).text) is told


def test_r71_the_facts_are_put_right_and_the_log_tells_who_did_it(console, ada):
    answer = console.send(
        path(ada, "correct"), unit="1203", name="Ada Wu", contact="", seen=console.seen(ada)
    )
    assert "corrected" in console.follow(answer).text
    assert console.store.people.get(ada).name == "Ada Wu"
    assert console.actions()[-1] == (MANAGER.value, "person-corrected")
    same = console.send(path(ada, "correct"), unit="1203", name="Ada Wu", contact="", seen=console.seen(ada))
    assert same.headers["location"].endswith("?done=same")


def test_of_two_who_edit_one_record_the_second_sees_both_and_writes_nothing(console, ada):
    seen = console.seen(ada)
    console.send(path(ada, "correct"), unit="1203", name="Ada Wu", contact="555", seen=seen)
    answer = console.send(path(ada, "correct"), unit="1203", name="Ada Li", contact="555", seen=seen)
    assert answer.status_code == 422
    row = answer.text.split("What stands there now, and")[1].split("</table>")[0]
    assert "<td>Ada Wu</td><td>Ada Li</td>" in row
    assert "555" not in row
    assert 'value="Ada Li"' in answer.text
    assert console.store.people.get(ada).name == "Ada Wu"
    again = console.send(
        path(ada, "correct"), unit="1203", name="Ada Li", contact="555", seen=console.seen(ada)
    )
    assert again.status_code == 303


@pytest.mark.parametrize("act", ["hours", "end"])
def test_hours_and_the_end_are_not_set_on_an_older_record(console, ada, act):
    seen = console.seen(ada)
    console.send(path(ada, "correct"), unit="1203", name="Ada Wu", contact="", seen=seen)
    answer = console.send(path(ada, act), hours="", day="2027-01-31", seen=seen)
    assert answer.status_code == 422
    assert "Somebody else changed this" in answer.text
    assert console.store.people.get(ada).ends_at is None


@pytest.mark.parametrize(
    ("fields", "field"), [({"unit": "x"}, "unit"), ({"unit": "1204"}, "unit"), ({"name": ""}, "name")]
)
def test_a_correction_that_cannot_be_is_said_beside_its_field(console, ada, fields, field):
    console.move_in("1204", "Bo Lin")
    typed = {"unit": "1203", "name": "Ada Wu", "contact": "555", "seen": console.seen(ada)} | fields
    answer = console.send(path(ada, "correct"), **typed)
    assert answer.status_code == 422
    assert f'id="wrong-{field}"' in answer.text
    assert 'value="555"' in answer.text
    assert console.store.people.get(ada).name == "Ada Chen"


def test_a_card_is_given_beside_the_earlier_ones_or_in_their_place(console, ada):
    def good():
        return [console.store.credentials.check_card(f"26:{card}", NOON).granted for card in (40452, 8, 9)]

    console.send(path(ada, "card"), card="8", begins="", until="")
    assert good() == [True, True, False]
    console.send(path(ada, "card"), card="9", begins="", until="", instead="yes")
    assert good() == [False, False, True]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"card": ""}, "card", "whole number"),
        ({"card": "26:99999999"}, "card", "whole number"),
        ({"card": "7"}, "card", "already opens"),
        ({"until": "yesterday"}, "until", "no day"),
        ({"until": "2026-11-20"}, "until", "at no time"),
        ({"begins": "2026-12-02", "until": "2026-12-01"}, "until", "at no time"),
    ],
)
def test_a_card_that_cannot_be_given_ends_no_earlier_one(console, ada, fields, field, sentence):
    console.move_in("1204", "Bo Lin", card="7")
    answer = console.send(
        path(ada, "card"), **({"card": "8", "begins": "", "until": "", "instead": "yes"} | fields)
    )
    assert answer.status_code == 422
    assert sentence in answer.text.split(f'id="wrong-{field}"')[1].split("</p>")[0]
    assert console.store.credentials.check_card("26:40452", NOON).granted


def test_r04_one_card_is_ended_at_once_and_the_others_stay(console, ada):
    console.send(path(ada, "card"), card="8", begins="", until="")
    first = console.store.credentials.of(ada)[0]
    answer = console.send(path(ada, "revoke"), credential=first.id)
    assert answer.status_code == 303
    check = console.store.credentials.check_card
    assert [check("26:40452", NOON).granted, check("26:8", NOON).granted] == [False, True]
    again = console.send(path(ada, "revoke"), credential=first.id)
    assert again.status_code == 422
    assert "not there any more" in again.text


def test_r04_two_cards_are_numbered_in_order_of_issue_and_ending_one_asks_once(console, ada):
    alone = console.get(path(ada)).text.split("<tbody>")[1].split("</tbody>")[0]
    assert "Card 1" not in alone
    console.send(path(ada, "card"), card="8", begins="", until="")
    rows = console.get(path(ada)).text.split("<tbody>")[1].split("</tr>")
    newest, oldest = (next(row for row in rows if name in row) for name in ("Card 2", "Card 1"))
    first = console.store.credentials.of(ada)[0]
    assert first.id in oldest
    assert first.id not in newest
    closed = oldest.split("<details>")[1].split("</details>")[0]
    assert "End this card</summary>" in closed
    assert "Yes, end it for good" in closed


def test_a_credential_of_somebody_else_is_not_ended_through_this_record(console, ada):
    other = console.move_in("1204", "Bo Lin", card="7")
    theirs = console.store.credentials.of(other)[0]
    assert console.send(path(ada, "revoke"), credential=theirs.id).status_code == 422
    assert console.store.credentials.check_card("26:7", NOON).granted


def test_a_fresh_pin_is_shown_once_and_the_earlier_one_opens_no_more(console, ada):
    answer = console.send(path(ada, "pin"))
    pin = console.follow(answer).text.split('class="value">')[1][:6]
    assert opens(console.store, "1203", pin).granted
    again = console.follow(answer)
    assert pin not in again.text
    assert "shown already" in again.text
    console.send(path(ada, "pin"))
    assert not opens(console.store, "1203", pin).granted


def test_without_duress_at_the_site_none_is_given(console, ada):
    answer = console.send(path(ada, "pin"), duress="yes")
    assert answer.status_code == 422
    assert "takes no duress PINs" in answer.text
    assert "uress" not in console.get(path(ada)).text
    assert console.store.credentials.of(ada)[-1].method is Method.CARD


def test_a_duress_pin_comes_with_a_fresh_pin_and_ends_without_a_trace_of_who_had_one(consoles):
    console = consoles(duress=True)
    ada = console.move_in("1203", "Ada Chen")
    page = console.follow(console.send(path(ada, "pin"), duress="yes")).text
    pin, duress = (part[:6] for part in page.split('class="value">')[1:])
    assert not opens(console.store, "1203", pin).duress
    assert opens(console.store, "1203", duress).duress
    before = console.get(path(ada)).text.count("uress")
    log = len(console.actions())
    console.send(path(ada, "duress/end"))
    assert console.get(path(ada)).text.count("uress") == before
    assert len(console.actions()) == log
    assert opens(console.store, "1203", pin).granted
    assert not opens(console.store, "1203", duress).granted


def test_hours_are_given_and_taken_back(console, ada):
    console.store.permits.set("cleaners", "mon-fri 07:00-18:00", NOON)
    console.send(path(ada, "hours"), hours="cleaners", seen=console.seen(ada))
    assert console.store.people.get(ada).hours == "cleaners"
    assert "cleaners" in console.get("/staff/people").text
    assert console.send(path(ada, "hours"), hours="nobody", seen=console.seen(ada)).status_code == 422
    console.send(path(ada, "hours"), hours="", seen=console.seen(ada))
    assert console.store.people.get(ada).hours is None


def test_r75_the_last_day_of_a_tenancy_is_set_and_taken_back(console, ada):
    console.send(path(ada, "end"), day="2026-12-31", seen=console.seen(ada))
    assert console.store.people.get(ada).ends_at == NOON.replace(year=2027, month=1, day=1, hour=0)
    assert 'value="2026-12-31"' in console.get(path(ada)).text
    console.send(path(ada, "end"), day="", seen=console.seen(ada))
    assert console.store.people.get(ada).ends_at is None


def test_an_end_that_is_here_has_to_be_confirmed(console, ada):
    asked = console.send(path(ada, "end"), day="2026-11-22", seen=console.seen(ada))
    assert asked.status_code == 422
    assert 'name="sure"' in asked.text
    assert console.store.people.get(ada).ends_at is None
    sure = console.send(path(ada, "end"), day="2026-11-22", sure="yes", seen=console.seen(ada))
    assert sure.status_code == 303
    later = NOON + timedelta(days=1)
    assert not console.store.credentials.check_card("26:40452", later).granted


@pytest.mark.parametrize("day", ["31.12.2026", "2026-02-30", "0000-00-00", "9999-12-31"])
def test_what_is_no_day_is_said_beside_it(console, ada, day):
    answer = console.send(path(ada, "end"), day=day, seen=console.seen(ada))
    assert answer.status_code == 422
    assert 'id="wrong-day"' in answer.text


def test_who_moves_out_is_gone_with_card_and_face_and_gets_the_receipt_once(console, ada):
    give(console.store, ada, at=NOON)
    wrong = console.send(path(ada, "leave"), again="1204")
    assert wrong.status_code == 422
    assert 'id="wrong-again"' in wrong.text
    answer = console.send(path(ada, "leave"), again="1203")
    page = console.follow(answer).text
    assert "Receipt of the deleted face" in page
    assert "<svg" in page
    assert console.store.people.list() == ()
    assert console.store.templates.count() == 0
    assert not console.store.credentials.check_card("26:40452", NOON).granted
    assert console.left == ["told"]
    assert "Receipt" not in console.follow(answer).text
    assert console.get(path(ada)).status_code == 400


def test_acts_on_nobody_are_refused(console):
    for act in (
        "correct",
        "card",
        "revoke",
        "pin",
        "duress/end",
        "hours",
        "end",
        "leave",
        "approval",
        "open",
    ):
        answer = console.send(path("0" * 32, act), unit="1", name="x", card="1", seen="", reason="x")
        assert answer.status_code == 400, act


@pytest.fixture
def child(console):
    person = console.move_in("1205", "Little Chen", "555 0111", card="9")
    console.is_child(person)
    return person


def test_r27_a_childs_record_shows_no_name_before_a_second_person_agreed(console, child):
    page = console.get(path(child)).text
    assert "Little Chen" not in page
    assert "555 0111" not in page
    assert "A second person has to agree" in page
    seen = "0" * 32
    for act, fields in (
        ("correct", {"unit": "1205", "name": "X", "contact": ""}),
        ("hours", {"hours": ""}),
        ("end", {"day": ""}),
        ("leave", {"again": "1205"}),
        ("open", {}),
    ):
        answer = console.send(path(child, act), seen=seen, **fields)
        assert answer.status_code == 422, act
        assert "Little Chen" not in answer.text
    assert console.store.people.get(child).name == "Little Chen"


def test_r27_a_childs_lost_card_is_ended_without_an_approval(console, child):
    card = console.store.credentials.of(child)[0]
    assert console.send(path(child, "revoke"), credential=card.id).status_code == 303
    assert not console.store.credentials.check_card("26:9", NOON).granted


def test_r27_a_childs_fresh_pin_waits_for_the_opening_and_a_card_does_not(console, child):
    before = console.store.credentials.of(child)
    assert "Draw a PIN" not in console.get(path(child)).text
    assert console.send(path(child, "pin")).status_code == 422
    assert console.store.credentials.of(child) == before
    assert console.send(path(child, "card"), card="10").status_code == 303
    console.send(path(child, "approval"), reason="a lost PIN")
    [asked] = console.approvals.all()
    console.approvals.allow(asked.id, OFFICER)
    console.send(path(child, "open"))
    assert console.send(path(child, "pin")).status_code == 303


def test_where_two_cards_look_alike_the_page_says_how_to_end_the_lost_one(console, ada):
    cards = [each for each in console.store.credentials.of(ada) if each.method is Method.CARD]
    hint = "Block a card by its number"
    assert (hint in console.get(path(ada)).text) == (len(cards) > 1)
    for card in ("51", "52"):
        console.send(path(ada, "card"), card=card)
    page = console.get(path(ada)).text
    assert hint in page
    assert 'href="/staff/cards/block"' in page


def test_r27_a_childs_record_opens_to_who_asked_once_another_allowed_it_for_a_quarter_of_an_hour(
    console, child
):
    console.send(path(child, "approval"), reason="a wrong name")
    assert "nobody has answered" in console.get(path(child)).text
    [asked] = console.approvals.all()
    assert asked.act is Act.OPEN_MINOR
    console.approvals.allow(asked.id, OFFICER)
    assert "Little Chen" not in console.get(path(child)).text
    console.follow(console.send(path(child, "open")))
    assert "Little Chen" in console.get(path(child)).text
    corrected = console.send(
        path(child, "correct"), unit="1205", name="Little Wu", contact="", seen=console.seen(child)
    )
    assert corrected.status_code == 303
    console.time.wait(minutes=16)
    assert "Little Wu" not in console.get(path(child)).text
    assert console.send(path(child, "open")).status_code == 422
    assert "minor-opened" in [action for _, action in console.actions()]


def test_r27_no_reason_no_question(console, child):
    answer = console.send(path(child, "approval"), reason="  ")
    assert answer.status_code == 422
    assert 'id="wrong-reason"' in answer.text
    assert console.approvals.all() == ()


def test_who_turned_fourteen_has_a_record_like_everybody(console, child):
    day = date(2026, 11, 1)
    console.store._database.write(lambda c: console.store.people.remember_birthday(c, child, day))
    assert "Little Chen" in console.get(path(child)).text


def test_r53_staff_see_which_card_a_resident_took_at_the_page_handed_over(console, ada):
    """Staff were signed out then: the log names the resident, and the record shows it."""
    words = "The resident took a card at the page handed over to them: "
    console.time.wait(minutes=5)
    console.send(path(ada, "card"), card="40453", begins="", until="")
    assert words not in console.get(path(ada)).text
    console.time.wait(minutes=5)
    console.store.residents.give_card(ada, "26:40454", console.time.at, beside=True, by=Actor.RESIDENT)
    assert console.get(path(ada)).text.count(words) == 1


def test_r27_a_record_that_could_not_be_opened_uses_no_approval_up(console, child):
    console.send(path(child, "approval"), reason="a lost PIN")
    [asked] = console.approvals.all()
    console.approvals.allow(asked.id, OFFICER)
    sql = """CREATE TRIGGER full BEFORE INSERT ON audit_log WHEN NEW.action = 'minor-opened'
        BEGIN SELECT RAISE(ABORT, 'full'); END"""
    console.store.staff.write(lambda c: c.execute(sql))
    assert console.send(path(child, "open")).status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    assert console.approvals.all()[0].state is ApprovalState.ALLOWED
