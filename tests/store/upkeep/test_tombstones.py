"""What was erased stays erased, whatever is restored later (R51)."""

import json
import shutil
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.types import Method
from gate.errors import RequestError
from gate.store.account.signing import Signer
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind, Tombstone

OTHER_DEVICE = Signer(b"\1" * 32)


def write(store, work):
    return store._database.write(work)


def count(store, table, where="TRUE"):
    return store._database.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0]


@pytest.fixture
def lists(store, noon):
    """Each kind's list with one entry, signed by this device."""
    write(store, lambda c: tombstones.bury(c, Kind.TEMPLATE, "ab" * 16, noon))
    return write(store, lambda c: tombstones.export(c, store.signer, noon))


def test_a_second_tombstone_for_one_thing_changes_nothing(store, noon):
    def work(connection):
        tombstones.bury(connection, Kind.PERSON, "p", noon)
        tombstones.bury(connection, "person", "p", noon + timedelta(days=1))
        return tombstones.buried(connection)

    assert write(store, work) == (Tombstone(Kind.PERSON, "p", noon),)


def test_a_kind_nobody_knows_is_not_buried(store, noon):
    with pytest.raises(ValueError, match="name"):
        write(store, lambda c: tombstones.bury(c, "name", "p", noon))


def test_r51_last_months_database_is_erased_again_by_this_months_list(
    open_store, store, resident, enrol, noon, database_path, tmp_path
):
    enrol(resident)
    card = store.credentials.issue_card(resident, "26:40451", at=noon)
    store.credentials.issue_pin(resident, at=noon)
    other = store.people.add("302", "Ann", "")
    enrol(other)
    store.credentials.issue_card(other, "26:7", at=noon)
    store._database.scrub()
    month_ago = tmp_path / "last-month"
    shutil.copy(database_path, month_ago)

    store.residents.move_out("301", noon + timedelta(days=1))
    text = write(store, lambda c: tombstones.export(c, store.signer, noon + timedelta(days=1)))
    store.close()
    for leftover in database_path.parent.glob("gate.sqlite3*"):
        leftover.unlink()
    shutil.copy(month_ago, database_path)
    restored = open_store()
    assert restored.people.find_by_unit("301") is not None

    stones = tombstones.read(text, restored.signer.public_key)

    def erase(connection):
        tombstones.add(connection, stones)
        return tombstones.apply(connection)

    assert write(restored, erase) > 0
    assert restored.people.find_by_unit("301") is None
    assert restored.people.find_by_unit("302") is not None
    assert not restored.credentials.check_card("26:40451", noon).granted
    assert restored.credentials.check_card("26:7", noon).granted
    assert count(restored, "credentials", f"id = '{card}'") == 0
    assert (count(restored, "templates"), count(restored, "consents", "state = 'given'")) == (1, 1)
    assert write(restored, tombstones.apply) == 0


def test_r51_a_withdrawn_face_does_not_come_back_but_card_and_pin_stay(
    open_store, store, resident, enrol, noon, database_path, tmp_path
):
    enrol(resident)
    store.credentials.issue_card(resident, "26:40451", at=noon)
    store._database.scrub()
    shutil.copy(database_path, tmp_path / "before")
    (consent,) = store.consents.of(resident)
    templates = [row[0] for row in store._database.rows("SELECT id FROM templates")]
    store.close()
    shutil.copy(tmp_path / "before", database_path)
    restored = open_store()

    def erase(connection):
        tombstones.bury(connection, Kind.CONSENT, consent.id, noon)
        tombstones.bury(connection, Kind.TEMPLATE, templates[0], noon)
        return tombstones.apply(connection)

    assert write(restored, erase) == 2
    assert restored.templates.gallery(noon).templates == ()
    assert restored.credentials.check_card("26:40451", noon).granted


def test_r51_a_buried_consent_takes_along_a_template_nobody_buried(store, resident, enrol, noon):
    consent, _ = enrol(resident)

    def erase(connection):
        tombstones.bury(connection, Kind.CONSENT, consent, noon)
        return tombstones.apply(connection)

    assert write(store, erase) == 2
    assert count(store, "templates") == 0


def test_a_revoked_card_does_not_come_back(store, resident, noon):
    store.credentials.issue_card(resident, "26:40451", at=noon)
    store.credentials.revoke_all(resident, Method.CARD, noon)
    (stone,) = write(store, tombstones.buried)
    assert stone.kind is Kind.CREDENTIAL


def test_a_list_comes_back_as_it_was(store, lists, noon):
    expected = frozenset({Tombstone(Kind.TEMPLATE, "ab" * 16, noon)})
    assert tombstones.read(lists, store.signer.public_key) == expected


def test_an_empty_list_is_a_list(store, noon):
    text = write(store, lambda c: tombstones.export(c, store.signer, noon))
    assert tombstones.read(text, store.signer.public_key) == frozenset()


def test_another_devices_list_is_refused(store, noon):
    text = write(store, lambda c: tombstones.export(c, OTHER_DEVICE, noon))
    with pytest.raises(RequestError) as refusal:
        tombstones.read(text, store.signer.public_key)
    assert refusal.value.code == "signer-unknown"


def test_a_list_cut_anywhere_is_refused(store, lists):
    for length in range(len(lists.rstrip())):
        with pytest.raises(RequestError):
            tombstones.read(lists[:length], store.signer.public_key)


def test_an_entry_taken_out_is_noticed(store, lists):
    document = json.loads(lists)
    document["document"] |= {"tombstones": [], "count": 0}
    with pytest.raises(RequestError) as refusal:
        tombstones.read(json.dumps(document), store.signer.public_key)
    assert refusal.value.code == "signature-wrong"


def test_another_signed_document_is_no_list(store):
    with pytest.raises(RequestError) as refusal:
        tombstones.read(
            store.signer.issue("receipt", {"tombstones": [], "count": 0}), store.signer.public_key
        )
    assert refusal.value.code == "document-kind"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"count": 0, "tombstones": None},
        {"count": 1, "tombstones": []},
        {"count": 1, "tombstones": [["person", "p"]]},
        {"count": 1, "tombstones": [["name", "p", 1]]},
        {"count": 1, "tombstones": [["person", 7, 1]]},
        {"count": 1, "tombstones": [["person", "p", "soon"]]},
        {"count": 1, "tombstones": [["person", "p", 10**30]]},
        {"count": 1, "tombstones": ["xyz"]},
    ],
)
def test_a_signed_list_of_another_shape_is_refused(document):
    with pytest.raises(RequestError) as refusal:
        tombstones.read(OTHER_DEVICE.issue("tombstones", document), OTHER_DEVICE.public_key)
    assert refusal.value.code == "tombstones-malformed"


@given(at=st.integers(0), flip=st.integers(1, 255))
def test_no_altered_byte_passes(at, flip):
    text = OTHER_DEVICE.issue(
        "tombstones", {"at": 0, "count": 1, "tombstones": [["person", "p", 1]]}
    ).encode()
    altered = bytearray(text)
    altered[at % len(text)] ^= flip
    try:
        read = tombstones.read(bytes(altered), OTHER_DEVICE.public_key)
    except RequestError:
        return
    assert [stone.ref for stone in read] == ["p"]  # only white space between the words moved
