"""Stores of gates at which days pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gate.core.anonymity import Counting
from gate.store import Store
from tests.attack.device import DEFAULT
from tests.stores import open_in


@pytest.fixture(scope="module")
def open_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Store]]:
    opened, folder = [], tmp_path_factory.mktemp("stores")

    def opener(name: str, counting: Counting = DEFAULT) -> Store:
        store = open_in(folder / name, counting=counting)
        opened.append(store)
        return store

    yield opener
    for store in opened:
        store.close()
