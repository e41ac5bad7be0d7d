"""The desk gate that is measured: one resident with a card, in a folder of its own."""

from __future__ import annotations

import secrets
from array import array
from datetime import UTC, datetime
from pathlib import Path

from gate.app import open_store
from gate.core.consent import AgeBand, Agreement, By, Channel, Indication
from gate.core.notices import Form
from gate.demo.operator import prepare_site
from gate.demo.settings import desk_settings
from gate.settings import Settings
from gate.store import Store
from gate.store.consent.templates import TEMPLATE_BYTES
from gate.vision.client import VisionSettings
from gate.vision.manifest import load_operating_point, manifest_for

CARD = 40451
UNIT = "1203"
FASTEST_FPS = 120
"""More than any CPU here can look at: the camera never makes vision wait."""


def bench_settings(folder: Path, models_dir: Path) -> Settings:
    """Give the settings of a desk gate whose state lies in *folder*."""
    return desk_settings(folder, models_dir=models_dir)


def move_in(settings: Settings) -> None:
    """Prepare the site and store the one resident with a card."""
    store = open_store(settings)
    try:
        prepare_site(store, settings, datetime.now(UTC))
        person = store.people.add(UNIT, "Bench", "")
        store.credentials.issue_card(person, f"26:{CARD}", at=datetime.now(UTC))
    finally:
        store.close()


def camera_settings(models_dir: Path, *, threads: int, frames_per_s: int = FASTEST_FPS) -> VisionSettings:
    """Give the settings of a vision child that looks at the scenes as fast as it can, or at their own pace."""
    portraits = models_dir / "weights" / "portraits"
    point = load_operating_point(models_dir, manifest_for(models_dir, "embed"))
    return VisionSettings(
        str(models_dir),
        "simulated",
        str(portraits),
        640,
        480,
        frames_per_s,
        threshold=point.threshold,
        margin=point.margin,
        threads=threads,
    )


def draw_template() -> bytes:
    """Draw a template: a vector of length 1: what is none cannot be renewed."""
    numbers = array("f", bytes(TEMPLATE_BYTES))
    numbers[secrets.randbelow(len(numbers))] = 1.0
    return numbers.tobytes()


def agreement_to(store: Store) -> Agreement:
    """Give what somebody agrees to at a prepared site's desk."""
    current = store.notices.current
    assert current is not None  # the site was prepared
    return Agreement(
        notice=current.version,
        language="zh-CN",
        by=By(Channel.DESK, "resident"),
        indication=Indication.TICKED_AND_PRESSED,
        age_band=AgeBand.FROM_14,
        notice_sha256=current.sha256["zh-CN", Form.FULL],
    )
