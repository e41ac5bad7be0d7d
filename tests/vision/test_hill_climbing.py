"""Nobody climbs towards a template: what leaves the child is the same to the byte however near a stranger comes (R43, R55)."""

from __future__ import annotations

import pytest

from gate.vision import wire
from gate.vision.liveness import Liveness
from gate.vision.pipeline import Pipeline
from gate.vision.quality import Assessor
from gate.vision.visit import Senses
from tests.vision.planted import OneFace, OneVector, axis, scenery, towards

LOOKS, STEP_S = 12, 0.04


@pytest.fixture
def said_of(child_of, settings_for):
    """Give a function that tells all that the child says of one whose probe has this cosine to the only template."""

    def look(cosine, only=()):
        child = child_of(settings_for("folder", threshold=0.7, margin=0.1, n_threshold=1, rise=0.0))
        pipeline = Pipeline(OneFace(), OneVector(towards(cosine)))
        child.worker.fit(Senses(child.settings, pipeline, Liveness(), Assessor()))
        child.captures(wire.StartCapture("x", only=only))
        child.knows(ada=axis())
        for number in range(LOOKS):
            child.worker.report(scenery(number), 10.0 + number * STEP_S)
        return b"".join(wire.encode(each) for each in child.said())

    return look


@pytest.mark.parametrize("only", [(), ("ada",)], ids=["1:N", "1:1"])
def test_r43_r55_a_near_miss_is_told_like_a_far_one_to_the_byte_and_look_by_look(said_of, only):
    assert said_of(0.69, only) == said_of(0.3, only) == said_of(-0.5, only)


def test_what_is_compared_here_does_differ_where_a_face_matches(said_of):
    assert said_of(0.9) != said_of(0.69)
