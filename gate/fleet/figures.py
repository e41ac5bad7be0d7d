"""What a run of the fleet measured, and how a process is measured (Linux's /proc)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.core.types import Seconds

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory now and at its highest, in MiB (RSS), and CPU time so far."""

    now_mib: float
    most_mib: float
    cpu_s: Seconds


def footprint(pid: int) -> Footprint:
    """Look at one process. Raises OSError if it has ended."""
    status = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        if ":" in line
    )
    # The name in brackets may hold blanks; utime and stime are the 12th and 13th word after it.
    words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return Footprint(_mib(status["VmRSS"]), _mib(status["VmHWM"]), (int(words[11]) + int(words[12])) / _TICKS)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a run, from its first message to the last one filed.

    lost: messages that the broker acknowledged to a gate and that the journal never got. cpu_share: of one core.
    """

    name: str
    messages: int
    seconds: Seconds
    lost: int
    broker_cpu_share: float
    gates_cpu_share: float
    consumers_cpu_share: float

    @property
    def per_second(self) -> float:
        """Give messages per second, from gate to journal."""
        return self.messages / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """All that one run measured. gates_kib: of the simulator, for each gate. again: copies that had no second effect."""

    devices: int
    consumers: int
    connect_s: Seconds
    stages: tuple[Stage, ...]
    reconnect_s: Seconds | None
    again: int
    gaps: int
    refused: int
    broker: Footprint | None
    gates: Footprint
    gates_kib: float
    consumer: Footprint

    @property
    def lost(self) -> int:
        """Tell how many messages were acknowledged and never arrived."""
        return sum(stage.lost for stage in self.stages)

    def lines(self) -> list[str]:
        """Word the figures for a terminal."""
        told = [
            f"{self.devices} made-up gates, {self.consumers} consumer(s); all connected after {self.connect_s:.1f} s"
        ]
        told += [
            f"{stage.name}: {stage.messages} messages in {stage.seconds:.1f} s, {stage.per_second:.0f} a second; "
            f"lost {stage.lost}; of one core the broker took {stage.broker_cpu_share:.0%}, "
            f"the gates {stage.gates_cpu_share:.0%}, the consumers {stage.consumers_cpu_share:.0%}"
            for stage in self.stages
        ]
        if self.reconnect_s is not None:
            told.append(f"after the outage the last gate was back in {self.reconnect_s:.1f} s")
        told.append(f"came again without effect: {self.again}; gaps: {self.gaps}; refused: {self.refused}")
        if self.broker is not None:
            told.append(
                f"broker: {self.broker.now_mib:.0f} MiB at the end, {self.broker.most_mib:.0f} MiB at most"
            )
        told.append(
            f"gates: {self.gates.now_mib:.0f} MiB, {self.gates_kib:.0f} KiB each; "
            f"consumer: {self.consumer.now_mib:.0f} MiB"
        )
        return told


def _mib(word: str) -> float:
    return int(word.split(maxsplit=1)[0]) / 1024
