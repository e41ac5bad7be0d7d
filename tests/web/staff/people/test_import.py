"""R52: a file of residents is looked at row by row, then entered whole or not at all."""

from __future__ import annotations

import hashlib
import re

import pytest

from gate.core.roles import Role, Staff
from gate.core.types import Method
from gate.errors import RequestError
from gate.office.importing import BYTES_MOST, text_of
from tests.web.staff.people.conftest import MANAGER, NOON, OFFICER

HEAD = "unit,name,contact,card,hours\n"
THREE = HEAD + "1203,Ada Chen,555 0100,40451,\n1204,Bo Lin,,34:123456789,\n1205,李娜,,,\n"


def looked(console, text, encoding="utf-8"):
    """Send a file; give its preview's page and path."""
    answer = console.upload(text.encode(encoding))
    page = console.follow(answer)
    assert page.status_code == 200
    return page.text, answer.headers["location"]


def entered(console, text, encoding="utf-8"):
    _, path = looked(console, text, encoding)
    return console.follow(console.send(path)).text


def test_nobody_is_entered_before_what_the_file_would_do_was_seen(console):
    page, path = looked(console, THREE)
    assert console.store.people.list() == ()
    assert "Enter all of it: 3 rows" in page
    assert all(name in page for name in ("Ada Chen", "Bo Lin", "李娜"))
    result = console.follow(console.send(path)).text
    assert "Residents entered: 3. Cards issued: 2." in result
    assert [each.name for each in console.store.people.list()] == ["Ada Chen", "Bo Lin", "李娜"]
    check = console.store.credentials.check_card
    assert check("26:40451", NOON).person == console.store.people.find_by_unit("1203").id
    assert check("34:123456789", NOON).granted


def test_one_line_of_the_log_tells_how_many_and_of_which_file_r55(console):
    before = len(console.store.audit.entries())
    entered(console, THREE)
    [line] = console.store.audit.entries()[before:]
    assert (line.actor, line.action) == (MANAGER.value, "people-imported")
    assert line.object == hashlib.sha256(THREE.encode()).hexdigest()
    assert line.detail == '{"cards":2,"people":3}'


def test_no_pin_is_drawn(console):
    entered(console, THREE)
    person = console.store.people.find_by_unit("1203").id
    assert [each.method for each in console.store.credentials.of(person)] == [Method.CARD]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_file_is_read_as_spreadsheets_write_it(console, encoding):
    entered(console, THREE.replace("\n", "\r\n"), encoding)
    assert console.store.people.find_by_unit("1205").name == "李娜"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff\xfeu\x00n\x00", "import-utf16"),
        (b"unit,name\n1\x00,x", "import-utf16"),
        (b"PK\x03\x04whatever", "import-workbook"),
        (b"\xd0\xcf\x11\xe0whatever", "import-workbook"),
        (b"unit,name\n1,\xff\xff", "import-encoding"),
        (b"a" * (BYTES_MOST + 1), "import-size"),
        (b"unit,name\n" + b"1,x\n" * 50_000, "import-rows"),
    ],
)
def test_what_is_no_such_file_is_told_apart(data, code):
    with pytest.raises(RequestError) as refusal:
        text_of(data)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "No file was chosen"),
        (THREE.encode("utf-16"), "UTF-16"),
        (b"unit,name\n" + b"1,x\n" * 50_000, "more than 10,000 rows"),
        (b"a" * (BYTES_MOST + 1), "larger than 4 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_beside_its_field(console, data, sentence):
    answer = console.upload(data)
    assert answer.status_code == 422
    assert sentence in answer.text.split('id="wrong-file"')[1].split("</p>")[0]


def test_a_file_of_megabytes_never_touches_the_disk(console, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))  # whoever spools fails
    rows = "".join(f"{number},Resident {number},{'c' * 200},,\n" for number in range(1, 9_001))
    answer = console.upload((HEAD + rows).encode())
    assert answer.status_code == 303


def test_a_form_without_a_file_is_told_beside_its_field(console):
    assert "No file was chosen" in console.send("/staff/people/import", file="x").text


def test_ten_megabytes_are_refused_before_they_are_read(console):
    answer = console.upload(b"a" * 10_000_000)
    assert answer.status_code == 413
    assert "larger than 4 MB" in answer.text
    assert '<a class="button" href="/staff/people/import">' in answer.text


def test_one_fault_in_a_file_enters_nobody_and_each_is_told_with_its_line_and_column(console):
    console.move_in("301", "Li Na", card="7")
    text = HEAD + "1203,Ada Chen,,,\n12x,=cmd(),,7,nobody\n1203,Bo,,,\n301,Li Bo,,,\n"
    page, path = looked(console, text)
    assert "5 faults" not in page
    assert "6 faults: nobody is entered" in page
    rows = re.findall(r"<tr>\s*<td class=\"number\">(\d*)</td>\s*<td>(\w*)</td>", page)
    assert rows == [("3", "Unit"), ("3", "Name"), ("3", "Card"), ("3", "Hours"), ("4", "Unit"), ("5", "Name")]
    assert "The same stands on line 2." in page
    assert console.send(path).status_code == 422
    assert [each.unit for each in console.store.people.list()] == ["301"]


def test_of_many_faults_the_first_hundred_are_shown(console):
    page, _ = looked(console, HEAD + "x,Ada,,,\n" * 300)
    assert "599 faults" in page
    assert "The first 100 of them" in page
    assert page.count('<td class="number">') == 100


def test_who_is_here_stays_as_they_are_but_for_a_new_card(console):
    li = console.move_in("301", "Li Na", "555", card="7")
    page, path = looked(console, HEAD + "301,Li Na,other,8,\n")
    assert "gets this card" in page
    console.send(path)
    assert console.store.people.get(li).contact == "555"
    assert [console.store.credentials.check_card(f"26:{card}", NOON).granted for card in (7, 8)] == [
        True,
        True,
    ]
    again, _ = looked(console, HEAD + "301,Li Na,other,8,\n")
    assert "There is nothing to enter" in again


def test_r27_a_file_changes_nothing_about_a_child_and_tells_no_name(console):
    child = console.move_in("301", "Little Chen")
    console.is_child(child)
    page, _ = looked(console, HEAD + "301,Anybody,,8,\n")
    assert "There is nothing to enter" in page
    assert "Little Chen" not in page


def test_an_exported_file_comes_back_as_nothing_to_do(console):
    console.move_in("1203", "Ada Chen", "+86 555 0100")
    child = console.move_in("301", "Little Chen")
    console.is_child(child)
    exported = console.send("/staff/people/export.csv").content
    page, _ = looked(console, exported.decode("utf-8"))
    assert "There is nothing to enter" in page


def test_hours_are_given_with_the_file(console):
    console.store.permits.set("cleaners", "mon-fri 07:00-18:00", NOON)
    entered(console, HEAD + "1203,Ada Chen,,,cleaners\n")
    assert console.store.people.find_by_unit("1203").hours == "cleaners"


@pytest.mark.parametrize("meanwhile", ["unit", "card", "hours", "holder"])
def test_what_was_changed_meanwhile_enters_nobody(console, meanwhile):
    store = console.store
    holder = console.move_in("301", "Li Na")
    store.permits.set("cleaners", "mon-fri 07:00-18:00", NOON)
    _, path = looked(console, HEAD + "1203,Ada Chen,,40451,cleaners\n301,Li Na,,8,\n1206,Cy,,,\n")
    other = console.move_in("9", "Bo Lin")
    acts = {
        "unit": lambda: store.people.add("1203", "Another", ""),
        "card": lambda: store.credentials.issue_card(other, "26:40451", at=NOON),
        "hours": lambda: store.permits.remove("cleaners", NOON),
        "holder": lambda: store.residents.leave(holder, NOON),
    }
    acts[meanwhile]()
    answer = console.send(path)
    assert answer.status_code == 422
    assert "Something was changed since" in answer.text
    assert store.people.find_by_unit("1206") is None
    assert not store.credentials.check_card("26:8", NOON).granted


def test_a_file_entered_twice_enters_once(console):
    _, path = looked(console, THREE)
    first, second = console.send(path, once="w1"), console.send(path, once="w1")
    assert first.headers["location"] == second.headers["location"]
    assert console.send(path).status_code == 422
    assert len(console.store.people.list()) == 3


def test_a_preview_is_its_makers_alone_and_goes_after_a_quarter_of_an_hour(console, runner):
    _, path = looked(console, THREE)
    imports, key = console.office.imports, path.rpartition("/")[2]
    with pytest.raises(RequestError, match="not kept"):
        imports.preview(Staff(OFFICER.account, frozenset({Role.MANAGER})), key)
    console.time.seconds += 901
    assert "not kept any more" in console.get(path).text
    assert imports._kept == {}


def test_four_previews_are_kept_at_most(console):
    paths = [looked(console, THREE)[1] for _ in range(5)]
    assert "not kept any more" in console.get(paths[0]).text
    assert "Enter all of it" in console.get(paths[1]).text


def test_rows_beyond_a_hundred_stand_on_the_next_page(console):
    text = HEAD + "".join(f"{number},Resident {number},,,\n" for number in range(1, 151))
    page, path = looked(console, text)
    assert page.count('<th scope="row">') == 100
    assert console.get(f"{path}?page=2&lang=en").text.count('<th scope="row">') == 50
