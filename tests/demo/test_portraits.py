"""The two portraits are the very files that were pinned, or an error says how to get them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gate.demo.portraits import fetch_portraits, portrait, portraits
from gate.errors import RequestError

MODELS = Path(__file__).parents[2] / "models"


def test_each_portrait_states_whose_it_is_and_that_it_is_free():
    assert {each.name for each in portraits()} == {"astronaut", "grace_hopper"}
    assert all("public domain" in each.credit for each in portraits())


def test_an_absent_portrait_names_the_remedy(tmp_path):
    with pytest.raises(RequestError, match="make setup") as refused:
        portrait(tmp_path, "astronaut")
    assert refused.value.code == "portrait-absent"


@pytest.mark.portraits
def test_portraits_from_a_folder_are_checked_and_put_in_place(tmp_path):
    fetch_portraits(tmp_path, source=MODELS / "weights" / "portraits")
    for each in portraits():
        content = portrait(tmp_path, each.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == each.original.sha256


@pytest.mark.portraits
def test_an_altered_portrait_counts_as_absent_and_is_put_right(tmp_path):
    folder = MODELS / "weights" / "portraits"
    fetch_portraits(tmp_path, source=folder)
    portrait(tmp_path, "astronaut").write_bytes(b"altered")
    with pytest.raises(RequestError):
        portrait(tmp_path, "astronaut")
    fetch_portraits(tmp_path, source=folder)
    assert portrait(tmp_path, "astronaut").stat().st_size > 100_000
