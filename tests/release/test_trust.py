"""What a device refuses to install, and what it says then (R57)."""

import json
import tarfile

import pytest

from gate.errors import ConfigError, RequestError
from gate.release import facts
from gate.release.admission import Device, refuse_unfit
from gate.release.journal import Ended, Result
from gate.release.manifest import FILE_MOST_BYTES, FILES_MOST, Manifest
from gate.release.place import Version
from gate.release.sealed import read_manifest, unpack
from gate.release.signing import public_keys, sign
from tests.release.signed import NOW, Makers

OLD, NEXT = Version(0, 1, 0), Version(0, 3, 0)


@pytest.fixture
def makers(tmp_path):
    return Makers(tmp_path)


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def refused(what, *arguments):
    with pytest.raises(RequestError) as error:
        what(*arguments)
    assert error.value.remedy
    return error.value.code


def told(makers, **changed):
    manifest = read_manifest(makers.publish(), makers.public)
    return json.dumps({**json.loads(manifest.encode()), **changed}).encode()


def test_a_release_of_its_makers_is_unpacked_whole(makers, into):
    manifest = unpack(makers.publish(), into, makers.public)
    assert sorted(path.name for path in into.iterdir()) == sorted(each.name for each in manifest.files)
    assert manifest.version == NOW


def test_a_release_signed_by_a_stranger_is_refused(makers, tmp_path):
    assert (
        refused(read_manifest, makers.publish(), Makers(tmp_path, "strangers").public) == "release-unsigned"
    )


def test_a_device_without_keys_takes_nothing(makers):
    assert refused(read_manifest, makers.publish(), ()) == "release-keys-absent"


def test_one_of_several_keys_is_enough(makers, tmp_path):
    both = (*Makers(tmp_path, "former").public, *makers.public)
    assert read_manifest(makers.publish(), both).version == NOW


def test_a_manifest_altered_by_one_byte_is_refused(makers):
    manifest = told(makers)
    raw = makers.publish_raw(
        manifest.replace(b'"schema": 9', b'"schema": 8'), signature=sign(manifest, makers.private)
    )
    assert refused(read_manifest, raw, makers.public) == "release-unsigned"


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_a_file_altered_anywhere_is_refused(makers, into, at):
    path = makers.publish()
    content = bytearray(path.read_bytes())
    place = content.index(b"a wheel") + 2 if at > 0.5 else content.index(b"a lock") + 2
    content[place] ^= 1
    path.write_bytes(content)
    assert refused(unpack, path, into, makers.public) == "release-altered"


def test_an_altered_file_is_not_left_behind(makers, into):
    path = makers.publish()
    path.write_bytes(path.read_bytes().replace(b"a wheel", b"a whale"))
    refused(unpack, path, into, makers.public)
    assert not any(path.read_bytes() == b"a whale" for path in into.iterdir())


def test_a_release_cut_short_is_refused_wherever_it_is_cut(makers, into, tmp_path):
    whole = makers.publish().read_bytes()
    short = tmp_path / "short.release"
    codes = set()
    for length in range(0, whole.index(b"a wheel"), 256):
        short.write_bytes(whole[:length])
        codes.add(refused(unpack, short, into, makers.public))
        for path in into.iterdir():
            path.unlink()
    assert codes <= {"release-malformed", "release-altered", "release-absent"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_an_entry_that_is_no_plain_file_is_refused(makers, into, kind):
    manifest = told(makers)
    name = json.loads(manifest)["files"][0]["name"]
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, "/etc/passwd"
    assert (
        refused(unpack, makers.publish_raw(manifest, [(entry, b"")]), into, makers.public)
        == "release-altered"
    )


def test_a_file_that_the_manifest_does_not_name_is_refused(makers, into):
    raw = makers.publish_raw(told(makers), [("more.whl", b"more")])
    assert refused(unpack, raw, into, makers.public) == "release-altered"


def test_a_file_that_the_manifest_names_must_be_there(makers, into):
    assert refused(unpack, makers.publish_raw(told(makers)), into, makers.public) == "release-altered"


@pytest.mark.parametrize("name", ["../escaped", "/etc/passwd", "a/b", ".hidden", "", "a" * 300, "x\n"])
def test_a_name_that_leads_elsewhere_is_refused(makers, name):
    manifest = json.loads(told(makers))
    manifest["files"][0]["name"] = name
    raw = makers.publish_raw(json.dumps(manifest).encode())
    assert refused(read_manifest, raw, makers.public) == "release-malformed"


@pytest.mark.parametrize(
    "changed",
    [
        {"files": []},
        {"files": None},
        {"schema": -1},
        {"schema": True},
        {"schema": "9"},
        {"interface": 1.5},
        {"pythons": []},
        {"pythons": ["2.7"]},
        {"more": 1},
        {"version": 3},
    ],
)
def test_a_manifest_of_another_form_is_refused(makers, changed):
    assert (
        refused(read_manifest, makers.publish_raw(told(makers, **changed)), makers.public)
        == "release-malformed"
    )


def test_what_is_too_large_is_refused_before_it_is_read(makers):
    manifest = json.loads(told(makers))
    manifest["files"][0]["size"] = FILE_MOST_BYTES + 1
    assert refused(Manifest.decode, json.dumps(manifest).encode()) == "release-malformed"
    manifest["files"] = manifest["files"] * FILES_MOST
    assert refused(Manifest.decode, json.dumps(manifest).encode()) == "release-malformed"


@pytest.mark.parametrize(
    "version", ["1", "1.2", "1.2.3.4", "v1.2.3", "1.2.3rc1", "01.2.3", "1.2.-3", "1.2.3 ", "\u0661.2.3"]
)
def test_a_version_is_three_numbers_and_nothing_else(makers, version):
    assert (
        refused(read_manifest, makers.publish_raw(told(makers, version=version)), makers.public)
        == "release-version"
    )


def test_another_products_release_is_refused_though_its_makers_are_known(makers):
    assert (
        refused(read_manifest, makers.publish_raw(told(makers, product="lamp")), makers.public)
        == "release-product"
    )


def test_a_later_form_of_manifest_is_refused_with_the_remedy(makers):
    assert (
        refused(read_manifest, makers.publish_raw(told(makers, format=2)), makers.public) == "release-format"
    )


def fitness(manifest, *, in_force=NOW, history=(), interface=1, schema=9, again=False):
    try:
        refuse_unfit(manifest, Device(in_force, history, interface, schema), again=again)
    except RequestError as error:
        return error.code
    return "fits"


def ended(version, result, old=NOW):
    return Ended("2026-11-22T12:00:00Z", old, version, result, "")


def test_only_what_is_newer_than_all_that_served_is_taken(makers):
    def of(version, **told):
        return read_manifest(makers.publish(version, **told), makers.public)

    assert fitness(of(NEXT)) == "fits"
    assert fitness(of(NOW)) == "release-installed"
    assert fitness(of(OLD)) == "release-older"
    # Gone back by hand: what lies between is still a downgrade, and the newest itself may come again.
    gone_back = (ended(NEXT, Result.INSTALLED),)
    assert fitness(of(Version(0, 2, 5)), history=gone_back) == "release-older"
    assert fitness(of(NEXT), history=gone_back) == "fits"


def test_a_release_that_failed_here_is_taken_again_only_when_asked(makers):
    manifest = read_manifest(makers.publish(NEXT), makers.public)
    failed = (ended(NEXT, Result.UNDONE),)
    assert fitness(manifest, history=failed) == "release-failed-before"
    assert fitness(manifest, history=failed, again=True) == "fits"
    assert fitness(read_manifest(makers.publish(Version(0, 4, 0)), makers.public), history=failed) == "fits"


def test_a_release_that_needs_a_newer_package_or_an_older_database_is_refused(makers):
    manifest = read_manifest(makers.publish(NEXT, interface=2), makers.public)
    assert fitness(manifest) == "release-needs-package"
    assert fitness(read_manifest(makers.publish(NEXT, schema=8), makers.public)) == "release-schema"


def test_a_file_among_the_keys_that_is_no_key_stops_every_update(makers):
    (makers.keys / "broken.pem").write_text("no key", encoding="ascii")
    with pytest.raises(ConfigError) as error:
        public_keys([makers.keys])
    assert error.value.code == "release-key"


def test_the_same_release_is_the_same_file(makers):
    first = makers.publish().read_bytes()
    assert makers.publish().read_bytes() == first


def test_a_release_says_what_its_own_wheel_holds():
    from gate.store.db import shipped_migrations

    assert facts.schema() == len(shipped_migrations())
    assert json.loads(facts.payload())["version"] == str(facts.own_version())
