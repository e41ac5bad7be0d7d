"""A damaged template stops only itself (R76) and is never taken for another (R50)."""

import pytest


def gallery_ids(gallery):
    return [template for template, _ in gallery.templates]


def test_a_tampered_row_is_left_out_and_reported_others_go_on(store, resident, enrol, intruder, noon):
    others = [store.people.add(unit, "Ann", "") for unit in ("302", "303")]
    first, second, third = (enrol(person)[1][0] for person in (resident, *others))
    with intruder() as connection:
        connection.execute("UPDATE templates SET sealed = zeroblob(540) WHERE id = ?", (second,))
    gallery = store.templates.gallery(noon)
    assert gallery_ids(gallery) == [first, third]
    assert gallery.faulty == (second,)


def test_two_residents_swapped_ciphertexts_open_for_neither(store, resident, enrol, intruder, noon):
    _, [mine] = enrol(resident)
    _, [theirs] = enrol(store.people.add("302", "Ann", ""))
    with intruder() as connection:
        stored = connection.execute("SELECT id, wrapped_key, sealed FROM templates").fetchall()
        rows = {template: parts for template, *parts in stored}
        for template, source in ((mine, theirs), (theirs, mine)):
            sql = "UPDATE templates SET wrapped_key = ?, sealed = ? WHERE id = ?"
            connection.execute(sql, (*rows[source], template))
    gallery = store.templates.gallery(noon)
    assert gallery.templates == ()
    assert set(gallery.faulty) == {mine, theirs}


def test_a_template_moved_under_another_consent_is_refused(store, resident, enrol, intruder, noon):
    _, [mine] = enrol(resident)
    other, [theirs] = enrol(store.people.add("302", "Ann", ""))
    with intruder() as connection:
        connection.execute("DROP TRIGGER template_keeps_consent")
        connection.execute("UPDATE templates SET consent_id = ? WHERE id = ?", (other, mine))
    gallery = store.templates.gallery(noon)
    assert gallery_ids(gallery) == [theirs]
    assert gallery.faulty == (mine,)


def test_a_template_relabelled_to_the_current_model_is_refused(
    open_store, store, resident, enrol, intruder, noon
):
    _, [template] = enrol(resident)
    with intruder() as connection:
        connection.execute("UPDATE templates SET model_sha256 = ?", ("b" * 64,))
    assert open_store(model_sha256="b" * 64).templates.gallery(noon).faulty == (template,)


def test_templates_of_an_older_epoch_are_refused(open_store, store, resident, enrol, intruder, noon):
    _, [template] = enrol(resident)
    with intruder() as connection:
        connection.execute("UPDATE meta SET value = 2 WHERE name = 'epoch'")
    assert open_store().templates.gallery(noon).faulty == (template,)


@pytest.mark.parametrize("part", ["wrapped_key", "sealed"])
def test_a_truncated_row_is_faulty_and_not_a_crash(store, resident, enrol, intruder, noon, part):
    _, [template] = enrol(resident)
    with intruder() as connection:
        connection.execute(f"UPDATE templates SET {part} = x''")
    assert store.templates.gallery(noon).faulty == (template,)


def test_count_counts_what_is_stored(store, resident, enrol):
    assert store.templates.count() == 0
    enrol(resident)
    enrol(store.people.add("302", "Ann", ""))
    assert store.templates.count() == 2
