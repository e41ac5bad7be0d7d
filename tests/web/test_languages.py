import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from gate.web.languages import CATALOGUES, DEFAULT, LANGUAGES, load_translations

WEB = CATALOGUES.parents[2]


def messages():
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            yield from (message for message in read_po(file, locale="zh_CN") if message.id)


def words(message):
    """Give a sentence, or one that counts as its singular and its plural."""
    return message if isinstance(message, str) else tuple(message[:2])


@pytest.fixture(scope="module")
def catalogue():
    return {words(message.id): message.string for message in messages()}


def test_a_sentence_stands_in_one_catalogue():
    ids = [words(message.id) for message in messages()]
    assert len(ids) == len(set(ids))


def used() -> set[str]:
    methods = [("templates/**.html", "jinja2.ext.babel_extract"), ("**.py", "python")]
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
    return {words(message) for _, _, message, _, _ in extract_from_dir(WEB, methods, keywords=keywords)}


def test_every_sentence_is_translated_and_none_is_stale_r14(catalogue):
    assert set(catalogue) == used()
    assert [sentence for sentence, translated in catalogue.items() if not translated] == []


def test_a_translation_keeps_the_sentences_values(catalogue):
    for sentence, translated in catalogue.items():
        said = sentence if isinstance(sentence, str) else sentence[-1]  # Chinese has the plural alone
        forms = [translated] if isinstance(translated, str) else translated
        for form in forms:
            assert re.findall(r"%\(\w+\)[sd]", said) == re.findall(r"%\(\w+\)[sd]", form), sentence


def test_no_template_holds_a_sentence_that_escaped_the_catalogue():
    for template in sorted(Path(WEB / "templates").rglob("*.html")):
        bare = re.sub(
            r"\{#.*?#\}|\{% block kind %\}.*?\{% endblock %\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|aria-[a-z]+=\"[^\"]*\"",
            "",
            template.read_text(encoding="utf-8"),
            flags=re.DOTALL,
        )
        assert not re.search(r"[A-Za-z]{3,}", bare), template.name


def test_there_are_translations_for_every_language():
    translations = load_translations()
    assert set(translations) == set(LANGUAGES)
    assert DEFAULT in LANGUAGES
    assert translations["zh-CN"].gettext("Start") == "开始"
    assert translations["en"].gettext("Start") == "Start"
