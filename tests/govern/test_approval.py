"""R80: an approval is for what was read, of the configuration that is in force."""

import json
from dataclasses import replace
from datetime import date

import pytest

from gate.core.registers import Processor, Register
from gate.core.retention import DATA_TABLE
from gate.errors import RequestError
from gate.govern.approval import approve, face_approved, present_sha256
from gate.govern.assessment import assessment, assessment_markdown, read_assessment
from gate.govern.facts import present_duties
from gate.store.account.audit import Action


@pytest.fixture
def said(settings, store, noon):
    return assessment(settings, store, noon)


@pytest.fixture
def approving(settings, store, noon):
    def approving(document=None, approver="Canary Approver", role="manager"):
        return approve(settings, store, approver=approver, role=role, at=noon, document=document)

    return approving


def test_r80_face_is_locked_until_somebody_approves(settings, store, approving):
    assert not face_approved(settings, store)
    assert approving() == present_sha256(settings, store)
    assert face_approved(settings, store)


def test_r80_a_document_with_remarks_is_kept_as_it_was_approved(settings, store, approving, said):
    said["sections"][-1]["text"].append("We asked the residents' committee.")
    approving(json.dumps(said))
    assert "residents' committee" in store.assessments.all()[0].document


def test_r80_an_older_document_is_refused_when_the_configuration_moved_on(changed, store, said, noon):
    moved = changed("face", retention_days=30)
    with pytest.raises(RequestError) as refusal:
        approve(moved, store, approver="A", role="manager", at=noon, document=json.dumps(said))
    assert refusal.value.code == "assessment-outdated"
    assert "gate govern assess" in refusal.value.remedy
    assert store.assessments.all() == ()


def test_r80_a_document_whose_hash_was_written_over_is_refused(changed, store, said):
    moved = changed("face", retention_days=30)
    present = present_sha256(moved, store)
    said["config_sha256"] = present
    with pytest.raises(RequestError) as refusal:
        read_assessment(json.dumps(said), present)
    assert refusal.value.code == "assessment-outdated"


def test_r80_a_document_with_another_hash_than_its_own_configuration_is_refused(approving, said):
    said["config_sha256"] = "0" * 64
    with pytest.raises(RequestError) as refusal:
        approving(json.dumps(said))
    assert refusal.value.code == "assessment-outdated"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "7", '{"schema": "gate-assessment-1"}', "\ufffd", "[" * 100_000]
)
def test_what_is_no_assessment_is_refused(text):
    with pytest.raises(RequestError) as refusal:
        read_assessment(text, "0" * 64)
    assert refusal.value.code == "assessment-malformed"


@pytest.mark.parametrize("key", ["schema", "sections", "config_sha256", "configuration"])
def test_an_assessment_without_a_part_is_refused(approving, said, key):
    del said[key]
    with pytest.raises(RequestError) as refusal:
        approving(json.dumps(said))
    assert refusal.value.code == "assessment-malformed"


@pytest.mark.parametrize("role", ["guard", "installer", "operator"])
def test_r53_r80_an_office_that_may_not_approve_is_denied(approving, store, role):
    with pytest.raises(RequestError) as refused:
        approving(role=role)
    assert refused.value.code == "role-denied"
    assert store.assessments.all() == ()


@pytest.mark.parametrize(("approver", "role"), [("", "manager"), ("Ada", ""), ("  ", "manager")])
def test_an_approval_without_name_or_office_is_refused(approving, approver, role):
    with pytest.raises(RequestError) as refusal:
        approving(approver=approver, role=role)
    assert refusal.value.code == "approver-missing"


def test_r80_the_assessment_says_what_pipl_56_asks(settings, store, said, noon):
    titles = [section["id"] for section in said["sections"]]
    assert titles == ["purpose", "data", "risks", "accuracy", "children", "recipients", "residual"]
    text = assessment_markdown(settings, store, noon)
    for words in ("Necessity", "Alternatives", "card and PIN", "R51", "of the tries measured", "under 14"):
        assert words in text
    assert all(row.what in text for row in DATA_TABLE)
    assert present_sha256(settings, store) in text


def test_without_models_the_assessment_claims_nothing_of_accuracy(settings, store, noon, tmp_path):
    bare = settings.model_copy(update={"models_dir": tmp_path / "none"})
    assert "nothing is claimed" in assessment_markdown(bare, store, noon)


def test_children_are_said_where_the_site_offers_face_to_them(settings, store, noon, changed):
    under_14 = settings.face.under_14.model_copy(update={"enabled": True})
    assert "does not offer face" in assessment_markdown(settings, store, noon)
    assert "offers face to children" in assessment_markdown(changed("face", under_14=under_14), store, noon)


def test_r55_the_approvers_name_is_not_in_the_audit_log(store, approving):
    approving()
    lines = store.audit.entries()
    assert lines[-1].action == Action.ASSESSMENT_APPROVED
    assert not any("Canary" in line.detail + line.object for line in lines)


FIXERS = Processor("Fixers", "+86 2", "repair", "none", "sealed", date(2026, 1, 1))


def agreed(store, noon, *, told):
    """Give whether it was approved, and not refused for the processors; the duties must say the same."""
    code = None
    try:
        approve(told, store, approver="A", role="manager", at=noon)
    except RequestError as refusal:
        code = refusal.code
    listed = any(duty.requirement == "R83" for duty in present_duties(told, store, noon))
    assert (code, listed) in {(None, False), ("processors-untold", True)}
    return code is None


def test_r83_a_notice_that_says_none_is_not_approved_while_the_register_has_a_processor(
    settings, changed, store, noon
):
    assert agreed(store, noon, told=settings)
    entry = store.registers.add(Register.PROCESSOR, FIXERS, noon)
    assert not agreed(store, noon, told=settings)
    assert agreed(store, noon, told=changed("site", processors=("Fixers",)))
    store.registers.revise(entry, replace(FIXERS, ended_on=noon.date()), noon)
    assert agreed(store, noon, told=settings)


def test_r83_a_notice_that_names_processors_is_not_approved_while_the_register_has_none(changed, store, noon):
    assert not agreed(store, noon, told=changed("site", processors=("Fixers",)))
