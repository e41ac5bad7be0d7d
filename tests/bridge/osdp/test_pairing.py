"""Install mode: ten minutes at most, one fresh key, kept before it is sent."""

import time
from contextlib import closing

import pytest

from firmware_bridge.events import BridgeError
from firmware_bridge.osdp.options import OsdpOptions
from firmware_bridge.osdp.pairing import INSTALL_S, pair
from firmware_bridge.osdp.peripheral import SimulatedOsdpReader
from tests.bridge.osdp.desks import KEY, desk


@pytest.fixture
def device():
    with closing(SimulatedOsdpReader(None)) as device:
        yield device


def paired(device, *, known=(), kept=None, **how):
    return pair(OsdpOptions(device.port), known=known, keep=[].append if kept is None else kept.append, **how)


def test_a_device_from_the_factory_gets_a_key_of_its_own(device):
    assert paired(device) == device.key


def test_r52_no_two_devices_get_the_same_key(device):
    with closing(SimulatedOsdpReader(None)) as other:
        assert paired(device) != paired(other)


def test_a_paired_device_serves_the_panel(device):
    key = paired(device)
    with desk(key, panel_key=key) as there:
        there.up()


def test_the_key_is_kept_before_it_is_sent(device):
    kept, known_at_keyset = [], []
    device.before_keyset = lambda key: known_at_keyset.append(kept == [key]) is None
    paired(device, kept=kept)
    assert known_at_keyset == [True]


def test_a_key_that_cannot_be_kept_is_not_sent(device):
    def full(_key):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        pair(OsdpOptions(device.port), known=(), keep=full)
    assert device.key is None


def test_a_power_cut_after_the_key_was_sent_is_made_good_by_pairing_again(device):
    sent = []
    device.before_keyset = lambda key: sent.append(key) is None and device.cut() is None
    with pytest.raises(BridgeError):
        paired(device, within_s=2)
    device.mend()
    assert paired(device, known=(sent[0],)) == sent[0]


def test_a_device_that_answers_under_a_known_key_is_given_no_other():
    with closing(SimulatedOsdpReader(KEY)) as device:
        kept = []
        assert paired(device, known=(KEY,), kept=kept) == KEY
        assert kept == []


def test_a_device_with_another_key_refuses_and_keeps_it():
    with closing(SimulatedOsdpReader(KEY)) as device:
        with pytest.raises(BridgeError, match="factory state"):
            paired(device)
        assert device.key == KEY


def test_a_device_without_a_secure_channel_is_given_no_key():
    with closing(SimulatedOsdpReader(None, secure=False)) as device:
        with pytest.raises(BridgeError, match="no secure channel"):
            paired(device)
        assert device.key is None


def test_a_device_that_refuses_the_key_is_not_paired(device):
    device.before_keyset = lambda _key: False
    with pytest.raises(BridgeError):
        paired(device, within_s=3)
    assert device.key is None


@pytest.mark.parametrize("asked_s", [INSTALL_S, 10 * INSTALL_S])
def test_install_mode_closes_by_itself_after_ten_minutes(device, asked_s):
    device.cut()
    began, speed = time.monotonic(), 1000

    def clock():
        return (time.monotonic() - began) * speed

    with pytest.raises(BridgeError, match="now closed"):
        paired(device, within_s=asked_s, clock=clock)
    assert INSTALL_S <= clock() < 2 * INSTALL_S
    device.mend()
    time_for_nothing = time.monotonic() + 0.3
    while time.monotonic() < time_for_nothing:
        assert device.key is None


def test_a_silent_device_is_waited_for_and_not_given_another_key():
    with closing(SimulatedOsdpReader(KEY)) as device:
        device.cut()
        kept = []
        with pytest.raises(BridgeError, match="now closed"):
            paired(device, known=(KEY,), kept=kept, within_s=2)
        assert kept == []


def test_pairing_while_the_gate_holds_the_port_is_refused():
    with desk() as there:
        there.up()
        with pytest.raises(BridgeError, match="Stop the gate"):
            paired(there.device)
