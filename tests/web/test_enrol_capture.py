"""While the camera looks: guidance, no picture, and nothing taken of whoever left (R10, R26, R30)."""

from __future__ import annotations

import asyncio
import re

import pytest

from gate.core.enrolment import Advice, Pose, Progress
from gate.core.policy import FacePlace
from gate.errors import RequestError
from gate.web.enrol_words import ADVICE, POSES
from gate.web.sitting import GONE_S
from tests.web.residents import Resident


@pytest.fixture
def resident(client, clock, world, runner):
    return Resident(client, clock, world, runner).sit_down()


@pytest.fixture
def capturing(resident, world):
    """Give a resident whose face is being taken."""

    async def event():
        return asyncio.Event()

    world.desk.capture_ends = resident.runner.run(event())
    assert resident.decide("consent").status_code == 303
    resident.until(world.desk.capturing.is_set)
    return resident


def test_while_the_camera_looks_the_page_says_what_to_do_and_how_far_it_is(capturing, world):
    world.desk.progress = Progress(Pose.LEFT, Advice.TURN_OTHER_WAY, 3, place=FacePlace(0.25, 0.5, 0.4))
    page = capturing.page("/enrol/progress")
    assert POSES[Pose.LEFT] in page
    assert ADVICE[Advice.TURN_OTHER_WAY].title in page
    assert 'max="5" value="3"' in page
    assert 'cx="75.0" cy="50.0"' in page, "mirrored, as people see themselves"


def test_there_are_words_for_every_pose_and_advice():
    assert (set(POSES), set(ADVICE)) == (set(Pose), set(Advice))


def test_r30_the_page_of_a_capture_has_no_picture_in_it(capturing, world):
    world.desk.progress = Progress(Pose.FRONT, Advice.GOOD, 1, place=FacePlace(0.5, 0.5, 0.4))
    page = capturing.page().replace('<img src="/static/icon.svg" alt="" width="28" height="28">', "")
    assert not re.search(r"<(img|video|canvas|image)\b|data:", page)
    assert 'style="' not in page  # CSP


def test_without_script_the_page_of_a_capture_asks_again_by_itself(capturing):
    page = capturing.page()
    assert '<noscript><meta http-equiv="refresh"' in page


def test_once_the_face_is_taken_the_page_leads_to_the_receipt(capturing, world):
    world.desk.capture_ends.set()
    capturing.until(lambda: world.desk.issued)
    capturing.settle()
    assert capturing.client.get("/enrol/progress").status_code == 409
    page = capturing.page()
    assert world.desk.issued[-1].reference in page or world.desk.issued[-1].facts.record in page
    assert "Done: face, card and PIN" in page


def test_a_page_that_was_closed_gives_the_capture_up(capturing, clock, world):
    """R26: no face is taken of a person who has left."""
    clock.seconds += GONE_S + 0.1
    capturing.until(world.desk.given_up.is_set)
    capturing.settle()
    assert "nothing was stored" in capturing.page()
    assert not world.desk.consented["p-undecided"]


def test_a_page_that_goes_on_asking_keeps_the_capture(capturing, clock, world):
    for _ in range(4):
        clock.seconds += GONE_S - 1
        assert capturing.client.get("/enrol/progress").status_code == 200
    assert not world.desk.given_up.is_set()


def test_stopping_takes_nothing(capturing, world):
    assert capturing.press("stop").status_code == 303
    assert world.desk.given_up.is_set()
    assert "Stopped. Nothing was taken" in capturing.page()


def test_giving_the_screen_back_stops_the_capture(capturing, world):
    capturing.press("give-back")
    assert world.desk.given_up.is_set()


def test_r26_a_face_that_is_enrolled_already_is_told_so_and_nothing_of_whose(resident, world):
    world.desk.fault = RequestError("enrol-duplicate", "This face is enrolled already.", remedy="Withdraw.")
    world.desk.refuse_early = lambda *_args, **_options: None
    resident.decide("consent")
    page = resident.page()
    assert "This face is enrolled already, or is too like one that is." in page
    assert "1203" not in page
    assert "Li Wen" not in page


def test_a_fault_is_told_in_the_readers_language_and_the_sheet_stands_again(resident, world):
    world.desk.fault = RequestError("enrol-no-face", "No clear face was seen.", remedy="Try again.")
    world.desk.refuse_early = lambda *_args, **_options: None
    resident.decide("consent")
    assert "没有看到清晰的人脸" in resident.page(language="zh-CN")
    assert 'name="agreed"' in resident.page()
