"""Whatever the disk does to the ballast counts as "space low" and never stops the gate."""

import pytest

from gate.store.ballast import Ballast


def under_a_file(tmp_path):
    (tmp_path / "file").touch()
    return tmp_path / "file" / "ballast"


def looped(tmp_path):
    (tmp_path / "ballast").symlink_to(tmp_path / "ballast")
    return tmp_path / "ballast"


def in_a_loop(tmp_path):
    return looped(tmp_path) / "ballast"


def in_no_folder(tmp_path):
    return tmp_path / "none" / "ballast"


def a_folder(tmp_path):
    (tmp_path / "ballast").mkdir()
    return tmp_path / "ballast"


@pytest.mark.parametrize("harm", [under_a_file, looped, in_a_loop, in_no_folder, a_folder])
def test_a_ballast_that_cannot_be_kept_counts_as_space_low(tmp_path, harm):
    ballast = Ballast(harm(tmp_path))
    assert ballast.in_place is False
    assert ballast.release() is False
    ballast.take()
    assert ballast.path.is_symlink() or ballast.in_place is False


def test_a_ballast_is_kept_and_given_back_once(tmp_path):
    ballast = Ballast(tmp_path / "ballast")
    ballast.take()
    assert ballast.in_place is True
    assert [ballast.release(), ballast.release()] == [True, False]
