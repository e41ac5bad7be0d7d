"""The audit log's pages (R53, R55)."""

import json
import re
import threading
from datetime import timedelta

from gate.core.roles import AccountId, Role, Staff
from gate.store.account.audit import Action, Actor
from tests.store.conftest import NOON

PATH = "/staff/audit"
SOMEBODY = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))


def note(house, count, who=Actor.DESK, action=Action.PERSON_ADDED, at=NOON):
    for number in range(count):
        house.store.audit.write(who, action, at=at, object=f"{number:016x}")


def lines(page):
    return re.findall(r'<td class="number">(\d+)</td>', page.text)


def test_lines_stand_newest_first_by_pages_of_a_hundred_r55(house, officer):
    note(house, 130)
    first = officer.get(PATH)
    assert len(lines(first)) == 100
    assert lines(first)[0] == str(house.store.audit.count())
    older = officer.get(re.search(r'rel="next" href="([^"]*)"', first.text)[1])
    assert len(lines(older)) == house.store.audit.count() - 100
    assert set(lines(older)).isdisjoint(lines(first))


def test_an_account_is_told_by_its_name_and_by_nothing_but_its_id_in_the_file(house, officer):
    note(house, 1, who=SOMEBODY)
    assert "Wang Li" in officer.get(PATH).text
    assert "Wang Li" not in officer.post(f"{PATH}/lines").text


def test_lines_are_found_by_actor_action_and_day(house, officer):
    note(house, 3, who=SOMEBODY, action=Action.HOURS_SET, at=NOON + timedelta(days=2))
    note(house, 2)
    assert len(lines(officer.get(f"{PATH}?actor=staff"))) == 3
    assert len(lines(officer.get(f"{PATH}?action=hours-set"))) == 3
    assert len(lines(officer.get(f"{PATH}?actor=desk"))) == 2
    assert len(lines(officer.get(f"{PATH}?first=2026-11-24&last=2026-11-24"))) == 3
    assert lines(officer.get(f"{PATH}?first=2026-11-25")) == []


def test_a_day_that_is_none_is_said_beside_its_field(officer):
    page = officer.get(f"{PATH}?first=soon&last=2026-13-40").text
    assert 'id="wrong-first"' in page
    assert 'id="wrong-last"' in page
    assert 'id="wrong-last"' in officer.get(f"{PATH}?first=2026-11-24&last=2026-11-22").text
    assert 'id="wrong-first"' in officer.get(f"{PATH}?first=9999-12-31").text


def test_words_that_no_line_can_hold_find_everything_and_break_nothing(house, officer):
    note(house, 1)
    for asked in ("actor=%27%20OR%201", "action=x", "before=-1", "before=" + "9" * 40, "before=%D9%A1"):
        assert officer.get(f"{PATH}?{asked}").status_code == 200


def test_a_whole_log_is_verified_beside_the_loop_r55(house, officer):
    note(house, 5)
    officer.follow(officer.post(f"{PATH}/verify"))
    house.settle(house.office.audit.verified)
    count = house.store.audit.count()
    assert f"All {count} lines are unaltered" in officer.get(PATH).text


def test_an_altered_line_is_named_r55(house, officer, intruder):
    note(house, 5)
    with intruder() as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit_log'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit_log SET object = 'x' WHERE seq = 3")
    officer.post(f"{PATH}/verify")
    house.settle(house.office.audit.verified)
    page = officer.get(PATH).text
    assert "does not hold at line 3" in page
    assert "entry altered" in page


def test_details_are_said_in_words_and_what_has_none_stands_as_it_is(house, officer):
    """R55: whoever reads the log need not know the gate's own words."""
    said = [
        (Action.CREDENTIAL_ISSUED, "", {"method": "card"}, "Method: Card"),
        (Action.ACCOUNT_CHANGED, "", {"roles": "guard,manager"}, "Offices: Guard, Manager"),
        (Action.SETTINGS_CHANGED, "", {"keys": "door.release_s"}, "Settings: Seconds the door is free"),
        (Action.ALARM_ACKNOWLEDGED, "held", {}, "The door stands open for too long."),
        (Action.RETENTION_RAN, "", {"reason": "50% <of it>"}, "Why: 50% &lt;of it&gt;"),
        (Action.RETENTION_RAN, "", {"": ""}, "–"),  # noqa: RUF001
    ]
    for action, about, detail, _ in said:
        house.store.audit.write(Actor.DESK, action, at=NOON, object=about, detail=detail)
    page = officer.get(PATH).text
    assert [words for *_, words in said if words not in page] == []


def test_details_are_told_by_name_and_an_altered_line_breaks_no_page(house, officer, intruder):
    house.store.audit.write(Actor.DESK, Action.HOURS_SET, at=NOON, detail={"windows": 3})
    assert "Spans of the week: 3" in officer.get(PATH).text
    with intruder() as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit_log'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for detail in ("[" * 9, "[1]", "<b>", ""):
            connection.execute("UPDATE audit_log SET detail = ?", (detail,))
            assert officer.get(PATH).status_code == 200


def test_while_it_verifies_the_page_renews_itself(house, officer):
    done = threading.Event()

    async def look():
        house.office.audit._job.begin(house.store, done.wait)
        page = await officer.client._http.get(PATH)
        done.set()
        await house.office.audit.verified()
        return page.text

    assert 'http-equiv="refresh"' in house.runner.run(look())


def test_the_file_is_json_lines_and_that_it_was_taken_is_on_record_r55(house, officer):
    note(house, 3)
    answer = officer.post(f"{PATH}/lines", action="person-added")
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert [each["action"] for each in told] == ["person-added"] * 3
    assert told[0]["seq"] > told[-1]["seq"]
    assert (SOMEBODY.value, "audit-exported") in house.actions()


def test_a_file_of_many_lines_comes_in_slices_without_loss(house, officer):
    database = house.store._database
    database.write(lambda _c: note(house, 4100))
    answer = officer.post(f"{PATH}/lines", action="person-added")
    assert len(set(answer.text.splitlines())) == 4100


def test_only_the_privacy_officer_sees_the_log_r53(house):
    assert house.console(Role.MANAGER).get(PATH).status_code == 403
    assert house.console(Role.MANAGER).post(f"{PATH}/lines").status_code == 403
