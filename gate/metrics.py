"""Figures for a Prometheus on this device: what was published anyway, and how the gate is; nothing moves with a passage.

They are put together on a fixed beat and served from a thread of their own on loopback, so that asking costs the door
nothing and its answer tells the same whoever passes. The registry is the gate's own: the library's usual one tells CPU time,
memory and open files, from which passages could be read (R43, R44). Local alarms and live events have no figure.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import structlog
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from gate.core.alarms import Alarm, leaves
from gate.core.broker import BrokerState
from gate.core.door_mode import DoorMode
from gate.core.events import Counted, Denied, Health, Span, Stream
from gate.core.types import Seconds
from gate.errors import DeviceFault
from gate.logs import log_loss
from gate.settings import Settings
from gate.store import Store

log = structlog.get_logger()

HOST: Final = "127.0.0.1"
BEAT_S: Seconds = 30.0
LOOKS_BACK: Final = timedelta(hours=25)
"""Holds the last window of every span."""
STREAMS: Final = (Stream.COUNTS, Stream.ALARMS)
"""Without PASSAGES: where a site has live events on, that queue moves with each of them."""
PATIENCE_S: Seconds = 5.0
END_S: Seconds = 1.0
LOOK_S: Seconds = 0.1
"""How often the serving thread looks whether it is to end."""


class Queue(Protocol):
    """What is asked of the outbox. Every method may raise VaultError."""

    def depth(self) -> Mapping[Stream, int]:
        """Give how many messages of each stream were not acknowledged."""

    def oldest_due(self, stream: Stream) -> datetime | None:
        """Give when the oldest of them was due."""

    def published(self, start: datetime, end: datetime) -> Iterable[Counted | Denied]:
        """Give what was told of windows that ended after *start* and by *end*."""


class Connection(Protocol):
    """What is asked of the publisher."""

    @property
    def state(self) -> BrokerState:
        """Give how the gate stands with its broker."""

    @property
    def connected(self) -> bool:
        """Tell whether a connection stands."""

    @property
    def downs(self) -> int:
        """Give how often one was lost or could not be made."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All of one beat."""

    health: Health
    state: BrokerState
    connected: bool
    downs: int
    depth: Mapping[Stream, int]
    oldest: Mapping[Stream, datetime]
    windows: tuple[Counted | Denied, ...]
    space_low: bool


class Metrics(Collector):
    """The gate's figures. ``refresh`` and ``run`` belong to the loop, ``collect`` to the thread that serves."""

    def __init__(
        self,
        *,
        gate_id: str,
        health: Callable[[], Health],
        queue: Queue,
        connection: Connection | None,
        space_low: Callable[[], bool],
    ) -> None:
        """health: asked at each beat. space_low: whether the disk is nearly full; how full moves with each record."""
        self._gate_id = gate_id
        self._health = health
        self._queue = queue
        self._connection = connection
        self._space_low = space_low
        self._figures: Figures | None = None
        self._failing = False

    async def run(self) -> None:
        """Refresh on a fixed beat until cancelled; what cannot be read leaves the last figures, which say how old they are."""
        while True:
            try:
                self.refresh()
                self._failing = False
            except Exception as error:  # noqa: BLE001 - an outer loop: figures cost nobody anything
                if not self._failing:
                    log.error("metrics_failed", kind=type(error).__name__)  # noqa: TRY400 - a trace may quote values
                self._failing = True
            await asyncio.sleep(BEAT_S)

    def refresh(self) -> None:
        """Put the figures together now. Raises VaultError where the outbox cannot be read."""
        health, connection = self._health(), self._connection
        depth = self._queue.depth()
        due = {stream: self._queue.oldest_due(stream) for stream in STREAMS}
        self._figures = Figures(
            health=health,
            state=connection.state if connection else BrokerState.OFF,
            connected=connection is not None and connection.connected,
            downs=connection.downs if connection else 0,
            depth={stream: depth[stream] for stream in STREAMS},
            oldest={stream: at for stream, at in due.items() if at is not None},
            windows=tuple(self._queue.published(health.at - LOOKS_BACK, health.at)),
            space_low=self._space_low(),
        )

    def collect(self) -> Iterator[Metric]:
        """Give what the last beat found."""
        figures = self._figures
        if figures is None:
            return
        health = figures.health
        yield _gauge(
            "gate_refreshed_timestamp_seconds", "When these figures were put together", health.at.timestamp()
        )
        info = InfoMetricFamily("gate", "Which gate, and which version it runs")
        info.add_metric([], {"gate": self._gate_id, "version": health.version})
        yield info
        yield from _of_health(health, space_low=figures.space_low)
        yield from _of_broker(figures)
        yield from _of_windows(figures.windows)


def _of_health(health: Health, *, space_low: bool) -> Iterator[Metric]:
    yield _gauge(
        "gate_face_offered",
        "Whether face is offered, all standing conditions considered",
        health.face_offered,
    )
    yield _gauge("gate_reader_healthy", "Whether the reader answers", health.reader_healthy)
    yield _gauge("gate_door_healthy", "Whether the door's controller answers", health.door_healthy)
    yield _gauge("gate_storage_healthy", "Whether records can be kept and deleted", health.storage_healthy)
    yield _gauge("gate_clock_trusted", "Whether the clock may be believed", health.clock_trusted)
    yield _gauge("gate_disk_low", "Whether the disk is nearly full", space_low)
    yield _gauge(
        "gate_deidentified_live",
        "Whether de-identified live events are published",
        health.deidentified_live,
    )
    yield _one_of("gate_door_mode", "How the door is meant to stand", "mode", DoorMode, {health.door_mode})
    told = [alarm for alarm in Alarm if leaves(alarm)]
    yield _one_of("gate_alarm", "Which alarms stand", "alarm", told, set(health.alarms))


def _of_broker(figures: Figures) -> Iterator[Metric]:
    yield _gauge("gate_broker_connected", "Whether the broker has accepted the gate", figures.connected)
    yield _one_of(
        "gate_broker_state", "How the gate stands with the broker", "state", BrokerState, {figures.state}
    )
    downs = CounterMetricFamily("gate_broker_downs", "Connections lost or not made since the start")
    downs.add_metric([], figures.downs)
    yield downs
    unsent = GaugeMetricFamily(
        "gate_outbox_unsent", "Messages not yet acknowledged by the broker", labels=["stream"]
    )
    for stream, waiting in figures.depth.items():
        unsent.add_metric([stream.value], waiting)
    yield unsent
    oldest = GaugeMetricFamily(
        "gate_outbox_oldest_due_timestamp_seconds", "When the oldest of them was due", labels=["stream"]
    )
    for stream, at in figures.oldest.items():
        oldest.add_metric([stream.value], at.timestamp())
    yield oldest


def _of_windows(windows: Iterable[Counted | Denied]) -> Iterator[Metric]:
    """Give the last window of each span as it was published; one that was withheld has no value."""
    people = GaugeMetricFamily(
        "gate_people", "People who came in, in the last window, as published", labels=["span"]
    )
    methods = GaugeMetricFamily(
        "gate_people_by_method", "The same people by method, as published", labels=["span", "method"]
    )
    ends = GaugeMetricFamily(
        "gate_window_end_timestamp_seconds", "When the last window ended", labels=["span"]
    )
    refused = GaugeMetricFamily("gate_refusals", "Refusals in the last day, as published")
    last: dict[Span, Counted] = {each.span: each for each in windows if isinstance(each, Counted)}
    for span, window in sorted(last.items()):
        ends.add_metric([span.value], window.window_end.timestamp())
        if window.people is not None:
            people.add_metric([span.value], window.people)
        for method, count in sorted((window.by_method or {}).items()):
            methods.add_metric([span.value, method.value], count)
    denied = [each for each in windows if isinstance(each, Denied)]
    if denied and denied[-1].refused is not None:
        refused.add_metric([], denied[-1].refused)
    yield from (people, methods, ends, refused)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=float(value))


def _one_of(name: str, what: str, label: str, known: Iterable[str], standing: Iterable[str]) -> Metric:
    """Give 1 for what stands and 0 for all else: a series that is always there can be asked for."""
    family, held = GaugeMetricFamily(name, what, labels=[label]), set(standing)
    for each in known:
        family.add_metric([str(each)], float(each in held))
    return family


def open_metrics(
    settings: Settings,
    stack: ExitStack | AsyncExitStack,
    store: Store,
    health: Callable[[], Health],
    connection: Connection | None,
) -> Metrics | None:
    """Serve the figures while *stack* is open, where the site wants them; the door serves without them. The caller runs it."""
    if not settings.metrics.enabled:
        return None
    metrics = Metrics(
        gate_id=settings.site.gate_id,
        health=health,
        queue=store.outbox,
        connection=connection,
        space_low=lambda: store.space_low,
    )
    try:
        stack.enter_context(served(metrics, settings.metrics.port))
    except DeviceFault as error:
        log_loss(error)
        return None
    return metrics


class _Server(WSGIServer):
    """One request at a time: the figures are small, and nobody far away can ask."""

    patience_s: Seconds = PATIENCE_S

    def server_bind(self) -> None:
        """Bind without asking a name server who 127.0.0.1 is (R41)."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    server: _Server

    def setup(self) -> None:
        """Give up on who connects and says nothing: the next one waits for the same thread."""
        super().setup()
        self.connection.settimeout(self.server.patience_s)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Keep standard error free of each request."""


@contextmanager
def served(metrics: Metrics, port: int, *, patience_s: Seconds = PATIENCE_S) -> Iterator[int]:
    """Answer on loopback while the block runs; gives the port. Raises DeviceFault ``metrics-port`` if it cannot be had.

    patience_s: how long anybody may take to ask, and to be read to. Leaving takes a second at most.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    try:
        server = _Server((HOST, port), _Quiet)
    except OSError as error:
        raise DeviceFault(
            "metrics-port",
            f"The figures cannot be served on port {port}: {error.strerror}.",
            remedy="Free that port, or set another as metrics.port.",
        ) from error
    server.patience_s = patience_s
    server.set_app(make_wsgi_app(registry))
    threading.Thread(target=server.serve_forever, args=(LOOK_S,), name="metrics", daemon=True).start()
    try:
        yield server.server_port
    finally:
        # Somebody who is being answered must not keep the gate from ending.
        ending = threading.Thread(target=server.shutdown, name="metrics-end", daemon=True)
        ending.start()
        ending.join(END_S)
        server.server_close()
