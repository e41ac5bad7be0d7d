"""R87: the end of the service erases every face and every consent, locks face for good, and leaves cards and PINs."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.consent import ConsentState
from gate.core.consent_record import EventKind, InvalidationReason
from gate.errors import RequestError, VaultError
from gate.govern.approval import approve, face_approved
from gate.govern.stop import plan, stop_service
from gate.store.account.audit import Action
from gate.store.account.signing import verify
from tests.govern.conftest import enter_people


@pytest.fixture
def later(noon):
    return noon + timedelta(days=1)


@pytest.fixture
def people(site, noon):
    people = enter_people(site, 3)
    site.credentials.issue_card(people[0], "26:451", at=noon)
    return people


def test_r87_the_plan_counts_and_changes_nothing(site, people):
    assert (plan(site).consents, plan(site).templates, plan(site).stopped_at) == (3, 3, None)
    assert site.templates.count() == 3


def test_r87_every_consent_ends_and_every_template_goes(site, settings, people, later):
    stop_service(settings, site, later)
    assert site.templates.count() == 0
    for person in people:
        assert [each.state for each in site.consents.of(person)] == [ConsentState.INVALIDATED]


def test_r87_the_ledger_says_why(site, settings, people, later):
    stop_service(settings, site, later)
    last = [entry.event for entry in site.ledger.all()][-3:]
    assert {(event.kind, event.reason) for event in last} == {
        (EventKind.INVALIDATED, InvalidationReason.SERVICE_STOPPED)
    }
    assert site.ledger.verify() is None


def test_r51_the_epochs_key_is_destroyed(site, settings, people, later):
    epoch = site.figures.epoch()
    secrets = set(settings.storage.keys_dir.glob("epoch-*"))
    stop_service(settings, site, later)
    assert site.figures.epoch() > epoch
    assert not secrets & set(settings.storage.keys_dir.glob("epoch-*"))


def test_r87_face_is_locked_for_good(site, settings, people, later):
    stop_service(settings, site, later)
    assert not face_approved(settings, site)
    with pytest.raises(RequestError) as refusal:
        approve(settings, site, approver="A", role="manager", at=later)
    assert refusal.value.code == "face-stopped"


def test_r87_cards_go_on(site, settings, people, later):
    stop_service(settings, site, later)
    assert site.credentials.check_card("26:451", later).granted


def test_r87_the_certificate_is_signed_and_says_what_was_done(site, settings, people, later):
    epoch = site.figures.epoch()
    certificate = stop_service(settings, site, later)
    said = verify(certificate.document, "certificate", public_key=site.signer.public_key).document
    assert (said["consents_ended"], said["templates_erased"], said["templates_left"]) == (3, 3, 0)
    assert said["stopped_at"] == "2026-11-23 12:00:00 UTC"
    assert said["epoch_keys_destroyed_up_to"] >= epoch
    heads = {head.seq: head.hash.hex() for head in site.audit.heads()}
    assert heads[said["audit_line"]] == said["audit_hash"]
    assert verify(certificate.document, "certificate").fingerprint in certificate.html
    assert "<script" not in certificate.html


def test_r55_the_end_stands_in_the_audit_log(site, settings, people, later):
    stop_service(settings, site, later)
    lines = [line for line in site.audit.entries() if line.action == Action.SERVICE_STOPPED]
    assert [json.loads(line.detail) for line in lines] == [{"consents": 3, "templates": 3}]
    assert site.audit.verify(later - timedelta(days=1000)) is None


def test_r87_an_end_that_was_interrupted_is_locked_and_finished_by_the_next(site, settings, people, later):
    class CutOff:
        def invalidate_all(self, *_arguments, **_values):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_service(settings, replace(site, consents=CutOff()), later)
    assert not face_approved(settings, site)
    assert site.templates.count() == 3
    said = json.loads(stop_service(settings, site, later + timedelta(hours=1)).document)["document"]
    assert (said["consents_ended"], said["templates_erased"]) == (3, 3)
    assert said["stopped_at"] == "2026-11-23 12:00:00 UTC"


def test_r87_while_another_process_changes_the_epoch_nothing_is_attested(site, settings, people, later):
    with site.epochs.alone() as alone:
        assert alone
        with pytest.raises(VaultError) as refusal:
            stop_service(settings, site, later)
    assert refusal.value.code == "stop-incomplete"
    assert site.templates.count() == 0
    assert stop_service(settings, site, later)


def test_r87_a_site_without_any_face_can_end_as_well(site, settings, later):
    said = json.loads(stop_service(settings, site, later).document)["document"]
    assert (said["consents_ended"], said["templates_erased"]) == (0, 0)


def test_r55_nothing_is_attested_from_an_altered_log(site, settings, people, later):
    stop_service(settings, site, later)

    def harm(connection):
        connection.execute("DROP TRIGGER audit_log_never_changes")
        connection.execute("UPDATE audit_log SET detail = 'x' WHERE action = 'service-stopped'")

    site._database.write(harm)
    with pytest.raises(VaultError) as refusal:
        stop_service(settings, site, later)
    assert refusal.value.code == "record-altered"
    assert site.templates.count() == 0
