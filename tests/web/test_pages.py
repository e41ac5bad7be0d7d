"""Status, notice, desk and simulator, as plain requests."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from html import unescape

import pytest

from gate.core import phases
from gate.core.alarms import Alarm
from gate.core.door import DoorView
from gate.core.policy import Conditions
from gate.core.roles import Role
from gate.store.keyring.keys import Custody
from gate.web.app import create_app
from gate.web.transport import Authority, Transport
from gate.web.words import ALARMS, CUSTODY, DOOR, OBSTACLES, PHASES
from tests.notices import bare_board
from tests.web.conftest import Client
from tests.web.world import World

EN = {"lang": "en"}
HEALTH = "/staff/health"


def signed(app, runner):
    client = Client(app, runner)
    client.sign_in(*Role)
    return client


def test_the_status_page_names_every_obstacle_with_its_remedy(world, runner):
    every = tuple(condition.name for condition in fields(Conditions))
    status = replace(world.status(), obstacles=every)
    app = create_app(replace(world.context, status=lambda: status), world.screen)
    page = unescape(signed(app, runner).get(HEALTH, params=EN).text)
    assert "Face is not offered now." in page
    for name in every:
        assert OBSTACLES[name].title in page
        assert OBSTACLES[name].next in page


def test_the_status_page_says_that_face_is_offered_and_how_the_key_is_kept(client, world):
    world.screen.take_over("a")
    world.screen.heard("a")
    world.look()
    client.sign_in(Role.GUARD)
    page = client.get(HEALTH, params=EN).text
    assert "Face is offered, beside card and PIN." in page
    assert "kept in a software file" in page


def test_a_vision_fault_stands_on_the_status_page_as_it_is(world, runner):
    broken = replace(world.status(), vision_fault="Model gone. Prepare it.", vision_providers=())
    app = create_app(replace(world.context, status=lambda: broken), world.screen)
    assert '<td lang="en">Model gone. Prepare it.</td>' in signed(app, runner).get(HEALTH).text


def test_what_hinders_backups_stands_on_the_status_page_as_it_is(world, runner):
    hindered = replace(world.status(), backup_wanted=True, backup_fault="Folder gone. Plug it in.")
    app = create_app(replace(world.context, status=lambda: hindered), world.screen)
    page = signed(app, runner).get(HEALTH, params=EN).text
    assert '<td lang="en">Folder gone. Plug it in.</td>' in page


def test_a_change_of_keys_that_fails_stands_on_the_status_page(world, runner):
    """R24"""
    failing = replace(world.status(), rotation_failing=True)
    app = create_app(replace(world.context, status=lambda: failing), world.screen)
    assert "Erased templates may still open" in signed(app, runner).get(HEALTH, params=EN).text
    app = create_app(world.context, world.screen)
    assert "Erased templates may still open" not in signed(app, runner).get(HEALTH, params=EN).text


def page_with(world, runner, path, **facts):
    status = replace(world.status(), **facts)
    app = create_app(replace(world.context, status=lambda: status), world.screen)
    return unescape(signed(app, runner).get(path, params=EN).text)


def test_a_silent_alarm_stands_at_the_desk_and_on_no_page_that_others_read(world, runner):
    """Whoever threatens may stand beside the gate's screen."""
    assert "under threat" in page_with(world, runner, "/staff/desk", alarms=("duress",))
    for path in ("/", "/kiosk", "/me", "/notice"):
        assert "under threat" not in page_with(world, runner, path, alarms=("duress",))


def test_cards_that_can_be_copied_are_warned_of_on_the_status_page(world, runner):
    assert "can be copied" in page_with(world, runner, HEALTH, cards_can_be_copied=True)
    assert "can be copied" not in page_with(world, runner, HEALTH, cards_can_be_copied=False)


def test_every_alarm_and_every_state_of_the_door_has_its_words():
    assert set(ALARMS) == {alarm.value for alarm in Alarm}
    assert set(DOOR) == {view.value for view in DoorView}


def test_the_status_page_has_words_for_every_state_of_the_gate():
    assert set(OBSTACLES) == {condition.name for condition in fields(Conditions)}
    assert set(PHASES) == {phase.__name__.lower() for phase in phases.Phase.__args__}
    assert set(CUSTODY) == {str(custody) for custody in Custody}


def test_the_language_comes_from_the_query_and_is_kept_in_a_strict_cookie_r54(client):
    answer = client.get("/", params=EN)
    assert '<html lang="en">' in answer.text
    assert answer.headers["set-cookie"] == "__Host-language=en; HttpOnly; Path=/; SameSite=strict; Secure"
    assert '<html lang="en">' in client.get("/").text


@pytest.mark.parametrize(
    ("spoken", "shown"),
    [
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW", "zh-CN"),
        ("fr, en;q=0.5", "en"),
        ("fr", "zh-CN"),
        ("", "zh-CN"),
        (";;,,*", "zh-CN"),
    ],
)
def test_without_a_choice_the_browser_s_own_language_is_taken_where_it_is_here(client, spoken, shown):
    answer = client.get("/notice", headers={"accept-language": spoken})
    assert f'<html lang="{shown}"' in answer.text


def test_a_language_chosen_on_a_page_that_answered_a_form_leads_to_where_its_part_begins(client):
    answer = client.get("/me/sign-in?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?lang=en")


def test_an_unknown_language_is_the_default_one(client):
    answer = client.get("/", params={"lang": "xx"})
    assert '<html lang="zh-CN">' in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "form", "done"),
    [
        ("/sim/card", {"value": "4242"}, 4242),
        ("/sim/keys", {"keys": "1203#135790#"}, "1203#135790#"),
        ("/sim/deed", {"name": "push"}, "push"),
        ("/sim/deed", {"name": "leave"}, "leave"),
        ("/sim/deed", {"name": "shut"}, "shut"),
        ("/sim/deed", {"name": "kill-vision"}, "kill-vision"),
        ("/sim/code", {"text": "GV1.X"}, "GV1.X"),
        ("/sim/deed", {"name": "fire"}, "fire"),
        ("/sim/deed", {"name": "tamper"}, "tamper"),
    ],
)
def test_a_form_of_the_simulator_does_its_deed_and_returns(client, world, path, form, done):
    answer = client.post(path, form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sim")
    assert world.simulation.done == [done]


def test_the_simulated_reader_is_unplugged_and_plugged_in_again(client, world):
    client.post("/sim/deed", {"name": "unplug"})
    assert not world.simulation.reader_plugged
    assert "Plug the reader in" in client.get("/sim", params=EN).text
    client.post("/sim/deed", {"name": "plug"})
    assert world.simulation.reader_plugged


def test_another_scene_stands_before_the_camera_and_an_unknown_one_is_refused(client, world):
    client.post("/sim/scene", {"name": "resident"})
    assert '<option value="resident" selected>A resident</option>' in client.get("/sim", params=EN).text
    assert (
        '<option value="resident" selected>住户</option>' in client.get("/sim", params={"lang": "zh-CN"}).text
    )
    answer = client.post("/sim/scene", {"name": "a ghost"})
    assert answer.status_code == 400
    assert "Choose another." in answer.text


@pytest.mark.parametrize("value", ["", "x", "-1", str(2**26)])
def test_a_card_that_is_no_26_bit_number_is_refused(client, world, value):
    assert client.post("/sim/card", {"value": value}).status_code == 400
    assert world.simulation.done == []


def test_a_real_gate_has_no_simulator(clock, runner):
    world = World(clock, simulated=False)
    client = Client(create_app(world.context, world.screen), runner)
    assert client.get("/sim").status_code == 404
    assert client.post("/sim/card", {"value": "1"}).status_code == 404
    assert "/sim" not in client.get("/").text


def test_the_first_page_leads_everybody_on_and_to_the_screen_on_the_device_alone(world, runner):
    app = create_app(world.context, world.screen)
    here = Client(app, runner).get("/").text
    afar = Client(app, runner, peer=("192.168.1.7", 1)).get("/").text
    for page in (here, afar):
        assert all(f'href="{path}"' in page for path in ("/notice", "/me", "/staff"))
    assert all(f'href="{path}"' in here for path in ("/kiosk", "/sim"))
    assert all(f'href="{path}"' not in afar for path in ("/kiosk", "/sim"))


def test_the_first_page_tells_nothing_of_the_gates_inside(client, world):
    page = client.get("/", params=EN).text
    told = ("north-1", "0.1.0", "template", "custody", "file")
    assert not [word for word in told if word in page]


AUTHORITY = Authority(
    fingerprint="AB:CD:12",
    pem=b"-----BEGIN CERTIFICATE-----",
    ends=datetime(2036, 11, 22, tzinfo=UTC),
    names=("localhost",),
)


def test_the_page_on_trust_shows_the_fingerprint_and_gives_the_authority_r45(world, runner):
    transport = Transport(authority=lambda: AUTHORITY)
    client = Client(create_app(replace(world.context, transport=transport), world.screen), runner)
    page = client.get("/trust", params=EN).text
    assert all(told in page for told in ("AB:CD:12", "2036-11-22", "localhost", "/trust/ca.crt"))
    assert 'href="/trust"' in client.get("/").text
    file = client.get("/trust/ca.crt")
    assert (file.content, file.headers["content-type"]) == (AUTHORITY.pem, "application/x-x509-ca-cert")


def test_a_site_with_a_certificate_of_its_own_has_no_authority_to_give(client):
    assert "certificate that the site brought" in client.get("/trust", params=EN).text
    assert client.get("/trust/ca.crt").status_code == 404
    assert 'href="/trust"' not in client.get("/").text


def test_r87_once_face_was_ended_the_desk_says_so_and_asks_nobody_to_agree(world, runner):
    page = page_with(world, runner, "/staff/desk", obstacles=("not_stopped",))
    assert OBSTACLES["not_stopped"].title in page
    assert not handed_over_for_somebody(page)
    assert "/staff/desk/withdraw" in page


def handed_over_for_somebody(page):
    """Tell whether the desk's page hands over to a resident of its list."""
    return 'name="person"' in "".join(
        re.findall(r'action="/staff/desk/hand-over".*?</form>', page, re.DOTALL)
    )


def test_without_a_published_notice_the_pages_say_so_and_nobody_can_agree_r11(world, runner):
    status = replace(world.status(), obstacles=("notice_published",))
    bare = replace(world.context, notices=bare_board(), status=lambda: status)
    client = signed(create_app(bare, world.screen), runner)
    for path in ("/notice", "/staff/desk"):
        page = client.get(path, params=EN).text
        assert OBSTACLES["notice_published"].title in page
        assert OBSTACLES["notice_published"].next in page
    assert not handed_over_for_somebody(page)
    assert "/staff/desk/withdraw" in page
