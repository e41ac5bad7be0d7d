"""One spelling, and one reading, of what is signed (R25)."""

import pytest

from gate.core.canonical import canonical, digest, parsed


def test_what_was_spelled_is_read_back():
    value = {"b": [1, None, "\u540d"], "a": {"x": True}}
    assert parsed(canonical(value)) == value


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"a": {"b": 1, "b": 1}}', '[{"a": 1, "\\u0061": 2}]'])
def test_an_object_that_names_a_key_twice_is_refused(text):
    with pytest.raises(ValueError, match="twice"):
        parsed(text)


def test_one_value_has_one_digest_however_it_was_put_together():
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert digest({"a": 2}) != digest({"a": 3})
    assert len(digest({})) == 32
