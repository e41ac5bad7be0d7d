"""After an erasure everything that is left lives under a new epoch, and nothing opens what was erased (R24, R50, R51)."""

import sqlite3
from contextlib import closing

import pytest

from gate.core.canonical import canonical
from gate.errors import VaultError
from gate.store.account.audit import Action
from gate.store.consent.templates import BOUND_TERMS, template_binding
from gate.store.vault import Sealed
from tests.rotations import FACES, faces, keep


def stored(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT id, epoch, wrapped_key, sealed FROM templates ORDER BY rowid"
        ).fetchall()


def raw(*folders):
    return b"".join(
        path.read_bytes() for folder in folders for path in sorted(folder.iterdir()) if path.is_file()
    )


def test_a_withdrawal_asks_for_a_new_epoch_in_its_own_transaction(store, people, withdraw):
    assert not store.rotation.due
    withdraw(people["301"][0])
    assert store.rotation.due


@pytest.mark.parametrize(
    "sql", ["DELETE FROM templates", "DELETE FROM templates WHERE id = (SELECT max(id) FROM templates)"]
)
def test_whoever_deletes_a_template_asks_for_a_new_epoch(store, people, intruder, sql):
    with intruder() as connection:
        connection.execute(sql)
    assert store.rotation.due


def test_every_survivor_lives_on_under_the_new_epoch(store, people, withdraw, keys_dir, noon):
    withdraw(people["301"][0])
    seed = store.epochs.current.seed
    assert store.rotation.rotate_now(keep, noon)
    gallery = store.templates.gallery(noon)
    assert gallery.epoch == 2
    assert gallery.seed != seed
    assert dict(gallery.templates) == {people[unit][1]: FACES[unit] for unit in ("302", "303")}
    assert not store.rotation.due
    assert [path.name for path in keys_dir.iterdir() if "epoch" in path.name] == ["epoch-2"]


def test_the_transform_gets_both_seeds_and_every_template_once(store, people, noon):
    told = []

    def listen(old_seed, new_seed, templates):
        told.append((old_seed, new_seed, list(templates)))
        return templates

    before = store.epochs.current.seed
    store.rotation.rotate_now(listen, noon)
    assert told == [(before, store.epochs.current.seed, list(FACES.values()))]


def test_the_renewed_form_is_what_is_kept(store, people, noon):
    store.rotation.rotate_now(lambda _old, _new, templates: [each[::-1] for each in templates], noon)
    assert set(faces(store, noon).values()) == {face[::-1] for face in FACES.values()}


def test_without_templates_nothing_is_renewed(store, people, withdraw, noon):
    for person, _ in people.values():
        withdraw(person)
    assert store.rotation.rotate_now(lambda *_: pytest.fail("there is nothing to renew"), noon)
    assert store.epochs.current.number == 2


def test_the_change_is_in_the_audit_log_without_a_person(store, people, noon):
    """R55"""
    store.rotation.rotate_now(keep, noon)
    last = [entry for entry in store.audit.entries() if entry.action == Action.EPOCH_ROTATED][-1]
    assert (last.object, last.detail) == ("", canonical({"epoch": 2, "templates": 3}).decode())


def test_after_many_epochs_everything_opens_and_only_the_last_secret_is_left(store, people, keys_dir, noon):
    for _ in range(20):
        assert store.rotation.rotate_now(keep, noon)
    assert faces(store, noon) == {people[unit][1]: FACES[unit] for unit in FACES}
    assert [path.name for path in keys_dir.iterdir() if "epoch" in path.name] == ["epoch-21"]


def test_templates_of_another_model_are_renewed_too(open_store, store, people, noon):
    """A model that is put back finds its templates again."""
    other = open_store(model_sha256="b" * 64)
    assert other.rotation.rotate_now(keep, noon)
    assert len(faces(store, noon)) == 3


def test_a_second_store_notices_the_new_epoch(open_store, store, people, noon):
    service = open_store()
    service.templates.gallery(noon)
    store.rotation.rotate_now(keep, noon)
    assert service.templates.gallery(noon).epoch == 2
    assert len(faces(service, noon)) == 3


def test_an_altered_template_stays_behind_and_the_others_go_on(store, people, intruder, noon):
    """R50, R76"""
    with intruder() as connection:
        connection.execute("UPDATE templates SET sealed = zeroblob(540) WHERE id = ?", (people["302"][1],))
    assert store.rotation.rotate_now(keep, noon)
    gallery = store.templates.gallery(noon)
    assert [template for template, _ in gallery.templates] == [people["301"][1], people["303"][1]]
    assert gallery.faulty == (people["302"][1],)


# What an attacker could put together


def swapped(rows, first, second, columns):
    by_id = {row[0]: dict(zip(("id", "epoch", "wrapped_key", "sealed"), row, strict=True)) for row in rows}
    return [
        ({column: by_id[source][column] for column in columns}, target)
        for target, source in ((first, second), (second, first))
    ]


@pytest.mark.parametrize("columns", [("sealed",), ("wrapped_key",), ("wrapped_key", "sealed")])
def test_two_rows_whose_parts_change_places_open_for_neither(store, people, database_path, noon, columns):
    """R50"""
    first, second = people["301"][1], people["302"][1]
    with closing(sqlite3.connect(database_path, isolation_level=None)) as connection:
        for values, target in swapped(stored(database_path), first, second, columns):
            assignments = ", ".join(f"{name} = ?" for name in values)
            connection.execute(f"UPDATE templates SET {assignments} WHERE id = ?", (*values.values(), target))
    gallery = store.templates.gallery(noon)
    assert set(gallery.faulty) == {first, second}
    assert [template for template, _ in gallery.templates] == [people["303"][1]]


@pytest.mark.parametrize("with_epoch", [True, False])
def test_a_row_replayed_from_an_earlier_epoch_is_refused(store, people, database_path, noon, with_epoch):
    """R50"""
    replayed = [
        (epoch if with_epoch else 2, key, sealed, row) for row, epoch, key, sealed in stored(database_path)
    ]
    store.rotation.rotate_now(keep, noon)
    with closing(sqlite3.connect(database_path, isolation_level=None)) as connection:
        connection.executemany(
            "UPDATE templates SET epoch = ?, wrapped_key = ?, sealed = ? WHERE id = ?", replayed
        )
    gallery = store.templates.gallery(noon)
    assert gallery.templates == ()
    assert len(gallery.faulty) == 3


def test_an_erased_template_from_an_older_copy_opens_nowhere(
    open_store, store, people, withdraw, tmp_path, noon
):
    """R51: the old row, put back into today's database with its consent."""
    person, template = people["301"]
    (row,) = [row for row in stored(tmp_path / "data" / "gate.sqlite3") if row[0] == template]
    old = store.epochs.current
    withdraw(person)
    store.rotation.rotate_now(keep, noon)
    consent = next(iter(store.consents.of(person)))
    [(terms,)] = store._database.rows(f"SELECT {BOUND_TERMS} FROM consents WHERE id = :id", id=consent.id)
    binding = template_binding(template, consent.id, "a" * 64, 1, terms)
    assert old.vault.open(Sealed(row[2], row[3]), binding) == FACES["301"], "the copy is whole"
    with pytest.raises(VaultError):
        store.epochs.current.vault.open(Sealed(row[2], row[3]), binding)
    reopened = open_store()
    with pytest.raises(VaultError):
        reopened.epochs.current.vault.open(Sealed(row[2], row[3]), binding)


def test_no_byte_of_the_old_keys_records_or_secret_is_left_in_any_file(
    store, people, withdraw, tmp_path, noon
):
    """R24, R51: secure_delete, a truncated log, an overwritten secret."""
    data, keys = tmp_path / "data", tmp_path / "keys"
    old = stored(data / "gate.sqlite3")
    old_secret = (keys / "epoch-1").read_bytes()
    assert all(part in raw(data) for row in old for part in row[2:])
    withdraw(people["301"][0])
    store.rotation.rotate_now(keep, noon)
    left = raw(data, keys)
    assert not any(part in left for row in old for part in row[2:])
    assert old_secret not in left
    assert old_secret[12:44] not in left
