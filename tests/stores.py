"""A gate's store as most tests open it: the same site everywhere, and hashes that cost next to nothing."""

import functools
from pathlib import Path
from tempfile import TemporaryDirectory

from gate.store import Store
from tests.consents import TERMS
from tests.costs import LEAST
from tests.notices import NOON, publish_notice


def open_in(folder, **changed):
    """Open the store whose folders lie in *folder*, made if there is none; *changed*: what Store.open takes."""
    site = {
        "data_dir": folder / "data",
        "keys_dir": folder / "keys",
        "credentials_dir": None,
        "gate_id": "north",
        "terms": TERMS,
        "model_sha256": "a" * 64,
        "cost": LEAST,
    }
    return Store.open(**(site | changed))


def lay_started(folder, *, with_notice=True):
    """Lay a store that was started once into *folder*, where none is: a first start costs ten times as much.

    Its keys, in files, are the same wherever this process lays it.
    """
    if (folder / "data").exists() or (folder / "keys").exists():
        return
    for name, content in _started(with_notice=with_notice).items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)


@functools.cache
def _started(*, with_notice):
    """Give the files of a store after its first start, by name."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        store = open_in(folder)
        if with_notice:
            publish_notice(store, NOON)
        store.close()
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
