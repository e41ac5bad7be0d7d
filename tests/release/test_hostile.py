"""Release files made to harm whoever only looks at them: refused in words, in little memory and in one pass (R57)."""

import io
import os
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from gate.errors import RequestError
from gate.release.sealed import MANIFEST_NAME, read_manifest, unpack
from tests.release.signed import Makers
from tests.release.test_trust import told

LITTLE_BYTES = 4 << 20
HUGE_BYTES = 900 << 20


@pytest.fixture
def makers(tmp_path):
    return Makers(tmp_path)


def head(name, size, kind=tarfile.REGTYPE):
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return entry.tobuf(tarfile.GNU_FORMAT)


def refused(path, makers):
    """Look at a file; give why it was refused, and how much memory that took."""
    tracemalloc.start()
    try:
        with pytest.raises(RequestError) as error:
            read_manifest(path, makers.public)
        return error.value.code, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_an_extended_head_of_any_length_is_not_read(makers, tmp_path, kind):
    path = tmp_path / "huge.release"
    with path.open("wb") as file:
        file.write(head("extended", HUGE_BYTES, kind))
        os.truncate(file.fileno(), HUGE_BYTES + tarfile.BLOCKSIZE)
    _, memory = refused(path, makers)
    assert memory < LITTLE_BYTES


def test_heads_of_heads_are_not_followed(makers, tmp_path):
    path = tmp_path / "deep.release"
    path.write_bytes((head("extended", 0, tarfile.XHDTYPE)) * 4000)
    assert refused(path, makers)[0] == "release-malformed"


def test_a_manifest_that_claims_more_than_a_manifest_holds_is_not_read(makers, tmp_path):
    path = tmp_path / "claims.release"
    path.write_bytes(head(MANIFEST_NAME, HUGE_BYTES))
    code, memory = refused(path, makers)
    assert (code, memory < LITTLE_BYTES) == ("release-malformed", True)


def test_a_negative_size_leads_nowhere_back(makers, tmp_path):
    path = tmp_path / "back.release"
    path.write_bytes(head(MANIFEST_NAME, -512) * 3)
    assert refused(path, makers)[0] == "release-malformed"


def test_what_is_no_file_is_not_waited_for(makers, tmp_path):
    assert refused(tmp_path, makers)[0] == "release-absent"
    assert refused(Path("/dev/zero"), makers)[0] == "release-malformed"


def test_a_sparse_file_is_no_plain_one(makers, tmp_path):
    manifest = told(makers)
    entry = tarfile.TarInfo("gate-0.2.0-py3-none-any.whl")
    entry.type, entry.size = tarfile.GNUTYPE_SPARSE, 7
    raw = makers.publish_raw(manifest, [(entry, b"a wheel")])
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(RequestError) as error:
        unpack(raw, into, makers.public)
    assert error.value.code == "release-altered"
    assert not list(into.iterdir())


def test_a_file_named_twice_is_refused_and_the_first_is_not_replaced(makers, tmp_path):
    path = makers.publish()
    whole = path.read_bytes().rstrip(b"\0")
    whole += bytes(-len(whole) % tarfile.BLOCKSIZE)
    more = io.BytesIO()
    with tarfile.open(fileobj=more, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        entry = tarfile.TarInfo("gate-0.2.0-py3-none-any.whl")
        entry.size = 7
        tar.addfile(entry, io.BytesIO(b"a whale"))
    path.write_bytes(whole + more.getvalue())
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(RequestError) as error:
        unpack(path, into, makers.public)
    assert error.value.code == "release-altered"
    assert (into / "gate-0.2.0-py3-none-any.whl").read_bytes() == b"a wheel"
