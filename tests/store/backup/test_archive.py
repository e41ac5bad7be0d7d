"""The backup file: one altered, lost, moved or added byte, and none of it opens."""

import io
import json
import secrets
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import VaultError
from gate.store.backup import archive
from gate.store.backup.archive import MAGIC, Head, sealed, unsealed

KEY = bytes(range(32))
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PIECE = 64 * 1024


def head(size, **changed):
    values = {
        "gate_id": "north",
        "created": NOON,
        "schema": 2,
        "epoch": 3,
        "audit_seq": 7,
        "audit_hash": bytes(32),
        "tombstones": 5,
        "size": size,
        "public_key": b"p" * 32,
    }
    return Head(**(values | changed))


def backup(image, **changed):
    return b"".join(sealed(head(len(image), **changed), image, KEY))


def opened(content, key=KEY):
    return unsealed(io.BytesIO(content), key)


def refused(content, key=KEY):
    with pytest.raises(VaultError) as caught:
        opened(content, key)
    return caught.value.code


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_sealed_opens_with_its_head(size):
    image = secrets.token_bytes(size)
    read, content = opened(backup(image))
    assert content == image
    assert read == head(size, salt=read.salt)


def test_the_head_reads_without_a_key():
    assert archive.read_head(io.BytesIO(backup(b"x"))).epoch == 3


def test_two_backups_of_the_same_image_share_no_sealed_byte_run():
    first, second = backup(bytes(256)), backup(bytes(256))
    assert first[-64:] != second[-64:]


IMAGE = secrets.token_bytes(PIECE + 100)
WHOLE = backup(IMAGE)


@given(at=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_refused(at, bit):
    altered = bytearray(WHOLE)
    altered[at] ^= 1 << bit
    assert refused(bytes(altered)) in {"backup-altered", "backup-malformed", "backup-newer"}


def test_each_bit_of_the_head_counts():
    length = len(WHOLE) - len(IMAGE) - 2 * 16
    for at in range(length):
        altered = bytearray(WHOLE)
        altered[at] ^= 1
        assert refused(bytes(altered)).startswith("backup-")


@given(kept=st.integers(0, len(WHOLE) - 1))
def test_a_backup_cut_short_is_refused(kept):
    assert refused(WHOLE[:kept]) in {"backup-altered", "backup-malformed"}


def test_pieces_left_out_moved_or_added_are_refused():
    whole = backup(bytes(3 * PIECE))
    start, piece = len(whole) - 3 * (PIECE + 16), PIECE + 16
    first, second, third = (whole[start + n * piece : start + (n + 1) * piece] for n in range(3))
    for pieces in ([first, second], [first, third], [second, first, third], [first, second, third, third]):
        assert refused(whole[:start] + b"".join(pieces)) == "backup-altered"
    assert refused(whole + b"x") == "backup-altered"


def test_a_head_of_another_backup_opens_nothing():
    one, other = backup(b"a" * 100, epoch=3), backup(b"b" * 100, epoch=4)
    assert refused(other[: -100 - 16] + one[-100 - 16 :]) == "backup-altered"


def test_another_key_opens_nothing():
    assert refused(WHOLE, key=bytes(32)) == "backup-altered"


def with_head(**changed):
    """A file whose head says something else, spelled well."""
    length = int.from_bytes(WHOLE[len(MAGIC) : len(MAGIC) + 4])
    said = json.loads(WHOLE[len(MAGIC) + 4 : len(MAGIC) + 4 + length]) | changed
    text = json.dumps({name: value for name, value in said.items() if value is not None}).encode()
    return MAGIC + len(text).to_bytes(4) + text + WHOLE[len(MAGIC) + 4 + length :]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"format": 2}, "backup-newer"),
        ({"format": "1"}, "backup-malformed"),
        ({"format": -1}, "backup-malformed"),
        ({"epoch": 4}, "backup-altered"),
        ({"epoch": "3"}, "backup-malformed"),
        ({"epoch": True}, "backup-malformed"),
        ({"created": 1 << 70}, "backup-malformed"),
        ({"salt": "00"}, "backup-malformed"),
        ({"salt": 3}, "backup-malformed"),
        ({"gate_id": None}, "backup-malformed"),
        ({"gate_id": 7}, "backup-malformed"),
        ({"more": 1}, "backup-malformed"),
        ({"tombstones": 0}, "backup-altered"),
    ],
)
def test_a_head_that_says_something_else_is_refused(changed, code):
    assert refused(with_head(**changed)) == code


@pytest.mark.parametrize(
    "content",
    [b"", MAGIC, MAGIC + b"\xff\xff\xff\xff", MAGIC + b"\x00\x00\x00\x02[]", b"SQLite format 3\0" * 100,
     MAGIC + (4000).to_bytes(4) + b"[" * 4000],
    ids=["empty", "cut", "huge head", "no object", "another file", "deep"],
)  # fmt: skip
def test_what_is_no_backup_is_told_as_such(content):
    assert refused(content) == "backup-malformed"


def test_backups_are_ranked_by_what_happened_in_them_before_the_clock():
    older = head(0, audit_seq=6, created=NOON.replace(year=2030))
    assert older.age_rank < head(0).age_rank < head(0, epoch=4, audit_seq=1).age_rank
