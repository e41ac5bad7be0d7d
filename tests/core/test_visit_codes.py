"""A visitor's code reads back as it was written, and nothing else reads as one."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gate.core.credentials import is_card_number
from gate.core.visit_codes import (
    AHEAD_MOST,
    SPAN_MOST,
    TEXT_MOST,
    CodeStanding,
    VisitCode,
    VisitFault,
    gate_digest,
    judge,
    parse,
    visit_fault,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CODE = VisitCode(gate_digest("north"), bytes(range(16)), 1_800_000_000, 1_800_003_600)
TEXT = CODE.text(KEY.sign(CODE.signed_bytes))
ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

codes = st.builds(
    VisitCode,
    gate=st.binary(min_size=8, max_size=8),
    id=st.binary(min_size=16, max_size=16),
    valid_from=st.integers(0, 2**32 - 1),
    valid_until=st.integers(0, 2**32 - 1),
)
signatures = st.binary(min_size=64, max_size=64)


def is_ours(signed, signature):
    try:
        KEY.public_key().verify(signature, signed)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not ours
        return False
    return True


def standing(text, now=CODE.valid_from):
    return judge(text, now, is_ours)[0]


@given(code=codes, signature=signatures)
def test_a_code_reads_back_as_it_was_written(code, signature):
    assert parse(code.text(signature)) == (code, signature)


@given(code=codes, signature=signatures)
def test_a_code_fits_qr_alphanumeric_mode_and_can_be_no_card_number(code, signature):
    text = code.text(signature)
    assert set(text) <= ALPHANUMERIC
    assert len(text) == 158 <= TEXT_MOST
    assert not is_card_number(text)


@given(st.one_of(st.text(), st.text().map("GV1.".__add__)))
def test_any_text_is_read_without_a_fault(text):
    parsed = parse(text)
    assert parsed is None or parsed[0].text(parsed[1]) == text


@given(at=st.integers(0, len(TEXT) - 1), other=st.characters())
def test_no_altered_character_passes(at, other):
    altered = TEXT[:at] + other + TEXT[at + 1 :]
    assert altered == TEXT or standing(altered) in {CodeStanding.MALFORMED, CodeStanding.FORGED}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GV1.",
        "'; DROP TABLE visits --",
        "GV1.'; DROP TABLE visits --",
        TEXT.lower(),
        TEXT + "\n",
        " " + TEXT,
        TEXT + "=" * 6,
        TEXT + "A",
        TEXT[:-1],
        TEXT[:-2],
        "GV2." + TEXT[4:],
        TEXT.replace("A", "\uff21"),
        "GV1." + "A" * 100_000,
        "GV1." + base64.b32encode(bytes(97)).decode().rstrip("="),
        "GV1." + "\u0663" * 154,
        "\ud800",
    ],
)
def test_what_is_no_code_is_malformed(text):
    assert judge(text, CODE.valid_from, is_ours) == (CodeStanding.MALFORMED, None)


def test_the_two_bits_base32_leaves_over_give_no_second_spelling():
    """A used code must not be scanned again in other letters."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    spellings = [TEXT[:-1] + digit for digit in digits]
    assert [parse(text) is not None for text in spellings].count(True) == len(digits) // 4


def test_a_code_of_another_key_is_forged_and_tells_nothing():
    other = Ed25519PrivateKey.generate()
    assert judge(CODE.text(other.sign(CODE.signed_bytes)), CODE.valid_from, is_ours) == (
        CodeStanding.FORGED,
        None,
    )


def test_a_signature_over_the_bare_content_is_none():
    """What the device signs elsewhere can never be taken for a code: the words before it belong to codes alone."""
    assert standing(CODE.text(KEY.sign(CODE.signed_bytes.partition(b"\0")[2]))) is CodeStanding.FORGED
    assert CODE.signed_bytes.startswith(b"gate visit code 1\0")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (CODE.valid_from - 1, CodeStanding.NOT_YET),
        (CODE.valid_from, CodeStanding.GOOD),
        (CODE.valid_until - 1, CodeStanding.GOOD),
        (CODE.valid_until, CodeStanding.OVER),
    ],
)
def test_a_code_holds_from_its_first_second_to_before_its_last(now, expected):
    assert judge(TEXT, now, is_ours) == (expected, CODE)


def test_the_format_is_the_one_written_down():
    """The golden code: who changes the format raises the number in its prefix."""
    data = base64.b32decode(TEXT.removeprefix("GV1.") + "=" * 6)
    assert data[:32].hex() == gate_digest("north").hex() + bytes(range(16)).hex() + "6b49d2006b49e010"
    assert KEY.public_key().verify(data[32:], b"gate visit code 1\0" + data[:32]) is None
    assert TEXT.startswith("GV1.")


def test_a_code_shows_its_id_in_no_log_line():
    assert "id" not in repr(CODE).replace("valid_", "")


@pytest.mark.parametrize(
    ("begin", "end", "fault"),
    [
        (NOON, NOON + SECOND, None),
        (NOON - DAY, NOON + SECOND, None),
        (NOON, NOON + SPAN_MOST, None),
        (NOON + AHEAD_MOST, NOON + AHEAD_MOST + DAY, None),
        (NOON, NOON, VisitFault.BACKWARDS),
        (NOON + DAY, NOON, VisitFault.BACKWARDS),
        (NOON - DAY, NOON, VisitFault.OVER),
        (NOON, NOON + SPAN_MOST + SECOND, VisitFault.TOO_LONG),
        (NOON + AHEAD_MOST + SECOND, NOON + AHEAD_MOST + DAY, VisitFault.TOO_FAR_AHEAD),
    ],
)
def test_a_code_is_issued_for_a_short_span_soon(begin, end, fault):
    assert visit_fault(begin, end, NOON) is fault


def test_a_time_no_code_can_tell_is_too_far_ahead():
    late = datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)
    assert visit_fault(late - DAY, late, late - DAY) is None
    assert visit_fault(late - DAY, late + SECOND, late - DAY) is VisitFault.TOO_FAR_AHEAD
