"""The quantities of supply hang together: caps follow from references, shares add up."""

from __future__ import annotations

from typing import Any

import pytest

from openets.kernel.money import Decimal
from openets.rulebook.load import load_rulebook

EU = load_rulebook("eu")
CAP = "caps.stationary.union"


def ask(path: str, when: int) -> Any:
    return EU.ask(path, for_=when).value


def share(percent: Any, quantity: Any) -> Decimal:
    return Decimal(percent) * Decimal(quantity) / 100


@pytest.mark.parametrize("year", range(2013, 2021))
def test_one_reference_gives_the_caps_of_the_third_period(year: int) -> None:
    reference, factor = ask("caps.stationary.reference", year), ask("linear-reduction-factor", year)
    assert int(reference - share(factor, reference) * (year - 2010)) == ask(CAP, year)


@pytest.mark.parametrize("year", range(2022, 2040))
def test_each_cap_is_a_step_below_the_one_before_it(year: int) -> None:
    step = share(ask("linear-reduction-factor", year), ask("caps.stationary.reference", year))
    changed = Decimal(ask(CAP, year - 1))
    if year >= 2024:
        changed -= ask("caps.stationary.rebasing", year)
        changed += ask("caps.stationary.maritime-addition", year)
    assert abs(changed - step - ask(CAP, year)) < 1


def test_the_reference_of_ships_explains_their_addition() -> None:
    ships = ask("caps.stationary.reference-maritime", 2024)
    without = ask("caps.stationary.reference", 2023)
    assert without + ships == ask("caps.stationary.reference", 2024)
    three_years = ships - 3 * share(ask("linear-reduction-factor", 2024), ships)
    assert round(three_years, -5) == ask("caps.stationary.maritime-addition", 2024)


@pytest.mark.parametrize(
    ("path", "when"),
    [
        ("funds.modernisation.shares", 2021),
        ("funds.modernisation.second-shares", 2024),
        ("supply.early-effort-shares", 2013),
        ("supply.distribution", 2013),
        ("supply.distribution", 2021),
    ],
)
def test_shares_add_up_to_a_hundred(path: str, when: int) -> None:
    assert sum(ask(path, when).values()) == 100


def test_reconstructed_shares_of_the_states_add_up_but_for_rounding() -> None:
    for path in ("supply.member-states.share", "supply.member-states.share-by-emissions"):
        shares = ask(path, 2021)
        assert len(shares) == 28
        assert abs(sum(shares.values()) - 100) < Decimal("0.015")


def test_a_states_share_is_its_emissions_and_its_solidarity() -> None:
    """90 % by emissions, 10 % by emissions times the uplift, scaled to the whole."""
    parts, uplift = ask("supply.distribution", 2021), ask("supply.solidarity-uplift", 2021)
    emissions = ask("supply.member-states.share-by-emissions", 2021)
    weights = {state: emissions[state] * uplift[state] for state in uplift}
    for state, printed in ask("supply.member-states.share", 2021).items():
        own = share(parts["by_emissions"], emissions[state])
        own += parts["solidarity"] * weights.get(state, Decimal(0)) / sum(weights.values())
        assert abs(own - printed) < Decimal("0.002"), state


def test_the_reserve_of_the_third_period_is_its_share_of_the_caps() -> None:
    caps = sum(ask(CAP, year) for year in range(2013, 2021))
    whole = share(ask("supply.new-entrants-reserve-share", 2013), caps)
    assert int(whole) == ask("supply.new-entrants-reserve-quantity", 2013)


def test_early_auctions_add_up() -> None:
    assert sum(ask("auctions.early.volume", 2012).values()) == 120_000_000


@pytest.mark.parametrize("year", [*range(2018, 2021), 2022, 2023, 2024])
def test_published_intakes_are_the_rate_of_the_published_circulation(year: int) -> None:
    rate = ask("reserve.intake.rate", year + 1)
    circulation = ask("reserve.published.circulation", year)
    assert round(share(rate, circulation)) == ask("reserve.published.intake", year)


def test_the_intake_of_2025_is_the_excess_over_the_lower_threshold() -> None:
    excess = ask("reserve.published.circulation", 2025) - ask(
        "reserve.intake.lower-threshold", 2026
    )
    assert excess == ask("reserve.published.intake", 2025)


def test_the_first_intake_is_eight_months_at_the_doubled_rate() -> None:
    first = ask("reserve.intake.first", 2018)
    percent = 2 * first["months"] * first["percent_a_month"]
    circulation = ask("reserve.published.circulation", 2017)
    assert round(share(percent, circulation)) == ask("reserve.published.intake", 2017)


def test_what_lost_validity_is_what_lay_above_the_limit() -> None:
    limit = ask("auctions.published.general", 2022) + ask("auctions.published.aviation", 2022)
    held = ask("reserve.published.holdings", 2022)
    assert held - limit == ask("reserve.published.invalidated", 2023)
    for year in (2024, 2025, 2026):
        held = ask("reserve.published.holdings", year - 1)
        lost = held - ask("reserve.invalidation.limit", year)
        assert lost == ask("reserve.published.invalidated", year)


def test_backloading_comes_to_nothing_and_then_went_to_the_reserve() -> None:
    put_off = [ask("reserve.backloading", year) for year in (2014, 2015, 2016)]
    assert -sum(put_off) == ask("reserve.initial-placements", 2018)["backloaded"]
