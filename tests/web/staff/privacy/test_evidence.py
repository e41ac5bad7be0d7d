"""The evidence archive: asked by one, allowed by another, made beside the door, taken once (R53, R55, R80 to R87)."""

import hashlib

import pytest

from gate.core.roles import AccountId, Role, Staff
from gate.errors import RequestError
from gate.govern.evidence.archive import verified
from gate.store.account.signing import fingerprint
from tests.web.staff.privacy.conftest import MANAGER

PATH = "/staff/evidence"


def ask(console, reason="The yearly audit."):
    return console.post(f"{PATH}/ask", reason=reason)


def made(house, console):
    """Have an archive allowed and made for *console*."""
    console.follow(ask(console))
    house.allow()
    console.follow(console.post(f"{PATH}/make"))
    house.settle(house.office.evidence.made)
    return console


def test_nothing_is_made_before_a_second_person_agreed(house, officer):
    assert officer.post(f"{PATH}/make").status_code == 422
    officer.follow(ask(officer))
    assert officer.post(f"{PATH}/make").status_code == 422
    assert not house.office.evidence.view(officer.who).is_making


def test_nobody_is_their_own_second_person(house, officer):
    officer.follow(ask(officer))
    asked = house.approvals.all()[0]
    for roles in ({MANAGER}, {MANAGER, Role.PRIVACY_OFFICER}):
        with pytest.raises(RequestError) as refusal:
            house.approvals.allow(asked.id, Staff(AccountId("a" * 16), frozenset(roles)))
        assert refusal.value.code == "approval-own"
    assert officer.post(f"{PATH}/make").status_code == 422


def test_the_archive_is_whole_and_signed_by_this_device(house, officer):
    house.agree(house.move_in())
    answer = made(house, officer).post(f"{PATH}/take")
    assert answer.headers["content-type"] == "application/zip"
    manifest, files = verified(answer.content)
    assert files > 20
    assert manifest.fingerprint == fingerprint(house.store.signer.public_key)
    assert b"Ada Chen" not in answer.content


def test_its_hash_and_the_devices_fingerprint_stand_on_the_page(house, officer):
    page = made(house, officer).get(PATH).text
    content = officer.post(f"{PATH}/take").content
    assert hashlib.sha256(content).hexdigest() in page
    assert fingerprint(house.store.signer.public_key) in page


def test_it_is_taken_once_and_one_approval_makes_one(house, officer):
    made(house, officer)
    assert officer.post(f"{PATH}/take").status_code == 200
    again = officer.post(f"{PATH}/take")
    assert again.status_code == 422
    assert "No archive of yours waits here." in again.text
    assert officer.post(f"{PATH}/make").status_code == 422


def test_it_waits_an_hour_and_not_longer(house, officer):
    made(house, officer)
    house.time.at += house.office.evidence.view(officer.who).ready.until - house.time.at
    assert "The archive is ready" not in officer.get(PATH).text
    assert officer.post(f"{PATH}/take").status_code == 422


def test_it_is_given_to_who_asked_for_it_and_to_nobody_else(house, officer):
    made(house, officer)
    other = house.console(Role.PRIVACY_OFFICER, account="c" * 16)
    assert "The archive is ready" not in other.get(PATH).text
    assert other.post(f"{PATH}/take").status_code == 422
    assert officer.post(f"{PATH}/take").status_code == 200


def test_that_it_was_made_is_on_record_with_who_asked_r55(house, officer):
    made(house, officer)
    assert (officer.who.value, "evidence-exported") in house.actions()


def test_a_reason_is_wanted_and_what_was_typed_is_kept(house, officer):
    assert ask(officer, " ").status_code == 422
    long = ask(officer, "x" * 501)
    assert long.status_code == 422
    assert "x" * 501 in long.text
    assert house.approvals.all() == ()


def test_what_keeps_it_from_being_made_is_told_once(house, officer, intruder):
    officer.follow(ask(officer))
    house.allow()
    with intruder() as connection:
        connection.execute("DROP TABLE notices")
    officer.post(f"{PATH}/make")
    house.settle(house.office.evidence.made)
    assert 'role="alert"' in officer.get(PATH).text
    assert 'role="alert"' not in officer.get(PATH).text
    assert "evidence-exported" not in [action for _, action in house.actions()]


def test_a_manager_does_not_export_it_r53(house, manager):
    assert manager.get(PATH).status_code == 403
    assert ask(manager).status_code == 403


def test_an_archive_that_could_not_be_made_costs_no_approval(house, officer, intruder):
    """R53: the same two persons are not asked again for what the gate failed at."""
    officer.follow(ask(officer))
    house.allow()
    with intruder() as connection:
        connection.execute("ALTER TABLE notices RENAME TO away")
    officer.post(f"{PATH}/make")
    house.settle(house.office.evidence.made)
    officer.get(PATH)
    with intruder() as connection:
        connection.execute("ALTER TABLE away RENAME TO notices")
    officer.post(f"{PATH}/make")
    house.settle(house.office.evidence.made)
    assert officer.post(f"{PATH}/take").status_code == 200


def test_an_archive_that_waits_for_another_is_not_thrown_away(house, officer):
    made(house, officer)
    other = house.console(Role.PRIVACY_OFFICER, account="c" * 16)
    other.follow(ask(other))
    house.allow()
    refused = other.post(f"{PATH}/make")
    assert (refused.status_code, "waits here for somebody else" in refused.text) == (422, True)
    assert officer.post(f"{PATH}/take").status_code == 200
    assert other.post(f"{PATH}/make").status_code == 303
    house.settle(house.office.evidence.made)
    assert other.post(f"{PATH}/take").status_code == 200


def test_an_archive_that_nobody_took_in_its_hour_keeps_nobody_waiting(house, officer):
    made(house, officer)
    other = house.console(Role.PRIVACY_OFFICER, account="c" * 16)
    house.time.at += house.office.evidence.view(officer.who).ready.until - house.time.at
    other.follow(ask(other))
    house.allow()
    assert other.post(f"{PATH}/make").status_code == 303
    house.settle(house.office.evidence.made)
