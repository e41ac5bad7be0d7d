"""``gate demo --serve``: a desk gate that stays, with two residents and all its pages, to be played with."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gate import app
from gate.demo.needs import require_models
from gate.demo.operator import prepare_site
from gate.demo.settings import desk_settings
from gate.settings import Settings

RESIDENTS = (("1203", "Ada Chen", 40451), ("0702", "Ben Wu", 40452))


async def serve_demo(say: Callable[[str], None], *, camera: str | None, port: int) -> None:
    """Run until cancelled; what was stored goes with the folder it lay in."""
    with tempfile.TemporaryDirectory(prefix="gate-demo-") as folder:
        settings = desk_settings(Path(folder), camera=camera, port=port)
        require_models(settings.models_dir)
        for line in _move_in(settings):
            say(line)
        await app.run(settings, lambda url: say(f"{_PAGES.format(url=url.rstrip('/'))}"))


def _move_in(settings: Settings) -> list[str]:
    store = app.open_store(settings)
    try:
        now = datetime.now(UTC)
        prepare_site(store, settings, now)
        lines = []
        for unit, name, card in RESIDENTS:
            person = store.people.add(unit, name, "")
            store.credentials.issue_card(person, f"26:{card}", at=now)
            pin = store.credentials.issue_pin(person, at=now)
            lines.append(f"Unit {unit} ({name}): card {card}, keys {unit}#{pin}#")
        return lines
    finally:
        store.close()


_PAGES = """
Gate screen   {url}/kiosk   (keep it open and visible: without it, face is not offered)
Simulator     {url}/sim     cards, keys, who stands before the camera, the door
Desk          {url}/desk    agree to face, withdraw
Status        {url}/
Ctrl-C ends it and deletes everything it stored."""
