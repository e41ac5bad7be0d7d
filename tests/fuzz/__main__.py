"""Fuzz every parser: python -m tests.fuzz SECONDS [NAME ...]. The seconds are shared out; what was learned stays in state/fuzz.

FUZZ_SEED=1 in the environment draws the same inputs each time, 0 others: a short run that decides on something else than
the parsers, a release say, must not hang on what was drawn.

Exits 1 where a target failed; its input lies in state/fuzz as NAME-crash-... and is run again with
python -m tests.fuzz.one NAME FILE.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.targets import TARGETS

KEPT = Path("state/fuzz")
LEAST_S = 2
LONGEST_INPUT = 4096


def fuzzed(name: str, seconds: int) -> tuple[str, int, str]:
    """Fuzz one target; give its name, how its process ended and what it said."""
    corpus = KEPT / name
    corpus.mkdir(parents=True, exist_ok=True)
    options = (
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-artifact_prefix={KEPT}/{name}-",
        "-timeout=60",
        "-rss_limit_mb=1024",
        "-verbosity=0",
        "-print_final_stats=1",
        f"-seed={os.environ.get('FUZZ_SEED', '0')}",
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.one", name, *options, str(corpus)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return name, done.returncode, done.stdout + done.stderr


def main() -> int:
    """Fuzz all targets, or the named ones, as many at a time as there are cores."""
    total, names = int(sys.argv[1]), sys.argv[2:] or [each.name for each in TARGETS]
    lanes = min(len(names), os.cpu_count() or 1)
    seconds = max(LEAST_S, total * lanes // len(names))
    print(f"fuzzing {len(names)} targets, {seconds} s each, {lanes} at a time", flush=True)
    failed = 0
    with ThreadPoolExecutor(lanes) as pool:
        for name, code, said in pool.map(lambda each: fuzzed(each, seconds), names):
            runs = re.search(r"number_of_executed_units: (\d+)", said)
            print(
                f"  {name:<12} {runs[1] if runs else '?':>9} inputs  {'ok' if code == 0 else 'FAILED'}",
                flush=True,
            )
            if code:
                failed += 1
                told = [line for line in said.splitlines() if not line.startswith("INFO")]
                print("\n".join(told[-40:]), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
