"""PINs are hashed one at a time, whoever asks: two at once would wait for each other inside the crypto library."""

import faulthandler
from concurrent.futures import ThreadPoolExecutor

import pytest

from gate.store.pins import PinCheck, make_verifier

SALT, DIGEST = "A" * 22, "A" * 43


def test_two_threads_can_hash_at_once(request):
    pepper, person = bytes(32), "0" * 32
    faulthandler.dump_traceback_later(120, exit=True)  # a deadlock in there holds no Python frame to time out
    request.addfinalizer(faulthandler.cancel_dump_traceback_later)
    verifier = make_verifier(pepper, person, "482913")
    check = PinCheck("1203", person, "c", verifier, pepper, is_throttled=False)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(check.verify, ["482913", "000000"] * 6))
    assert answers == [True, False] * 6


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
    check = PinCheck("1203", "0" * 32, "c", verifier, bytes(32), is_throttled=False)
    assert check.verify("482913") is False
