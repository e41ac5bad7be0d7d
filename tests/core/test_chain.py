"""A chain of hashes: whatever is exchanged, left out or added in the middle is found."""

import hashlib

import pytest

from gate.core.chain import Break, Link, first_break, link_hash


def chained(*contents, name="log", base=0, base_hash=bytes(32)):
    links, previous = [], base_hash
    for seq, content in enumerate(contents, base + 1):
        digest = hashlib.sha256(content.encode()).digest()
        previous = link_hash(name, seq, previous, digest)
        links.append(Link(seq, digest, previous))
    return links


def test_a_whole_chain_holds_and_so_does_its_end_after_a_known_link():
    links = chained("a", "b", "c")
    assert first_break("log", links) is None
    assert first_break("log", links[2:], base=2, base_hash=links[1].hash) is None
    assert first_break("log", []) is None


@pytest.mark.parametrize("left_out", [0, 1])
def test_r55_an_entry_left_out_is_found_where_it_stood(left_out):
    links = chained("a", "b", "c")
    del links[left_out]
    assert first_break("log", links) == Break(left_out + 1, "entry missing or out of order")


def test_r55_an_entry_altered_is_found_though_all_others_are_as_they_were():
    links, other = chained("a", "b", "c"), chained("a", "x", "c")
    links[1] = Link(2, other[1].digest, links[1].hash)
    assert first_break("log", links) == Break(2, "entry altered")


def test_r55_a_rewritten_beginning_does_not_fit_what_follows():
    assert first_break("log", [*chained("x", "b")[:2], chained("a", "b", "c")[2]]) == Break(
        3, "entry altered"
    )


def test_one_chain_is_no_other_of_the_same_entries():
    assert first_break("ledger", chained("a", name="log")) == Break(1, "entry altered")
