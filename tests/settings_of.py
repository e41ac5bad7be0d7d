"""Settings of a made-up site, for what is composed without a settings file."""

from pathlib import Path

from gate.demo.settings import desk_settings


def settings_of(gate_id):
    settings = desk_settings(Path("/nowhere"))
    site = {"gate_id": gate_id, "controller": "Garden Compound Ltd", "contact": "+86 10 5555 0100"}
    return settings.model_copy(update={"site": settings.site.model_copy(update=site)})
