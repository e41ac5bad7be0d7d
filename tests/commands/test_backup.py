"""``gate backup``, ``gate restore`` and ``gate reset`` as somebody at a terminal, or a script, meets them."""

import os
import pty
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.settings import read_settings
from tests.settings_file import settings_text


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir(mode=0o700)
    return folder


class Gate:
    """One gate's command line."""

    def __init__(self, home, stick):
        home.mkdir()
        self.home, self.config = home, home / "gate.toml"
        self.config.write_text(settings_text(home, more=f'[backup]\nfolder = "{stick}"'))

    def __call__(self, *arguments, said=""):
        return CliRunner().invoke(cli, [*map(str, arguments), "--config", str(self.config)], input=said)

    @contextmanager
    def store(self):
        store = open_store(read_settings(self.config))
        yield store
        store.close()

    def code(self, *arguments, said=""):
        return self(*arguments, said=said).exception.code

    def on_a_terminal(self, *arguments, said):
        """Run a command whose output is a terminal; give what that showed."""
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "gate.cli", *arguments, "--config", str(self.config)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.DEVNULL
        ) as process:
            os.close(theirs)
            process.stdin.write(said.encode())
            process.stdin.close()
            shown = b""
            while True:
                try:
                    shown += os.read(ours, 4096)
                except OSError:  # the other end is closed
                    break
        os.close(ours)
        return shown.decode().replace("\r\n", "\n")

    def shares(self):
        shown = self.on_a_terminal("backup", "shares", said="north\n")
        return re.findall(r"^(?:[a-z]+ ){32}[a-z]+$", shown, re.MULTILINE)


@pytest.fixture
def gate(tmp_path, stick):
    gate = Gate(tmp_path / "one", stick)
    assert gate("resident", "add", "--unit", "1203", said="Ada Chen\n\n40451\n").exit_code == 0
    return gate


@pytest.fixture
def replacement(tmp_path, stick):
    return Gate(tmp_path / "two", stick)


def test_a_backup_is_made_where_the_settings_say_and_noted_in_the_log(gate, stick):
    made = gate("backup", "make")
    assert made.exit_code == 0, made.output
    [path] = stick.glob("gate-*.gatebackup")
    assert str(path) in made.stdout
    with gate.store() as store:
        [entry] = [each for each in store.audit.entries() if each.action == "backup-made"]
        assert entry.object in made.stdout
        assert entry.actor == "installer"


def test_verify_says_whole_how_old_and_how_many_without_writing(gate, stick):
    gate("backup", "make")
    before = {path: path.read_bytes() for path in stick.iterdir()}
    told = gate("backup", "verify", stick)
    assert "whole and unaltered, made by gate north" in told.stdout
    assert "0 h ago, with residents: 1." in told.stdout
    assert {path: path.read_bytes() for path in stick.iterdir()} == before


def test_verify_says_when_no_face_would_come_back(gate, stick):
    gate("backup", "make")
    (stick / "tombstones.json").unlink()
    assert "No face template would come back: the list" in gate("backup", "verify", stick).stdout


def test_a_restore_brings_back_what_was_deleted_by_mistake(gate, stick):
    gate("backup", "make")
    with gate.store() as store:
        store._database.write(lambda c: c.execute("DELETE FROM credentials"))
    restored = gate("restore", stick, said="north\n")
    assert restored.exit_code == 0, restored.output
    assert "with residents: 1." in restored.stdout
    assert "A new epoch began" in restored.stdout
    with gate.store() as store:
        assert store.credentials.check_card("26:40451", datetime.now(UTC)).granted


def test_a_medium_that_is_not_there_is_told_before_anybody_types_a_share(gate, stick):
    refused = gate("restore", stick / "elsewhere", "--shares", said="")
    assert refused.exception.code == "backup-missing"
    assert "Type" not in refused.output


def test_the_shares_bring_a_replacement_up(gate, replacement, stick):
    """R52: nothing but paper and the medium."""
    gate("backup", "make")
    one, _, three = gate.shares()
    restored = replacement("restore", stick, said=f"north\n{one}\n{three}\n")
    assert restored.exit_code == 0, restored.output
    assert replacement("resident", "list").stdout == "1203\tAda Chen\n"
    assert not any(" ".join(share.split()[:3]) in restored.output for share in (one, three))


def test_shares_are_shown_on_a_terminal_only(gate):
    assert gate.code("backup", "shares", said="north\n") == "shares-terminal"


def test_shares_are_not_shown_without_the_gates_id(gate):
    assert "Share 1" not in gate.on_a_terminal("backup", "shares", said="south\n")


def test_the_log_tells_of_shares_by_their_numbers_alone(gate):
    gate.shares()
    with gate.store() as store:
        [entry] = [each for each in store.audit.entries() if each.action == "recovery-shared"]
        assert entry.detail == '{"of":3,"threshold":2}'


def test_too_few_shares_are_told_and_nothing_is_made(gate, replacement, stick):
    gate("backup", "make")
    said = f"north\n{gate.shares()[0]}\n"
    assert replacement.code("restore", stick, said=said) == "shares-few"
    assert not (replacement.home / "data" / "gate.sqlite3").exists()


def test_shares_of_another_gate_do_not_replace_a_devices_own_key(gate, replacement, stick):
    gate("backup", "make")
    replacement("resident", "list")
    one, two, _ = gate.shares()
    assert replacement.code("restore", stick, "--shares", said=f"north\n{one}\n{two}\n") == "key-other"


def test_a_lost_key_is_healed_with_shares(gate, stick):
    gate("backup", "make")
    one, two, _ = gate.shares()
    key = gate.home / "keys" / "gate-master-key"
    key.write_bytes(b"short")
    refused = gate("restore", stick, said="north\n").exception
    assert refused.code == "key-length"
    assert "--shares" in refused.remedy
    assert gate("restore", stick, "--shares", said=f"north\n{one}\n{two}\n").exit_code == 0
    assert gate("resident", "list").stdout == "1203\tAda Chen\n"


@pytest.mark.parametrize("command", [("restore", "."), ("reset",)])
@pytest.mark.parametrize("said", ["", "\n", "south\n", "y\n"])
def test_without_the_gates_id_nothing_is_replaced_or_erased(gate, command, said):
    assert gate(*command, said=said).exit_code == 1
    assert gate("resident", "list").stdout == "1203\tAda Chen\n"


def test_a_reset_leaves_nobody_and_says_what_remains(gate, stick):
    """R59."""
    gate("backup", "make")
    done = gate("reset", said="north\n")
    assert done.exit_code == 0, done.output
    assert "Backups and printed shares remain" in done.stdout
    assert gate("resident", "list").stdout == ""
    assert not (stick / "escrow").exists()


def test_check_tells_of_an_absent_folder_an_empty_one_and_the_newest(gate, stick):
    def line():
        return next(each for each in gate("check").stdout.splitlines() if "backup" in each.split()[:2])

    assert "holds none yet" in line()
    gate("backup", "make")
    assert "ok" in line()
    assert "same disk" in line()
    for path in stick.iterdir():
        path.unlink()
    stick.rmdir()
    assert "backup-folder-absent" in line()


def test_a_backup_folder_inside_the_data_is_refused_by_the_settings(tmp_path):
    gate = Gate(tmp_path / "three", tmp_path / "three" / "data" / "backups")
    assert gate.code("check") == "settings-backup"


def test_without_a_named_folder_the_command_asks_for_one(gate):
    gate.config.write_text(gate.config.read_text().split("[backup]")[0])
    assert gate.code("backup", "make") == "backup-folder-unnamed"
