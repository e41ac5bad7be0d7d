"""The notice's page: the full text for everybody, printable, with its earlier versions; and the way to it (R13, R14)."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from time import process_time

import pytest

from gate.core.notices import Form
from gate.core.roles import Role
from gate.core.types import PersonId
from gate.notice import NoticeBoard, publish
from gate.web.app import create_app
from gate.web.context import FaceStanding, Resident
from gate.web.pages import Pages
from gate.web.qr import qr_svg
from gate.web.texts import Block, Kind, blocks_of
from tests.notices import NOON, MemoryArchive, sources
from tests.web.conftest import Client

EN = {"lang": "en"}
LATER = {"contact": "Room 9"}


@pytest.fixture
def archive():
    archive = MemoryArchive()
    publish(archive, sources(), NOON)
    publish(archive, sources(**LATER), NOON + timedelta(days=3))
    return archive


@pytest.fixture
def reader(world, runner, archive):
    """Somebody who reads the pages of a gate whose second version is in force."""

    def reader(**changed):
        notices = NoticeBoard(archive, lambda: sources(**LATER))
        context = replace(world.context, **{"notices": notices} | changed)
        return Client(create_app(context, world.screen), runner)

    return reader


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_r13_anybody_reads_the_full_text_in_their_language_and_finds_the_other(reader, archive, language):
    page = unescape(reader().get("/notice", params={"lang": language}).text)
    for line in archive.current.texts[language, Form.FULL].splitlines():
        assert re.sub(r"^(#+|-) ", "", line) in page
    other = {"zh-CN": "en", "en": "zh-CN"}[language]
    assert f'href="?version=1.1&lang={other}"' in page


def test_r13_the_full_text_needs_no_sign_in_and_sets_no_cookie(reader):
    answer = reader().get("/notice")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


def test_r14_every_version_is_listed_with_its_day_and_hash_and_can_be_read(reader, archive):
    page = reader().get("/notice", params=EN).text
    days = re.findall(r'href="/notice\?version=([\d.]+)">[\d.]+</a> (\S+)</dt>\s*<dd><code>(\w+)', page)
    expected = [
        (each.version, each.published_at.date().isoformat(), each.sha256["en", Form.FULL])
        for each in reversed(archive.versions)
    ]
    assert days == expected
    first = reader().get("/notice", params={"version": "1.0"} | EN).text
    assert "This version is not in force." in first
    assert "Room 9" not in first


@pytest.mark.parametrize("version", ["9.9", "", "../x"])
def test_a_version_that_never_was_is_no_page(reader, version):
    assert reader().get("/notice", params={"version": version}).status_code == 404


def test_r11_an_older_notice_is_shown_as_not_in_force_once_the_settings_moved_on(reader, archive):
    page = reader(notices=NoticeBoard(archive, sources)).get("/notice", params=EN).text
    assert "Run gate notice publish." in page
    assert "This version is not in force." in page
    assert "Your rights" in page


def test_the_full_text_is_headings_lists_and_paragraphs(reader):
    page = reader().get("/notice", params=EN).text
    sheet = page[page.index('<article class="sheet text">') : page.index("</article>")]
    assert sheet.count("<h2>") == 1
    assert sheet.count("<h3>") == 8
    assert sheet.count("<ul>") == 1
    assert sheet.count("<li>") == 7
    assert "[item" not in page


def test_a_text_is_split_into_blocks():
    assert blocks_of("# A\n\n## B\n- one\n\n- two\nwords\n-three") == (
        Block(Kind.TITLE, ("A",)),
        Block(Kind.HEADING, ("B",)),
        Block(Kind.LIST, ("one", "two")),
        Block(Kind.PARAGRAPH, ("words",)),
        Block(Kind.PARAGRAPH, ("-three",)),
    )


def test_a_long_list_is_read_in_one_pass():
    began = process_time()
    [block] = blocks_of("- a\n" * 100_000)
    assert len(block.lines) == 100_000
    assert process_time() - began < 3  # a fifth of a second; with a copy for each entry it was a minute


def rest_and_notice(client):
    """Give what the gate's screen shows at rest, then with the notice."""
    rest = client.get("/kiosk").text
    client.get("/kiosk/view", params={"after": -1, "page": "a"})
    client.post("/kiosk/start")
    shown = client.get("/kiosk/view", params={"after": -1, "page": "a"}).json()["html"]
    assert 'id="notice"' in shown
    return rest, shown


def test_r13_rest_screen_and_notice_carry_a_code_to_the_full_text(reader):
    for html in rest_and_notice(reader(public_url="https://garden.example/face")):
        assert qr_svg("https://garden.example/face") in html


def test_r13_without_a_public_address_there_is_no_code_that_no_telephone_can_open(reader):
    for html in rest_and_notice(reader(public_url=None)):
        assert 'class="qr"' not in html


def test_no_code_leads_to_a_notice_that_is_not_in_force(reader, archive):
    assert 'class="qr"' not in reader(notices=NoticeBoard(archive, sources)).get("/kiosk").text


@pytest.mark.parametrize(("agreed_to", "told"), [("1.0", True), ("1.1", False), (None, False)])
def test_r23_the_desk_tells_who_agreed_to_older_words_that_the_notice_changed(reader, world, agreed_to, told):
    standing = FaceStanding.GIVEN if agreed_to else FaceStanding.NONE
    world.desk.residents = lambda _offset, _limit: [
        Resident(PersonId("p"), "1203", "Li Wen", standing, agreed_to=agreed_to)
    ]
    staff = reader()
    staff.sign_in(Role.MANAGER)
    page = staff.get("/staff/desk", params=EN).text
    assert ("The notice has changed since version 1.0" in page) is told
    assert ("Read version 1.1" in page) is told


@pytest.mark.parametrize(
    ("agreed_to", "said"),
    [("1.0", "wording, contact"), ("1.1", None), ("0.9", "face stays off until it is agreed to again")],
)
def test_r22_r23_news_of_the_notice_say_whether_face_goes_on(agreed_to, said):
    environment = Pages()._environments["en"]
    page = environment.get_template("news.html").module.news(agreed_to, "1.1")
    assert (said in page) if said else (page.strip() == "")
