"""Modules that call a parser and have no fuzz target of their own, each with the reason. Whoever adds one says why, or adds a target."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PARSING = frozenset(
    {
        *("loads", "validate_json", "model_validate_json", "fromhex", "unhexlify", "b64decode", "b32decode"),
        *("urlsafe_b64decode", "unpack", "unpack_from", "iter_unpack", "frombuffer", "fromfile", "imdecode"),
        *("DictReader", "ZipFile", "fromstring", "safe_load", "frombuf", "decode_base64"),
    }
)
"""Names of functions that make values of bytes or text, whatever module they come from."""
FROM_MODULE = frozenset(
    {("tomllib", "load"), ("json", "load"), ("csv", "reader"), ("tarfile", "open"), ("onnx", "load")}
    | {("np", "load"), ("cobs", "decode"), ("pickle", "load")}
)

OWN_DATABASE = "out of the gate's own database, which only the gate writes; where it is sealed, the seal is checked before"
OWN_WORDS = "text that this same process, its child or its own program made a moment ago"
ROOTS_FILES = "files that root's package or an update wrote, in folders that are root's alone"
OPERATOR = (
    "typed or handed in by whoever runs the gate's commands; a wrong one is refused in words, and not fuzzed"
)
MAKERS = "for those who measure, make or show the product; nothing of it runs at a gate"
PINNED = "checked against its pinned SHA-256 before it is read"

WITHOUT_TARGET: dict[str, tuple[str, ...]] = {
    OWN_DATABASE: (
        "gate/commands/consume.py",
        "gate/govern/stop.py",
        "gate/store/account/audit_head.py",
        "gate/store/account/registers.py",
        "gate/store/bodies.py",
        "gate/store/consent/ledger.py",
        "gate/store/notice_texts.py",
        "gate/store/people.py",
        "gate/store/pins.py",
        "gate/store/requests.py",
        "gate/store/staff/accounts.py",
        "gate/store/staff/approvals.py",
        "gate/store/staff/passkeys.py",
        "gate/store/staff/tokens.py",
        "gate/store/tally.py",
        "gate/store/upkeep/erasures.py",
        "gate/store/upkeep/retention.py",
        "gate/web/staff/ports/audit.py",
    ),
    OWN_WORDS: (
        "gate/check.py",
        "gate/doctor/bundle.py",
        "gate/govern/evidence/archive.py",
        "gate/inforce.py",
        "gate/office/accounts/passkeys.py",
        "gate/office/requests.py",
        "gate/publish/contract.py",
        "gate/publish/homeassistant.py",
        "gate/release/publish.py",
        "gate/release/trying.py",
        "gate/sandbox_check.py",
        "gate/settings_rules.py",
        "gate/vision/client.py",
        "gate/vision/protection.py",
        "gate/vision/renew.py",
        "gate/vision/worker.py",
    ),
    ROOTS_FILES: ("gate/release/journal.py", "gate/release/place.py", "gate/release/setup.py"),
    OPERATOR: ("gate/commands/visit.py", "gate/notice.py", "gate/store/account/assessments.py"),
    MAKERS: (
        "firmware_bridge/mcu_sim/brains.py",
        "firmware_bridge/mcu_sim/guest.py",
        "gate/bench/footprint.py",
        "gate/bench/kiosk.py",
        "gate/bench/networks.py",
        "gate/bench/rivals.py",
        "gate/demo/story.py",
    ),
    PINNED: ("gate/vision/fetch.py", "gate/vision/int8.py"),
}


def parses(path: Path) -> bool:
    """Tell whether a module calls a parser."""
    return any(_is_parser(each.func) for each in _calls(ast.parse(path.read_text("utf-8"))))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (each for each in ast.walk(tree) if isinstance(each, ast.Call))


def _is_parser(called: ast.expr) -> bool:
    match called:
        case ast.Name(name):
            return name in PARSING - {"unpack"}  # a release is unpacked by that name
        case ast.Attribute(ast.Name(module), name):
            return name in PARSING or (module, name) in FROM_MODULE
        case ast.Attribute(_, name):
            return name in PARSING
    return False
