"""The vision child at an enrolment: live, five looks from three sides, one protected template, and nothing left."""

from __future__ import annotations

import numpy as np
import pytest

from gate.core.enrolment import CAPTURES
from gate.vision import wire
from gate.vision.enrolment import DROPPED_MOST
from gate.vision.protection import Protection
from tests.vision.planted import Lens, OneFace, axis, towards
from tests.vision.world import EPOCH, SEED


@pytest.mark.parametrize(
    ("driver", "source"),
    [
        ("folder", ""),
        ("stream", "film.avi"),
        ("stream", "/somewhere/film.avi"),
        ("stream", "file:///somewhere/film.avi"),
        ("stream", "FILE:/somewhere/film.avi"),
        ("stream", "concat:a.avi|b.avi"),
        ("stream", ""),
    ],
)
def test_nobody_is_enrolled_from_stored_files(child_of, settings_for, driver, source):
    """R26."""
    child = child_of(settings_for(driver, source))
    fault, beat = child.told(wire.StartCapture("x", enrol=True))
    assert (fault.attempt, fault.code, bool(fault.remedy)) == ("x", "enrol-not-live", True)
    assert (beat, child.worker._camera) == (wire.Beat(0), None)


def test_a_folder_may_be_looked_at_without_enrolling(child):
    child.told(wire.StartCapture("x"))
    assert child.worker._camera is not None


def test_a_live_stream_may_be_enrolled_from_and_is_only_absent_here(child_of, settings_for):
    child = child_of(settings_for("stream", "RTSP://127.0.0.1:1/yard"))
    child.knows()
    fault, _ = child.told(wire.StartCapture("x", enrol=True))
    assert fault.code == "camera-absent"


POSES = (0.0, 2.0, -3.0, 20.0, -20.0)
"""Three looks ahead, one to each side, each turned so little from the last that it counts as still."""


@pytest.fixture
def enrolling(child_of, settings_for):
    """Give a function that starts an enrolment, with an epoch, before a camera that sees these vectors in turn."""

    def start(*vectors, threshold=0.5, yaws=POSES, own=(), **known):
        child = child_of(settings_for("simulated", threshold=threshold))
        child.sees(OneFace(yaws=yaws), *vectors)
        child.knows(**known)
        assert child.told(wire.StartCapture("x", enrol=True, own=own)) == [wire.Beat(0)]
        return child

    return start


def looks(child, count):
    """Look so often; give what the child said but for how far it is."""
    return [message for message in steps(child, count) if not isinstance(message, wire.Posed)]


def steps(child, count):
    camera = Lens()
    return [message for _ in range(count) for message in child.look(camera)]


def hold(child):
    """Give the captures the child holds: the arrays themselves."""
    return [each.embedding for each in child.worker._visit.enrolment.captures]


def test_r26_an_enrolment_answers_with_the_mean_of_its_captures_protected(enrolling):
    child = enrolling(*map(towards, (1.0, 0.9, 0.8, 0.9, 1.0)))
    (enrolled,) = looks(child, CAPTURES)
    mean = sum(map(towards, (1.0, 0.9, 0.8, 0.9, 1.0)))
    expected = Protection(SEED).apply((mean / np.linalg.norm(mean)).astype(np.float32)[np.newaxis])
    assert (enrolled.attempt, enrolled.epoch) == ("x", EPOCH)
    np.testing.assert_allclose(np.frombuffer(enrolled.payload, "<f4"), expected[0], atol=0.01)


def test_no_capture_is_told_before_the_last(enrolling):
    child = enrolling(axis())
    assert looks(child, CAPTURES - 1) == []
    assert len(hold(child)) == CAPTURES - 1


@pytest.mark.parametrize(
    "vectors", [(axis(),), (axis(), towards(0.0), np.eye(128)[2])], ids=["alike", "not alike"]
)
def test_r10_r31_an_enrolment_that_ends_leaves_the_camera_closed_and_no_capture(enrolling, vectors):
    child = enrolling(*vectors)
    looks(child, CAPTURES - 1)
    captures = hold(child)
    looks(child, 1)
    assert child.worker._camera is None
    assert hold(child) == []
    assert not any(capture.any() for capture in captures)
    assert not child.pixels().any()


def test_captures_that_disagree_are_a_fault_and_no_template(enrolling):
    child = enrolling(axis(), axis(), axis(), towards(0.1), towards(0.2))
    (fault,) = looks(child, CAPTURES)
    assert (fault.attempt, fault.code, bool(fault.remedy)) == ("x", "enrol-not-alike", True)


def test_one_capture_unlike_the_others_is_dropped_and_asked_for_again(enrolling):
    odd = [axis(), towards(0.1), axis(), axis(), axis(), axis()]
    child = enrolling(*odd, yaws=(*POSES, 0.0))
    said = steps(child, CAPTURES)
    assert (said[-1].advice, said[-1].pose, said[-1].done) == ("once-more", "front", CAPTURES - 1)
    captures = hold(child)
    (enrolled,) = steps(child, 1)
    assert isinstance(enrolled, wire.Enrolled)
    assert not any(capture.any() for capture in captures), "R31"


def test_a_capture_that_is_unlike_again_and_again_ends_the_sitting(enrolling):
    odd = towards(0.1)
    child = enrolling(axis(), axis(), axis(), axis(), odd, odd, odd, yaws=(*POSES, -20.0, -20.0))
    said = steps(child, CAPTURES + DROPPED_MOST)
    assert [each.advice for each in said[CAPTURES - 1 : -1]] == ["once-more"] * DROPPED_MOST
    assert said[-1].code == "enrol-not-alike"


def test_captures_must_be_as_alike_as_a_match(enrolling):
    vectors = [towards(1.0), towards(0.8), towards(1.0), towards(0.8), towards(0.8)]
    assert [type(each) for each in looks(enrolling(*vectors, threshold=0.7), CAPTURES)] == [wire.Enrolled]
    assert [type(each) for each in looks(enrolling(*vectors, threshold=0.9), CAPTURES)] == [wire.Fault]


@pytest.mark.parametrize("message", [wire.Wipe(), wire.StopCapture(), wire.StartCapture("y", enrol=True)])
def test_r31_captures_are_overwritten_when_an_enrolment_is_broken_off(enrolling, message):
    child = enrolling(axis())
    looks(child, 2)
    captures = hold(child)
    child.told(message)
    assert hold(child) == []
    assert not any(capture.any() for capture in captures)


def test_nobody_is_enrolled_before_there_is_an_epoch(child_of, settings_for):
    """R50: an embedding that could not be protected never leaves."""
    child = child_of(settings_for("simulated"))
    fault, beat = child.told(wire.StartCapture("x", enrol=True))
    assert (fault.attempt, fault.code, bool(fault.remedy)) == ("x", "enrol-no-epoch", True)
    assert (beat, child.worker._camera) == (wire.Beat(0), None)


def test_an_epoch_lost_during_an_enrolment_ends_it(enrolling):
    child = enrolling(axis())
    looks(child, CAPTURES - 1)
    child.told(wire.LoadGallery(8, 0, (), b""))
    (fault,) = looks(child, 1)
    assert (fault.code, child.worker._camera, hold(child)) == ("enrol-no-epoch", None, [])


def test_an_epoch_that_moves_on_during_an_enrolment_protects_it_with_the_new_seed(enrolling):
    child = enrolling(axis())
    looks(child, CAPTURES - 1)
    child.told(wire.LoadGallery(8, EPOCH + 1, (), bytes(32)))
    (enrolled,) = looks(child, 1)
    assert enrolled.epoch == EPOCH + 1
    expected = Protection(bytes(32)).apply(axis()[np.newaxis].astype(np.float32))
    np.testing.assert_allclose(np.frombuffer(enrolled.payload, "<f4"), expected[0], atol=1e-6)


# --- poses ---


def test_r26_looks_straight_ahead_alone_make_no_template(enrolling):
    """A picture held up has no sides."""
    child = enrolling(axis(), yaws=(0.0,))
    said = steps(child, 4 * CAPTURES)
    assert {type(each) for each in said} == {wire.Posed}
    assert (said[-1].pose, said[-1].advice, said[-1].done) == ("left", "turn-left", 3)


def test_r26_each_frame_tells_what_is_wanted_and_what_is_done(enrolling):
    child = enrolling(axis(), yaws=(10.0, 0.0, 0.0, 0.0, 10.0, 40.0, 20.0, 20.0))
    assert [(each.pose, each.advice, each.done) for each in steps(child, 8)] == [
        ("front", "look-ahead", 0),
        ("front", "good", 1),
        ("front", "good", 2),
        ("left", "good", 3),
        ("left", "turn-left", 3),
        ("left", "turn-less", 3),
        ("right", "good", 4),
        ("right", "turn-other-way", 4),
    ]


def test_where_the_face_is_comes_with_the_progress_in_twentieths(enrolling):
    (posed,) = steps(enrolling(axis()), 1)
    assert len(posed.place) == 3
    assert all(isinstance(each, int) and 0 <= each <= 20 for each in posed.place)


def test_a_face_without_a_shape_is_no_capture(child_of, settings_for):
    child = child_of(settings_for("simulated"))
    child.sees(OneFace(degenerate=True))
    child.knows()
    child.told(wire.StartCapture("x", enrol=True))
    (posed,) = steps(child, 1)
    assert (posed.advice, posed.done, hold(child)) == ("hold-still", 0, [])


# --- already enrolled ---


@pytest.mark.parametrize(("cosine", "kind"), [(0.69, wire.Enrolled), (0.71, wire.Fault), (0.99, wire.Fault)])
def test_r26_a_face_as_like_an_enrolled_one_as_a_match_is_refused(enrolling, cosine, kind):
    said = looks(enrolling(axis(), threshold=0.7, ben=towards(cosine)), CAPTURES)
    assert [type(each) for each in said] == [kind]


def test_a_face_between_two_enrolled_ones_is_refused_though_no_match_could_name_either(enrolling):
    (fault,) = looks(enrolling(axis(), threshold=0.7, ben=towards(0.9), cleo=towards(0.88)), CAPTURES)
    assert fault.code == "enrol-duplicate"


@pytest.mark.parametrize(
    ("cosine", "told"),
    [(0.59, False), (0.61, True), (0.69, True)],
    ids=["far", "within the margin", "nearly a match"],
)
def test_who_comes_within_the_margin_of_somebody_else_is_enrolled_and_told(enrolling, cosine, told):
    """Twins: the gate would at times know neither of them from the other."""
    (enrolled,) = looks(enrolling(axis(), threshold=0.7, ben=towards(cosine)), CAPTURES)
    assert enrolled.lookalike is told


def test_nobody_looks_like_themselves(enrolling):
    (enrolled,) = looks(enrolling(axis(), threshold=0.7, own=("ada",), ada=towards(0.69)), CAPTURES)
    assert enrolled.lookalike is False


def test_one_s_own_template_is_no_duplicate(enrolling):
    """Who enrols anew is like what is held of them."""
    (enrolled,) = looks(enrolling(axis(), own=("ada",), ada=axis(), ben=towards(0.1)), CAPTURES)
    assert isinstance(enrolled, wire.Enrolled)


def test_one_s_own_template_hides_no_other(enrolling):
    (fault,) = looks(enrolling(axis(), own=("ada",), ada=axis(), ben=towards(0.9)), CAPTURES)
    assert fault.code == "enrol-duplicate"


def test_r43_a_duplicate_tells_nothing_of_whose_or_how_like(enrolling):
    def fault(**known):
        (said,) = looks(enrolling(axis(), **known), CAPTURES)
        return said

    assert fault(ben=towards(0.8)) == fault(cleo=towards(0.99), dan=towards(0.0))


def test_r10_r31_a_refused_duplicate_leaves_the_camera_closed_and_no_capture(enrolling):
    child = enrolling(axis(), ben=axis())
    looks(child, CAPTURES - 1)
    captures = hold(child)
    looks(child, 1)
    assert (child.worker._camera, hold(child), any(each.any() for each in captures)) == (None, [], False)
    assert not child.pixels().any()
