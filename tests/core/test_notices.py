"""A notice's marks and values, and which change of it asks for everybody's consent anew."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gate.core.notices import (
    KEYS,
    LANGUAGES,
    Change,
    Draft,
    Form,
    Published,
    Terms,
    change_between,
    changed_terms,
    fill,
    is_version,
    next_version,
    numbers_of,
    paragraphs,
    plain,
    read_terms,
    sha256_of,
)

TERMS = Terms(
    purpose="open-gate",
    method="1:N",
    data_types=("template",),
    retention_days=365,
    recipients=(),
    controller="Harbour Marketing Ltd",
    processors=("Certified Cleaners",),
    model="sface",
)
TEXTS = dict.fromkeys(KEYS, "Words.")


def test_marks_split_a_text_and_are_taken_off():
    marked = "# Title\n\n[item: purpose, local]\nOne.  \nTwo.\n[item: contact]\n- three\n\nFour."
    assert [(each.items, each.text) for each in paragraphs(marked)] == [
        ((), "# Title"),
        (("purpose", "local"), "One.\nTwo."),
        (("contact",), "- three"),
        ((), "Four."),
    ]
    assert plain(marked) == "# Title\n\nOne.\nTwo.\n- three\n\nFour."


def test_a_value_is_put_in_as_one_line_and_an_unknown_name_stays_for_the_lint():
    assert fill("{a} and {b}", {"a": "x\n[item: purpose]\n{b}"}) == "x [item: purpose] {b} and {b}"


def test_terms_are_read_as_they_were_spelled():
    assert read_terms(TERMS.spelled()) == TERMS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        TERMS.spelled() + " ",
        TERMS.spelled().replace("365", '"365"'),
        TERMS.spelled().replace("365", "true"),
        TERMS.spelled().replace('"model"', '"more":1,"model"'),
    ],
)
def test_anything_else_is_no_terms(text):
    with pytest.raises(ValueError, match=r".+"):
        read_terms(text)


CHANGED = {
    "purpose": ("attendance", Change.MAJOR),
    "method": ("1:1", Change.MAJOR),
    "data_types": (("template", "picture"), Change.MAJOR),
    "recipients": (("police",), Change.MAJOR),
    "controller": ("Heir Ltd", Change.MAJOR),
    "processors": ((), Change.MAJOR),
    "model": ("other", Change.MAJOR),
}


@pytest.mark.parametrize("term", CHANGED)
def test_r22_another_term_is_a_major_change(term):
    value, change = CHANGED[term]
    now = replace(TERMS, **{term: value})
    assert changed_terms(TERMS, now) == (term,)
    assert change_between(TERMS, now, TEXTS, TEXTS) is change


def test_r22_there_is_a_case_for_every_term():
    assert {*CHANGED, "retention_days"} == set(Terms.__slots__)


@pytest.mark.parametrize(("days", "change"), [(366, Change.MAJOR), (365, Change.NONE), (364, Change.MINOR)])
def test_r22_r23_keeping_longer_is_major_and_shorter_is_minor(days, change):
    assert change_between(TERMS, replace(TERMS, retention_days=days), TEXTS, TEXTS) is change


@pytest.mark.parametrize("key", KEYS)
def test_r23_other_words_in_any_text_are_a_minor_change(key):
    assert change_between(TERMS, TERMS, TEXTS, TEXTS | {key: "Other words."}) is Change.MINOR


@pytest.mark.parametrize(
    ("previous", "change", "version"),
    [
        (None, Change.MINOR, "1.0"),
        ("1.0", Change.NONE, "1.0"),
        ("1.9", Change.MINOR, "1.10"),
        ("1.9", Change.MAJOR, "2.0"),
        ("9.1", Change.MAJOR, "10.0"),
    ],
)
def test_versions_count_up(previous, change, version):
    assert next_version(previous, change) == version


@pytest.mark.parametrize("version", ["1", "1.0.0", "v1.0", "01.0", "1.-1", "", "1.0\n"])
def test_what_is_no_version_is_refused(version):
    with pytest.raises(ValueError, match=r"major\.minor"):
        numbers_of(version)


@pytest.mark.parametrize(
    ("text", "expected"), [("1.0", True), ("12.34", True), ("1", False), ("1.0 ", False)]
)
def test_a_version_is_told_from_other_words(text, expected):
    assert is_version(text) is expected


def test_a_draft_gives_its_texts_without_marks_and_a_published_one_those_of_a_form():
    marked = {key: f"[item: purpose]\n{key[0]} {key[1]}" for key in KEYS}
    texts = Draft("1.0", marked, TERMS, "").texts
    published = Published("1.0", texts, {}, TERMS, datetime(2026, 11, 22, tzinfo=UTC))
    assert published.in_form(Form.FULL) == {"zh-CN": "zh-CN full", "en": "en full"}


def test_r14_a_text_is_known_by_its_sha256():
    assert sha256_of("人脸") == hashlib.sha256("人脸".encode()).hexdigest()


def test_both_languages_are_always_demanded_r14():
    assert set(LANGUAGES) == {"zh-CN", "en"}
    assert {form for _, form in KEYS} == set(Form)
