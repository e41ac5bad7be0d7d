"""The notice written, linted, seen and published on the gate's own pages (R06, R08, R11, R14, R22, R23, R53)."""

import html
import re

from gate.core.notices import KEYS, Form
from gate.store.account.audit import Actor
from gate.web.parked import owner_of
from tests.notices import publish_notice
from tests.store.conftest import NOON

HOME, EDIT, PREVIEW = "/staff/notices", "/staff/notices/edit", "/staff/notices/preview"
EN_SHORT, ZH_SHORT = ("en", Form.SHORT), ("zh-CN", Form.SHORT)


def form(house, **changed):
    """Give the fields of the form with the site's texts, but for what *changed* says in the English short one."""
    texts = dict(house.office.notices.texts().texts)
    texts[EN_SHORT] = changed.get("en_short", texts[EN_SHORT])
    texts[ZH_SHORT] = changed.get("zh_short", texts[ZH_SHORT])
    return {f"{key[0]}.{key[1]}": texts[key] for key in KEYS}


def save(house, console, seen=None, **changed):
    seen = console.hidden(EDIT, "seen") if seen is None else seen
    return console.post(EDIT, seen=seen, **form(house, **changed))


def reworded(house):
    return house.office.notices.texts().texts[EN_SHORT] + "\nThank you for reading this.\n"


def publish(house, console, was_read="yes"):
    page = console.get(PREVIEW).text
    fields = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("seen", "version")}
    return console.post("/staff/notices/publish", was_read=was_read, **fields)


def test_a_draft_begins_with_the_sites_own_texts_in_both_languages_and_forms_r14(house, officer):
    page = html.unescape(officer.get(EDIT).text)
    for text in house.office.notices.shipped().values():
        assert text.strip() in page


def test_a_draft_is_kept_word_for_word_and_published_nowhere(house, officer):
    before = house.store.notices.numbers()
    officer.follow(save(house, officer, en_short=reworded(house).replace("\n", "\r\n")))
    assert house.office.notices.texts().is_draft
    assert house.store.notice_texts.draft.texts[EN_SHORT].endswith("Thank you for reading this.\n")
    assert house.store.notices.numbers() == before


def test_the_lint_is_shown_with_the_words_it_found_r08_r11(house, officer):
    text = reworded(house) + "\nYou give up your rights for an unlimited time."
    officer.follow(save(house, officer, en_short=text))
    page = officer.get(EDIT).text
    assert "It claims a right without limit" in page
    assert "<q" in page
    assert "unlimited</q>" in page
    assert "Publish notice" not in officer.get(PREVIEW).text


def test_checking_writes_nothing(house, officer):
    answer = officer.post("/staff/notices/check", **form(house, en_short="Nothing left."))
    assert "Something a notice must tell is missing." in answer.text
    assert "Nothing left." in answer.text
    assert house.store.notice_texts.draft is None


def test_the_script_is_given_the_findings_alone(house, officer):
    answer = officer.post("/staff/notices/check", part="outlook", **form(house, en_short="Nothing left."))
    assert "Something a notice must tell is missing." in answer.text
    assert "<html" not in answer.text
    assert "<textarea" not in answer.text


def test_other_wording_is_a_minor_version_and_both_languages_come_with_it_r14_r23(house, officer):
    person = house.move_in()
    house.agree(person)
    officer.follow(save(house, officer, en_short=reworded(house)))
    page = officer.get(PREVIEW).text
    assert "A minor version" in page
    assert "1 person would be told." in page
    officer.follow(publish(house, officer))
    current = house.store.notices.current
    assert current.version == "1.1"
    assert set(current.texts) == set(KEYS)
    assert current.texts[EN_SHORT].endswith("Thank you for reading this.")


def test_publishing_is_told_to_the_gate_and_to_the_log_by_account_r22_r55(house, officer):
    officer.follow(save(house, officer, en_short=reworded(house)))
    officer.follow(publish(house, officer))
    assert house.gate.told == ["notice"]
    assert house.actions()[-1] == (officer.who.value, "notice-published")


def test_published_texts_are_the_sites_own_from_then_on(house, officer):
    officer.follow(save(house, officer, en_short=reworded(house)))
    officer.follow(publish(house, officer))
    now = house.office.notices.texts()
    assert not now.is_draft
    assert now.texts[EN_SHORT].endswith("Thank you for reading this.\n")
    assert "The published notice says what this site" in officer.get(HOME).text


def test_a_changed_controller_asks_everybody_again_r22(house, officer):
    house.agree(house.move_in())
    publish_notice(house.store, NOON, controller="Somebody Else")
    page = officer.get(HOME).text
    assert "A major version" in page
    assert "controller" in page
    assert "1 person would be asked to agree again." in page


def test_no_draft_is_lost_to_a_second_writer(house, officer, manager):
    seen = officer.hidden(EDIT, "seen")
    manager.follow(save(house, manager, en_short=reworded(house) + "By the manager."))
    answer = save(house, officer, seen=seen, en_short=reworded(house) + "By the officer.")
    assert answer.status_code == 422
    assert "By the officer." in answer.text
    assert "By the manager." in answer.text
    assert house.store.notice_texts.draft.texts[EN_SHORT].endswith("By the manager.")


def test_what_was_seen_is_what_is_published(house, officer, manager):
    officer.follow(save(house, officer, en_short=reworded(house)))
    page = officer.get(PREVIEW).text
    fields = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("seen", "version")}
    manager.follow(save(house, manager, en_short=reworded(house) + "One line more."))
    answer = officer.post("/staff/notices/publish", was_read="yes", **fields)
    assert answer.status_code == 422
    assert house.store.notices.current.version == "1.0"


def test_nothing_is_published_unread(house, officer):
    officer.follow(save(house, officer, en_short=reworded(house)))
    assert publish(house, officer, was_read="").status_code == 422
    assert house.store.notices.current.version == "1.0"


def test_nothing_is_published_that_the_lint_refuses_whatever_is_sent_r11(house, officer):
    officer.follow(save(house, officer, en_short="Too short."))
    answer = officer.post(
        "/staff/notices/publish", was_read="yes", seen=officer.hidden(EDIT, "seen"), version="1.1"
    )
    assert answer.status_code == 422
    assert house.store.notices.current.version == "1.0"
    assert house.store.notice_texts.site is None


def test_a_manager_writes_and_only_the_privacy_officer_publishes_r53(house, manager):
    manager.follow(save(house, manager, en_short=reworded(house)))
    assert "The privacy officer publishes it." in manager.get(PREVIEW).text
    assert manager.post("/staff/notices/publish", was_read="yes").status_code == 403


def test_a_draft_is_thrown_away_or_begun_anew(house, officer):
    officer.follow(save(house, officer, en_short="Too short."))
    officer.follow(officer.post("/staff/notices/anew", seen=officer.hidden(EDIT, "seen")))
    assert house.store.notice_texts.draft.texts == house.office.notices.shipped()
    officer.follow(officer.post("/staff/notices/discard", seen=officer.hidden(EDIT, "seen")))
    assert house.store.notice_texts.draft is None


def test_texts_beyond_bounds_are_refused_and_not_lost(house, officer):
    answer = save(house, officer, en_short="long " * 4000)
    assert answer.status_code == 422
    assert "long long" in answer.text
    assert save(house, officer, en_short="a\x00b").status_code == 422
    assert house.store.notice_texts.draft is None


def test_a_text_is_shown_as_text_and_never_as_markup(house, officer):
    text = reworded(house) + "<script>alert(1)</script></textarea>"
    officer.follow(save(house, officer, en_short=text))
    for path in (EDIT, PREVIEW):
        assert "<script>alert" not in officer.get(path).text


def test_every_published_version_can_be_read_and_an_altered_one_is_called_so_r11(house, officer, intruder):
    assert house.store.notices.current.sha256[EN_SHORT] in officer.get("/staff/notices/1.0").text
    with intruder() as connection:
        connection.execute("DROP TRIGGER notices_never_change")
        connection.execute("UPDATE notices SET text = 'x' WHERE form = 'short'")
    assert "altered in the database" in officer.get(HOME).text
    assert officer.get("/staff/notices/1.0").status_code == 404


def test_a_notice_published_by_the_command_line_is_in_force_too(house, officer):
    assert "in force" in officer.get(HOME).text
    assert house.actions()[0][0] == Actor.INSTALLER


def test_a_notice_written_while_the_session_ended_is_not_lost(house, officer):
    text = reworded(house) + "Words. " * 1500
    house.time.wait(hours=13)
    parked = save(house, officer, seen="", en_short=text)
    assert parked.status_code == 303
    keeper = house.app.state.gatekeeper
    kept = keeper.parked.get(parked.cookies["__Host-parked"], owner_of(officer.who))
    assert dict(kept.fields)["en.short"] == text
