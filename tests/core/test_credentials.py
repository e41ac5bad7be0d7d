"""The keypad, the PIN policy, the delays: enumerated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.credentials import (
    Keypad,
    PinFault,
    PinMatch,
    Verdict,
    are_alike,
    delay_after,
    is_card_number,
    is_unit,
    pin_fault,
)
from gate.core.types import PersonId, Pin, Reason, Sign, UnitPin


def typed(keys, *, start=0.0, gap=0.5):
    """Type *keys* one after another; give every entry that came out."""
    keypad, entries = Keypad(), []
    for index, key in enumerate(keys):
        keypad, entry = keypad.press(key, start + index * gap)
        if entry is not None:
            entries.append((entry.unit, entry.pin))
    return entries


def typed_after_card(keys, *, gap=0.5):
    """Type *keys* after a card; give every PIN that came out."""
    keypad, pins = Keypad(), []
    for index, key in enumerate(keys):
        keypad, entry = keypad.press(key, index * gap, after_card=True)
        if entry is not None:
            assert isinstance(entry, Pin)
            pins.append(entry.pin)
    return pins


@pytest.mark.parametrize("reason", list(Reason))
def test_only_a_known_credential_opens(reason):
    assert Verdict(reason).granted is (reason is Reason.KNOWN_CREDENTIAL)


def test_a_verdict_shows_no_person():
    assert "p1" not in repr(Verdict(Reason.KNOWN_CREDENTIAL, PersonId("p1")))


@pytest.mark.parametrize(
    ("keys", "entries"),
    [
        ("301#739154#", [("301", "739154")]),
        ("301#739154#302#840261#", [("301", "739154"), ("302", "840261")]),
        ("30*301#739154#", [("301", "739154")]),
        ("301#73*301#739154#", [("301", "739154")]),
        ("#301#739154#", [("301", "739154")]),
        ("301##301#739154#", [("301", "739154")]),
        ("12345678#123456789012#", [("12345678", "123456789012")]),
        ("301#739154", []),
        ("301#", []),
        ("739154##", []),
        ("*", []),
        ("", []),
    ],
)
def test_unit_hash_pin_hash_makes_an_entry(keys, entries):
    assert typed(keys) == entries


def test_an_overlong_unit_or_pin_is_dropped_and_not_cut_to_fit():
    assert typed("123456789#739154#") == []
    assert typed("301#1234567890123#") == []


def test_ten_seconds_without_a_key_clear_and_less_do_not():
    assert typed("301#739154#", gap=10.0) == [("301", "739154")]
    assert typed("301#739154#", gap=10.1) == []


@pytest.mark.parametrize(
    ("keys", "pins"),
    [
        ("739154#", ["739154"]),
        ("739154820637#", ["739154820637"]),
        ("7391548206371#", []),
        ("5" * 40 + "#", []),
        ("12*739154#", ["739154"]),
        ("#739154#", ["739154"]),
        ("739154", []),
    ],
    ids=["shortest", "longest", "overlong", "stuck key", "cleared", "empty first", "unfinished"],
)
def test_after_a_card_a_pin_is_typed_alone(keys, pins):
    assert typed_after_card(keys) == pins


def test_a_unit_number_typed_from_habit_after_a_card_costs_no_try():
    assert typed_after_card("1203#739154#") == ["739154"]


def test_ten_seconds_without_a_key_clear_a_pin_after_a_card_too():
    assert typed_after_card("739154#", gap=10.1) == []


def test_keys_pressed_before_a_card_are_no_part_of_the_pin_after_it_and_the_other_way_round():
    keypad, _ = Keypad().press("3", 0.0)
    for key in "739154":
        keypad, _ = keypad.press(key, 1.0, after_card=True)
    assert keypad.press("#", 1.0, after_card=True)[1] == Pin("739154")
    for key in "301#739154":
        keypad, _ = keypad.press(key, 1.0)
    assert keypad.press("#", 1.0)[1] == UnitPin("301", "739154")


@pytest.mark.parametrize("key", ["", "A", "12", "\u0663", "\n", "#*"])
def test_what_is_no_key_changes_nothing(key):
    keypad, _ = Keypad().press("3", 0.0)
    assert keypad.press(key, 5.0) == (keypad, None)


def test_a_keypad_shows_nothing_of_what_was_typed():
    keypad, _ = Keypad().press("3", 1.0)
    assert "3" not in repr(keypad)


@given(st.lists(st.tuples(st.sampled_from("0123456789#*"), st.floats(0, 12)), max_size=80))
def test_whatever_is_typed_the_keypad_stays_small_and_entries_are_whole(presses):
    keypad, now = Keypad(), 0.0
    for key, gap in presses:
        now += gap
        keypad, entry = keypad.press(key, now)
        assert len(keypad.typed) <= 21
        if entry is not None:
            assert is_unit(entry.unit)
            assert entry == UnitPin(entry.unit, entry.pin)
            assert entry.pin.isdigit()
            assert len(entry.pin) <= 12


@pytest.mark.parametrize(
    ("pin", "fault"),
    [
        ("739154", None),
        ("840261", None),
        ("739154820637", None),
        ("123457", None),
        ("", PinFault.NOT_DIGITS),
        ("73915a", PinFault.NOT_DIGITS),
        ("\u0663" * 6, PinFault.NOT_DIGITS),
        ("739154\n", PinFault.NOT_DIGITS),
        ("73915", PinFault.TOO_SHORT),
        ("7391548206371", PinFault.TOO_LONG),
        ("123456", PinFault.RUN),
        ("987654", PinFault.RUN),
        ("890123", PinFault.RUN),
        ("210987", PinFault.RUN),
        ("777777", PinFault.REPEATS),
        ("121212", PinFault.REPEATS),
        ("739739", PinFault.REPEATS),
        ("7397397", PinFault.REPEATS),
        ("117711", PinFault.REPEATS),
        ("147258", PinFault.COMMON),
        ("5201314", PinFault.COMMON),
    ],
)
def test_a_weak_pin_is_named_for_what_is_weak(pin, fault):
    assert pin_fault(pin) is fault


def test_nearly_every_pin_of_six_digits_may_be_chosen():
    sample = range(0, 1_000_000, 7)
    refused = sum(pin_fault(f"{number:06}") is not None for number in sample)
    assert refused / len(sample) < 0.01


def test_the_delays_are_as_written_and_end_at_a_quarter_of_an_hour():
    assert [delay_after(failures) for failures in range(13)] == [
        0, 0, 0, 5, 15, 30, 60, 120, 240, 480, 900, 900, 900,
    ]  # fmt: skip
    assert delay_after(10_000) == 900


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("0451", True),
        ("wiegand26:01A2-ff.0_1", True),
        ("x" * 128, True),
        ("045", False),
        ("x" * 129, False),
        ("04 51", False),
        ("0451\n", False),
        ("\u5361\u5361\u5361\u5361", False),
    ],
)
def test_a_card_number_is_what_a_reader_gives(text, fits):
    assert is_card_number(text) is fits


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ("739154", True),
        ("739155", True),
        ("739145", True),
        ("379145", False),
        ("739200", False),
        ("840261", False),
        ("7391541", True),
        ("7391", True),
    ],
)
def test_a_slip_of_a_finger_turns_no_pin_into_one_that_is_not_alike(other, alike):
    """A wrong digit or two swapped must never raise the duress alarm."""
    assert are_alike("739154", other) is alike


def test_only_no_pin_is_falsy():
    assert [bool(match) for match in PinMatch] == [False, True, True]


def test_a_verdict_of_duress_reads_like_any_other():
    quiet = repr(Verdict(Reason.KNOWN_CREDENTIAL, PersonId("p1")))
    assert repr(Verdict(Reason.KNOWN_CREDENTIAL, PersonId("p1"), duress=True)) == quiet


@pytest.mark.parametrize(
    ("text", "fits"), [("3", True), ("12345678", True), ("", False), ("123456789", False), ("3\n", False)]
)
def test_a_unit_is_what_can_be_typed_at_the_keypad(text, fits):
    assert is_unit(text) is fits


@pytest.mark.parametrize("sign", Sign)
def test_the_keypads_own_keys_ask_for_what_the_screen_offers_and_nothing_typed_before_does(sign):
    keypad = Keypad()
    for at, key in enumerate(sign[:-1]):
        assert keypad.sign(key, float(at)) is None
        keypad, _ = keypad.press(key, float(at))
    assert keypad.sign(sign[-1], float(len(sign))) is sign
    assert Keypad("9", 0.0).sign(sign[0], 0.5) is None
