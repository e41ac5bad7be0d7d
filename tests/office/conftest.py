"""The same store as the store's own tests have."""

from tests.store.conftest import (  # noqa: F401
    database_path,
    intruder,
    noon,
    open_store,
    store,
)
