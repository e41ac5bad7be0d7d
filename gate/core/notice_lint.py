"""What keeps a notice from being published: items left out, promises nobody may make, pressure (R06, R08, R11, R14).

A lint reads words, not meaning: it stops the known ways of getting a notice wrong, and a person still has to read it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gate.core.notice_words import (
    DAYS,
    DAYS_MOST,
    ENDLESS,
    LIVE_CLAIMS,
    LIVE_NAME,
    NAMED_VERSION,
    REFUSED,
    SENTENCE_END,
    SPANS,
    UNFILLED,
    Phrase,
    Rule,
)
from gate.core.notices import (
    KEYS,
    LANGUAGES,
    LIVE_EVENTS,
    REQUIRED,
    Draft,
    Form,
    Item,
    Key,
    Paragraph,
    paragraphs,
    plain,
)

_REMEDIES: Final = {
    Rule.TEXT_MISSING: "Write this text, or restore it from the release.",
    Rule.ITEM_MISSING: "Write a paragraph that tells it, under a line with its mark, such as [item: purpose].",
    Rule.ITEM_UNKNOWN: "Use the items of this release; gate notice lint --items lists them.",
    Rule.VALUE_MISSING: "Write the placeholder into that item's paragraph, such as {contact}.",
    Rule.LANGUAGES_DIFFER: "Tell the same in every language: add the item here, or take it out there.",
    Rule.VERSION_DIFFERS: "Write {version} where a text names its version, and no number of your own.",
    Rule.UNLIMITED: "Take it out: agreement is for one purpose, for a time, and can be taken back (R08).",
    Rule.BUNDLED: "Take it out: the only purpose is opening this gate (R06).",
    Rule.PRESSURE: "Take it out: whoever says no loses nothing and gains nothing (R04).",
    Rule.CLAIM: "Take it out: say what the gate does, and let others judge it.",
    Rule.UNFILLED: "Fill it in, or use a placeholder of this release; gate notice lint --items lists them.",
    Rule.RETENTION: "Say a time of at most 12 months (365 days).",
    Rule.LIVE_EVENTS: "This site tells of each opening at once: write {live_events} under [item: data], and call nothing anonymous.",
}
FOUND_MOST: Final = 20
"""Findings of one rule in one text: whoever mends so many asks again."""
DENIAL_MOST: Final = 240
"""Characters before a word in which its denial is looked for: one that stands farther off denies nothing for a reader."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason not to publish: where, which words, and what to do about it."""

    rule: Rule
    language: str
    form: Form
    found: str

    @property
    def remedy(self) -> str:
        """Give one sentence that says what to do."""
        return _REMEDIES[self.rule]

    def __str__(self) -> str:
        return f"{self.language}, {self.form} form: {self.rule}: {self.found}. {self.remedy}"


def lint(draft: Draft) -> tuple[Finding, ...]:
    """Give every reason not to publish *draft*, in the order of its texts; empty when it may be published."""
    parsed = {key: paragraphs(draft.marked.get(key, "")) for key in KEYS}
    found = list(_across_languages(parsed))
    for key in KEYS:
        found.extend(_in_text(draft, key, parsed[key]))
    return tuple(found)


def _across_languages(parsed: dict[Key, tuple[Paragraph, ...]]) -> Iterator[Finding]:
    """R14: every language tells the same items."""
    for form in Form:
        told = {language: _told(parsed[language, form]) for language in LANGUAGES}
        everywhere = set().union(*told.values())
        for language in LANGUAGES:
            # What is required and missing is said once, by the rule for it.
            for item in sorted(everywhere - told[language] - set(REQUIRED[form])):
                yield Finding(Rule.LANGUAGES_DIFFER, language, form, item)


def _told(found: tuple[Paragraph, ...]) -> set[str]:
    return {item for paragraph in found if paragraph.text for item in paragraph.items}


def _in_text(draft: Draft, key: Key, found: tuple[Paragraph, ...]) -> Iterator[Finding]:
    text = plain(draft.marked.get(key, ""))
    if not text:
        yield Finding(Rule.TEXT_MISSING, *key, "nothing is written")
        return
    yield from _items(key, found)
    yield from _values(draft, key, found)
    for match in islice(UNFILLED.finditer(text), FOUND_MOST):
        yield Finding(Rule.UNFILLED, *key, match[0])
    for rule in (Rule.UNLIMITED, Rule.BUNDLED, Rule.PRESSURE, Rule.CLAIM):
        said = _without_names(text, draft) if rule in _NAMES_PASS else text
        yield from islice(_refused_words(rule, key, REFUSED[rule, key[0]], said), FOUND_MOST)
    if LIVE_EVENTS in draft.terms.data_types:
        yield from _live_events(key, found, text)
    retention = [paragraph.text for paragraph in found if Item.RETENTION in paragraph.items]
    yield from islice((each for told in retention for each in _too_long(key, told)), FOUND_MOST)


_NAMES_PASS: Final = {Rule.BUNDLED, Rule.CLAIM}
"""A company may be called Harbour Marketing, and still open a gate."""


def _without_names(text: str, draft: Draft) -> str:
    for name in (draft.terms.controller, *draft.terms.processors):
        text = text.replace(" ".join(name.split()), "…") if name.strip() else text
    return text


def _items(key: Key, found: tuple[Paragraph, ...]) -> Iterator[Finding]:
    told = _told(found)
    for item in REQUIRED[key[1]]:
        if item not in told:
            yield Finding(Rule.ITEM_MISSING, *key, item)
    known = {item.value for item in Item}
    for paragraph in found:
        for name in paragraph.items:
            if name not in known:
                yield Finding(Rule.ITEM_UNKNOWN, *key, name or "an empty mark")


def _values(draft: Draft, key: Key, found: tuple[Paragraph, ...]) -> Iterator[Finding]:
    """Hold the items that stand for a value against the value itself."""
    demanded = {
        Item.CONTROLLER: ("controller", draft.terms.controller),
        Item.CONTACT: ("contact", draft.contact),
        Item.RETENTION: ("retention_days", str(draft.terms.retention_days)),
        Item.VERSION: ("version", draft.version),
    }
    for item, (name, value) in demanded.items():
        told = [paragraph.text for paragraph in found if item in paragraph.items]
        if told and not any(" ".join(value.split()) in text for text in told):
            yield Finding(Rule.VALUE_MISSING, *key, f"{item} without {{{name}}}")
    for paragraph in found:
        if Item.VERSION in paragraph.items:
            for match in NAMED_VERSION.finditer(paragraph.text.replace(" ".join(draft.contact.split()), "")):
                if match[0] != draft.version:
                    yield Finding(Rule.VERSION_DIFFERS, *key, match[0])


def _live_events(key: Key, found: tuple[Paragraph, ...], text: str) -> Iterator[Finding]:
    """R44: where a site has live events, its notice names them by what they are, and says of nothing that it is anonymous."""
    name = LIVE_NAME[key[0]]
    told = [paragraph.text for paragraph in found if Item.DATA in paragraph.items]
    if key[1] is Form.FULL and not any(name in each for each in told):
        yield Finding(Rule.LIVE_EVENTS, *key, f"{Item.DATA} without {{live_events}}")
    yield from islice(_refused_words(Rule.LIVE_EVENTS, key, LIVE_CLAIMS[key[0]], text), FOUND_MOST)


def _refused_words(rule: Rule, key: Key, phrases: tuple[Phrase, ...], text: str) -> Iterator[Finding]:
    beginnings = [0, *(match.end() for match in SENTENCE_END.finditer(text))]
    for phrase in phrases:
        for match in phrase.words.finditer(text):
            start = match.start()
            begins = beginnings[bisect_right(beginnings, start) - 1]
            before = text[max(begins, start - DENIAL_MOST) : start]
            if phrase.denied is None or not phrase.denied.search(before):
                yield Finding(rule, *key, match[0])


def _too_long(key: Key, text: str) -> Iterator[Finding]:
    spans = SPANS[key[0]]
    for match in spans.pattern.finditer(text):
        if spans.count(match[1]) * DAYS[match[2].lower()] > DAYS_MOST:
            yield Finding(Rule.RETENTION, *key, match[0])
    for match in ENDLESS.finditer(text):
        yield Finding(Rule.RETENTION, *key, match[0])
