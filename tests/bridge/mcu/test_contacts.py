"""What a contact says, what a cut wire says, and what is too short to be said at all."""

import pytest

from firmware_bridge.mcu.contacts import (
    ALL,
    BUTTON,
    CASE,
    EXIT,
    FIRE,
    LEAF,
    OTHER,
    POWER,
    Contacts,
    asserted,
    at_rest,
)

CLOSED_AT_REST = (LEAF, FIRE, CASE, POWER, OTHER)


def test_a_door_at_rest_says_nothing():
    assert asserted(at_rest()) == 0


def test_every_cut_wire_that_is_closed_at_rest_says_so():
    """R60, R65: with all wires cut every pull-up reads high: fire, tamper, open, no supply; never quiet."""
    assert asserted(ALL) == LEAF | FIRE | CASE | POWER | OTHER


@pytest.mark.parametrize("contact", [EXIT, BUTTON])
def test_a_button_speaks_when_it_pulls_its_wire_down(contact):
    assert asserted(at_rest() & ~contact) == contact


def lasting(contact, *, rising):
    """Return for how many milliseconds a contact must say the same before it counts."""
    contacts = Contacts()
    contacts.step(0, 0 if rising else contact)
    contacts.step(1, contact if rising else 0)
    passed = 0
    while bool(contacts.seen & contact) != rising:
        passed += 1
        contacts.step(1, contact if rising else 0)
    return passed


@pytest.mark.parametrize(("contact", "rises", "falls"), [(FIRE, 0, 200), (EXIT, 5, 50), (LEAF, 30, 30)])
def test_each_contact_counts_after_its_time(contact, rises, falls):
    assert lasting(contact, rising=True) == rises
    assert lasting(contact, rising=False) == falls


@pytest.mark.parametrize("contact", CLOSED_AT_REST[:1] + CLOSED_AT_REST[2:] + (EXIT,))
def test_a_spike_counts_for_nothing(contact):
    contacts = Contacts()
    contacts.step(0, 0)
    for _ in range(100):
        contacts.step(4, contact)
        assert contacts.step(4, 0) == 0
    assert contacts.seen == 0


def test_a_chattering_fire_contact_is_one_fire():
    """R65: the lock does not chatter along."""
    contacts = Contacts()
    contacts.step(0, 0)
    contacts.step(1, FIRE)
    for _ in range(100):
        assert contacts.step(50, 0) == 0
        assert contacts.seen == FIRE
        contacts.step(50, FIRE)


def test_the_first_reading_counts_as_it_is():
    """A board that starts during a fire, or under a pressed exit button, need not wait."""
    contacts = Contacts()
    assert contacts.step(0, FIRE | EXIT) == FIRE | EXIT
