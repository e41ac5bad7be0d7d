"""Retention's page: the table, the runs, and one run now (R53, R75, R76)."""

from datetime import timedelta

from gate.core.retention import DATA_TABLE
from gate.core.roles import Role
from gate.web.staff.retention_words import ITEMS, ROWS

PATH = "/staff/retention"


def test_every_line_of_the_table_is_on_the_page_word_for_word_r75(manager):
    assert set(ROWS) == set(ITEMS) == {row.item for row in DATA_TABLE}
    for row in DATA_TABLE:
        said = ROWS[row.item]
        assert (said.what, said.starts, said.kept, said.ends) == (row.what, row.starts, row.kept, row.ends)
    page = manager.get(PATH).text
    assert page.count("<tr>") > len(DATA_TABLE)
    assert "at most 365 days" in page


def test_a_run_now_deletes_what_is_past_its_time_and_names_who_had_it_run_r75(house, manager):
    person = house.move_in()
    house.agree(person)
    house.time.at += timedelta(days=366)
    page = manager.follow(manager.post(f"{PATH}/run")).text
    assert "Done." in page
    assert "Face templates" in page
    assert house.store.templates.count() == 0
    assert house.gate.told == ["gallery"]
    assert (manager.who.value, "retention-ran") in house.actions()


def test_a_run_without_anything_due_says_so(manager):
    assert "nothing was due" in manager.follow(manager.post(f"{PATH}/run")).text


def test_a_clock_in_doubt_deletes_nothing_r75(house, manager):
    house.agree(house.move_in())
    house.time.at += timedelta(days=366)
    for trusted, leapt in ((False, False), (True, True)):
        house.time.trusted, house.time.leapt = trusted, leapt
        answer = manager.post(f"{PATH}/run")
        assert answer.status_code == 422
        assert "nothing was deleted" in answer.text
    assert house.store.templates.count() == 1
    assert house.store.retention.runs() == ()


def test_what_could_not_be_deleted_stands_on_the_page_r76(house, manager, intruder):
    house.agree(house.move_in())
    house.time.at += timedelta(days=366)
    with intruder() as connection:
        connection.execute(
            "CREATE TRIGGER stays BEFORE DELETE ON templates BEGIN SELECT RAISE(ABORT, 'stays'); END"
        )
    page = manager.follow(manager.post(f"{PATH}/run")).text
    assert "Could not be deleted" in page
    assert "its use is stopped" in page
    assert "1 record failed" in page


def test_a_guard_neither_sees_nor_runs_it_r53(house):
    guard = house.console(Role.GUARD)
    assert guard.get(PATH).status_code == 403
    assert guard.post(f"{PATH}/run").status_code == 403
