"""Backups, counts and health as the staff's pages see them, over the real store."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from gate.alarms import PAST_MOST, AlarmBoard
from gate.backups import BackupKeeper
from gate.core.alarms import Alarm
from gate.core.counts import Cell
from gate.core.duties import Duty, State, Task
from gate.core.roles import AccountId, Role, Staff
from gate.demo.settings import desk_settings
from gate.errors import RequestError
from gate.office.alarms import AlarmsOffice
from gate.office.backups import BackupsOffice
from gate.office.counts import CountsOffice
from gate.office.health import DUTIES_S, HealthOffice
from gate.settings import BackupSettings
from gate.store.account.signing import fingerprint
from tests.passages import passage
from tests.tallies import PLAIN

MANAGER = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))
GUARD = Staff(AccountId("b" * 16), frozenset({Role.GUARD}))


class At:
    """A clock that moves when it is told to; it may be believed."""

    trusted = True

    def __init__(self, now):
        self.time = now
        self.seconds = 0.0

    def now(self):
        return self.time

    def monotonic(self):
        return self.seconds


def duty(at, state):
    return Duty(Task.ANSWER, "Answer a request.", at, state, "R72")


@pytest.fixture
def clock(noon):
    return At(noon)


@pytest.fixture
def kept(tmp_path, store, clock):
    """Give the backups' office over a real folder."""
    folder = tmp_path / "medium"
    folder.mkdir()
    backup = BackupSettings(folder=folder, every_hours=6)
    settings = desk_settings(tmp_path).model_copy(update={"backup": backup})
    keeper = BackupKeeper(store, folder, every=timedelta(hours=6), clock=clock)
    return BackupsOffice(settings, store, keeper)


async def done(office):
    await office.settle()
    return await office.state()


def test_a_backup_is_made_on_the_managers_word_listed_and_audited(kept, store, noon):
    async def scenario():
        assert (await kept.state()).backups == ()
        kept.make(MANAGER)
        return await done(kept)

    state = asyncio.run(scenario())
    (made,) = state.backups
    assert (made.made_at, state.done.name, state.done.fault) == (noon, made.name, None)
    assert state.due_at == noon + timedelta(hours=6)
    line = store.audit.entries(newest=1)[0]
    assert (line.actor, line.action) == (MANAGER.value, "backup-made")


def test_a_whole_backup_is_told_to_be_whole_and_what_it_holds(kept, resident):
    async def scenario():
        kept.make(MANAGER)
        name = (await done(kept)).backups[0].name
        kept.verify(name)
        return await done(kept)

    found = asyncio.run(scenario()).done
    assert (found.verified, found.people, found.templates, found.fault) == (True, 1, 0, None)


def test_an_altered_backup_is_told_to_be_altered(kept, tmp_path):
    async def scenario():
        kept.make(MANAGER)
        name = (await done(kept)).backups[0].name
        path = tmp_path / "medium" / name
        image = bytearray(path.read_bytes())
        image[-40] ^= 1
        path.write_bytes(image)
        kept.verify(name)
        return await done(kept)

    assert asyncio.run(scenario()).done.fault.code == "backup-altered"


@pytest.mark.parametrize("name", ["../data/gate.sqlite3", "gate-/etc/passwd.gatebackup", "other.txt", ""])
def test_nothing_but_a_backup_of_the_folder_is_ever_opened(kept, name):
    async def scenario():
        with pytest.raises(RequestError) as refused:
            kept.verify(name)
        return refused.value.code

    assert asyncio.run(scenario()) == "backup-unknown"


def test_one_work_at_a_time(kept):
    async def scenario():
        kept.make(MANAGER)
        assert (await kept.state()).at_work
        with pytest.raises(RequestError) as refused:
            kept.make(MANAGER)
        await kept.settle()
        return refused.value.code

    assert asyncio.run(scenario()) == "backup-at-work"


def test_a_medium_that_is_gone_is_told_with_its_remedy(kept, tmp_path):
    (tmp_path / "medium").rmdir()

    async def scenario():
        kept.make(MANAGER)
        return await done(kept)

    state = asyncio.run(scenario())
    assert state.fault.code == "backup-folder-absent"
    assert state.done.fault.code == "backup-folder-absent"


def test_without_a_folder_in_the_settings_there_is_nothing_to_make(tmp_path, store):
    office = BackupsOffice(desk_settings(tmp_path).model_copy(update={"backup": None}), store, None)
    assert asyncio.run(office.state()).folder is None
    with pytest.raises(RequestError) as refused:
        office.make(MANAGER)
    assert refused.value.code == "backup-off"


def test_r44_the_staff_see_the_cells_that_were_told_and_nothing_of_the_rest(open_store, clock, noon, decide):
    store = open_store(counting=PLAIN)
    store.tally.close(noon)
    people = [store.people.add(f"{number}", "Wu", "") for number in range(500, 512)]
    for place, person in enumerate(people):
        passage(store, decide(f"g{place}"), at=noon, who=person)
    passage(store, decide("late"), at=noon + timedelta(hours=1), who=people[0])
    clock.time = noon + timedelta(hours=2)
    store.tally.close(clock.time)
    office = CountsOffice(store, clock)
    shown, withheld = office.windows(noon.date())
    assert (shown.start, shown.people, shown.by_method) == (noon, Cell(12), None)
    assert (withheld.start, withheld.people) == (noon + timedelta(hours=1), Cell(None))
    today = office.days(7)[-1]
    assert (today.day, today.people, today.refused) == (noon.date(), Cell(12, at_least=True), Cell(None))


def test_no_day_is_shown_from_before_the_gate_counted(store, clock, noon):
    office = CountsOffice(store, clock)
    assert (office.since(), office.days(14)) == (None, ())
    store.tally.close(noon - timedelta(days=2))
    store.tally.close(noon)
    first = (noon - timedelta(days=2)).date()
    assert office.since() == first
    assert [each.day for each in office.days(14)] == [first + timedelta(days=ahead) for ahead in range(3)]


def test_no_windows_are_shown_of_a_day_to_come_or_long_ago(store, clock, noon):
    office = CountsOffice(store, clock)
    assert office.windows((noon + timedelta(days=1)).date()) == ()
    assert office.windows((noon - timedelta(days=61)).date()) == ()


def test_r72_what_is_overdue_is_counted_anew_every_half_minute_and_not_at_every_look(store, clock, noon):
    asked = []

    def duties():
        asked.append(1)
        return [duty(noon, State.OVERDUE), duty(noon, State.NEAR)]

    office = HealthOffice(store, clock, duties)
    first = office.look()
    assert (first.overdue, first.near) == (1, 1)
    clock.seconds = DUTIES_S - 1
    office.look()
    assert len(asked) == 1
    clock.seconds = DUTIES_S
    office.look()
    assert len(asked) == 2


def test_the_health_of_a_gate_that_is_well(store, clock):
    found = HealthOffice(store, clock, list).look()
    assert (found.clock_trusted, found.space_low, found.undeleted, found.settings_altered) == (
        True,
        False,
        0,
        False,
    )
    assert found.fingerprint == fingerprint(store.signer.public_key)


def test_alarms_nobody_knows_of_come_first_and_the_newest_before_older_ones():
    board = AlarmBoard(None, lambda: datetime(2026, 11, 22, tzinfo=UTC))
    office = AlarmsOffice(board)
    for alarm in (Alarm.HELD, Alarm.TAMPER, Alarm.POWER):
        board.raise_alarm(alarm)
    assert office.acknowledge(GUARD, "power")
    assert [each.alarm for each in office.standing()] == [Alarm.TAMPER, Alarm.HELD, Alarm.POWER]
    assert not office.acknowledge(GUARD, "earthquake")
    board.ring(Alarm.HELP, 0.0)
    assert office.standing()[0].ends


def test_an_alarm_that_is_over_stands_among_the_past_ones_with_whether_somebody_knew():
    """R60: also one that came and went while nobody looked; the newest first, and no more than fifty."""
    moments = (datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=each) for each in itertools.count())
    board = AlarmBoard(None, lambda: next(moments))
    office = AlarmsOffice(board)
    board.raise_alarm(Alarm.HELD)
    board.ring(Alarm.HELP, 0.0)
    assert office.acknowledge(GUARD, "help")
    board.clear(Alarm.HELD)
    board.clear(Alarm.HELD)
    held, called = office.past()
    assert (held.alarm, held.acknowledged) == (Alarm.HELD, False)
    assert (called.alarm, called.acknowledged) == (Alarm.HELP, True)
    assert held.over - held.since == timedelta(minutes=3)
    for _ in range(PAST_MOST):
        board.raise_alarm(Alarm.POWER)
        board.clear(Alarm.POWER)
    assert {each.alarm for each in office.past()} == {Alarm.POWER}
    assert len(office.past()) == PAST_MOST
