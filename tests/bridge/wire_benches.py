"""The desks of the drivers for pins, keyboards and PC/SC, for the contract suite."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from firmware_bridge.drivers import Door, Reader
from firmware_bridge.events import CardRead
from firmware_bridge.hid import HidOptions, HidReader
from firmware_bridge.pcsc import PcscOptions, PcscReader
from tests.bridge.cards import READER, VirtualCard, need_pcsc, service
from tests.bridge.pins import DoorDesk, ReaderDesk
from tests.bridge.typists import Typist, need_evdev
from tests.contract.benches import Bench, real_time


def polling(driver: Reader | Door) -> Callable[[Callable[[], bool]], bool]:
    """Wait in real time: these drivers have threads of their own."""
    return lambda until: real_time(lambda: driver.poll(time.monotonic()), until)


@contextmanager
def wiegand_reader() -> Iterator[Bench]:
    """A Wiegand reader at two pins of a made-up chip; cut is a data line shorted to ground."""
    desk = ReaderDesk()
    yield Bench(
        desk.driver,
        polling(desk.driver),
        present=desk.present,
        press=desk.press,
        cut=desk.ground,
        mend=lambda: desk.ground(low=False),
        babble=lambda: desk.burst(26, 5),
    )
    desk.driver.close()


@contextmanager
def gpio_door() -> Iterator[Bench]:
    """A strike and contacts at pins of a made-up chip; cut is the chip taken away."""
    desk = DoorDesk()
    yield Bench(desk.driver, polling(desk.driver), cut=desk.chip.unplug, mend=desk.chip.plug)
    desk.driver.close()


@contextmanager
def hid_reader() -> Iterator[Bench]:
    """A reader that types, read by evdev from a socket."""
    need_evdev()
    typist = Typist()
    reader = HidReader(HidOptions("/dev/input/by-id/cards", "card"), take=typist.take)

    def present() -> CardRead:
        typist.type("40451")
        return CardRead(32, 40451)

    yield Bench(
        reader,
        polling(reader),
        present=present,
        cut=typist.unplug,
        mend=typist.plug,
        babble=lambda: typist.type("4o451"),
    )
    reader.close()
    typist.close()


@contextmanager
def pcsc_reader() -> Iterator[Bench]:
    """A virtual contactless reader behind the real service; cut is the service stopped."""
    need_pcsc()
    pcscd = service()
    pcscd.start()
    reader = PcscReader(PcscOptions(READER))
    with ExitStack() as held:

        def present() -> CardRead:
            held.enter_context(VirtualCard(pcscd.port, b"\x04\xa1\xb2\xc3\xd4\xe5\xf6\x90\x00"))
            return CardRead(56, 0x04A1B2C3D4E5F6)

        yield Bench(reader, polling(reader), present=present, cut=pcscd.stop, mend=pcscd.start)
        reader.close()
