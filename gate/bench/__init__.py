"""``gate bench``: speed and size on this machine, as ratios and medians within one run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from gate import logs
from gate.core.types import Seconds
from gate.vision.progress import Progress


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is measured. The defaults take about a minute."""

    frames: int = 200
    searches: int = 60
    gallery_sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    cards: int = 500
    seals: int = 60
    gallery: int = 10_000
    residents: int = 200
    erasures: int = 60
    idle_s: Seconds = 10.0


def measure(models_dir: Path, progress: Progress, counts: Counts = Counts()) -> dict[str, object]:
    """Give every figure, by the name under which it is reported.

    bare_ms, frame_ms, overhead_ratio: the two networks alone, and the vision process's whole way from a frame to its
    finding. search: n templates, ms, ratio to a bare matrix-vector product. card_under_load_ms: from a card to the
    strike while vision keeps every core busy, 99th percentile. start_card_s, start_face_s: from exec. rss_mb, idle_cpu_percent: of a
    gate at rest after a visit by face, the latter of one core. seal_ratio, open_ratio: one template against one bare
    AES-GCM call with a key of its own; seal_ready_key_ratio, open_ready_key_ratio: with a key set up beforehand.
    gallery_open_s, rotation_loop_s, rotation_aside_s: of *gallery* templates, the last two on the service's loop and
    beside it. resident_bytes: what one adds to the database, with card, PIN, consent record and template.
    erase_to_matcher_p50_s, erase_to_matcher_p99_s: from a withdrawal to the matcher's confirmed gallery without it.
    Raises GateError where something needed is missing.
    """
    # The fresh process imports this package too, and must stay as small as the service it stands for.
    from gate.bench.cards import cards_under_load
    from gate.bench.erase import erasures
    from gate.bench.footprint import footprint
    from gate.bench.networks import frame_times, search_times
    from gate.bench.vault import vault_figures

    logs.configure(quiet=True)
    progress("frames", 0, 6)
    frames = frame_times(models_dir, counts.frames)
    progress("search", 1, 6)
    search = [search_times(size, counts.searches) for size in counts.gallery_sizes]
    progress("start and size", 2, 6)
    size = footprint(models_dir, idle_s=counts.idle_s)
    progress("cards under load", 3, 6)
    cards = asyncio.run(cards_under_load(models_dir, counts.cards))
    progress("vault", 4, 6)
    vault = vault_figures(models_dir, rounds=counts.seals, gallery=counts.gallery, residents=counts.residents)
    progress("erasures", 5, 6)
    erased = asyncio.run(erasures(models_dir, counts.erasures))
    progress("bench", 6, 6)
    return {**frames, "search": search, **cards, **size, **vault, **erased}
