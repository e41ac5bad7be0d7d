"""What the tests of a restore look for, and how they spoil what is restored from."""

import pytest

from gate.errors import GateError
from gate.store.keyring.keys import MasterKey
from gate.store.keyring.recovery import collect, split
from tests.store.devices import HOUR, NOON

FACE, OTHER = b"\x01" * 512, b"\x02" * 512


def by_shares(root):
    """Carry the root key over on paper."""
    return MasterKey(
        collect(iter(split(bytes(root.secret), threshold=2, of=3)), lambda _a, _b: None), root.custody
    )


def refused(act):
    with pytest.raises(GateError) as caught:
        act()
    return caught.value.code


def audit_holds(device):
    with device.store() as store:
        return store.audit.verify(NOON - 24 * HOUR), store.consents.verify()


def standing(device):
    with device.store() as store:
        return sorted(row[0] for row in store._database.rows("SELECT state FROM consents"))


def missing(path):
    path.unlink()


def altered(path):
    path.write_text(path.read_text().replace('"at": 1', '"at": 2', 1))


def truncated(path):
    path.write_bytes(path.read_bytes()[:-20])
