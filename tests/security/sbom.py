"""Write the bill of materials: python -m tests.security.sbom FILE [REPOSITORY]

CycloneDX 1.6 as cyclonedx-py writes it of this environment, with licences and who needs whom; kept to what the lock
pins for a gate, with the lock's hashes; and with the models, which no Python tool knows, by the hash they are pinned
at. The same lock, models and platform give the same bytes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ALGORITHM = "SHA-256"
UNTOLD = {"protobuf": "BSD-3-Clause"}
"""Licences that a distribution's metadata leaves out, as its repository states them."""
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def normal(name: str) -> str:
    """Give a project's name in the one spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(lock: str) -> dict[tuple[str, str], list[str]]:
    """Give the hashes of every pinned version, by name and version."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in lock.splitlines():
        if (start := _PINNED.match(line)) is not None:
            hashes = found[normal(start[1]), start[2]] = []
        if (each := _HASH.search(line)) is not None:
            hashes.append(each[1])
    return found


def models(folder: Path) -> list[dict[str, object]]:
    """Give a component for every model that may load, pinned by its prepared network."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        model = tomllib.loads(path.read_text(encoding="utf-8"))
        if "task" not in model:
            continue
        sources = [source for source in model["original"]["sources"] if source["kind"] == "url"]
        found.append(
            {
                "type": "machine-learning-model",
                "bom-ref": f"model:{model['name']}",
                "name": model["name"],
                "version": model["original"]["file"],
                "description": model["description"],
                "licenses": [{"license": {"name": model["licence"]}}],
                "hashes": [{"alg": ALGORITHM, "content": model["sha256"]}],
                "externalReferences": [
                    {
                        "type": "distribution",
                        "url": source["url"],
                        "comment": "as its makers publish it, before it is prepared",
                        "hashes": [{"alg": ALGORITHM, "content": model["original"]["sha256"]}],
                    }
                    for source in sources
                ],
            }
        )
    return found


def bill(environment: str, lock: str, folder: Path) -> str:
    """Give the bill as JSON text. environment: what cyclonedx-py wrote. lock: its text. folder: of the models."""
    made = json.loads(environment)
    known = pinned(lock)
    kept = [each for each in made["components"] if (normal(each["name"]), each["version"]) in known]
    for each in kept:
        each["externalReferences"] = [
            {
                "type": "distribution",
                "url": f"https://pypi.org/simple/{normal(each['name'])}/",
                "comment": "any of these files, by its hash",
                "hashes": [
                    {"alg": ALGORITHM, "content": sha256}
                    for sha256 in sorted(known[normal(each["name"]), each["version"]])
                ],
            }
        ]
        each.pop("properties", None)
    root = made["metadata"]["component"]
    root.pop("properties", None)
    root.pop("externalReferences", None)
    networks = models(folder)
    names = {root["bom-ref"], *(each["bom-ref"] for each in (*kept, *networks))}
    made["components"] = sorted([*kept, *networks], key=lambda each: (each["type"], each["name"]))
    made["dependencies"] = [
        {"ref": each["ref"], "dependsOn": sorted(set(each.get("dependsOn", ())) & names)}
        for each in made["dependencies"]
        if each["ref"] in names
    ]
    for each in made["dependencies"]:
        if each["ref"] == root["bom-ref"]:
            each["dependsOn"] += [network["bom-ref"] for network in networks]
    return json.dumps(made, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def licences(written: str) -> dict[str, str]:
    """Give the licence of every component of a bill, in the words of its makers; empty where they gave none."""
    told = {}
    for each in json.loads(written)["components"]:
        found = [
            choice.get("expression") or choice["license"].get("id") or choice["license"].get("name", "")
            for choice in each.get("licenses", ())
        ]
        said = " AND ".join(dict.fromkeys(found)).replace("License :: OSI Approved :: ", "")
        told[each["name"]] = said or UNTOLD.get(each["name"], "")
    return told


def of_repository(repository: Path) -> str:
    """Give the bill of this environment and a repository."""
    command = (sys.executable, "-m", "cyclonedx_py", "environment", sys.prefix)
    command += ("--output-reproducible", "--sv", "1.6", "--of", "JSON")
    made = subprocess.run(
        [*command, "--pyproject", repository / "pyproject.toml"],
        capture_output=True,
        text=True,
        check=True,
    )
    return bill(made.stdout, (repository / "requirements.lock").read_text("utf-8"), repository / "models")


def refuse_invalid(written: str) -> None:
    """Raise ValidationError where a bill is none by CycloneDX's own schema, addresses' own grammar left out: it is slow."""
    import cyclonedx.schema
    from jsonschema import Draft7Validator
    from referencing import Registry, Resource

    folder = Path(cyclonedx.schema.__file__).parent / "_res"
    schemas = {
        path.name: json.loads(path.read_text("utf-8"))
        for path in folder.glob("*.schema.json")
        if path.name.startswith(("bom-1.6.", "spdx.", "jsf-"))
    }
    (whole,) = [name for name in schemas if name.startswith("bom-")]
    home = schemas[whole]["$id"].rpartition("/")[0]
    known = Registry().with_resources(
        (f"{home}/{name}", Resource.from_contents(each)) for name, each in schemas.items()
    )
    Draft7Validator(schemas[whole], registry=known).validate(json.loads(written))


def main() -> None:
    """Write FILE, and beside it licences.txt."""
    out = Path(sys.argv[1])
    written = of_repository(Path(sys.argv[2] if len(sys.argv) > 2 else "."))
    refuse_invalid(written)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(written, "utf-8")
    listed = sorted(licences(written).items())
    (out.parent / "licences.txt").write_text("".join(f"{name}: {said}\n" for name, said in listed), "utf-8")
    print(f"written: {out} ({len(listed)} components), {out.parent / 'licences.txt'}")


if __name__ == "__main__":
    main()
