"""Which templates open depends on the epoch's secret; people, cards and PINs never do (R51)."""

import shutil
from datetime import timedelta

import pytest

from gate.core.consent import is_active
from gate.errors import VaultError
from gate.store.database import Database
from gate.store.keyring.custody import KeyPlace, load_root
from gate.store.keyring.epochs import Epochs, EpochSecrets
from gate.store.keyring.keys import Custody
from gate.store.keyring.shelf import FileShelf
from tests.consents import give


def renew(_old_seed, _new_seed, templates):
    return list(templates)


def two_runs(store, at):
    """Let retention pass twice: a template that does not open is told of first, and goes at the next run."""
    for hours in (0, 1):
        store.retention.run(at + timedelta(hours=hours))


@pytest.fixture
def copied(tmp_path):
    """Copy data or keys as they lie there now, to be put back later."""

    def copy(name):
        shutil.rmtree(tmp_path / f"old-{name}", ignore_errors=True)
        shutil.copytree(tmp_path / name, tmp_path / f"old-{name}")

    return copy


@pytest.fixture
def put_back(tmp_path):
    def put(name):
        shutil.rmtree(tmp_path / name)
        shutil.copytree(tmp_path / f"old-{name}", tmp_path / name)

    return put


def loss(store):
    with pytest.raises(VaultError) as caught:
        store.epochs.current  # noqa: B018 - reading it is what is tested
    assert caught.value.code == "epoch-lost"
    return str(caught.value)


def epoch_files(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("epoch-"))


def test_a_first_start_makes_epoch_one_with_a_secret_of_its_own(open_store, keys_dir):
    store = open_store(anew=True)
    assert store.epochs.current.number == 1
    assert epoch_files(keys_dir) == ["epoch-1"]
    assert (keys_dir / "epoch-1").stat().st_mode & 0o777 == 0o600
    number, secret = store.epochs.escrow()
    assert (number, len(secret)) == (1, 32)
    assert secret not in (keys_dir / "epoch-1").read_bytes()


def test_every_gate_has_its_own_seed_and_key(open_store, tmp_path):
    """R52"""
    one = open_store()
    other = open_store(data_dir=tmp_path / "d2", keys_dir=tmp_path / "k2")
    assert one.epochs.current.seed != other.epochs.current.seed
    assert one.epochs.escrow() != other.epochs.escrow()


def test_seed_and_key_stay_over_a_restart(open_store, store, resident, enrol, noon):
    _, (template,) = enrol(resident, template=b"t" * 512)
    seed = store.epochs.current.seed
    store.close()
    gallery = open_store().templates.gallery(noon)
    assert (gallery.epoch, gallery.seed, gallery.templates) == (1, seed, ((template, b"t" * 512),))


def test_seed_and_secret_are_nowhere_in_the_data(store, resident, enrol, tmp_path):
    """R35"""
    enrol(resident)
    for secret in (store.epochs.escrow()[1], store.epochs.current.seed):
        for path in (*(tmp_path / "data").iterdir(), *(tmp_path / "keys").iterdir()):
            assert secret not in path.read_bytes()


@pytest.mark.parametrize(
    "change", [lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]), lambda _: b"", lambda w: w[:8]]
)
def test_an_altered_secret_costs_templates_and_nothing_else(
    open_store, store, resident, enrol, keys_dir, noon, change
):
    """R51: cards, PINs and people go on."""
    _, (template,) = enrol(resident)
    pin = store.credentials.issue_pin(resident, at=noon)
    store.credentials.issue_card(resident, "0451", at=noon)
    store.close()
    path = keys_dir / "epoch-1"
    path.write_bytes(change(path.read_bytes()))

    store = open_store()
    assert "gone or was altered" in loss(store)
    gallery = store.templates.gallery(noon)
    assert (gallery.templates, gallery.faulty) == ((), (template,))
    assert [person.name for person in store.people.list()] == ["Li Na"]
    assert store.credentials.check_card("0451", noon).granted
    check = store.credentials.prepare_pin("301", noon)
    assert store.credentials.finish_pin(check, ok=check.verify(pin), at=noon).granted


def test_a_secret_others_may_read_is_refused_and_the_store_opens(
    open_store, store, resident, enrol, keys_dir, noon
):
    """R02: cards and PINs go on whatever becomes of the templates."""
    enrol(resident)
    store.credentials.issue_card(resident, "0451", at=noon)
    store.close()
    (keys_dir / "epoch-1").chmod(0o644)
    store = open_store()
    assert store.credentials.check_card("0451", noon).granted
    with pytest.raises(VaultError, match="chmod 600") as caught:
        store.templates.gallery(noon)
    assert caught.value.code == "key-readable"
    two_runs(store, noon)
    assert store.templates.count() == 1, "what cannot be read just now is not lost"


def test_a_lost_epoch_takes_no_enrolment(open_store, store, resident, enrol, keys_dir, noon):
    enrol(resident)
    store.close()
    (keys_dir / "epoch-1").unlink()
    store = open_store()
    with pytest.raises(VaultError) as caught:
        give(store, resident, at=noon)
    assert caught.value.code == "epoch-lost"
    assert store.templates.count() == 1


def test_an_older_database_opens_no_template_and_the_remedy_says_why(
    open_store, store, resident, enrol, copied, put_back, noon
):
    """R51"""
    _, (template,) = enrol(resident)
    copied("data")
    store.rotation.rotate_now(renew, noon)
    store.close()
    put_back("data")
    store = open_store()
    message = loss(store)
    assert "older than the keys" in message
    assert "enrol anew" in message
    assert store.templates.gallery(noon).faulty == (template,)


def test_yesterdays_keys_open_nothing_of_today_and_the_remedy_says_why(
    open_store, store, resident, enrol, copied, put_back, noon
):
    _, (template,) = enrol(resident)
    copied("keys")
    store.rotation.rotate_now(renew, noon)
    store.close()
    put_back("keys")
    store = open_store()
    assert "keys are older than the database" in loss(store)
    assert store.templates.gallery(noon).faulty == (template,)


def test_nothing_is_destroyed_while_the_epoch_is_lost(
    open_store, store, resident, enrol, copied, put_back, tmp_path, noon
):
    """Somebody who put the wrong copy in place can still put the right one back."""
    _, (template,) = enrol(resident)
    copied("data")
    store.rotation.rotate_now(renew, noon)
    store.close()
    shutil.copytree(tmp_path / "data", tmp_path / "right")
    put_back("data")
    open_store().close()
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "right").rename(tmp_path / "data")
    assert [each for each, _ in open_store().templates.gallery(noon).templates] == [template]


def test_an_older_epochs_file_in_the_place_of_the_present_one_is_refused(
    open_store, store, resident, enrol, keys_dir, noon
):
    """R50"""
    old = (keys_dir / "epoch-1").read_bytes()
    enrol(resident)
    store.rotation.rotate_now(renew, noon)
    store.close()
    (keys_dir / "epoch-2").write_bytes(old)
    assert "epoch 2" in loss(open_store())


def test_what_no_epoch_opens_can_be_dropped_and_a_new_epoch_begins(
    open_store, store, resident, enrol, copied, put_back, keys_dir, noon
):
    enrol(resident)
    copied("data")
    store.rotation.rotate_now(renew, noon)
    store.close()
    put_back("data")
    store = open_store()
    two_runs(store, noon)
    assert store.templates.count() == 0
    assert store.rotation.due
    assert store.rotation.rotate_now(renew, noon)
    assert store.epochs.current.number == 4  # after 2, and odd and even in turn
    assert epoch_files(keys_dir) == ["epoch-4"]
    assert not store.rotation.due
    give(store, resident, at=noon)
    assert len(store.templates.gallery(noon).templates) == 1


def test_one_altered_template_is_no_lost_epoch_and_costs_no_other(store, resident, enrol, intruder, noon):
    _, (mine,) = enrol(resident)
    _, (theirs,) = enrol(store.people.add("302", "Ann", ""))
    with intruder() as connection:
        connection.execute("UPDATE templates SET sealed = zeroblob(540) WHERE id = ?", (mine,))
    two_runs(store, noon)
    gallery = store.templates.gallery(noon)
    assert ([template for template, _ in gallery.templates], gallery.faulty) == ([theirs], (mine,))


@pytest.mark.parametrize("left", [b"torn", None])
def test_without_templates_a_lost_secret_is_drawn_anew(open_store, store, keys_dir, noon, left):
    store.rotation.rotate_now(renew, noon)
    seed = store.epochs.current.seed
    store.close()
    (keys_dir / "epoch-2").unlink()
    if left is not None:
        (keys_dir / "epoch-2").write_bytes(left)
        (keys_dir / "epoch-2").chmod(0o600)
    store = open_store()
    assert store.epochs.current.number == 2
    assert store.epochs.current.seed != seed


def test_an_older_database_without_templates_begins_a_new_epoch(
    open_store, store, copied, put_back, keys_dir, noon
):
    copied("data")
    store.rotation.rotate_now(renew, noon)
    store.close()
    put_back("data")
    store = open_store()
    assert store.rotation.due
    assert store.rotation.rotate_now(renew, noon)
    assert epoch_files(keys_dir) == ["epoch-4"]


@pytest.mark.parametrize("name", ["epoch-2", "epoch-2.new", "epoch-7"])
def test_a_secret_that_is_not_in_force_is_destroyed_at_the_next_start(
    open_store, store, keys_dir, tmp_path, name
):
    store.close()
    (keys_dir / name).write_bytes(b"s" * 60)
    (tmp_path / "held").hardlink_to(keys_dir / name)
    assert open_store().epochs.current.number == 1
    assert epoch_files(keys_dir) == ["epoch-1"]
    assert (tmp_path / "held").read_bytes() == bytes(60)


def test_a_start_beside_a_rotation_leaves_its_secret_alone(
    open_store, store, resident, enrol, keys_dir, noon
):
    """The command line may open the store at any moment."""
    enrol(resident)

    def renew_beside_a_start(_old, _new, templates):
        (keys_dir / "epoch-2").write_bytes(b"on its way")
        open_store().close()
        assert (keys_dir / "epoch-2").exists()
        return templates

    assert store.rotation.rotate_now(renew_beside_a_start, noon)
    assert len(store.templates.gallery(noon).templates) == 1


class MeddledShelf(FileShelf):
    """A key folder in which something happens just before a secret is read."""

    meddle = None

    def get(self, number):
        meddle, type(self).meddle = type(self).meddle, None
        if meddle is not None:
            meddle()
        return super().get(number)


def test_an_epoch_that_another_process_changes_at_this_moment_is_not_lost(
    store, resident, enrol, keys_dir, database_path, noon
):
    enrol(resident)
    master = load_root(KeyPlace(Custody.FILE, keys_dir), create=False)
    epochs = Epochs(Database(database_path), EpochSecrets(MeddledShelf(keys_dir), master), keys_dir)
    MeddledShelf.meddle = lambda: store.rotation.rotate_now(renew, noon)
    assert epochs.current.number == 2
    assert epochs.current.seed == store.epochs.current.seed


def test_closed_epochs_open_nothing_and_ask_for_no_rotation(store, resident, enrol, noon):
    """R60"""
    enrol(resident)
    store._database.write(lambda connection: connection.execute("DELETE FROM templates"))
    assert store.rotation.due
    store.epochs.close()
    assert not store.rotation.due
    with pytest.raises(VaultError) as caught:
        store.epochs.current  # noqa: B018 - reading it is what is tested
    assert caught.value.code == "epoch-sealed"


def test_consents_outlive_a_lost_epoch(open_store, store, resident, enrol, keys_dir, noon):
    enrol(resident)
    store.close()
    (keys_dir / "epoch-1").unlink()
    store = open_store()
    notice = store.notices.current.version
    assert [is_active(each, noon, notice) for each in store.consents.of(resident)] == [True]
