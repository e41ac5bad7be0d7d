"""What the settings say of counts (R44): the noise's budget, and the methods that are told apart."""

from fractions import Fraction

import pytest
from pydantic import ValidationError

from gate.core.anonymity import Counting
from gate.core.types import Method
from gate.errors import ConfigError
from gate.settings import EventsSettings
from gate.settings_rules import refuse_contradictions
from gate.site import counting
from tests.settings_of import settings_of


def site(*, face=True, **events):
    settings = settings_of("north")
    update = {"face": settings.face.model_copy(update={"enabled": face}), "events": EventsSettings(**events)}
    return settings.model_copy(update=update)


def test_r44_counts_carry_noise_unless_the_site_says_otherwise():
    assert counting(site()).epsilon == Counting().epsilon == 1


def test_a_budget_is_taken_as_it_is_written():
    """0.1 as a binary fraction has no short denominator, and the exact sampler would be slow with it."""
    assert counting(site(epsilon=0.1)).epsilon == Fraction(1, 10)


def test_methods_are_told_apart_that_the_site_offers_its_residents_and_no_visitors_code():
    assert counting(site()).offered == {Method.FACE, Method.CARD, Method.PIN}
    assert counting(site(face=False)).offered == {Method.CARD, Method.PIN}


@pytest.mark.parametrize("epsilon", [-0.1, 10.1, "much"])
def test_a_budget_that_is_none_is_refused(epsilon):
    with pytest.raises(ValidationError):
        EventsSettings(epsilon=epsilon)


def test_so_much_noise_that_no_number_means_anything_is_refused_with_a_remedy():
    with pytest.raises(ConfigError) as refused:
        refuse_contradictions(site(epsilon=0.001))
    assert refused.value.code == "settings-epsilon"
    assert "0.05" in refused.value.remedy
    refuse_contradictions(site(epsilon=0.05))
    refuse_contradictions(site(epsilon=0))
