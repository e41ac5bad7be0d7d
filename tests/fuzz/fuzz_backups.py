"""Fuzz the files that lie on removable media: the backup's head and pieces, the escrow, and the sealed root keys."""

import io
import json
from datetime import UTC, datetime

from gate.errors import VaultError
from gate.store.backup.archive import MAGIC, Head, read_head, sealed, unsealed
from gate.store.keyring.escrow import EpochSecret, Escrow, EscrowError, unwrap, wrap
from gate.store.keyring.passphrase import _parsed as sealed_root
from gate.store.keyring.tpm import SealedRoot
from tests.fuzz.harness import Cut

KEY = bytes(range(32))
IMAGE = b"database" * 9
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEAD = Head("north", NOON, 9, 1, 7, bytes(32), 0, len(IMAGE), bytes(32), salt=bytes(32))
WHOLE = b"".join(sealed(HEAD, IMAGE, KEY))
OPENING = WHOLE[len(MAGIC) + 4 : WHOLE.index(b"}") + 1]
ROOT = {
    "format": 1,
    "iterations": 3,
    "memory_kib": 65536,
    "lanes": 4,
    "salt": "A" * 22 + "==",
    "sealed": "A" * 80,
}
SEEDS = (
    b"\x00" + WHOLE,
    b"\x01" + OPENING,
    b"\x01" + OPENING.replace(b'"created":', b'"created":9'),
    b"\x01" + OPENING.replace(b'"format":1', b'"format":2'),
    b"\x02" + wrap(EpochSecret(1, bytes(32)), KEY, bytes(32)).encode(),
    b"\x03" + json.dumps(ROOT).encode(),
    b"\x04" + SealedRoot((7,), b"p", b"q").encode(),
    b"\x04" + b'{"format": 1, "pcrs": [1e999], "public": "", "private": ""}',
    b"\x02" + b"[" * 4000,
)


def one_input(raw):
    """Choose a kind of file by the first byte; 1 stands for a head whose length is put right."""
    data = Cut(raw)
    match data.number(0, 4):
        case 0:
            check_backup(data.rest())
        case 1:
            head = data.rest()
            check_backup(MAGIC + len(head).to_bytes(4) + head)
        case 2:
            check_escrow(data.rest())
        case 3:
            check(sealed_root, data.rest(), "key-malformed")
        case _:
            check(SealedRoot.decode, data.rest(), "key-malformed")


def check_backup(content):
    """Only the backup that this key sealed opens."""
    check(lambda each: read_head(io.BytesIO(each)), content, "backup-malformed", "backup-newer")
    try:
        _, image = unsealed(io.BytesIO(content), KEY)
    except VaultError:
        return
    assert content == WHOLE
    assert image == IMAGE


def check_escrow(content):
    try:
        assert unwrap(Escrow.decode(content), KEY).secret == bytes(32)
    except EscrowError:
        return


def check(parse, content, *codes):
    try:
        parse(content)
    except VaultError as error:
        assert error.code in codes
