"""The page a guard looks at all day (R53, R60, R68, R72, R74)."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.alarms import Alarm
from gate.core.overrides import SETTINGS, Area, Unfit
from gate.core.roles import Role
from gate.core.types import Reason
from gate.web.staff.gate_words import AREAS, DOOR_TONES, SETTING_WORDS, UNFIT
from gate.web.staff.ports.alarms import PastAlarm
from gate.web.staff.ports.overrides import Wrong
from gate.web.words import ALARMS, DOOR
from tests.web.gate_fakes import NOON, SHUT, WELL

PAGES = {
    "/staff": set(Role),
    "/staff/door": set(Role),
    "/staff/alarms": set(Role),
    "/staff/health": set(Role),
    "/staff/rules": {Role.MANAGER, Role.INSTALLER},
    "/staff/rules/history": {Role.MANAGER, Role.INSTALLER},
    "/staff/rules/retention": {Role.MANAGER, Role.PRIVACY_OFFICER},
    "/staff/live-events": {Role.PRIVACY_OFFICER},
    "/staff/backups": {Role.MANAGER, Role.INSTALLER},
    "/staff/counts": {Role.MANAGER, Role.PRIVACY_OFFICER},
}


@pytest.mark.parametrize("role", list(Role))
def test_r53_each_office_reaches_its_pages_and_no_others(house, role):
    person = house.signed_in(role)
    reached = {path for path in PAGES if person.get(path).status_code == 200}
    assert reached == {path for path, roles in PAGES.items() if role in roles}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_is_there_in_both_languages(house, path, language):
    person = house.signed_in(*Role)
    assert person.get(path, params={"lang": language}).status_code == 200


def test_there_are_words_for_every_door_alarm_setting_and_fault():
    assert set(DOOR_TONES) == set(DOOR)
    assert {str(each) for each in Alarm} == set(ALARMS)
    assert set(SETTING_WORDS) == set(SETTINGS)
    assert set(AREAS) == {str(each) for each in Area}
    assert set(UNFIT) == {str(each) for each in (*Unfit, *Wrong)}


@pytest.mark.parametrize("view", DOOR)
def test_every_state_of_the_door_is_said(house, guard, view):
    house.gate.door.now = replace(SHUT, view=view)
    assert DOOR[view].split(":")[0] in guard.get("/staff").text.replace("&#39;", "'")


def test_r68_while_nobody_can_be_let_in_the_page_says_why_and_offers_no_release(house, guard):
    house.gate.door.now = replace(SHUT, view="lockdown", obstacle=Reason.DOOR_LOCKED, lockdown=True)
    page = guard.get("/staff").text
    assert "Nobody can be let in" in page
    assert "/staff/door/release" not in page
    assert "/staff/door/lockdown/end" in page


def test_r53_who_only_looks_after_the_device_is_offered_no_release(house):
    page = house.signed_in(Role.INSTALLER).get("/staff").text
    assert "/staff/door/release" not in page
    assert "Lockdown" not in page


def test_an_alarm_stands_on_every_page_until_somebody_knows(house, guard):
    house.gate.alarms.alarms = [Alarm.FORCED]
    assert "Alarms: 1" in guard.get("/staff/door").text
    page = guard.get("/staff/alarms")
    assert "The door was forced." in page.text
    answer = guard.press(page, "/staff/alarms/acknowledge")
    assert answer.headers["location"] == "/staff/alarms"
    assert house.gate.alarms.known == {Alarm.FORCED: guard.who.value}
    after = guard.get("/staff/alarms").text
    assert "Somebody knows" in after
    assert "No alarm" in guard.get("/staff/door").text


def test_alarms_that_are_over_stand_below_with_whether_somebody_knew(house, guard):
    """R60: what came and went while nobody looked is found."""
    assert "None." in guard.get("/staff/alarms").text
    over = NOON + timedelta(minutes=4)
    house.gate.alarms.ended = [
        PastAlarm(Alarm.HELD, NOON, over, acknowledged=False),
        PastAlarm(Alarm.HELP, NOON, over, acknowledged=True),
    ]
    page = guard.get("/staff/alarms").text
    held, called = re.findall(r'<tr><th scope="row">(.*?)</tr>', page)
    assert held.startswith("The door stands open for too long.")
    assert ">no<" in held
    assert ">yes<" in called


def test_an_alarm_that_nobody_knows_of_stands_before_the_door_and_once_known_after_it(house, guard):
    """On a telephone what stands second is below the fold."""

    def order():
        page = guard.get("/staff").text
        assert page.count('id="alarms-now"') == 1
        return page.index('id="alarms-now"') < page.index('id="door-now"')

    assert not order()
    house.gate.alarms.alarms = [Alarm.FORCED]
    assert order()
    house.gate.alarms.known = {Alarm.FORCED: guard.who.value}
    assert not order()


def test_from_the_overview_one_comes_back_to_the_overview(house, guard):
    house.gate.alarms.alarms = [Alarm.HELP]
    answer = guard.press(guard.get("/staff"), "/staff/alarms/acknowledge")
    assert answer.headers["location"] == "/staff"


@pytest.mark.parametrize("back", ["https://elsewhere.example", "//elsewhere.example", "/staff/door"])
def test_a_form_leads_to_no_page_that_it_names_itself(house, guard, back):
    house.gate.alarms.alarms = [Alarm.HELP]
    answer = guard.press(guard.get("/staff"), "/staff/alarms/acknowledge", back=back)
    assert answer.headers["location"] == "/staff/alarms"


def test_of_two_guards_the_second_is_told_that_somebody_was_first(house, guard):
    house.gate.alarms.alarms = [Alarm.HELD]
    other = house.signed_in(Role.GUARD, account="b")
    page, same = guard.get("/staff/alarms"), other.get("/staff/alarms")
    guard.press(page, "/staff/alarms/acknowledge")
    answer = other.press(same, "/staff/alarms/acknowledge")
    assert answer.status_code == 409
    assert "acknowledged it before you" in answer.text
    assert house.gate.alarms.known == {Alarm.HELD: guard.who.value}


def test_r53_who_only_looks_after_the_device_acknowledges_nothing(house):
    house.gate.alarms.alarms = [Alarm.HELD]
    installer = house.signed_in(Role.INSTALLER)
    assert "/staff/alarms/acknowledge" not in installer.get("/staff/alarms").text
    assert installer.post("/staff/alarms/acknowledge", alarm="held").status_code == 403


def test_an_opening_under_threat_is_shown_and_makes_no_sound(house, guard):
    """Whoever threatens may stand beside the guard."""
    house.gate.alarms.alarms = [Alarm.DURESS, Alarm.FIRE]
    page = guard.get("/staff").text
    assert "Somebody opened under threat." in page
    assert 'data-sounding="fire"' in page
    assert 'data-standing="2"' in page


def test_what_somebody_knows_of_makes_no_sound_any_more(house, guard):
    house.gate.alarms.alarms = [Alarm.FIRE]
    house.gate.alarms.known = {Alarm.FIRE: "x"}
    page = guard.get("/staff").text
    assert 'data-sounding=""' in page
    assert 'data-standing="0"' in page


def test_without_a_script_the_overview_renews_itself_until_it_is_told_to_stop(guard):
    """WCAG 2.2.2: what renews itself can be stopped."""
    assert '<noscript><meta http-equiv="refresh"' in guard.get("/staff").text
    assert 'http-equiv="refresh"' not in guard.get("/staff?still=1").text


def test_r72_what_is_overdue_stands_on_the_overview_of_who_answers_it(house, manager):
    house.gate.health.now = replace(WELL, overdue=2, near=1)
    page = manager.get("/staff").text
    assert "2 duties are overdue" in page
    assert "1 duty is due soon" in page
    assert "overdue" not in house.signed_in(Role.GUARD, account="b").get("/staff").text


@pytest.mark.parametrize(
    ("well", "said"),
    [
        ({"clock_trusted": False}, "The clock is not believed"),
        ({"space_low": True}, "The disk is full"),
        ({"undeleted": 3}, "Records could not be deleted"),
        ({"settings_altered": True}, "Settings were altered"),
    ],
)
def test_what_only_the_store_knows_stands_there_too(house, guard, well, said):
    house.gate.health.now = replace(WELL, **well)
    assert said in guard.get("/staff").text


def test_the_health_page_says_what_keeps_face_off_and_what_to_do(house, guard):
    house.world.obstacles_elsewhere = True
    house.world.look()
    page = guard.get("/staff/health").text
    assert "Models ready, computed by the processor" in page
    assert "What keeps face off" in page
    assert "Card and PIN go on." in page
    assert "software file" in page


def test_r43_no_page_of_the_gate_tells_who_stands_there(house, guard):
    """The phase of an attempt would: whoever looks at the door may see the person."""
    for path in ("/staff", "/staff/door", "/staff/health"):
        assert "Somebody is choosing" not in guard.get(path).text


def test_the_button_for_the_alarms_sound_says_what_pressing_it_does_and_waits_for_its_script(guard):
    button = guard.get("/staff").text.split('id="sound"')[1].split("</button>")[0]
    assert button.startswith(" hidden ")
    assert 'data-on="Make alarms silent here"' in button
    assert button.endswith(">Let alarms sound here")
