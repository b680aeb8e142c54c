"""Symbols of compliance computed from published years, and why a published one is another."""

from __future__ import annotations

import random
from typing import Any

import pytest

from openets.rulebook.load import load_rulebook
from openets.world.symbols import Count, Found, SymbolYear, agreement, counts, symbols

EU = load_rulebook("eu")
EMPTY = SymbolYear("AT", "AT_1", 2006, None, "blank", None, None, None, None, False)


def year(year: int, code: str | None = "A", **words: Any) -> SymbolYear:
    if "verified" in words:
        words.setdefault("verified_state", "given")
    return EMPTY._replace(year=year, compliance_code=code, **words)


def computed(*years: SymbolYear) -> list[Found]:
    return list(symbols(years, EU))


def letters(*years: SymbolYear) -> str:
    return "".join(one.computed for one in computed(*years))


def test_sums_run_within_a_period_and_a_year_may_make_up_for_another() -> None:
    years = [
        year(2005, verified=80, surrendered=60),
        year(2006, verified=80, surrendered=100),
        year(2007, verified=80, surrendered=79),
    ]
    assert letters(*years) == "BAB"
    assert [one.figure for one in computed(*years)] == [-20, 0, -1]


def test_the_order_of_rows_does_not_matter() -> None:
    years = [year(y, verified=10 * y % 7, surrendered=3) for y in range(2005, 2023)]
    shuffled = years.copy()
    random.Random(1).shuffle(shuffled)
    assert computed(*years) == computed(*shuffled)


@pytest.mark.parametrize(("left", "expected"), [(50, "AB"), (-50, "BB")])
def test_before_2021_only_a_deficit_enters_the_next_period(left: int, expected: str) -> None:
    last = year(2012, verified=100, surrendered=100 + left)
    short = year(2013, verified=100, surrendered=99)
    assert letters(last, short) == expected


def test_from_2021_a_surplus_enters_too() -> None:
    last = year(2020, verified=100, surrendered=150)
    assert letters(last, year(2021, verified=100, surrendered=50)) == "AA"
    assert letters(last, year(2021, verified=100, surrendered=49)) == "AB"


def test_published_sums_come_before_ones_own() -> None:
    told = year(2014, verified=10, surrendered=0, verified_cumulative=30, surrendered_cumulative=30)
    assert letters(told) == "A"


def test_surrender_nobody_published_is_none_or_else_equal_to_emissions() -> None:
    assert letters(year(2014, verified=10), year(2015, verified=10)) == "AA"
    published = year(2015, verified=10, surrendered=10)
    assert letters(year(2014, verified=10), published) == "BB"


@pytest.mark.parametrize(
    ("row", "letter"),
    [
        (year(2014, "C", verified_state="not-reported"), "C"),
        (year(2014, "A", verified_state="excluded"), "A"),
        (year(2014, "A", verified=0, surrendered=0), "A"),
        (year(2014, "A"), "C"),
    ],
)
def test_what_is_missing_is_not_what_is_zero_or_not_due(row: SymbolYear, letter: str) -> None:
    assert letters(row) == letter


def test_after_its_last_figure_an_operator_owes_none() -> None:
    closed = year(2015, "A")
    assert letters(year(2014, verified=5, surrendered=5), closed) == "AA"


def test_a_year_of_which_nothing_is_told_has_no_symbol() -> None:
    assert computed(year(2014, None)) == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (year(2014, "B", verified=5, surrendered=5), "made good after the date"),
        (year(2014, "C", verified=5, surrendered=5), "emissions were entered after the date"),
        (
            year(2014, "C", verified=5, surrendered=5, code_starred=True),
            "emissions were entered by the authority",
        ),
        (year(2014, "C", verified_state="excluded"), "the year is excluded"),
        (year(2014, "A"), "no emissions are published"),
        (year(2014, "A", verified=5, surrendered=3), "2 units are missing"),
        (
            year(2014, "A", verified=5, surrendered=3, code_starred=True),
            "emissions were corrected by the authority",
        ),
        (year(2010, "D", verified=5, surrendered=3), "not in compliance"),
        (year(2010, "E", verified=5, surrendered=3), "in compliance"),
        (year(2014, "-", verified=5, surrendered=5), "no symbol of a figure"),
    ],
)
def test_every_difference_has_its_reason(row: SymbolYear, reason: str) -> None:
    (found,) = computed(row)
    assert found.published != found.computed
    assert reason in found.reason


def test_agreement_has_no_reason() -> None:
    (found,) = computed(year(2014, "A", verified=5, surrendered=5))
    assert (found.published, found.computed, found.reason) == ("A", "A", "")


def test_counts_name_period_and_published_symbol_and_stars_do_not_matter() -> None:
    found = computed(
        year(2005, "A", verified=5, surrendered=5, code_starred=True),
        year(2006, "B", verified=5, surrendered=5),
        year(2013, "D", verified=5, surrendered=4),
        year(2014, "", verified=5, surrendered=5),
    )
    assert counts(found) == [
        Count("2005", "A", 1, 0, 0),
        Count("2005", "B", 1, 0, 0),
        Count("2013", "", 0, 1, 0),
        Count("2013", "D", 0, 1, 0),
    ]
    assert agreement(found) == (1, 2)
