"""No template without its consent, and none after it (R20, R21, R24)."""

import sqlite3
from datetime import timedelta

import pytest

from gate.core.consent import ConsentState
from gate.core.types import Method, NoticeVersion, PersonId
from gate.errors import RequestError
from tests.notices import publish_major, publish_minor

REVIVE = """DELETE FROM templates; UPDATE consents SET state = 'expired', ended_at = 1;
    UPDATE consents SET state = 'given', ended_at = NULL"""
INSERT = "INSERT INTO templates VALUES (?, ?, 'm', 1, x'00', x'00', ?, 24321)"


def ids(store, at):
    return [template for template, _ in store.templates.gallery(at).templates]


def test_enrolment_gives_a_consent_and_a_gallery(store, resident, enrol, noon):
    consent, templates = enrol(resident, count=3)
    gallery = store.templates.gallery(noon)
    assert [template for template, _ in gallery.templates] == list(templates)
    assert [embedding for _, embedding in gallery.templates] == [bytes([n]) * 512 for n in range(3)]
    assert gallery.faulty == ()
    [record] = store.consents.of(resident)
    assert (record.id, record.state, record.notice, record.language) == (consent, "given", "1.0", "zh-CN")
    assert (record.given_at, record.expires_at, record.ended_at) == (noon, noon + timedelta(days=365), None)


def test_embeddings_never_show_in_a_log_line(store, resident, enrol, noon):
    enrol(resident)
    assert "x00" not in repr(store.templates.gallery(noon))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"notice": "0.9"}, "notice-outdated"),
        ({"notice": "2.0"}, "notice-outdated"),
        ({"notice": "soon"}, "notice-outdated"),
        ({"count": 0}, "embedding-shape"),
    ],
)
def test_enrolment_on_wrong_terms_writes_nothing(store, resident, enrol, changed, code):
    with pytest.raises(RequestError) as refusal:
        enrol(resident, **changed)
    assert refusal.value.code == code
    assert store.consents.of(resident) == ()
    assert store.templates.count() == 0


def test_a_consent_that_ends_as_it_begins_is_refused(store, resident, enrol, noon):
    with pytest.raises(RequestError) as refusal:
        enrol(resident, expires_at=noon + timedelta(microseconds=1))
    assert refusal.value.code == "consent-span"


@pytest.mark.parametrize("length", [0, 511, 513])
def test_an_embedding_of_another_size_is_refused(store, resident, noon, length):
    with pytest.raises(RequestError) as refusal:
        store.consents.enrol(
            resident,
            notice_version=NoticeVersion("1.0"),
            language="en",
            at=noon,
            expires_at=noon + timedelta(days=1),
            embeddings=[bytes(length)],
        )
    assert refusal.value.code == "embedding-shape"


def test_nobody_unknown_is_enrolled_or_withdrawn(store, enrol, noon):
    for act in (enrol, lambda person: store.consents.withdraw(person, noon)):
        with pytest.raises(RequestError) as refusal:
            act(PersonId("nobody"))
        assert refusal.value.code == "person-unknown"


def test_a_minor_notice_keeps_faces_and_a_major_one_stops_them_r22(store, resident, enrol, noon):
    enrol(resident)
    publish_minor(store, noon)
    assert len(ids(store, noon)) == 1
    publish_major(store, noon)
    assert ids(store, noon) == []


def test_another_model_loads_no_template(open_store, resident, enrol, noon):
    enrol(resident)
    gallery = open_store(model_sha256="b" * 64).templates.gallery(noon)
    assert (gallery.templates, gallery.faulty) == ((), ())


def test_the_gallery_holds_a_consent_from_its_first_second_to_its_last(store, resident, enrol, noon):
    end = noon + timedelta(days=1)
    enrol(resident, expires_at=end)
    second = timedelta(seconds=1)
    assert [len(ids(store, at)) for at in (noon - second, noon, end - second, end)] == [0, 1, 1, 0]


def test_enrolling_anew_supersedes_and_leaves_one_consent(store, resident, enrol, noon):
    enrol(resident, count=2)
    later = noon + timedelta(hours=1)
    _, templates = enrol(resident, at=later)
    assert ids(store, later) == list(templates)
    assert store.templates.count() == 1
    states = [(consent.state, consent.ended_at) for consent in store.consents.of(resident)]
    assert states == [(ConsentState.INVALIDATED, later), (ConsentState.GIVEN, None)]


def test_withdrawing_ends_the_face_and_nothing_else_r04(store, resident, enrol, noon):
    other = store.people.add("302", "Ann", "")
    enrol(resident, count=2)
    _, kept = enrol(other)
    store.credentials.issue_card(resident, "0451", at=noon)
    pin = store.credentials.issue_pin(resident, at=noon)

    assert store.consents.withdraw(resident, noon) is True

    assert ids(store, noon) == list(kept)
    assert [consent.state for consent in store.consents.of(resident)] == [ConsentState.WITHDRAWN]
    assert store.credentials.check_card("0451", noon).granted
    check = store.credentials.prepare_pin("301", noon)
    assert store.credentials.finish_pin(check, ok=check.verify(pin), at=noon).granted


def test_withdrawing_twice_keeps_the_first_time(store, resident, enrol, noon):
    enrol(resident)
    store.consents.withdraw(resident, noon)
    store.consents.withdraw(resident, noon + timedelta(days=1))
    assert [consent.ended_at for consent in store.consents.of(resident)] == [noon]


def test_withdrawing_without_a_consent_is_fine(store, resident, noon):
    assert store.consents.withdraw(resident, noon) is True


def test_a_withdrawn_face_is_not_granted_by_a_gallery_loaded_before_r24(store, resident, enrol, decide, noon):
    _, [template] = enrol(resident)
    face = decide(method=Method.FACE)
    store.consents.withdraw(resident, noon)
    assert store.decisions.record(face, at=noon, template=template) is False


@pytest.mark.parametrize("ended_by", ["withdraw", "enrol"])
def test_no_byte_of_an_ended_template_stays_in_any_file(
    store, resident, enrol, intruder, tmp_path, noon, ended_by
):
    enrol(resident, count=3)
    with intruder() as connection:
        rows = connection.execute("SELECT wrapped_key, sealed FROM templates").fetchall()
    planted = [part for row in rows for part in row]
    holding = [path.name for path in (tmp_path / "data").iterdir() if planted[0] in path.read_bytes()]
    assert holding

    store.consents.withdraw(resident, noon) if ended_by == "withdraw" else enrol(resident)

    for path in (tmp_path / "data").iterdir():
        content = path.read_bytes()
        assert not any(part in content for part in planted), path.name


def test_bytes_a_reader_held_back_go_at_the_next_reclaim(store, resident, enrol, intruder, tmp_path, noon):
    enrol(resident)
    with intruder() as reader:
        [[sealed]] = reader.execute("SELECT sealed FROM templates").fetchall()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM templates").fetchone()
        assert store.consents.withdraw(resident, noon) is False
        assert store.templates.count() == 0
        reader.execute("ROLLBACK")
    store.reclaim()
    assert not any(sealed in path.read_bytes() for path in (tmp_path / "data").iterdir())


def test_an_expired_consent_ends_with_its_templates_and_no_clock_brings_it_back(
    store, resident, enrol, decide, tmp_path, noon
):
    other = store.people.add("302", "Ann", "")
    end = noon + timedelta(days=1)
    _, [template] = enrol(resident, expires_at=end)
    _, kept = enrol(other)
    [[sealed]] = store._database.rows("SELECT sealed FROM templates WHERE id = :id", id=template)
    assert store.consents.expire(end - timedelta(seconds=1)) == 0

    assert (store.consents.expire(end), store.consents.expire(end)) == (1, 0)

    assert ids(store, noon) == list(kept)
    [consent] = store.consents.of(resident)
    assert (consent.state, consent.ended_at) == (ConsentState.EXPIRED, end)
    assert store.decisions.record(decide(method=Method.FACE), at=noon, template=template) is False
    assert not any(sealed in path.read_bytes() for path in (tmp_path / "data").iterdir())


# What the schema itself forbids, whoever writes.


def refused(connection, sql, *values):
    with pytest.raises(sqlite3.IntegrityError) as refusal:
        connection.execute(sql, values)
    return str(refusal.value)


@pytest.mark.parametrize("state", ["withdrawn", "expired", "invalidated"])
def test_the_schema_refuses_a_template_for_an_ended_consent(store, resident, enrol, intruder, noon, state):
    consent, _ = enrol(resident)
    with intruder() as connection:
        connection.execute("DELETE FROM templates")
        connection.execute("UPDATE consents SET state = ?, ended_at = 1", (state,))
        assert "needs the consent" in refused(connection, INSERT, "t", consent, int(noon.timestamp()))


def test_the_schema_refuses_a_template_without_a_consent(store, intruder, noon):
    with intruder() as connection:
        assert "needs the consent" in refused(connection, INSERT, "t", "nowhere", int(noon.timestamp()))


@pytest.mark.parametrize("offset", [-1, 1, 400 * 86400])
def test_the_schema_refuses_a_template_at_another_time_than_the_consent(
    store, resident, enrol, intruder, noon, offset
):
    consent, _ = enrol(resident)
    with intruder() as connection:
        assert "needs the consent" in refused(
            connection, INSERT, "t", consent, int(noon.timestamp()) + offset
        )
        connection.execute(INSERT, ("t", consent, int(noon.timestamp())))


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE consents SET state = 'withdrawn', ended_at = 1", "ends without templates"),
        ("UPDATE consents SET expires_at = expires_at + 1", "keeps the terms"),
        ("UPDATE templates SET consent_id = 'other'", "never moves"),
        ("DELETE FROM consents", "FOREIGN KEY"),
        (REVIVE, "never comes back"),
    ],
)
def test_the_schema_keeps_consents_and_templates_together(store, resident, enrol, intruder, sql, why):
    enrol(resident)
    *before, last = sql.split(";")
    with intruder() as connection:
        for statement in before:
            connection.execute(statement)
        assert why in refused(connection, last)
