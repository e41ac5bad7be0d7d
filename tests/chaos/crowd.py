"""People who come to a gate all the time, so that every misfortune meets it at work."""

from __future__ import annotations

import random
import threading
from contextlib import suppress

import httpx

from tests.chaos.base import CARD, STRANGE_CARD
from tests.chaos.life import Life


class Crowd:
    """People who come all the time, known and unknown, and a leaf that is forced and shut: something is always at work."""

    def __init__(self, life: Life, seed: int) -> None:
        self._life = life
        self._chance = random.Random(seed)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._come, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _come(self) -> None:
        address = f"http://127.0.0.1:{self._life.site.screen_port}"
        with httpx.Client(base_url=address, timeout=5, trust_env=False) as screen:
            while not self._ends.wait(self._chance.uniform(0.02, 0.2)):
                with suppress(httpx.HTTPError):
                    if not self._life.calm.is_set():
                        self._one(screen)

    def _one(self, screen: httpx.Client) -> None:
        drawn = self._chance.random()
        if drawn < 0.2:
            self._life.ledger.held["card"] += 1
            screen.post("/sim/card", data={"value": CARD})
        elif drawn < 0.35:
            screen.post("/sim/card", data={"value": STRANGE_CARD})
        else:
            screen.post("/sim/deed", data={"name": self._chance.choice(("force", "shut"))})
