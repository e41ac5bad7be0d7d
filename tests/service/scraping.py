"""A Prometheus that asks, and a made-up gate that its figures are of."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

from gate.core.broker import BrokerState
from gate.core.events import Counted, Health, Stream
from gate.errors import VaultError
from gate.fleet.made_up import made_up_health
from gate.metrics import HOST, Metrics, served

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NOON = NOW.replace(hour=12, minute=0)
WELL = made_up_health(NOW, "0.1.0")


@dataclass
class Line:
    state: BrokerState = BrokerState.CONNECTED
    connected: bool = True
    downs: int = 0


@dataclass
class Rows:
    windows: list = field(default_factory=list)
    waiting: dict = field(default_factory=dict)
    oldest: dict = field(default_factory=dict)
    broken: bool = False

    def depth(self):
        if self.broken:
            raise VaultError("database", "The database cannot be read.", remedy="Restore it.")
        return {stream: self.waiting.get(stream, 0) for stream in Stream}

    def oldest_due(self, stream):
        return self.oldest.get(stream)

    def published(self, start, end):
        return tuple(each for each in self.windows if start < each.window_end <= end)


@dataclass
class Site:
    health: Health = WELL
    rows: Rows = field(default_factory=Rows)
    line: Line | None = field(default_factory=Line)
    space_low: bool = False

    def metrics(self):
        return Metrics(
            gate_id="north",
            health=lambda: self.health,
            queue=self.rows,
            connection=self.line,
            space_low=lambda: self.space_low,
        )

    def scrape(self):
        metrics = self.metrics()
        metrics.refresh()
        return figures(text_of(metrics))


def text_of(metrics):
    with served(metrics, 0) as port:
        return fetched(port)


def fetched(port, path="/metrics"):
    with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


def figures(text):
    """Give each sample by its name and the values of its labels, in the order of their names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def window(span, granted, *, end=NOON - timedelta(hours=3), by_method=None):
    return Counted(span, end - timedelta(hours=1), end, granted, by_method, 10, 1.0)
