"""Pairing over a pty: who may, what is kept first, and what an answer lost on its way costs."""

import pytest

from firmware_bridge.drivers import Declared
from firmware_bridge.events import BridgeError
from firmware_bridge.link.controller import ControllerOptions
from firmware_bridge.link.pairing import holds, new_key, pair
from firmware_bridge.mcu import wire
from tests.bridge.link.boxes import KEY, OTHER_KEY, Box, cable


@pytest.fixture
def line():
    with cable(Box(None)) as line:
        yield line


def _options(line):
    return ControllerOptions(str(line.port))


def _open_window(box):
    box.link.pairing = True


def test_a_fresh_controller_takes_key_and_declared_state_while_its_window_is_open(line):
    line.do(_open_window)
    pair(_options(line), KEY, Declared.FAIL_SAFE, may_stand_open=True, max_ms=5000)
    assert line.box.kept == (KEY, wire.FAIL_SAFE, 5000, 1)
    assert not line.box.link.pairing
    assert holds(_options(line), KEY)
    assert not holds(_options(line), OTHER_KEY)


def test_a_window_that_is_shut_takes_no_key(line):
    with pytest.raises(BridgeError, match="pairing button"):
        pair(_options(line), KEY, Declared.FAIL_SECURE, may_stand_open=False)
    assert line.box.kept[0] is None


def test_one_window_takes_one_key(line):
    line.do(_open_window)
    pair(_options(line), KEY, Declared.FAIL_SECURE, may_stand_open=False)
    with pytest.raises(BridgeError, match="pairing button"):
        pair(_options(line), OTHER_KEY, Declared.FAIL_SECURE, may_stand_open=False)
    assert line.box.kept[0] == KEY


def test_a_controller_that_cannot_keep_the_key_says_so(line):
    line.do(_open_window)
    line.box.keeps_keys = False
    with pytest.raises(BridgeError, match="cannot keep the key"):
        pair(_options(line), KEY, Declared.FAIL_SECURE, may_stand_open=False)


def test_an_answer_lost_on_its_way_is_found_out(line):
    """The key was taken and the window is shut: the second request is refused, and the controller holds the key."""

    def loses_its_answer(box):
        box.link.pairing = True
        answer = box.link.answer_pair

        def once(why):
            answer(why)
            box.link.take()
            box.link.answer_pair = answer

        box.link.answer_pair = once

    line.do(loses_its_answer)
    pair(_options(line), KEY, Declared.FAIL_SECURE, may_stand_open=False)
    assert line.box.kept[0] == KEY


def test_an_answer_that_does_not_prove_the_key_is_none(line):
    def answers_without_the_key(box):
        box.link.pairing = True
        forged = wire.frame(0, wire.PAIRED, 0, bytes(16), wire.Mac(OTHER_KEY), b"C")
        box.link.answer_pair = lambda _: box.link._put(
            wire.frame(0, wire.PAIRED, 0, box.link._pair[:16], wire.Mac(OTHER_KEY), b"C") + forged
        )

    line.do(answers_without_the_key)
    with pytest.raises(BridgeError, match="answers to a pairing"):
        pair(_options(line), KEY, Declared.FAIL_SECURE, may_stand_open=False)


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
def test_a_silent_controller_tells_nothing_about_its_key(line, key):
    """Silence is no proof that the controller holds another key: a key that was offered must not be given up for it."""
    line.do(lambda box: box.reset())
    line.carries = False
    with pytest.raises(BridgeError, match=r"does not tell its key.*Check its cable"):
        holds(_options(line), key)


def test_a_controller_without_a_key_holds_none(line):
    assert not holds(_options(line), KEY)


def test_a_line_with_nobody_at_its_end_is_named(line):
    line.carries = False
    with pytest.raises(BridgeError, match="answers to a pairing"):
        pair(_options(line), KEY, Declared.FAIL_SECURE, may_stand_open=False)


def test_keys_are_fresh_and_whole():
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert {len(key) for key in keys} == {32}
