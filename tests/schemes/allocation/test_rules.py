"""What holds of every allocation: registered formulas, sums, minimum sizes, intervals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openets.kernel.money import Decimal
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import NoLaw
from openets.schemes.allocation import (
    amounts,
    aviation,
    changes,
    course,
    electricity,
    levels,
    parts,
)
from openets.schemes.allocation.law import law_of_year
from openets.schemes.allocation.models import Installation, describe
from openets.schemes.allocation.rules import FINAL_FORMULAS, allocate, allocate_years

EU = load_rulebook("eu")
ROOM = "free-allocation."
heat_levels = st.integers(1, 10_000)


def works(*subs: dict[str, Any], **whole: Any) -> Installation:
    named = [{"name": str(number), **sub} for number, sub in enumerate(subs)]
    found = describe({"installations": [{"id": "A", "sub_installations": named, **whole}]})
    return found.installations[0]


def heat(**more: Any) -> dict[str, Any]:
    return {"kind": "heat", "exposed": True, "historical_level": 1000, **more}


def named(path: str, *keys: str) -> set[Any]:
    """Every name a parameter has or had, or that stands under keys of it."""
    found = set()
    for value in EU.parameter(ROOM + path).values:
        item = value.value
        for key in keys:
            item = item.get(key)
        found |= set(item) if isinstance(item, tuple) else {item}
    return found - {None}


def test_every_formula_the_rulebook_names_is_registered() -> None:
    for kind in ("incumbent", "electricity-generator", "new-entrant"):
        assert named(f"final-amount.{kind}") <= FINAL_FORMULAS.keys()
    assert named("deductions") <= parts.DEDUCTIONS.keys()
    assert named("deductions-order") <= amounts.DEDUCTION_ORDERS.keys()
    assert named("rounding", "to") <= amounts.ROUNDINGS.keys()
    assert named("historical-activity-level", "measure") <= levels.MEASURES.keys()
    assert named("historical-activity-level", "otherwise") <= levels.STARTS.keys()
    assert named("new-entrant-activity-level") <= levels.STARTS.keys()
    assert named("activity-level.average", "measure") <= levels.MEASURES.keys()
    assert (
        named("activity-level.cessation", "year_of_cessation") <= changes.YEARS_OF_CESSATION.keys()
    )
    assert named("activity-level.fall-backs") <= course.FALL_BACK_RULES.keys()
    assert named("activity-level.new-sub-installation", "years") == {
        course.OF_THE_YEAR,
        course.HISTORICAL,
    }
    assert named("power-modernisation-path") <= electricity.PATHS.keys()
    assert {
        formula
        for value in EU.parameter(ROOM + "special-formulas").values
        for formula in value.value.values()
    } == {parts.FEED_SUPPLEMENT, parts.HYDROGEN}


def test_a_law_is_compiled_once_and_again_for_another_day() -> None:
    again = load_rulebook("eu")
    assert law_of_year(EU, 2024) is law_of_year(again, 2024)
    assert law_of_year(EU, 2024) is not law_of_year(EU, 2024, date(2020, 1, 1))


def test_from_2026_the_least_size_is_that_of_the_installation() -> None:
    """Two changes of 187 allowances each: too small alone, large enough together."""
    part = heat(historical_level=30, levels={2025: 24, 2026: 24})
    alone = allocate(EU, works(part), 2027)
    together = allocate(EU, works(part, part), 2027)
    assert [one.preliminary for one in alone.parts] == [936]
    assert [one.preliminary for one in together.parts] == [749, 749]
    before = allocate(EU, works(heat(historical_level=8, levels={2021: 6, 2022: 6})), 2023)
    assert [one.preliminary for one in before.parts] == [378]  # 95 are fewer than 100


def test_a_return_to_the_initial_allocation_needs_no_size() -> None:
    levels_then = {2019: 600, 2020: 600, 2021: 999, 2022: 999}
    small = works(heat(historical_level=1000, levels=levels_then, exposed=False))
    found = allocate_years(EU, small, [2021, 2023])
    assert [one.preliminary for one in found] == [8_514, 14_190]
    tiny = works(
        heat(historical_level={2026: 1000}, levels={2024: 800, 2025: 800, 2026: 990, 2027: 990})
    )
    assert [one.preliminary for one in allocate_years(EU, tiny, [2026, 2028])] == [24_960, 31_200]


def test_the_order_of_deductions_matters_only_where_a_factor_is_not_one() -> None:
    taken = [amounts.Deduction("heat", Decimal(10), Decimal(40))]
    for exposure, before, after in (("1", 600, 600), ("0.3", 180, 0)):
        found = [
            amounts.reckon(
                Decimal(1000),
                amounts.ONE,
                exposure=Decimal(exposure),
                deductions=taken,
                deductions_order=order,
            ).initial
            for order in sorted(amounts.DEDUCTION_ORDERS, reverse=True)
        ]
        assert found == [before, after]


def test_the_final_amount_is_reckoned_from_the_whole() -> None:
    """Parts are rounded one by one, so they may add up to something else."""
    found = allocate(EU, works(*[heat(historical_level=7)] * 3), 2016)
    assert (found.preliminary, found.final) == (1_308, 1_168)
    assert [part.final for part in found.parts] == [389, 389, 389]


def test_cuts_that_cumulate_would_cut_twice() -> None:
    assert amounts.share_with_conditions(2, Decimal(20), cumulative=False) == Decimal("0.8")
    assert amounts.share_with_conditions(2, Decimal(20), cumulative=True) == Decimal("0.6")
    assert amounts.share_with_conditions(0, Decimal(20), cumulative=False) == 1


def test_partial_cessation_needs_a_large_part() -> None:
    """29 % of the installation is too small, 31 % is large enough; 2011/278, Article 23(1)."""
    for share, kept in ((29, "1"), (31, "0.5")):
        small = heat(historical_level=share, levels={2014: share // 2})
        found = allocate(EU, works(small, heat(historical_level=100 - share)), 2015)
        assert found.parts[0].kept == Decimal(kept)
    small = heat(historical_level=900, levels={2014: 400})
    found = allocate(EU, works(small, heat(historical_level=9_000)), 2015)
    assert found.parts[0].kept == Decimal("0.5")  # above 50 000 allowances


def test_aircraft_operators_by_benchmark_and_by_emissions() -> None:
    assert aviation.allowances_by_benchmark(10**9, aviation.benchmark(EU, 2012).value) == 679_695
    assert aviation.allowances_by_benchmark(10**9, aviation.benchmark(EU, 2013).value) == 642_186
    for year in (2012, 2013):
        short = EU.ask(ROOM + "aviation.benchmark", for_=year).value
        assert round(aviation.benchmark(EU, year).value * 1000, 4) == short
    assert aviation.allowances_in_reduced_scope(1000, 1, 3) == 333
    assert aviation.split_by_emissions(EU, 2024, 1000, [1, 2, 3]) == [125, 250, 375]
    assert aviation.split_by_emissions(EU, 2025, 1001, [1, 2, 0]) == [167, 333, 0]
    with pytest.raises(NoLaw):
        aviation.split_by_emissions(EU, 2026, 1000, [1])
    with pytest.raises(NoLaw):
        aviation.benchmark(EU, 2021)


def test_what_may_modernise_electricity() -> None:
    found = [electricity.ceiling_from_emissions(EU, year, 1_000_003) for year in (2013, 2014, 2020)]
    assert found == [700_002, 600_001, 0]
    assert electricity.ceiling_from_auctions(EU, 2021, 1001) == 400
    assert electricity.ceiling_from_auctions(EU, 2030, 1001, with_solidarity=True) == 600
    with pytest.raises(NoLaw):
        electricity.ceiling_from_emissions(EU, 2021, 1)


@given(level=heat_levels, years=st.lists(heat_levels, min_size=11, max_size=11))
@settings(max_examples=60, deadline=None)
def test_an_amount_is_the_initial_one_or_follows_an_average(level: int, years: list[int]) -> None:
    given_levels = dict(zip(range(2014, 2025), years, strict=True))
    made = works(heat(historical_level=level, levels=given_levels))
    for found in allocate_years(EU, made, range(2021, 2026)):
        (part,) = found.parts
        change = part.applied.get(parts.LEVEL)
        assert found.preliminary == found.final >= 0
        if change is None:
            assert part.preliminary == part.reckoning.initial
            continue
        assert abs(change.difference) > 15
        assert change.level in {
            Decimal(given_levels[year - 2] + given_levels[year - 1]) / 2
            for year in range(2021, found.year + 1)
        }


@given(
    st.decimals(-100, 300, places=2),
    st.decimals(-100, 300, places=2),
)
def test_a_difference_stays_or_is_the_new_one(difference: Decimal, previous: Decimal) -> None:
    if changes.interval(previous, 15, 5) is None:
        previous = Decimal(0)
    found = changes.difference_that_applies(difference, previous, 15, 5)
    assert found in (Decimal(0), previous, difference)
    assert changes.difference_that_applies(difference, found, 15, 5) == found
    if found != 0:
        assert changes.interval(found, 15, 5) == changes.interval(difference, 15, 5)
        assert (found > 0) == (difference > 0)
