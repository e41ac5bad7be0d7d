"""The recovery secret: shares in words give the root key back, and nothing else does (R52)."""

import itertools

import pytest

from gate.errors import RequestError
from gate.store.keyring.recovery import collect, split

ROOT = bytes(range(32))


def root_from(*shares):
    return bytes(collect(iter(shares), lambda _given, _needed: None))


@pytest.fixture(scope="module")
def shares():
    return split(ROOT, threshold=2, of=3)


def test_any_two_of_three_shares_give_the_root_key_back(shares):
    assert {root_from(*pair) for pair in itertools.permutations(shares, 2)} == {ROOT}


def test_a_share_that_would_be_the_key_itself_is_refused():
    with pytest.raises(RequestError) as caught:
        split(ROOT, threshold=1, of=1)
    assert caught.value.code == "shares-number"


def test_no_share_holds_the_root_key_or_equals_another(shares):
    again = split(ROOT, threshold=2, of=3)
    assert len({*shares, *again}) == 6


def test_each_share_tells_how_many_are_there_and_how_many_it_takes(shares):
    told = []
    collect(iter(shares), lambda given, needed: told.append((given, needed)))
    assert told == [(1, 2), (2, 2)]


def test_capitals_and_spaces_do_not_matter(shares):
    assert root_from(f"  {shares[0].upper()} ", shares[2].replace(" ", "  ")) == ROOT


@pytest.mark.parametrize(("threshold", "of"), [(0, 1), (1, 2), (3, 2), (2, 17), (-1, -1)])
def test_shares_that_cannot_be_are_refused_with_the_remedy(threshold, of):
    with pytest.raises(RequestError, match="2 of 3 suits") as caught:
        split(ROOT, threshold=threshold, of=of)
    assert caught.value.code == "shares-number"


def misspelled(shares):
    return [shares[0].replace(shares[0].split()[4], "gaet")]


def exchanged(shares):
    words = shares[0].split()
    at = next(number for number in range(8, len(words)) if words[number] != words[number - 1])
    words[at - 1], words[at] = words[at], words[at - 1]
    return [" ".join(words)]


def of_two_printings(shares):
    return [shares[0], split(ROOT, threshold=2, of=3)[1]]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (misspelled, "share-word"),
        (exchanged, "share-checksum"),
        (lambda shares: [shares[0].rsplit(" ", 1)[0]], "share-length"),
        (lambda shares: [f"{shares[0]} {shares[1]}"], "share-length"),
        (lambda _shares: [""], "share-length"),
        (lambda shares: [shares[0], shares[0]], "share-twice"),
        (of_two_printings, "share-mixed"),
        (lambda shares: [shares[0]], "shares-few"),
        (lambda _shares: [], "shares-few"),
    ],
)
def test_what_gives_no_key_is_told_apart_without_a_word_of_any_share(shares, spoil, code):
    given = spoil(shares)
    with pytest.raises(RequestError) as caught:
        root_from(*given)
    assert caught.value.code == code
    # Two in a row: a single word of a share may stand in plain English by chance.
    pairs = {pair for share in given for pair in itertools.pairwise(share.split())}
    told = str(caught.value).split()
    assert not pairs & set(itertools.pairwise(told))
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_share_that_would_cost_minutes_to_open_is_refused_at_once():
    from shamir_mnemonic.share import Share

    costly = Share(1, extendable=True, iteration_exponent=15, group_index=0, group_threshold=1, group_count=1,
                   index=0, member_threshold=1, value=ROOT)  # fmt: skip
    with pytest.raises(RequestError) as caught:
        root_from(costly.mnemonic())
    assert caught.value.code == "share-foreign"


def test_a_mixed_share_with_the_right_label_opens_nothing(shares):
    """The label is 15 bits: two printings may share it, and then the digest inside must tell (SLIP-39)."""
    from dataclasses import replace

    from shamir_mnemonic.share import Share

    other = Share.from_mnemonic(split(bytes(32), threshold=2, of=3)[1])
    label = Share.from_mnemonic(shares[0]).identifier
    with pytest.raises(RequestError) as caught:
        root_from(shares[0], replace(other, identifier=label).mnemonic())
    assert caught.value.code == "shares-wrong"
