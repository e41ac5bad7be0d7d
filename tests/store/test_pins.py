"""PINs are hashed one at a time, whoever asks: two at once would wait for each other inside the crypto library."""

import faulthandler
import hmac
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gate.core.credentials import PinMatch
from gate.store.keyring.hashing import USUAL
from gate.store.pins import PinCheck, make_verifier

ACCOUNT = bytes(32)
SALT, DIGEST = "A" * 22, "A" * 43


def test_two_threads_can_hash_at_once(request):
    pepper, person = bytes(32), "0" * 32
    faulthandler.dump_traceback_later(120, exit=True)  # a deadlock in there holds no Python frame to time out
    request.addfinalizer(faulthandler.cancel_dump_traceback_later)
    verifier = make_verifier(pepper, person, "482913")
    check = PinCheck(ACCOUNT, person, "c", verifier, pepper, is_throttled=False)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(check.verify, ["482913", "000000"] * 6))
    assert answers == [PinMatch.PIN, PinMatch.NONE] * 6


@pytest.mark.parametrize(
    "verifier",
    [
        "",
        "x",
        "$argon2id$",
        "\u00e9",
        "\x00",
        f"$argon2i$v=19$m=65536,t=3,p=4${SALT}${DIGEST}",
        f"$argon2id$v=16$m=65536,t=3,p=4${SALT}${DIGEST}",
        f"$argon2id$v=19$m=65536,t=3,p=0${SALT}${DIGEST}",
        f"$argon2id$v=19$m=1,t=3,p=4${SALT}${DIGEST}",
        f"$argon2id$v=19$m=-1,t=3,p=4${SALT}${DIGEST}",
        f"$argon2id$v=19$m=99999999999999999999,t=3,p=4${SALT}${DIGEST}",
        f"$argon2id$v=19$m=65536,t=x,p=4${SALT}${DIGEST}",
        f"$argon2id$v=19$m=65536,t=3,p=4${SALT}$",
        f"$argon2id$v=19$m=65536,t=3,p=4$A${DIGEST}",
        f"$argon2id$v=19$m=65536,t=3,p=4${SALT}$!!!!",
    ],
)
def test_an_altered_verifier_is_met_by_no_pin(verifier):
    check = PinCheck(ACCOUNT, "0" * 32, "c", verifier, bytes(32), is_throttled=False)
    assert check.verify("482913") is PinMatch.NONE


@pytest.mark.parametrize(
    "cost",
    [
        "m=1048576,t=3,p=4",
        "m=4194304,t=1,p=1",
        "m=65536,t=4,p=4",
        "m=65536,t=4294967295,p=1",
        "m=65536,t=3,p=64",
    ],
)
def test_an_altered_verifier_that_asks_for_huge_memory_or_time_is_refused_at_once(cost):
    """An altered row must not bring the device down."""
    whole = make_verifier(b"p" * 32, "person", "482913")
    altered = whole.replace("m=65536,t=3,p=4", cost)
    assert altered != whole
    check = PinCheck(ACCOUNT, "person", "credential", altered, b"p" * 32, is_throttled=False)
    spent = []
    for _ in range(3):  # other threads of this process count too, but not each time
        began = time.process_time()
        assert check.verify("482913") is PinMatch.NONE
        spent.append(time.process_time() - began)
    assert min(spent) < 0.05


@pytest.mark.parametrize(
    "verifier", ["", "$argon2i$v=19$m=65536,t=3,p=4$", "$argon2id$v=19$m=,t=3,p=4$", "x" * 1000]
)
def test_a_verifier_that_is_none_opens_nothing(verifier):
    assert (
        PinCheck(ACCOUNT, "person", "credential", verifier, b"p" * 32, is_throttled=False).verify("482913")
        is PinMatch.NONE
    )


def test_a_verifier_of_the_first_release_is_met_by_its_pin():
    """Written by the library's own PHC encoder, as every PIN before duress PINs was."""
    pepper, person = b"p" * 32, "0" * 32
    secret = hmac.digest(pepper, person.encode() + b"482913", "sha256")
    verifier = USUAL.hasher(bytes(range(16)), 32).derive_phc_encoded(secret)
    check = PinCheck(ACCOUNT, person, "c", verifier, pepper, is_throttled=False)
    assert check.verify("482913") is PinMatch.PIN
    assert check.verify("482914") is PinMatch.NONE


def test_a_verifier_is_one_that_any_argon2_library_reads():
    pepper, person = b"p" * 32, "0" * 32
    secret = hmac.digest(pepper, person.encode() + b"482913", "sha256")
    Argon2id.verify_phc_encoded(secret, make_verifier(pepper, person, "482913"))
