"""A release goes in force beside the old one, and comes back by itself if it does not serve."""

import pytest

from gate.errors import DeviceFault, RequestError, VaultError
from gate.release import database
from gate.release.journal import JOURNAL_NAME, Course, Step
from gate.release.place import Place, Version
from gate.store import holds
from gate.store.account import audit_head
from gate.store.db import DATABASE_NAME
from tests.release.devices import NEW, OLD, SCHEMA


def test_a_release_that_serves_stays(device):
    device.made()
    device.updater().put_in_force(device.new)
    assert device.place.in_force().version == NEW == device.runs()
    assert (device.history(), device.leftovers()) == (["installed"], [])


def test_a_release_that_does_not_serve_is_taken_back_and_the_door_serves_again(device):
    device.made(broken=True)
    with pytest.raises(DeviceFault, match="Nothing that was stored is lost") as fault:
        device.updater().put_in_force(device.new)
    assert fault.value.code == "update-undone"
    assert device.place.in_force().version == OLD == device.runs()
    assert device.told()[:1] == ["before"]


def test_a_database_that_was_migrated_comes_back_as_it_was_with_the_head_of_its_log(device):
    device.made(new_schema=SCHEMA + 1, broken=True)
    before = device.told(), device.head()
    with pytest.raises(DeviceFault, match="put back as it was before"):
        device.updater().put_in_force(device.new)
    assert device.schema() == SCHEMA
    assert (device.told()[: len(before[0])], before[1]) == (before[0], "0.1.0")
    assert "0.2.0" not in device.told()


def test_the_copy_of_the_database_goes_when_the_update_is_over_r75(device):
    device.made(new_schema=SCHEMA + 1)
    device.updater().put_in_force(device.new)
    assert device.schema() == SCHEMA + 1
    assert device.leftovers() == []


def test_a_migration_keeps_everything_told_before(device):
    device.made(new_schema=SCHEMA + 1)
    device.updater().put_in_force(device.new)
    assert device.told()[0] == "before"


def test_a_journal_that_cannot_be_read_is_none_and_does_not_stay(device):
    device.made()
    device.place.make_work()
    (device.place.work / JOURNAL_NAME).write_text("{")
    assert device.updater().recover(start=True) is None
    assert device.leftovers() == []
    assert device.place.in_force().version == OLD


def test_going_back_by_hand_loses_nothing(device):
    device.made()
    device.updater().put_in_force(device.new)
    assert device.updater().roll_back() == OLD
    assert device.runs() == OLD
    assert "0.2.0" in device.told()


def test_nobody_goes_back_behind_the_database(device):
    device.made(new_schema=SCHEMA + 1)
    device.updater().put_in_force(device.new)
    with pytest.raises(RequestError) as refused:
        device.updater().roll_back()
    assert refused.value.code == "database-moved-on"
    assert device.runs() == NEW


def test_what_a_trial_says_against_a_release_stops_it_before_the_door_does(device):
    device.made()
    said = []

    def against(_old, _new, _room):
        said.append(device.runs())
        raise RequestError("release-unfit", "It does not fit.", remedy="None.")

    with pytest.raises(RequestError):
        device.updater(try_out=against).put_in_force(device.new)
    assert said == [OLD] == [device.runs()]
    assert device.leftovers() == []


def test_a_trial_gets_a_copy_of_the_database_only_where_it_is_migrated(device):
    device.made(new_schema=SCHEMA + 1)
    seen = []
    device.updater(try_out=lambda _old, _new, room: seen.extend(p.name for p in room.iterdir())).put_in_force(
        device.new
    )
    assert seen == [DATABASE_NAME]
    assert device.leftovers() == []


def test_while_somebody_uses_the_data_nothing_is_switched_and_the_gate_serves_on(device):
    device.made(new_schema=SCHEMA + 1)
    hold = holds.Hold.shared(device.data.data_dir)
    with pytest.raises(VaultError) as refused:
        device.updater().put_in_force(device.new)
    hold.close()
    assert refused.value.code == "gate-running"
    assert device.place.in_force().version == OLD == device.runs()


def test_a_gate_that_did_not_run_is_not_started(device):
    device.made()
    (device.home / "running").unlink()
    device.updater().put_in_force(device.new)
    assert (device.place.in_force().version, device.runs()) == (NEW, None)


def test_a_gate_that_ends_again_and_again_is_asked_to_run_and_the_next_release_must_serve(device):
    device.made()
    device.ends_again_and_again()
    device.updater().put_in_force(device.new)
    assert device.place.in_force().version == NEW == device.runs()


def test_going_back_from_a_release_that_ends_again_and_again_starts_the_earlier_one(device):
    device.made()
    device.updater().put_in_force(device.new)
    device.ends_again_and_again()
    device.updater().roll_back()
    assert device.runs() == OLD


def test_a_release_that_ends_again_and_again_does_not_stay_up(device):
    device.made()
    device.ends_again_and_again()
    assert not device.updater().service.stays_up()


def test_what_power_cuts_left_of_an_updates_notes_goes_with_the_next_update(device):
    device.made()
    for name in ("update.json.a1b2.partial", "history.json.c3d4.partial"):
        (device.place.make_work() / name).touch()
    device.updater().put_in_force(device.new)
    assert device.leftovers() == []


def test_a_first_release_is_put_in_force_at_once(device):
    new = device.release(NEW, SCHEMA)
    device.updater().put_in_force(new)
    assert device.place.in_force().version == NEW


def test_only_the_release_before_is_kept(device):
    device.made()
    device.release(Version(0, 0, 9), SCHEMA)
    device.updater().put_in_force(device.new)
    assert [each.version for each in device.place.installed()] == [OLD, NEW]


def test_an_environment_that_was_never_finished_counts_as_none_and_is_removed(device):
    device.made()
    (device.place.releases / "0.3.0" / "bin").mkdir(parents=True)
    assert [each.version for each in device.place.installed()] == [OLD, NEW]
    device.place.clear_unfinished()
    assert not (device.place.releases / "0.3.0").exists()


def test_two_updates_never_run_at_once(device):
    device.made()
    with (
        device.place.alone(),
        pytest.raises(RequestError) as refused,
        Place(device.place.root, device.place.work).alone(),
    ):
        pass
    assert refused.value.code == "update-busy"


def test_an_update_interrupted_before_the_switch_never_happened(device):
    device.made()
    device.updater().journal.write(Course(Step.PREPARED, OLD, NEW, copied=True, served=True))
    assert device.updater().recover().new == NEW
    assert device.place.in_force().version == OLD
    assert device.leftovers() == []


def test_the_names_that_the_store_gives_its_files_are_known_here_too():
    assert database.DATABASE_NAME == DATABASE_NAME
    assert database.HOLD_NAME == holds.HOLD_NAME
    assert database.HEAD_NAME == audit_head.HEAD_NAME
