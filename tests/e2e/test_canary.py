"""The proof that nothing leaks: a whole gate is used, crashed and restored, and all it wrote, said and sent is searched.

R30, R31, R35, R40, R43, R51, R55. What is looked for, and in which shapes: tests/canary.py. What is done with the gate:
tests/canary_story.py and tests/canary_days.py. That the search finds what is there: tests/test_canary_search.py.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gate.store.keyring.custody import KEY_NAME
from tests import canary
from tests.canary import Hit
from tests.canary_days import BEFORE, live
from tests.canary_gate import GATE_ID, core_dumps_allowed
from tests.canary_story import PIN, elsewhere, traces

pytestmark = [pytest.mark.alone, pytest.mark.models, pytest.mark.portraits, pytest.mark.slow]


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return live(tmp_path_factory.mktemp("canary"))


@pytest.fixture(scope="module")
def hits(story):
    return traces(story)


def outside(hits, what, *allowed):
    """Give the hits of secrets whose name begins with one of *what*, but for those in *allowed* places."""
    return [each for each in hits if each.what.startswith(what) and not each.place.startswith(allowed)]


def test_r30_the_gate_was_crashed_three_times_and_left_no_core_dump(story, hits):
    assert story.codes == [-signal.SIGABRT, 0, -signal.SIGABRT]
    assert outside(hits, "a core dump") == []


def test_r30_r31_no_frame_and_no_image_is_anywhere(hits):
    assert outside(hits, ("a frame", "a JPEG", "a PNG", "a BMP", "a WebP")) == []


def test_r31_r40_r50_no_template_and_no_embedding_is_anywhere(story, hits):
    assert len(story.epochs) >= 3
    assert len(story.embeddings) >= 3
    assert outside(hits, ("template", "embedding", "a unit vector")) == []


def test_r43_r55_pins_and_cards_cross_only_the_local_page(hits):
    assert outside(hits, "what was typed", "captures/http") == []


def test_r45_r54_what_staff_sign_in_with_is_nowhere_not_even_on_the_local_wire(hits):
    assert outside(hits, "what staff sign in with") == []


def test_r45_nothing_can_be_read_on_the_line_of_the_pages(story, hits):
    assert [each for each in hits if each.place.startswith("captures/tls")] == []
    if story.captured:
        assert (story.site.folder / "captures" / "tls").stat().st_size > 100_000


def test_r35_r43_r55_names_stand_only_in_the_records_own_export_and_on_the_local_pages(hits):
    assert outside(hits, "who lives here", "captures/http", "exports/record/") == []


def test_r35_r43_a_unit_is_told_to_nobody_but_who_names_it(hits):
    told = (
        "captures/http",
        "exports/record/",
        "captures/processes",
    )  # the command line names it as an argument
    confirmed = {each for each in hits if each.place.endswith("-resident.out")}
    others = [each for each in hits if each not in confirmed]
    assert outside(others, "the number of a home", *told) == []


def test_r50_the_root_key_lies_in_its_own_file_and_no_key_of_it_in_any(hits):
    assert {each.place for each in hits if each.what == "the root key"} == {f"keys/{KEY_NAME}"}
    assert outside(hits, ("the root key", "the key for", "epoch "), f"keys/{KEY_NAME}") == []


def test_r51_nothing_of_an_erased_template_and_its_epoch_is_left(hits):
    # What an older backup holds is sealed twice, the inner time under an epoch whose secret is destroyed.
    files = [each for each in hits if not each.place.endswith("!image")]
    assert outside(files, ("an erased", "a destroyed"), f"copies/{BEFORE}/") == []


def test_r30_r31_nothing_was_left_elsewhere_on_the_machine(story):
    roots = set(elsewhere()) - story.was_there
    found = [
        Hit(place, what)
        for place, data in canary.places(*roots)
        for what in story.detectors.search.found(data)
    ]
    assert found == []


def test_r40_r43_the_wires_were_heard(story):
    messages = (story.site.folder / "captures" / "messages").read_bytes()
    for topic in ("access-counts", "health"):
        assert f"gate/{GATE_ID}/{topic}".encode() in messages
    if not story.captured:
        pytest.skip("listening on the loopback interface needs CAP_NET_RAW")
    assert story.dropped == 0
    assert PIN.encode() in (story.site.folder / "captures" / "http").read_bytes()
    assert f"gate/{GATE_ID}/health".encode() in (story.site.folder / "captures" / "mqtt").read_bytes()


def test_the_search_saw_the_database_its_log_and_every_output(story):
    seen = [str(Path(place).relative_to(story.site.folder)) for place, _ in canary.places(story.site.folder)]
    assert [each for each in seen if each.endswith("gate.sqlite3-wal")]
    assert [each for each in seen if each.endswith("gate.sqlite3-shm")]
    for part in (
        "data/gate.sqlite3",
        "data/ballast",
        "backups/",
        "captures/processes",
        "exports/evidence.zip!",
    ):
        assert [each for each in seen if each.startswith(part)], part
    said = "".join(path.read_text() for path in (story.site.folder / "said").iterdir())
    for words in (
        "level=debug",
        "library=asyncio",
        "Fatal Python error: Aborted",
        "Fatal Python error: Segmentation",
    ):
        assert words in said


def test_a_process_without_our_guard_does_leave_a_core_dump_here(tmp_path):
    with core_dumps_allowed():
        subprocess.run([sys.executable, "-c", "import os; os.abort()"], cwd=tmp_path, check=False)
    if not list(tmp_path.iterdir()):
        pytest.skip("this kernel hands core dumps to a program, or the hard limit forbids them")
    assert all(canary.is_core_dump(content) for _, content in canary.places(tmp_path))
