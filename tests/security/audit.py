"""Ask the advisory service about every pinned dependency: make audit

Exits 1 for a known vulnerability. Where the service cannot be reached, says so and exits 0: pip-audit itself reports
"no known vulnerabilities" of dependencies that it could ask nobody about.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-tpm.lock", "requirements-readers.lock")
SERVICES = ("pypi", "osv")
ACCEPTED: dict[str, str] = {}
"""Advisories that do not touch this product, by their id, each with the reason; whoever adds one dates it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said of one lock. found: name, version and advisory."""

    asked: int
    answered: int
    found: tuple[tuple[str, str, str], ...]
    why_not: str = ""


def judged(report: str, said: str = "") -> Answer:
    """Read pip-audit's JSON *report*, or, where it made none, what it *said* at last."""
    try:
        dependencies = json.loads(report)["dependencies"]
    except (ValueError, KeyError):
        last = said.strip().splitlines()
        return Answer(0, 0, (), last[-1][:200] if last else "pip-audit gave no report")
    skipped = [each["skip_reason"] for each in dependencies if "skip_reason" in each]
    found = tuple(
        (each["name"], each["version"], advisory["id"])
        for each in dependencies
        for advisory in each.get("vulns", ())
        if advisory["id"] not in ACCEPTED
    )
    return Answer(len(dependencies), len(dependencies) - len(skipped), found, skipped[0] if skipped else "")


def ask(lock: str, service: str) -> Answer:
    """Ask one service about one lock."""
    command = (
        "-m",
        "pip_audit",
        "-s",
        service,
        "-r",
        lock,
        "--disable-pip",
        "--require-hashes",
        "-f",
        "json",
    )
    done = subprocess.run(
        [sys.executable, *command, "--progress-spinner", "off", "--timeout", "10"],
        capture_output=True,
        text=True,
        check=False,
    )
    return judged(done.stdout, done.stderr)


def main() -> int:
    """Ask the first service that answers about every lock; say what came of it."""
    failed = False
    for lock in LOCKS:
        if not Path(lock).exists():
            continue
        answers = {service: answer for service in SERVICES if (answer := ask(lock, service)).answered}
        if not answers:
            print(f"{lock}: SKIPPED, no advisory service can be reached: {ask(lock, SERVICES[0]).why_not}")
            continue
        for service, answer in list(answers.items())[:1]:
            print(
                f"{lock}: {answer.answered} of {answer.asked} asked of {service}, {len(answer.found)} advisories"
            )
            for name, version, advisory in answer.found:
                print(f"  {name} {version}: {advisory}")
            failed = failed or bool(answer.found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
