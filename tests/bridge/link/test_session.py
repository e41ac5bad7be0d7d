"""Sessions: who proves what to whom, and what an attacker on the line cannot do (R68). Host end against board's end."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from firmware_bridge.drivers import Signal, Standing
from firmware_bridge.link import session as hosts
from firmware_bridge.link.messages import (
    NoSession,
    NoVersion,
    Release,
    Released,
    Show,
    State,
    Unpaired,
)
from firmware_bridge.link.session import Session
from firmware_bridge.mcu import wire
from tests.bridge.link.boxes import KEY, OTHER_KEY
from tests.bridge.link.ends import BEAT, STATE, Ends, link, nonce


@pytest.fixture
def pair():
    return Ends()


def test_both_ends_hear_each_other_once_they_have_met(pair):
    assert pair.to_box(pair.says(Release(9, 3000))) == [(wire.RELEASE, Release(9, 3000).pack())]
    assert pair.host.receive(pair.box_says(wire.RELEASED, wire.pack_released(9))) == [Released(9)]


def test_nothing_is_said_in_a_session_that_is_not_there():
    assert Session(KEY).send(BEAT, 0.0) == b""
    assert not link().send(wire.STATE, STATE)


def test_a_controller_with_another_key_is_not_believed():
    host, box = Session(KEY), link(OTHER_KEY)
    box.take()
    box.feed(host.hello(nonce()), 0)
    assert host.receive(box.take()) == []
    assert (host.other_key, host.established, host.dropped.forged) == (True, False, 1)


@pytest.mark.fault("wrong-key")
def test_a_host_with_another_key_gets_no_session():
    host, box = Session(OTHER_KEY), link()
    box.take()
    box.feed(host.hello(nonce()), 0)
    host._key = KEY  # it even believes the challenge
    (challenge,) = [hosts.parse(frame.kind, frame.payload) for frame in hosts.FrameReader().feed(box.take())]
    host._session = hosts._Session(hosts.session_key(OTHER_KEY, host._hello, challenge), 1)
    assert box.feed(host.send(BEAT, 0.0), 1) == []
    assert (box.established, box.mac_errors) == (False, 1)


@pytest.mark.fault("not-paired")
def test_an_unpaired_controller_says_so_and_opens_no_session():
    host, box = Session(KEY), link(None)
    box.take()
    box.feed(host.hello(nonce()), 0)
    assert host.receive(box.take()) == [Unpaired(window_open=False)]
    assert not host.established


@pytest.mark.parametrize("offered", [(2, 2), (3, 255)])
def test_a_controller_that_speaks_none_of_the_versions_says_which_it_speaks(offered):
    host, box = Session(KEY, offered), link()
    box.take()
    box.feed(host.hello(nonce()), 0)
    assert host.receive(box.take()) == [NoVersion(1, 1)]
    assert not host.established


def test_the_highest_common_version_is_chosen():
    host, box = Session(KEY, (1, 9)), link()
    box.take()
    box.feed(host.hello(nonce()), 0)
    (challenge,) = host.receive(box.take())
    assert challenge.version == 1


def test_nobody_between_can_lower_the_versions_offered():
    host, box = Session(KEY, (1, 2)), link()
    box.take()
    drawn = nonce()
    host.hello(drawn)
    box.feed(wire.frame(0, wire.HELLO, 0, bytes([1, 1]) + drawn, None, b"H"), 0)
    assert host.receive(box.take()) == []
    assert not host.established


def test_a_challenge_counts_once(pair):
    pair.box.feed(pair.host.hello(nonce()), 0)
    challenge = pair.box.take()
    assert len(pair.host.receive(challenge)) == 1
    assert pair.host.receive(challenge) == []


def test_a_challenge_to_an_earlier_hello_counts_no_more():
    host, box = Session(KEY), link()
    box.take()
    box.feed(host.hello(nonce()), 0)
    late = box.take()
    host.hello(nonce())
    assert host.receive(late) == []


def test_a_forged_hello_ends_no_session(pair):
    pair.to_box(wire.frame(0, wire.HELLO, 0, bytes([1, 1]) + bytes(16), None, b"H"))
    pair.box.take()
    assert pair.to_box(pair.says(Release(1, 100)))
    assert pair.host.receive(pair.box_says())


def test_the_session_before_counts_until_the_new_one_is_answered_in_and_no_longer(pair):
    earlier = pair.box._session
    pair.box.feed(pair.host.hello(nonce()), pair.ms)
    pair.host.receive(pair.box.take())
    assert pair.host.receive(pair.box_says())
    assert pair.to_box(pair.says(BEAT))
    assert pair.host.receive(pair.box_says())
    pair.box._session = earlier
    assert pair.host.receive(pair.box_says()) == []


def test_a_forged_no_session_ends_no_session(pair):
    assert pair.host.receive(wire.frame(0, wire.NO_SESSION, 0, b"", None, b"C")) == [NoSession()]
    assert pair.to_box(pair.says(Release(1, 100)))
    assert pair.host.receive(pair.box_says())


def test_a_hello_recorded_earlier_opens_no_session(pair):
    hello = pair.host.hello(nonce())
    pair.to_box(hello)
    pair.host.receive(pair.box.take())
    beat = pair.says(BEAT)
    assert pair.to_box(beat)
    pair.to_box(hello)  # replayed with everything after it: the controller's nonce is another now
    assert pair.to_box(beat) == []


def test_a_session_that_nobody_proves_in_time_is_forgotten(pair):
    pair.box.feed(pair.host.hello(nonce()), pair.ms)
    pair.host.receive(pair.box.take())
    held_back = pair.says(BEAT)
    pair.now = 2.5
    assert pair.to_box(held_back) == []


@pytest.mark.fault("duplicated-frames")
@pytest.mark.parametrize("message", [BEAT, Release(1, 5000), Show(Signal.GRANTED)])
def test_a_frame_heard_twice_acts_once(pair, message):
    data = pair.says(message)
    assert len(pair.to_box(data + data)) == 1
    assert pair.box.replays == 1


def test_frames_out_of_order_act_at_most_in_the_order_they_were_said(pair):
    first, second = pair.says(Release(1, 100)), pair.says(Release(2, 100))
    assert [body for _, body in pair.to_box(second + first)] == [Release(2, 100).pack()]


@pytest.mark.fault("delays")
@pytest.mark.parametrize("since_state_s", [0.0, 0.1, 0.25, 0.4, 0.49])
def test_a_release_held_back_on_the_wire_is_worthless_after_a_second(pair, since_state_s):
    """R68: nobody can choose the moment at which somebody else's release is carried out."""
    pair.goes_on(5)
    pair.idles(since_state_s)
    held_back = pair.says(Release(1, 5000))
    left = 1.0
    while left > 0:  # the attacker lets nothing through from the host; the controller talks on
        pair.idles(min(0.5 - since_state_s, left))
        left -= 0.5 - since_state_s
        since_state_s = 0.0
        if left > 0:
            pair.box_says()
    assert pair.to_box(held_back) == []
    assert pair.box.stale == 1


def test_a_release_held_back_is_worthless_also_after_the_boards_ticks_have_wrapped(pair):
    pair.now = (1 << 30) / 1000 - 2
    pair.meet()
    pair.goes_on(10)
    held_back = pair.says(Release(1, 5000))
    for _ in range(6):
        pair.now += 0.5
        pair.box_says()
    assert pair.to_box(held_back) == []


@pytest.mark.parametrize("since_state_s", [0.0, 0.1, 0.25, 0.4, 0.49])
def test_a_release_on_a_line_ten_times_too_slow_still_opens(pair, since_state_s):
    """A state that takes 150 ms to the host, and a release that takes 150 ms back."""
    pair.goes_on(5)
    state = pair.box_says()
    pair.idles(0.15)
    pair.host.receive(state)
    pair.idles(since_state_s)
    slow = pair.says(Release(1, 5000))
    if since_state_s >= 0.35:
        pair.box_says()
    pair.idles(0.15)
    assert pair.to_box(slow) == [(wire.RELEASE, Release(1, 5000).pack())]


def test_a_state_lost_on_its_way_costs_no_release_for_a_third_of_a_second(pair):
    pair.goes_on(5)
    pair.box_says()
    pair.idles(0.35)
    assert pair.to_box(pair.says(Release(1, 5000))) == [(wire.RELEASE, Release(1, 5000).pack())]


def test_a_state_of_a_controller_that_hears_us_no_more_is_stale(pair):
    """R68: a line that is broken one way only is a broken line."""
    heard = True
    for _ in range(12):
        pair.now += 0.5
        pair.says(BEAT)  # never arrives
        heard = pair.host.receive(pair.box_says())
    assert not heard
    assert pair.host.dropped.stale > 0


def test_talk_goes_on_for_a_day_without_a_frame_dropped(pair):
    pair.now = (1 << 30) / 1000 - 1800  # the board's milliseconds wrap on the way
    pair.meet()
    pair.goes_on(3600)
    assert pair.host.dropped.total == 0
    assert (pair.box.stale, pair.box.replays, pair.box.mac_errors) == (0, 0, 0)


@pytest.mark.fault("replayed-frames")
def test_a_controller_that_was_reset_says_so_and_hears_nothing_from_before(pair):
    held_back = pair.says(Release(1, 5000))
    pair.box = link(boot=2)
    assert pair.host.receive(pair.box.take()) == [NoSession()]
    assert pair.to_box(held_back) == []
    assert pair.host.receive(pair.box.take()) == [NoSession()]
    pair.meet()
    assert pair.to_box(held_back) == []


def test_no_session_is_said_at_most_four_times_a_second(pair):
    pair.box = link(boot=2)
    pair.box.take()
    said = 0
    for step in range(100):
        pair.box.feed(pair.says(BEAT), step * 10)
        said += len(pair.box.take()) > 0
    assert said == 4


def test_a_hosts_counter_never_wraps(pair):
    pair.host._session.sent = wire.MAX_COUNTER - 1
    assert pair.host.worn
    assert pair.to_box(pair.says(BEAT))
    assert pair.says(BEAT) == b""


def test_a_controllers_counter_never_wraps(pair):
    pair.box._session.sent = wire.MAX_COUNTER
    assert not pair.box.send(wire.STATE, STATE)
    assert not pair.box.established
    assert pair.host.receive(pair.box.take()) == [NoSession()]


@pytest.mark.fault("bit-errors")
@settings(max_examples=150)
@given(st.data())
def test_no_change_to_an_authenticated_frame_yields_a_message(data):
    pair = Ends()
    for says, hears in (
        (lambda: pair.says(Release(1, 5000)), pair.to_box),
        (pair.box_says, pair.host.receive),
    ):
        frame = says()
        spoilt = bytearray(frame)
        for place in data.draw(st.lists(st.integers(1, len(frame) - 2), min_size=1, max_size=4, unique=True)):
            spoilt[place] ^= data.draw(st.integers(1, 255))
        assert hears(bytes(spoilt)) == []


@given(st.binary(max_size=60), st.integers(0, 255))
def test_no_change_with_the_checksum_mended_yields_a_message(payload, kind):
    """An attacker computes checksums; the MAC is what keeps him out."""
    pair = Ends()
    assert pair.to_box(wire.frame(1, kind, 5, payload, None, b"H")) == []
    assert pair.host.receive(wire.frame(1, kind, 5, payload, None, b"C")) == []
    assert pair.box.mac_errors == pair.host.dropped.forged == 1


@pytest.mark.fault("noise-flood")
@given(st.lists(st.binary(max_size=200), max_size=30))
def test_noise_ends_no_session_and_fills_no_memory(noise):
    pair = Ends()
    for piece in noise:
        assert all(isinstance(each, NoSession | Unpaired | NoVersion) for each in pair.host.receive(piece))
        assert pair.to_box(piece) == []
        assert len(pair.box._rx) <= 81
        assert len(pair.box._tx) <= 1024
        assert len(pair.host._reader._held) <= 81
    assert pair.host.receive(b"\x00" + pair.box_says())[-1] == State(0, 255, Standing.NORMAL, 1, 0, 0)
    assert pair.to_box(pair.says(Release(1, 100))) == [(wire.RELEASE, Release(1, 100).pack())]


def test_a_board_whose_line_takes_nothing_keeps_a_bounded_rest(pair):
    sent = [pair.box.send(wire.STATE, STATE) for _ in range(1000)]
    assert not all(sent)
    assert len(pair.box.take()) <= 1024


def test_a_pairing_is_refused_while_the_window_is_shut_and_taken_while_it_is_open(pair):
    request = _pair_frame()
    assert pair.to_box(request) == []
    assert pair.box.key == KEY
    pair.box.take()
    pair.box.pairing = True
    ((kind, _),) = pair.to_box(request)
    pair.box.answer_pair(0)
    assert (kind, pair.box.key, pair.box.pairing, pair.box.established) == (
        wire.PAIR,
        OTHER_KEY,
        False,
        False,
    )


def test_a_pairing_that_cannot_be_kept_changes_nothing(pair):
    pair.box.pairing = True
    pair.to_box(_pair_frame())
    pair.box.answer_pair(wire.WHY_STORE)
    assert (pair.box.key, pair.box.established) == (KEY, True)


@pytest.mark.parametrize(
    ("declared", "max_ms", "opens"), [(0, 5000, 0), (3, 5000, 0), (1, 0, 0), (2, 7001, 0), (2, 5000, 2)]
)
def test_a_pairing_with_values_that_no_door_has_is_refused(pair, declared, max_ms, opens):
    pair.box.pairing = True
    assert pair.to_box(_pair_frame(declared, max_ms, opens)) == []
    assert (pair.box.key, pair.box.pairing) == (KEY, True)


def _pair_frame(declared=1, max_ms=5000, opens=0):
    payload = bytes(16) + OTHER_KEY + bytes([declared]) + max_ms.to_bytes(2, "little") + bytes([opens])
    return wire.frame(0, wire.PAIR, 0, payload, wire.Mac(OTHER_KEY), b"H")
