"""The gate's screen at rest: that nobody is let in now, and what a telephone can follow (R13, R65, R67)."""

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.types import Reason
from gate.web.app import create_app
from gate.web.kiosk.parts import KioskParts
from gate.web.kiosk.views import notice_address
from gate.web.transport import Transport
from tests.notices import FIRST as NOTICE
from tests.web.conftest import Client
from tests.web.kiosk.screen import ATTEMPT, see
from tests.web.world import World


def test_a_simulated_gate_that_no_telephone_reaches_says_where_on_this_computer(client, world):
    client.post("/kiosk/code")
    html = see(client)
    assert "Open https://localhost:443/me in a browser on this computer" in html
    assert 'class="qr"' not in html


def test_a_gate_that_no_telephone_reaches_offers_no_code_for_one(clock, runner, kiosk, parts):
    world = World(clock, kiosk=kiosk, simulated=False)
    client = Client(create_app(world.context, world.screen), runner)
    assert "/kiosk/code" not in see(client)
    client.post("/kiosk/code")
    assert parts.issued == 0


@pytest.mark.parametrize(
    ("public", "names", "shown"),
    [
        (None, (), False),
        ("https://site.example/notice", (), True),
        (None, ("gate.example",), True),
    ],
)
def test_r13_the_notice_has_its_code_where_a_telephone_can_follow_it(clock, runner, public, names, shown):
    world = World(clock)
    world.screen.speak("en")
    object.__setattr__(world.context, "public_url", public)
    object.__setattr__(world.context, "transport", Transport(names=names))
    client = Client(create_app(world.context, world.screen), runner)
    world.screen.show(do.ShowNotice(ATTEMPT, NOTICE))
    html = see(client)
    assert ('class="qr"' in html) is shown
    assert ("No code here: ask at the desk for the full text." in html) is not shown


def test_the_notices_own_code_leads_to_the_public_page_before_the_gates(world):
    names = Transport(names=("gate.example",), port=8443)
    object.__setattr__(world.context, "transport", names)
    assert notice_address(world.context) == "https://gate.example:8443/notice"
    object.__setattr__(world.context, "public_url", "https://site.example/notice")
    assert notice_address(world.context) == "https://site.example/notice"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_at_rest_a_locked_door_says_that_nobody_is_let_in_and_leaving_is_free(client, world, language):
    """At once as it begins and as it ends, before anybody tries (R65, R67)."""
    world.screen.speak(language)
    world.post(on.EntryChanged(Reason.DOOR_LOCKED))
    world.screen.speak(language)
    html = see(client)
    said = {"en": "The way out is always free.", "zh-CN": "出门始终不受限制。"}[language]
    assert said in html
    assert "/kiosk/start" not in html
    assert "/kiosk/pad" not in html
    assert "/kiosk/withdraw" in html
    world.post(on.EntryChanged(None))
    assert said not in see(client)
    assert "/kiosk/start" in see(client)


def test_keys_that_open_nothing_any_more_make_room_and_a_code_stays(client, world):
    client.post("/kiosk/pad")
    world.post(on.EntryChanged(Reason.DOOR_LOCKED))
    assert "This door is locked for everybody now" in see(client)
    client.post("/kiosk/code")
    world.post(on.EntryChanged(None))
    assert "4820 1937" in see(client)


def test_a_screen_that_cannot_be_touched_says_the_same(clock, runner, parts):
    world = World(clock, kiosk=KioskParts(touch=False, codes=parts))
    client = Client(create_app(world.context, world.screen), runner)
    world.screen.speak("en")
    assert "Press the star on the keypad to begin." in see(client)
    world.post(on.EntryChanged(Reason.DOOR_LOCKED))
    world.screen.speak("en")
    html = see(client)
    assert "This door is locked for everybody now" in html
    assert "Press the star" not in html


@pytest.mark.parametrize(
    ("language", "why", "way"),
    [
        (
            "en",
            "The card reader does not answer",
            "Unit and PIN, typed on this screen, open the gate as always.",
        ),
        ("zh-CN", "读卡器没有回应", "在本屏幕上输入房号和密码"),
    ],
)
def test_a_lost_reader_is_said_at_rest_with_the_way_in_that_still_works(client, world, language, why, way):
    """R02, R74."""
    world.post(on.EntryChanged(None, reader_lost=True))
    world.screen.speak(language)
    html = see(client)
    assert why in html
    assert way in html
    assert "/kiosk/pad" in html
    assert "/kiosk/start" not in html
    client.post("/kiosk/pad")
    assert "/kiosk/key" in see(client)


@pytest.mark.parametrize(
    ("language", "why", "what"),
    [
        ("en", "The gate cannot open the door now", "Use another entrance, or ask for help: 010-5555 0100"),
        ("zh-CN", "闸机现在无法开门", "010-5555 0100"),
    ],
)
def test_a_lost_door_is_said_at_rest_with_whom_to_ask(client, world, language, why, what):
    """R65, R74."""
    world.post(on.EntryChanged(Reason.FAULT))
    world.screen.speak(language)
    html = see(client)
    assert why in html
    assert what in html
    assert "/kiosk/pad" not in html
    assert "/kiosk/start" not in html
    assert "/kiosk/withdraw" in html


@pytest.mark.parametrize("site", [{"two_factors": True}, {"touch": False}])
def test_a_lost_reader_leaves_no_way_in_where_the_screen_alone_opens_nothing(clock, runner, parts, site):
    touch = site.get("touch", True)
    world = World(clock, kiosk=KioskParts(touch=touch, codes=parts), two_factors="two_factors" in site)
    client = Client(create_app(world.context, world.screen), runner)
    world.post(on.EntryChanged(None, reader_lost=True))
    world.screen.speak("en")
    html = see(client)
    assert "Use another entrance, or ask for help: 010-5555 0100" in html
    assert "open the gate as always" not in html
    assert "<kbd>" not in html
