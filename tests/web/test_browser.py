"""The gate's screen in a real browser, before a real server and the real core."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import cv2
import httpx
import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import Capturing
from gate.core.policy import Finding, Hint
from gate.core.types import AttemptId, Method, Reason, TemplateId, WithdrawalOutcome
from gate.simulated import SystemClock
from gate.web.app import create_app
from tests.notices import FIRST
from tests.served import Addresses, served
from tests.web.world import LONGEST, RECEIPT, REFERENCE, World

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PANEL = {"width": 800, "height": 480}
TOUCH_PX = 64
LOOK = "e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor, s.borderColor, s.fontSize, s.fontWeight].join() }"
ATTEMPT = AttemptId("shown")
ALL = (Method.FACE, Method.CARD, Method.PIN)
OPENING = {Reason.MATCHED, Reason.KNOWN_CREDENTIAL}
VIEWS: list[tuple[do.View, Method | None]] = [
    (do.ClearScreen(), None),
    (do.ShowNotice(ATTEMPT, FIRST), None),
    (do.OfferMethods(ATTEMPT, ALL), None),
    (do.OfferMethods(ATTEMPT, ALL[1:]), None),
    *((do.OfferMethods(ATTEMPT, ALL), method) for method in ALL),
    *((do.Guide(ATTEMPT, hint), None) for hint in Hint),
    (do.ShowNotice(ATTEMPT, FIRST, second=True), None),
    (do.OfferMethods(ATTEMPT, ALL[1:], two_factors=True), None),
    *((do.AskSecond(ATTEMPT, (Method.PIN, Method.FACE)), method) for method in (None, Method.PIN)),
    *((do.AskSecond(ATTEMPT, (method,)), None) for method in ALL[1:]),
    *((do.ShowChecking(ATTEMPT, method), None) for method in Method),
    *((do.ShowResult(ATTEMPT, reason in OPENING, reason), None) for reason in Reason),
    *((do.AskCredential(ATTEMPT, opens), None) for opens in (True, False)),
    *((do.ConfirmWithdrawal(ATTEMPT, door), None) for door in do.DoorSaid),
    *((do.ShowWithdrawn(ATTEMPT, outcome), None) for outcome in WithdrawalOutcome),
    (do.ShowWithdrawn(ATTEMPT, WithdrawalOutcome.WITHDRAWN, REFERENCE, RECEIPT), None),
]


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        assert os.environ.get("CI") != "true", "the browser tests must run here: install chromium"
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, sites):
    with opened(chromium) as page:
        yield page


@contextmanager
def opened(chromium, **options):
    """Open one page of a fresh browser profile, and hold it to saying nothing on its console."""
    context = chromium.new_context(viewport=PANEL, ignore_https_errors=True, **options)
    context.set_default_timeout(8000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    yield page
    context.close()
    assert complaints == []


class Site:
    """One gate with its pages, on a thread and a loop of its own; its deadlines pass in real time."""

    def __init__(self, port=0, **world) -> None:
        self.world = World(SystemClock(), **world)
        self._addresses: Future[Addresses] = Future()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(port),))
        self._thread.start()
        addresses = self._addresses.result(10)
        self.url, self.tls = addresses.plain, addresses.tls

    async def _run(self, port) -> None:
        self._stopped = asyncio.Event()
        app = create_app(self.world.context, self.world.screen)
        async with served(lambda _port: app, plain_port=port) as addresses:
            looking = asyncio.create_task(self._look())
            self._addresses.set_result(addresses)
            await self._stopped.wait()
            self.world.screen.speak(self.world.screen.shown.language)  # answers the question that still waits
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            self.world.look()
            await asyncio.sleep(0.02)

    def do(self, deed):
        """Do *deed* with the world on its own loop and give what it gives."""

        async def on_loop():
            return deed(self.world)

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(10)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(10)
            self._loop.close()


@pytest.fixture
def sites():
    running: list[Site] = []

    def start(**options):
        running.append(Site(**options))
        return running[-1]

    yield start
    for site in running:
        site.stop()


def at(page, number) -> None:
    page.locator(f'#view[data-number="{number}"]').wait_for()


def open_kiosk(page, site, language="zh-CN") -> None:
    page.goto(f"{site.url}kiosk")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(e => e.name.includes('/kiosk/view'))"
    )
    until(site, lambda world: world.screen.live)
    if language != "zh-CN":
        page.get_by_role("button", name="English").click()
        page.locator(f'html[lang="{language}"]').wait_for()


def until(site, claim) -> None:
    """Wait until *claim* holds of the world, within ten seconds."""

    async def held():
        while not claim(site.world):  # noqa: ASYNC110 - the world has no event for every claim
            await asyncio.sleep(0.01)

    asyncio.run_coroutine_threadsafe(asyncio.wait_for(held(), 10), site._loop).result(12)


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


@pytest.mark.parametrize("language", VISIT)
def test_a_visit_by_face_from_start_to_an_open_door(page, sites, language):
    start, notice, question, face, closer, welcome = VISIT[language]
    site = sites(notice_minimum_s=0.3)
    open_kiosk(page, site, language)
    page.get_by_role("button", name=start).click()
    page.get_by_role("heading", name=notice).wait_for()
    page.get_by_role("heading", name=question).wait_for()
    page.get_by_role("button", name=face).click()
    until(site, lambda world: isinstance(world.gate.phase, Capturing))
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
    until(site, lambda world: not world.screen.live)
    page.evaluate("cover('visible')")
    until(site, lambda world: world.screen.live)


def test_a_closed_page_is_a_stale_screen_and_start_offers_no_face_r12(chromium, sites):
    site = sites()
    with opened(chromium) as page:
        open_kiosk(page, site)
    until(site, lambda world: not world.screen.live)
    site.do(lambda world: world.post(on.Presence(world.new_attempt())))
    assert site.world.gate.phase.methods == (Method.CARD, Method.PIN)


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


def test_the_language_can_change_at_every_view_and_starts_a_notice_anew_r14(page, sites):
    site = sites(notice_minimum_s=5.0)
    open_kiosk(page, site)
    page.get_by_role("button", name="开始").click()
    page.get_by_role("heading", name=VISIT["zh-CN"][1]).wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name=VISIT["en"][1]).wait_for()
    until(site, lambda world: getattr(world.gate.phase, "confirmed", False))
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
        assert [tile.get_attribute("value") for tile in page.locator(".tile").all()] == ["card", "pin"]
        page.locator('.tile[value="card"]').click()
        page.get_by_role("heading", name="请将门卡贴近读卡器").wait_for()
        page.get_by_role("button", name="取消").click()
        page.get_by_role("button", name="开始").wait_for()


def test_a_lost_server_is_said_by_the_page_itself_and_its_return_mends_it(page, sites):
    site = sites()
    open_kiosk(page, site, "en")
    site.stop()
    page.get_by_role("heading", name="This screen is out of order. Card and PIN work.").wait_for()
    sites(port=httpx.URL(site.url).port)
    page.get_by_role("button", name="开始").wait_for()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "width", "height"), [("zh-CN", 800, 480), ("en", 800, 480), ("en", 1920, 1080)], ids=str
)
def test_no_view_scrolls_or_shrinks_its_buttons_r15(page, sites, tmp_path, language, width, height):
    """With the longest names the settings take; a screenshot of each view is left for a person to look at."""
    long = {"zh-CN": "湖畔物业管理有限公司", "en": "Lakeside Homes Ltd. "}[language] * LONGEST
    site = sites(controller=long[:LONGEST], contact=long[:LONGEST], notice_confirm_s=60)
    page.set_viewport_size({"width": width, "height": height})
    open_kiosk(page, site, language)
    for count, (view, chosen) in zip(itertools.count(1), VIEWS, strict=False):
        number = site.do(lambda world, view=view, chosen=chosen: put(world, view, chosen, language))
        at(page, number)
        name = f"{count:02}-{type(view).__name__}-{chosen or ''}-{language}.png"
        page.screenshot(path=tmp_path / name)
        size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert size[0] <= width, name
        assert size[1] <= height, name
        for button in page.locator("#view button").all():
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= TOUCH_PX, name
        if isinstance(view, do.ShowNotice):
            smallest = page.locator("#notice p").first.evaluate(
                "e => parseFloat(getComputedStyle(e).fontSize)"
            )
            assert smallest >= 0.0289 * height, name  # 14 px on the smallest panel


def put(world, view, chosen, language):
    world.screen.show(view)
    world.screen.speak(language)
    if chosen is not None:
        world.screen.choose(ATTEMPT, chosen)
    return world.screen.shown.number


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


@pytest.mark.parametrize("path", ["", "notice", "desk", "me", "sim"])
def test_a_page_for_staff_fits_a_small_panel_in_both_languages(page, sites, tmp_path, path):
    site = sites()
    for language in VISIT:
        page.goto(f"{site.tls}{path}?lang={language}")
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate("document.documentElement.scrollWidth") <= PANEL["width"]
        page.screenshot(path=tmp_path / f"{path or 'status'}-{language}.png", full_page=True)


def test_a_resident_agrees_and_withdraws_at_the_desk_r24(page, sites):
    site = sites(notice_minimum_s=0.1)
    page.goto(f"{site.tls}desk?lang=en")
    page.get_by_role("link", name="Read the notice and decide on face").click()
    page.get_by_role("button", name="Agree and take my face now").click()
    page.get_by_text("The box was not ticked").wait_for()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Agree and take my face now").click()
    page.get_by_role("img", name="Receipt as a QR code").wait_for()
    assert site.world.desk.consented == {"p-agreed": True, "p-undecided": True}
    page.get_by_role("link", name="Back to the desk").click()
    page.get_by_role("button", name="Withdraw and delete my face now").first.click()
    page.locator(".headline", has_text="face template was destroyed").wait_for()
    assert not site.world.desk.consented["p-agreed"]
