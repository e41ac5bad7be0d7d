"""The recovery secret: the root key as shares in words (SLIP-39). Some of them open the backups, fewer tell nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shamir_mnemonic import generate_mnemonics
from shamir_mnemonic.recovery import RecoveryState
from shamir_mnemonic.share import Share
from shamir_mnemonic.utils import MnemonicError
from shamir_mnemonic.wordlist import WORD_INDEX_MAP

from gate.errors import RequestError
from gate.store.keyring.keys import KEY_BYTES

SHARES_MOST = 16
_WORDS = 33  # of a share of 256 bits (SLIP-39: 7 words around 26 of content)


def split(root: bytes, *, threshold: int, of: int) -> tuple[str, ...]:
    """Give *of* shares of the root key (32 bytes), any *threshold* of which give it back.

    Each share is 33 words with a checksum. Raises RequestError ``shares-number``.
    """
    if not 2 <= threshold <= of <= SHARES_MOST:  # noqa: PLR2004 - one share alone would be the key itself
        raise RequestError(
            "shares-number",
            f"{threshold} of {of} shares cannot be made.",
            remedy=f"Choose a threshold of 2 or more, and no more than {SHARES_MOST} shares: 2 of 3 suits most sites.",
        )
    # Extendable: a second set later is interchangeable in kind, not in parts. No passphrase: the shares are the secret.
    [shares] = generate_mnemonics(1, [(threshold, of)], root, iteration_exponent=0, extendable=True)
    return tuple(shares)


def collect(lines: Iterator[str], count: Callable[[int, int], None]) -> bytearray:
    """Take one share a line until there are enough, and give the root key, 32 bytes, to be wiped by the caller.

    count: told after each share how many are there and how many it takes. Raises RequestError, without a word of any
    share: ``share-word``, ``share-length``, ``share-checksum``, ``share-foreign``, ``share-mixed``, ``share-twice``,
    ``shares-few``, ``shares-wrong``.
    """
    state = RecoveryState()
    for given, line in enumerate(lines, start=1):
        share = _share(line)
        if given > 1 and not state.matches(share):
            raise RequestError(
                "share-mixed",
                "This share is of another set than those before it.",
                remedy="Take all shares from one printing; each of a set begins with the same two words.",
            )
        if share in state:
            raise RequestError(
                "share-twice", "This share was given already.", remedy="Give a different one of the set."
            )
        try:
            state.add_share(share)
        except MnemonicError:
            raise _unfit() from None
        count(given, share.member_threshold)
        if state.is_complete():
            return _root(state)
    raise RequestError(
        "shares-few",
        "There are too few shares.",
        remedy="Give as many as were asked for when they were made.",
    )


def _share(line: str) -> Share:
    words = line.lower().split()
    for place, word in enumerate(words, start=1):
        if word not in WORD_INDEX_MAP:
            raise RequestError(
                "share-word",
                f"Word {place} of this share is on no list.",
                remedy="Look at its spelling on the sheet; give the whole share on one line.",
            )
    if len(words) != _WORDS:
        raise RequestError(
            "share-length",
            f"A share has {_WORDS} words, this one {len(words)}.",
            remedy="Give the whole share on one line.",
        )
    try:
        share = Share.from_mnemonic(" ".join(words))
    except MnemonicError:
        raise RequestError(  # the library's own sentence quotes the share: not chained
            "share-checksum",
            "The words are known ones, but the share's checksum does not fit.",
            remedy="Compare each word with the sheet: one is exchanged or misplaced.",
        ) from None
    if share.group_count != 1 or share.iteration_exponent or len(share.value) != KEY_BYTES:
        # Not only foreign: a large exponent would keep the processor busy for minutes.
        raise RequestError(
            "share-foreign", "This share was not made by a gate.", remedy="Take the sheets of this gate."
        )
    return share


def _root(state: RecoveryState) -> bytearray:
    try:
        root = bytearray(state.recover(b""))
    except (MnemonicError, ValueError):
        raise _unfit() from None
    return root


def _unfit() -> RequestError:
    return RequestError(
        "shares-wrong",
        "These shares do not fit each other.",
        remedy="Take all shares from one printing for this gate.",
    )
