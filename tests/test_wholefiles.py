"""A file is the old one or the new one, whole."""

import pytest

from gate.wholefiles import PARTIAL, read_whole, sweep_partial, write_pieces, write_whole


def test_a_file_takes_the_place_of_the_one_before_with_the_mode_asked_for(tmp_path):
    path = tmp_path / "kept"
    write_whole(path, b"old")
    assert path.stat().st_mode & 0o777 == 0o600
    write_whole(path, b"new", mode=0o644)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o644)
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "kept"
    write_whole(path, b"old")

    def pieces():
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_pieces(path, pieces())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_never_share_a_half_written_file(tmp_path):
    path = tmp_path / "kept"
    seen = []

    def pieces():
        seen.extend(tmp_path.iterdir())
        write_whole(path, b"the other's")
        yield b"mine"

    write_pieces(path, pieces())
    assert path.read_bytes() == b"mine"
    assert [each.name.endswith(PARTIAL) for each in seen] == [True]
    assert list(tmp_path.iterdir()) == [path]


def test_what_power_cuts_left_beside_a_file_is_swept_and_nothing_else(tmp_path):
    stay = {tmp_path / name for name in ("kept", f"kept2.x{PARTIAL}", "kept.txt", f"other.x{PARTIAL}")}
    for path in (*stay, tmp_path / f"kept.x{PARTIAL}", tmp_path / f"kept.y{PARTIAL}"):
        path.touch()
    sweep_partial(tmp_path / "kept")
    assert set(tmp_path.iterdir()) == stay


def test_no_more_is_read_than_such_a_file_may_hold(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"12345")
    assert read_whole(path, most=5) == b"12345"
    with pytest.raises(ValueError, match="kept"):
        read_whole(path, most=4)
