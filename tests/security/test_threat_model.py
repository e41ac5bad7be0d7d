"""The threat model and SECURITY.md name files and tests that exist, and every parser that is fuzzed stands in the model."""

from __future__ import annotations

import re

import pytest

from gate.settings import PROJECT
from tests.fuzz.targets import TARGETS

MODEL = PROJECT / "docs" / "threat-model.md"
DOCUMENTS = (MODEL, PROJECT / "SECURITY.md", PROJECT / "docs" / "adr" / "0037-the-security-programme.md")
NAMED = re.compile(r"`((?:tests|gate|docs|deploy|models|firmware_bridge)/[\w./-]+)(?:::(\w+))?`")
FLOWS = 11


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_and_test_that_is_named_exists(document):
    named = NAMED.findall(document.read_text("utf-8"))
    assert named
    gone = [path for path, _ in named if not (PROJECT / path).exists()]
    assert gone == []
    renamed = [
        f"{path}::{test}"
        for path, test in named
        if test and not re.search(rf"def {test}\(", (PROJECT / path).read_text("utf-8"))
    ]
    assert renamed == []


def test_every_row_says_what_stands_against_it_and_where_that_is_shown():
    rows = [
        line.strip("|").split("|") for line in MODEL.read_text("utf-8").splitlines() if line.startswith("| ")
    ]
    threats = [
        [cell.strip() for cell in row] for row in rows if "threat" not in {cell.strip() for cell in row}
    ]
    assert len(threats) > 40
    bare = [row for row in threats if not re.search(r"`.+`|flow \d", row[-2]) or not row[-3]]
    assert bare == []


def test_every_flow_of_the_picture_has_its_table():
    text = MODEL.read_text("utf-8")
    assert [int(each) for each in re.findall(r"^### (\d+)\.", text, re.MULTILINE)] == list(
        range(1, FLOWS + 1)
    )
    assert {int(each) for each in re.findall(r"\((\d+)\)", text.split("```")[1])} == set(range(1, FLOWS + 1))


def test_every_fuzz_target_stands_in_the_model():
    text = MODEL.read_text("utf-8")
    assert [each.name for each in TARGETS if f"tests/fuzz/fuzz_{each.name}.py" not in text] == []
