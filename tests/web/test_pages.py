"""Status, notice, desk and simulator, as plain requests."""

from dataclasses import fields, replace
from html import unescape

import pytest

from gate.core import phases
from gate.core.policy import Conditions
from gate.errors import RequestError, VaultError
from gate.store.keys import Custody
from gate.web.app import create_app
from gate.web.desk import RESIDENTS_A_PAGE
from gate.web.words import CUSTODY, OBSTACLES, PHASES
from tests.notices import FIRST as NOTICE
from tests.notices import bare_board
from tests.web.conftest import Client
from tests.web.world import World

EN = {"lang": "en"}
AGREE = {"person": "p-undecided", "notice": NOTICE, "language": "en", "agreed": "yes"}


def test_the_status_page_names_every_obstacle_with_its_remedy(world, runner):
    every = tuple(condition.name for condition in fields(Conditions))
    status = replace(world.status(), obstacles=every)
    app = create_app(replace(world.context, status=lambda: status), world.screen)
    page = unescape(Client(app, runner).get("/", params=EN).text)
    assert "Face is not offered now." in page
    for name in every:
        assert OBSTACLES[name].title in page
        assert OBSTACLES[name].next in page


def test_the_status_page_says_that_face_is_offered_and_how_the_key_is_kept(client, world):
    world.screen.take_over("a")
    world.screen.heard("a")
    world.look()
    page = client.get("/", params=EN).text
    assert "Face is offered, beside card and PIN." in page
    assert "kept in a software file" in page
    assert 'http-equiv="refresh"' in page


def test_a_vision_fault_stands_on_the_status_page_as_it_is(world, runner):
    broken = replace(world.status(), vision_fault="Model gone. Prepare it.", vision_providers=())
    app = create_app(replace(world.context, status=lambda: broken), world.screen)
    assert '<dd lang="en">Model gone. Prepare it.</dd>' in Client(app, runner).get("/").text


def test_the_status_page_has_words_for_every_state_of_the_gate():
    assert set(OBSTACLES) == {condition.name for condition in fields(Conditions)}
    assert set(PHASES) == {phase.__name__.lower() for phase in phases.Phase.__args__}
    assert set(CUSTODY) == {str(custody) for custody in Custody}


def test_the_language_comes_from_the_query_and_is_kept_in_a_strict_cookie_r54(client):
    answer = client.get("/", params=EN)
    assert '<html lang="en">' in answer.text
    assert answer.headers["set-cookie"] == "language=en; HttpOnly; Path=/; SameSite=strict"
    assert '<html lang="en">' in client.get("/").text


def test_an_unknown_language_is_the_default_one(client):
    answer = client.get("/", params={"lang": "xx"})
    assert '<html lang="zh-CN">' in answer.text
    assert "set-cookie" not in answer.headers


def test_the_notice_is_readable_by_anybody_in_both_languages_r13_r14(client, world):
    page = client.get("/notice").text
    for tag, text in world.context.notice_texts.items():
        assert f'<article class="sheet" lang="{tag}">' in page
        assert all(line in page for line in text.splitlines())


def test_nothing_is_ticked_beforehand_and_no_picture_can_be_sent_r06_r26(client):
    page = client.get("/desk").text
    assert page.count('type="checkbox"') == 1
    assert "checked" not in page
    assert 'type="file"' not in page


def test_a_ticked_box_enrols_in_the_language_that_was_read(client, world):
    answer = client.post("/desk/consent", AGREE)  # without cookies and without a language in the address
    assert answer.status_code == 303
    assert world.desk.consented["p-undecided"]
    assert world.desk.agreements == [(NOTICE, "en")]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (AGREE | {"agreed": ""}, "The box was not ticked"),
        (AGREE | {"notice": "0.9"}, "The notice has changed meanwhile."),
    ],
)
def test_consent_without_the_tick_or_to_another_notice_is_none_r06_r22(client, world, form, words):
    answer = client.post("/desk/consent", form, params=EN)
    assert answer.status_code == 422
    assert words in answer.text
    assert "<details open>" in answer.text
    assert not world.desk.consented["p-undecided"]


def test_withdrawing_takes_one_press_and_no_reason_r24(client, world):
    page = client.get("/desk", params=EN).text
    row = page[page.index('action="/desk/withdraw?page=1"') :]
    assert row[: row.index("</form>")].count("<input") == 1  # who, and nothing to fill in
    assert client.post("/desk/withdraw", {"person": "p-agreed"}).status_code == 303
    assert not world.desk.consented["p-agreed"]


def test_a_fault_the_desk_knows_is_told_in_the_readers_language(client, world):
    world.desk.fault = RequestError("enrol-no-face", "No clear face was seen.", remedy="Try again.")
    assert "没有看到清晰的人脸" in client.post("/desk/consent", AGREE).text


def test_a_fault_the_desk_does_not_know_is_told_in_its_own_words(client, world):
    world.desk.fault = VaultError("vault-sealed", "The vault is sealed.", remedy="Unseal it.")
    answer = client.post("/desk/withdraw", {"person": "p-agreed"})
    assert 'lang="en"' in answer.text
    assert "The vault is sealed." in answer.text
    assert "Unseal it." in answer.text


def test_an_error_about_somebody_who_is_gone_still_shows(client, world):
    world.desk.fault = RequestError("person-unknown", "There is no such person.", remedy="Reload.")
    assert "There is no such person." in client.post("/desk/withdraw", {"person": "gone"}).text


def test_names_are_text_and_never_markup(client):
    page = client.get("/desk").text
    assert "&lt;b&gt;Chen &amp; Bo&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("path", "form", "done"),
    [
        ("/sim/card", {"value": "4242"}, 4242),
        ("/sim/keys", {"keys": "1203#135790#"}, "1203#135790#"),
        ("/sim/deed", {"name": "push"}, "push"),
        ("/sim/deed", {"name": "leave"}, "leave"),
        ("/sim/deed", {"name": "shut"}, "shut"),
        ("/sim/deed", {"name": "kill-vision"}, "kill"),
        ("/sim/deed", {"name": "tamper"}, "tamper"),
    ],
)
def test_a_form_of_the_simulator_does_its_deed_and_returns(client, world, path, form, done):
    answer = client.post(path, form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sim")
    assert world.simulation.done == [done]


def test_the_simulated_reader_is_unplugged_and_plugged_in_again(client, world):
    client.post("/sim/deed", {"name": "unplug"})
    assert not world.simulation.reader_plugged
    assert "Plug the reader in" in client.get("/sim", params=EN).text
    client.post("/sim/deed", {"name": "plug"})
    assert world.simulation.reader_plugged


def test_another_scene_stands_before_the_camera_and_an_unknown_one_is_refused(client, world):
    client.post("/sim/scene", {"name": "resident"})
    assert "<option selected>resident</option>" in client.get("/sim").text
    answer = client.post("/sim/scene", {"name": "a ghost"})
    assert answer.status_code == 400
    assert "Choose another." in answer.text


@pytest.mark.parametrize("value", ["", "x", "-1", str(2**26)])
def test_a_card_that_is_no_26_bit_number_is_refused(client, world, value):
    assert client.post("/sim/card", {"value": value}).status_code == 400
    assert world.simulation.done == []


def test_a_real_gate_has_no_simulator(clock, runner):
    world = World(clock, simulated=False)
    client = Client(create_app(world.context, world.screen), runner)
    assert client.get("/sim").status_code == 404
    assert client.post("/sim/card", {"value": "1"}).status_code == 404
    assert "/sim" not in client.get("/").text


def test_the_desks_form_holds_the_language_the_notice_is_shown_in_r22(client):
    for language in ("zh-CN", "en"):
        page = client.get("/desk", params={"lang": language}).text
        assert f'<input type="hidden" name="language" value="{language}">' in page


def test_consent_in_a_language_nobody_wrote_a_notice_in_is_none_r22(client, world):
    assert client.post("/desk/consent", AGREE | {"language": "xx"}).status_code == 400
    assert world.desk.agreements == []


def test_the_desk_opens_one_page_of_records_and_leads_to_the_next(client, world):
    world.desk.others = 2 * RESIDENTS_A_PAGE
    first = client.get("/desk").text
    assert first.count("<li>") == RESIDENTS_A_PAGE
    assert 'href="/desk?page=2"' in first
    assert 'href="/desk?page=0"' not in first
    last = client.get("/desk", params={"page": 3}).text
    assert last.count("<li>") == 2
    assert 'href="/desk?page=2"' in last
    assert 'href="/desk?page=4"' not in last
    assert world.desk.asked == [(0, RESIDENTS_A_PAGE + 1), (2 * RESIDENTS_A_PAGE, RESIDENTS_A_PAGE + 1)]


def test_a_few_residents_are_one_page_without_a_way_on(client):
    assert "/desk?page=" not in client.get("/desk").text.replace('action="/desk', "")


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30])
def test_a_page_of_residents_that_cannot_be_is_refused(client, page):
    assert client.get("/desk", params={"page": page}).status_code == 400


def test_who_was_on_a_later_page_is_found_there_after_the_press(client, world):
    world.desk.others = RESIDENTS_A_PAGE
    page = client.get("/desk", params={"page": 2}).text
    assert 'action="/desk/consent?page=2"' in page
    answer = client.post("/desk/consent", AGREE | {"person": "p-49", "agreed": ""}, params={"page": 2} | EN)
    assert "The box was not ticked" in answer.text
    assert "<details open>" in answer.text
    assert client.post("/desk/withdraw?page=2", {"person": "p-49"}).headers["location"] == "/desk?page=2"


def test_without_a_published_notice_the_pages_say_so_and_nobody_can_agree_r11(world, runner):
    status = replace(world.status(), obstacles=("notice_published",))
    bare = replace(world.context, notices=bare_board(), status=lambda: status)
    client = Client(create_app(bare, world.screen), runner)
    for path in ("/", "/notice", "/desk"):
        page = client.get(path, params=EN).text
        assert OBSTACLES["notice_published"].title in page
        assert OBSTACLES["notice_published"].next in page
    assert "/desk/consent" not in page
    assert "/desk/withdraw" in page
    assert client.post("/desk/consent", AGREE).status_code == 422
    assert world.desk.agreements == []
