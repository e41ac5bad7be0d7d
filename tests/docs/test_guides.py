"""What the guides say of the product is what the code says: pages, alarms, log events, drivers, figures."""

import re
from collections import Counter
from io import BytesIO

import pytest
from babel.messages.pofile import read_po

from gate.core import retention, rights
from gate.core.alarms import LOCAL, Alarm
from gate.core.consent import RETENTION_MOST
from gate.core.roles import Role
from gate.settings import NoticeSettings
from gate.store.keyring.keys import Custody
from gate.vision.camera import DRIVERS
from gate.web.staff.layout import NAVIGATION
from tests.docs.command_line import DOCUMENT, written
from tests.docs.reading import PROJECT, quoted

RESIDENTS = ("docs/residents.md", "docs/residents.zh-CN.md")
_LOGGED = re.compile(r"\.(?:debug|info|warning|error|critical)\(\s*\"(\w+)\"|say\(\"(\w+)\"")


def text_of(document):
    return (PROJECT / document).read_text(encoding="utf-8")


def rows(document, heading):
    """Give the cells of each row of the table whose first heading is *heading*."""
    lines = text_of(document).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return found
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def first_codes(document, heading):
    """Give every word in code of a table's first column."""
    return {word for row in rows(document, heading) for word in re.findall(r"`([^`]+)`", row[0])}


def test_the_managers_guide_has_every_page_of_the_console_and_no_other():
    pages = [entry.title for group in NAVIGATION for entry in group.entries]
    assert [row[0] for row in rows("docs/managers.md", "page")] == pages


def test_the_managers_guide_has_every_office():
    assert [row[0] for row in rows("docs/managers.md", "office")] == [role.replace("-", " ") for role in Role]


def test_the_operators_guide_has_every_alarm_and_no_other():
    assert first_codes("docs/operators.md", "alarm") == {alarm.value for alarm in Alarm}


def test_r44_the_operators_guide_says_which_alarms_never_leave():
    local = {
        row[0].strip("`") for row in rows("docs/operators.md", "alarm") if re.search(r"\bLocal\b", row[1])
    }
    assert local == {alarm.value for alarm in LOCAL}


def test_every_event_that_the_operators_guide_explains_is_logged_somewhere():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "gate").rglob("*.py"))
    logged = {one or other for one, other in _LOGGED.findall(code)}
    assert first_codes("docs/operators.md", "event") - logged - _chosen_at_run_time(code) == set()


def _chosen_at_run_time(code):
    """Give events of which the code logs one or another."""
    return {word for pair in re.findall(r"\"(\w+)\" if [^\n]+ else \"(\w+)\"", code) for word in pair}


def test_the_operators_guide_has_every_custody():
    assert first_codes("docs/operators.md", "`storage.custody`") == {each.value for each in Custody}


def test_the_guide_of_boards_has_every_camera_driver():
    assert first_codes("docs/boards.md", "driver") == set(DRIVERS)


def test_the_list_of_commands_is_the_command_lines():
    assert DOCUMENT.read_text(encoding="utf-8") == written(), "run make docs"


@pytest.mark.parametrize("document", ["docs/developers.md", "docs/architecture.md", "README.md"])
def test_every_file_that_a_document_names_is_there(document):
    named = [code.rstrip("/") for code in quoted(document) if re.fullmatch(r"(\.ci|\w+)/[\w./-]+", code)]
    ours = [path for path in named if (PROJECT / path.partition("/")[0]).is_dir()]
    assert [path for path in ours if not (PROJECT / path).exists()] == []
    assert len(ours) > 5


FIGURES = {
    "R10: the notice's least time, seconds": int(NoticeSettings().minimum_s),
    "R31: a frame's most, seconds": int(retention.FRAME.total_seconds()),
    "R75: a template's most, months": round(RETENTION_MOST.days / 30.4),
    "R75: disuse, days": retention.UNUSED.days,
    "a consent's proof, years": retention.RECORD_YEARS,
    "after the tenancy, days": retention.AFTER_TENANCY.days,
    "R36: a decision, days": retention.DECISIONS.days,
    "R24: the key's end, seconds": 60,
    "R72: an answer, days": rights.DUE.days,
}
WORDS = {1: ("one", "一"), 14: ("14", "十四")}


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(("document", "language"), [(RESIDENTS[0], 0), (RESIDENTS[1], 1)])
def test_a_figure_that_residents_are_told_is_the_codes(document, language, figure):
    number = FIGURES[figure]
    said = {str(number), *([WORDS[number][language]] if number in WORDS else [])}
    assert any(re.search(rf"(?<!\d){re.escape(word)}(?!\d)", text_of(document)) for word in said)


def test_r14_both_languages_tell_residents_the_same_figures():
    english, chinese = (
        Counter(re.findall(r"\d+", re.sub(r"\]\([^)]*\)|[零一二三四五六七八九十百]", "", text_of(each))))
        for each in RESIDENTS
    )
    english["14"] -= 2  # in Chinese it is written in words
    assert +english == chinese


def test_r14_both_languages_have_the_same_parts():
    shapes = [
        Counter(re.match(r"#+|- |\d+\.|\||", line)[0] for line in text_of(each).splitlines() if line)
        for each in RESIDENTS
    ]
    assert {kind: shapes[0][kind] for kind in ("#", "##", "- ", "|")} == {
        kind: shapes[1][kind] for kind in ("#", "##", "- ", "|")
    }


def test_the_buttons_that_residents_are_told_of_stand_on_the_pages_in_chinese():
    catalogues = (PROJECT / "gate" / "web" / "locale" / "zh_CN" / "LC_MESSAGES").glob("*.po")
    shown = {str(message.string) for path in catalogues for message in read_po(BytesIO(path.read_bytes()))}
    assert [word for word in re.findall("“([^”]+)”", text_of(RESIDENTS[1])) if word not in shown] == []
