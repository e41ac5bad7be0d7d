"""Every view of the gate's screen, measured in a real browser: nothing scrolls, nothing shrinks, equals are equal."""

from __future__ import annotations

import itertools

import pytest

from gate.core import effects as do
from gate.core.liveness import Challenge
from gate.core.policy import FacePlace, Hint
from gate.core.types import AttemptId, Method, Reason, WithdrawalOutcome
from gate.web.kiosk.parts import KioskParts
from tests.notices import FIRST
from tests.web.browser import TOUCH_PX, at, open_kiosk
from tests.web.world import LONGEST, RECEIPT, REFERENCE

ATTEMPT = AttemptId("shown")
ALL = (Method.FACE, Method.CARD, Method.PIN)
OPENING = {Reason.MATCHED, Reason.KNOWN_CREDENTIAL}
HERE = FacePlace.near(0.35, 0.4, 0.3)
VIEWS: list[tuple[do.View, Method | None, str]] = [
    (do.ClearScreen(), None, ""),
    *((do.ClearScreen(each), None, "") for each in do.Standstill),
    (do.ShowResult(ATTEMPT, granted=False, reason=Reason.FAULT, lost=True), None, ""),
    (do.ClearScreen(), None, "code"),
    (do.ShowNotice(ATTEMPT, FIRST), None, ""),
    (do.OfferMethods(ATTEMPT, ALL), None, ""),
    (do.OfferMethods(ATTEMPT, ALL[1:]), None, ""),
    *((do.OfferMethods(ATTEMPT, ALL), method, "") for method in ALL),
    (do.OfferMethods(ATTEMPT, ALL), Method.PIN, "12345678 ok 123 ok"),
    *((do.Guide(ATTEMPT, hint, HERE), None, "") for hint in Hint),
    *((do.Guide(ATTEMPT, Hint.COMPARED, HERE, challenge), None, "") for challenge in Challenge),
    (do.ShowNotice(ATTEMPT, FIRST, second=True), None, ""),
    (do.OfferMethods(ATTEMPT, ALL[1:], two_factors=True), None, ""),
    *((do.AskSecond(ATTEMPT, (Method.PIN, Method.FACE)), method, "") for method in (None, Method.PIN)),
    (do.AskSecond(ATTEMPT, (Method.PIN, Method.FACE)), None, "refused"),
    *((do.AskSecond(ATTEMPT, (method,)), None, "") for method in ALL[1:]),
    *((do.ShowChecking(ATTEMPT, method), None, "") for method in Method),
    *((do.ShowResult(ATTEMPT, reason in OPENING, reason), None, "") for reason in Reason),
    *((do.AskCredential(ATTEMPT, opens), None, "") for opens in (True, False)),
    *((do.ConfirmWithdrawal(ATTEMPT, door), None, "") for door in do.DoorSaid),
    *((do.ShowWithdrawn(ATTEMPT, outcome), None, "") for outcome in WithdrawalOutcome),
    (do.ShowWithdrawn(ATTEMPT, WithdrawalOutcome.WITHDRAWN, REFERENCE, RECEIPT), None, ""),
    (do.OfferMethods(ATTEMPT, ALL), None, "help"),
]
"""A view, what was pressed on it, and what happens then."""
ROOM = """e => {
  const words = document.createRange(), edge = e.getBoundingClientRect();
  words.selectNodeContents(e);
  const inside = words.getBoundingClientRect();
  return Math.min(inside.left - edge.left, edge.right - inside.right);
}"""
"""How far a button's words keep from its edges, in pixels."""


class Everything:
    """A screen's every part, so that every button is there."""

    called = False

    def call(self):
        self.called = True

    def issue(self):
        return "48201937"

    async def say(self, _text, _language):
        return b""


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(
    ("width", "height", "touch"),
    [(800, 480, True), (1024, 600, True), (1920, 1080, True), (800, 480, False)],
    ids=["800x480", "1024x600", "1920x1080", "sign"],
)
def test_no_view_scrolls_or_shrinks_its_buttons_r15(page, sites, tmp_path, language, width, height, touch):
    """With the longest names the settings take; a screenshot of each view is left for a person to look at."""
    long = {"zh-CN": "湖畔物业管理有限公司", "en": "Lakeside Homes Ltd. "}[language] * LONGEST
    parts = Everything()
    kiosk = KioskParts(touch=touch, help_line=parts, codes=parts, voice=parts)
    site = sites(controller=long[:LONGEST], contact=long[:LONGEST], notice_confirm_s=60, kiosk=kiosk)
    page.set_viewport_size({"width": width, "height": height})
    open_kiosk(page, site)
    for count, (view, chosen, then) in zip(itertools.count(1), VIEWS, strict=False):
        if not touch and "ok" in then:
            continue
        number = site.do(
            lambda world, view=view, chosen=chosen, then=then: put(world, view, chosen, then, language)
        )
        at(page, number)
        name = f"{count:02}-{type(view).__name__}-{chosen or then or ''}-{language}.png"
        page.screenshot(path=tmp_path / name)
        size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert size[0] <= width, name
        assert size[1] <= height, name
        buttons = page.locator("#view button").all()
        assert touch or not buttons, name
        for button in buttons:
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= TOUCH_PX, name
            assert button.evaluate(ROOM) >= 3, name
            assert box["x"] >= 0, name
            assert box["x"] + box["width"] <= width, name
        assert apart(buttons), name
        if isinstance(view, do.ShowNotice):
            smallest = page.locator("#notice p").first.evaluate(
                "e => parseFloat(getComputedStyle(e).fontSize)"
            )
            assert smallest >= 0.0289 * height, name  # 14 px on the smallest panel


def put(world, view, chosen, then, language):
    """Show one view as the core would, press what is pressed on it, and give the number it then bears."""
    screen = world.screen
    screen.uncover()
    screen.show(view)
    screen.speak(language)
    if chosen is not None:
        screen.choose(ATTEMPT, chosen)
    match then:
        case "code":
            screen.show_code("48201937")
        case "refused":
            screen.show(do.TellRefused(ATTEMPT, Reason.UNKNOWN_CREDENTIAL))
        case "help":
            world.context.kiosk.help_line.call()
            screen.tell()
        case _:
            for word in then.split():
                for key in [word] if word == "ok" else word:
                    screen.press(key)
    return screen.shown.number


def apart(buttons):
    """Tell whether no two buttons touch: a gloved finger must not press both."""
    boxes = [button.bounding_box() for button in buttons]
    return all(
        one["x"] + one["width"] <= two["x"]
        or two["x"] + two["width"] <= one["x"]
        or one["y"] + one["height"] <= two["y"]
        or two["y"] + two["height"] <= one["y"]
        for one, two in itertools.combinations(boxes, 2)
    )
