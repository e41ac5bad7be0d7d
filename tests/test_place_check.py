"""``gate check`` says before the first start what would keep it from working, and says each fault once."""

from pathlib import Path

import pytest

from gate.check import check_gate
from gate.demo.settings import desk_settings
from gate.errors import DeviceFault, VaultError
from gate.place_check import refuse_absent_backup, refuse_absent_camera, refuse_folders, stands
from gate.release.looking import look
from gate.settings import BackupSettings, CameraSettings, StorageSettings, read_settings
from tests.settings_file import settings_file


def camera(source, driver="v4l2"):
    return CameraSettings.model_construct(driver=driver, source=source)


def storage(data, keys):
    return StorageSettings(data_dir=data, keys_dir=keys)


@pytest.mark.parametrize("source", ["97", "/dev/video97"])
def test_a_camera_that_is_not_plugged_in_is_told_by_its_device_file(source):
    with pytest.raises(DeviceFault, match="/dev/video97") as caught:
        refuse_absent_camera(camera(source))
    assert caught.value.code == "camera-absent"


@pytest.mark.parametrize(("driver", "source"), [("v4l2", "/dev/null"), ("stream", "rtsp://10.0.0.9/1")])
def test_a_device_file_that_is_there_and_a_camera_without_one_are_not_missed(driver, source):
    refuse_absent_camera(camera(source, driver))


def test_a_first_start_may_make_folders_where_it_may_write(tmp_path):
    refuse_folders(storage(tmp_path / "new" / "data", tmp_path / "new" / "keys"))


def test_a_data_folder_below_a_file_cannot_be_used(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(VaultError, match="file") as caught:
        refuse_folders(storage(tmp_path / "file" / "data", tmp_path / "keys"))
    assert caught.value.code == "folder-unwritable"


def test_r51_keys_beside_the_data_are_told_before_any_are_made(tmp_path):
    with pytest.raises(VaultError) as caught:
        refuse_folders(storage(tmp_path / "data", tmp_path / "data" / "keys"))
    assert caught.value.code == "keys-beside-data"


def test_a_backup_folder_that_is_not_mounted_is_told():
    with pytest.raises(VaultError) as caught:
        refuse_absent_backup(BackupSettings(folder=Path("/nowhere/gate-backup")))
    assert caught.value.code == "backup-folder-absent"


def test_what_this_account_may_not_look_at_is_told_as_absent_and_never_as_an_accident(monkeypatch, tmp_path):
    def barred(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", barred)
    assert not stands(tmp_path)
    with pytest.raises(VaultError, match="may not look there"):
        refuse_absent_backup(BackupSettings(folder=tmp_path))


def test_what_is_unplugged_just_now_speaks_against_no_release(tmp_path):
    (tmp_path / "room").mkdir()
    config = settings_file(tmp_path)
    config.write_text(f'{config.read_text()}\n[backup]\nfolder = "/nowhere/gate-backup"\n')
    assert "backup" in {found.subject for found in check_gate(read_settings(config)) if not found.ok}
    assert "backup" not in look(config, tmp_path / "room")


def test_a_fault_that_stops_several_parts_is_told_in_full_once(tmp_path):
    settings = desk_settings(tmp_path)
    face = settings.face.model_copy(update={"enabled": False})
    door = settings.door.model_copy(update={"driver": "controller"})
    reader = settings.reader.model_copy(update={"driver": "controller"})
    told = {
        each.subject: each
        for each in check_gate(settings.model_copy(update={"door": door, "reader": reader, "face": face}))
    }
    assert not told["reader"].ok
    assert not told["door"].ok
    assert "has no key yet" in told["reader"].seen
    assert told["door"].seen == "the same as reader above"
