"""What the gate remembers: SQLite with sealed records. Start at ``store.py``."""

from gate.store.decisions import Kept, Outcome
from gate.store.store import Store

__all__ = ["Kept", "Outcome", "Store"]
