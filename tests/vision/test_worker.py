"""The vision child from inside, with planted networks and cameras: what it says, and what it keeps."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import pytest

from gate.core.policy import Hint
from gate.vision import wire
from gate.vision.camera import SILENCE_S
from gate.vision.client import Patience, VisionSettings
from gate.vision.worker import BEAT_S
from tests.vision.planted import Lens, OneFace, axis, towards

# --- frames ---


def test_a_face_without_a_shape_is_asked_to_hold_still_and_the_camera_stays(child):
    child.sees(OneFace(degenerate=True))
    camera = Lens()
    (found,) = child.look(camera)
    assert found.hint == Hint.HOLD_STILL
    assert child.worker._camera is camera


def test_what_opencv_raises_about_a_camera_is_a_fault_of_the_camera(child):
    (fault,) = child.look(Lens(cv2.error("secret")))
    assert (fault.code, "secret" in f"{fault}", child.worker._camera) == ("camera-driver", False, None)


def test_what_opencv_raises_while_it_opens_is_a_fault_of_the_camera(child_of, settings_for):
    child = child_of(settings_for("v4l2", "9" * 20))
    fault, _ = child.told(wire.StartCapture("x"))
    assert fault.code == "camera-driver"


def test_a_frame_counts_as_held_until_it_and_its_crops_are_overwritten(child):
    """R31."""
    camera = Lens()
    (found,) = child.look(camera)
    assert found.hint == Hint.COMPARED
    assert not any(frame.any() for frame in camera.frames)
    child.worker._beat_now()
    assert (child.said(), child.pixels().any()) == ([wire.Beat(1)], True)
    assert (child.told(wire.Wipe()), child.pixels().any()) == ([wire.Beat(0)], False)


def test_a_closed_camera_is_confirmed_and_leaves_no_pixel(child):
    """R10, R31."""
    child.look(Lens())
    assert (child.told(wire.StopCapture()), child.pixels().any()) == ([wire.Closed()], False)
    child.worker._beat_now()
    assert child.said() == [wire.Beat(0)]


def test_closing_what_is_not_open_is_confirmed_as_well(child):
    assert child.told(wire.StopCapture()) == [wire.Closed()]


# --- who matches ---


def seen_with(child_of, settings, **templates):
    """Load these templates and look twice; give the finding."""
    child = child_of(settings)
    child.sees(OneFace(), axis())
    child.knows(**templates)
    return seen_twice(child)


def seen_twice(child):
    """Give the finding of the second frame: the first alone never names anybody."""
    camera = Lens()
    (first,), (found,) = child.look(camera), child.look(camera)
    assert (first.hint, first.template, found.hint) == (Hint.COMPARED, None, Hint.COMPARED)
    return found


@pytest.mark.parametrize(("cosine", "named"), [(0.69, None), (0.71, "ada"), (0.999, "ada"), (-0.9, None)])
def test_a_face_is_named_from_the_threshold_on(child_of, settings_for, cosine, named):
    found = seen_with(child_of, settings_for("folder", threshold=0.7), ada=towards(cosine))
    assert found.template == named


@pytest.mark.parametrize(("second", "named"), [(0.86, None), (0.84, "ada"), (0.0, "ada")])
def test_a_face_is_named_only_when_the_next_person_is_behind_by_the_margin(
    child_of, settings_for, second, named
):
    settings = settings_for("folder", threshold=0.7, margin=0.1)
    assert seen_with(child_of, settings, ada=towards(0.95), ben=towards(second)).template == named


@pytest.mark.parametrize(
    ("cosine", "only", "named"),
    [
        (0.71, ("ada",), "ada"),
        (0.69, ("ada",), None),
        (0.71, ("ben",), "ben"),
        (0.71, ("cleo",), None),
        (0.71, (), None),
    ],
    ids=["claimed", "below the threshold", "the other", "not loaded", "everybody"],
)
def test_a_claimed_template_needs_the_threshold_and_no_margin_to_the_others(
    child_of, settings_for, cosine, only, named
):
    child = child_of(settings_for("folder", threshold=0.7, margin=0.1))
    child.sees(OneFace(), axis())
    child.knows(ada=towards(cosine), ben=towards(0.75))
    child.captures(wire.StartCapture("x", only=only))
    assert seen_twice(child).template == named


@pytest.mark.parametrize("limits", [{"threshold": math.nan}, {"margin": math.nan}, {"threshold": math.inf}])
def test_limits_that_are_no_numbers_name_nobody(child_of, settings_for, limits):
    assert seen_with(child_of, settings_for("folder", **limits), ada=axis()).template is None


def test_limits_that_are_no_numbers_survive_the_way_to_the_child(settings_for):
    settings = settings_for("folder", threshold=math.inf, margin=math.nan)
    received = VisionSettings.of(*wire.Decoder().feed(wire.encode(settings.to_message())))
    assert (received.threshold, math.isnan(received.margin)) == (math.inf, True)


def test_without_a_seed_a_face_is_seen_and_nobody_named(child):
    (found,) = child.look(Lens())
    assert (found.hint, found.template) == (Hint.COMPARED, None)


def test_r24_r35_the_next_gallery_overwrites_templates_and_seed(child):
    child.knows(ada=axis())
    gallery, protection = child.knows()
    assert not gallery.matrix.any()
    assert not protection._signs.any()


def test_r51_a_gallery_without_an_epoch_takes_the_seed_away(child):
    child.knows(ada=axis())
    child.told(wire.LoadGallery(8, 0, (), b""))
    assert child.worker._protection is None


# --- the parent's patience ---


def test_the_child_beats_as_soon_as_a_camera_has_opened(child):
    child.worker._beat_now()
    child.said()
    assert child.told(wire.StartCapture("x")) == [wire.Beat(0)]


def test_neither_opening_nor_reading_outlasts_the_parent_s_patience():
    assert Patience().silence_s > BEAT_S + SILENCE_S


# --- what it says of likeness ---


def test_r43_r55_whoever_stands_there_the_child_says_no_number(child_of, settings_for):
    settings = settings_for("folder", threshold=0.7)
    said = [seen_with(child_of, settings, ada=towards(cosine)) for cosine in (0.71, 0.83, 0.97)]
    assert len(set(said)) == 1, "three likenesses, one answer"
    assert replace(said[0], place=()) == wire.Found("", "compared", "ada")
