"""The staff's page for face: whom to hand the page over to, withdrawing on the spot, receipts, a child's approval."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from gate.core.consent_record import EventKind, ExpiryReason, InvalidationReason, Standing
from gate.core.roles import AccountId, Role
from gate.core.types import Method
from gate.errors import VaultError
from gate.store.consent.receipts import read
from gate.web.app import create_app
from gate.web.consent_words import BEFORE, REASONS, RECEIPTS, STANDINGS
from gate.web.context import FaceStanding
from gate.web.desk import RESIDENTS_A_PAGE
from gate.web.qr import qr_svg
from tests.receipts import DEVICE, receipt_of
from tests.web.conftest import Client

EN = {"lang": "en"}
ME = AccountId("a" * 16)


@pytest.fixture
def client(client):
    """A manager who is signed in."""
    client.token = client.sign_in(Role.MANAGER)
    return client


def desk(client, **asked):
    return unescape(client.get("/staff/desk", params=EN | asked).text)


def row_of(page, unit):
    return re.search(rf'<th scope="row">{unit}</th>.*?</tr>', page, flags=re.DOTALL)[0]


def press(client, path, **fields):
    return client.post(f"/staff/desk/{path}", {"token": client.token} | fields, params=EN)


def test_staff_can_tick_nothing_for_anybody(client):
    """R26: a manager who ticks consent for a resident."""
    page = desk(client)
    assert 'type="checkbox"' not in page
    assert "/enrol/consent" not in page


def test_who_declined_is_not_asked_again_unless_they_ask_themselves(client, world):
    """R05: the way to the notice stands behind the resident's own wish."""
    world.desk.standings["p-undecided"] = FaceStanding.DECLINED
    row = row_of(desk(client), "1204")
    assert "will not be asked again" in row
    assert row.index("<summary>The resident asks for face themselves") < row.index("hand-over")


def test_withdrawing_takes_one_press_and_no_reason(client, world):
    """R24: fewer steps than consent, and the receipt comes by itself (R25)."""
    row = row_of(desk(client), "1203")
    form = row[row.index('action="/staff/desk/withdraw"') :]
    assert set(re.findall(r'name="(\w+)"', form[: form.index("</form>")])) == {"token", "once", "person"}
    answer = press(client, "withdraw", person="p-agreed")
    assert answer.status_code == 303
    assert not world.desk.consented["p-agreed"]
    assert "face template was destroyed" in client.get(answer.headers["location"] + "&lang=en").text


def test_withdrawing_where_there_is_nothing_leads_back(client):
    assert press(client, "withdraw", person="p-undecided").headers["location"] == "/staff/desk"


def test_a_fault_the_desk_does_not_know_is_told_in_its_own_words(client, world):
    world.desk.fault = VaultError("vault-sealed", "The vault is sealed.", remedy="Unseal it.")
    answer = press(client, "withdraw", person="p-agreed")
    assert 'lang="en"' in answer.text
    assert "The vault is sealed." in answer.text
    assert "Unseal it." in answer.text


def test_a_page_is_handed_over_for_nobody_who_is_not_there(client):
    answer = press(client, "hand-over", person="p-gone")
    assert (answer.status_code, "There is no such person here." in answer.text) == (422, True)


def test_names_are_text_and_never_markup(client):
    assert "&lt;b&gt;Chen &amp; Bo&lt;/b&gt;" in client.get("/staff/desk").text


@pytest.mark.parametrize(("unit", "shown"), [("1204", ["1204"]), (" 1203 ", ["1203"]), ("9", [])])
def test_a_resident_is_found_by_the_unit(client, unit, shown):
    assert re.findall(r'<th scope="row">(\w+)</th>', desk(client, unit=unit)) == shown


def test_the_desk_opens_one_page_of_records_and_leads_to_the_next(client, world):
    world.desk.others = 2 * RESIDENTS_A_PAGE
    first = desk(client)
    assert first.count('<th scope="row">') == RESIDENTS_A_PAGE
    assert 'href="/staff/desk?page=2"' in first
    assert 'href="/staff/desk?page=0"' not in first
    last = desk(client, page=3)
    assert last.count('<th scope="row">') == 2
    assert 'href="/staff/desk?page=4"' not in last
    assert world.desk.asked == [(0, RESIDENTS_A_PAGE + 1), (2 * RESIDENTS_A_PAGE, RESIDENTS_A_PAGE + 1)]


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30])
def test_a_page_of_residents_that_cannot_be_is_refused(client, page):
    assert client.get("/staff/desk", params={"page": page}).status_code == 400


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        ((Method.CARD, Method.PIN), "Card and PIN"),
        ((Method.CARD,), "A card, no PIN"),
        ((Method.PIN,), "A PIN, no card"),
        ((), "Neither card nor PIN"),
    ],
)
def test_the_list_says_truly_who_has_a_card_a_pin_or_neither(client, world, methods, words):
    world.desk.methods = frozenset(methods)
    assert re.search(rf"<td>{words}<br>\s*Face\s", row_of(desk(client), "1203"))
    assert re.search(rf"<td>{words}<br>\s*No face\s", row_of(desk(client), "1204"))


def test_there_are_words_for_everything_a_consent_can_be():
    assert set(STANDINGS) == set(FaceStanding)
    assert set(RECEIPTS) == set(EventKind) - {EventKind.REQUESTED}
    assert set(REASONS) == {*ExpiryReason, *InvalidationReason}
    assert set(BEFORE) == {Standing.ASKED, Standing.GIVEN}


# --- children (R27) ---


def test_r27_a_childs_name_and_receipts_are_not_on_the_page_but_withdrawal_is(client, world):
    world.desk.children.add("p-agreed")
    row = row_of(desk(client), "1203")
    assert "Li Wen" not in row
    assert "/staff/desk/receipt" not in row
    assert "Withdraw and delete the face now" in row


def test_r27_a_childs_sheet_is_handed_over_only_once_a_second_person_agreed(client, world):
    world.desk.children.add("p-undecided")
    refused = press(client, "hand-over", person="p-undecided")
    assert (refused.status_code, "only with a second approval" in refused.text) == (422, True)
    world.desk.opened.add((ME, "p-undecided"))
    assert press(client, "hand-over", person="p-undecided").headers["location"] == "/enrol"


# --- receipts (R25) ---


@pytest.mark.parametrize("kind", [*RECEIPTS])
def test_r25_each_step_has_a_page_that_can_be_printed_with_its_code(client, world, kind):
    world.desk.issued.append(receipt_of(kind))
    [receipt] = world.desk.issued
    page = unescape(client.get("/staff/desk/receipt", params={"person": "p-agreed"} | EN).text)
    assert RECEIPTS[kind] in page
    for fact in (receipt.reference, receipt.facts.record, receipt.facts.subject, receipt.facts.fingerprint):
        assert fact in page
    assert qr_svg(receipt.compact) in page
    assert 'style="' not in page  # CSP: default-src 'self'


def test_r25_who_declined_reads_of_nothing_taken_and_nothing_kept(client, world):
    world.desk.issued.append(receipt_of(EventKind.REFUSED))
    page = client.get("/staff/desk/receipt", params={"person": "p-agreed"} | EN).text
    assert "Taken or kept of your face" in page
    assert "Kept at most" not in page
    assert "Only purpose" not in page


@pytest.mark.parametrize(
    ("kind", "kept"), [(EventKind.GIVEN, True), (EventKind.RECONFIRMED, True), (EventKind.WITHDRAWN, False)]
)
def test_r25_only_a_receipt_of_a_face_that_is_kept_says_how_long(client, world, kind, kept):
    world.desk.issued.append(receipt_of(kind))
    page = client.get("/staff/desk/receipt", params={"person": "p-agreed"} | EN).text
    assert ("Kept at most" in page, "Only purpose" in page) == (kept, kept)
    assert "Taken or kept of your face" not in page


def test_r25_the_signed_file_is_the_receipt_to_the_byte(client, world):
    world.desk.issued.append(receipt_of(EventKind.GIVEN))
    [receipt] = world.desk.issued
    answer = client.get("/staff/desk/receipt.json", params={"person": "p", "reference": receipt.reference})
    assert answer.text == receipt.document
    assert json.loads(answer.text)["kind"] == "receipt"
    assert "attachment" in answer.headers["content-disposition"]
    assert read(answer.text, public_key=DEVICE.public_key).reference == receipt.reference


def test_earlier_receipts_are_within_reach_and_an_unknown_one_is_told(client, world):
    world.desk.issued += [receipt_of(EventKind.GIVEN, seq=2), receipt_of(EventKind.WITHDRAWN, seq=3)]
    older, newer = world.desk.issued
    page = client.get("/staff/desk/receipt", params={"person": "p"} | EN).text
    assert f"<h1>Receipt {newer.reference}</h1>" in page
    assert f"reference={older.reference}" in page
    for path in ("/staff/desk/receipt", "/staff/desk/receipt.json"):
        answer = client.get(path, params={"person": "p", "reference": "NONE-SUCH"} | EN)
        assert (answer.status_code, "There is no such receipt." in answer.text) == (400, True)


def test_somebody_without_receipts_has_none_and_no_error(client):
    page = client.get("/staff/desk/receipt", params={"person": "p"} | EN).text
    assert "There is no receipt of this person yet." in page


@pytest.mark.parametrize(
    "path", ["/staff/desk", "/staff/desk/receipt", "/staff/desk/receipt.json", "/enrol", "/enrol/progress"]
)
def test_a_foreign_page_gets_no_record_of_anybody(client, path):
    answer = client.get(path, params={"person": "p-agreed"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_moments_are_told_in_the_sites_own_time_beside_the_signed_one(world, runner):
    context = replace(world.context, zone=ZoneInfo("Asia/Shanghai"))
    client = Client(create_app(context, world.screen), runner)
    client.sign_in(Role.MANAGER)
    world.desk.issued.append(receipt_of(EventKind.GIVEN))
    at = world.desk.issued[0].facts.at
    page = client.get("/staff/desk/receipt", params={"person": "p"} | EN).text
    local = at.astimezone(ZoneInfo("Asia/Shanghai"))
    assert f"{local:%Y-%m-%d %H:%M:%S} UTC+08:00 ({at:%Y-%m-%d %H:%M:%S} UTC)" in page
