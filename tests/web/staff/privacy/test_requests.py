"""Requests of people about their own data, answered on the staff's pages (R27, R53, R70 to R73, R76)."""

import io
import json
import re
import zipfile
from datetime import timedelta

from gate.core.consent import Channel
from gate.core.rights import Outcome, RequestKind
from gate.core.roles import Act, Role
from gate.store.account.audit import Actor

HOME, NEW = "/staff/requests", "/staff/requests/new"


def asked(house, kind=RequestKind.CORRECT, person=None, details="My name is spelled otherwise."):
    return house.store.requests.open(
        kind, person, details, channel=Channel.SELF_SERVICE, at=house.time.at, actor=Actor.RESIDENT
    )


def take_in(console, **typed):
    fields = {"kind": "correct", "unit": "1203", "details": "Please.", **typed}
    return console.post(NEW, **fields)


def path_of(request):
    return f"{HOME}/{request}"


def test_what_waits_stands_by_its_due_date_near_and_overdue_in_words_r72(house, manager):
    asked(house)
    assert "Open" in manager.get(HOME).text
    house.time.at += timedelta(days=13)
    assert "Due within three days" in manager.get(HOME).text
    house.time.at += timedelta(days=3)
    page = manager.get(HOME).text
    assert "Overdue" in page
    assert "2026-12-07" in page


def test_a_request_is_taken_in_at_the_desk_and_is_due_in_fifteen_days_r72(house, manager):
    house.move_in()
    page = manager.follow(take_in(manager))
    assert "Ada Chen" in page.text
    assert "2026-12-07" in page.text
    (waiting,) = house.store.requests.list()
    assert waiting.facts.channel is Channel.DESK
    assert house.actions()[-1] == (manager.who.value, "request-opened")


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(house, manager):
    for typed, field in (
        ({"unit": "9999"}, "unit"),
        ({"details": " "}, "details"),
        ({"details": "x" * 2001}, "details"),
        ({"kind": ""}, "kind"),
        ({"kind": "next-of-kin", "unit": "", "kin_name": "Li"}, "kin_name"),
    ):
        answer = take_in(manager, **{"unit": "", **typed})
        assert answer.status_code == 422
        assert f'id="wrong-{field}"' in answer.text
        assert f'href="#field-{field}"' in answer.text
    assert take_in(manager, unit="9999", details="Kept <b>words</b>").text.count("Kept &lt;b&gt;words") == 1
    assert house.store.requests.list() == ()


def test_next_of_kin_say_who_they_are_and_how_it_was_checked_r73(house, manager):
    house.move_in()
    kin = {"kin_name": "Li Na", "kin_relation": "daughter", "kin_checked": "household register"}
    page = manager.follow(take_in(manager, kind="next-of-kin", **kin)).text
    assert "Li Na, daughter (household register)" in page


def test_an_objection_leaves_the_face_alone_at_once_r71(house, manager):
    person = house.move_in()
    house.agree(person)
    manager.follow(take_in(manager, kind="object"))
    assert house.store.consents.of(person)[0].restricted_at is not None
    assert house.gate.told == ["gallery"]


def test_an_answer_closes_the_request_and_the_person_can_read_it_r72(house, manager):
    person = house.move_in()
    request = asked(house, person=person)
    page = manager.follow(manager.post(f"{path_of(request)}/answer", outcome="done", answer="Corrected."))
    assert '<p class="said" role="status">The answer is on record' in page.text
    found = house.store.requests.get(request)
    assert (found.outcome, found.facts.answer) == (Outcome.DONE, "Corrected.")
    assert house.actions()[-1] == (manager.who.value, "request-closed")
    assert "Corrected." in manager.get(path_of(request)).text


def test_an_answer_without_words_or_outcome_is_asked_for_again(house, manager):
    request = asked(house)
    empty = manager.post(f"{path_of(request)}/answer", outcome="done", answer=" ")
    assert 'id="wrong-answer"' in empty.text
    none = manager.post(f"{path_of(request)}/answer", outcome="", answer="Half written")
    assert 'id="wrong-outcome"' in none.text
    assert "Half written" in none.text
    assert house.store.requests.get(request).closed_at is None


def test_who_answers_second_sees_the_first_answer_and_keeps_their_words(house, manager, officer):
    request = asked(house)
    manager.follow(manager.post(f"{path_of(request)}/answer", outcome="done", answer="First."))
    late = officer.post(f"{path_of(request)}/answer", outcome="refused", answer="Second words.")
    assert late.status_code == 422
    assert "First." in late.text
    assert "Second words." in late.text
    assert house.store.requests.get(request).facts.answer == "First."


def test_a_form_sent_twice_opens_one_request(house, manager):
    house.move_in()
    once = manager.hidden(NEW, "once")
    first, second = take_in(manager, once=once), take_in(manager, once=once)
    assert first.headers["location"] == second.headers["location"]
    assert len(house.store.requests.list()) == 1


def test_the_persons_record_is_handed_out_whole_without_a_template_and_on_record_r70(house, officer):
    person = house.move_in()
    house.agree(person)
    request = asked(house, RequestKind.COPY, person, "A copy, please.")
    answer = officer.post(f"{path_of(request)}/record")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = sorted(archive.namelist())
        record = json.loads(archive.read("own-record.json"))
    assert names == ["own-record.en.html", "own-record.json", "own-record.zh-CN.html"]
    assert record["name"] == "Ada Chen"
    assert set(record["template"]) == {"since", "last_used", "expires_at", "lookalike"}
    assert house.actions()[-1] == (officer.who.value, "record-exported")


def test_a_record_is_corrected_from_the_request_r71(house, officer):
    person = house.move_in()
    request = asked(house, person=person)
    seen = officer.hidden(path_of(request), "seen")
    facts = {"unit": "1203", "name": "Ada Chan", "contact": "", "seen": seen}
    page = officer.follow(officer.post(f"{path_of(request)}/correct", **facts))
    assert '<p class="said" role="status">Saved: the record says now' in page.text
    assert house.store.people.get(person).name == "Ada Chan"
    late = officer.post(f"{path_of(request)}/correct", **(facts | {"name": "Ada Chin"}))
    assert late.status_code == 422
    assert "Ada Chin" in late.text
    assert "Ada Chan" in late.text
    assert house.store.people.get(person).name == "Ada Chan"


def test_a_correction_is_judged_beside_its_field_and_nothing_is_written_r71(house, officer):
    person = house.move_in()
    request = asked(house, person=person)
    seen = officer.hidden(path_of(request), "seen")
    for wrong, field in (
        ({"name": " "}, "name"),
        ({"contact": "=HYPERLINK(1)\x07" + "y" * 3000}, "contact"),
        ({"unit": "12a"}, "unit"),
    ):
        facts = {"unit": "1203", "name": "Ada Chan", "contact": "", "seen": seen, **wrong}
        answer = officer.post(f"{path_of(request)}/correct", **facts)
        assert answer.status_code == 422
        assert f'id="wrong-{field}"' in answer.text
    assert house.store.people.get(person).name == "Ada Chen"


def test_the_record_for_a_request_that_staff_took_in_waits_for_a_second_person_and_is_given_once_r53(
    house, officer
):
    house.move_in()
    page = officer.follow(take_in(officer, kind="access"))
    assert "Save the person" not in page.text
    (waiting,) = house.store.requests.list()
    path = path_of(waiting.id)
    assert officer.post(f"{path}/record").status_code == 422
    assert 'id="wrong-reason"' in officer.post(f"{path}/record/ask", reason=" ").text
    assert "You asked at" in officer.follow(officer.post(f"{path}/record/ask", reason="She asked.")).text
    assert officer.post(f"{path}/record").status_code == 422
    assert "record-exported" not in [action for _, action in house.actions()]
    house.allow(Act.EXPORT_RECORD)
    assert "Save the person" in officer.get(path).text
    assert officer.post(f"{path}/record").headers["content-type"] == "application/zip"
    assert officer.post(f"{path}/record").status_code == 422


def test_an_approval_for_one_request_hands_out_no_other_record_r53(house, officer):
    house.move_in()
    house.move_in("1204", "Bo Lin", "")
    first = take_in(officer, kind="access").headers["location"]
    second = take_in(officer, kind="access", unit="1204").headers["location"]
    officer.follow(officer.post(f"{first}/record/ask", reason="She asked."))
    house.allow(Act.EXPORT_RECORD)
    assert officer.post(f"{second}/record").status_code == 422


def test_no_record_is_handed_out_for_a_request_that_was_answered_r70(house, officer):
    request = asked(house, RequestKind.COPY, house.move_in(), "A copy, please.")
    officer.follow(officer.post(f"{path_of(request)}/answer", outcome="done", answer="Here."))
    assert officer.post(f"{path_of(request)}/record").status_code == 422


def test_a_face_is_left_alone_used_again_and_withdrawn_from_the_request_r24_r71(house, officer):
    person = house.move_in()
    house.agree(person)
    request = asked(house, RequestKind.WITHDRAW, person)
    for deed in ("restrict", "release", "withdraw"):
        officer.follow(officer.post(f"{path_of(request)}/face", deed=deed))
    assert house.store.templates.count() == 0
    assert house.gate.told == ["gallery", "gallery", "withdrawn"]


def test_a_childs_request_shows_no_word_of_it_until_a_second_person_agreed_r27(house, officer):
    child = house.child()
    request = asked(house, person=child, details="About the child.")
    shut = officer.get(path_of(request)).text
    assert "About the child." not in shut
    assert "Bo Chen" not in shut
    assert officer.post(f"{path_of(request)}/record").status_code == 422
    assert officer.post(f"{path_of(request)}/answer", outcome="done", answer="x").status_code == 422
    assert officer.post(f"{path_of(request)}/open").status_code == 422
    officer.follow(officer.post(f"{path_of(request)}/ask", reason="To answer it."))
    house.allow(Act.OPEN_MINOR)
    officer.follow(officer.post(f"{path_of(request)}/open"))
    assert "About the child." in officer.get(path_of(request)).text
    assert "minor-opened" in [action for _, action in house.actions()]
    house.time.wait(minutes=16)
    assert "About the child." not in officer.get(path_of(request)).text


def test_a_childs_record_opened_to_one_is_shut_to_another_r27(house, officer, manager):
    request = asked(house, person=house.child(), details="About the child.")
    officer.follow(officer.post(f"{path_of(request)}/ask", reason="To answer it."))
    house.allow(Act.OPEN_MINOR)
    officer.follow(officer.post(f"{path_of(request)}/open"))
    assert "About the child." not in manager.get(path_of(request)).text


def test_an_altered_request_keeps_its_due_date_and_says_so(house, manager, intruder):
    request = asked(house)
    with intruder() as connection:
        connection.execute("UPDATE requests SET sealed = x'00'")
    assert "altered" in manager.get(HOME).text
    page = manager.get(path_of(request)).text
    assert "opens no more" in page
    assert "2026-12-07" in page


def test_answered_requests_stand_by_pages_newest_first(house, manager):
    for number in range(55):
        request = asked(house, details=f"number {number}")
        house.store.requests.close(
            request, Outcome.DONE, "Done.", at=house.time.at + timedelta(seconds=number), actor=Actor.DESK
        )
    links = re.findall(r"/staff/requests/([0-9a-f]{16})", manager.get(HOME).text)
    more = re.findall(r"/staff/requests/([0-9a-f]{16})", manager.get(f"{HOME}?page=2").text)
    assert len(links) == 50
    assert links[0] == request
    assert len(more) == 5


def test_a_guard_sees_no_request_r53(house):
    guard, request = house.console(Role.GUARD), asked(house)
    for path in (HOME, NEW, path_of(request)):
        assert guard.get(path).status_code == 403


def test_a_request_that_is_none_is_told_in_words(manager):
    answer = manager.get(path_of("0" * 16))
    assert answer.status_code in {400, 404}
    assert "There is no such request." in answer.text
