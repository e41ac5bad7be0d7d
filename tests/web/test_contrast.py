import re

import pytest

from gate.web.pages import FOLDER

SHEET = (FOLDER / "static" / "gate.css").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r"--([\w-]+): (#\w+);", SHEET)) | {"white": "#fff"}


def luminance(colour: str) -> float:
    digits = COLOURS[colour][1:]
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("ink", "good-paper"),
        ("ink", "bad-paper"),
        ("soft", "paper"),
        ("soft", "card"),
        ("main", "card"),
        ("main", "paper"),
        ("white", "main"),
        ("good", "good-paper"),
        ("bad", "bad-paper"),
    ],
)
def test_text_stands_out_from_its_ground_by_seven_to_one_r15(text, ground):
    light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 7
