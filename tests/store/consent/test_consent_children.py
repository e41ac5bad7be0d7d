"""Children under 14: off by default, a guardian, a second approval, and asked afresh at 14 (R27)."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from gate.core.consent import AgeBand, Approver, By, Channel, ConsentState
from gate.core.consent_record import ExpiryReason, InvalidationReason
from gate.errors import RequestError
from gate.store.account.audit import Actor
from tests.consents import AT_DESK, WITH_CHILDREN, agreement, childs_agreement
from tests.notices import publish_major

STAFF = By(Channel.DESK, "desk")
BIRTHDAY = date(2027, 2, 1)
FOURTEEN = datetime(2027, 1, 31, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(open_store):
    return open_store(terms=WITH_CHILDREN)


@pytest.fixture
def child(store):
    return store.people.add("301", "Xiao Ming", "")


@pytest.fixture
def enrol_child(store, child, noon):
    def enrol_child(site=store, *, at=noon, opened=True, said=None, turns_14_on=BIRTHDAY):
        opening = site.consents.open_minor(child, Approver.MANAGER, at=at, by=STAFF) if opened else None
        said = said or childs_agreement(site, turns_14_on)
        return site.consents.enrol(child, said, at=at, epoch=1, template=bytes(512), opening=opening)

    return enrol_child


def refused(act, *arguments, **options):
    with pytest.raises(RequestError) as refusal:
        act(*arguments, **options)
    return refusal.value.code


def test_a_guardians_consent_is_on_record_with_relation_and_how_it_was_checked(store, child, enrol_child):
    enrol_child()
    asked = store.consents.record(child)[0].asked
    assert asked.age_band is AgeBand.UNDER_14
    assert (asked.guardian.relation, asked.guardian.checked_by) == ("parent", "household-register")
    assert asked.turns_14_on == BIRTHDAY
    [consent] = store.consents.of(child)
    assert consent.under_14


def test_a_thirteen_year_old_without_a_guardian_is_refused(enrol_child, store):
    said = agreement(store, age_band=AgeBand.UNDER_14)
    assert refused(enrol_child, said=said) == "guardian-missing"
    assert store.templates.count() == 0


def test_face_is_off_for_children_unless_the_manager_enables_it(open_store, enrol_child):
    assert refused(enrol_child, open_store()) == "under-14-off"


def test_staff_enrol_a_child_only_with_a_second_approval(store, child, enrol_child, noon):
    assert refused(enrol_child, opened=False) == "minor-approval"
    other = store.people.add("302", "Ann", "")
    for opening in (
        store.consents.open_minor(other, Approver.MANAGER, at=noon, by=STAFF),
        store.consents.open_minor(child, Approver.MANAGER, at=noon - timedelta(minutes=15), by=STAFF),
    ):
        said = childs_agreement(store, BIRTHDAY)
        act = store.consents.enrol
        code = refused(act, child, said, at=noon, epoch=1, template=bytes(512), opening=opening)
        assert code == "minor-approval"


def test_each_opening_of_a_childs_record_is_in_the_audit_log_without_a_name(store, child, noon):
    store.consents.open_minor(child, Approver.PRIVACY_OFFICER, at=noon, by=STAFF)
    [line] = [entry for entry in store.audit.entries() if entry.action == "minor-opened"]
    assert line.object != child  # R35: the lines that follow name the record
    assert json.loads(line.detail) == {"approver": "privacy-officer", "channel": "desk"}


def test_nobodys_approval_opens_a_record_that_is_not_there(store, noon):
    assert (
        refused(store.consents.open_minor, "nobody", Approver.MANAGER, at=noon, by=STAFF) == "person-unknown"
    )


def test_a_child_withdraws_without_any_approval(store, child, enrol_child, noon):
    """R24: withdrawing is never hindered."""
    enrol_child()
    assert store.consents.withdraw(child, at=noon, by=By(Channel.GATE, "resident")) is not None
    assert store.templates.count() == 0


def test_a_childs_consent_is_shorter_and_ends_at_the_birthday_at_the_latest(store, child, enrol_child, noon):
    enrol_child()
    [consent] = store.consents.of(child)
    assert consent.expires_at == FOURTEEN


def test_a_younger_childs_consent_is_shorter_than_an_adults(store, child, enrol_child, noon):
    enrol_child(turns_14_on=date(2030, 1, 1))
    assert store.consents.of(child)[-1].expires_at == noon + 180 * DAY


def test_a_known_child_does_not_grow_older_by_telling_another_birthday(store, child, enrol_child, noon):
    """R27: an earlier day would let the child consent alone from then on."""
    enrol_child()
    store.consents.withdraw(child, at=noon, by=AT_DESK)
    assert refused(enrol_child, turns_14_on=(noon + 2 * DAY).date()) == "birthday-differs"
    assert store.people.get(child).turns_14_on == BIRTHDAY


def corrected(store, child, birthday, *, at, opened_for=None):
    opening = store.consents.open_minor(opened_for or child, Approver.MANAGER, at=at, by=STAFF)
    store.residents.correct_birthday(child, birthday, opening, at=at, actor=Actor.INSTALLER)


def test_a_birthday_is_corrected_with_a_second_approval_on_record(store, child, enrol_child, noon):
    """R27, R71."""
    enrol_child()
    store.consents.withdraw(child, at=noon, by=AT_DESK)
    corrected(store, child, date(2030, 1, 1), at=noon)
    enrol_child(turns_14_on=date(2030, 1, 1))
    [line] = [entry for entry in store.audit.entries() if entry.action == "person-corrected"]
    assert "2030" not in line.detail


def test_no_birthday_is_corrected_with_another_records_approval(store, child, enrol_child, noon):
    """R27."""
    enrol_child()
    store.consents.withdraw(child, at=noon, by=AT_DESK)
    other = store.people.add("302", "Ann", "")
    assert refused(corrected, store, child, date(2030, 1, 1), at=noon, opened_for=other) == "minor-approval"


def test_no_birthday_is_corrected_under_a_consent_that_stands(store, child, enrol_child, noon):
    """R27: that consent ends by the day it was given under."""
    enrol_child()
    assert refused(corrected, store, child, date(2030, 1, 1), at=noon) == "birthday-stands"


def test_a_birthday_that_nobody_told_is_not_corrected(store, child, noon):
    assert refused(corrected, store, child, date(2030, 1, 1), at=noon) == "birthday-unknown"


def test_on_the_fourteenth_birthday_the_face_ends_and_is_asked_for_afresh(store, child, enrol_child, noon):
    enrol_child()
    second = timedelta(seconds=1)
    assert len(store.templates.gallery(FOURTEEN - second).templates) == 1
    assert store.templates.gallery(FOURTEEN).templates == ()
    assert store.consents.expire(FOURTEEN) == 1
    last = store.consents.record(child)[-1]
    assert last.reason is ExpiryReason.TURNED_14
    own = store.consents.enrol(child, agreement(store), at=FOURTEEN, epoch=1, template=bytes(512))
    assert store.consents.of(child)[-1].id == own.consent
    assert store.people.get(child).turns_14_on is None


def test_a_childs_consent_whose_time_is_over_before_has_not_turned_14(store, child, enrol_child, noon):
    enrol_child(turns_14_on=date(2030, 1, 1))
    store.consents.expire(noon + 180 * DAY)
    assert store.consents.record(child)[-1].reason is ExpiryReason.SPAN_OVER


def test_staff_cannot_make_a_child_older_by_ticking_another_box(store, child, enrol_child, noon):
    enrol_child()
    assert refused(enrol_child, said=agreement(store)) == "guardian-missing"
    publish_major(store, noon)
    assert refused(store.consents.reconfirm, child, agreement(store), at=noon) == "guardian-missing"


def test_a_child_may_decline_without_a_guardian(store, child, enrol_child, noon):
    """R05: a no needs nobody's leave."""
    enrol_child()
    store.consents.refuse(child, agreement(store), at=noon)
    assert store.templates.count() == 0


def test_switched_off_again_children_leave_at_the_next_housekeeping(
    open_store, store, child, enrol_child, noon
):
    enrol_child()
    adult = store.people.add("302", "Ann", "")
    store.consents.enrol(adult, agreement(store), at=noon, epoch=1, template=bytes(512))
    without = open_store()
    assert without.consents.expire(noon) == 1
    assert without.consents.record(child)[-1].reason is InvalidationReason.UNDER_14_OFF
    assert [consent.state for consent in without.consents.of(adult)] == [ConsentState.GIVEN]


def test_a_guardian_agrees_again_for_a_child_with_approval(store, child, enrol_child, noon):
    enrol_child()
    publish_major(store, noon)
    said = childs_agreement(store, BIRTHDAY)
    assert refused(store.consents.reconfirm, child, said, at=noon) == "minor-approval"
    opening = store.consents.open_minor(child, Approver.MANAGER, at=noon, by=STAFF)
    store.consents.reconfirm(child, said, at=noon, opening=opening)
    assert store.consents.of(child)[-1].expires_at == FOURTEEN
    assert store.consents.withdraw(child, at=noon, by=AT_DESK).facts.erased == 1
