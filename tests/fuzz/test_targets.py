"""Every parser of what comes from outside has a fuzz target that holds, without the fuzzer's library, on what was once found."""

import importlib
from pathlib import Path

import pytest

from tests.fuzz.readers import WITHOUT_TARGET, parses
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
NAMES = [each.name for each in TARGETS]


def altered(seed, places):
    """Give a seed cut short and with bytes changed, always the same ones."""
    yield seed
    for share in (1, 2, 3):
        yield seed[: len(seed) * share // 4]
    for at in range(0, len(seed), max(1, len(seed) // places)):
        yield seed[:at] + bytes((seed[at] ^ 1 << at % 8,)) + seed[at + 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_every_target_holds_on_its_seeds_and_what_is_near_them(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    target = importlib.import_module(f"tests.fuzz.fuzz_{name}")
    places = getattr(target, "ALTERED_AT", 12)
    try:
        for seed in target.SEEDS:
            for data in altered(seed, places):
                target.one_input(data)
    finally:
        getattr(target, "over", lambda: None)()


def test_the_table_names_every_target_and_files_that_exist():
    assert (
        sorted(path.stem.removeprefix("fuzz_") for path in Path(__file__).parent.glob("fuzz_*.py")) == NAMES
    )
    assert all((ROOT / path).is_file() for each in TARGETS for path in each.parses)


def test_every_module_that_calls_a_parser_has_a_target_or_a_reason():
    reading = {
        str(path.relative_to(ROOT))
        for folder in ("gate", "firmware_bridge")
        for path in (ROOT / folder).rglob("*.py")
        if parses(path)
    }
    fuzzed = {path for each in TARGETS for path in each.parses}
    excused = {path for paths in WITHOUT_TARGET.values() for path in paths}
    assert sorted(reading - fuzzed - excused) == [], (
        "add a target to tests/fuzz, or a reason to tests/fuzz/readers.py"
    )
    assert sorted(excused - reading) == [], "these parse nothing any more"
    assert sorted(excused & fuzzed) == [], "these have a target"


def test_nothing_is_unpickled():
    text = {
        path: path.read_text("utf-8")
        for folder in ("gate", "firmware_bridge")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert [
        str(path) for path, told in text.items() if "import pickle" in told or "import marshal" in told
    ] == []
