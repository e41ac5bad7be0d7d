"""Fuzz visitors' codes, as a scanner reads them: no text raises, and none that this gate did not sign is good."""

from gate.core.visit_codes import CodeStanding, VisitCode, gate_digest, judge, parse
from gate.store.account.signing import Signer, is_signed
from tests.fuzz.harness import Cut

GATE = Signer(bytes(32))
CODE = VisitCode(gate_digest("north"), bytes(range(16)), 1_000, 2_000)
TEXT = CODE.text(GATE.sign(CODE.signed_bytes))
SEEDS = (
    TEXT.encode(),
    TEXT.lower().encode(),
    TEXT.encode() + b"=",
    b"GV1.'; DROP TABLE visits; --",
    b"GV1." + b"A" * 500,
    b"GATE1:eJw",
)


def one_input(raw):
    text = Cut(raw).text()
    found = parse(text)
    assert found is None or found[0].text(found[1]) == text
    for now in (0, 1_500, 2**40):
        standing, code = judge(text, now, lambda data, signature: is_signed(data, signature, GATE.public_key))
        assert (code is None) is (standing in {CodeStanding.MALFORMED, CodeStanding.FORGED})
        assert code is None or text == TEXT
