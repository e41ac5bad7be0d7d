"""What the bench reports, and what keeps its figures honest. How fast it is, only ``make bench`` says."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest
import structlog

from gate.bench import Counts, measure
from gate.bench.door import reactions
from gate.errors import RequestError

pytestmark = [pytest.mark.alone, pytest.mark.slow]

FEW = Counts(
    frames=2,
    visits=2,
    searches=2,
    gallery_sizes=(10, 100),
    cards=3,
    door_cards=3,
    pins=2,
    people=20,
    passages=3,
    idle_s=0.2,
    seals=3,
    gallery=20,
    residents=3,
    erasures=3,
    listed=60,
    lookups=3,
    page_rounds=2,
    screen_steps=2,
)
FIRST_LOAD_BYTES = 100_000
HEAVY = ("numpy", "cv2", "onnxruntime")


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def figures(models_dir, told):
    """Measure once, a little of everything, as ``gate bench --json`` would write it."""
    try:
        return json.loads(json.dumps(measure(models_dir, lambda *report: told.append(report), FEW)))
    finally:
        structlog.reset_defaults()


def numbers(value):
    if isinstance(value, dict):
        return [number for inner in value.values() for number in numbers(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in numbers(inner)]
    return [] if isinstance(value, str) else [value]


@pytest.mark.models
@pytest.mark.portraits
def test_every_figure_has_its_name(figures):
    assert set(figures) == {
        *("bare_ms", "frame_ms", "overhead_ratio", "frame_to_embedding_ratio", "search"),
        *("conv_ratio", "embed_ms", "convolutions_ms", "embed_form"),
        *("opencv_ratio", "opencv_ms", "frame_to_embedding_ms", "opencv_version"),
        *({"dlib_absent"} if "dlib_absent" in figures else {"dlib_ratio", "dlib_ms"}),
        *("stages", "look_ms", "match_1to1_us", "match_1to1_among", "template_bytes"),
        *("presence_to_decision_p50_s", "presence_to_decision_p95_s", "presence_liveness"),
        *("card_under_load_ms", "card_under_load_p50_ms", "cards"),
        *("start_card_s", "start_face_s", "rss_mb", "rss_core_mb", "rss_vision_mb", "idle_cpu_percent"),
        *("seal_us", "open_us", "seal_ratio", "open_ratio", "seal_ready_key_ratio", "open_ready_key_ratio"),
        *("gallery", "gallery_open_s", "rotation_loop_s", "rotation_aside_s", "resident_bytes"),
        *("erase_to_matcher_p50_s", "erase_to_matcher_p99_s", "erasures"),
        *("doors", "pin_p50_ms", "pin_p95_ms", "pin_over_hash_ratio", "pins", "door_idle_percent"),
        *("fire_reaction_ms", "exit_reaction_ms"),
        *("people_with_hours", "permit_us", "permit_by_face_us"),
        *("record_ms", "record_p99_ms", "record_over_disk_ratio", "disk_p99_ms"),
        *("residents_searched", "people_index_s", "people_search_ms", "people_search_p95_ms"),
        *("people_search_ratio", "import_slice_ms", "import_write_ms"),
        *("pages_p95_ms", "slowest_page_p95_ms", "pages_first_load_bytes", "heaviest_first_load_bytes"),
        "kiosk_step_p95_ms",
    }
    assert set(figures["doors"]) == {"osdp_115200", "osdp_9600", "controller_115200"}
    for figures_of_wire in figures["doors"].values():
        assert set(figures_of_wire) == {
            *("asked_p50_ms", "asked_p99_ms", "freed_p50_ms", "freed_p99_ms"),
            *("bare_p50_ms", "over_bare_ratio", "lost"),
        }
    assert [(set(each), each["n"]) for each in figures["search"]] == [
        ({"n", "ms", "ratio"}, n) for n in (10, 100)
    ]
    assert figures["cards"] == 3
    assert figures["card_under_load_ms"] >= figures["card_under_load_p50_ms"]


def test_a_part_there_is_not_is_refused_with_those_there_are(models_dir):
    try:
        with pytest.raises(RequestError) as refused:
            measure(models_dir, lambda *_: None, FEW, only="weather")
    finally:
        structlog.reset_defaults()
    assert "vision" in refused.value.remedy


@pytest.mark.models
@pytest.mark.portraits
def test_every_figure_is_a_number_that_can_be(figures):
    assert all(math.isfinite(number) and number >= 0 for number in numbers(figures))
    assert figures["overhead_ratio"] == pytest.approx(figures["frame_ms"] / figures["bare_ms"])
    assert figures["rss_mb"] == pytest.approx(figures["rss_core_mb"] + figures["rss_vision_mb"])
    assert sum(figures["stages"].values()) == pytest.approx(1)
    assert figures["start_card_s"] < figures["start_face_s"], "the door does not wait for face"


@pytest.mark.models
@pytest.mark.portraits
def test_no_page_loads_more_than_a_slow_line_carries_in_a_moment(figures):
    heavy = {
        page: size for page, size in figures["pages_first_load_bytes"].items() if size > FIRST_LOAD_BYTES
    }
    assert heavy == {}


def test_the_controller_answers_fire_and_exit_within_two_rounds():
    """R65, R66: in the firmware's own clock, so the figure is the same on every host."""
    assert reactions() == {"fire_reaction_ms": 5, "exit_reaction_ms": 10}


@pytest.mark.models
@pytest.mark.portraits
def test_progress_is_told_from_start_to_end(figures, told):
    assert [done for _, done, _ in told] == list(range(11))
    assert told[-1][2] == 10


@pytest.mark.parametrize(
    "modules", ["gate.app, gate.service", "gate.web.app, gate.web.server", "gate.bench.fresh"]
)
def test_the_core_process_loads_no_pixels_and_no_networks(modules):
    """Card and PIN start in a moment and stay small because what is heavy lives in the child."""
    script = f"import sys, {modules}; print(*(set({HEAVY!r}) & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).split() == []
