"""``gate key`` as the installer meets it: what it says, and what it never shows."""

import os
import pty
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.errors import RequestError, VaultError
from gate.keyplace import key_place
from gate.settings import read_settings
from gate.store.keyring.custody import load_root
from gate.store.keyring.keys import Custody
from tests.settings_file import settings_file

OLD, NEW = "correct horse battery staple", "nine quiet rivers at noon"


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """A gate of some custody, started once; systemd hands the passphrase over where one is given."""

    def gate(custody, passphrase=None):
        config = settings_file(tmp_path, storage=f'custody = "{custody}"')
        if passphrase is not None:
            (tmp_path / "credentials").mkdir()
            (tmp_path / "credentials" / "gate-passphrase").write_text(passphrase)
            (tmp_path / "credentials" / "gate-passphrase").chmod(0o400)
            monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
        open_store(read_settings(config)).close()
        return config

    return gate


def run(*arguments):
    return CliRunner().invoke(cli, ["key", *map(str, arguments)])


def on_a_terminal(config, *answers):
    """Run ``gate key passphrase`` as somebody at a terminal; give the exit code and all that was shown."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gate.cli", "key", "passphrase", "--config", str(config)]
    environment = {name: value for name, value in os.environ.items() if name != "CREDENTIALS_DIRECTORY"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        for answer in (*answers, None):
            try:
                while answer is None or not shown.rstrip(b" ").endswith(b":"):
                    shown += os.read(ours, 1024)
            except OSError:  # the other side is gone
                break
            os.write(ours, answer.encode() + b"\n")
            shown += b"\n"
        process.wait()
    os.close(ours)
    return process.returncode, shown.decode()


def opens_with(config, passphrase):
    place = key_place(read_settings(config))
    asked = type(place)(place.custody, place.keys_dir, None, lambda _question: passphrase)
    try:
        load_root(asked, create=False)
    except VaultError as error:
        return error.code
    return True


def test_the_status_names_custody_epoch_and_fingerprint_and_what_they_mean(gate, tmp_path):
    """R52"""
    config = gate("file")
    shown = run("status", "--config", config)
    assert shown.exit_code == 0
    for word in ("custody      file", "epoch        1: its secret is there", "fingerprint", "whoever copies"):
        assert word in shown.stdout
    secret = (tmp_path / "keys" / "gate-master-key").read_bytes()
    assert secret.hex() not in shown.stdout


def test_the_status_tells_of_a_lost_epoch_and_the_remedy(gate, tmp_path):
    config = gate("file")
    (tmp_path / "keys" / "epoch-9").write_bytes(b"of a newer database")
    (tmp_path / "keys" / "epoch-1").unlink()
    shown = run("status", "--config", config)
    assert shown.exit_code == 0
    assert "older than the keys" in shown.stdout


def test_before_the_first_start_there_is_nothing_to_tell_and_nothing_is_made(tmp_path):
    config = settings_file(tmp_path, storage='custody = "file"')
    for command in ("status", "passphrase"):
        assert isinstance(run(command, "--config", config).exception, RequestError)
    assert [path.name for path in tmp_path.iterdir()] == ["gate.toml"]


def test_a_key_without_passphrase_has_none_to_change(gate):
    shown = run("passphrase", "--config", gate("file"))
    assert shown.exception.code == "no-passphrase"


def test_without_a_terminal_nothing_is_changed(gate, monkeypatch):
    config = gate("passphrase", OLD)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    shown = run("passphrase", "--config", config)
    assert shown.exception.code == "key-passphrase-missing"
    assert opens_with(config, OLD) is True


def test_a_changed_passphrase_opens_and_the_old_one_does_not_and_neither_is_shown(gate, monkeypatch):
    config = gate("passphrase", OLD)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    exit_code, shown = on_a_terminal(config, OLD, NEW, NEW)
    assert exit_code == 0, shown
    assert "changed" in shown
    assert OLD not in shown
    assert NEW not in shown
    assert opens_with(config, NEW) is True
    assert opens_with(config, OLD) == "passphrase-wrong"


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (("not the one", NEW, NEW), "passphrase-wrong"),
        ((OLD, NEW, NEW + "!"), "passphrase-differs"),
        ((OLD, "too short", "too short"), "passphrase-short"),
    ],
)
def test_a_change_that_fails_keeps_the_old_passphrase(gate, monkeypatch, answers, code):
    config = gate("passphrase", OLD)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    exit_code, shown = on_a_terminal(config, *answers)
    assert exit_code == 1
    assert code in shown
    assert opens_with(config, OLD) is True


def test_every_custody_is_explained():
    from gate.check import _CUSTODY
    from gate.commands.key import _MEANS

    assert set(_MEANS) == set(_CUSTODY) == set(Custody)
