"""What the document of the architecture lists is what the code makes."""

import ast
import re
from collections import Counter

import pytest

from tests.docs.concurrency import found_in, found_in_code, kinds
from tests.docs.reading import PROJECT

DOCUMENT = PROJECT / "docs" / "architecture.md"
ROUTERS = {"delete", "get", "post", "put"}


def routes():
    """Give every function of the pages' code that a router is told of, with its name."""
    for path in (PROJECT / "gate" / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                isinstance(mark, ast.Call)
                and isinstance(mark.func, ast.Attribute)
                and mark.func.attr in ROUTERS
                for mark in node.decorator_list
            ):
                yield f"{path.name}:{node.name}", node


def test_every_process_thread_lock_and_queue_of_the_code_stands_in_the_document():
    missing = found_in_code() - found_in(DOCUMENT)
    assert dict(missing) == {}, "add a row to docs/architecture.md, and say why"


def test_the_document_lists_none_that_is_not_there():
    surplus = found_in(DOCUMENT) - found_in_code()
    assert dict(surplus) == {}, "take it out of docs/architecture.md"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import threading\nthreading.Thread(target=print)", "thread"),
        ("from threading import Thread as Helper\nHelper(target=print)", "thread"),
        ("import asyncio\nasyncio.Queue[int]()", "queue"),
        ("from asyncio import to_thread\nasync def f(): await to_thread(print)", "thread"),
        ("async def f(loop): await loop.run_in_executor(None, print)", "thread"),
        ("async def f(tasks): tasks.create_task(f(tasks))", "task"),
        ("import subprocess\nsubprocess.run(['true'])", "process"),
        ("import fcntl\nfcntl.flock(1, fcntl.LOCK_EX)", "lock"),
        ("import socket\na, b = socket.socketpair()", "queue"),
        ("from threading import Event\nEvent()", "event"),
    ],
)
def test_one_that_is_made_is_found(source, kind):
    assert list(kinds(source)) == [kind]


@pytest.mark.parametrize(
    "source",
    [
        "from gate.core.door import Lock\nLock('locked')",
        "from enum import StrEnum\nclass Event(StrEnum): pass\nEvent('a')",
        "import threading\nlocal = threading.local()",
    ],
)
def test_what_is_only_called_so_is_left_alone(source):
    assert list(kinds(source)) == []


def test_a_table_of_something_else_is_not_counted(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "| file | kind | many | what |\n|---|---|---|---|\n| `a.py` | thread | 2 | it |\n| a | b | 3 | c |\n"
    )
    assert found_in(page) == Counter({("a.py", "thread"): 2})


def test_every_route_runs_on_the_loop():
    """A plain function as a route would be called in Starlette's pool, beside the state that the loop owns."""
    assert [name for name, function in routes() if isinstance(function, ast.FunctionDef)] == []
    assert any(isinstance(function, ast.AsyncFunctionDef) for _, function in routes())


def test_the_readmes_picture_of_a_visit_shows_no_way_that_is_not_there():
    """The table of ways is compared with the walk of the core's own tests, and the picture with the table."""
    shown = re.findall(r"^    ([A-Z]\w+) --> ([A-Z]\w+): ", (PROJECT / "README.md").read_text(), re.MULTILINE)
    table = {
        (row[1], to)
        for row in re.finditer(r"^\| `([A-Z]\w+)` \| (`[A-Z].*) \|$", DOCUMENT.read_text(), re.MULTILINE)
        for to in re.findall(r"`(\w+)`", row[2])
    }
    assert len(shown) > 15
    assert [way for way in shown if way not in table] == []
