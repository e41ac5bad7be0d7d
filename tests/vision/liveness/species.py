"""Living heads, and the attacks on them by species, as clips of frames with their times."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from tests.vision.liveness.rendering import (
    EYES_MM,
    HEIGHT,
    WIDTH,
    Pose,
    bent,
    flat,
    head,
    person_mask,
    place,
    sensor,
    surface,
    texture_place,
    wall,
)

RATE = 15
"""Frames a second: what a small board looks at."""


def wander(rng, amount, slowest=2.5, fastest=0.8):
    """A smooth motion about 0, in *amount* at most: three swings of some seconds."""
    swings = [
        (rng.uniform(fastest, slowest), rng.uniform(0, 2 * math.pi), rng.uniform(0.4, 1)) for _ in range(3)
    ]
    total = sum(share for _, _, share in swings)
    return lambda at: (
        amount
        * sum(share * math.sin(2 * math.pi * at / period + phase) for period, phase, share in swings)
        / total
    )


def motion(rng, *, yaw, pitch, roll, shift, closer, z):
    ways = [wander(rng, each) for each in (yaw, pitch, roll, shift, shift / 2, closer)]

    def pose(at):
        y, p, r, dx, dy, dz = (way(at) for way in ways)
        return Pose(y, p, r, dx, dy, z + dz)

    return pose


def _lens(rng):
    return {"blur": rng.uniform(0.4, 1.0), "noise": rng.uniform(1.5, 4.0), "jpeg": int(rng.integers(70, 95))}


def _shown(photo, pose, height, interpolation=cv2.INTER_LINEAR):
    across, down = surface(pose, height)
    x, y = texture_place(photo, across, down)
    return cv2.remap(photo.pixels, x, y, interpolation, borderMode=cv2.BORDER_REPLICATE), across, down, (x, y)


def living(photo, rng, frames, *, amount=1.0, asked=None):
    """A head that moves as people do who look at a screen; *asked* (a function of time) adds degrees of yaw, pitch."""
    room, lens, z = wall(rng), _lens(rng), rng.uniform(420, 620)
    pose_at = motion(
        rng,
        yaw=amount * rng.uniform(4, 10),
        pitch=amount * rng.uniform(2, 6),
        roll=amount * rng.uniform(1, 4),
        shift=amount * rng.uniform(5, 20),
        closer=amount * rng.uniform(5, 30),
        z=z,
    )
    for index in range(frames):
        at = index / RATE
        pose = pose_at(at)
        if asked is not None:
            yaw, pitch = asked(at)
            pose = replace(pose, yaw=pose.yaw + yaw, pitch=pose.pitch + pitch)
        shown, across, down, _ = _shown(photo, pose, head)
        yield (
            sensor(place(room, shown, person_mask(across, down)), rng, gain=1 + 0.05 * math.sin(at), **lens),
            at,
        )


def _sheet(
    photo, rng, frames, *, height, yaw=15, pitch=10, margin=None, finish=None, texture=None, closer=40
):
    """A rectangle of paper or glass that a hand moves before the room."""
    room, lens, z = wall(rng), _lens(rng), rng.uniform(380, 560)
    pose_at = motion(
        rng,
        yaw=rng.uniform(0.3, 1) * yaw,
        pitch=rng.uniform(0.3, 1) * pitch,
        roll=rng.uniform(2, 8),
        shift=rng.uniform(8, 30),
        closer=rng.uniform(5, closer),
        z=z,
    )
    half = margin or (rng.uniform(1.8, 2.6), rng.uniform(2.2, 3.2))
    for index in range(frames):
        at = index / RATE
        pose = pose_at(at)
        picture = replace(photo, pixels=texture(at)) if texture else photo
        shown, across, down, where = _shown(picture, pose, height)
        u, v = across / EYES_MM, down / EYES_MM
        inside = np.minimum(half[0] - np.abs(u), half[1] - np.abs(v))
        frame = shown
        if finish is not None:
            frame = finish(frame, u, v, where, at, inside)
        mask = np.clip(inside * 40, 0, 1).astype(np.float32)
        yield sensor(place(room, frame, mask), rng, gain=1 + 0.05 * math.sin(at), **lens), at


def _glare(rng):
    """A lamp's reflection: it stays in the room while the sheet moves."""
    x, y = rng.uniform(0.3, 0.7) * WIDTH, rng.uniform(0.2, 0.6) * HEIGHT
    wide, high = rng.uniform(20, 60), rng.uniform(30, 120)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    spot = np.exp(-(((columns - x) / wide) ** 2) - ((rows - y) / high) ** 2)[..., None] * rng.uniform(60, 180)

    def finish(frame, u, v, where, at, inside):
        return np.clip(frame.astype(np.float32) + spot, 0, 255).astype(np.uint8)

    return finish


def _screen(rng):
    """Rows of light-emitting cells that beat with the sensor's, a dark bezel, and the backlight's bands."""
    pitch = rng.uniform(0.012, 0.03)  # of the distance between the eyes
    depth, bands = rng.uniform(0.15, 0.35), rng.uniform(0.0, 0.06)

    def finish(frame, u, v, where, at, inside):
        cells = (
            np.stack(
                [
                    1 - depth * (0.5 + 0.5 * np.sign(np.sin(2 * math.pi * (u / pitch + shift / 3))))
                    for shift in range(3)
                ],
                axis=-1,
            )
            * (1 - 0.3 * depth * (0.5 + 0.5 * np.sign(np.sin(2 * math.pi * v / pitch))))[..., None]
        )
        band = 1 + bands * np.sin(2 * math.pi * (np.arange(HEIGHT) / 170 + 3.7 * at))[:, None, None]
        lit = np.clip(frame * (0.35 + cells) * band, 0, 255)
        return np.where((inside < 0.15)[..., None], 12, lit).astype(np.uint8)

    return finish


def _paper(frame, u, v, where, at, inside):
    return np.where((inside < 0.12)[..., None], 240, frame).astype(np.uint8)


def print_still(photo, rng, frames):
    """A print on a stand, hardly moved."""
    return _sheet(photo, rng, frames, height=flat, yaw=0.5, pitch=0.5, finish=_paper, closer=5.1)


def print_by_hand(photo, rng, frames):
    return _sheet(photo, rng, frames, height=flat, finish=_paper)


def print_turned(photo, rng, frames):
    """A print turned about its axes as far as a face is still found."""
    return _sheet(photo, rng, frames, height=flat, yaw=40, pitch=30, finish=_paper)


def print_glossy(photo, rng, frames):
    return _sheet(photo, rng, frames, height=flat, finish=_glare(rng))


def print_bent(photo, rng, frames):
    sheet = bent(rng.uniform(1.6, 4.0), rng.choice([0.0, 90.0, rng.uniform(0, 180)]))
    return _sheet(photo, rng, frames, height=sheet, yaw=25, pitch=15)


def print_cut_out(photo, rng, frames):
    """A print cut to the face's outline and held before the own head: nothing around it moves with it."""
    return _sheet(photo, rng, frames, height=flat, margin=(1.15, 1.7))


def print_with_holes(photo, rng, frames):
    """Eyes and mouth cut out; what shows in them lies deeper, moves by itself, and blinks."""
    eyes = [photo.landmarks[0], photo.landmarks[1], photo.landmarks[3:5].mean(axis=0)]
    across = [wander(rng, 0.12 * photo.eyes_px) for _ in range(2)]
    beat = rng.uniform(0.7, 1.6)

    def texture(at):
        pixels = photo.pixels.copy()
        shift = np.float32([[1, 0, across[0](at)], [0, 1, across[1](at) / 2]])
        behind = cv2.warpAffine(photo.pixels, shift, pixels.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        holes = np.zeros(pixels.shape[:2], np.uint8)
        for number, (x, y) in enumerate(eyes):
            size = (0.42, 0.16) if number == 2 else (0.24, 0.11)
            axes = tuple(round(each * photo.eyes_px) for each in size)
            cv2.ellipse(holes, (round(float(x)), round(float(y))), axes, 0, 0, 360, 255, -1)
        if (at % beat) < 0.15:
            behind = cv2.GaussianBlur(behind, (0, 0), max(1.0, 0.08 * photo.eyes_px))
        pixels[holes > 0] = behind[holes > 0]
        return pixels

    return _sheet(photo, rng, frames, height=flat, texture=texture, finish=_paper)


def screen_still(photo, rng, frames):
    """A photograph on a telephone that is moved by hand."""
    return _sheet(photo, rng, frames, height=flat, finish=_screen(rng))


def replay(photo, rng, frames):
    """A clip of the person, moving as a living head does, on a screen in the hand."""
    return _replayed(photo, rng, frames, finish=_screen(rng))


def replay_fine(photo, rng, frames):
    """The same on a screen so fine and so near that neither cells nor bezel show."""
    return _replayed(photo, rng, frames, finish=None, margin=(6.0, 6.0))


def replay_of_answers(photo, rng, frames):
    """A clip in which the person does everything a gate may ask for, over and over, on such a screen."""
    order = rng.permutation(list(ANGLES))
    start = rng.uniform(0, 4.5)

    def doing(at):
        turn, share = divmod((at + start) / 1.5, 1.0)
        return answering(order[int(turn) % len(order)], 0.0, share * ANSWER_S)

    return _replayed(photo, rng, frames, asked=doing, finish=None, margin=(6.0, 6.0))


ANSWER_S = 1.2
ANGLES = {"turn-left": (-24.0, 0.0), "turn-right": (24.0, 0.0), "nod": (0.0, 18.0)}
"""Degrees; a negative yaw is to the person's own left here."""


def answering(challenge, since, at):
    """Degrees of yaw and pitch of someone who begins *since* to do what was asked."""
    share = min(max((at - since) / ANSWER_S, 0.0), 1.0)
    yaw, pitch = ANGLES[str(challenge)]
    return yaw * math.sin(math.pi * share), pitch * math.sin(math.pi * share)


def _replayed(photo, rng, frames, *, asked=None, **how):
    recorded = [frame for frame, _ in living(photo, rng, frames, asked=asked)]
    middle = np.array([WIDTH / 2, HEIGHT / 2])
    # Where the recording has its face, roughly: its eyes are some 75 of its pixels apart.
    film = replace(
        photo,
        landmarks=middle + 75.0 * np.array([[-0.5, -0.5], [0.5, -0.5], [0, 0], [-0.4, 0.55], [0.4, 0.55]]),
    )

    def texture(at):
        return recorded[min(round(at * RATE), frames - 1)]

    return _sheet(film, rng, frames, height=flat, texture=texture, yaw=6, pitch=6, **how)


ATTACKS = {
    "print, still": print_still,
    "print, moved by hand": print_by_hand,
    "print, turned far": print_turned,
    "print, glossy, under a lamp": print_glossy,
    "print, bent": print_bent,
    "print, cut to the face": print_cut_out,
    "print, eyes and mouth cut out": print_with_holes,
    "photograph on a screen": screen_still,
    "replay on a screen": replay,
    "replay, no cells or bezel in view": replay_fine,
    "replay of every answer, no cells or bezel": replay_of_answers,
}
