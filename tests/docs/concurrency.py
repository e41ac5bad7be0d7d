"""Finds, by reading the code and running none of it, all that can run beside something else, or wait for it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from tests.docs.reading import PROJECT

ROOMS: Final = ("gate", "firmware_bridge")

_MADE_BY: Final = {
    "process": {
        "asyncio.create_subprocess_exec",
        "asyncio.create_subprocess_shell",
        "concurrent.futures.ProcessPoolExecutor",
        "multiprocessing.Process",
        "os.fork",
        "os.posix_spawn",
        "os.system",
        "subprocess.Popen",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "subprocess.run",
    },
    "thread": {
        "asyncio.to_thread",
        "concurrent.futures.ThreadPoolExecutor",
        "fastapi.concurrency.run_in_threadpool",
        "starlette.concurrency.run_in_threadpool",
        "threading.Thread",
        "threading.Timer",
    },
    "lock": {
        "asyncio.Condition",
        "asyncio.Lock",
        "asyncio.Semaphore",
        "fcntl.flock",
        "fcntl.lockf",
        "threading.BoundedSemaphore",
        "threading.Condition",
        "threading.Lock",
        "threading.RLock",
        "threading.Semaphore",
    },
    "event": {"asyncio.Event", "threading.Event"},
    "queue": {
        "asyncio.LifoQueue",
        "asyncio.PriorityQueue",
        "asyncio.Queue",
        "multiprocessing.Pipe",
        "multiprocessing.Queue",
        "os.pipe",
        "os.pipe2",
        "queue.LifoQueue",
        "queue.PriorityQueue",
        "queue.Queue",
        "queue.SimpleQueue",
        "socket.socketpair",
    },
    "task": {"asyncio.create_task", "asyncio.ensure_future"},
}
_METHODS: Final = {"create_task": "task", "ensure_future": "task", "run_in_executor": "thread"}
"""What a loop or a group of tasks makes, whatever it is called."""
_WORDS: Final = {name.rpartition(".")[2] for made_by in _MADE_BY.values() for name in made_by} | set(_METHODS)
"""A file without any of them makes none, whatever it calls them, and need not be taken apart."""

Found = Counter[tuple[str, str]]
"""How many of a kind stand in a file: (its path, the kind)."""


@cache
def found_in_code() -> Found:
    """Count all of them in the product's code."""
    files = (path for room in ROOMS for path in (PROJECT / room).rglob("*.py"))
    return Counter(
        (path.relative_to(PROJECT).as_posix(), kind)
        for path in files
        for kind in kinds(path.read_text(encoding="utf-8"))
    )


def kinds(source: str) -> Iterator[str]:
    """Give the kind of each one that a module's source makes."""
    if not any(word in source for word in _WORDS):
        return
    tree = ast.parse(source)
    names = dict(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            kind = _kind(_dotted(node.func, names))
            if kind is None and isinstance(node.func, ast.Attribute):
                kind = _METHODS.get(node.func.attr)
            if kind is not None:
                yield kind


def found_in(document: Path) -> Found:
    """Count what a document's tables name: rows that begin with a file in code, a kind, and a number."""
    found: Found = Counter()
    for line in document.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) > 3 and cells[1] in _MADE_BY and cells[2].isdigit():
            found[cells[0].strip("`"), cells[1]] += int(cells[2])
    return found


def _kind(name: str | None) -> str | None:
    return next((kind for kind, made_by in _MADE_BY.items() if name in made_by), None)


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Give each imported name with what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _dotted(node: ast.expr, names: dict[str, str]) -> str | None:
    """Spell what is called by its module, None where that cannot be read off the source."""
    if isinstance(node, ast.Subscript):  # Queue[int]()
        return _dotted(node.value, names)
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, names)
        return f"{base}.{node.attr}" if base else None
    return names.get(node.id) if isinstance(node, ast.Name) else None
