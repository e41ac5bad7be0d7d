"""``docs/requirements.md``: each requirement with the places in the code and the tests that cite its id.

Made by ``make docs``; ``tests/test_requirements.py`` fails when the file says anything else than what stands here.
"""

import ast
import re
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parent.parent
DOCUMENT = PROJECT / "docs" / "requirements.md"
ID = re.compile(r"(?<![A-Za-z0-9])[Rr](\d\d)(?![A-Za-z0-9])(?:(?: to |-)R?(\d\d)\b)?")
"""``R24`` in a sentence, ``r24`` in a test's name, ``R70 to R73`` for all between."""
HEAD = """# Requirements, and where each is kept

Made by `make docs` from `docs/requirements.toml` and from what cites an id; do not edit. What the law asks is told in
engineering notes, not as legal advice, and a row here says what was built and tested, no more.
Laws: PIPL (Personal Information Protection Law), FRM (2025 measures on facial recognition), SPC (Supreme People's Court,
2021), NDSR (network data security), MINOR (minors online); elsewhere GDPR, ISO/IEC 24745, ETSI EN 303 645, OWASP ASVS 5.
"""


def asked():
    return tomllib.loads((PROJECT / "docs" / "requirements.toml").read_text(encoding="utf-8"))


@cache
def known():
    return frozenset(asked())


def cited_in(text):
    """Give every id in *text*; of a span such as R70 to R76 also those between that there are."""
    ids = set()
    for first, last in ID.findall(text):
        between = {f"R{number:02d}" for number in range(int(first) + 1, int(last or first))}
        ids |= {f"R{first}", f"R{last or first}"} | (between & known())
    return ids


@cache
def tests():
    """Give, for each id, the tests that cite it: in their body, or for a whole file in its first words."""
    found = defaultdict(list)
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        tree, lines, name = ast.parse(source), source.splitlines(), path.relative_to(PROJECT).as_posix()
        for each in cited_in(ast.get_docstring(tree) or ""):
            found[each].append(name)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                above = lines[first - 2] if first > 1 and lines[first - 2].lstrip().startswith("#") else ""
                body = "\n".join([above, *lines[first - 1 : node.end_lineno]])
                for each in cited_in(body):
                    found[each].append(f"{name}::{node.name}")
    return found


@cache
def places():
    """Give, for each id, the files of the product that cite it."""
    found = defaultdict(list)
    for folder, kinds in (("gate", ("*.py", "*.sql", "*.html")), ("firmware_bridge", ("*.py",))):
        for path in sorted(each for kind in kinds for each in (PROJECT / folder).rglob(kind)):
            for each in cited_in(path.read_text(encoding="utf-8")):
                found[each].append(path.relative_to(PROJECT).as_posix())
    return found


def document():
    """Give the whole document's text."""
    in_code, in_tests = places(), tests()
    parts = [HEAD]
    for number, entry in asked().items():
        parts.append(f"## {number} {entry['asks']}\n\nAsked by: {entry['law']}\n")
        parts.append(
            "In the code: " + (", ".join(f"`{each}`" for each in in_code[number]) or "nothing yet") + "\n"
        )
        listed = "\n".join(f"- `{each}`" for each in in_tests[number]) or "- none yet"
        parts.append(f"Tests:\n\n{listed}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
