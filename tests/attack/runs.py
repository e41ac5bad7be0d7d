"""The whole measurement: every secret, at every size, with the default noise and without, and what came of it as figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from gate.core.anonymity import CHANCE, HERE, share_of
from gate.core.events import Counted
from gate.core.noise import margin
from tests.attack.compound import SIZES
from tests.attack.device import BLOCKS, CELLS, DEFAULT, HOURS, NOISE_OFF, Site, counted
from tests.attack.differencing import equations, follows
from tests.attack.guessing import attack
from tests.attack.limits import Success
from tests.attack.worlds import PEOPLE_SEED, SECRETS, Days, people, watch, watch_crowd, watch_one_day

FIGURES = Path(__file__).with_name("figures.json")
SEED = 20_261_122
DAYS = {60: 2_800, 500: 1_680, 5000: 672}
"""How many days each world is watched; whole months, for months are summed from them."""
MONTHLY = ("home-usual", "home-busy", "night")
KNOWN = ("evening", "night", "home-usual", "home-busy")
"""What is asked where the attacker knows everybody else's passages as well."""
KNOWN_DAY = 15
"""A Tuesday."""
KNOWN_TIMES = 1200
KNOWN_TIMES_WITHOUT_NOISE = 200
"""Every one of them is the same."""
SUBTRACTED_DAYS = 28


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured success. kind: "day", "month", "known" (all others are) or "crowd"."""

    residents: int
    epsilon: float
    kind: str
    secret: str
    success: Success


@dataclass(frozen=True, slots=True)
class Told:
    """What a site tells, on average, and what subtraction makes of it. Hours, blocks, days: the share that is shown."""

    residents: int
    epsilon: float
    hours: float
    by_method: float
    blocks: float
    days: float
    refusals: float
    numbers: int
    thin_hours: int
    isolated: int
    """Hours with fewer than k people whose number follows by subtraction, of thin_hours."""


def measured(site: Site, *, days: int, times: int, seed: int = SEED) -> tuple[Told, list[Figure]]:
    """Measure everything at one site."""
    seen = watch(site, tuple(SECRETS), days=days, seed=seed)
    epsilon, figures = float(site.epsilon), []
    for name, secret in SECRETS.items():
        answers = attack(*seen.pair(secret), seen.weekend)
        figures.append(Figure(site.residents, epsilon, "day", name, answers.success()))
        if name in MONTHLY:
            months = answers.summed(seen.weekend)
            figures.append(Figure(site.residents, epsilon, "month", name, months.success()))
    for name in KNOWN:
        known = watch_one_day(site, SECRETS[name], which=KNOWN_DAY, times=times, seed=seed)
        answers = attack(*known.pair(SECRETS[name]), known.weekend)
        figures.append(Figure(site.residents, epsilon, "known", name, answers.success()))
    crowds = {str(crowd): _crowded(site, crowd, times, seed) for crowd in crowds_at(site)}
    figures += [Figure(site.residents, epsilon, "crowd", name, success) for name, success in crowds.items()]
    return told_at(site, seen, seed), figures


def crowds_at(site: Site) -> tuple[int, ...]:
    """Give how many others make the test for showing a cell tell most: one below k, at its threshold, and far above."""
    share = share_of(site.epsilon, [(HERE, method) for method in DEFAULT.offered])
    threshold = site.k + (margin(share, chance=CHANCE) if share else 0)
    return site.k - 1, threshold - 1, threshold + 5, threshold + 60


def _crowded(site: Site, crowd: int, times: int, seed: int) -> Success:
    days = watch_crowd(site, crowd, times=times, seed=seed)
    return attack(*days.pair(SECRETS["evening"]), days.weekend).success()


def told_at(site: Site, seen: Days, seed: int) -> Told:
    """Give what is told at all, and try subtraction on four weeks in a row."""
    shown = seen.seen[()][:, :, 0].mean(axis=0)
    rng = np.random.default_rng([seed, PEOPLE_SEED])
    month = [counted(day) for day in people(site).days(rng, first=0, count=SUBTRACTED_DAYS)]
    told = [each for n, hours in enumerate(month) for each in site.told(hours, number=n, seed=seed + n)]
    known = equations(told)
    starts = [each.window_start for each in told if isinstance(each, Counted) and each.span == "hour"]
    everybody = [len(hour.people.known | hour.beside.known) for hours in month for hour in hours]
    thin = [start for start, count in zip(starts, everybody, strict=True) if count < site.k]
    return Told(
        site.residents,
        float(site.epsilon),
        float(shown[:HOURS].mean()),
        float(seen.seen[()][:, :HOURS, 2].mean()),
        float(shown[HOURS : HOURS + BLOCKS].mean()),
        float(shown[CELLS - 1]),
        float(shown[CELLS]),
        len(known),
        len(thin),
        sum(follows(known, start) for start in thin),
    )


def everything(workers: int = 2) -> tuple[list[Told], list[Figure]]:
    """Measure every site. Takes about half an hour of two cores."""
    sites = [Site(size, epsilon) for size in reversed(SIZES) for epsilon in (DEFAULT.epsilon, NOISE_OFF)]
    with ProcessPoolExecutor(workers) as pool:
        found = list(pool.map(_measured, sites))
    return [told for told, _ in found], [figure for _, figures in found for figure in figures]


def _measured(site: Site) -> tuple[Told, list[Figure]]:
    times = KNOWN_TIMES if site.epsilon else KNOWN_TIMES_WITHOUT_NOISE
    return measured(site, days=DAYS[site.residents], times=times)


def save(told: Sequence[Told], figures: Sequence[Figure]) -> None:
    """Keep the figures beside the code that made them."""
    text = json.dumps(
        {"told": [asdict(each) for each in told], "figures": [asdict(each) for each in figures]}, indent=1
    )
    FIGURES.write_text(text + "\n", encoding="utf-8")


def load() -> tuple[list[Told], list[Figure]]:
    """Give the figures of the last measurement."""
    read = json.loads(FIGURES.read_text(encoding="utf-8"))
    figures = [Figure(**{**each, "success": Success(**each["success"])}) for each in read["figures"]]
    return [Told(**each) for each in read["told"]], figures
