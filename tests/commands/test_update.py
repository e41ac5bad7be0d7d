"""``gate update`` as somebody at a terminal meets it: what it takes, what it refuses, and what it says then (R57)."""

import pytest
from typer.testing import CliRunner

from gate.cli import cli
from gate.release.journal import Course, Journal, Result, Step
from gate.release.place import Place, Version
from tests.release.signed import NOW, Makers

OLD = Version(0, 1, 0)


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path / "opt", tmp_path / "work")
    place.folder(OLD).mkdir(parents=True)
    place.switch(place.finish(OLD, 9))
    return place


@pytest.fixture
def makers(tmp_path):
    return Makers(tmp_path)


def update(place, makers, verb, *words):
    others = [] if verb in {"list", "roll-back", "recover"} else ["--keys", str(makers.keys)]
    where = ["--root", str(place.root), "--work", str(place.work), *others]
    config = [] if verb == "list" else ["--config", str(place.root / "none.toml")]
    return CliRunner().invoke(cli, ["update", verb, *map(str, words), *where, *config])


def test_a_genuine_release_is_told_from_others_without_changing_anything(place, makers):
    result = update(place, makers, "check", makers.publish())
    assert result.exit_code == 0
    assert "signed and fits" in result.stdout
    assert place.in_force().version == OLD


def test_a_strangers_release_is_neither_found_good_nor_installed(place, makers, tmp_path):
    release = Makers(tmp_path, "strangers").publish()
    for verb in ("check", "install"):
        assert update(place, makers, verb, release).exception.code == "release-unsigned"
    assert [each.version for each in place.installed()] == [OLD]


def test_an_older_release_is_refused(place, makers):
    assert (
        update(place, makers, "install", makers.publish(Version(0, 0, 9))).exception.code == "release-older"
    )


@pytest.mark.slow
def test_a_release_whose_environment_cannot_be_made_leaves_all_as_it_was(place, makers):
    # Genuine, and its wheel is none: the environment is begun, and taken away again.
    result = update(place, makers, "install", makers.publish(Version(0, 2, 0)))
    assert result.exception.code == "release-not-made"
    assert place.in_force().version == OLD
    assert not (place.work / "unpacked").exists()
    assert Journal(place).read() is None


def test_a_release_for_another_python_is_refused(place, makers):
    result = update(place, makers, "install", makers.publish(pythons=("3.99",)))
    assert result.exception.code == "release-python"


def test_the_list_says_what_is_in_force_and_how_updates_ended(place, makers):
    course = Course(Step.UNDOING, OLD, NOW, copied=False, served=True)
    Journal(place).note(course, Result.UNDONE, "it did not become ready")
    result = update(place, makers, "list")
    assert "0.1.0  database schema 9  in force" in result.stdout
    assert "0.1.0 to 0.2.0  taken back: it did not become ready" in result.stdout


def test_nobody_goes_back_where_nothing_is_kept(place, makers):
    assert update(place, makers, "roll-back").exception.code == "nothing-earlier"


def test_recovery_with_nothing_interrupted_says_so(place, makers):
    assert "No update was interrupted." in update(place, makers, "recover").stdout
