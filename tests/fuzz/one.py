"""Fuzz one target: python -m tests.fuzz.one NAME [libFuzzer's options and folders]. Needs atheris, which make fuzz installs."""

import importlib
import sys
from contextlib import nullcontext
from pathlib import Path

import atheris

from tests.fuzz.harness import Watch
from tests.fuzz.targets import BY_NAME


def main() -> None:
    """Import the target so that its branches are counted, and hand it to libFuzzer with its seeds; does not return."""
    name, *options = sys.argv[1:]
    target = BY_NAME[name]
    with atheris.instrument_imports(include=target.guided_by):
        module = importlib.import_module(target.module)
    folders = [Path(each) for each in options if not each.startswith("-")]
    for number, seed in enumerate(module.SEEDS if folders else ()):
        (folders[0] / f"seed-{number}").write_bytes(seed)
    touches = getattr(module, "TOUCHES", False)
    getattr(module, "ready", lambda: None)()
    watch = None if touches else Watch()

    def one_input(data: bytes) -> None:
        with nullcontext() if watch is None else watch.nothing_touched():
            module.one_input(data)

    atheris.Setup([sys.argv[0], *options], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
