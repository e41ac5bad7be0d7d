"""``gate rights``, as somebody at a terminal meets it (R70 to R74)."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from gate.core.consent import Channel
from gate.core.rights import DUE, RequestKind
from gate.store.account.audit import Action, Actor
from tests.consents import give
from tests.notices import publish_notice

NOW = datetime.now(UTC)


@pytest.fixture
def ada(gate):
    gate("resident", "add", "--unit", "1203", said="Ada Chen\nada@example.org\n40451\n")


def request_in(result):
    assert result.exit_code == 0, result.output
    return re.search(r"Request ([0-9a-f]{16}) is due by (\S+)\.", result.stdout).groups()


def test_r72_a_request_is_taken_in_listed_with_its_due_date_and_answered(gate, ada):
    before = datetime.now(UTC)
    request, due = request_in(gate("rights", "open", "correct", said="1203\nMy name is Chen-Li\n"))
    listed = gate("rights", "list")
    assert date.fromisoformat(due) in {(opened + DUE).date() for opened in (before, datetime.now(UTC))}
    assert f"{request}  open    correct     due {due}" in listed.stdout
    assert "Chen-Li" not in listed.stdout
    assert "unit 1203: My name is Chen-Li" in gate("rights", "list", "--words").stdout
    assert gate("rights", "close", request, "done", said="Corrected\n").exit_code == 0
    assert gate("rights", "list").stdout == ""
    assert "closed" in gate("rights", "list", "--all").stdout


def test_r72_an_overdue_request_ends_the_list_with_an_error(gate, ada, opened):
    with opened() as store:
        long_ago = NOW - timedelta(days=20)
        store.requests.open(
            RequestKind.ACCESS, None, "", channel=Channel.DEVICE, at=long_ago, actor=Actor.INSTALLER
        )
    listed = gate("rights", "list")
    assert "overdue" in listed.stdout
    assert listed.exit_code == 1


def test_r73_next_of_kin_are_asked_who_they_are_and_how_it_was_checked(gate, ada):
    said = "1203\nAda died; please delete\nLi Wei\ndaughter\nhousehold register\n"
    request_in(gate("rights", "open", "next-of-kin", said=said))
    shown = gate("rights", "list", "--words").stdout
    assert "by Li Wei, daughter; checked: household register" in shown
    refused = gate("rights", "open", "next-of-kin", said="1203\nAda died\nLi Wei\n\n\n")
    assert refused.exception.code == "kin-missing"


def test_r70_the_export_is_a_folder_of_readable_files_and_on_record(gate, ada, opened, tmp_path):
    assert gate("rights", "export", "1203", "--out", str(tmp_path / "ada")).exit_code == 0
    assert json.loads((tmp_path / "ada" / "own-record.json").read_text())["name"] == "Ada Chen"
    with opened() as store:
        assert store.audit.entries()[-1].action == Action.RECORD_EXPORTED


def test_r71_a_correction_is_sealed_opens_as_before_and_names_nobody_in_the_log(gate, ada, opened):
    assert "Corrected" in gate("rights", "correct", "1203", said="1205\nAda Chen-Li\n-\n").stdout
    with opened() as store:
        person = store.people.find_by_unit("1205")
        assert (person.name, person.contact) == ("Ada Chen-Li", "")
        assert store.people.find_by_unit("1203") is None
        assert store.credentials.check_card("26:40451", NOW + timedelta(minutes=1)).granted
        last = store.audit.entries()[-1]
        assert (last.action, last.detail) == (Action.PERSON_CORRECTED, "{}")
    assert "so already" in gate("rights", "correct", "1205", said="\n\n\n").stdout


@pytest.mark.parametrize(("unit", "code"), [("1204", "unit-taken"), ("x", "unit-unfit")])
def test_r71_a_correction_that_cannot_be_changes_nothing(gate, ada, opened, unit, code):
    gate("resident", "add", "--unit", "1204", said="Bo\n\n\n")
    refused = gate("rights", "correct", "1203", said=f"{unit}\nSomebody\n\n")
    assert refused.exception.code == code
    with opened() as store:
        assert store.people.find_by_unit("1203").name == "Ada Chen"


def test_r71_restricting_and_releasing_say_what_they_did(gate, ada, opened):
    assert "Nothing" in gate("rights", "restrict", "1203").stdout
    with opened() as store:
        publish_notice(store, NOW)
        person = store.people.find_by_unit("1203").id
        template = give(store, person, at=NOW).template
    assert "left alone" in gate("rights", "restrict", "1203").stdout
    with opened() as store:
        assert store.consents.of(person)[0].restricted_at is not None
    assert "used again" in gate("rights", "release", "1203").stdout
    with opened() as store:
        assert store.consents.of(person)[0].restricted_at is None
        assert template


def test_r71_an_objection_at_the_desk_leaves_the_face_alone_at_once(gate, ada, opened):
    with opened() as store:
        publish_notice(store, NOW)
        person = store.people.find_by_unit("1203").id
        give(store, person, at=NOW)
    assert "left alone" in gate("rights", "open", "object", said="1203\nI object\n").stdout
    with opened() as store:
        assert store.consents.of(person)[0].restricted_at is not None


def test_r71_r74_the_explanation_gives_figures_and_a_human(gate):
    shown = gate("rights", "explain").stdout
    assert "A human being to talk to: +86 10 5555 0100" in shown
    assert "Scores are not kept" in shown


def test_r71_the_explanation_tells_what_was_measured_apart_from_its_bound(gate):
    shown = gate("rights", "explain").stdout
    assert "6 % of own faces refused (at most 14 %, 95 % confidence)" in shown
    assert "0 % of comparisons took one person for another (at most 1 %, 95 % confidence)" in shown


@pytest.mark.parametrize(
    "command", [("export", "9", "--out", "x"), ("correct", "9"), ("restrict", "9"), ("release", "9")]
)
def test_a_unit_without_a_resident_is_told_as_such(gate, command):
    assert gate("rights", *command, said="\n\n\n").exception.code == "unit-unknown"


@pytest.fixture
def child(ada, opened):
    """Let Ada be a child by what a guardian told."""
    with opened() as store:
        person = store.people.find_by_unit("1203").id
        birthday = NOW.date() + timedelta(days=1000)
        store._database.write(lambda c: store.people.remember_birthday(c, person, birthday))
    return person


def test_r27_a_childs_name_stands_in_no_list(gate, child):
    assert gate("resident", "list").stdout == "1203\t(a child)\n"


def test_r27_a_childs_words_are_not_listed(gate, child):
    request_in(gate("rights", "open", "correct", said="1203\nMy name is Chen-Li\n"))
    shown = gate("rights", "list", "--words").stdout
    assert "Chen-Li" not in shown
    assert "unit 1203: a child's record" in shown


def test_r27_a_childs_record_is_corrected_with_a_second_approval_on_record_only(gate, child, opened):
    refused = gate("rights", "correct", "1203", said="\nAda Chen-Li\n\nme\n")
    assert refused.exception.code == "minor-approval"
    with opened() as store:
        assert store.people.get(child).name == "Ada Chen"
    assert "Corrected" in gate("rights", "correct", "1203", said="\nAda Chen-Li\n\nmanager\n").stdout
    with opened() as store:
        assert Action.MINOR_OPENED in {entry.action for entry in store.audit.entries()}


def test_r27_a_birthday_is_corrected_only_with_a_second_approval(gate, ada, opened):
    with opened() as store:
        person = store.people.find_by_unit("1203").id
        told = date(2030, 1, 1)
        store._database.write(lambda c: store.people.remember_birthday(c, person, told))
    assert (
        gate("rights", "birthday", "1203", said="2031-02-03\nneighbour\n").exception.code == "minor-approval"
    )
    assert gate("rights", "birthday", "1203", said="tomorrow\n").exception.code == "date-unfit"
    assert gate("rights", "birthday", "1203", said="2031-02-03\nmanager\n").stdout == "Corrected.\n"
    with opened() as store:
        assert store.people.get(person).turns_14_on == date(2031, 2, 3)
