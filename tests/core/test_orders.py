"""What an order is, to the byte, and why one is not obeyed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.canonical import canonical, parsed
from gate.core.orders import (
    AHEAD_MOST,
    KEPT,
    LIFETIME_MOST,
    ORDER_BYTES,
    Order,
    OrderKind,
    Refusal,
    SignedOrder,
    is_weak,
    judged,
    key_id,
    read,
    signed_bytes,
    spelled,
)
from gate.store.account.signing import is_signed

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ALL = frozenset(OrderKind)


def order_of(kind=OrderKind.RELEASE, *, seconds=30, at=NOW, gate="north", nonce="ab" * 16):
    return Order(gate, kind, key_id(PUBLIC), nonce, at, at + timedelta(seconds=seconds))


def payload_of(order):
    return spelled(order, KEY.sign(signed_bytes(order)))


def is_taken(payload):
    """Tell whether anybody would take *payload* for an order of KEY's."""
    found = read(payload)
    return isinstance(found, SignedOrder) and is_signed(signed_bytes(found.order), found.signature, PUBLIC)


def judge(order, *, gate="north", allowed=ALL, now=NOW, clock_trusted=True):
    return judged(order, gate=gate, allowed=allowed, now=now, clock_trusted=clock_trusted)


orders = st.builds(
    Order,
    gate=st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
    kind=st.sampled_from(OrderKind),
    key=st.just(key_id(PUBLIC)),
    nonce=st.binary(min_size=16, max_size=16).map(bytes.hex),
    issued_at=st.datetimes(datetime(2000, 1, 1), datetime(2999, 12, 30)).map(  # noqa: DTZ001 - a zone follows
        lambda at: at.replace(microsecond=0, tzinfo=UTC)
    ),
    expires_at=st.datetimes(datetime(2000, 1, 1), datetime(2999, 12, 30)).map(  # noqa: DTZ001 - a zone follows
        lambda at: at.replace(microsecond=0, tzinfo=UTC)
    ),
)


@given(orders)
def test_what_is_spelled_is_read_as_it_was(order):
    payload = payload_of(order)
    found = read(payload)
    assert len(payload) == ORDER_BYTES
    assert (found.order, is_taken(payload)) == (order, True)


def test_no_flipped_bit_anywhere_is_taken():
    payload = payload_of(order_of())
    for place in range(ORDER_BYTES):
        for bit in range(8):
            altered = bytearray(payload)
            altered[place] ^= 1 << bit
            assert not is_taken(bytes(altered)), (place, bit)


@settings(max_examples=400)
@given(orders, st.data())
def test_no_altered_byte_is_ever_taken(order, data):
    """Bytes replaced, put in, taken out or moved, in any number: it is another's order, or none."""
    payload = payload_of(order)
    places = st.one_of(st.integers(0, len(payload.rstrip())), st.integers(0, ORDER_BYTES))
    start, end = sorted((data.draw(places), data.draw(places)))
    put = data.draw(
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b" ", b"\n", b"\t", b"\\u0061", b"0", b'"', b",", b'"gate":"south",']),
            st.just(payload[start:end][::-1]),
        )
    )
    altered = payload[:start] + put + payload[end:]
    for sent in (altered, altered[:ORDER_BYTES].ljust(ORDER_BYTES)):
        assert sent == payload or not is_taken(sent)


@given(st.binary(max_size=ORDER_BYTES + 10))
def test_noise_is_read_without_a_fault_and_is_no_order(noise):
    assert read(noise) in {Refusal.SIZE, Refusal.MALFORMED}
    assert read(noise[:ORDER_BYTES].ljust(ORDER_BYTES)) is Refusal.MALFORMED


@pytest.mark.parametrize("size", [0, ORDER_BYTES - 1, ORDER_BYTES + 1])
def test_another_length_is_refused_unread(size):
    assert read(b" " * size) is Refusal.SIZE


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b"null",
        b"{}",
        b'{"gate":"a","gate":"b"}',
        b"[" * 700,
        b"\xff",
        b'{"kind":"release"}',
    ],
)
def test_what_is_no_order_is_malformed(text):
    assert read(text.ljust(ORDER_BYTES)) is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gate", "North"),
        ("gate", "n" * 33),
        ("gate", 7),
        ("kind", "unlock"),
        ("kind", None),
        ("key", "g" * 16),
        ("nonce", "AB" * 16),
        ("nonce", "ab" * 15),
        ("issued_at", "2026-11-22T09:30:60Z"),
        ("issued_at", "2026-11-22T09:30:00+00:00"),
        ("issued_at", "2026-02-30T09:30:00Z"),
        ("expires_at", 1795339800),
        ("signature", "ab"),
        ("schema_version", "1.0.1"),
        ("schema_name", "commands"),
        ("more", "x"),
    ],
)
def test_a_field_of_another_form_is_malformed(field, value):
    document = parsed(payload_of(order_of())) | {field: value}
    text = canonical(document)
    assert read(text.ljust(ORDER_BYTES)[:ORDER_BYTES]) is Refusal.MALFORMED


def test_the_spelling_of_another_writer_is_no_order():
    """Spaces, another order of the keys or escapes would leave room for what nobody signed."""
    document = parsed(payload_of(order_of()))
    for text in (json.dumps(document), json.dumps(dict(reversed(document.items())), separators=(",", ":"))):
        assert read(text.encode().ljust(ORDER_BYTES)) is Refusal.MALFORMED


def test_the_longest_order_fits():
    assert len(payload_of(order_of(OrderKind.END_LOCKDOWN, gate="n" * 32))) == ORDER_BYTES


def test_what_does_not_fit_is_not_spelled():
    with pytest.raises(ValueError, match="too long"):
        spelled(order_of(gate="n" * 800), bytes(64))


def test_an_order_within_its_time_is_obeyed():
    assert judge(order_of()) is None


@pytest.mark.parametrize("kind", OrderKind)
def test_an_order_holds_as_long_as_its_kind_may_and_no_longer(kind):
    most = int(LIFETIME_MOST[kind].total_seconds())
    assert judge(order_of(kind, seconds=most)) is None
    assert judge(order_of(kind, seconds=most + 1)) is Refusal.LIFETIME


def test_what_opens_is_good_for_a_minute_at_most():
    assert {LIFETIME_MOST[kind] for kind in (OrderKind.RELEASE, OrderKind.END_LOCKDOWN)} == {
        timedelta(seconds=60)
    }


@pytest.mark.parametrize("seconds", [0, -1, -60])
def test_an_order_that_ends_before_it_begins_is_refused(seconds):
    assert judge(order_of(seconds=seconds)) is Refusal.LIFETIME


def test_an_order_is_over_at_its_very_second():
    assert judge(order_of(seconds=30), now=NOW + timedelta(seconds=29.999)) is None
    assert judge(order_of(seconds=30), now=NOW + timedelta(seconds=30)) is Refusal.EXPIRED


def test_a_senders_clock_may_run_ahead_by_half_a_minute():
    assert judge(order_of(), now=NOW - AHEAD_MOST) is None
    assert judge(order_of(), now=NOW - AHEAD_MOST - timedelta(microseconds=1)) is Refusal.EARLY


def test_another_gates_order_is_refused():
    assert judge(order_of(gate="south")) is Refusal.ADDRESS


@pytest.mark.parametrize("kind", OrderKind)
def test_a_kind_that_the_site_does_not_allow_is_refused(kind):
    assert judge(order_of(kind), allowed=ALL - {kind}) is Refusal.NOT_ALLOWED
    assert judge(order_of(kind), allowed=frozenset()) is Refusal.NOT_ALLOWED


def test_without_a_clock_to_rely_on_nothing_is_obeyed():
    assert judge(order_of(OrderKind.LOCKDOWN), clock_trusted=False) is Refusal.CLOCK


def test_an_order_is_remembered_for_as_long_as_an_older_one_could_hold():
    assert all(LIFETIME_MOST[kind] <= KEPT for kind in OrderKind)


SMALL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
"""The curve's eight points of small order, and other spellings of two of them."""


@pytest.mark.parametrize("text", SMALL)
def test_a_key_for_which_anybody_can_sign_is_known_as_weak(text):
    assert is_weak(bytes.fromhex(text))


def test_such_keys_are_a_danger_and_no_theory():
    """Signed by nobody: the neutral point and a zero fit some message at once, under a key of small order."""
    neutral = bytes.fromhex(SMALL[0]) + bytes(32)
    assert any(is_signed(bytes([n]), neutral, bytes.fromhex(SMALL[0])) for n in range(64))


@given(st.binary(min_size=32, max_size=32))
def test_a_key_that_somebody_drew_is_not_weak(seed):
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert not is_weak(public)


def test_a_key_is_called_by_its_hash():
    assert len(key_id(PUBLIC)) == 16
    assert key_id(PUBLIC) != key_id(bytes(32))


def test_every_field_is_signed():
    order = order_of()
    others = [
        replace(order, gate="south"),
        replace(order, kind=OrderKind.LOCKDOWN),
        replace(order, key="0" * 16),
        replace(order, nonce="cd" * 16),
        replace(order, issued_at=NOW + timedelta(seconds=1)),
        replace(order, expires_at=NOW),
    ]
    assert len({signed_bytes(each) for each in [order, *others]}) == 7
