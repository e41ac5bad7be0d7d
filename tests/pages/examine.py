"""What every page must hold to, each as a function from a page to the faults found: an empty list is good."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
FIRST_LOAD_BYTES: Final = 100_000
NARROW_PX: Final = 320
STOPS_MOST: Final = 9
"""Of one input: a date with its time has so many parts."""
LISTEN: Final = """
() => {
  document.body.tabIndex = -1;  // begin before everything, wherever the last press was
  document.body.focus();
  document.body.removeAttribute("tabindex");
  scrollTo(0, 0);
  const all = [...document.querySelectorAll("*")];
  window.stops = [];
  document.addEventListener("focusin", event => {
    const e = event.target, style = getComputedStyle(e);
    e.scrollIntoView({block: "nearest", inline: "nearest"});  // as the browser does, a moment later
    const box = e.getBoundingClientRect();
    window.stops.push({
      at: all.indexOf(e), name: e.outerHTML.slice(0, 90),
      outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
      shown: box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight,
    });
  });
}
"""
REACHABLE: Final = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")].filter(e =>
  !e.disabled && e.type !== "hidden" && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true})
  && !(e.type === "radio" && !e.checked && document.querySelector(`input[name="${e.name}"]:checked`))
  && !(e.type === "radio" && [...document.querySelectorAll(`input[name="${e.name}"]`)].indexOf(e) > 0 && !e.checked)
).map(e => [[...document.querySelectorAll("*")].indexOf(e), e.outerHTML.slice(0, 90)])
"""
WIDER: Final = """
() => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= innerWidth) return null;
  const worst = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest(".scroll")).map(e => e.outerHTML.slice(0, 90));
  return `${wide} px wide in a window of ${innerWidth} px: ${worst.slice(-3).join(" | ")}`;
}
"""
BASICS: Final = """
() => ({
  lang: document.documentElement.lang,
  title: document.title.trim(),
  headings: [...document.querySelectorAll("h1")].filter(e => e.checkVisibility()).length,
  viewport: document.querySelector("meta[name=viewport]")?.content ?? "",
  moving: document.getAnimations().filter(a => a.playState === "running").length,
})
"""


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def accessible(page: Page, *rules: str) -> list[str]:
    """Run axe-core over the page, with all rules of WCAG 2.2 AA and good practice, or with *rules* alone."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    only: dict[str, Any] = (
        {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": TAGS}
    )
    options = {"runOnly": only, "resultTypes": ["violations"]}
    if not rules:
        options["rules"] = {"target-size": {"enabled": True}}  # of WCAG 2.2, which axe leaves off by itself
    found = page.evaluate(f"async () => (await axe.run({json.dumps(options)})).violations")
    return [
        f"{each['id']}: {each['help']}: {node['html'][:160]} {_why(node)}"
        for each in found
        for node in each["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for check in node["any"] + node["all"] + node["none"])[:300]


def legible_in_the_dark(page: Page) -> list[str]:
    """Give the pairs of colours that do not stand apart in the dark theme."""
    page.emulate_media(color_scheme="dark")
    try:
        return [f"dark: {each}" for each in accessible(page, "color-contrast", "link-in-text-block")]
    finally:
        page.emulate_media(color_scheme="light")


def well_formed(page: Page, language: str) -> list[str]:
    """Check what a page says of itself, and that nothing on it moves where somebody asked for rest."""
    basics = page.evaluate(BASICS)
    wrong = []
    if basics["lang"] != language:
        wrong.append(f"its language is called {basics['lang']!r}, not {language!r}")
    if not basics["title"]:
        wrong.append("it has no title")
    if basics["headings"] != 1:
        wrong.append(f"it has {basics['headings']} main headings")
    if "width=device-width" not in basics["viewport"] or "user-scalable" in basics["viewport"]:
        wrong.append(f"its viewport is {basics['viewport']!r}")
    if basics["moving"]:
        wrong.append(f"{basics['moving']} things move although less motion was asked for")
    return wrong


def fits(page: Page, *, zoomed: bool = True) -> list[str]:
    """Check that nothing needs sideways scrolling at 320 px, nor at 200 % zoom, which is half the window's width."""
    size = page.viewport_size
    assert size is not None
    wrong = []
    for width in (NARROW_PX, *((size["width"] // 2,) if zoomed else ())):
        page.set_viewport_size({"width": width, "height": size["height"]})
        if wide := page.evaluate(WIDER):
            wrong.append(wide)
    page.set_viewport_size(size)
    return wrong


def reached_by_keyboard(page: Page) -> list[str]:
    """Walk the page by the tabulator: everything that can be used is reached, once, in the page's order, and seen."""
    wanted = page.evaluate(REACHABLE)
    dates = page.locator('input[type="date"], input[type="datetime-local"], input[type="time"]').count()
    page.evaluate(LISTEN)
    for _ in range(len(wanted) + 1 + dates * STOPS_MOST):
        page.keyboard.press("Tab")
    stops = page.evaluate("() => window.stops")
    # After the last one the browser begins anew, or stays where it is.
    first_round = [
        stop for number, stop in enumerate(stops) if stop["at"] not in {each["at"] for each in stops[:number]}
    ]
    wrong = [f"focus is not seen on {stop['name']}" for stop in first_round if not stop["outlined"]]
    wrong += [f"focus is off the screen on {stop['name']}" for stop in first_round if not stop["shown"]]
    seen = [stop["at"] for stop in first_round]
    wrong += [f"not reached by the keyboard: {name}" for at, name in wanted if at not in seen]
    if seen != sorted(seen):
        jump = next(number for number in range(1, len(seen)) if seen[number] < seen[number - 1])
        wrong.append(
            f"not in the page's order: {first_round[jump - 1]['name']} then {first_round[jump]['name']}"
        )
    return wrong


def light(page: Page) -> list[str]:
    """Check what came over the wire for the page shown now, with an empty cache."""
    spent = page.evaluate(
        "() => performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))"
        ".filter(e => !e.initiatorType.includes('fetch')).map(e => [e.transferSize, e.name])"
    )
    size = sum(each for each, _ in spent)
    return [f"{size} bytes at first load: {spent}"] if size >= FIRST_LOAD_BYTES else []


def faults_of(page: Page, language: str, *, zoomed: bool = True, thorough: bool = True) -> list[str]:
    """Give all that is wrong with the page shown now, in one go; it stands in the light afterwards.

    Not *thorough*: without the dark theme and the walk by keyboard.
    """
    wrong = well_formed(page, language) + light(page) + accessible(page)
    if thorough:
        wrong += legible_in_the_dark(page) + reached_by_keyboard(page)
    return wrong + fits(page, zoomed=zoomed)


def report(wrong: list[str]) -> str:
    """Give the faults as a test tells them."""
    return "\n- ".join(["this page breaks what every page promises:", *wrong])
