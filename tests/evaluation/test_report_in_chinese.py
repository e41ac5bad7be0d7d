"""The report of an evaluation in Chinese: every sentence translated, and each figure as in English."""

import re

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from gate.evaluation.attacks import Species, attack_table
from gate.evaluation.figures import figures
from gate.evaluation.report import CATALOGUES, Made, write_report
from gate.evaluation.tables import compared, tables_of
from gate.web.languages import LANGUAGES, load_translations
from tests.core.test_operating import point
from tests.evaluation.crowd import crowd

FIGURE = re.compile(r"\d[\d.]*(?: %)?")


@pytest.fixture(scope="module")
def made():
    trials = crowd(12, 4)
    groups = {name: "even" if int(name[7:]) % 2 == 0 else "odd" for name in trials.people}
    return figures(trials, point(threshold=0.4), seed=1, fpir=0.01, groups=groups, draws=50)


@pytest.fixture(scope="module")
def catalogue():
    with (CATALOGUES / "report.po").open("rb") as file:
        return {message.id: message.string for message in read_po(file, locale="zh_CN") if message.id}


def test_every_sentence_of_the_report_is_translated_and_none_is_stale_r14(catalogue):
    methods = [("templates/**.html", "jinja2.ext.babel_extract"), ("**.py", "python")]
    keywords = {"_": None, "gettext": None}
    room = CATALOGUES.parents[2]
    assert set(catalogue) == {each for _, _, each, _, _ in extract_from_dir(room, methods, keywords=keywords)}
    assert all(catalogue.values())


def test_a_translation_keeps_the_sentences_values(catalogue):
    for sentence, translated in catalogue.items():
        assert sorted(re.findall(r"%\(\w+\)s|%%", sentence)) == sorted(
            re.findall(r"%\(\w+\)s|%%", translated)
        )


def test_there_is_a_report_for_every_language_of_the_pages():
    assert set(load_translations(CATALOGUES)) == set(LANGUAGES)


def test_the_chinese_tables_hold_the_figures_of_the_english_ones(made):
    say = load_translations(CATALOGUES)["zh-CN"].gettext
    judged = (Species("print", 3, 0, None),)
    pairs = [
        *zip(tables_of(made), tables_of(made, say), strict=True),
        (compared({"net": made}), compared({"net": made}, say)),
        (attack_table(judged), attack_table(judged, say)),
    ]
    for english, chinese in pairs:
        assert chinese.title != english.title
        assert chinese.note != english.note
        for row, said in zip(english.rows, chinese.rows, strict=True):
            assert [FIGURE.findall(cell) for cell in said] == [FIGURE.findall(cell) for cell in row]


@pytest.mark.slow
def test_the_report_says_which_language_it_is_in(made, tmp_path):
    pytest.importorskip(
        "matplotlib", reason="the charts are drawn by matplotlib: pip install 'gate[evaluation]'"
    )
    page = write_report(Made(0.4, {"net": made}), tmp_path, language="zh-CN").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in page
    assert "net 的测量结果" in page
    assert "The figures speak" not in page
