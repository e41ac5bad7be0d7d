"""Who was told that another face is much like theirs: on record with the template, gone with it, and never whose it is."""

from datetime import timedelta

import pytest

from tests.consents import agreement, give
from tests.notices import publish_major


def test_who_came_near_another_face_is_on_record_and_who_did_not_is_not(store, resident, noon):
    twin = store.people.add("302", "Ann", "")
    give(store, resident, at=noon)
    assert not store.templates.has_lookalikes
    give(store, twin, at=noon, lookalike=True)
    assert store.templates.has_lookalikes
    assert store.templates.lookalikes() == (twin,)
    assert [store.templates.is_lookalike(each) for each in (resident, twin)] == [False, True]


def test_r24_it_goes_with_the_template(store, resident, noon):
    given = give(store, resident, at=noon, lookalike=True)
    store.consents.withdraw(resident, at=noon, by=agreement(store).by)
    assert store.consents.of(resident)[0].id == given.consent
    assert (store.templates.lookalikes(), store.templates.is_lookalike(resident)) == ((), False)


@pytest.mark.parametrize("lookalike", [True, False])
def test_r22_it_stays_with_a_template_that_lives_on_under_a_new_consent(store, resident, noon, lookalike):
    give(store, resident, at=noon, lookalike=lookalike)
    publish_major(store, noon)
    store.consents.reconfirm(resident, agreement(store), at=noon + timedelta(days=1))
    assert store.templates.is_lookalike(resident) is lookalike


def test_a_face_taken_anew_that_is_like_nobodys_is_on_record_as_such(store, resident, noon):
    give(store, resident, at=noon, lookalike=True)
    give(store, resident, at=noon + timedelta(days=1))
    assert not store.templates.is_lookalike(resident)


def test_somebody_unknown_or_damaged_is_nobodys_lookalike(store, resident, intruder, noon):
    give(store, resident, at=noon, lookalike=True)
    with intruder() as connection:
        connection.execute("UPDATE people SET sealed = x'00'")
    assert not store.templates.is_lookalike(resident)
    assert not store.templates.is_lookalike("nobody")
    assert store.templates.lookalikes() == ()
