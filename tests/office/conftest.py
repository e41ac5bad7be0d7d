"""The same store as the store's own tests have."""

from tests.store.conftest import (  # noqa: F401
    database_path,
    decide,
    intruder,
    noon,
    open_store,
    resident,
    store,
)
