"""An OSDP device and its panel on one desk, and a line between them that can be slow, noisy or stuttering."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from firmware_bridge.drivers import Door, Reader
from firmware_bridge.events import CardRead, DeviceEvent
from firmware_bridge.osdp.options import OsdpOptions
from firmware_bridge.osdp.panel import OsdpPanel
from firmware_bridge.osdp.peripheral import SimulatedOsdpReader
from firmware_bridge.relay import Relay
from tests.contract.benches import Bench, real_time

KEY = bytes(range(16))


@dataclass
class Desk:
    """A device, its panel and what each face reported."""

    device: SimulatedOsdpReader
    panel: OsdpPanel
    relay: Relay | None = None
    at_reader: list[DeviceEvent] = field(default_factory=list)
    at_door: list[DeviceEvent] = field(default_factory=list)

    def open(self) -> None:
        self.panel.reader.open(self.at_reader.append)
        self.panel.door.open(self.at_door.append)

    def wait(self, until: Callable[[], bool], seconds: float = 10.0) -> bool:
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                return False
            time.sleep(0.002)
        return True

    def up(self) -> None:
        """Open both faces and wait until they answer and have said how they are."""
        self.open()
        assert self.wait(lambda: self.panel.reader.healthy and len(self.at_door) >= 2), self.panel.trouble

    def pass_time(self, seconds: float) -> None:
        """Let real devices have their time, where nothing is to happen."""
        self.wait(lambda: False, seconds)


@contextmanager
def desk(
    key: bytes | None = KEY,
    *,
    panel_key: bytes | None = KEY,
    secure: bool = True,
    relayed: bool = False,
    baud_per_s: int | None = None,
) -> Iterator[Desk]:
    with closing(SimulatedOsdpReader(key, secure=secure)) as device:
        relay = Relay(device.port, baud_per_s=baud_per_s) if relayed or baud_per_s else None
        options = OsdpOptions((relay or device).port, baud_per_s or 115200)
        panel = OsdpPanel(options, panel_key)
        try:
            yield Desk(device, panel, relay)
        finally:
            panel.reader.close()
            panel.door.close()
            if relay is not None:
                relay.close()


@contextmanager
def osdp_reader() -> Iterator[Bench]:
    """For the contract suite: the device as a reader."""
    with desk() as there:

        def present() -> CardRead:
            there.device.present(0xC0FFEE, 26)
            return CardRead(26, 0xC0FFEE)

        yield _bench(there, there.panel.reader, present, there.device.press)


@contextmanager
def osdp_door() -> Iterator[Bench]:
    """For the contract suite: the device as a door."""
    with desk() as there:
        yield _bench(there, there.panel.door, None, None)


def _bench(
    there: Desk,
    face: Reader | Door,
    present: Callable[[], CardRead] | None,
    press: Callable[[str], None] | None,
) -> Bench:
    device = there.device
    return Bench(
        face,
        lambda until: real_time(lambda: face.poll(time.monotonic()), until),
        present=present,
        press=press,
        cut=device.cut,
        mend=device.mend,
        babble=lambda: device.babble(secrets.token_bytes(40)),
    )
