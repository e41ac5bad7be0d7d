"""The simulated device and the real store tell the same of the same passages, so that what is measured is the product."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from gate.core.anonymity import Carried, Disclosure, close_hour
from tests.attack.capture import decisions
from tests.attack.compound import SIZES, Compound, Passages
from tests.attack.device import DEFAULT, MONDAY, NOISE_OFF, Site, _draws, counted, with_more
from tests.attack.worlds import BUSY, SECRETS, at, people

RESIDENTS, DAYS = 60, 3


def by_card(day):
    """Faces would need a consent each: those days are walked with cards."""
    return Passages(day.at, day.who, np.where(day.method == 0, 1, day.method), day.refused, day.refused_at)


def test_r44_the_store_tells_what_the_simulated_device_tells(open_store):
    days = [
        by_card(day) for day in Compound(RESIDENTS, 1).days(np.random.default_rng(4), first=0, count=DAYS)
    ]
    store = open_store("driver", replace(DEFAULT, epsilon=NOISE_OFF))
    residents = [store.people.add(str(unit), "Wu", "") for unit in range(RESIDENTS)]
    coming = defaultdict(list)
    for when, decision, who in decisions(days, residents):
        coming[when.replace(minute=0, second=0)].append((when, decision, who))
    for hour in range(24 * DAYS + 1):
        start = MONDAY + timedelta(hours=hour)
        store.tally.close(start)
        for when, decision, who in coming[start]:
            store.decisions.record(decision, at=when, who=who, clock_trusted=True)

    site = Site(RESIDENTS, NOISE_OFF)
    told = [each for n, day in enumerate(days) for each in site.told(counted(day), number=n, seed=n)]
    assert list(store.outbox.published(MONDAY, MONDAY + timedelta(days=DAYS))) == told
    assert sum(getattr(each, "people", None) is not None for each in told) > DAYS


def one_after_the_other(site, hours, *, number, seed):
    carried, told = Carried(), []
    for place, hour in enumerate(hours):
        by = Disclosure(site.k, site.epsilon, _draws(seed, number, place))
        start = MONDAY + timedelta(days=number, hours=place)
        carried, messages = close_hour(start, hour, carried, DEFAULT.offered, by)
        told += messages
    return told


@pytest.mark.parametrize("size", SIZES[:2])
def test_hours_shared_between_worlds_are_told_as_if_they_were_closed_one_after_the_other(size):
    site, known = Site(size), {}
    (day,) = people(site).days(np.random.default_rng(2), first=1, count=1)
    hours, alive = counted(day), []
    for secret in SECRETS.values():
        for world in (secret.no, secret.yes):
            alive.append(with_more(hours, world))  # kept, for shared hours are known by their identity
            shared = site.told(alive[-1], number=1, seed=9, known=known)
            assert shared == one_after_the_other(site, alive[-1], number=1, seed=9)


def test_r43_what_links_two_days_is_nothing_at_all():
    """One person on both days, or one on each: every message is the same, for people are told apart within a day only."""
    site = Site(500)
    days = people(site).days(np.random.default_rng(3), first=0, count=2)
    one = [with_more(counted(day), at(*BUSY)) for day in days]
    two = [with_more(counted(day), at(*BUSY, who=-9 - n)) for n, day in enumerate(days)]
    told = [
        [each for n, hours in enumerate(world) for each in site.told(hours, number=n, seed=n)]
        for world in (one, two)
    ]
    assert told[0] == told[1]


def test_the_same_seed_gives_the_same_people_and_days():
    twice = [Compound(60, 7).days(np.random.default_rng(8), first=0, count=7) for _ in range(2)]
    assert all(
        (one.at == other.at).all() and (one.who == other.who).all() for one, other in zip(*twice, strict=True)
    )
