"""Real heads in motion: the faces of the example film, followed from cut to cut, as clips of a second."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np

from gate.vision.pipeline import Pipeline

MODELS = Path(__file__).parents[3] / "models"
FACE_PX = 60
EVERY, LOOKS = 2, 15
"""Every second frame of 30 a second, for a second."""


class Known:
    """Stands in for the detector: each frame of a clip shows the one face that is followed."""

    def __init__(self, faces):
        self._faces = iter(faces)

    def detect(self, _frame):
        return (next(self._faces),)


def windows(path):
    """Give clips of one face each of the film at *path*, with their detections; none where it is not there."""
    if not path.is_file():
        return
    pipeline, film = Pipeline.load(MODELS, ("cpu",), 1), cv2.VideoCapture(str(path))
    frames = list(
        itertools.takewhile(lambda each: each is not None, (film.read()[1] for _ in itertools.count()))
    )
    followed = []
    for number, frame in enumerate(frames):
        for face in pipeline.detect(frame):
            if face.box[2] < FACE_PX:
                continue
            track = next(
                (each for each in followed if each[-1][0] == number - 1 and _is_near(each[-1][1], face)), None
            )
            if track is None:
                followed.append([(number, face)])
            else:
                track.append((number, face))
    for track in followed:
        looks = track[::EVERY]
        for start in range(0, len(looks) - LOOKS + 1, LOOKS):
            part = looks[start : start + LOOKS]
            clip = ((frames[number], index / 15) for index, (number, _) in enumerate(part))
            yield clip, Known([face for _, face in part])


def _is_near(last, face):
    moved = np.hypot(*(face.landmarks.mean(axis=0) - last.landmarks.mean(axis=0)))
    return moved < 0.25 * last.box[2] and abs(np.log(face.box[2] / last.box[2])) < 0.2
