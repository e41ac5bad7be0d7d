"""``gate govern``, ``gate audit``, ``gate evidence`` as somebody at a terminal, or a script, meets them."""

import json
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.check import check_gate
from gate.cli import cli
from gate.core.registers import Register, Sign
from gate.errors import RequestError
from gate.govern.approval import face_approved, present_sha256
from gate.notice import load_sources, publish
from gate.settings import read_settings
from gate.store.account.audit import Action
from tests.settings_file import settings_file

BANK = "Bank\n+86 1\nnone\npost\nnames\n\n"


@pytest.fixture
def config(tmp_path):
    return settings_file(tmp_path, more='[camera]\ndriver = "simulated"\n[face]\nenabled = true')


@pytest.fixture
def settings(config):
    return read_settings(config)


@pytest.fixture
def opened(settings):
    @contextmanager
    def opened():
        with closing(open_store(settings)) as store:
            yield store

    return opened


@pytest.fixture(autouse=True)
def published(opened, settings):
    with opened() as store:
        publish(store.notices, load_sources(settings), datetime.now(UTC))


@pytest.fixture
def gate(config):
    def gate(*arguments, said=""):
        return CliRunner().invoke(cli, [*map(str, arguments), "--config", str(config)], input=said)

    return gate


@pytest.fixture
def approved(gate, opened, settings):
    with opened() as store:
        present = present_sha256(settings, store)
    return gate("govern", "approve", said=f"Canary Approver\nmanager\n{present[:8]}\n")


def code_of(result):
    assert isinstance(result.exception, RequestError), result.output
    return result.exception.code


def test_r80_the_assessment_is_printed_to_be_read(gate):
    told = gate("govern", "assess")
    assert told.stdout.startswith("# Personal information protection impact assessment")
    assert "gate govern approve" in told.stderr
    assert "No notice" not in told.stderr


def test_r80_who_assesses_before_the_notice_is_told_to_publish_it_first(config, tmp_path):
    config.write_text(config.read_text().replace(f"{tmp_path}/", f"{tmp_path}/other-"))
    told = CliRunner().invoke(cli, ["govern", "assess", "--config", str(config)])
    assert "gate notice publish first" in told.stderr


def test_r80_what_was_read_is_approved_with_the_typed_hash(approved, opened, settings):
    assert approved.exit_code == 0, approved.output
    assert "Canary" not in approved.stdout
    with opened() as store:
        assert face_approved(settings, store)
        assert store.assessments.all()[0].approver == "Canary Approver"


@pytest.mark.parametrize("typed", ["", "00000000", "yes"])
def test_r80_without_the_typed_hash_nothing_is_approved(gate, opened, settings, typed):
    assert code_of(gate("govern", "approve", said=f"A\nmanager\n{typed}\n")) == "not-confirmed"
    with opened() as store:
        assert not face_approved(settings, store)


def test_r80_a_file_that_was_written_is_approved(gate, opened, settings, tmp_path):
    written = gate("govern", "assess", "--to", tmp_path / "pia")
    assert written.exit_code == 0, written.output
    document = json.loads((tmp_path / "pia.json").read_text())
    assert (tmp_path / "pia.md").stat().st_mode & 0o777 == 0o600
    said = f"Ada\nmanager\n{document['config_sha256'][:8]}\n"
    ended = gate("govern", "approve", "--document", tmp_path / "pia.json", said=said)
    assert ended.exit_code == 0, ended.output
    with opened() as store:
        assert face_approved(settings, store)


def test_r80_a_file_of_an_older_configuration_is_refused_before_anything_is_asked(gate, config, tmp_path):
    gate("govern", "assess", "--to", tmp_path / "pia")
    config.write_text(config.read_text().replace("enabled = true", "enabled = true\nretention_days = 30"))
    ended = gate("govern", "approve", "--document", tmp_path / "pia.json")
    assert code_of(ended) == "assessment-outdated"
    assert "Name" not in ended.stderr


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_told(gate, tmp_path, name):
    assert code_of(gate("govern", "approve", "--document", tmp_path / name)) == "input-unreadable"


def test_a_place_that_cannot_be_written_is_told_before_the_work(gate, tmp_path):
    assert code_of(gate("govern", "assess", "--to", tmp_path / "nowhere" / "pia")) == "output-unwritable"
    assert code_of(gate("evidence", "export", tmp_path / "nowhere" / "e.zip")) == "output-unwritable"


def test_r83_an_entry_is_made_listed_and_revised(gate):
    added = gate("govern", "register", "add", "recipient", said=BANK)
    assert "face is locked" in added.stdout
    entry = added.stdout.split()[1].rstrip(".")
    assert f"{entry}  revision 1" in gate("govern", "register", "list", "recipient").stdout
    revised = gate("govern", "register", "revise", "recipient", entry, said="Other Bank\n\n\n\n\n\n")
    assert revised.exit_code == 0, revised.output
    listed = gate("govern", "register", "list", "recipient", "--history").stdout
    assert listed.index("name: Bank") < listed.index("name: Other Bank")


def test_r82_the_processing_record_is_filled_in_from_the_settings(gate, opened):
    assert gate("govern", "register", "add", "processing", said="\n" * 7).exit_code == 0
    with opened() as store:
        assert "north" in store.registers.current(Register.PROCESSING)[0].fields.purpose


@pytest.mark.parametrize("said", ["", "Bank\n", "Bank\n\n"])
def test_an_entry_that_is_not_whole_is_not_entered(gate, opened, said):
    assert gate("govern", "register", "add", "recipient", said=said).exit_code == 1
    with opened() as store:
        assert store.registers.current(Register.RECIPIENT) == ()


def test_an_entry_of_another_register_or_of_none_is_told(gate, opened):
    with opened() as store:
        entry = store.registers.add(Register.SIGN, Sign("door", datetime.now(UTC).date()), datetime.now(UTC))
    assert code_of(gate("govern", "register", "revise", "recipient", entry)) == "entry-unknown"
    assert code_of(gate("govern", "register", "revise", "sign", "nothing")) == "entry-unknown"


def test_duties_tell_what_is_overdue_with_exit_code_1(gate):
    told = gate("govern", "duties")
    assert told.exit_code == 1
    assert told.stdout.startswith("OVERDUE now")
    assert "(R80)" in told.stdout


def test_duties_without_anything_overdue_end_well(gate, approved, opened):
    with opened() as store:
        store.registers.add(Register.SIGN, Sign("door", datetime.now(UTC).date()), datetime.now(UTC))
    told = gate("govern", "duties")
    assert told.exit_code == 0, told.stdout


def test_the_check_fails_while_something_is_overdue(settings, approved, opened):
    def seen():
        return next(finding for finding in check_gate(settings) if finding.subject == "duties")

    assert not seen().ok
    assert "gate govern duties" in seen().seen
    with opened() as store:
        store.registers.add(Register.SIGN, Sign("door", datetime.now(UTC).date()), datetime.now(UTC))
    assert seen().ok


def test_r87_the_service_is_stopped_with_the_gates_id_and_certified_on_paper(
    gate, approved, opened, tmp_path
):
    ended = gate("govern", "stop-service", "--to", tmp_path, said="north\n")
    assert ended.exit_code == 0, ended.output
    checked = CliRunner().invoke(
        cli, ["govern", "verify-certificate", str(tmp_path / "stop-certificate-north.json")]
    )
    assert "templates left: 0" in checked.stdout
    assert (tmp_path / "stop-certificate-north.html").exists()
    with opened() as store:
        assert store.assessments.stopped_at is not None


def test_r87_the_check_says_that_face_was_stopped(gate, settings, opened, tmp_path):
    gate("govern", "stop-service", "--to", tmp_path, said="north\n")
    face = next(finding for finding in check_gate(settings) if finding.subject == "face")
    assert face.ok
    assert face.seen.startswith("stopped on 20")


def test_r87_a_second_stop_says_when_and_leaves_log_and_certificate_alone(gate, opened, tmp_path):
    gate("govern", "stop-service", "--to", tmp_path, said="north\n")
    file = tmp_path / "stop-certificate-north.json"
    before = file.read_bytes()
    with opened() as store:
        lines, epoch = len(store.audit.entries()), store.figures.epoch()
    again = gate("govern", "stop-service", "--to", tmp_path, said="north\n")
    assert code_of(again) == "certificate-exists"
    assert "Face was stopped on 20" in str(again.exception)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert "was stopped on 20" in gate("govern", "stop-service", "--to", elsewhere).stderr
    assert (elsewhere / file.name).exists()
    assert file.read_bytes() == before
    with opened() as store:
        assert (len(store.audit.entries()), store.figures.epoch()) == (lines, epoch)


def test_r87_a_certificate_of_another_end_is_not_overwritten(gate, opened, tmp_path):
    file = tmp_path / "stop-certificate-north.json"
    file.write_text("{}")
    assert code_of(gate("govern", "stop-service", "--to", tmp_path, said="north\n")) == "certificate-exists"
    assert file.read_text() == "{}"
    with opened() as store:
        assert store.assessments.stopped_at is None


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "south\n"])
def test_r87_without_the_gates_id_nothing_is_stopped(gate, opened, tmp_path, typed):
    assert gate("govern", "stop-service", "--to", tmp_path, said=typed).exit_code == 1
    with opened() as store:
        assert store.assessments.stopped_at is None


def test_r87_an_altered_certificate_is_refused(gate, tmp_path):
    gate("govern", "stop-service", "--to", tmp_path, said="north\n")
    file = tmp_path / "stop-certificate-north.json"
    file.write_text(file.read_text().replace('"templates_erased": 0', '"templates_erased": 9'))
    ended = CliRunner().invoke(cli, ["govern", "verify-certificate", str(file)])
    assert code_of(ended) == "signature-wrong"


def test_r55_a_whole_log_is_verified_and_listed(gate, approved):
    assert "unaltered" in gate("audit", "verify").stdout
    listed = gate("audit", "list", "--newest", "1").stdout.splitlines()
    assert len(listed) == 1
    assert Action.ASSESSMENT_APPROVED in listed[0]


def test_r55_an_altered_line_ends_with_exit_code_1_and_its_number(gate, approved, settings):
    with closing(sqlite3.connect(settings.storage.data_dir / "gate.sqlite3")) as connection:
        connection.execute("DROP TRIGGER audit_log_never_changes")
        connection.execute("UPDATE audit_log SET actor = 'gate' WHERE seq = 1")
        connection.commit()
    verified = gate("audit", "verify")
    assert verified.exit_code == 1
    assert verified.stdout.startswith("BROKEN at line 1")


def test_r55_a_head_that_is_gone_is_told_until_it_is_accepted(gate, approved, settings):
    (settings.storage.keys_dir / "audit-head").unlink()
    for _ in range(2):
        assert gate("audit", "verify").exit_code == 1
    assert code_of(gate("audit", "accept", said="no\n")) == "not-confirmed"
    assert gate("audit", "accept", said="north\n").exit_code == 0
    assert gate("audit", "verify").exit_code == 0


def test_the_evidence_is_written_noted_and_verified_anywhere(gate, approved, tmp_path, opened):
    file = tmp_path / "evidence.zip"
    exported = gate("evidence", "export", file)
    assert exported.exit_code == 0, exported.output
    assert file.stat().st_mode & 0o777 == 0o600
    key = exported.stdout.split("fingerprint ")[1].strip(". \n")
    checked = CliRunner().invoke(cli, ["evidence", "verify", str(file), "--fingerprint", key])
    assert checked.exit_code == 0, checked.output
    assert "gate north" in checked.stdout
    other = CliRunner().invoke(cli, ["evidence", "verify", str(file), "--fingerprint", "0" * 32])
    assert code_of(other) == "signer-unknown"
    with opened() as store:
        assert store.audit.entries(newest=1)[0].action == Action.EVIDENCE_EXPORTED


def test_an_evidence_file_that_is_none_is_refused(tmp_path):
    file = tmp_path / "e.zip"
    file.write_bytes(b"PK\x03\x04")
    assert code_of(CliRunner().invoke(cli, ["evidence", "verify", str(file)])) == "evidence-unreadable"


def test_nothing_is_half_written_where_a_folder_takes_no_file(gate, tmp_path):
    (tmp_path / "e.zip").mkdir()
    assert code_of(gate("evidence", "export", tmp_path / "e.zip")) == "output-unwritable"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data", "e.zip", "gate.toml", "keys"]


def test_the_time_on_records_never_runs_backwards(gate, opened, approved):
    """A clock set back a year postpones no deadline: the latest time seen counts."""
    ahead = datetime.now(UTC) + timedelta(days=200)
    with opened() as store:
        store.clock.raise_to(ahead)
        store.registers.add(Register.SIGN, Sign("door", datetime.now(UTC).date()), datetime.now(UTC))
    assert "Look at a sign again" in gate("govern", "duties").stdout.splitlines()[0]
