"""docs/liveness.md says what was measured, failures included; every species is played, a few in each run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gate.core.liveness import DRAWN, Level
from gate.vision.pipeline import Pipeline
from tests.vision.liveness import species
from tests.vision.liveness.report import DOCUMENT, FIGURES, LIVING, written
from tests.vision.liveness.trial import Judge, judged

BASIC = Judge(Level.BASIC)


def test_the_document_has_the_tables_that_were_measured():
    document = DOCUMENT.read_text("utf-8")
    assert written(document, json.loads(FIGURES.read_text("utf-8"))) == document


def test_the_tables_name_every_species_and_every_living_head_measured_or_not():
    document = DOCUMENT.read_text("utf-8")
    assert [name for name in (*species.ATTACKS, *LIVING) if name not in document] == []


def outcome(photo, models_dir, clip, frames, judge=BASIC):
    pipeline = Pipeline.load(models_dir, ("cpu",), 1)
    return judged(clip(photo, np.random.default_rng(3), frames), pipeline, [judge], challenge=DRAWN[0])[0]


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("name", ["print, bent"])
def test_a_print_is_no_living_head(photo, models_dir, name):
    assert outcome(photo, models_dir, species.ATTACKS[name], 8) is None


@pytest.mark.models
@pytest.mark.portraits
def test_a_rendered_head_is_a_living_one(photo, models_dir):
    assert outcome(photo, models_dir, species.living, 12) is not None


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("name", [name for name in species.ATTACKS if not name.startswith("replay")])
@pytest.mark.parametrize("seed", range(3))
def test_no_still_picture_is_a_living_head(photo, models_dir, name, seed):
    pipeline, judges = Pipeline.load(models_dir, ("cpu",), 1), [BASIC, Judge(Level.CHALLENGE)]
    clip = species.ATTACKS[name](photo, np.random.default_rng(seed), 76)
    assert judged(clip, pipeline, judges, challenge=DRAWN[seed]) == [None, None]
