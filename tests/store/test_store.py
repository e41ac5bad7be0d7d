"""Whether there is a store can be asked without making one."""

import pytest

from gate.errors import VaultError
from gate.store import Store


def test_asking_for_a_store_makes_none(tmp_path, open_store):
    assert Store.exists(tmp_path / "data") is False
    assert list(tmp_path.iterdir()) == []
    open_store()
    assert Store.exists(tmp_path / "data") is True


def test_a_folder_that_cannot_be_looked_into_is_told_with_its_remedy(tmp_path):
    with pytest.raises(VaultError) as refusal:
        Store.exists(tmp_path / ("x" * 300))
    assert refusal.value.code == "folder-unusable"
