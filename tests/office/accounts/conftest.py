from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from tests.staffing import Phone, SetClock, Site
from tests.stores import open_in


def opened_at(folder):
    return open_in(folder)


@pytest.fixture(scope="session")
def set_up_once(tmp_path_factory):
    """Give a gate with its first manager, closed, to be copied: a password's hash takes its time."""
    folder = tmp_path_factory.mktemp("set-up")
    store = opened_at(folder)
    manager = Site(store).set_up()
    store.close()
    return folder, manager


@pytest.fixture
def open_store(tmp_path):
    opened = []

    def opener():
        opened.append(opened_at(tmp_path))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def bare(open_store):
    """Give a gate that nobody set up."""
    return Site(open_store())


@pytest.fixture
def site(set_up_once, tmp_path, open_store):
    """Give a gate with its first manager."""
    for name in ("data", "keys"):
        shutil.copytree(set_up_once[0] / name, tmp_path / name)
    return Site(open_store(), clock=SetClock())


@pytest.fixture
def manager(set_up_once, site):
    first = set_up_once[1]
    return replace(first, phone=Phone(first.phone.secret, site.clock))
