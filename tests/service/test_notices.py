"""A notice published beside a running gate: who agreed to the old terms comes in by card until they agree anew."""

import pytest

from gate.core import effects as do
from gate.core.types import Reason
from gate.notice import NoticeBoard
from tests.notices import publish_notice, sources
from tests.service.world import CARD
from tests.stores import open_in

MAJOR = {"controller": "Heir Ltd"}
MINOR = {"contact": "Room 9"}


class Operator:
    """Publishes at the command line; the gate's own settings follow where *heeded*."""

    def __init__(self, folder):
        self._folder = folder
        self._site = {}

    def board(self, store):
        return NoticeBoard(store.notices, lambda: sources(**self._site))

    def publish(self, at, *, heeded=True, **site):
        if heeded:
            self._site = site
        store = open_in(self._folder, model_sha256="0" * 64)
        publish_notice(store, at, **site)
        store.close()


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path)


@pytest.fixture
def at_gate(at_gate, operator):
    return lambda scenario: at_gate(scenario, notices=operator.board)


def test_r22_after_a_major_notice_the_resident_is_refused_by_face_and_comes_in_by_card(at_gate, operator):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        operator.publish(gate.clock.now(), **MAJOR)
        gate.service.heed_notice()
        assert gate.service.notice == "2.0"
        assert gate.vision.gallery == {}
        gate.finds(await gate.to_capture(), template)  # as if vision had not heard yet
        result = await gate.result()
        assert (result.granted, result.reason) == (False, Reason.NOT_CONSENTED)
        gate.reader.present(CARD)
        assert (await gate.result(len(gate.screen.views))).granted

    at_gate(scenario)


def test_r22_a_major_notice_stops_a_face_before_the_gate_has_even_heard_of_it(at_gate, operator):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        attempt = await gate.to_capture()
        operator.publish(gate.clock.now(), **MAJOR)
        gate.finds(attempt, template)
        result = await gate.result()
        assert (result.granted, result.reason) == (False, Reason.NOT_CONSENTED)

    at_gate(scenario)


def test_r23_after_a_minor_notice_faces_go_on_and_the_new_text_is_shown(at_gate, operator):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        operator.publish(gate.clock.now(), **MINOR)
        gate.service.heed_notice()
        gate.finds(await gate.to_capture(), template)
        assert (await gate.result()).granted
        shown = [view for view in gate.screen.views if isinstance(view, do.ShowNotice)]
        assert shown[-1].notice == "1.1"

    at_gate(scenario)


def test_r11_a_notice_that_is_not_what_the_gate_does_turns_face_off_and_the_card_opens(at_gate, operator):
    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        operator.publish(gate.clock.now(), heeded=False, **MINOR)
        gate.service.heed_notice()
        await gate.until(lambda: not gate.service.face_offered, "face to leave the offer")
        assert gate.service.gate.conditions.obstacles == ("notice_published",)
        gate.reader.present(CARD)
        assert (await gate.result()).granted

    at_gate(scenario)


def test_housekeeping_takes_up_a_notice_published_meanwhile_r22(at_gate, operator):
    async def scenario(gate):
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        operator.publish(gate.clock.now(), **MAJOR)
        gate.service._keep_house()
        assert gate.service.notice == "2.0"
        assert gate.service.face_offered

    at_gate(scenario)
