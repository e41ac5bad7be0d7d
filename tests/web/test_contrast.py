"""Text stands out from its ground: by seven to one on the gate's screen and on residents' pages (R15, WCAG 1.4.6)."""

import re

import pytest

from gate.web.pages import FOLDER

PAIRS = {
    "kiosk.css": [
        *((text, ground) for text in ("ink", "soft", "main") for ground in ("paper", "card")),
        ("white", "main"),
        ("white", "good"),
        ("white", "bad"),
        ("white", "ink"),
        ("bad", "bad-paper"),
        ("bad", "paper"),
    ],
    "pages.css": [
        *((text, ground) for text in ("ink", "soft", "main") for ground in ("paper", "card")),
        ("ink", "good-paper"),
        ("ink", "bad-paper"),
        ("on-main", "main"),
        ("top-ink", "top"),
        ("good", "good-paper"),
        ("bad", "bad-paper"),
        ("near", "near-paper"),
    ],
}
"""What stands on what, by the sheet's own names."""


def palettes(sheet):
    """Give every palette of a sheet, light and dark, each as its colours by name."""
    text = (FOLDER / "static" / sheet).read_text(encoding="utf-8")
    roots = re.findall(r":root \{(.*?)\}", text, flags=re.DOTALL)
    found = [dict(re.findall(r"--([\w-]+): (#\w+);", root)) | {"white": "#fff"} for root in roots]
    return [palette for palette in found if "ink" in palette]


def luminance(colour: str) -> float:
    digits = colour[1:]
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("sheet", "text", "ground"), [(sheet, *pair) for sheet, pairs in PAIRS.items() for pair in pairs]
)
def test_text_stands_out_from_its_ground_by_seven_to_one_r15(sheet, text, ground):
    for palette in palettes(sheet):
        light, dark = sorted((luminance(palette[text]), luminance(palette[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 7, palette[text]


def test_residents_pages_have_a_light_and_a_dark_palette_and_the_screen_one_for_the_sun():
    assert [len(palettes(sheet)) for sheet in PAIRS] == [1, 2]
