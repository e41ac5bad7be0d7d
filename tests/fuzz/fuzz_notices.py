"""Fuzz notices: no text raises, no mark is shown to a reader, and only a text that tells every item passes the lint."""

from gate.core.notice_lint import lint
from gate.core.notices import (
    KEYS,
    REQUIRED,
    Draft,
    Terms,
    fill,
    is_version,
    numbers_of,
    paragraphs,
    plain,
    read_terms,
)
from gate.core.types import NoticeVersion
from tests.fuzz.harness import Cut

TERMS = Terms("open", "match", ("face",), 365, (), "Garden Compound Ltd", (), "sface")
SEEDS = (
    b"[item: effective]\nFrom {date}.\n\n[items: contact, full-text]\nAsk.",
    "[item: 用途]\n只用于开门。{controller}".encode(),
    TERMS.spelled().encode(),
    TERMS.spelled().replace("365", "1e3").encode(),
    b"1.0",
    b"[" * 500,
)


def one_input(raw):
    text = Cut(raw).rest().decode("utf-8", "replace")
    marked = dict.fromkeys(KEYS, text)
    found = paragraphs(text)
    told = {item for each in found for item in each.items if each.text.strip()}
    assert all(paragraphs(plain(each.text)) for each in found if each.text.strip())
    assert isinstance(fill(text, {"controller": "x{date}"}), str)
    passes = not lint(Draft(NoticeVersion("1.0"), marked, TERMS, "Ask"))
    assert not passes or all(set(items) <= told for items in REQUIRED.values())
    if is_version(text):
        assert min(numbers_of(NoticeVersion(text))) >= 0
    try:
        terms = read_terms(text)
    except (ValueError, RecursionError):
        return
    assert terms.spelled() == text
