"""The gate's screen in a real browser: visits, and whether anybody truly sees what is on it. Half of it is slow."""

from __future__ import annotations

import cv2
import httpx
import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import Capturing, Choosing
from gate.core.policy import FacePlace, Finding, Hint
from gate.core.types import Method, TemplateId
from gate.web.kiosk.parts import KioskParts
from tests.web.browser import LOOK, open_kiosk, opened
from tests.web.world import RECEIPT


def found(hint):
    template = TemplateId("t") if hint is Hint.COMPARED else None
    return lambda world: world.post(on.FaceFound(world.gate.phase.attempt, Finding(hint, template)))


VISIT = {
    "zh-CN": ("开始", "刷脸开门由您自愿选择", "您想怎样进门", "人脸", "请再靠近一点", "请进"),
    "en": (
        "Start",
        "Opening by face is your choice",
        "How would you like",
        "Face Look at",
        "Come a little closer",
        "Please come in",
    ),
}


@pytest.mark.parametrize("language", ["zh-CN", pytest.param("en", marks=pytest.mark.slow)])
def test_a_visit_by_face_from_start_to_an_open_door(page, sites, language):
    start, notice, question, face, closer, welcome = VISIT[language]
    site = sites(notice_minimum_s=1.5)  # Playwright looks again after half a second at the latest
    open_kiosk(page, site, language)
    page.get_by_role("button", name=start).click()
    page.get_by_role("heading", name=notice).wait_for()
    page.get_by_role("heading", name=question).wait_for()
    page.get_by_role("button", name=face).click()
    site.until(lambda world: isinstance(world.gate.phase, Capturing))
    site.do(found(Hint.COME_CLOSER))
    page.get_by_role("heading", name=closer).wait_for()
    for _ in range(2):
        site.do(found(Hint.COMPARED))
    page.get_by_role("heading", name=welcome).wait_for()
    assert any(isinstance(effect, do.ReleaseDoor) for effect in site.world.effects)


def test_a_notice_outside_the_visible_page_is_not_confirmed_r10(page, sites):
    site = sites(notice_confirm_s=0.8)
    open_kiosk(page, site)
    page.set_viewport_size({"width": 240, "height": 160})
    page.get_by_role("button", name="开始").click()
    page.get_by_role("heading", name="您想怎样进门").wait_for()
    assert page.locator('.tile[value="face"]').count() == 0
    assert not any(isinstance(event, on.NoticeShown) for event in site.world.posted)


def test_a_covered_page_stops_being_a_screen_at_once_and_comes_back_r12(page, sites):
    site = sites()
    page.add_init_script(
        "let state = 'visible';"
        "Object.defineProperty(document, 'visibilityState', {get: () => state});"
        "window.cover = (to) => { state = to; document.dispatchEvent(new Event('visibilitychange')); };"
    )
    open_kiosk(page, site)
    page.evaluate("cover('hidden')")
    site.until(lambda world: not world.screen.live)
    page.evaluate("cover('visible')")
    site.until(lambda world: world.screen.live)


def test_a_closed_page_is_a_stale_screen_and_start_offers_no_face_r12(chromium, sites):
    site = sites()
    with opened(chromium) as page:
        open_kiosk(page, site)
    site.until(lambda world: not world.screen.live)
    site.do(lambda world: world.post(on.Presence(world.new_attempt())))
    assert site.world.gate.phase.methods == (Method.CARD, Method.PIN)


@pytest.mark.slow
def test_a_page_opened_elsewhere_takes_the_screen_and_a_reload_takes_it_back_r12(page, sites):
    site = sites()
    open_kiosk(page, site, "en")
    elsewhere = page.context.new_page()
    open_kiosk(elsewhere, site)
    page.get_by_role("heading", name="opened elsewhere. Reload to use it here.").wait_for()
    elsewhere.get_by_role("button", name="Start").wait_for()
    page.reload()
    page.get_by_role("button", name="Start").wait_for()
    elsewhere.get_by_role("heading", name="opened elsewhere. Reload to use it here.").wait_for()


@pytest.mark.slow
def test_the_language_can_change_at_every_view_and_starts_a_notice_anew_r14(page, sites):
    site = sites(notice_minimum_s=5.0)
    open_kiosk(page, site)
    page.get_by_role("button", name="开始").click()
    page.get_by_role("heading", name=VISIT["zh-CN"][1]).wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name=VISIT["en"][1]).wait_for()
    site.until(lambda world: getattr(world.gate.phase, "confirmed", False))
    assert site.world.gate.phase.attempt == "attempt-2"
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="开始").wait_for()


def test_card_pin_and_face_are_equal_in_size_and_weight_and_the_first_focus_is_not_on_face_r03(page, sites):
    site = sites(notice_minimum_s=0.1)
    open_kiosk(page, site)
    page.get_by_role("button", name="开始").click()
    page.locator(".tile").first.wait_for()
    page.mouse.move(0, 0)
    tiles = page.locator(".tile").all()
    assert [tile.get_attribute("value") for tile in tiles] == ["card", "pin", "face"]
    boxes = [tile.bounding_box() for tile in tiles]
    assert len({(round(box["width"]), round(box["height"]), round(box["y"])) for box in boxes}) == 1
    assert len({tile.evaluate(LOOK) for tile in tiles}) == 1
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("value") == "card"


@pytest.mark.slow
def test_the_keyboard_alone_leads_to_the_choice_and_shows_where_it_is(page, sites):
    site = sites(notice_minimum_s=0.1)
    open_kiosk(page, site)
    page.keyboard.press("Tab")
    assert page.locator(":focus").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.locator(".tile").first.wait_for()


def test_without_script_the_buttons_work_and_face_is_not_offered_r12(chromium, sites):
    site = sites()
    with opened(chromium, java_script_enabled=False) as page:
        page.goto(f"{site.url}kiosk")
        page.get_by_text("因此不提供刷脸").wait_for()
        page.get_by_role("button", name="开始").click()
        page.get_by_role("heading", name="您想怎样进门").wait_for()
        page.wait_for_load_state()
        assert [tile.get_attribute("value") for tile in page.locator(".tile").all()] == ["card", "pin"]
        page.locator('.tile[value="card"]').click()
        page.get_by_role("heading", name="请将门卡贴近读卡器").wait_for()
        page.get_by_role("button", name="取消").click()
        page.get_by_role("button", name="开始").wait_for()


def test_a_lost_server_is_said_by_the_page_itself_and_its_return_mends_it(page, sites):
    site = sites()
    open_kiosk(page, site, "en")
    site.stop()
    page.get_by_role("heading", name="This screen has lost the gate. Try card or PIN.").wait_for()
    sites(port=httpx.URL(site.url).port)
    page.get_by_role("button", name="开始").wait_for()


def test_a_withdrawal_asks_with_equal_buttons_and_its_receipt_scans(page, sites, tmp_path):
    """R24, R25."""
    site = sites()
    open_kiosk(page, site, "en")
    page.get_by_role("button", name="Withdraw face").click()
    page.get_by_role("heading", name="Show your card").wait_for()
    site.do(lambda world: world.present("known"))
    page.get_by_role("heading", name="Delete my face and withdraw consent now?").wait_for()
    page.mouse.move(0, 0)
    buttons = page.locator(".stage button").all()
    boxes = [button.bounding_box() for button in buttons]
    assert len({(round(box["width"]), round(box["height"]), round(box["y"])) for box in boxes}) == 1
    assert len({button.evaluate(LOOK) for button in buttons}) == 1
    buttons[0].click()
    page.get_by_role("heading", name="Your face was deleted").wait_for()
    code = tmp_path / "code.png"
    page.get_by_role("img", name="Receipt as a QR code").screenshot(path=code)
    # A telephone sees more than the panel's pixels.
    nearer = cv2.resize(cv2.imread(str(code)), None, fx=3, fy=3)
    assert cv2.QRCodeDetector().detectAndDecode(nearer)[0] == RECEIPT


class Helped:
    """A help line that remembers."""

    called = False

    def call(self):
        self.called = True


def test_a_pin_typed_on_the_screen_opens_and_no_digit_of_it_comes_back_r02(page, sites):
    site = sites()
    open_kiosk(page, site, "en")
    answers = []
    page.on("response", lambda answer: answers.append(answer) if "/kiosk/view" in answer.url else None)
    page.get_by_role("button", name="Type unit and PIN").click()
    for key in "1203":
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_label("Typed so far").get_by_text("1203").wait_for()
    page.get_by_role("button", name="OK").click()
    page.get_by_role("heading", name="Your PIN").wait_for()
    for key in "739154":
        page.get_by_role("button", name=key, exact=True).click()
    page.locator("#typed", has_text="\u2022" * 6).wait_for()
    assert "739154" not in page.content()
    page.get_by_role("button", name="OK").click()
    page.get_by_role("heading", name="Please come in").wait_for()
    assert not any("739154"[:3] in answer.text() for answer in answers if answer.ok)


@pytest.mark.slow
def test_digits_typed_faster_than_the_network_keep_their_order(page, sites):
    site = sites()
    open_kiosk(page, site, "en")
    page.get_by_role("button", name="Type unit and PIN").click()
    page.get_by_role("heading", name="Your unit number").wait_for()
    page.keyboard.type("40718263")
    page.locator("#typed", has_text="40718263").wait_for()


@pytest.mark.slow
def test_the_keys_work_without_script_and_show_no_digit_of_the_pin(chromium, sites):
    site = sites()
    with opened(chromium, java_script_enabled=False) as page:
        page.goto(f"{site.url}kiosk")
        page.get_by_role("button", name="输入房号和密码").click()
        for key in (*"1203", "确定", *"739154"):
            page.get_by_role("button", name=key, exact=True).click()
        page.wait_for_load_state()
        assert "739154" not in page.content()
        page.get_by_role("button", name="确定").click()
        page.get_by_role("heading", name="请进").wait_for()


@pytest.mark.slow
def test_the_outline_follows_the_face_and_nothing_is_drawn_anew(page, sites):
    site = sites(notice_minimum_s=0.1)
    open_kiosk(page, site, "en")
    page.get_by_role("button", name="Start").click()
    page.locator('.tile[value="face"]').click()
    site.until(lambda world: isinstance(world.gate.phase, Capturing))
    person = page.locator("#person")
    for x, shown in ((0.25, "translate(300 120) scale(90)"), (0.5, "translate(200 120) scale(90)")):
        finding = Finding(Hint.COME_CLOSER, place=FacePlace.near(x, 0.4, 0.3))
        site.do(lambda world, f=finding: world.post(on.FaceFound(world.gate.phase.attempt, f)))
        page.locator(f'#person[transform="{shown}"]').wait_for()
        if x == 0.25:
            person.evaluate("e => { e.dataset.mark = 'same' }")
    assert person.get_attribute("data-mark") == "same"
    assert page.locator("video, img, canvas").count() == 0
    site.do(found(Hint.NO_FACE))
    page.get_by_role("heading", name="Look at the camera").wait_for()
    assert page.locator("#person").get_attribute("visibility") == "hidden"


@pytest.mark.slow
def test_more_time_fills_the_bar_and_keeps_the_choice_standing_r15(page, sites):
    site = sites(notice_minimum_s=0.1)
    open_kiosk(page, site, "en")
    page.get_by_role("button", name="Start").click()
    page.locator(".tile").first.wait_for()
    before = site.do(lambda world: world.gate.phase.until)
    page.get_by_role("button", name="More time").click()
    site.until(lambda world: isinstance(world.gate.phase, Choosing) and world.gate.phase.until > before)
    assert page.locator(".tile").count() == 3


@pytest.mark.slow
def test_the_notice_is_read_again_and_confirmed_again_r10(page, sites):
    site = sites(notice_minimum_s=0.2)
    open_kiosk(page, site, "en")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Read again").click()
    page.get_by_role("heading", name=VISIT["en"][1]).wait_for()
    page.locator('.tile[value="face"]').wait_for()
    assert sum(isinstance(event, on.NoticeShown) for event in site.world.posted) == 2


@pytest.mark.slow
def test_help_is_called_and_said_while_a_notice_goes_on_r74(page, sites):
    site = sites(kiosk=KioskParts(help_line=Helped()), notice_minimum_s=1.0)
    open_kiosk(page, site, "en")
    page.get_by_role("button", name="Start").click()
    site.until(lambda world: getattr(world.gate.phase, "confirmed", False))
    page.get_by_role("button", name="Call for help").click()
    page.get_by_text("Help was called. You can also ring: 010-5555 0100").wait_for()
    page.locator('.tile[value="face"]').wait_for()
    assert sum(isinstance(event, on.Presence) for event in site.world.posted) == 1


HEAR = """
window.heard = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) { heard.push([this.type, this.frequency.value]); start.call(this, at); };
"""


@pytest.mark.slow  # four visits that end by themselves
def test_yes_and_no_sound_unlike_each_other_and_silence_is_a_setting(chromium, sites):
    figures = {}
    for sound in (True, False):
        site = sites(kiosk=KioskParts(sound=sound))
        with opened(chromium) as page:
            page.add_init_script(HEAR)
            open_kiosk(page, site, "en")
            for card, words in (("known", "Please come in"), ("lost", "does not open this gate")):
                site.do(lambda world, card=card: (world.screen.speak("en"), world.present(card)))
                page.get_by_role("heading", name=words).wait_for()
                figures[sound, card] = page.evaluate("heard.splice(0)")
                site.until(lambda world: isinstance(world.screen.shown.view, do.ClearScreen))
    assert figures[True, "known"]
    assert figures[True, "lost"]
    assert figures[True, "known"] != figures[True, "lost"]
    assert figures[False, "known"] == figures[False, "lost"] == []


@pytest.mark.slow
def test_a_server_lost_before_a_choice_takes_the_buttons_away_and_comes_back_at_rest(page, sites):
    """R12: nobody presses face on a screen that nobody hears."""
    site = sites(notice_minimum_s=0.1)
    open_kiosk(page, site, "en")
    page.get_by_role("button", name="Start").click()
    page.locator(".tile").first.wait_for()
    site.stop()
    page.get_by_role("heading", name="This screen has lost the gate. Try card or PIN.").wait_for()
    assert page.locator("#view button").count() == 0
    page.get_by_text("If the door stays shut: 010-5555 0100").wait_for()
    back = sites(port=httpx.URL(site.url).port)
    page.get_by_role("button", name="开始").wait_for()
    back.until(lambda world: world.screen.live)
