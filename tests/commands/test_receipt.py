"""``gate receipt verify`` and ``gate consent``, as somebody at a terminal meets them (R25)."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.core.consent_record import EventKind
from gate.errors import RequestError
from gate.settings import read_settings
from gate.store.account.signing import Signer, fingerprint
from tests.consents import AT_DESK, agreement, give
from tests.notices import publish_notice
from tests.receipts import DEVICE, receipt_of
from tests.settings_file import settings_file

OURS = fingerprint(DEVICE.public_key)
RECEIPT = receipt_of(EventKind.WITHDRAWN)
NOW = datetime.now(UTC)


def verify(*arguments, said=""):
    return CliRunner().invoke(cli, ["receipt", "verify", *arguments], input=said)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "receipt.json"
    path.write_text(RECEIPT.document)
    return path


@pytest.mark.parametrize("form", ["document", "compact"])
def test_a_receipt_is_checked_from_standard_input_in_either_form(form):
    result = verify("-", said=getattr(RECEIPT, form))
    assert result.exit_code == 0
    for words in ("withdrawn", "face template was destroyed", "2026-11-22 12:00:00 UTC", "consent given"):
        assert words in result.stdout
    for fact in (RECEIPT.reference, RECEIPT.facts.record, OURS, "version 1.0", "at most 365 days"):
        assert fact in result.stdout


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.REQUESTED])
def test_every_kind_of_receipt_is_told_in_plain_words(kind):
    result = verify("-", said=receipt_of(kind).document)
    assert result.exit_code == 0
    assert "what       " in result.stdout


def test_a_file_is_checked_and_the_reader_told_to_compare_the_fingerprint(file):
    assert "compare the fingerprint" in verify(str(file)).stdout


@pytest.mark.parametrize("spelled", [OURS, OURS.replace(" ", ""), OURS.upper(), OURS.replace(" ", ":")])
def test_the_demanded_device_is_recognised_however_its_fingerprint_is_typed(file, spelled):
    result = verify(str(file), "--fingerprint", spelled)
    assert result.exit_code == 0
    assert "compare" not in result.stdout


def test_another_devices_receipt_is_refused_where_ours_is_demanded(file):
    other = fingerprint(Signer(b"\3" * 32).public_key)
    result = verify(str(file), "--fingerprint", other)
    assert result.exit_code == 1
    assert isinstance(result.exception, RequestError)
    assert result.exception.code == "signer-unknown"
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (RECEIPT.document.replace("withdrawn", "given"), "signature-wrong"),
        (RECEIPT.document[:200], "document-malformed"),
        (RECEIPT.compact[:200], "document-malformed"),
        (DEVICE.issue("certificate", {}), "document-kind"),
        (DEVICE.issue("receipt", {}), "receipt-shape"),
        ("", "document-malformed"),
        ("x" * 70_000, "document-malformed"),
    ],
)
def test_altered_truncated_or_other_documents_exit_with_a_clear_error(said, code):
    result = verify("-", said=said)
    assert result.exit_code == 1
    assert result.exception.code == code
    assert result.exception.remedy
    assert result.stdout == ""


def test_a_file_that_is_not_there_or_a_fingerprint_that_is_none_is_told(tmp_path, file):
    assert verify(str(tmp_path / "none")).exception.code == "receipt-unreadable"
    assert verify(str(tmp_path)).exception.code == "receipt-unreadable"
    for text in ("", "abcd", OURS[:-1] + "g", OURS + "0"):
        assert verify(str(file), "--fingerprint", text).exception.code == "fingerprint-unfit"


@pytest.fixture
def config(tmp_path):
    path = settings_file(tmp_path)
    store = open_store(read_settings(path))
    publish_notice(store, NOW)
    resident = store.people.add("1203", "Ada Chen", "")
    give(store, resident, at=NOW)
    store.consents.refuse(store.people.add("1204", "Bo", ""), agreement(store), at=NOW)
    store.consents.withdraw(resident, at=NOW, by=AT_DESK)
    store.close()
    return path


def consent(config, *arguments):
    return CliRunner().invoke(cli, ["consent", *arguments, "--config", str(config)])


def test_a_ledger_that_holds_is_told_so(config):
    result = consent(config, "verify")
    assert result.exit_code == 0
    assert "holds" in result.stdout


def test_a_ledger_that_was_cut_is_told_with_the_first_break(config):
    store = open_store(read_settings(config))

    def cut(connection):
        connection.execute("DROP TRIGGER consent_events_stay")
        connection.execute("DELETE FROM consent_events WHERE seq = 5")

    store._database.write(cut)
    store.close()
    result = consent(config, "verify")
    assert result.exit_code == 1
    assert result.exception.code == "ledger-broken"
    assert "event 5" in str(result.exception)


def test_statistics_are_counts_and_name_nobody(config):
    result = consent(config, "stats")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["channel", "desk", "2"],
        ["notice", "1.0", "2"],
        ["standing", "refused", "1"],
        ["standing", "withdrawn", "1"],
    ]


def test_who_is_removed_gets_the_receipt_of_the_deleted_face_once(config):
    """R25: delete."""
    store = open_store(read_settings(config))
    give(store, store.people.add("1205", "Cai", ""), at=NOW)
    store.close()
    removed = CliRunner().invoke(cli, ["resident", "remove", "1205", "--yes", "--config", str(config)])
    [code] = [line for line in removed.stdout.splitlines() if line.startswith("GATE1:")]
    checked = verify("-", said=code)
    assert checked.exit_code == 0
    assert "Consent to face ended, not by withdrawal" in checked.stdout


def test_who_had_no_face_is_removed_without_a_receipt(config):
    removed = CliRunner().invoke(cli, ["resident", "remove", "1204", "--yes", "--config", str(config)])
    assert removed.exit_code == 0
    assert "GATE1:" not in removed.stdout
