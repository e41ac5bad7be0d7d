"""The figures agree with counting, searches leave the probe out, and a report names nobody."""

import re
import sys

import pytest

from gate.errors import RequestError
from gate.evaluation.figures import figures
from gate.evaluation.identify import identified
from gate.evaluation.report import Made, write_report
from gate.evaluation.tables import as_markdown, tables_of
from tests.core.test_operating import point
from tests.evaluation.crowd import crowd


@pytest.fixture(scope="module")
def trials():
    return crowd(12, 4, names=tuple(f"Canary {number}" for number in range(12)))


@pytest.fixture(scope="module")
def made(trials):
    groups = {name: "even" if int(name[7:]) % 2 == 0 else "odd" for name in trials.people}
    return figures(trials, point(threshold=0.4), seed=1, fpir=0.01, groups=groups, draws=50)


def test_the_rates_at_the_operating_point_are_those_counted(trials, made):
    assert made.operating.fmr.value == pytest.approx((trials.impostor >= 0.4).mean())
    assert made.operating.fnmr.value == pytest.approx((trials.genuine < 0.4).mean())


def test_a_group_is_measured_among_itself(trials, made):
    assert [each.name for each in made.groups] == ["even", "odd"]
    assert made.groups[0].people == 6
    even = (trials.impostor_of % 2 == 0).all(axis=1)
    assert made.groups[0].fmr.value == pytest.approx((trials.impostor[even] >= 0.4).mean())


def test_both_histograms_hold_every_comparison_once(made):
    assert sum(made.curve.genuine) == pytest.approx(1)
    assert sum(made.curve.impostor) == pytest.approx(1)
    assert made.curve.fmr[0] == 1
    assert made.curve.fnmr[0] == 0


def test_a_search_that_asks_for_nothing_names_every_stranger_and_misses_nobody():
    one = identified(crowd(6, 3), -1.0, 0.0)[0]
    assert (one.fpir.value, one.fnir.value) == (1, 0)


def test_a_search_that_asks_for_everything_names_nobody():
    one = identified(crowd(6, 3), 1.1, 0.0)[0]
    assert (one.fpir.value, one.fnir.value) == (0, 1)


def test_a_probe_is_never_in_the_template_it_is_compared_with():
    alone = crowd(6, 1)
    assert identified(alone, 0.2, 0.0)[0].fnir is None
    twice = crowd(6, 2, spread=5.0)  # two captures of one person are as unlike as strangers
    assert identified(twice, 0.99, 0.0)[0].fnir.value == 1


def test_more_captures_in_a_template_refuse_fewer_of_their_people():
    found = identified(crowd(20, 6, spread=1.0), 0.62, 0.05)
    assert found[-1].fnir.value < found[0].fnir.value


def test_the_tables_say_the_same_with_the_same_seed(trials, made):
    again = figures(trials, point(threshold=0.4), seed=1, fpir=0.01, draws=50)
    first = {table.title: as_markdown(table) for table in tables_of(made)}
    assert all(as_markdown(table) == first[table.title] for table in tables_of(again))


def test_a_report_is_one_file_without_script_person_or_link(made, tmp_path):
    pytest.importorskip(
        "matplotlib", reason="the charts are drawn by matplotlib: pip install 'gate[evaluation]'"
    )
    page = write_report(Made(0.4, {"net": made, "other": made}), tmp_path / "new").read_text()
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"(?!data:image/png;base64,)", page)
    assert "Canary" not in page
    assert page.count("<img") == 3
    for text in ("Two networks", "By group", "FPIR"):
        assert text in page
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "det.png",
        "report.html",
        "roc.png",
        "scores.png",
    ]


@pytest.mark.slow
def test_two_reports_of_the_same_figures_are_the_same_to_the_byte(made, tmp_path):
    pytest.importorskip(
        "matplotlib", reason="the charts are drawn by matplotlib: pip install 'gate[evaluation]'"
    )
    pages = [write_report(Made(0.4, {"net": made}), tmp_path / name).read_bytes() for name in "ab"]
    assert pages[0] == pages[1]


def test_without_matplotlib_the_remedy_is_named(made, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(RequestError, match=r"pip install 'gate\[evaluation\]'"):
        write_report(Made(0.4, {"net": made}), tmp_path)
