"""kill -9 at any moment: what was answered is there, what was not is not."""

import subprocess
import sys

import pytest

from tests.tallies import sums

PROLOGUE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from gate.core.types import AttemptId, Decision, Method, Reason
from gate.store import Store
from tests.consents import TERMS, give
from tests.notices import publish_notice
from tests.passages import passage
root = Path(sys.argv[1])
noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
store = Store.open(root / "data", root / "keys", credentials_dir=None, gate_id="north", terms=TERMS,
                   model_sha256="a" * 64)
def record(attempt):
    passage(store, Decision(AttemptId(attempt), Method.CARD, True, Reason.KNOWN_CREDENTIAL), at=noon)
def wait():
    print("ready", flush=True)
    sys.stdin.read()
"""
RECORDED = 'record("a1"); wait()'
IN_TRANSACTION = """
record("a1")
def work(connection):
    connection.execute("INSERT INTO decisions VALUES ('a2', 0, 'north', 'card', 1, 'x', NULL)")
    connection.execute("PRAGMA cache_spill = 1")
    for number in range(4000):
        connection.execute("INSERT INTO decisions VALUES (?, 0, hex(randomblob(900)), 'card', 1, 'x', NULL)",
                           (f"b{number}",))
    wait()
store._database.write(work)
"""


def kill_when_ready(tmp_path, script):
    command = [sys.executable, "-c", PROLOGUE + script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        ready = process.stdout.readline()
        process.kill()
        process.communicate()
    assert ready == b"ready\n"


@pytest.mark.parametrize(
    "script", [RECORDED, IN_TRANSACTION], ids=["after the answer", "in a large transaction"]
)
def test_an_answered_record_survives_a_kill_and_an_unanswered_one_does_not(tmp_path, open_store, script):
    kill_when_ready(tmp_path, script)
    store = open_store()
    assert store._database.rows("SELECT attempt FROM decisions") == [("a1",)]
    assert sums(store) == (1, 0)
    assert store._database.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_kill_between_withdrawal_and_scrub_leaves_no_byte_after_the_next_start(tmp_path, open_store):
    script = """
person = store.people.add("301", "Li Na", "")
publish_notice(store, noon)
give(store, person, at=noon)
[[sealed]] = store._database.rows("SELECT sealed FROM templates")
(root / "sealed").write_bytes(sealed)
store._database.write(lambda connection: connection.execute("DELETE FROM templates"))
wait()
"""
    kill_when_ready(tmp_path, script)
    sealed = (tmp_path / "sealed").read_bytes()
    files = list((tmp_path / "data").iterdir())
    assert any(sealed in path.read_bytes() for path in files)
    open_store()
    assert not any(sealed in path.read_bytes() for path in (tmp_path / "data").iterdir())
