"""``gate notice`` as an operator meets it: lint, publish, list, read, print (R11, R13, R14, R22, R23)."""

import re
import shutil
from contextlib import closing
from datetime import UTC, datetime
from functools import partial

import pytest

from gate.app import open_store
from gate.check import check_gate
from gate.core.notices import Form, Item
from gate.errors import RequestError
from gate.notice import NOTICES, folder_texts, load_sources, propose
from gate.settings import read_settings
from gate.store.account.audit import Actor
from gate.store.notice_texts import NO_DRAFT, digest_of
from tests.settings_file import settings_file

FACE = '[camera]\ndriver = "simulated"\n[face]\nenabled = true\nretention_days = 200'
HTML = "https://garden.example/notice"


@pytest.fixture
def config(tmp_path):
    return settings_file(tmp_path, more=FACE)


@pytest.fixture
def change(config):
    def change(before, after):
        config.write_text(config.read_text().replace(before, after))

    return change


@pytest.fixture
def notice(gate):
    return partial(gate, "notice")


@pytest.fixture
def published(notice):
    assert notice("publish", "--yes").exit_code == 0


@pytest.fixture
def versions(config):
    def versions():
        store = open_store(read_settings(config))
        numbers = store.notices.numbers()
        store.close()
        return numbers

    return versions


def code_of(result):
    assert isinstance(result.exception, RequestError), result.output
    return result.exception.code


def checked(config):
    [finding] = [each for each in check_gate(read_settings(config)) if each.subject == "notice"]
    return finding


def test_a_first_notice_is_published_once_its_version_is_typed_r11(notice, versions):
    done = notice("publish", said="1.0\n")
    assert done.exit_code == 0
    assert "Type the version (1.0)" in done.stderr
    assert versions() == ("1.0",)


@pytest.mark.parametrize("said", ["2.0\n", "\n", "yes\n"])
def test_another_word_publishes_nothing(notice, versions, said):
    assert code_of(notice("publish", said=said)) == "not-confirmed"
    assert versions() == ()


def test_what_is_published_already_is_not_published_again(notice, published, versions):
    assert "Nothing to publish" in notice("publish").stdout
    assert versions() == ("1.0",)


def test_r22_a_major_change_says_for_how_many_face_stops_and_that_card_and_pin_go_on(
    notice, published, change, versions
):
    change('controller = "Garden', 'controller = "Heir of Garden')
    said = notice("publish", said="2.0\n").stdout
    assert "2.0 (major): controller changed" in said
    assert "Face stops for 0 residents until they agree again; card and PIN go on." in said
    assert "gate govern approve" in said
    assert versions() == ("1.0", "2.0")


def test_r23_a_minor_change_says_that_consents_go_on(notice, published, change, versions):
    change("retention_days = 200", "retention_days = 100")
    assert "1.1 (minor)" in notice("publish", said="1.1\n").stdout
    assert versions() == ("1.0", "1.1")


@pytest.fixture
def folder(tmp_path, change):
    folder = shutil.copytree(NOTICES, tmp_path / "own")
    change("[reader]", f'[notice]\nfolder = "{folder}"\n[reader]')
    return folder


def test_a_sites_own_texts_are_refused_with_every_finding_and_nothing_is_published_r08(
    notice, folder, versions
):
    path = folder / "zh-CN" / "full.txt"
    path.write_text(path.read_text() + "\n同意不可撤销，否则罚款。\n")  # noqa: RUF001
    linted = notice("lint")
    assert linted.exit_code == 1
    for word in ("不可撤销", "否则", "罚款"):
        assert word in linted.stdout
    assert code_of(notice("publish", "--yes")) == "notice-lint"
    assert versions() == ()


def test_r11_a_text_without_an_item_is_named_and_not_published(notice, folder, versions):
    path = folder / "en" / "full.txt"
    path.write_text(path.read_text().replace("[item: deceased]", ""))
    assert "en, full form: item-missing: deceased" in notice("lint").stdout
    assert code_of(notice("publish", "--yes")) == "notice-lint"
    assert versions() == ()


def test_a_sites_own_words_are_published_once_they_pass(notice, folder):
    path = folder / "en" / "short.txt"
    path.write_text(path.read_text().replace("You lose nothing by it.", "It costs you nothing."))
    assert notice("publish", "--yes").exit_code == 0
    assert "It costs you nothing." in notice("show", "--lang", "en").stdout


def test_lint_takes_a_folder_and_lists_the_items(notice, tmp_path):
    good = shutil.copytree(NOTICES, tmp_path / "texts")
    assert "Nothing found" in notice("lint", good).stdout
    assert set(Item) == set(re.findall(r"[\w-]+", notice("lint", "--items").stdout)) - {"short", "full"}


def test_an_earlier_version_can_be_read_word_for_word(notice, published, change):
    change("+86 10 5555 0100", "+86 10 5555 0199")
    notice("publish", "--yes")
    assert "+86 10 5555 0100" in notice("show", "1.0").stdout
    newest = notice("show", "--full", "--lang", "zh-CN").stdout
    assert "+86 10 5555 0199" in newest
    assert "## 您的权利" in newest
    assert "Your rights" not in newest
    assert code_of(notice("show", "3.0")) == "notice-unknown"


def test_the_list_gives_a_day_and_four_hashes_for_each_version(notice, published):
    listed = notice("list").stdout
    assert re.match(r"1\.0\t\d{4}-\d\d-\d\d\n", listed)
    assert len(re.findall(r"\t[0-9a-f]{64}  (?:en|zh-CN) (?:full|short)\n", listed)) == 4


def test_the_list_says_which_version_was_altered(notice, published, config):
    store = open_store(read_settings(config))
    store._database.write(lambda connection: connection.execute("DROP TRIGGER notices_never_change"))
    store._database.write(lambda connection: connection.execute("UPDATE notices SET text = 'x'"))
    store.close()
    listed = notice("list")
    assert listed.exit_code == 1
    assert "1.0\tALTERED" in listed.stdout


def test_an_empty_list_says_what_to_do(notice):
    assert "Run gate notice publish" in notice("list").stdout


def test_r13_the_sign_holds_both_languages_a_code_and_nothing_to_fetch(notice, published, tmp_path):
    out = tmp_path / "sign.html"
    assert notice("sign", "--out", out, "--url", HTML).exit_code == 0
    page = out.read_text()
    for words in ("刷脸开门由您自愿选择", "Opening by face is your choice", "<svg", HTML):
        assert words in page
    assert not re.search(r"""(?:src|href)=["'](?!#)|url\(""", page)


@pytest.mark.parametrize(
    "url", ["gate", "ftp://example.org", "javascript:alert(1)", "https://a b", "https://"]
)
def test_r13_an_address_no_telephone_can_open_makes_no_sign(notice, published, tmp_path, url):
    out = tmp_path / "sign.html"
    assert code_of(notice("sign", "--out", out, "--url", url)) == "sign-address"
    assert not out.exists()


def test_the_sign_takes_its_address_from_the_settings_and_never_that_of_this_device(
    notice, published, change, tmp_path
):
    out = tmp_path / "sign.html"
    assert code_of(notice("sign", "--out", out)) == "sign-address"
    assert not out.exists()
    change("[storage]", f'[web]\npublic_url = "{HTML}"\n[storage]')
    assert code_of(notice("sign", "--out", out)) == "notice-not-published"  # it promises a code to scan now
    assert notice("publish", "--yes").exit_code == 0
    assert notice("sign", "--out", out).exit_code == 0
    assert HTML in out.read_text()


def test_r13_the_page_for_the_code_holds_both_full_texts(notice, published, tmp_path):
    out = tmp_path / "page.html"
    assert notice("page", "--out", out).exit_code == 0
    page = out.read_text()
    assert "<h3>您的权利</h3>" in page
    assert "<h3>Your rights</h3>" in page


def test_nothing_is_printed_that_is_not_in_force(notice, published, change, tmp_path):
    change("+86 10 5555 0100", "+86 10 5555 0199")
    out = tmp_path / "page.html"
    assert code_of(notice("page", "--out", out)) == "notice-not-published"
    assert not out.exists()


def test_check_says_that_no_notice_is_published_and_makes_nothing_r11(config, tmp_path):
    finding = checked(config)
    assert not finding.ok
    assert "gate notice publish" in finding.seen
    assert not (tmp_path / "data").exists()


def test_check_says_that_the_settings_moved_away_from_the_notice_r11(config, published, change):
    assert checked(config).ok
    change("retention_days = 200", "retention_days = 300")
    finding = checked(config)
    assert not finding.ok
    assert "1.0 is published, but settings and texts now say something else (major)" in finding.seen


def test_check_misses_no_notice_where_face_is_off(config, change):
    change("enabled = true", "enabled = false")
    assert checked(config).ok


def test_check_says_where_the_codes_lead_r13(config, notice, published, change):
    assert "no telephone can open" in checked(config).seen
    change("[storage]", f'[web]\npublic_url = "{HTML}"\n[storage]')
    assert notice("publish", "--yes").exit_code == 0
    assert HTML in checked(config).seen


def test_texts_written_on_the_pages_hold_for_every_command_until_the_folder_is_asked_for_again(
    config, notice, tmp_path
):
    assert notice("publish", "--yes").exit_code == 0
    settings = read_settings(config)
    with closing(open_store(settings)) as store:
        texts = folder_texts(settings)
        texts["en", Form.SHORT] += "\nThank you for reading this.\n"
        store.notice_texts.keep(texts, at=datetime.now(UTC), by=Actor.DESK, seen=NO_DRAFT)
        draft = propose(store.notices, load_sources(settings, texts), datetime.now(UTC)).draft
        store.notice_texts.publish(draft, at=datetime.now(UTC), by=Actor.DESK, seen=digest_of(texts))
    assert "Nothing to publish" in notice("publish", "--yes").output
    assert notice("page", "--out", tmp_path / "page.html").exit_code == 0
    assert "1.2 is published" in notice("publish", "--yes", "--from-folder").output
    assert "Thank you" not in notice("show", "--lang", "en").output
    assert "Nothing to publish" in notice("publish", "--yes").output
