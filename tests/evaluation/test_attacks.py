"""A sample passes if it is called live at any frame, and each species is counted apart."""

import cv2
import numpy as np
import pytest

from gate.core.liveness import Verdict
from gate.errors import RequestError
from gate.evaluation.attacks import attack_table, judge_attacks
from gate.vision.detect import Face

DARK, FACE, LIVELY = 0, 100, 200


class GreyDetector:
    """Sees a face in any picture but a black one."""

    def detect(self, frame):
        return (Face((0, 0, 9, 9), 0.9, np.zeros((5, 2), np.float32)),) if frame.any() else ()


class GreyJudge:
    """Calls a bright frame live, for that frame."""

    def __init__(self):
        self.level = 0.0
        self.wiped = 0
        self.times = []

    def observe(self, frame, _face, at):
        self.level = float(frame.mean())
        self.times.append(at)
        return True

    def verdict(self, _level, _at):
        return Verdict.LIVE if self.level > 150 else Verdict.UNDECIDED

    def wipe(self):
        self.level = 0.0
        self.wiped += 1


def picture(path, level):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", np.full((9, 9, 3), level, np.uint8))[1].tobytes())


@pytest.fixture
def folder(tmp_path):
    picture(tmp_path / "print" / "one.png", FACE)
    picture(tmp_path / "print" / "two.png", LIVELY)
    picture(tmp_path / "print" / "dark.png", DARK)
    for number, level in enumerate((FACE, LIVELY, FACE)):
        picture(tmp_path / "replay" / "clip" / f"{number}.png", level)
    picture(tmp_path / "live" / "one.png", LIVELY)
    picture(tmp_path / "live" / "two.png", FACE)
    return tmp_path


def silent(*_):
    pass


def test_each_species_is_counted_apart_and_what_shows_no_face_is_told(folder):
    found = {each.name: each for each in judge_attacks(folder, GreyDetector(), GreyJudge(), silent)}
    assert (found["print"].samples, found["print"].without_face, found["print"].passed.value) == (3, 1, 0.5)
    assert found["live"].passed.value == 0.5


def test_one_live_frame_is_enough_for_an_attack_to_pass(folder):
    found = {each.name: each for each in judge_attacks(folder, GreyDetector(), GreyJudge(), silent)}
    assert found["replay"].passed.value == 1


def test_the_clip_is_wiped_after_every_sample(folder):
    judge = GreyJudge()
    judge_attacks(folder, GreyDetector(), judge, silent)
    assert judge.wiped == 6


def test_the_worst_species_stands_first_and_live_people_last(folder):
    rows = attack_table(judge_attacks(folder, GreyDetector(), GreyJudge(), silent)).rows
    assert [row[0] for row in rows] == ["replay", "print", "live"]
    assert [row[3] for row in rows] == ["APCER", "APCER", "BPCER"]


def test_a_video_is_looked_at_frame_by_frame(tmp_path):
    (tmp_path / "replay").mkdir()
    writer = cv2.VideoWriter(
        str(tmp_path / "replay" / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 64)
    )
    for level in (FACE, FACE, LIVELY):
        writer.write(np.full((64, 64, 3), level, np.uint8))
    writer.release()
    judge = GreyJudge()
    assert judge_attacks(tmp_path, GreyDetector(), judge, silent)[0].passed.value == 1
    assert judge.times == [0, 0.04, 0.08]


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(RequestError, match="holds no folder"):
        judge_attacks(tmp_path, GreyDetector(), GreyJudge(), silent)


def test_what_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "print").mkdir()
    (tmp_path / "print" / "a.mp4").write_bytes(b"no video")
    with pytest.raises(RequestError, match="no video"):
        judge_attacks(tmp_path, GreyDetector(), GreyJudge(), silent)
