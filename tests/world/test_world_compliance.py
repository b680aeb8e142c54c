"""Symbols, missing units and penalties of a played world, from what a book says."""

from __future__ import annotations

from openets.rulebook.load import load_rulebook
from openets.world.compliance import Year, compliance_years
from openets.world.totals import Totals

EU = load_rulebook("eu")


def world(emissions: dict[int, int], surrendered: dict[int, int], account: int = 1) -> Totals:
    """One operator's account; tonnes and units by year of emissions."""
    return Totals(
        emissions={account: emissions},
        surrendered={account: surrendered},
    )


def test_a_shortfall_costs_the_rate_of_its_year_and_stays_owed() -> None:
    found = compliance_years(world({2005: 100, 2006: 50}, {2005: 90, 2006: 60}), EU)
    assert found == [Year(2005, 0, 1, 10, 10 * 4_000, True), Year(2006, 1, 0, 0, 0, True)]


def test_a_deficit_follows_into_the_next_period_and_a_surplus_did_not() -> None:
    deficit = compliance_years(world({2012: 100, 2013: 100}, {2012: 95, 2013: 100}), EU)
    assert [(one.b, one.units_missing, one.cents) for one in deficit] == [
        (1, 5, 50_000),
        (1, 5, 50_000),
    ]
    surplus = compliance_years(world({2012: 100, 2013: 100}, {2012: 105, 2013: 95}), EU)
    assert [one.units_missing for one in surplus] == [0, 5]
    later = compliance_years(world({2020: 100, 2021: 100}, {2020: 105, 2021: 95}), EU)
    assert [one.units_missing for one in later] == [0, 0]


def test_where_the_index_is_not_known_the_penalty_is_the_least_it_can_be() -> None:
    (year,) = compliance_years(world({2015: 100}, {2015: 99}), EU)
    assert (year.cents, year.final) == (10_000, False)


def test_a_year_without_emissions_has_no_symbol() -> None:
    found = compliance_years(world({2005: 10, 2007: 10}, {2005: 10, 2006: 4, 2007: 6}), EU)
    assert [(one.year, one.a) for one in found] == [(2005, 1), (2007, 1)]
