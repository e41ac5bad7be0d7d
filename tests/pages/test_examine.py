"""What looks at the pages sees what is wrong: each fault planted by hand is found, and a good page has none."""

from __future__ import annotations

import pytest

from tests.pages import examine
from tests.pages.browsing import DESK, launch

GOOD = """<!doctype html><html lang="en"><head><title>Good</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { color: #111; background: #fff } a, button { outline-offset: 2px; min-height: 44px }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111 } a { color: #9df } }
:focus-visible { outline: 3px solid #b45309 }</style></head>
<body><main><h1>Good</h1><p>Some words and <a href="#there">a link</a>.</p>
<form><label for="name">Name</label> <input id="name"> <button>Send</button></form></main></body></html>"""


@pytest.fixture(scope="module")
def page(playwright, tmp_path_factory):
    browser = launch(playwright, tmp_path_factory.mktemp("browser"))
    page = browser.new_context(viewport=DESK).new_page()
    yield page
    browser.close()


def faults(page, html):
    page.set_content(html)
    return " | ".join(examine.faults_of(page, "en"))


def test_a_good_page_has_no_fault(page):
    assert faults(page, GOOD) == ""


@pytest.mark.parametrize(
    ("was", "becomes", "found"),
    [
        ('<label for="name">Name</label>', "Name", "label: "),
        ('lang="en"', 'lang="zh"', "its language is called 'zh'"),
        ("<title>Good</title>", "<title></title>", "it has no title"),
        ("<h1>Good</h1>", "<h1>Good</h1><h1>Again</h1>", "it has 2 main headings"),
        ("color: #111; background: #fff", "color: #999; background: #fff", "color-contrast"),
        ("color: #eee; background: #111", "color: #555; background: #111", "dark: color-contrast"),
        ("outline: 3px solid #b45309", "outline: none", "focus is not seen on <button>"),
        (
            "<h1>Good</h1>",
            '<h1>Good</h1><div style="width: 900px">wide</div>',
            "px wide in a window of 320 px",
        ),
        (
            "<button>",
            '<input id="late" aria-label="first" tabindex="1"><button>',
            "not in the page's order",
        ),
        (
            "<h1>",
            '<a href="#x" style="position: fixed; left: -500px">lost</a><h1>',
            "focus is off the screen",
        ),
        ("initial-scale=1", "user-scalable=no", "its viewport is"),
        (
            "</style>",
            "@keyframes turn { to { opacity: .5 } } h1 { animation: turn 1s infinite }</style>",
            "1 things move",
        ),
        ("<p>Some", '<img src="data:,"><p>Some', "image-alt"),
    ],
)
def test_a_planted_fault_is_found(page, was, becomes, found):
    assert was in GOOD
    assert found in faults(page, GOOD.replace(was, becomes))


def test_an_element_that_swallows_the_tabulator_is_found(page):
    trap = "<script>document.getElementById('name').onkeydown = e => e.key === 'Tab' && e.preventDefault()</script>"
    assert "not reached by the keyboard: <button>" in faults(page, GOOD.replace("</main>", f"</main>{trap}"))
