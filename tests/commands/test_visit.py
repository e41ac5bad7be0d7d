"""``gate visit`` as somebody at a terminal, or a script, meets it."""

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import cv2
import pytest
import segno
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.settings import read_settings
from tests.settings_file import settings_file

NOW = datetime.now(UTC)
TOMORROW = f"{NOW + timedelta(days=2):%Y-%m-%d}"
OTHER_KEY = "00" * 32


@pytest.fixture
def config(tmp_path):
    return settings_file(tmp_path, site='time_zone = "Asia/Shanghai"')


@pytest.fixture
def run(gate):
    return gate


@pytest.fixture
def ada(run):
    assert run("resident", "add", "--unit", "1203", said="Ada Chen\n\n\n").exit_code == 0


@pytest.fixture
def invited(run, ada):
    def invited(*arguments):
        made = run("visit", "invite", "1203", "--until", TOMORROW, *arguments)
        assert made.exit_code == 0, made.output
        return made.stdout.splitlines()[0]

    return invited


@pytest.fixture
def opens(config):
    @contextmanager
    def opened():
        store = open_store(read_settings(config))
        yield store
        store.close()

    def opens(text):
        with opened() as store:
            return store.visits.check(text, datetime.now(UTC), clock_trusted=True).granted

    return opens


def verify(text, *arguments, said=""):
    given = ([] if text is None else [text]) + list(arguments)
    return CliRunner().invoke(cli, ["visit", "verify", *given], input=said)


def key_of(run):
    return run("visit", "key").stdout.strip()


def test_an_invited_guest_comes_in_once(invited, opens):
    text = invited()
    assert [opens(text), opens(text)] == [True, False]


def test_the_code_comes_first_and_its_id_and_times_beside_it(run, ada):
    made = run("visit", "invite", "1203", "--until", "2099-01-01")
    assert made.exception.code == "visit-span"
    begin = f"{NOW.astimezone() + timedelta(days=1):%Y-%m-%dT08:00+08:00}"
    made = run("visit", "invite", "1203", "--from", begin, "--until", begin.replace("T08:00", "T09:30"))
    assert made.stdout.startswith("GV1.")
    assert "08:00 CST until" in made.stderr
    assert "09:30 CST" in made.stderr
    assert re.search(r"gate visit revoke [0-9a-f]{32}", made.stderr)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_code_is_drawn_into_a_file(invited, tmp_path, kind):
    path = tmp_path / f"code.{kind}"
    text = invited(f"--{kind}", str(path))
    drawn = path.read_bytes()
    if kind == "svg":
        assert b"<svg" in drawn
    else:
        # Module by module: OpenCV's own decoder fails on one whole code in fifty.
        modules = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)[32:-32:8, 32:-32:8] == 0
        assert modules.tolist() == [
            [bool(each) for each in row] for row in segno.make(text, error="m").matrix
        ]


def test_a_file_that_cannot_be_written_swallows_no_code(run, ada, opens, tmp_path):
    made = run("visit", "invite", "1203", "--until", TOMORROW, "--png", str(tmp_path / "no" / "code.png"))
    assert made.exception.code == "file-unwritable"
    assert opens(made.stdout.splitlines()[0])


def test_a_code_is_listed_until_it_is_taken_back(run, invited, opens):
    text = invited()
    [line] = run("visit", "list", "1203").stdout.splitlines()
    visit = line.split("\t")[0]
    assert text not in line
    assert run("visit", "revoke", visit).exit_code == 0
    assert run("visit", "list", "1203").stdout == ""
    assert not opens(text)
    assert run("visit", "revoke", visit).exception.code == "visit-unknown"


def test_anybody_verifies_a_code_without_the_gate(run, invited):
    text = invited()
    answer = verify(text, "--public-key", key_of(run))
    assert answer.exit_code == 0, answer.output
    assert "holds now" in answer.stdout
    assert verify(None, "--public-key", key_of(run), "--gate", "north", said=text + "\n").exit_code == 0


def test_what_does_not_hold_ends_with_1_and_says_why(run, invited):
    text, key = invited(), key_of(run)
    later = invited("--from", TOMORROW)  # at no hour of the day here does that day stand already at the site
    for code, arguments, why in [
        ("'; DROP TABLE visits --", ["--public-key", key], "no visitor's code"),
        (text, ["--public-key", OTHER_KEY], "never signed"),
        (later, ["--public-key", key], "not hold yet"),
        (text, ["--public-key", key, "--gate", "south"], "another gate than south"),
    ]:
        answer = verify(code, *arguments)
        assert (answer.exit_code, why in answer.stdout) == (1, True), answer.output


@pytest.mark.parametrize("key", ["", "x", "00" * 31, "zz" * 32])
def test_a_public_key_that_is_none_is_told_as_such(key):
    assert verify("GV1.", "--public-key", key).exception.code == "key-unfit"


@pytest.mark.parametrize(
    "when", ["", "soon", "2026-13-01", "2026-12-01T25:00", "9999-12-31", "0001-01-01T00:00"]
)
def test_a_time_that_is_none_is_told_as_such_and_nothing_is_issued(run, ada, when):
    made = run("visit", "invite", "1203", "--until", when)
    assert made.exception.code in {"time-unfit", "visit-span"}
    assert run("visit", "list", "1203").stdout == ""


@pytest.mark.parametrize("command", [("invite", "9", "--until", TOMORROW), ("list", "9")])
def test_a_unit_without_a_resident_is_told_as_such(run, command):
    assert run("visit", *command).exception.code == "unit-unknown"
