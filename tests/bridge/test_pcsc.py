"""A contactless reader over the real PC/SC service, with a virtual reader and a virtual card."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.drivers import Profile, Signal
from firmware_bridge.events import CardRead, DeviceBack, DeviceLost, Nonsense
from firmware_bridge.pcsc import PcscOptions, PcscReader, uid_card
from tests.bridge.cards import READER, VirtualCard, need_pcsc, service
from tests.contract.benches import real_time

UID = bytes.fromhex("04A1B2C3D4E5F6")
OK = b"\x90\x00"


def holds(until):
    return real_time(lambda: None, until)


@pytest.fixture
def pcscd():
    need_pcsc()
    service().start()
    return service()


@pytest.fixture
def desk(pcscd):
    heard = []
    reader = PcscReader(PcscOptions(READER))
    reader.open(heard.append)
    assert holds(lambda: reader.healthy)
    yield reader, heard, lambda answer: VirtualCard(pcscd.port, answer)
    reader.close()


def test_a_card_held_to_the_reader_is_its_uid(desk):
    _, heard, card = desk
    with card(UID + OK):
        assert holds(lambda: heard)
    assert heard == [CardRead(56, 0x04A1B2C3D4E5F6)]


def test_a_card_that_stays_is_read_once_and_read_again_when_it_comes_back(desk):
    _, heard, card = desk
    with card(UID + OK):
        assert holds(lambda: len(heard) == 1)
        assert not real_time_for(0.5, lambda: len(heard) > 1)
    assert holds(lambda: not card_seen())
    with card(UID + OK):
        assert holds(lambda: len(heard) == 2)


def test_a_card_that_lies_there_when_the_gate_starts_is_not_presented(pcscd):
    """R68: a start must not open a door for a card somebody left."""
    heard = []
    with VirtualCard(pcscd.port, UID + OK):
        assert holds(card_seen)
        reader = PcscReader(PcscOptions(READER))
        reader.open(heard.append)
        assert holds(lambda: reader.healthy)
        assert not real_time_for(0.5, lambda: heard)
        reader.close()


@pytest.mark.parametrize("answer", [b"\x6a\x81", b"\x90", UID + b"\x63\x00"], ids=bytes.hex)
def test_a_card_without_a_uid_is_nonsense(desk, answer):
    _, heard, card = desk
    with card(answer):
        assert holds(lambda: heard == [Nonsense()])


def test_a_service_that_ends_is_a_lost_reader_and_one_that_starts_a_back_one(desk, pcscd):
    reader, heard, card = desk
    pcscd.stop()
    assert holds(lambda: heard == [DeviceLost()])
    assert not reader.healthy
    assert "start pcscd" in cause_at(PcscReader(PcscOptions()))
    pcscd.start()
    assert holds(lambda: heard == [DeviceLost(), DeviceBack()])
    with card(UID + OK):
        assert holds(lambda: CardRead(56, 0x04A1B2C3D4E5F6) in heard)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("ACS ACR122U", "begins with ACS"), ("", "reader alone"), ("Virtual", "begins with Virtual")],
)
def test_a_reader_that_is_not_there_or_not_the_only_one_is_refused_with_their_names(pcscd, wanted, said):
    assert re.search(f"{said}.*{READER}", cause_at(PcscReader(PcscOptions(wanted))))


@pytest.mark.alone
def test_a_service_that_hangs_costs_the_loop_nothing_and_is_a_lost_reader_that_comes_back(desk, pcscd):
    """R02, R01: a pcscd that stopped must neither hold up the door nor leave face without a reader."""
    reader, heard, card = desk
    pcscd.freeze()
    try:
        # In the middle of a wait, or before the next: only the hang of the thread tells.
        assert real_time(lambda: reader.poll(0.0), lambda: heard == [DeviceLost()])
        assert not reader.healthy
        began = time.monotonic()
        reader.close()
        reader.open(heard.append)
        assert time.monotonic() - began < 0.5
    finally:
        pcscd.thaw()
    assert holds(lambda: reader.healthy)
    with card(UID + OK):
        assert holds(lambda: CardRead(56, 0x04A1B2C3D4E5F6) in heard)


@pytest.mark.alone
def test_a_reader_is_opened_at_once_also_where_its_service_hangs(pcscd):
    """`open` is called on the gate's loop, every two seconds."""
    reader, heard = PcscReader(PcscOptions(READER)), []
    pcscd.freeze()
    try:
        began = time.monotonic()
        reader.open(heard.append)
        assert time.monotonic() - began < 0.1
        assert not reader.healthy
    finally:
        pcscd.thaw()
    assert holds(lambda: reader.healthy)
    reader.close()


def test_a_uid_is_only_a_number_and_showing_something_costs_nothing():
    reader = PcscReader(PcscOptions())
    reader.show(Signal.GRANTED)
    assert reader.profile is Profile.UID_ONLY
    assert reader.supervised
    assert not reader.healthy


@pytest.mark.parametrize(
    ("uid", "card"),
    [
        ("DEADBEEF", CardRead(32, 0xDEADBEEF)),
        ("04A1B2C3D4E5F6", CardRead(56, 0x04A1B2C3D4E5F6)),
        ("04112233445566778899", CardRead(80, 0x04112233445566778899)),
        ("08123456", Nonsense()),
        ("00000000", Nonsense()),
        ("112233", Nonsense()),
        ("11" * 17, Nonsense()),
    ],
)
def test_a_uid_is_a_number_of_8_bits_a_byte_unless_it_is_random_or_none(uid, card):
    """A UID of 4 bytes that begins with 08 is another one at each presentation (ISO/IEC 14443-3)."""
    assert uid_card(bytes.fromhex(uid) + OK) == card


@given(st.binary(max_size=300))
def test_no_answer_makes_the_reader_raise(answer):
    assert isinstance(uid_card(answer), CardRead | Nonsense)


def cause_at(reader):
    """Why it is lost as soon as it is opened."""
    heard = []
    reader.open(heard.append)
    assert holds(lambda: heard == [DeviceLost()])
    reader.close()
    return heard[0].cause


def card_seen():
    from smartcard import scard

    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _, states = scard.SCardGetStatusChange(context, 0, [(READER, scard.SCARD_STATE_UNAWARE)])
    scard.SCardReleaseContext(context)
    return bool(states[0][1] & scard.SCARD_STATE_PRESENT)


def real_time_for(seconds, until):
    end = time.monotonic() + seconds
    return real_time(lambda: None, lambda: until() or time.monotonic() > end) and until()
