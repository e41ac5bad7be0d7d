"""A consent edited past the store opens no template, and the ledger tells of it (R20, R21, R24)."""

from datetime import timedelta

import pytest

from tests.consents import AT_DESK

EDITS = {
    "expires_at": "expires_at = expires_at + 86400 * 3650",
    "given_at": "given_at = given_at - 1",
    "subject_ref": "subject_ref = 'ffff'",
    "notice_version": "notice_version = '1.9'",
    "language": "language = 'en'",
    "under_14": "under_14 = 1",
}


@pytest.fixture
def edit(intruder):
    def edit(change):
        with intruder() as connection:
            connection.execute("DROP TRIGGER given_consent_keeps_its_terms")
            connection.execute(f"UPDATE consents SET {change}")

    return edit


@pytest.mark.parametrize("column", EDITS)
def test_an_edited_consent_leaves_its_template_faulty_for_the_gallery(
    store, resident, enrol, edit, noon, column
):
    """R20."""
    _, [template] = enrol(resident)
    edit(EDITS[column])
    gallery = store.templates.gallery(noon)
    assert (gallery.templates, gallery.faulty) == ((), (template,))


@pytest.mark.parametrize("column", EDITS)
def test_an_edited_consent_permits_nothing_to_a_gallery_loaded_before(
    store, resident, enrol, edit, noon, column
):
    """R21."""
    _, [template] = enrol(resident)
    assert store.templates.permits(template, noon)
    edit(EDITS[column])
    assert not store.templates.permits(template, noon)


@pytest.mark.parametrize("column", EDITS)
def test_an_edited_consent_does_not_verify(store, resident, enrol, edit, column):
    """R24."""
    enrol(resident)
    assert store.consents.verify() is None
    edit(EDITS[column])
    broken = store.consents.verify()
    assert broken is not None
    assert "other terms" in broken.why


def test_a_new_epoch_does_not_take_an_edited_consent_along(store, resident, enrol, edit, noon):
    """R20: sealing anew must not make the edit good."""
    enrol(resident)
    edit(EDITS["expires_at"])
    assert store.rotation.rotate_now(lambda _old, _new, templates: list(templates), noon)
    assert store.templates.gallery(noon).templates == ()


def test_after_a_new_epoch_the_unedited_consent_still_permits(store, resident, enrol, noon):
    _, [template] = enrol(resident)
    assert store.rotation.rotate_now(lambda _old, _new, templates: list(templates), noon)
    assert store.templates.permits(template, noon)


def test_a_restriction_taken_back_past_the_store_does_not_verify(store, resident, enrol, intruder, noon):
    """R21, R71."""
    enrol(resident)
    store.consents.restrict(resident, at=noon, by=AT_DESK)
    assert store.consents.verify() is None
    with intruder() as connection:
        connection.execute("UPDATE consents SET restricted_at = NULL")
    broken = store.consents.verify()
    assert broken is not None
    assert "unrestricted" in broken.why


def test_a_restriction_released_by_the_store_verifies(store, resident, enrol, noon):
    enrol(resident)
    store.consents.restrict(resident, at=noon, by=AT_DESK)
    store.consents.release(resident, at=noon + timedelta(hours=1), by=AT_DESK)
    assert store.consents.verify() is None
