"""The security programme holds itself to what its documents say: pins, rules, audits, the bill of materials, builds."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec

import pytest

from gate.settings import PROJECT
from tests.security.audit import judged
from tests.security.sbom import bill, licences, models, of_repository, pinned, refuse_invalid

LOCKS = sorted(PROJECT.glob("requirements*.lock"))
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
ALLOWED = re.compile(r"MIT|BSD|Apache|ISC|PSF|MPL|Mozilla|LGPL|EPL|0BSD|Zlib|CC0", re.IGNORECASE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pinned_dependency_has_one_version_a_sha256_and_no_address_r57(lock):
    text = lock.read_text("utf-8")
    found = pinned(text)
    assert found
    assert all(found.values()), [name for name, hashes in found.items() if not hashes]
    assert "://" not in text
    assert len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE)) == len(found), "a line pins no version"


def test_every_installation_of_the_makefile_checks_hashes_or_brings_nothing_of_its_own():
    installed = re.findall(r"\$\(PIP\) install (.*)", (PROJECT / "Makefile").read_text("utf-8"))
    assert installed
    assert all("--require-hashes" in each or "--no-deps" in each for each in installed)


def test_the_linter_has_all_rules_of_security_on_for_what_runs_at_a_gate():
    lint = SETTINGS["tool"]["ruff"]["lint"]
    assert "ALL" in lint["select"]
    assert [each for each in lint["ignore"] if re.fullmatch(r"S\d*", each)] == ["S101"]
    loosened = [
        (where, each)
        for where, rules in lint["per-file-ignores"].items()
        for each in rules
        if re.fullmatch(r"S\d*", each) and not where.startswith("tests/")
    ]
    assert loosened == []


def test_an_audit_that_could_ask_nobody_is_not_taken_for_a_clean_one():
    report = {"dependencies": [{"name": "a", "skip_reason": "Dependency not found on PyPI"}]}
    assert judged(json.dumps(report)).answered == 0
    assert judged("", "Traceback\nConnectionError: no route").why_not == "ConnectionError: no route"


def test_an_audit_tells_what_was_found():
    known = {"id": "PYSEC-2026-1"}
    report = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": [known]},
            {"name": "b", "version": "2", "vulns": []},
        ]
    }
    assert judged(json.dumps(report)).found == (("a", "1", "PYSEC-2026-1"),)


def test_the_bill_keeps_what_the_lock_pins_with_its_hashes_and_adds_the_models_r33():
    sha256 = hashlib.sha256(b"").hexdigest()
    environment = {
        "metadata": {"component": {"bom-ref": "root", "name": "gate"}},
        "components": [
            {"type": "library", "bom-ref": "a==1", "name": "A_a", "version": "1"},
            {"type": "library", "bom-ref": "dev==1", "name": "dev", "version": "1"},
        ],
        "dependencies": [{"ref": "root", "dependsOn": ["a==1", "dev==1"]}, {"ref": "dev==1"}],
    }
    made = json.loads(
        bill(json.dumps(environment), f"a-a==1 \\\n    --hash=sha256:{sha256}\n", PROJECT / "models")
    )
    kept = {each["name"]: each for each in made["components"]}
    assert set(kept) == {"A_a", "yunet", "sface", "minifasnet_v1se", "minifasnet_v2"}
    assert kept["A_a"]["externalReferences"][0]["hashes"] == [{"alg": "SHA-256", "content": sha256}]
    assert {each["ref"] for each in made["dependencies"]} == {"root"}
    assert "model:sface" in made["dependencies"][0]["dependsOn"]


def test_every_model_is_pinned_by_the_hash_of_what_runs_and_of_what_its_makers_publish_r33():
    assert {each["name"] for each in models(PROJECT / "models")} == {
        path.stem for path in (PROJECT / "models").glob("*.toml") if "operating-point" not in path.name
    }
    for path in (PROJECT / "models").glob("*.toml"):
        if "operating-point" not in path.name:
            model = tomllib.loads(path.read_text("utf-8"))
            assert re.fullmatch("[0-9a-f]{64}", model["sha256"])
            assert re.fullmatch("[0-9a-f]{64}", model["original"]["sha256"])


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("cyclonedx_py") is None, reason="run make sbom first: it installs cyclonedx-bom"
)
def test_the_bill_is_valid_the_same_twice_and_every_licence_in_it_is_known():
    written = of_repository(PROJECT), of_repository(PROJECT)
    assert written[0] == written[1]
    refuse_invalid(written[0])
    unknown = {name: said for name, said in licences(written[0]).items() if not ALLOWED.search(said)}
    assert unknown == {}
    assert not any("AGPL" in said for said in licences(written[0]).values())


@pytest.mark.slow
def test_a_wheel_built_twice_in_two_places_at_two_times_is_the_same_to_the_byte_r57(tmp_path):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is no checkout of the repository: nothing tells which files belong to it")
    digests = set()
    for number, mask in enumerate((0o022, 0o077)):
        tree, out = tmp_path / str(number) / "tree", tmp_path / str(number) / "out"
        for name in sorted(filter(None, listed.stdout.split("\0")), reverse=bool(number)):
            if (PROJECT / name).is_file() and not name.startswith(("tests/", "docs/pictures")):
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(PROJECT / name, tree / name)
                os.utime(tree / name, (1_700_000_000 + number * 86_400,) * 2)
                (tree / name).chmod(0o666 & ~mask)
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out]
        zone = {"TZ": ("UTC", "Asia/Shanghai")[number]}
        subprocess.run(command, cwd=tree, env=os.environ | zone, umask=mask, check=True, capture_output=True)
        (wheel,) = out.glob("*.whl")
        digests.add(hashlib.sha256(wheel.read_bytes()).hexdigest())
    assert len(digests) == 1
