"""Readers and scanners that type: the line they mean, and everything else that keys can be."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.drivers import Profile, Signal
from firmware_bridge.events import BridgeError, CardRead, CodeScanned, DeviceBack, DeviceLost, Nonsense
from firmware_bridge.hid import LONGEST, PAUSE_S, HidOptions, HidReader, Typing, open_keyboard
from tests.bridge.typists import ENTER, SHIFT, Typist, need_evdev, strokes
from tests.contract.benches import real_time

PRINTABLE = "".join(chr(each) for each in range(32, 127))
CARDS = HidOptions("/dev/input/by-id/cards", "card")
CODES = HidOptions("/dev/input/by-id/codes", "code")


def typed(typing, *pairs, at=0.0):
    return [event for code, value in pairs if (event := typing.key(code, value, at)) is not None]


def line(text, options):
    return typed(Typing(options), *strokes(text), (ENTER, 1), (ENTER, 0))


def test_a_decimal_number_and_enter_are_a_card():
    assert line("0003735928", CARDS) == [CardRead(32, 3735928)]


def test_a_hexadecimal_number_is_a_card_where_the_reader_types_such():
    options = HidOptions("x", "card", card_bits=56, base=16)
    assert line("04A1b2C3D4E5F6", options) == [CardRead(56, 0x04A1B2C3D4E5F6)]


@given(st.text(PRINTABLE, min_size=1, max_size=LONGEST["code"]))
def test_every_printable_character_of_a_code_arrives_as_scanned(text):
    assert line(text, CODES) == [CodeScanned(text)]


def test_the_number_block_types_digits():
    assert typed(Typing(CARDS), *((code, 1) for code in (79, 80, 81, 75, 76, 77, 71, 72, 73, 82, 96))) == [
        CardRead(32, 1234567890)
    ]


@pytest.mark.parametrize("text", ["12a4", "-5", "1 2", "4294967296", "0", "000", "1_000", "12.5", "9" * 41])
def test_what_is_no_number_of_the_cards_bits_is_nonsense(text):
    assert line(text, CARDS) == [Nonsense()]


def test_a_line_one_too_long_is_dropped_whole_and_the_next_is_read():
    typing = Typing(CODES)
    assert typed(typing, *strokes("x" * (LONGEST["code"] + 1)), (ENTER, 1)) == [Nonsense()]
    assert typed(typing, *strokes("ok"), (ENTER, 1)) == [CodeScanned("ok")]


def test_a_line_without_end_holds_no_more_than_the_longest():
    typing = Typing(CODES)
    typed(typing, *strokes("y" * 5000))
    assert len(typing._text) == LONGEST["code"]


def test_enter_alone_says_nothing():
    assert typed(Typing(CARDS), (ENTER, 1), (ENTER, 0)) == []


def test_a_key_that_repeats_because_it_is_stuck_spoils_the_line():
    assert typed(Typing(CARDS), *strokes("12"), (4, 1), (4, 2), (4, 2), (4, 0), (ENTER, 1)) == [Nonsense()]


def test_a_key_that_types_nothing_known_spoils_the_line():
    assert typed(Typing(CARDS), *strokes("12"), (58, 1), (58, 0), *strokes("3"), (ENTER, 1)) == [Nonsense()]


def test_a_shift_held_over_several_keys_shifts_them_all_and_no_more():
    pairs = [(SHIFT, 1), (30, 1), (30, 0), (48, 1), (48, 0), (SHIFT, 0), (46, 1), (ENTER, 1)]
    assert typed(Typing(CODES), *pairs) == [CodeScanned("ABc")]


def test_a_line_left_unfinished_is_nonsense_and_not_the_beginning_of_the_next():
    """Half of one card and half of another are no third card."""
    typing = Typing(CARDS)
    typed(typing, *strokes("1111"), at=10.0)
    assert typed(typing, *strokes("2222"), (ENTER, 1), at=10.0 + PAUSE_S) == [Nonsense(), CardRead(32, 2222)]


def test_an_enter_after_a_pause_does_not_finish_the_line():
    typing = Typing(CARDS)
    typed(typing, *strokes("1111"), at=10.0)
    assert typed(typing, (ENTER, 1), at=10.0 + PAUSE_S) == [Nonsense()]


def test_a_pause_drops_what_was_typed_also_when_nothing_follows():
    typing = Typing(CARDS)
    typed(typing, *strokes("1111"), at=10.0)
    assert typing.poll(10.0 + PAUSE_S / 2) is None
    assert typing.poll(10.0 + PAUSE_S) == Nonsense()
    assert typing.poll(20.0) is None
    assert typing._text == ""


def test_events_the_kernel_lost_spoil_the_line_and_no_shift_stays_down():
    typing = Typing(CODES)
    typed(typing, *strokes("ab"), (SHIFT, 1))
    typing.lost()
    assert typed(typing, *strokes("c"), (ENTER, 1), *strokes("d"), (ENTER, 1)) == [
        Nonsense(),
        CodeScanned("d"),
    ]


@given(st.lists(st.tuples(st.integers(0, 800), st.integers(-1, 3), st.floats(0, 1)), max_size=200))
def test_no_keys_make_the_line_raise_or_report_what_is_no_line(events):
    typing, now = Typing(CODES), 0.0
    for code, value, step in events:
        now += step
        told = typing.key(code, value, now)
        assert told is None or isinstance(told, Nonsense | CodeScanned)
        if isinstance(told, CodeScanned):
            assert 0 < len(told.text) <= LONGEST["code"]
            assert set(told.text) <= set(string.printable)


@pytest.fixture
def desk():
    need_evdev()
    typist, heard = Typist(), []
    reader = HidReader(CARDS, take=typist.take)
    reader.open(heard.append)
    assert holds(lambda: reader.healthy)
    yield typist, reader, heard
    reader.close()
    typist.close()


def holds(until):
    return real_time(lambda: None, until)


def test_a_card_typed_on_a_grabbed_device_is_reported(desk):
    typist, _, heard = desk
    typist.type("40451")
    assert holds(lambda: heard == [CardRead(32, 40451)])
    assert typist.grabs == 1


def test_a_pulled_reader_is_told_once_and_once_when_back_and_half_a_line_is_gone(desk):
    typist, reader, heard = desk
    typist.type("99", enter=False)
    typist.unplug()
    assert holds(lambda: heard == [DeviceLost()])
    assert not reader.healthy
    typist.plug()
    assert holds(lambda: heard == [DeviceLost(), DeviceBack()])
    typist.type("40451")
    assert holds(lambda: heard[2:] == [CardRead(32, 40451)])


def test_nothing_typed_for_a_while_drops_the_line_on_a_real_device_too(desk):
    typist, _, heard = desk
    typist.type("99", enter=False)
    assert holds(lambda: heard == [Nonsense()])


def test_events_lost_by_the_kernel_spoil_the_line(desk):
    typist, _, heard = desk
    typist.type("4045", enter=False)
    typist.lose_events()
    typist.type("1")
    assert holds(lambda: heard == [Nonsense()])


def test_bytes_that_are_no_events_are_a_lost_device(desk):
    typist, _, heard = desk
    typist.raw(b"\x00" * 7)
    assert holds(lambda: heard[:1] == [DeviceLost()])


@pytest.mark.parametrize(
    ("options", "profile"), [(CARDS, Profile.UID_ONLY), (CODES, Profile.NO_CARDS)], ids=["card", "code"]
)
def test_what_a_card_is_worth_depends_on_what_is_typed(options, profile):
    assert HidReader(options).profile is profile


@pytest.mark.parametrize("bits", [0, 8, 129])
def test_cards_of_a_length_that_none_has_are_refused(bits):
    with pytest.raises(BridgeError, match="card_bits"):
        HidReader(HidOptions("/dev/null", "card", card_bits=bits))


@pytest.mark.parametrize("path", ["/dev/input/by-id/nothing-there", "/dev/null"])
def test_a_path_that_is_no_keyboard_is_refused_with_the_remedy(path):
    """The real library."""
    need_evdev()
    with pytest.raises(BridgeError, match="not an input device"):
        open_keyboard(path)


def test_showing_something_costs_nothing():
    HidReader(CARDS).show(Signal.GRANTED)


def test_a_reader_that_is_unplugged_is_noticed():
    assert HidReader(CARDS).supervised
