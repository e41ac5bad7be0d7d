"""PINs are hashed one at a time, whoever asks: two at once would wait for each other inside the crypto library."""

import faulthandler
from concurrent.futures import ThreadPoolExecutor

from gate.store.pins import PinCheck, make_verifier


def test_two_threads_can_hash_at_once(request):
    pepper, person = bytes(32), "0" * 32
    faulthandler.dump_traceback_later(120, exit=True)  # a deadlock in there holds no Python frame to time out
    request.addfinalizer(faulthandler.cancel_dump_traceback_later)
    verifier = make_verifier(pepper, person, "482913")
    check = PinCheck("1203", person, "c", verifier, pepper, is_throttled=False)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(check.verify, ["482913", "000000"] * 6))
    assert answers == [True, False] * 6
