"""A signed document says one thing to every reader (R25)."""

import pytest

from gate.errors import RequestError
from gate.store.account.signing import Signer, verify

SIGNER = Signer(b"\1" * 32)


def test_a_document_that_was_issued_verifies():
    assert verify(SIGNER.issue("receipt", {"unit": "a"}), "receipt").document == {"unit": "a"}


@pytest.mark.parametrize(
    ("whole", "altered"),
    [
        ('"unit": "a"', '"unit": "b", "unit": "a"'),
        ('"document": {', '"document": {"unit": "b"}, "document": {'),
        ('"kind": "receipt"', '"kind": "certificate", "kind": "receipt"'),
    ],
)
def test_a_key_named_twice_makes_a_document_malformed(whole, altered):
    """R25: another reader would take the words that nobody signed."""
    text = SIGNER.issue("receipt", {"unit": "a"})
    assert whole in text
    with pytest.raises(RequestError) as caught:
        verify(text.replace(whole, altered), "receipt")
    assert caught.value.code == "document-malformed"


@pytest.mark.parametrize("text", ["[]", "1", '"x"', "null"])
def test_json_that_is_no_object_is_malformed(text):
    with pytest.raises(RequestError) as caught:
        verify(text, "receipt")
    assert caught.value.code == "document-malformed"
