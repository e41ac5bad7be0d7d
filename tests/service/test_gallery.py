"""What vision may match at any moment: the present epoch's templates, or nobody's."""

import pytest

from gate.errors import GateError
from tests.service.world import FACE


def rename(gate, old, new):
    database = gate.store.decisions._database
    database.write(lambda connection: connection.execute(f"ALTER TABLE {old} RENAME TO {new}"))


def test_r50_the_gallery_comes_with_its_epoch_and_seed(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        stored = gate.store.templates.gallery(gate.clock.now())
        assert gate.vision.gallery == {template: FACE}
        assert (gate.vision.epoch, gate.vision.seed) == (stored.epoch, stored.seed)
        assert len(stored.seed) == 32

    at_gate(scenario)


def test_r43_the_gallery_shows_neither_seed_nor_template(at_gate):
    async def scenario(gate):
        gate.consent(gate.add_resident()[0])
        shown = repr(gate.vision.loaded)
        assert "epoch" in shown
        assert repr(gate.vision.seed)[2:-1] not in shown
        assert repr(FACE)[2:20] not in shown

    at_gate(scenario)


def test_r24_who_cannot_be_read_is_not_matched(at_gate):
    """Whose consent still holds is not known then."""

    async def scenario(gate):
        gate.consent(gate.add_resident()[0])
        rename(gate, "templates", "gone")
        with pytest.raises(GateError):
            gate.service.reload_gallery()
        assert (gate.vision.gallery, gate.vision.seed) == ({}, b"")

    at_gate(scenario)


def test_a_gallery_that_could_not_be_read_is_read_at_the_next_housekeeping(at_gate):
    async def scenario(gate):
        template = gate.consent(gate.add_resident()[0])
        gate.service._keep_house()  # the hour's reload is over
        rename(gate, "templates", "gone")
        with pytest.raises(GateError):
            gate.service.reload_gallery()
        rename(gate, "gone", "templates")
        gate.service._keep_house()
        assert gate.vision.gallery == {template: FACE}

    at_gate(scenario)


def test_a_gallery_beyond_what_was_validated_leaves_vision_the_seed_and_nobody(at_gate):
    async def scenario(gate):
        gate.consent(gate.add_resident()[0])
        assert gate.vision.gallery == {}
        assert len(gate.vision.seed) == 32

    at_gate(scenario, templates_most=0)
