"""One's own record tells when a face was taken so long ago that taking it anew is worth a word (R34, R70)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.enrolment import RENEW_AFTER
from gate.core.own_record import OwnTemplate
from gate.web.own import own_record_html
from tests.core.test_own_record import NOON, RECORD


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(("age", "told"), [(RENEW_AFTER, 0), (RENEW_AFTER + timedelta(days=1), 1)])
def test_an_aged_face_is_told_in_both_languages_and_a_younger_one_is_not(language, age, told):
    record = replace(RECORD, template=OwnTemplate(NOON - age, "2026-11", NOON))
    page = own_record_html(record, language)
    assert page.count("nine months") + page.count("九个月") == told


def test_who_has_no_face_here_is_told_nothing_of_its_age():
    assert "nine months" not in own_record_html(replace(RECORD, template=None), "en")


@pytest.mark.parametrize(("language", "told"), [("en", "was much like it"), ("zh-CN", "与您十分相像")])
@pytest.mark.parametrize("lookalike", [True, False])
def test_r70_ones_own_record_tells_that_another_face_was_like_it(language, told, lookalike):
    record = replace(RECORD, template=OwnTemplate(NOON, "2026-11", NOON, lookalike=lookalike))
    assert (told in own_record_html(record, language)) is lookalike
