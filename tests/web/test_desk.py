"""The desk's pages as plain requests: asking, deciding, withdrawing, and the receipts of each."""

import json
import re
from datetime import date
from html import unescape

import pytest

from gate.core.consent import Approver, Relation, RelationProof
from gate.core.consent_record import EventKind, ExpiryReason, InvalidationReason, Standing
from gate.core.notices import Form
from gate.errors import RequestError, VaultError
from gate.store.consent.receipts import read
from gate.web.consent_words import APPROVERS, BEFORE, PROOFS, REASONS, RECEIPTS, RELATIONS, STANDINGS
from gate.web.context import ChildSaid, FaceStanding
from gate.web.desk import RESIDENTS_A_PAGE
from gate.web.qr import qr_svg
from tests.notices import FIRST as NOTICE
from tests.receipts import DEVICE, receipt_of

EN = {"lang": "en"}
AGREE = {"person": "p-undecided", "notice": NOTICE, "language": "en", "agreed": "yes"}
CHILD = {
    "age": "under-14",
    "relation": "parent",
    "checked_by": "birth-certificate",
    "turns_14_on": "2030-05-01",
    "approver": "manager",
}


@pytest.fixture
def client(client, clock, world):
    """Somebody at the desk who reads the notice for as long as it must stand before they answer it (R10)."""
    post = client.post

    def patient(path, data=None, **options):
        if data and path in {"/desk/consent", "/desk/reconfirm"} and "shown" not in data:
            asked = list(world.desk.asked)
            data = data | {"shown": client.sheet(data["person"], data["notice"], data["language"])}
            world.desk.asked[:] = asked
            clock.seconds += world.rules.notice_minimum_s
        return post(path, data, **options)

    client.post = patient
    return client


def sheet(client, person="p-undecided", language="en"):
    return client.get("/desk/consent", params={"person": person, "lang": language}).text


def test_the_sheet_shows_the_full_notice_in_the_readers_language(client, world):
    """R06, R14: what is agreed to stands above the box."""
    for language in ("zh-CN", "en"):
        page = unescape(sheet(client, language=language))
        text = world.context.notices.in_force.texts[language, Form.FULL]
        for line in text.splitlines():
            assert line.lstrip("#- ").strip() in page


def test_nothing_is_ticked_beforehand_and_no_picture_can_be_sent(client, world):
    """R06, R26."""
    world.desk.children_enabled = True
    page = sheet(client)
    assert page.count('type="checkbox"') == 1
    assert page.count('type="radio"') == 2
    assert "checked>" not in page.replace('name="checked_by"', "")
    assert "selected" not in page
    assert 'type="file"' not in page


def shown_on(page):
    return re.search(r'name="shown" value="([^"]+)"', page)[1]


def test_r10_an_answer_before_the_notice_stood_its_time_is_refused_and_nothing_is_asked(client, world, clock):
    shown = shown_on(sheet(client))
    clock.seconds += world.rules.notice_minimum_s / 2
    asked = len(world.desk.asked)
    answer = client.post("/desk/consent", AGREE | {"shown": shown})
    assert (answer.status_code, len(world.desk.asked)) == (422, asked)
    assert not world.desk.consented["p-undecided"]


@pytest.mark.parametrize("forged", ["", "x", "0.00", "999999999999.00"])
def test_r10_a_sheet_the_gate_did_not_send_is_refused(client, world, clock, forged):
    clock.seconds += 100
    assert client.post("/desk/consent", AGREE | {"shown": forged}).status_code == 422
    assert not world.desk.consented["p-undecided"]


def test_a_sheet_shown_again_for_a_mistake_does_not_start_the_time_anew(client, world, clock):
    shown = shown_on(sheet(client))
    clock.seconds += world.rules.notice_minimum_s
    again = client.post("/desk/consent", AGREE | {"shown": shown, "agreed": ""})
    assert shown_on(again.text) == shown
    assert client.post("/desk/consent", AGREE | {"shown": shown}).status_code == 303


def test_declining_is_a_button_like_agreeing_and_needs_no_tick(client, world):
    """R04, R05: one press, equal in form."""
    page = sheet(client)
    pair = re.search(r'<div class="pair">(.*?)</div>', page, flags=re.DOTALL)[1]
    assert pair.count("<button") == 2
    assert "class=" not in pair
    answer = client.post("/desk/decline", AGREE | {"agreed": ""})
    assert answer.status_code == 303
    assert [said.notice for said in world.desk.said] == [NOTICE]


def test_who_declined_is_not_asked_again_unless_they_ask_themselves(client, world):
    """R05: the desk says so and hides the way to the notice behind the resident's own wish."""
    client.post("/desk/decline", AGREE)
    page = client.get("/desk", params=EN).text
    row = page[page.index("1204") :]
    assert "will not be asked again" in row
    assert row.index("<summary>The resident asks for face themselves") < row.index(
        "/desk/consent?person=p-un"
    )


def test_staff_are_told_not_to_tick_for_anybody(client):
    """R26: a manager who ticks consent for a resident."""
    assert "Staff never do it for them" in sheet(client)


def test_a_ticked_box_enrols_in_the_language_that_was_read(client, world):
    answer = client.post("/desk/consent", AGREE)  # without cookies and without a language in the address
    assert answer.status_code == 303
    assert world.desk.consented["p-undecided"]
    assert world.desk.agreements == [(NOTICE, "en")]


def test_the_hash_that_is_recorded_is_of_the_very_text_shown(client, world):
    client.post("/desk/consent", AGREE)
    in_force = world.context.notices.in_force
    assert world.desk.said[0].notice_sha256 == in_force.sha256["en", Form.FULL]


@pytest.mark.parametrize("path", ["/desk/consent", "/desk/reconfirm"])
@pytest.mark.parametrize(
    ("form", "words"),
    [
        (AGREE | {"agreed": ""}, "The box was not ticked"),
        (AGREE | {"notice": "0.9"}, "The notice has changed meanwhile."),
    ],
)
def test_consent_without_the_tick_or_to_another_notice_is_none(client, world, path, form, words):
    """R06, R22."""
    answer = client.post(path, form, params=EN)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'name="agreed" value="yes">' in answer.text
    assert not world.desk.consented["p-undecided"]


def test_an_older_notice_is_not_declined_either(client, world):
    assert client.post("/desk/decline", AGREE | {"notice": "0.9"}).status_code == 422
    assert world.desk.said == []


def test_withdrawing_takes_one_press_and_no_reason(client, world):
    """R24: fewer steps than consent, and the receipt comes by itself (R25)."""
    page = client.get("/desk", params=EN).text
    row = page[page.index('action="/desk/withdraw?page=1"') :]
    assert row[: row.index("</form>")].count("<input") == 1  # who, and nothing to fill in
    answer = client.post("/desk/withdraw", {"person": "p-agreed"})
    assert answer.status_code == 303
    assert not world.desk.consented["p-agreed"]
    assert "face template was destroyed" in client.get(answer.headers["location"] + "&lang=en").text


def test_withdrawing_where_there_is_nothing_leads_back(client):
    answer = client.post("/desk/withdraw?page=2", {"person": "p-undecided"})
    assert answer.headers["location"] == "/desk?page=2"


def test_who_agreed_under_an_older_notice_can_agree_again_without_the_camera(client, world):
    """R22."""
    world.desk.standings["p-agreed"] = FaceStanding.OUTDATED
    page = client.get("/desk", params=EN).text
    assert "face rests until they agree to the new notice" in page
    assert "Withdraw and delete my face now" in page
    page = sheet(client, "p-agreed")
    assert 'formaction="/desk/reconfirm?page=1"' in page
    client.post("/desk/reconfirm", AGREE | {"person": "p-agreed"})
    assert world.desk.issued[0].facts.what is EventKind.RECONFIRMED


def test_without_children_nothing_is_asked_about_age(client, world):
    """R27: off unless the manager enables it; no age is guessed."""
    assert 'name="age"' not in sheet(client)
    client.post("/desk/consent", AGREE | CHILD)
    assert world.desk.said[0].child is None


def test_with_children_the_age_must_be_said(client, world):
    world.desk.children_enabled = True
    answer = client.post("/desk/consent", AGREE, params=EN)
    assert answer.status_code == 422
    assert "It was not said whether" in answer.text
    assert world.desk.said == []


@pytest.mark.parametrize("field", ["relation", "checked_by", "turns_14_on", "approver"])
@pytest.mark.parametrize("path", ["/desk/consent", "/desk/reconfirm"])
def test_a_child_without_a_part_of_the_guardians_answer_is_refused(client, world, path, field):
    """R27: relation, how it was checked, the birthday, and a second approval."""
    world.desk.children_enabled = True
    answer = client.post(path, AGREE | CHILD | {field: ""}, params=EN)
    assert answer.status_code == 422
    assert "the guardian must decide" in answer.text
    assert world.desk.said == []


def test_a_childs_guardian_is_heard(client, world):
    world.desk.children_enabled = True
    assert client.post("/desk/consent", AGREE | CHILD).status_code == 303
    assert world.desk.said[0].child == ChildSaid(
        Relation.PARENT, RelationProof.BIRTH_CERTIFICATE, date(2030, 5, 1), Approver.MANAGER
    )


@pytest.mark.parametrize("field", ["relation", "checked_by", "turns_14_on", "approver", "age"])
def test_words_that_no_form_offers_are_refused(client, world, field):
    world.desk.children_enabled = True
    assert client.post("/desk/consent", AGREE | CHILD | {field: "x"}).status_code == 400
    assert world.desk.said == []


def test_a_childs_name_and_receipts_are_not_on_the_desks_page_but_withdrawal_is(client, world):
    """R27: each staff access needs approval, and withdrawing is never hindered."""
    world.desk.children.add("p-agreed")
    page = client.get("/desk", params=EN).text
    row = page[page.index("1203") : page.index("1204")]
    assert "Li Wen" not in row
    assert "/desk/receipt" not in row
    assert "Withdraw and delete my face now" in row


def test_a_fault_the_desk_knows_is_told_in_the_readers_language(client, world):
    world.desk.fault = RequestError("enrol-no-face", "No clear face was seen.", remedy="Try again.")
    assert "没有看到清晰的人脸" in client.post("/desk/consent", AGREE).text


def test_a_fault_the_desk_does_not_know_is_told_in_its_own_words(client, world):
    world.desk.fault = VaultError("vault-sealed", "The vault is sealed.", remedy="Unseal it.")
    answer = client.post("/desk/withdraw", {"person": "p-agreed"})
    assert 'lang="en"' in answer.text
    assert "The vault is sealed." in answer.text
    assert "Unseal it." in answer.text


@pytest.mark.parametrize("path", ["/desk/withdraw", "/desk/consent", "/desk/decline", "/desk/reconfirm"])
def test_an_error_about_somebody_who_is_gone_still_shows(client, world, clock, path):
    world.desk.others = 1
    form = hurried(client, "p-0")
    clock.seconds += world.rules.notice_minimum_s
    world.desk.others = 0
    world.desk.fault = RequestError("person-unknown", "There is no such person.", remedy="Reload.")
    assert "There is no such person here." in client.post(path, form, params=EN).text


def test_names_are_text_and_never_markup(client):
    for page in (client.get("/desk").text, sheet(client)):
        assert "&lt;b&gt;Chen &amp; Bo&lt;/b&gt;" in page


def test_the_sheets_form_holds_the_language_the_notice_is_shown_in(client):
    """R22."""
    for language in ("zh-CN", "en"):
        assert f'<input type="hidden" name="language" value="{language}">' in sheet(client, language=language)


def test_consent_in_a_language_nobody_wrote_a_notice_in_is_none(client, world):
    """R22."""
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
    assert "/desk/consent?person=p-49&amp;page=2" in client.get("/desk", params={"page": 2}).text
    answer = client.post("/desk/consent", AGREE | {"person": "p-49", "agreed": ""}, params={"page": 2} | EN)
    assert "The box was not ticked" in answer.text
    assert 'action="/desk/consent?page=2"' in answer.text


def test_there_are_words_for_everything_a_consent_can_be():
    assert set(STANDINGS) == set(FaceStanding)
    assert set(RECEIPTS) == set(EventKind) - {EventKind.REQUESTED}
    assert set(REASONS) == {*ExpiryReason, *InvalidationReason}
    assert set(BEFORE) == {Standing.ASKED, Standing.GIVEN}
    assert (set(RELATIONS), set(PROOFS), set(APPROVERS)) == (set(Relation), set(RelationProof), set(Approver))


# Receipts.


@pytest.mark.parametrize("kind", [*RECEIPTS])
def test_each_step_has_a_page_that_can_be_printed_with_its_code(client, world, kind):
    """R25."""
    world.desk.issued.append(receipt_of(kind))
    [receipt] = world.desk.issued
    page = unescape(client.get("/desk/receipt", params={"person": "p-agreed"} | EN).text)
    assert RECEIPTS[kind] in page
    for fact in (receipt.reference, receipt.facts.record, receipt.facts.subject, receipt.facts.fingerprint):
        assert fact in page
    assert qr_svg(receipt.compact) in page
    assert 'style="' not in page  # CSP: default-src 'self'


def test_an_act_leads_to_its_own_receipt(client, world):
    for path, kind in (
        ("/desk/consent", EventKind.GIVEN),
        ("/desk/reconfirm", EventKind.RECONFIRMED),
        ("/desk/decline", EventKind.REFUSED),
    ):
        answer = client.post(path, AGREE)
        page = unescape(client.get(answer.headers["location"] + "&lang=en").text)
        assert RECEIPTS[kind] in page
        assert f"<h1>Receipt {world.desk.issued[-1].reference}</h1>" in page


def test_the_signed_file_is_the_receipt_to_the_byte(client, world):
    world.desk.issued.append(receipt_of(EventKind.GIVEN))
    [receipt] = world.desk.issued
    answer = client.get("/desk/receipt.json", params={"person": "p", "reference": receipt.reference})
    assert answer.text == receipt.document
    assert json.loads(answer.text)["kind"] == "receipt"
    assert "attachment" in answer.headers["content-disposition"]
    assert read(answer.text, public_key=DEVICE.public_key).reference == receipt.reference


def test_earlier_receipts_are_within_reach_and_an_unknown_one_is_told(client, world):
    world.desk.issued += [receipt_of(EventKind.GIVEN, seq=2), receipt_of(EventKind.WITHDRAWN, seq=3)]
    older, newer = world.desk.issued
    page = client.get("/desk/receipt", params={"person": "p"} | EN).text
    assert f"<h1>Receipt {newer.reference}</h1>" in page
    assert f"reference={older.reference}" in page
    for path in ("/desk/receipt", "/desk/receipt.json"):
        answer = client.get(path, params={"person": "p", "reference": "NONE-SUCH"} | EN)
        assert answer.status_code == 400
        assert "There is no such receipt." in answer.text


def test_somebody_without_receipts_has_none_and_no_error(client):
    assert (
        "There is no receipt of this person yet."
        in client.get("/desk/receipt", params={"person": "p"} | EN).text
    )


@pytest.mark.parametrize("path", ["/desk/receipt", "/desk/receipt.json", "/desk/consent"])
def test_a_foreign_page_gets_no_record_of_anybody(client, path):
    answer = client.get(path, params={"person": "p-agreed"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


# The least time before the notice, kept by the gate (R10).


def hurried(client, person="p-undecided", language="en"):
    return AGREE | {"person": person, "language": language, "shown": client.sheet(person, NOTICE, language)}


@pytest.mark.parametrize("path", ["/desk/consent", "/desk/reconfirm"])
def test_r10_an_agreement_before_the_notice_could_be_read_is_none(client, world, clock, path):
    form = hurried(client)
    clock.seconds += world.rules.notice_minimum_s - 0.01
    answer = client.post(path, form, params=EN)
    assert answer.status_code == 422
    assert "not before you long enough" in answer.text
    assert world.desk.said == []
    clock.seconds += 0.01
    assert client.post(path, form).status_code == 303


@pytest.mark.parametrize("stamp", ["", "1.", "0.00", "x.y", "1000000.\u00e9"])
def test_r10_an_agreement_without_a_stamp_of_this_gate_is_none(client, world, stamp):
    assert client.post("/desk/consent", AGREE | {"shown": stamp}).status_code == 422
    assert world.desk.said == []


def test_r10_the_stamp_of_one_sheet_serves_no_other_person_and_no_other_language(client, world, clock):
    form = hurried(client)
    clock.seconds += world.rules.notice_minimum_s
    for other in ({"person": "p-agreed"}, {"language": "zh-CN"}):
        assert client.post("/desk/consent", form | other).status_code == 422
    assert world.desk.said == []


def test_r05_declining_needs_no_wait(client):
    assert client.post("/desk/decline", AGREE | {"shown": ""}).status_code == 303
