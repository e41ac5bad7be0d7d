"""Declining, agreeing again, resting, and what is told of it all (R05, R22, R25, R71)."""

from datetime import timedelta

import pytest

from gate.core.consent import By, Channel, ConsentState
from gate.core.consent_record import EventKind, InvalidationReason, Standing
from gate.core.types import Method
from gate.errors import RequestError, VaultError
from gate.store import Kept
from tests.consents import AT_DESK, BY_GATE, agreement, give
from tests.notices import publish_major, publish_minor
from tests.passages import passage
from tests.store.consent.looks import audited, ids, kinds, states

AT_GATE = By(Channel.GATE, "resident")
DAY = timedelta(days=1)


def test_a_refusal_is_remembered_in_the_persons_own_sealed_record_only(store, resident, noon, database_path):
    """R05: so as not to ask again, and for nothing else."""
    receipt = store.consents.refuse(resident, agreement(store), at=noon)
    known = store.people.get(resident)
    assert known.refusal == receipt.facts.record
    assert receipt.facts.what is EventKind.REFUSED
    assert store._database.rows("SELECT count(*) FROM consents") == [(0,)]
    assert kinds(store, resident) == ["requested", "refused"]
    assert known.subject.encode() not in database_path.read_bytes()


def test_declining_a_new_notice_ends_the_consent_to_the_old_one(store, resident, enrol, noon):
    enrol(resident)
    publish_major(store, noon)
    store.consents.refuse(resident, agreement(store), at=noon)
    assert states(store, resident) == [ConsentState.WITHDRAWN]
    assert store.templates.count() == 0


def test_who_asks_for_face_after_all_is_heard_and_the_refusal_forgotten(store, resident, enrol, noon):
    """R05: what was kept of the refusal goes; its place in the chain stays."""
    refused = store.consents.refuse(resident, agreement(store), at=noon).facts.record
    enrol(resident)
    assert store.people.get(resident).refusal is None
    assert store.ledger.events_of(refused) == ()
    assert kinds(store, resident) == ["requested", "given"]
    assert store.consents.verify() is None


def test_a_second_refusal_takes_the_firsts_place(store, resident, noon):
    first = store.consents.refuse(resident, agreement(store), at=noon).facts.record
    second = store.consents.refuse(resident, agreement(store), at=noon).facts.record
    assert store.people.get(resident).refusal == second
    assert store.ledger.events_of(first) == ()


def test_a_refusals_content_goes_with_the_person(store, resident, noon):
    """R05."""
    refused = store.consents.refuse(resident, agreement(store), at=noon).facts.record
    store.residents.move_out("301", noon)
    assert store.ledger.events_of(refused) == ()
    assert store.consents.verify() is None


def test_a_template_lives_on_under_a_new_consent_without_the_camera(store, resident, enrol, noon):
    """R22."""
    old, [template] = enrol(resident, template=b"\5" * 512)
    publish_major(store, noon)
    later = noon + DAY
    assert ids(store, later) == []
    receipt = store.consents.reconfirm(resident, agreement(store), at=later)
    [(fresh, protected)] = store.templates.gallery(later).templates
    assert protected == b"\5" * 512
    assert fresh != template
    assert receipt.facts.what is EventKind.RECONFIRMED
    before, now = store.consents.of(resident)
    assert (before.id, before.state, now.state, now.notice) == (old, "invalidated", "given", "2.0")
    assert [event.erased for event in store.consents.record(resident)] == [0] * 5
    assert store.consents.verify() is None


def test_agreeing_again_gives_an_old_face_no_longer_life(store, resident, enrol, noon):
    """R75: twelve months from when the face was taken."""
    enrol(resident)
    publish_major(store, noon)
    store.consents.reconfirm(resident, agreement(store), at=noon + timedelta(days=100))
    old, new = store.consents.of(resident)
    assert new.expires_at == old.expires_at == noon + timedelta(days=365)


@pytest.mark.parametrize("case", ["never", "withdrawn", "expired", "not yet", "model", "epoch", "damaged"])
def test_without_a_template_that_opens_there_is_nothing_to_agree_to_again(
    open_store, store, resident, enrol, intruder, noon, case
):
    at = {"expired": noon + timedelta(days=365), "not yet": noon - DAY}.get(case, noon)
    if case != "never":
        enrol(resident)
    if case == "withdrawn":
        store.consents.withdraw(resident, at=noon, by=AT_DESK)
    publish_major(store, noon)
    with intruder() as connection:
        if case == "epoch":
            connection.execute("UPDATE templates SET epoch = 7")
        if case == "damaged":
            connection.execute("UPDATE templates SET sealed = zeroblob(540)")
    site = open_store(model_sha256="b" * 64) if case == "model" else store
    standing = states(store, resident)
    with pytest.raises((RequestError, VaultError)) as refusal:
        site.consents.reconfirm(resident, agreement(store), at=at)
    assert refusal.value.code == ("record-altered" if case == "damaged" else "reconfirm-nothing")
    assert states(store, resident) == standing


def test_agreeing_again_to_the_same_major_is_needless(store, resident, enrol, noon):
    enrol(resident)
    publish_minor(store, noon)
    with pytest.raises(RequestError) as refusal:
        store.consents.reconfirm(resident, agreement(store), at=noon)
    assert refusal.value.code == "reconfirm-needless"


def test_a_restricted_face_rests_and_comes_back_without_a_new_consent(store, resident, enrol, decide, noon):
    """R71."""
    _, [template] = enrol(resident)
    assert store.consents.restrict(resident, at=noon, by=AT_DESK) is True
    assert store.consents.restrict(resident, at=noon, by=AT_DESK) is False
    assert ids(store, noon) == []
    assert passage(store, decide(method=Method.FACE), at=noon, who=template) is Kept.NOT_CONSENTED
    assert store.consents.release(resident, at=noon, by=AT_DESK) is True
    assert store.consents.release(resident, at=noon, by=AT_DESK) is False
    assert ids(store, noon) == [template]
    lines = [entry.action for entry in store.audit.entries() if entry.action.startswith("face")]
    assert lines == ["face-restricted", "face-released"]


def test_restricting_without_a_consent_changes_nothing(store, resident, noon):
    assert store.consents.restrict(resident, at=noon, by=AT_DESK) is False
    assert audited(store) == []


def test_invalidating_says_why_and_is_no_withdrawal(store, resident, enrol, noon):
    enrol(resident)
    receipt = store.consents.invalidate(resident, InvalidationReason.UNUSED, at=noon, by=BY_GATE)
    assert (receipt.facts.what, receipt.facts.reason) == (EventKind.INVALIDATED, InvalidationReason.UNUSED)
    assert store.consents.invalidate(resident, InvalidationReason.UNUSED, at=noon, by=BY_GATE) is None


def test_stopping_the_service_ends_every_consent_at_once(store, resident, enrol, noon):
    """R87."""
    enrol(resident)
    enrol(store.people.add("302", "Ann", ""))
    stopped = InvalidationReason.SERVICE_STOPPED
    assert store.consents.invalidate_all(stopped, at=noon, by=BY_GATE) == 2
    assert store.consents.invalidate_all(stopped, at=noon, by=BY_GATE) == 0
    assert store.templates.count() == 0


def test_one_record_can_be_ended_inside_another_transaction(store, resident, enrol, noon):
    consent, _ = enrol(resident)

    def end():
        lost = InvalidationReason.TEMPLATE_LOST
        return store._database.write(lambda c: store.consents.end_record(c, consent, lost, at=noon))

    assert [end(), end()] == [True, False]
    assert states(store, resident) == [ConsentState.INVALIDATED]


def test_moving_out_is_no_withdrawal(store, resident, enrol, noon):
    """R75: the tenancy ended, nobody withdrew."""
    consent, _ = enrol(resident)
    store.residents.move_out("301", noon)
    [*_, last] = store.ledger.events_of(consent)
    assert last.event.reason is InvalidationReason.TENANCY_ENDED


def test_statistics_count_and_name_nobody(store, resident, enrol, noon):
    enrol(resident)
    other = store.people.add("302", "Ann", "")
    enrol(other)
    store.consents.withdraw(other, at=noon, by=AT_GATE)
    store.consents.refuse(store.people.add("303", "Bo", ""), agreement(store), at=noon)
    counts = store.consents.statistics()
    assert counts.by_state == {Standing.GIVEN: 1, Standing.WITHDRAWN: 1, Standing.REFUSED: 1}
    assert counts.by_version == {"1.0": 3}
    assert counts.by_channel == {Channel.DESK: 3}


def test_every_step_can_be_attested_again_to_the_byte(store, resident, enrol, noon):
    """R25: no receipt is stored; each is issued from the ledger."""
    first = give(store, resident, at=noon).receipt
    second = store.consents.withdraw(resident, at=noon, by=AT_DESK)
    third = store.consents.refuse(resident, agreement(store), at=noon)
    assert store.consents.receipts(resident) == (first, second, third)
    assert len({receipt.reference for receipt in (first, second, third)}) == 3
