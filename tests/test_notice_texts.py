"""The shipped texts hold for every site, in both languages, and say what is so (R10 to R14, R22, R23)."""

import re
import shutil
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.notice_lint import Rule, lint
from gate.core.notices import KEYS, LANGUAGES, Change, Form, NoticeVersion, Terms, paragraphs
from gate.errors import ConfigError
from gate.notice import NOTICES, NoticeBoard, load_sources, propose, publish
from tests.notices import NOON, MemoryArchive, sources

LONGEST = 200
SITES = {
    "shipped": {},
    "everything said": {
        "controller": "北京海淀花园小区物业管理服务有限公司",
        "contact": "物业服务中心 010-5555 0100",
        "officer": "王女士",
        "processors": ("安达维保公司", "North Cleaning"),
        "complaints": "业主委员会 3号楼",
    },
    "longest": {"controller": "c" * LONGEST, "contact": "o" * LONGEST, "officer": "f" * LONGEST},
    "one day": {"retention_days": 1},
    "a contact with numbers in it": {"contact": "room 3.12, port 8.8"},
    "a name the lint dislikes": {"controller": "Payment Park Marketing Ltd, a certified firm"},
    "line breaks": {"controller": "Garden\nCompound", "contact": "Room\n 3"},
}


def texts(**site):
    return sources(**site).draft(NoticeVersion("1.0"), NOON, []).texts


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_r11_the_shipped_texts_may_be_published_at_any_site(site):
    assert lint(sources(**site).draft(NoticeVersion("12.3"), NOON, [])) == ()


def test_r11_the_texts_may_be_published_without_a_model(tmp_path):
    settings = sources().settings.model_copy(update={"models_dir": tmp_path})
    draft = load_sources(settings).draft(NoticeVersion("1.0"), NOON, [])
    assert lint(draft) == ()
    assert "There are no figures yet" in draft.texts["en", Form.FULL]


def test_both_languages_mark_the_same_items_in_the_same_order_r14():
    for form in Form:
        marks = [
            [each.items for each in paragraphs(sources().texts[language, form])] for language in LANGUAGES
        ]
        assert marks[0] == marks[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", Form)
def test_a_text_names_who_answers_and_for_how_long(language, form):
    text = texts(controller="Lakeside Homes", contact="010-5555", retention_days=90)[language, form]
    for told in ("Lakeside Homes", "010-5555", "90", "1.0"):
        assert told in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_full_text_names_officer_processors_and_a_way_to_complain(language):
    told = texts(officer="Ms Wang", processors=("Anda", "Beta"), complaints="the residents' council")
    for word in ("Ms Wang", "Anda", "Beta", "the residents' council"):
        assert word in told[language, Form.FULL]


def test_what_a_site_does_not_say_is_filled_honestly():
    told = texts(contact="010-5555")["en", Form.FULL]
    assert "Person in charge of personal data: nobody apart from the controller" in told
    assert "Processors who work on the controller's behalf: none." in told
    assert "First to Demo Compound (010-5555)." in told


@pytest.mark.parametrize("reached", [{"public_url": "https://lakeside.example"}, {"names": ("gate.lan",)}])
def test_r13_a_code_to_scan_is_promised_only_where_the_site_named_an_address_for_it(reached):
    settings = sources().settings
    web = settings.web.model_copy(update=reached)
    with_code = load_sources(settings.model_copy(update={"web": web})).draft(NoticeVersion("1.0"), NOON, [])
    assert "Full text: scan the code." in with_code.texts["en", Form.SHORT]
    assert "扫描二维码" in with_code.texts["zh-CN", Form.SHORT]
    told = texts()
    assert "Full text: at the desk." in told["en", Form.SHORT]
    assert "二维码" not in told["zh-CN", Form.SHORT]
    assert lint(with_code) == ()


def test_r27_the_rules_for_children_are_those_of_the_settings():
    settings = sources(retention_days=100).settings
    assert "does not offer face to children" in texts()["en", Form.FULL]
    children = settings.face.under_14.model_copy(update={"enabled": True})
    face = settings.face.model_copy(update={"under_14": children})
    draft = load_sources(settings.model_copy(update={"face": face})).draft(NoticeVersion("1.0"), NOON, [])
    assert lint(draft) == ()
    assert "after a guardian has agreed" in draft.texts["en", Form.FULL]
    assert "模板最长保存100天" in draft.texts["zh-CN", Form.FULL]


def test_the_error_rates_are_those_of_the_operating_point_rounded_up():
    point = sources().point
    assert (point.fnmr.value, point.fnmr.high, point.fmr.high) == pytest.approx(
        (0.0571, 0.132, 0.0022), abs=1e-3
    )
    told = texts()["en", Form.FULL]
    assert "about 6 in 100 attempts by the right person were not recognised" in told
    assert "it may be up to 14" in told
    assert f"of {point.impostor_pairs} comparisons of two different people 0 passed" in told
    assert "at most 1 in 100" in told


@pytest.mark.parametrize("key", KEYS)
def test_no_text_claims_to_be_lawful(key):
    assert not re.search(r"complian|certif|合规|认证", texts()[key], re.IGNORECASE)


def test_both_languages_have_the_same_phrases_with_the_same_places_r14():
    phrases = [tomllib.loads((NOTICES / each / "phrases.toml").read_text("utf-8")) for each in LANGUAGES]
    terms = [each.pop("terms") for each in phrases]
    assert terms[0].keys() == terms[1].keys() == {*Terms.__slots__, "unknown"}
    places = [{name: set(re.findall(r"{(\w+)", text)) for name, text in each.items()} for each in phrases]
    assert places[0] == places[1]


def test_the_change_log_tells_each_version_its_day_and_what_changed_r22_r23():
    archive = MemoryArchive()
    for days, site in enumerate(({}, {"contact": "b"}, {"contact": "b", "controller": "Heir"})):
        publish(archive, sources(**site), NOON + timedelta(days=days))
    told = [each.texts["en", Form.FULL].rpartition("Versions so far: ")[2] for each in archive.versions]
    assert told[0] == "1.0 (2026-11-22, the first)."
    assert told[2] == (
        "1.0 (2026-11-22, the first); 1.1 (2026-11-23, minor: wording, contact, or a shorter time of keeping); "
        "2.0 (2026-11-24, major: controller)."
    )
    assert "2.0（2026年11月24日，大版本：处理者）" in archive.current.texts["zh-CN", Form.FULL]  # noqa: RUF001


SITES_AFTER = {
    "nothing": ({}, Change.NONE, "1.0"),
    "contact r23": ({"contact": "elsewhere"}, Change.MINOR, "1.1"),
    "officer r23": ({"officer": "Ms Wang"}, Change.MINOR, "1.1"),
    "shorter r23": ({"retention_days": 100}, Change.MINOR, "1.1"),
    "longer r22": ({"retention_days": 300}, Change.MAJOR, "2.0"),
    "controller r22": ({"controller": "Heir"}, Change.MAJOR, "2.0"),
    "processors r22": ({"processors": ("Anda",)}, Change.MAJOR, "2.0"),
}


@pytest.mark.parametrize(("site", "change", "version"), SITES_AFTER.values(), ids=SITES_AFTER)
def test_a_change_of_settings_leads_to_the_version_it_must(site, change, version):
    archive = MemoryArchive()
    before = {"retention_days": 200}
    publish(archive, sources(**before), NOON)
    proposal = propose(archive, sources(**before | site), NOON + timedelta(days=9))
    assert (proposal.change, proposal.draft.version) == (change, version)
    board = NoticeBoard(archive, lambda: sources(**before | site))
    assert (board.in_force is not None) == (change is Change.NONE)


def test_r22_the_full_text_names_every_change_that_makes_a_new_major_version():
    told = {language: texts()[language, Form.FULL].splitlines() for language in LANGUAGES}
    (english,) = (line for line in told["en"] if line.startswith("A change of "))
    (chinese,) = (line for line in told["zh-CN"] if "大版本：在您" in line or "新的大版本" in line)  # noqa: RUF001
    words = {
        "purpose": "目的",
        "method": "方式",
        "model": "模型",
        "kinds of data": "信息种类",
        "longer time": "保存期限",
        "recipient": "接收方",
        "processor": "受托处理者",
        "controller": "个人信息处理者",
    }
    assert len(words) == len(Terms.__slots__)
    assert [each for each in words if each not in english.partition("major version")[0]] == []
    assert [each for each in words.values() if each not in chinese.partition("大版本")[0]] == []


def test_r70_r71_the_full_text_promises_at_once_only_what_the_own_page_does_at_once():
    english, chinese = (texts()[language, Form.FULL] for language in ("en", "zh-CN"))
    assert "see it, take a copy along, pause and resume its use, and withdraw at once. Every other" in english
    assert "当场查阅、复制、暂停或恢复使用、撤回同意；其余请求" in chinese  # noqa: RUF001


def test_the_day_in_force_does_not_depend_on_the_zone_of_who_looks():
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    drafts = [
        sources().draft(NoticeVersion("1.0"), at, []).texts
        for at in (late, late.astimezone(tz=datetime.strptime("+0800", "%z").tzinfo))
    ]
    assert drafts[0] == drafts[1]
    assert "2026-12-31" in drafts[0]["en", Form.FULL]


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(NOTICES, tmp_path / "notices"))


def own_texts(folder):
    settings = sources().settings
    own = settings.notice.model_copy(update={"folder": folder})
    return load_sources(settings.model_copy(update={"notice": own}))


def test_a_site_may_bring_its_own_texts_and_they_pass_the_same_lint(folder):
    path = folder / "en" / "short.txt"
    path.write_text(path.read_text().replace("You lose nothing by it.", "You must agree."))
    found = lint(own_texts(folder).draft(NoticeVersion("1.0"), NOON, []))
    assert [(each.rule, each.found) for each in found] == [(Rule.PRESSURE, "must agree")]


@pytest.mark.parametrize("key", KEYS)
def test_r14_a_text_that_is_missing_or_no_text_is_named(folder, key):
    path = folder / key[0] / f"{key[1]}.txt"
    for harm in (lambda: path.write_bytes(b"\xff\xfe"), path.unlink):
        harm()
        with pytest.raises(ConfigError) as refusal:
            own_texts(folder)
        assert refusal.value.code == "notice-incomplete"
        assert str(path) in str(refusal.value)


ASKED = {"en": "turn your head or nod", "zh-CN": "转一下头或点一下头"}


@pytest.mark.parametrize("key", KEYS)
def test_r10_every_text_tells_that_a_movement_may_be_asked_for(key):
    assert ASKED[key[0]] in texts()[key]


def test_r23_to_tell_of_the_movement_is_a_minor_change_of_the_notice_before_it():
    now = sources()
    before = {key: text.replace(ASKED[key[0]], "...") for key, text in now.texts.items()}
    archive = MemoryArchive()
    publish(archive, replace(now, texts=before), NOON)
    proposal = propose(archive, now, NOON + timedelta(days=1))
    assert (proposal.change, proposal.draft.version) == (Change.MINOR, "1.1")


@pytest.mark.parametrize(
    ("language", "films"), [("en", "films on a screen often did"), ("zh-CN", "视频则常常能通过")]
)
def test_the_full_text_says_what_passes_for_a_living_face(language, films):
    assert films in texts()[language, Form.FULL]
