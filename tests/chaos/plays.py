"""Adds up what played seeds told: verdicts of every play, times of those alone that were played for their times."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.chaos import invariants

Play = Mapping[str, Any]
SHARES = (0.5, 0.99)
WORDS = 200


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which *share* of them lie: the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def read_plays(path: Path, *, timed: bool | None) -> list[Play]:
    """Give the plays that ``tests.chaos.run --to`` wrote. timed: what holds for lines that do not say it; None: each must.

    Raises SystemExit, in words, for a line that does not say it where each must.
    """
    plays = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        play = json.loads(line)
        if "timed" not in play and timed is None:
            raise SystemExit(
                f"{path}, line {number}: not said whether it was played for its times. Name the file after --timed or --untimed."
            )
        plays.append({"timed": timed, **play})
    return plays


def summary(plays: Sequence[Play]) -> dict[str, Any]:
    """Add up what the seeds told: what held in all of them, and under "timed" how long it took in the calm ones."""
    counters: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for play in plays:
        counters.update(play["counters"])
        held.update(play["held"])
    return {
        "seeds": len({play["seed"] for play in plays}),
        "played_in_all": len(plays),
        "whole": sum(not play["broken"] for play in plays),
        "broken": _broken(plays),
        "together": sum(play["together"] for play in plays),
        "played": Counter(name for play in plays for name in play["misfortunes"]),
        "counters": counters,
        "held": {claim.__name__: held[claim.__name__] for claim in invariants.EVERY},
        "timed": _times([play for play in plays if play["timed"]]),
    }


def _broken(plays: Sequence[Play]) -> list[dict[str, Any]]:
    """Give each play that broke an invariant, and in how many other plays the same seed held them all."""
    held = Counter(play["seed"] for play in plays if not play["broken"])
    return sorted(
        (
            {
                "seed": play["seed"],
                "claim": play["broken"][0],
                "why": _first(play["broken"][1]),
                "held": held[play["seed"]],
            }
            for play in plays
            if play["broken"]
        ),
        key=lambda each: each["seed"],
    )


def _first(words: str) -> str:
    """Give what was said in one line: its first, and of a trace the error's name, without places or what it quotes."""
    first, *others = words.strip().splitlines()
    errors = [line.partition(":")[0] for line in others if line[:1].isalpha() and "Error" in line]
    if errors and '"' in first:
        first = first.partition('"')[0].rpartition(":")[0]
    return " ... ".join([first.rstrip(":"), *errors[-1:]])[:WORDS].rstrip(".")


def _times(plays: Sequence[Play]) -> dict[str, Any]:
    recoveries: dict[str, dict[str, list[float]]] = {}
    restarts = []
    for each in (each for play in plays for each in play["recoveries"]):
        if each["restarted"]:
            restarts.append(each)
        if " + " in each["fault"]:
            continue
        of = recoveries.setdefault(each["fault"], {"card": [], "cpu": [], "face": []})
        of["card"].append(each["card_s"])
        if each["restarted"] and "cpu_s" in each:
            of["cpu"].append(each["cpu_s"])
        if each["face_s"] is not None:
            of["face"].append(each["face_s"])
    starts = [play["undisturbed"] for play in plays if play["undisturbed"]]
    return {
        "plays": len(plays),
        "recoveries": {name: {"times": len(of["card"]), **_ranks(of)} for name, of in recoveries.items()},
        "restarts": {
            "times": len(restarts),
            "soon": sum(each["card_s"] <= invariants.SOON_S for each in restarts),
            **_ranks({f"{kind}": [each[f"{kind}_s"] for each in restarts] for kind in ("card", "waited")}),
        },
        "starts": {
            "times": len(starts),
            **_ranks(
                {
                    kind: [each[f"{kind}_s"] for each in starts if f"{kind}_s" in each]
                    for kind in ("card", "cpu")
                }
            ),
        },
        "beside": _range(play["workers"] for play in plays if "workers" in play),
        "load": _range(play["load"] for play in plays if "load" in play),
    }


def _ranks(of: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {
        f"{kind}_{int(100 * share)}": round(percentile(values, share), 2)
        for kind, values in of.items()
        for share in SHARES
        if values
    }


def _range(values: Iterable[float]) -> list[float]:
    seen = list(values)
    return [min(seen), max(seen)] if seen else []
