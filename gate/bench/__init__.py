"""``gate bench``: speed and size on this machine, as ratios and medians within one run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gate import logs
from gate.core.types import Seconds
from gate.errors import RequestError
from gate.vision.client import CHILD_ENVIRONMENT
from gate.vision.progress import Progress


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is measured. The defaults take about seven minutes, most of it waiting as long as people at a door do."""

    frames: int = 200
    visits: int = 40
    searches: int = 60
    gallery_sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    cards: int = 300
    door_cards: int = 100
    pins: int = 40
    people: int = 10_000
    passages: int = 300
    seals: int = 60
    gallery: int = 10_000
    residents: int = 200
    erasures: int = 60
    listed: int = 5_000
    lookups: int = 200
    page_rounds: int = 60
    screen_steps: int = 20
    idle_s: Seconds = 10.0


def measure(
    models_dir: Path, progress: Progress, counts: Counts = Counts(), *, only: str | None = None
) -> dict[str, object]:
    """Give every figure, by the name under which it is reported; those of one part where *only* names it.

    bare_ms, frame_ms, overhead_ratio: the two networks alone, and the vision process's whole way from a frame to its
    finding, with quality, protection and search. frame_to_embedding_ratio: a frame to its embedding, by both networks with what
    brings pixels to them, against the two alone. conv_ratio: the embedding network against its convolutions alone. opencv_ratio, dlib_ratio: a frame to its
    embedding by OpenCV 5's own pipeline on the prepared networks, and by face_recognition where it is installed, against
    ours; "_absent" says why one is not there. stages: the share of each in one look. match_1to1_us: against a card's own
    template alone. template_bytes: of the matcher's memory. presence_to_decision_p50_s, presence_to_decision_p95_s: from
    "open the camera" to the finding that lets the core decide. search: n templates, ms, ratio to a bare matrix-vector product. card_under_load_ms: from a card to the
    strike while vision keeps every core busy, 99th percentile. start_card_s, start_face_s: from exec. rss_mb, idle_cpu_percent: of a
    gate at rest after a visit by face, the latter of one core. seal_ratio, open_ratio: one template against one bare
    AES-GCM call with a key of its own; seal_ready_key_ratio, open_ready_key_ratio: with a key set up beforehand.
    gallery_open_s, rotation_loop_s, rotation_aside_s: of *gallery* templates, the last two on the service's loop and
    beside it. resident_bytes: what one adds to the database, with card, PIN, consent record and template.
    doors: by wire, "osdp_9600" and the like: from a card, once its reader has sent it, to the strike asked and to its
    word that it is free; the bare driver's same way, the ratio, and cards that were lost. pin_p50_ms, pin_p95_ms: from
    the last key to the strike asked; against a bare argon2id. fire_reaction_ms, exit_reaction_ms: of the controller's
    firmware, in its own clock, at worst. door_idle_percent: of a core, of a gate at rest with an OSDP reader and a
    controller. permit_us, permit_by_face_us: to look at one of *people_with_hours*; record_ms: the whole record of a
    passage, against one page put on the same disk.
    people_search_ms, people_search_p95_ms: to look one of *residents_searched* up by name; against a bare pass over a list of
    names. people_index_s: to open all records, in slices. import_slice_ms, import_write_ms: how long the loop stands still at
    most while as many are entered from a file.
    pages_p95_ms, slowest_page_p95_ms: by page, from the request to its last byte, with so many residents and while a face is
    looked at; pages_first_load_bytes, heaviest_first_load_bytes: each with all that it fetches. kiosk_step_p95_ms: from the end of the
    notice's minimum time to the choice on its way to the screen.
    erase_to_matcher_p50_s, erase_to_matcher_p99_s: from a withdrawal to the matcher's confirmed gallery without it.
    Raises GateError where something needed is missing, RequestError for a part there is not.
    """
    # The fresh process imports this package too, and must stay as small as the service it stands for.
    logs.configure(quiet=True)
    os.environ.update(CHILD_ENVIRONMENT)  # what is measured in this process runs in the vision child
    works = _works(models_dir, counts)
    chosen = [name for name in works if only in {None, name}]
    if not chosen:
        raise RequestError(
            "bench-part", f"There is no part '{only}'.", remedy=f"Name one of: {', '.join(works)}."
        )
    measured: dict[str, object] = {}
    for done, name in enumerate(chosen):
        progress(name, done, len(chosen))
        measured |= works[name]()
    progress("bench", len(chosen), len(chosen))
    return measured


def _works(models_dir: Path, counts: Counts) -> dict[str, Callable[[], Mapping[str, object]]]:
    """Give what measures each part, by its name, in the order in which they run."""
    from gate.bench.cards import cards_under_load
    from gate.bench.door import door_figures
    from gate.bench.erase import erasures
    from gate.bench.footprint import footprint
    from gate.bench.looking import vision_figures
    from gate.bench.networks import search_times
    from gate.bench.pages import page_figures
    from gate.bench.people import people_figures
    from gate.bench.permits import permit_figures
    from gate.bench.vault import vault_figures

    return {
        "vision": lambda: vision_figures(models_dir, looks=counts.frames, visits=counts.visits),
        "search": lambda: {"search": [search_times(size, counts.searches) for size in counts.gallery_sizes]},
        "start": lambda: footprint(models_dir, idle_s=counts.idle_s),
        "cards": lambda: asyncio.run(cards_under_load(models_dir, counts.cards)),
        "vault": lambda: vault_figures(
            models_dir, rounds=counts.seals, gallery=counts.gallery, residents=counts.residents
        ),
        "erasures": lambda: asyncio.run(erasures(models_dir, counts.erasures)),
        "doors": lambda: asyncio.run(
            door_figures(models_dir, cards=counts.door_cards, pins=counts.pins, idle_s=counts.idle_s)
        ),
        "permits": lambda: permit_figures(models_dir, people=counts.people, passages=counts.passages),
        "people": lambda: people_figures(models_dir, residents=counts.listed, searches=counts.lookups),
        "pages": lambda: page_figures(
            models_dir, residents=counts.listed, rounds=counts.page_rounds, steps=counts.screen_steps
        ),
    }
