"""Published series: what some basis comes to under a rule of the law is told from what is not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from openets.kernel.money import Decimal, round_half_up
from openets.rulebook.load import load_rulebook
from openets.schemes.allocation.compare import FACTORS, Compared, compare, explain_series
from openets.schemes.allocation.law import EXPOSED, NOT_EXPOSED, law_of_year
from openets.schemes.allocation.rules import CORRECTION, GENERATORS, RECALCULATED

LAW = load_rulebook("eu")
YEARS = range(2013, 2021)


def series(basis: Decimal, factor: str, exposure: str) -> dict[tuple[str, int], int]:
    """The published years of an operator, as the rules make them of a basis."""
    found = {}
    for year in YEARS:
        law = law_of_year(LAW, year)
        value = Decimal(law.values[factor])
        share = value / 100 if factor in (CORRECTION, RECALCULATED) else value
        preliminary = round_half_up(basis * law.exposure[exposure])
        found["AT_1", year] = round_half_up(preliminary * share)
    return found


@settings(max_examples=60, deadline=None)
@given(
    basis=st.decimals("1000", "5000000", places=3),
    factor=st.sampled_from((CORRECTION, RECALCULATED, GENERATORS)),
    exposure=st.sampled_from((EXPOSED, NOT_EXPOSED)),
)
def test_what_the_rules_make_is_explained(basis: Decimal, factor: str, exposure: str) -> None:
    (found,) = explain_series(LAW, series(basis, factor, exposure), YEARS)
    assert found.factor in FACTORS
    if (found.factor, found.exposure) == (factor, exposure):
        assert found.least <= basis <= found.most


def test_a_large_series_has_one_rule_and_its_basis_within_a_unit() -> None:
    (found,) = explain_series(LAW, series(Decimal(10_675_128), CORRECTION, EXPOSED), YEARS)
    assert (found.factor, found.exposure) == (CORRECTION, EXPOSED)
    assert found.least <= 10_675_128 <= found.most
    assert found.most - found.least <= 1


def test_a_series_that_changed_on_the_way_is_not_explained() -> None:
    published = series(Decimal(500_000), CORRECTION, EXPOSED)
    published["AT_1", 2016] += 5
    (found,) = explain_series(LAW, published, YEARS)
    assert (found.factor, found.years) == ("", tuple(YEARS))
    assert explain_series(LAW, {("AT_2", 2013): 5, ("AT_2", 2014): 0}, YEARS) == []


def test_amounts_side_by_side() -> None:
    found = compare({("A", 2021): 10, ("A", 2022): 9}, {("A", 2021): 12})
    assert found == [Compared("A", 2021, 10, 12), Compared("A", 2022, 9, None)]
    assert [one.difference for one in found] == [-2, None]
