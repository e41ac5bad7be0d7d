"""The release in two steps and the lockdown, as pages (R53, R65, R68)."""

import asyncio
from dataclasses import replace

import pytest

from gate.core.roles import Role
from gate.core.types import Reason
from gate.errors import RequestError
from tests.web.gate_fakes import SHUT


def test_two_forms_release_the_door_once(house, guard):
    asked = guard.press(guard.get("/staff/door"), "/staff/door/release")
    assert asked.headers["location"] == "/staff/door"
    page = guard.get("/staff/door")
    assert "Release the door now?" in page.text
    answer = guard.press(page, "/staff/door/release/confirm")
    assert answer.headers["location"] == "/staff/door?said=released"
    assert house.gate.door.released == [guard.who.value]
    assert "The door was released once." in guard.get(answer.headers["location"]).text


def test_asking_alone_releases_nothing(house, guard):
    guard.press(guard.get("/staff/door"), "/staff/door/release")
    assert house.gate.door.released == []


def test_the_second_form_pressed_twice_releases_once(house, guard):
    guard.press(guard.get("/staff/door"), "/staff/door/release")
    page = guard.get("/staff/door")
    sent = guard.form(page, "/staff/door/release/confirm")

    async def twice():
        headers = {"sec-fetch-site": "same-origin"}
        send = [guard.http.post("/staff/door/release/confirm", data=sent, headers=headers) for _ in range(2)]
        return await asyncio.gather(*send)

    answers = house.runner.run(twice())
    assert {each.headers["location"] for each in answers} == {"/staff/door?said=released"}
    assert len(house.gate.door.released) == 1


def test_gone_back_in_the_browser_the_old_form_releases_nothing(house, guard):
    guard.press(guard.get("/staff/door"), "/staff/door/release")
    page = guard.get("/staff/door")
    guard.press(page, "/staff/door/release/confirm")
    again = guard.press(page, "/staff/door/release/confirm", once="another")
    assert again.status_code == 422
    assert "The second step did not come within 10 seconds" in again.text
    assert len(house.gate.door.released) == 1


def test_the_question_is_void_by_itself_without_a_script_too(guard):
    guard.press(guard.get("/staff/door"), "/staff/door/release")
    assert '<meta http-equiv="refresh" content="11; url=/staff/door">' in guard.get("/staff/door").text


def test_r68_the_page_opens_the_stream_of_its_own_part(guard):
    page = guard.get("/staff/door").text
    assert 'data-stream="/staff/live?page=door"' in page
    assert "/static/live.js" in page


def test_nobody_sees_what_another_asked(house, guard):
    guard.press(guard.get("/staff/door"), "/staff/door/release")
    other = house.signed_in(Role.GUARD, account="b")
    assert "Release the door now?" not in other.get("/staff/door").text


@pytest.mark.parametrize("role", [Role.INSTALLER, Role.PRIVACY_OFFICER])
@pytest.mark.parametrize(
    "path",
    [
        "/staff/door/release",
        "/staff/door/release/confirm",
        "/staff/door/lockdown",
        "/staff/door/lockdown/end",
    ],
)
def test_r53_only_guards_and_managers_do_anything_to_the_door(house, role, path):
    person = house.signed_in(role)
    assert person.post(path, word="word-0").status_code == 403
    assert (house.gate.door.waiting, house.gate.door.orders) == ({}, [])


def test_a_form_of_another_page_opens_nothing(house, guard):
    assert guard.post("/staff/door/release", token="of another page").status_code == 403
    assert house.gate.door.waiting == {}


def test_a_refusal_is_said_on_the_page_with_what_to_do(house, guard):
    page = guard.get("/staff/door")
    house.gate.door.fault = RequestError("release-obstacle", "The door lets nobody in.", remedy="Wait.")
    answer = guard.press(page, "/staff/door/release")
    assert answer.status_code == 422
    assert "the way out is always free" in answer.text


def test_r65_the_page_says_that_fire_and_exit_are_not_its_business(guard):
    assert "Fire and the way out open the door in hardware." in guard.get("/staff/door").text


def test_a_lockdown_begins_and_ends_with_a_form(house, guard):
    answer = guard.press(guard.get("/staff/door"), "/staff/door/lockdown")
    assert "Leaving is free" in guard.get(answer.headers["location"]).text
    house.gate.door.now = replace(SHUT, view="lockdown", lockdown=True, obstacle=Reason.DOOR_LOCKED)
    page = guard.get("/staff/door")
    assert "/staff/door/release" not in page.text
    guard.press(page, "/staff/door/lockdown/end")
    assert house.gate.door.orders == [("on", guard.who.value), ("off", guard.who.value)]
