"""Carrying templates to the next epoch, in a process of its own: all of them, or a clear error and nothing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import numpy as np
import pytest

from gate.errors import VaultError
from gate.vision import renewal
from gate.vision.protection import SIZE, Protection
from gate.vision.renew import MAX_TEMPLATES, renew

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def faces(count):
    rows = np.random.default_rng(3).standard_normal((count, SIZE))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("<f4")


def rows_of(vectors):
    return [row.tobytes() for row in vectors]


FACES = faces(5)
TEMPLATES = rows_of(Protection(OLD).apply(FACES))


def in_loop(*args, **options):
    return asyncio.run(renewal.renewed(*args, **options))


@pytest.fixture(params=[renewal.renewed_now, in_loop], ids=["command line", "service"])
def renewed(request):
    return request.param


def refusal(renewed, *args, **options):
    with pytest.raises(VaultError) as refused:
        renewed(*args, **options)
    assert refused.value.code == "renewal-failed"
    return refused.value


# --- whole ---


def test_renewed_templates_are_those_of_the_same_faces_under_the_new_seed_in_order(renewed):
    """ISO/IEC 24745, renewability; R51: what the old seed protected is carried over without its person."""
    answer = np.frombuffer(b"".join(renewed(OLD, NEW, TEMPLATES)), "<f4").reshape(-1, SIZE)
    np.testing.assert_allclose(answer, Protection(NEW).apply(FACES), atol=1e-6)


def test_no_templates_need_no_process(renewed, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert renewed(OLD, NEW, []) == []


def test_many_templates_pass_the_pipes(renewed):
    """More than a pipe holds, both ways at once."""
    many = TEMPLATES * 400
    assert len(renewed(OLD, NEW, many)) == len(many)


def test_the_parent_s_side_loads_no_numpy():
    script = "import sys, gate.vision.renewal; print(*({'numpy', 'cv2', 'onnxruntime'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).split() == []


# --- refused ---


@pytest.mark.parametrize(
    ("old", "new", "templates"),
    [
        (OLD[:-1], NEW, TEMPLATES),
        (OLD, NEW + b"\0", TEMPLATES),
        (OLD, OLD, TEMPLATES),
        (OLD, NEW, [TEMPLATES[0], TEMPLATES[1][:-1]]),
        (OLD, NEW, [TEMPLATES[0][:-4], TEMPLATES[1] + bytes(4)]),
        (OLD, NEW, [TEMPLATES[0] + TEMPLATES[1], b""]),
        (OLD, NEW, [TEMPLATES[0], bytes(512)]),
    ],
    ids=[
        "short seed",
        "long seed",
        "same seed",
        "short template",
        "shifted templates",
        "two in one",
        "no face",
    ],
)
def test_what_cannot_be_renewed_is_refused_whole(renewed, old, new, templates):
    refusal(renewed, old, new, templates)


CHILDREN = {
    "dies": "sys.exit(1)",
    "dies after a whole answer": "sys.stdout.buffer.write(sys.stdin.buffer.read()[64:]); sys.exit(1)",
    "answers too little": "sys.stdout.buffer.write(sys.stdin.buffer.read()[65:])",
    "answers too much": "sys.stdout.buffer.write(sys.stdin.buffer.read()[63:])",
    "never reads": "sys.exit(0)",
}


@pytest.fixture
def child(tmp_path, monkeypatch):
    def play(does):
        script = tmp_path / "python"
        script.write_text(f"#!{sys.executable}\nimport sys, time\n{does}\n")
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    return play


@pytest.mark.parametrize("does", CHILDREN.values(), ids=CHILDREN)
def test_an_answer_that_is_not_whole_is_refused(renewed, child, does):
    child(does)
    refusal(renewed, OLD, NEW, TEMPLATES * 400)


def test_a_child_that_hangs_is_killed(renewed, tmp_path, monkeypatch):
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    refusal(renewed, OLD, NEW, TEMPLATES, patience=0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_child_that_cannot_start_is_the_same_error(renewed, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    refusal(renewed, OLD, NEW, TEMPLATES)


def test_r30_the_error_shows_neither_seed_nor_template(renewed):
    error = refusal(renewed, OLD, OLD, TEMPLATES)
    shown = f"{error!r}{error.__cause__!r}"
    assert repr(OLD)[2:20] not in shown
    assert repr(TEMPLATES[0])[2:20] not in shown


# --- the child ---


@pytest.mark.parametrize(
    ("request_bytes", "sentence"),
    [
        (b"", "two seeds"),
        (OLD + NEW[:-1], "two seeds"),
        (OLD + NEW + TEMPLATES[0][:-1], "whole templates"),
        (OLD + NEW + TEMPLATES[0] + b"\0", "whole templates"),
        (OLD + OLD + TEMPLATES[0], "the old one"),
        (OLD + NEW + bytes(512), "length 1"),
        (OLD + NEW + np.full(SIZE, np.nan, "<f4").tobytes(), "length 1"),
        (OLD + NEW + np.full(SIZE, np.inf, "<f4").tobytes(), "length 1"),
        (OLD + NEW + np.full(SIZE, 3e38, "<f4").tobytes(), "length 1"),
        (OLD + NEW + TEMPLATES[0] + (FACES[0] * 2).tobytes(), "length 1"),
        (OLD + NEW + bytes(512) * (MAX_TEMPLATES + 1), "more than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_malformed_request_is_refused_with_a_sentence(request_bytes, sentence):
    with pytest.raises(ValueError, match=sentence):
        renew(request_bytes)


def test_two_seeds_and_no_template_give_no_template():
    assert renew(OLD + NEW) == b""


def run(data):
    command = [sys.executable, "-m", "gate.vision.renew"]
    return subprocess.run(command, input=data, capture_output=True, check=False)


def test_the_process_answers_on_standard_output_and_says_nothing_else():
    done = run(OLD + NEW + b"".join(TEMPLATES))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == renew(OLD + NEW + b"".join(TEMPLATES))


def test_the_process_ends_with_one_sentence_and_no_output_for_a_malformed_request():
    done = run(OLD + NEW + TEMPLATES[0][:-1])
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().strip() == "The input is not two seeds and whole templates."


def test_r30_the_process_writes_no_core_and_cannot_be_dumped():
    script = (
        "import ctypes, io, resource, sys; from gate.vision import renew; sys.stdin = io.TextIOWrapper(io.BytesIO());"
        "\ntry: renew.main()\nexcept SystemExit: pass\n"
        "print(ctypes.CDLL(None).prctl(3), *resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).split() == ["0", "0", "0"]
