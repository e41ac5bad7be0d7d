"""No template without its consent, and none after it; each act leaves its event, its line and its receipt."""

import json
from datetime import timedelta

import pytest

from gate.core.consent import By, Channel, ConsentState
from gate.core.consent_record import EventKind, InvalidationReason
from gate.core.types import Method, NoticeVersion, PersonId
from gate.errors import RequestError, VaultError
from gate.store import Kept
from gate.store.consent.receipts import read
from tests.consents import AT_DESK, BY_GATE, agreement, give
from tests.notices import publish_major, publish_minor
from tests.passages import passage
from tests.store.consent.looks import audited, ids, kinds, states

AT_GATE = By(Channel.GATE, "resident")
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def nothing_written(store):
    """What is in every table an act of consent writes to; the same before and after an act that is refused."""

    def look():
        tables = ("consents", "templates", "consent_events", "audit_log", "people", "tombstones")
        return [store._database.rows(f"SELECT * FROM {table}") for table in tables]

    return look


def test_enrolment_gives_a_consent_and_a_gallery(store, resident, enrol, noon):
    """R20."""
    consent, [template] = enrol(resident, template=b"\7" * 512)
    gallery = store.templates.gallery(noon)
    assert gallery.templates == ((template, b"\7" * 512),)
    assert gallery.faulty == ()
    [record] = store.consents.of(resident)
    assert (record.id, record.state, record.notice, record.language) == (consent, "given", "1.0", "zh-CN")
    assert (record.given_at, record.expires_at, record.ended_at) == (noon, noon + timedelta(days=365), None)


def test_an_enrolment_leaves_what_was_asked_and_answered_a_line_and_a_receipt(store, resident, noon):
    """R25, R55."""
    enrolled = give(store, resident, at=noon)
    asked, given = store.consents.record(resident)
    assert (asked.kind, given.kind) == (EventKind.REQUESTED, EventKind.GIVEN)
    assert asked.asked.notice_sha256 == agreement(store).notice_sha256
    assert asked.asked.model_sha256 == "a" * 64
    assert (given.by, given.device, given.at) == (AT_DESK, "north", noon)
    assert audited(store) == ["consent-given"]
    facts = read(enrolled.receipt.document, public_key=store.signer.public_key)
    assert (facts.what, facts.record) == (EventKind.GIVEN, enrolled.consent)


def test_templates_never_show_in_a_log_line(store, resident, enrol, noon):
    enrol(resident)
    assert "x00" not in repr(store.templates.gallery(noon))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"notice": NoticeVersion("0.9")}, "notice-outdated"),
        ({"notice": NoticeVersion("2.0")}, "notice-outdated"),
        ({"notice": NoticeVersion("1.7")}, "notice-outdated"),
        ({"notice": NoticeVersion("soon")}, "notice-outdated"),
        ({"notice_sha256": "0" * 64}, "notice-text"),
        ({"notice_sha256": ""}, "notice-text"),
    ],
)
@pytest.mark.parametrize("act", ["enrol", "refuse", "reconfirm"])
def test_an_answer_to_another_text_than_the_published_one_writes_nothing(
    store, resident, enrol, nothing_written, changed, code, act, noon
):
    """R22: what was shown is what is recorded."""
    enrol(resident)
    before = nothing_written()
    taken = {"epoch": 1, "template": bytes(512)} if act == "enrol" else {}
    with pytest.raises(RequestError) as refusal:
        getattr(store.consents, act)(resident, agreement(store, **changed), at=noon, **taken)
    assert refusal.value.code == code
    assert nothing_written() == before


def test_a_text_of_the_other_language_is_not_the_one_that_was_read(store, resident, enrol):
    sha256 = agreement(store, language="en").notice_sha256
    with pytest.raises(RequestError) as refusal:
        enrol(resident, language="zh-CN", notice_sha256=sha256)
    assert refusal.value.code == "notice-text"


def test_without_a_published_notice_nobody_can_agree(open_store, noon):
    """R11."""
    store = open_store(with_notice=False)
    person = store.people.add("301", "Li Na", "")
    with pytest.raises(RequestError) as refusal:
        give(store, person, at=noon)
    assert refusal.value.code == "notice-outdated"


@pytest.mark.parametrize("length", [0, 511, 513])
def test_a_template_of_another_size_is_refused(store, resident, enrol, length):
    with pytest.raises(RequestError) as refusal:
        enrol(resident, template=bytes(length))
    assert refusal.value.code == "embedding-shape"


@pytest.mark.parametrize("elsewhere", [False, True], ids=["known here", "renewed by another process"])
def test_a_template_of_an_epoch_that_is_over_is_refused(
    store, resident, intruder, nothing_written, noon, elsewhere
):
    """R51: a face taken while the keys were renewed is taken again."""
    epoch = store.epochs.current.number
    if elsewhere:
        with intruder() as connection:
            connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'epoch'")
    before = nothing_written()
    with pytest.raises((RequestError, VaultError)) as refusal:
        store.consents.enrol(
            resident, agreement(store), at=noon, epoch=epoch if elsewhere else epoch + 1, template=bytes(512)
        )
    assert refusal.value.code in {"enrol-stale", "epoch-lost"}
    assert nothing_written() == before


def test_nobody_unknown_is_dealt_with(store, enrol, noon):
    nobody = PersonId("nobody")
    unused = InvalidationReason.UNUSED
    acts = (
        lambda: enrol(nobody),
        lambda: store.consents.refuse(nobody, agreement(store), at=noon),
        lambda: store.consents.reconfirm(nobody, agreement(store), at=noon),
        lambda: store.consents.withdraw(nobody, at=noon, by=AT_DESK),
        lambda: store.consents.invalidate(nobody, unused, at=noon, by=BY_GATE),
        lambda: store.consents.restrict(nobody, at=noon, by=AT_DESK),
        lambda: store.consents.release(nobody, at=noon, by=AT_DESK),
        lambda: store.consents.record(nobody),
        lambda: store.consents.receipts(nobody),
        lambda: store.consents.of(nobody),
    )
    for act in acts:
        with pytest.raises(RequestError) as refusal:
            act()
        assert refusal.value.code == "person-unknown"
    assert audited(store) == []


def test_a_minor_notice_keeps_faces_and_a_major_one_stops_them(store, resident, enrol, noon):
    """R22, R23."""
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
    """R21."""
    end = noon + DAY
    enrol(resident, retention=DAY)
    assert [len(ids(store, at)) for at in (noon - SECOND, noon, end - SECOND, end)] == [0, 1, 1, 0]


def test_enrolling_anew_supersedes_and_leaves_one_consent(store, resident, enrol, noon):
    enrol(resident)
    later = noon + timedelta(hours=1)
    _, templates = enrol(resident, at=later)
    assert ids(store, later) == list(templates)
    assert store.templates.count() == 1
    ended = [(consent.state, consent.ended_at) for consent in store.consents.of(resident)]
    assert ended == [(ConsentState.INVALIDATED, later), (ConsentState.GIVEN, None)]
    assert kinds(store, resident) == ["requested", "given", "invalidated", "requested", "given"]
    assert store.consents.record(resident)[2].reason is InvalidationReason.SUPERSEDED


def test_withdrawing_ends_the_face_and_nothing_else(store, resident, enrol, noon):
    """R04, R24."""
    other = store.people.add("302", "Ann", "")
    enrol(resident)
    _, kept = enrol(other)
    store.credentials.issue_card(resident, "0451", at=noon)
    pin = store.credentials.issue_pin(resident, at=noon)

    receipt = store.consents.withdraw(resident, at=noon, by=AT_GATE)

    assert (receipt.facts.what, receipt.facts.erased) == (EventKind.WITHDRAWN, 1)
    assert ids(store, noon) == list(kept)
    assert states(store, resident) == [ConsentState.WITHDRAWN]
    assert store.credentials.check_card("0451", noon).granted
    check = store.credentials.prepare_pin("301", noon)
    assert store.credentials.finish_pin(check, ok=check.verify(pin), at=noon).granted


def test_withdrawing_twice_keeps_the_first_time(store, resident, enrol, noon):
    enrol(resident)
    store.consents.withdraw(resident, at=noon, by=AT_DESK)
    assert store.consents.withdraw(resident, at=noon + DAY, by=AT_DESK) is None
    assert [consent.ended_at for consent in store.consents.of(resident)] == [noon]
    assert audited(store) == ["consent-given", "consent-withdrawn"]


def test_withdrawing_without_a_consent_is_fine_and_writes_nothing(store, resident, nothing_written, noon):
    before = nothing_written()
    assert store.consents.withdraw(resident, at=noon, by=AT_DESK) is None
    assert nothing_written() == before


@pytest.mark.parametrize("damage", ["UPDATE consent_events SET sealed = zeroblob(9)", "prune"])
def test_a_damaged_ledger_keeps_nobody_from_withdrawing(store, resident, enrol, intruder, noon, damage):
    """R24: and the receipt says what it still can."""
    consent, _ = enrol(resident)
    if damage == "prune":
        store._database.write(lambda connection: store.consents.prune(connection, consent))
    else:
        with intruder() as connection:
            connection.execute("DROP TRIGGER consent_events_only_lose_content")
            connection.execute(damage)
    receipt = store.consents.withdraw(resident, at=noon, by=AT_DESK)
    assert ids(store, noon) == []
    assert states(store, resident) == [ConsentState.WITHDRAWN]
    assert read(receipt.compact).terms is None
    assert read(receipt.document).what is EventKind.WITHDRAWN


@pytest.mark.parametrize("at_hours", [-24 * 365, -1, 0])
def test_a_clock_set_back_keeps_nobody_from_withdrawing(store, resident, enrol, noon, at_hours):
    """R24."""
    enrol(resident)
    assert store.consents.withdraw(resident, at=noon + timedelta(hours=at_hours), by=AT_DESK) is not None
    assert store.templates.count() == 0


def test_a_withdrawn_face_is_not_granted_by_a_gallery_loaded_before(store, resident, enrol, decide, noon):
    """R24."""
    _, [template] = enrol(resident)
    face = decide(method=Method.FACE)
    store.consents.withdraw(resident, at=noon, by=AT_DESK)
    assert passage(store, face, at=noon, who=template) is Kept.NOT_CONSENTED


ENDINGS = {
    "withdraw": lambda store, person, at: store.consents.withdraw(person, at=at, by=AT_DESK),
    "enrol": lambda store, person, at: give(store, person, at=at),
    "refuse": lambda store, person, at: store.consents.refuse(person, agreement(store), at=at),
    "invalidate": lambda store, person, at: store.consents.invalidate(
        person, InvalidationReason.UNUSED, at=at, by=BY_GATE
    ),
    "invalidate all": lambda store, _, at: store.consents.invalidate_all(
        InvalidationReason.SERVICE_STOPPED, at=at, by=BY_GATE
    ),
    "expire": lambda store, _, at: store.consents.expire(at + timedelta(days=365)),
    "move out": lambda store, _, at: store.residents.move_out("301", at),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_byte_of_an_ended_template_stays_in_any_file(
    store, resident, enrol, intruder, tmp_path, noon, ending
):
    """R24, R51: and a tombstone stands for it, should an older copy come back."""
    consent, [template] = enrol(resident)
    with intruder() as connection:
        [planted] = connection.execute("SELECT wrapped_key, sealed FROM templates").fetchall()
    assert [path for path in (tmp_path / "data").iterdir() if planted[0] in path.read_bytes()]

    ENDINGS[ending](store, resident, noon)

    for path in (tmp_path / "data").iterdir():
        content = path.read_bytes()
        assert not any(part in content for part in planted), path.name
    buried = store._database.rows("SELECT kind, ref FROM tombstones")
    assert {("template", template), ("consent", consent)} <= set(buried)


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_ends_a_consent_is_in_ledger_and_audit_log_and_both_hold(
    store, resident, enrol, noon, ending
):
    """R55."""
    consent, _ = enrol(resident)
    ENDINGS[ending](store, resident, noon)
    events = [entry.event.kind for entry in store.ledger.events_of(consent)]
    assert events[:2] == [EventKind.REQUESTED, EventKind.GIVEN]
    assert len(events) == 3
    [line] = [entry for entry in store.audit.entries() if entry.object == consent][1:]
    assert json.loads(line.detail)["ledger"] == store.ledger.events_of(consent)[2].seq
    assert store.consents.verify() is None
    assert store.audit.verify(noon - DAY) is None


def test_bytes_a_reader_held_back_go_at_the_next_reclaim(store, resident, enrol, intruder, tmp_path, noon):
    """R24: within 60 s."""
    enrol(resident)
    with intruder() as reader:
        [[sealed]] = reader.execute("SELECT sealed FROM templates").fetchall()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM templates").fetchone()
        store.consents.withdraw(resident, at=noon, by=AT_DESK)
        assert store.templates.count() == 0
        reader.execute("ROLLBACK")
    store.reclaim()
    assert not any(sealed in path.read_bytes() for path in (tmp_path / "data").iterdir())


def test_an_expired_consent_ends_with_its_template_and_no_clock_brings_it_back(
    store, resident, enrol, decide, noon
):
    """R75."""
    other = store.people.add("302", "Ann", "")
    end = noon + DAY
    _, [template] = enrol(resident, retention=DAY)
    _, kept = enrol(other)
    assert store.consents.expire(end - SECOND) == 0

    assert (store.consents.expire(end), store.consents.expire(end)) == (1, 0)

    assert ids(store, noon) == list(kept)
    [consent] = store.consents.of(resident)
    assert (consent.state, consent.ended_at) == (ConsentState.EXPIRED, end)
    assert passage(store, decide(method=Method.FACE), at=noon, who=template) is Kept.NOT_CONSENTED
    assert store.consents.record(resident)[2].reason == "span-over"


def test_one_consent_that_cannot_end_keeps_no_other_from_ending(store, resident, enrol, intruder, noon):
    """R76: and the failure is told."""
    enrol(resident, retention=DAY)
    stuck, _ = enrol(store.people.add("302", "Ann", ""), retention=DAY)
    enrol(store.people.add("303", "Bo", ""), retention=DAY)
    with intruder() as connection:
        connection.execute(
            f"CREATE TRIGGER stuck BEFORE DELETE ON templates WHEN OLD.consent_id = '{stuck}'"
            " BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(VaultError):
        store.consents.expire(noon + DAY)
    assert ids(store, noon + DAY) == []
    assert store.templates.count() == 1
    left = store._database.rows("SELECT id FROM consents WHERE state = 'given'")
    assert left == [(stuck,)]


@pytest.mark.parametrize("act", ["enrol", "withdraw", "refuse", "invalidate", "expire", "reconfirm"])
@pytest.mark.parametrize("table", ["consent_events", "audit_log"])
def test_an_act_whose_event_or_line_cannot_be_written_does_not_happen_at_all(
    store, resident, enrol, intruder, nothing_written, noon, act, table
):
    """R55: standing, event and line are one transaction."""
    enrol(resident)
    if act == "reconfirm":
        publish_major(store, noon)
    before = nothing_written()
    with intruder() as connection:
        connection.execute(
            f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    acts = ENDINGS | {
        "reconfirm": lambda store, person, at: store.consents.reconfirm(person, agreement(store), at=at)
    }
    with pytest.raises(VaultError):
        acts[act](store, resident, noon)
    assert nothing_written() == before
