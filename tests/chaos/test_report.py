"""docs/reliability.md says what was measured, and all of it."""

import json

from tests.chaos import invariants, reliability_words
from tests.chaos.report import DOCUMENT, MEASURED, percentile


def test_the_document_is_made_of_what_was_measured():
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    written = DOCUMENT.read_text(encoding="utf-8")
    assert written == reliability_words.document(measured), "run python -m tests.chaos.report"


def test_every_invariant_is_explained_and_every_failure_is_told():
    text = reliability_words.document(
        {
            "seeds": {
                "seeds": 2,
                "played_in_all": 2,
                "together": 0,
                "whole": 1,
                "counters": {},
                "held": {},
                "recoveries": {},
                "starts": {"card_50": 1, "card_99": 1, "cpu_50": 1, "cpu_99": 1},
                "broken": [[17, "exit_is_free", "the handle inside did not open the leaf"]],
            }
        }
    )
    assert all(f"`{each.__name__}`" in text for each in invariants.EVERY)
    assert "Seed 17 broke `exit_is_free`: the handle inside did not open the leaf" in text


def test_a_percentile_is_one_of_the_values():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
