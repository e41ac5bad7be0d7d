"""What an operator does before face can be offered, done for the demonstration, the measurements and the tests."""

from __future__ import annotations

from datetime import datetime

from gate.govern.approval import approve
from gate.notice import load_sources, publish
from gate.settings import Settings
from gate.store import Store


def prepare_site(store: Store, settings: Settings, at: datetime) -> None:
    """Publish the notice that the settings give, then approve the assessment of the whole configuration (R80)."""
    publish(store.notices, load_sources(settings, public_key=store.signer.public_key), at)
    approve(settings, store, approver="Demo operator", role="manager", at=at)
