"""Photographs, films and weights that may lie beside the project and never in it; what needs them is skipped without."""

from pathlib import Path

BESIDE = Path(__file__).parents[2] / "shared"
FACES = BESIDE / "data" / "faces"
FILM = BESIDE / "data" / "video" / "motion_1.mp4"
ATTACKS = BESIDE / "data" / "presentation_attack"
WEIGHTS = BESIDE / "models"
