"""Whoever follows a link of a document arrives."""

from pathlib import PurePosixPath
from urllib.parse import unquote

import pytest

from tests.docs.reading import PROJECT, anchors, documents, links

_ELSEWHERE = ("http:", "https:", "mailto:")


def leads_nowhere(document, link):
    """Say whether a relative link of a document names no file, or an anchor that is not there."""
    if link.startswith(_ELSEWHERE):
        return False
    path, _, anchor = unquote(link).partition("#")
    target = (PROJECT / document).parent / path if path else PROJECT / document
    if not target.resolve().is_relative_to(PROJECT) or not target.exists():
        return True
    if not anchor:
        return False
    return anchor not in anchors(target.resolve().relative_to(PROJECT).as_posix())


@pytest.mark.parametrize("document", documents())
def test_every_link_of_a_document_leads_somewhere(document):
    assert [link for link in links(document) if leads_nowhere(document, link)] == []


@pytest.mark.parametrize("link", ["missing.md", "#nowhere", "README.md#nowhere", "../../../etc/passwd"])
def test_a_link_that_leads_nowhere_is_found(link):
    assert leads_nowhere("README.md", link)


@pytest.mark.parametrize(
    "link", ["docs/", "SECURITY.md#supported-versions", "#try-it", "https://example.org"]
)
def test_a_link_that_leads_somewhere_is_left_alone(link):
    assert not leads_nowhere("README.md", link)


def test_every_guide_is_reached_from_the_index_of_the_documents():
    """The index is docs/README.md; decisions have an index of their own."""
    reached = {PurePosixPath(link.partition("#")[0]).name for link in links("docs/README.md")}
    guides = {path.name for path in (PROJECT / "docs").glob("*.md")} - {"README.md"}
    assert guides - reached == set()


def test_every_decision_stands_in_the_list_of_decisions():
    listed = set(links("docs/adr/README.md"))
    written = {path.name for path in (PROJECT / "docs" / "adr").glob("[0-9]*.md")}
    assert written - listed == set()
