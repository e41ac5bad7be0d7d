"""R80, R87: face runs under an approval of the very configuration, signed by this device, and never after the end."""

from datetime import timedelta

import pytest

from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action

CONFIG, OTHER = "a" * 64, "b" * 64
COUNTS = {"consents": 2, "templates": 1}


@pytest.fixture
def assessments(store):
    return store.assessments


@pytest.fixture
def approve(assessments, noon):
    def approve(config=CONFIG, at=noon):
        return assessments.approve(config, '{"text":"canary"}', "Canary Approver", "manager", at)

    return approve


def test_r80_nothing_is_approved_at_first(assessments):
    assert not assessments.is_approved(CONFIG)


def test_r80_an_approval_holds_for_its_configuration_and_no_other(assessments, approve):
    approve()
    assert assessments.is_approved(CONFIG)
    assert not assessments.is_approved(OTHER)


def test_r82_approvals_are_kept_word_for_word(assessments, approve, noon):
    first = approve()
    approve(OTHER, noon + timedelta(days=1))
    kept = assessments.all()
    assert [(each.config_sha256, each.approved_at) for each in kept] == [
        (CONFIG, noon),
        (OTHER, noon + timedelta(days=1)),
    ]
    assert (kept[0].id, kept[0].document, kept[0].approver, kept[0].role) == (
        first,
        '{"text":"canary"}',
        "Canary Approver",
        "manager",
    )


def test_r80_an_approval_survives_a_restart(open_store, noon):
    store = open_store()
    store.assessments.approve(CONFIG, "{}", "A", "manager", noon)
    store.close()
    assert open_store().assessments.is_approved(CONFIG)


@pytest.mark.parametrize(
    "change",
    [
        f"config_sha256 = '{OTHER}'",
        "approved_at = approved_at + 1",
        "signature = zeroblob(64)",
        "id = 'x'",
        "sealed = zeroblob(length(sealed))",
    ],
)
def test_r80_an_approval_that_was_altered_opens_nothing(assessments, approve, intruder, change):
    approve()
    with intruder() as connection:
        connection.execute(f"UPDATE assessments SET {change}")
    assert not assessments.is_approved(CONFIG)
    assert not assessments.is_approved(OTHER)
    with pytest.raises(VaultError) as refusal:
        assessments.all()
    assert refusal.value.code == "record-altered"


def test_r80_an_approval_of_another_device_opens_nothing(open_store, noon, tmp_path, intruder, assessments):
    other = open_store(data_dir=tmp_path / "data2", keys_dir=tmp_path / "keys2")
    other.assessments.approve(CONFIG, "{}", "A", "manager", noon)
    row = other._database.rows("SELECT * FROM assessments")[0]
    with intruder() as connection:
        connection.execute("INSERT INTO assessments VALUES (?, ?, ?, ?, ?, ?)", row)
    assert not assessments.is_approved(CONFIG)


def test_r55_an_approval_stands_in_the_audit_log_without_a_name(store, approve):
    assessment = approve()
    line = store.audit.entries(newest=1)[0]
    assert (line.action, line.object) == (Action.ASSESSMENT_APPROVED, assessment)
    assert "Canary" not in line.detail


def test_r50_neither_the_words_nor_the_approver_are_readable_in_the_database(store, approve, database_path):
    approve()
    store.close()
    assert not any(b"anary" in file.read_bytes() for file in database_path.parent.iterdir())


def test_r87_after_the_end_of_the_service_no_approval_holds_and_none_can_be_made(assessments, approve, noon):
    approve()
    assessments.stop("north", noon, COUNTS)
    assert assessments.stopped_at == noon
    assert not assessments.is_approved(CONFIG)
    with pytest.raises(RequestError) as refusal:
        approve(OTHER)
    assert refusal.value.code == "face-stopped"
    assert len(assessments.all()) == 1


def test_r87_the_first_end_of_the_service_holds(store, noon):
    store.assessments.stop("north", noon, COUNTS)
    store.assessments.stop("north", noon + timedelta(days=1), COUNTS)
    assert store.assessments.stopped_at == noon
    assert [each.action for each in store.audit.entries(newest=2)] == [Action.SERVICE_STOPPED] * 2
