"""Receipts, checked without the gate: whole ones tell what they attest, every other is refused (R25)."""

import base64
import json
import zlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.canonical import canonical
from gate.core.consent import Purpose
from gate.core.consent_record import EventKind, Standing, to_json
from gate.errors import RequestError
from gate.store.account.signing import Signer
from gate.store.consent.receipts import KIND, PREFIX, issue, read
from tests.receipts import DEVICE, NOON, entries, receipt_of

KINDS = [kind for kind in EventKind if kind is not EventKind.REQUESTED]
OTHER = Signer(b"\2" * 32)
RECEIPT = receipt_of(EventKind.GIVEN)


def refusal(text, **options):
    with pytest.raises(RequestError) as refused:
        read(text, **options)
    return refused.value.code


def unpacked(compact):
    packed = compact.removeprefix(PREFIX)
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))))


def packed(content):
    return PREFIX + base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_receipt_tells_what_when_and_of_which_record(kind):
    receipt = receipt_of(kind)
    for text in (receipt.document, receipt.compact):
        facts = read(text, public_key=DEVICE.public_key)
        assert (facts.what, facts.at) == (kind, NOON)
        assert facts.record == "0123456789abcdef" * 2
        assert facts.subject == "fedcba9876543210" * 2
        assert facts.reference == receipt.reference
        assert (facts.terms.notice, facts.terms.notice_sha256) == ("1.0", "ab" * 32)
        assert (facts.terms.purpose, facts.terms.retention) == (Purpose.OPEN_GATE, timedelta(days=365))
        answered = kind in {EventKind.GIVEN, EventKind.REFUSED, EventKind.RECONFIRMED}
        assert facts.previous is (Standing.ASKED if answered else Standing.GIVEN)
    assert read(receipt.document) == receipt.facts


def test_the_full_form_holds_the_record_in_the_groups_of_the_standard():
    document = json.loads(RECEIPT.document)["document"]
    assert set(document["request"]["asked"]) >= {"processing", "parties", "notice", "age_band"}
    assert document["ledger"]["seq"] == 2


def test_the_short_form_fits_a_qr_code():
    """Its aim is 1,100 characters; a controller's name may have 200."""
    assert len(RECEIPT.compact) < 1100
    assert len(receipt_of(EventKind.GIVEN, controller="\u5c0f\u533a\u7269\u4e1a" * 10).compact) < 1100
    long = "".join(chr(0x4E00 + 7 * number) for number in range(200))
    assert len(receipt_of(EventKind.GIVEN, controller=long).compact) < 1750  # still a code of version 30


def test_no_receipt_holds_a_name_a_template_or_a_key():
    """R35."""
    allowed = {"kind", "document", "public_key", "signature"}
    assert set(json.loads(RECEIPT.document)) == allowed
    assert set(unpacked(RECEIPT.compact)["document"]) == {
        *("schema", "what", "at", "previous", "record", "subject", "reference"),
        *("controller", "purpose", "notice", "notice_sha256", "retention_s"),
    }


def test_what_was_asked_may_be_beyond_reading_and_the_rest_is_attested():
    """R24: a damaged ledger keeps nobody from a receipt."""
    _, answer = entries(EventKind.WITHDRAWN)
    receipt = issue(DEVICE, None, answer)
    for text in (receipt.document, receipt.compact):
        facts = read(text)
        assert facts.terms is None
        assert facts.what is EventKind.WITHDRAWN


def test_issued_again_it_is_the_same_to_the_byte():
    assert receipt_of(EventKind.GIVEN) == RECEIPT


def test_white_space_around_it_changes_nothing():
    assert read(f"\n {RECEIPT.compact}\r\n") == read(RECEIPT.compact.encode())


@given(st.data())
def test_a_change_of_any_byte_of_the_code_is_refused(data):
    place = data.draw(st.integers(len(PREFIX), len(RECEIPT.compact) - 1))
    other = data.draw(st.sampled_from("ABCabc019-_ .!\u00e9"))
    text = RECEIPT.compact[:place] + other + RECEIPT.compact[place + 1 :]
    try:
        facts = read(text, public_key=DEVICE.public_key)
    except RequestError:
        return
    assert facts == read(RECEIPT.compact)  # bits that base64 does not use


def spots(value, path=()):
    inside = value.items() if isinstance(value, dict) else ()
    for key, each in inside:
        yield (*path, key)
        yield from spots(each, (*path, key))


@pytest.mark.parametrize("path", [*spots(json.loads(RECEIPT.document))], ids=".".join)
def test_a_change_of_any_word_of_the_file_is_refused(path):
    document = json.loads(RECEIPT.document)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "withdrawn"
    assert refusal(json.dumps(document)) in {"signature-wrong", "document-malformed"}


@pytest.mark.parametrize("cut", [0, 1, 5, 6, 7, 100, -30, -1])
@pytest.mark.parametrize("form", ["document", "compact"])
def test_a_truncated_receipt_is_refused(form, cut):
    text = getattr(RECEIPT, form).strip()[:cut]
    assert refusal(text) == "document-malformed"


def test_another_devices_receipt_is_whole_but_not_the_one_demanded():
    theirs = receipt_of(EventKind.GIVEN, device=OTHER)
    assert read(theirs.compact).fingerprint != RECEIPT.facts.fingerprint
    for text in (theirs.document, theirs.compact):
        assert refusal(text, public_key=DEVICE.public_key) == "signer-unknown"


def test_a_document_of_another_kind_is_no_receipt():
    certificate = DEVICE.issue("certificate", json.loads(RECEIPT.document)["document"])
    assert refusal(certificate) == "document-kind"
    assert refusal(packed(canonical(json.loads(certificate)))) == "document-kind"


def full(**changed):
    return json.loads(RECEIPT.document)["document"] | changed


def short(**changed):
    return unpacked(RECEIPT.compact)["document"] | changed


REQUEST, ANSWER = entries(EventKind.GIVEN)
STRANGE = {
    "nothing": {},
    "unknown schema": full(schema="gate-receipt-9"),
    "extra word": full(photo="x"),
    "another reference": full(reference="AAAA-AAAA"),
    "another before": full(previous="given"),
    "no ledger": full(ledger=None),
    "no hash": full(ledger={"seq": 2}),
    "hash of no bytes": full(ledger={"seq": 2, "hash": "x"}),
    "no event": full(event={}),
    "request of another record": full(request=to_json(REQUEST.event) | {"record": "ffff"}),
    "short with an extra word": short(photo="x"),
    "short without its terms' half": {k: v for k, v in short().items() if k != "controller"},
    "short of no kind": short(what="granted"),
    "short of no time": short(at="yesterday"),
    "short with a number for a word": short(record=7),
    "short with words for a span": short(retention_s="long"),
    "short with no span": short(retention_s=None),
    "short for another purpose": short(purpose="marketing"),
    "short from nowhere": short(previous="nowhere"),
    "short with an endless span": short(retention_s=10**30),
}


@pytest.mark.parametrize("strange", STRANGE)
def test_a_signed_document_of_another_shape_is_refused(strange):
    assert refusal(DEVICE.issue(KIND, STRANGE[strange])) == "receipt-shape"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "GATE1:",
        "GATE1:!!!!",
        "GATE1:AAAA",
        "GATE2:" + RECEIPT.compact[6:],
        "[" * 30_000,
        b"\xff\xfe",
        RECEIPT.compact + "AAAA",
        packed(RECEIPT.document.encode())[:-8],
    ],
    ids=str,
)
def test_what_is_no_receipt_at_all_is_told_as_such(text):
    assert refusal(text) == "document-malformed"


def test_a_code_that_unpacks_without_end_is_refused_before_it_fills_the_memory():
    assert refusal(packed(b"0" * 200_000_000)) == "document-malformed"
    assert refusal(b"{" + b" " * 100_000 + b"}") == "document-malformed"


def test_a_real_receipt_of_a_store_is_read_without_it(store, resident, enrol):
    consent, _ = enrol(resident)
    [receipt] = store.consents.receipts(resident)
    key = store.signer.public_key
    store.close()
    assert read(receipt.compact, public_key=key).record == consent
