"""Consumers as programs of their own, beside a fleet: what is measured is what a site would run."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from gate.core.types import Seconds
from gate.errors import DeviceFault
from gate.fleet.figures import Footprint, footprint
from gate.publish.link import BrokerSettings

READY_S: Seconds = 30.0
STOP_S: Seconds = 10.0
READY_WORD: Final = "event=consuming"
_NOTHING: Final = Footprint(0.0, 0.0, 0.0)


class Instances:
    """*count* consumers that share the journal in *folder*: one that hears everything, the others a group."""

    def __init__(self, receiver: BrokerSettings, folder: Path, count: int) -> None:
        self._receiver = receiver
        self._folder = folder
        self._count = count
        self._processes: list[asyncio.subprocess.Process] = []
        self._listening: list[_Said] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run them while the block lasts; entering waits until each hears the broker. Raises DeviceFault if one does not."""
        try:
            await self._start(1)
            await asyncio.gather(*(self._start(number) for number in range(2, self._count + 1)))
            yield
        finally:
            for process in self._processes:
                with suppress(ProcessLookupError):
                    process.terminate()
            for process in self._processes:
                try:
                    await asyncio.wait_for(process.wait(), STOP_S)
                except TimeoutError:
                    process.kill()
                    await process.wait()

    def footprint(self) -> Footprint:
        """Look at the one that hears everything."""
        with suppress(OSError):
            return footprint(self._processes[0].pid)
        return _NOTHING

    def cpu_s(self) -> Seconds:
        """Give the CPU time of all of them so far."""
        with suppress(OSError):
            return sum(footprint(process.pid).cpu_s for process in self._processes)
        return 0.0

    async def _start(self, number: int) -> None:
        receiver = self._receiver
        credentials = self._folder / "receiver"
        credentials.mkdir(mode=0o700, exist_ok=True)
        (credentials / "broker-password").write_text(receiver.password or "", encoding="utf-8")
        command = ["-m", "gate.cli", "consume", "run", "--host", receiver.host, "--port", str(receiver.port)]
        if receiver.username is not None:
            command += ["--username", receiver.username]
        if receiver.tls is not None:
            command += ["--ca-file", str(receiver.tls.ca_file)]
        command += ["--journal", str(self._folder / "journal.sqlite3"), "--name", f"c{number}", "--quiet"]
        if number == 1:
            command.append("--whole")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "CREDENTIALS_DIRECTORY": str(credentials)},
        )
        self._processes.append(process)
        said = _Said(process)
        try:
            await asyncio.wait_for(said.ready.wait(), READY_S)
        except TimeoutError:
            raise DeviceFault(
                "consumer-start",
                f"A consumer of the fleet's does not run: {said.last}",
                remedy="Start it by hand with gate consume run.",
            ) from None
        self._listening.append(said)


class _Said:
    """Reads a consumer's log for as long as it runs: a full pipe would stop it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.ready = asyncio.Event()
        self.last = ""
        self._task = asyncio.create_task(self._read(process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            self.last = line.decode(errors="replace").strip()
            if READY_WORD in self.last:
                self.ready.set()
