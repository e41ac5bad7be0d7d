"""Every requirement that is kept is cited by a test, and the document that says where never drifts."""

from tests import requirements_table as table

LATER: dict[str, str] = {}
"""What the product does not keep yet, and with which part of it comes."""


def test_each_requirement_is_cited_by_a_test_or_named_as_open():
    cited = table.tests()
    assert {number for number in table.asked() if not cited[number]} <= set(LATER)


def test_what_is_cited_is_a_requirement():
    cited = set(table.tests()) | set(table.places())
    assert cited <= set(table.asked())


def test_the_document_says_what_stands_in_code_and_tests():
    assert table.DOCUMENT.read_text(encoding="utf-8") == table.document(), "run make docs"
