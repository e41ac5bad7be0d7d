"""Pulses become bursts, and noise becomes a number."""

import pytest

from firmware_bridge.mcu.burst import GAP_MS, MOST_A_SECOND, RING_EDGES, Bursts, EdgeRing, edge


def pulses(value, count, start, apart=1):
    return [edge(value >> (count - 1 - place) & 1, start + place * apart) for place in range(count)]


def quiet(bursts, now):
    return bursts.step(5, now, [])


@pytest.mark.parametrize(
    ("count", "value"), [(4, 0b1010), (8, 0xE1), (26, 0x2A5_5AA5), (37, 1), (128, 1 << 127)]
)
@pytest.mark.parametrize("start", [0, 0x7FF0, 123456])
def test_a_burst_comes_out_as_it_went_in(count, value, start):
    bursts = Bursts()
    end = start + count
    assert bursts.step(5, end, pulses(value, count, start)) == []
    assert quiet(bursts, end + GAP_MS) == [(count, value)]
    assert quiet(bursts, end + 2 * GAP_MS) == []


def test_a_burst_cut_over_many_rounds_is_one():
    bursts = Bursts()
    ended = []
    for place, pulse in enumerate(pulses(0b110101, 6, 1000, apart=20)):
        ended += bursts.step(20, 1000 + place * 20, [pulse])
    ended += quiet(bursts, 1100 + GAP_MS)
    assert ended == [(6, 0b110101)]


def test_two_bursts_in_one_look_stay_two():
    bursts = Bursts()
    seen = pulses(5, 4, 100) + pulses(9, 4, 150)
    assert bursts.step(100, 200, seen) == [(4, 5), (4, 9)]


def test_a_pulse_newer_than_the_look_ends_nothing():
    bursts = Bursts()
    assert bursts.step(5, 99, pulses(5, 4, 100)) == []


def test_too_many_bits_are_no_burst_and_are_counted_once():
    bursts = Bursts()
    for start in range(0, 10000, 100):
        assert bursts.step(100, start, pulses(0, 100, start)) == []
    assert quiet(bursts, 10200) == []
    assert bursts.spoilt == 1


def test_a_storm_of_short_bursts_is_passed_on_at_a_bounded_rate():
    bursts = Bursts()
    passed = 0
    for start in range(0, 10000, GAP_MS + 1):
        passed += len(bursts.step(GAP_MS + 1, start, [edge(0, start)]))
    assert passed <= 11 * MOST_A_SECOND
    assert bursts.spoilt > 50


def test_a_burst_with_lost_pulses_is_spoilt():
    bursts = Bursts()
    bursts.step(5, 26, pulses(1, 26, 0), lost=True)
    assert quiet(bursts, 26 + GAP_MS) == []
    assert bursts.spoilt == 1


def test_the_ring_gives_back_what_it_was_given_in_order():
    ring = EdgeRing()
    for now in range(1000):
        ring.put(now & 1, now)
        assert ring.take() == ([edge(now & 1, now)], False)


def test_a_full_ring_drops_the_newest_and_says_so_once():
    ring = EdgeRing()
    for now in range(RING_EDGES * 3):
        ring.put(0, now)
    kept, lost = ring.take()
    assert kept == [edge(0, now) for now in range(RING_EDGES - 1)]
    assert lost
    assert ring.take() == ([], False)
