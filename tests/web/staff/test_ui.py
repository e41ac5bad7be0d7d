"""The shared parts of the staff's forms."""

from gate.web.pages import Pages


def field(**attributes):
    source = '{% import "staff/ui.html" as ui with context %}{{ ui.field("x", "X", attributes=attributes) }}'
    # Jinja's own environment, as the pages set it up.
    environment = Pages()._environments["en"]
    return environment.from_string(source).render(attributes=attributes, token="", once=str)


def test_a_field_that_is_not_required_may_be_left_empty():
    assert "required" not in field(required=False)
    assert "(may be empty)" in field(required=False)


def test_a_required_field_is_one_and_a_value_is_quoted():
    shown = field(required=True, pattern='[0-9"]+')
    assert " required " in shown or " required>" in shown
    assert 'pattern="[0-9&#34;]+"' in shown
    assert "(may be empty)" not in shown
