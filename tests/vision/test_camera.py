"""Every camera driver gives frames or one fault with its remedy, and leaves nothing open behind (R10)."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.errors import DeviceFault
from gate.vision.camera import DRIVERS, PipeCamera, open_camera
from gate.vision.client import SCENE_NAMES
from gate.vision.look import is_torn
from gate.vision.scenes import SCENES

RNG = np.random.default_rng(3)


def picture(level=120, shape=(48, 64, 3)):
    return np.clip(RNG.integers(-20, 20, shape) + level, 0, 255).astype(np.uint8)


def jpeg(level=120):
    return cv2.imencode(".jpg", picture(level))[1].tobytes()


def with_size(width, height):
    """Give a JPEG whose header claims a size it does not have."""
    data = bytearray(jpeg())
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def fault_of(call):
    with pytest.raises(DeviceFault) as fault:
        call()
    assert fault.value.remedy
    return fault.value


@pytest.fixture
def nothing_left_open():
    """Hold that a test leaves no descriptor and no child process."""

    def look():
        children = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
        return len(list(Path("/proc/self/fd").iterdir())), "".join(children).split()

    gc.collect()  # what earlier tests left to it
    before = look()
    yield
    assert look() == before


def test_the_settings_can_name_every_driver_and_the_simulator_every_scene():
    assert set(DRIVERS) == {"v4l2", "stream", "rpicam", "jetson", "folder", "simulated"}
    assert tuple(SCENES) == SCENE_NAMES


# --- V4L2 and streams ---


@pytest.mark.parametrize("source", ["77", "/dev/video77"])
def test_an_absent_v4l2_device_names_itself_and_the_remedy(settings_for, source, nothing_left_open):
    fault = fault_of(lambda: open_camera(settings_for("v4l2", source)))
    assert (fault.code, "/dev/video77" in fault.what, "cable" in fault.remedy) == (
        "camera-absent",
        True,
        True,
    )


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    for level in (60, 120, 180):
        writer.write(picture(level))
    writer.release()
    return path


def test_a_film_gives_its_frames_and_then_is_silent(settings_for, film, nothing_left_open):
    camera = open_camera(settings_for("stream", film))
    frames = [camera.read() for _ in range(3)]
    assert [round(frame.mean(), -1) for frame in frames] == [60, 120, 180]
    assert {(frame.shape, frame.dtype.name) for frame in frames} == {((48, 64, 3), "uint8")}
    assert fault_of(camera.read).code == "camera-silent"
    camera.close()


def test_a_camera_closed_early_lets_go_of_the_device(settings_for, film, nothing_left_open):
    camera = open_camera(settings_for("stream", film))
    camera.read()
    camera.close()


def test_an_absent_stream_never_shows_its_address_or_password(settings_for, capfd):
    fault = fault_of(lambda: open_camera(settings_for("stream", "rtsp://resident:s3cret@127.0.0.1:1/yard")))
    assert fault.code == "camera-absent"
    written = "".join(capfd.readouterr()) + f"{fault} {fault!r}"
    for word in ("resident", "s3cret", "yard"):
        assert word not in written


def test_settings_never_show_a_camera_s_address(settings_for):
    assert "s3cret" not in repr(settings_for("stream", "rtsp://resident:s3cret@host/"))


def test_a_stream_that_never_answers_is_absent_before_the_parent_loses_patience(settings_for):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"rtsp://127.0.0.1:{mute.getsockname()[1]}/x"
        assert fault_of(lambda: open_camera(settings_for("stream", address))).code == "camera-absent"


# --- programs that write JPEG ---

FAKE = """
import sys, time
arguments, jpegs, mode = sys.argv[1:4]
open(arguments, "w").write("\\n".join(sys.argv[4:]))
data = open(jpegs, "rb").read()
out = sys.stdout.buffer
if mode != "silent":
    out.write(data)
    out.flush()
while mode == "garbage":
    out.write(data)
if mode != "dies":
    time.sleep(60)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a fake camera program first in PATH; gives a function that returns where its arguments will stand."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def install(name, data, mode="stays"):
        script, jpegs, arguments = tmp_path / "fake.py", tmp_path / "jpegs", tmp_path / "arguments"
        script.write_text(FAKE)
        jpegs.write_bytes(data)
        wrapper = tmp_path / name
        wrapper.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -SE {script} {arguments} {jpegs} {mode} "$@"\n'
        )
        wrapper.chmod(0o755)
        return arguments

    return install


def test_rpicam_is_asked_for_the_frames_of_the_settings(settings_for, program, nothing_left_open):
    arguments = program("rpicam-vid", jpeg())
    camera = open_camera(settings_for("rpicam", "1", width_px=800, height_px=600, frames_per_s=15))
    assert camera.read().shape == (48, 64, 3)
    camera.close()
    asked = arguments.read_text().splitlines()
    options = dict(itertools.pairwise(asked))
    expected = {"--width": "800", "--height": "600", "--framerate": "15", "--camera": "1"}
    expected |= {"--codec": "mjpeg", "--output": "-", "--timeout": "0"}
    assert expected.items() <= options.items()
    assert "--nopreview" in asked


def test_jetson_is_asked_for_the_frames_of_the_settings(settings_for, program, nothing_left_open):
    arguments = program("gst-launch-1.0", jpeg())
    camera = open_camera(settings_for("jetson", "2", width_px=1280, height_px=720, frames_per_s=30))
    camera.read()
    camera.close()
    elements = " ".join(arguments.read_text().splitlines()).split(" ! ")
    assert elements[0].split()[-2:] == ["nvarguscamerasrc", "sensor-id=2"]
    assert elements[1:] == [
        "video/x-raw(memory:NVMM),width=1280,height=720,framerate=30/1",
        "nvjpegenc",
        "fdsink fd=1",
    ]


@pytest.mark.parametrize(("driver", "name"), [("rpicam", "rpicam-vid"), ("jetson", "gst-launch-1.0")])
def test_the_first_camera_is_used_unless_told(settings_for, program, driver, name):
    arguments = program(name, jpeg())
    camera = open_camera(settings_for(driver))
    camera.read()
    camera.close()
    assert any(first in arguments.read_text() for first in ("--camera\n0", "sensor-id=0"))


@pytest.mark.parametrize(("driver", "name"), [("rpicam", "rpicam-vid"), ("jetson", "gst-launch-1.0")])
def test_a_missing_program_is_named_with_the_remedy(settings_for, tmp_path, monkeypatch, driver, name):
    monkeypatch.setenv("PATH", str(tmp_path))
    fault = fault_of(lambda: open_camera(settings_for(driver)))
    assert fault.code == "camera-program"
    assert name in fault.what
    assert "Install" in fault.remedy


@pytest.mark.parametrize("driver", ["rpicam", "jetson"])
@pytest.mark.parametrize(
    "source", ["0 ! filesink location=/somewhere", "-1", "0 --output", "²", "/dev/video0"]
)
def test_a_camera_s_number_cannot_carry_a_command(settings_for, program, driver, source, nothing_left_open):
    program({"rpicam": "rpicam-vid", "jetson": "gst-launch-1.0"}[driver], jpeg())
    fault = fault_of(lambda: open_camera(settings_for(driver, source)))
    assert (fault.code, source in str(fault)) == ("camera-source", False)


class Watched(bytearray):
    """A buffer that remembers what was in the parts it dropped."""

    dropped = b""

    def __delitem__(self, part):
        self.dropped += bytes(self[part])
        super().__delitem__(part)


def test_a_frame_handed_over_is_overwritten_in_the_buffer(program, nothing_left_open):
    """R31."""
    program("rpicam-vid", jpeg(40) + jpeg(80))
    camera = PipeCamera(["rpicam-vid"])
    camera._buffer = Watched()
    camera.read()
    assert camera._buffer.dropped
    assert not any(camera._buffer.dropped)
    camera.close()


def test_of_several_frames_waiting_the_newest_is_given(settings_for, program, nothing_left_open):
    program("rpicam-vid", jpeg(40) + jpeg(80) + jpeg(200), mode="dies")
    camera = open_camera(settings_for("rpicam"))
    camera._process.wait()
    assert round(camera.read().mean(), -1) == 200
    assert fault_of(camera.read).code == "camera-silent"
    camera.close()


def test_a_program_that_dies_is_a_silent_camera(settings_for, program, nothing_left_open):
    program("rpicam-vid", b"", mode="dies")
    camera = open_camera(settings_for("rpicam"))
    fault = fault_of(camera.read)
    assert (fault.code, "rpicam-vid" in fault.what) == ("camera-silent", True)
    camera.close()


@pytest.mark.parametrize(
    ("data", "mode"),
    [
        (b"", "silent"),
        (jpeg()[:-2], "stays"),
        (b"\xff\xd8 no picture \xff\xd9", "garbage"),
        (bytes(4096), "garbage"),
        (with_size(40_000, 40_000), "stays"),
        (b"\xff\xd9\xff\xd8", "stays"),
    ],
    ids=["silent", "truncated", "undecodable", "zeros", "huge", "ends before it starts"],
)
def test_a_program_without_a_whole_frame_is_silent_in_time(program, data, mode, nothing_left_open):
    program("rpicam-vid", data, mode)
    camera = PipeCamera(["rpicam-vid"], silence_s=0.4)
    assert fault_of(camera.read).code == "camera-silent"
    camera.close()


def test_an_endless_frame_is_refused_before_it_fills_the_memory(program, nothing_left_open):
    program("rpicam-vid", b"\xff\xd8" + bytes(1 << 20), mode="garbage")
    camera = PipeCamera(["rpicam-vid"], silence_s=60)
    assert fault_of(camera.read).code == "camera-silent"
    camera.close()


def test_a_frame_cut_inside_is_given_as_torn_and_the_next_one_whole(program, nothing_left_open):
    whole = cv2.imencode(".jpg", picture(120, (480, 640, 3)))[1].tobytes()
    program("rpicam-vid", whole[: len(whole) // 3] + b"\xff\xd9", mode="stays")
    camera = PipeCamera(["rpicam-vid"])
    assert is_torn(camera.read())
    camera.close()


def test_closing_twice_or_while_silent_leaves_no_process(program, nothing_left_open):
    program("rpicam-vid", b"", mode="silent")
    camera = PipeCamera(["rpicam-vid"])
    camera.close()
    camera.close()


# --- a folder of images ---


def write(folder, name, pixels):
    assert cv2.imwrite(str(folder / name), pixels)


def test_a_folder_gives_its_images_by_name_whatever_their_channels(settings_for, tmp_path, nothing_left_open):
    write(tmp_path, "1-colour.png", np.full((4, 6, 3), (10, 20, 30), np.uint8))
    write(tmp_path, "2-grey.png", np.full((4, 6), 77, np.uint8))
    write(tmp_path, "3-alpha.png", np.full((4, 6, 4), (1, 2, 3, 0), np.uint8))
    camera = open_camera(settings_for("folder", tmp_path))
    frames = [camera.read() for _ in range(3)]
    assert [frame.shape for frame in frames] == [(4, 6, 3)] * 3
    assert [tuple(frame[0, 0].tolist()) for frame in frames] == [(10, 20, 30), (77, 77, 77), (1, 2, 3)]
    assert fault_of(camera.read).code == "camera-silent"
    camera.close()


def test_a_corrupt_image_is_one_fault_and_the_next_image_is_read(settings_for, tmp_path):
    (tmp_path / "1.jpg").write_bytes(jpeg()[:40])
    write(tmp_path, "2.png", np.full((4, 6, 3), 50, np.uint8))
    camera = open_camera(settings_for("folder", tmp_path))
    assert fault_of(camera.read).code == "image-unreadable"
    assert camera.read().mean() == 50


def test_a_closed_folder_gives_nothing_more(settings_for, tmp_path):
    write(tmp_path, "1.png", np.full((4, 6, 3), 50, np.uint8))
    camera = open_camera(settings_for("folder", tmp_path))
    camera.close()
    assert fault_of(camera.read).code == "camera-silent"


@pytest.mark.parametrize("name", ["", "missing"])
def test_an_empty_or_missing_folder_is_a_fault_with_the_remedy(settings_for, tmp_path, name):
    camera = open_camera(settings_for("folder", tmp_path / name))
    fault = fault_of(camera.read)
    assert (fault.code, "Put images" in fault.remedy) == ("camera-silent", True)


# --- RTSP for real ---


@pytest.mark.skipif(
    shutil.which("ffmpeg") is None and os.environ.get("CI") != "true",
    reason="ffmpeg, which plays the camera, is not installed",
)
def test_a_real_rtsp_stream_is_read(settings_for, film, tmp_path):
    """OpenCV listens and ffmpeg pushes, so that no server is needed."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"rtsp://127.0.0.1:{probe.getsockname()[1]}/live"
    push = ["ffmpeg", "-loglevel", "quiet", "-stream_loop", "-1", "-re", "-i", str(film), "-c:v", "mpeg4"]
    reader = tmp_path / "read.py"
    reader.write_text(
        "import sys\nfrom gate.vision.client import VisionSettings\nfrom gate.vision.camera import open_camera\n"
        "camera = open_camera(VisionSettings('', 'stream', sys.argv[1], 64, 48, 25, 0.5, 0.1))\n"
        "print(camera.read().shape)\n"
    )
    listening = {"OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_transport;tcp|listen_timeout;8"}
    with subprocess.Popen(
        [sys.executable, str(reader), address], env=os.environ | listening, stdout=subprocess.PIPE, text=True
    ) as listener:
        while listener.poll() is None:
            subprocess.run([*push, "-t", "2", "-rtsp_transport", "tcp", "-f", "rtsp", address], check=False)
        assert listener.stdout.read() == "(48, 64, 3)\n"
