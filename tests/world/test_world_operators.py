"""Synthetic operators add up to every published figure, and only to those."""

from __future__ import annotations

import pytest

from openets.world.figures import Figure, load_figures, read_figures
from openets.world.operators import OperatorYear, Population, operator_years, populate

HEAD = (
    "registry,year,kind,operators,operators_emitting,"
    "free_allocation,verified_emissions_t,units_surrendered"
)


@pytest.fixture(scope="module")
def population() -> Population:
    return populate(load_figures(), 7)


def test_there_are_870_figures_and_the_known_totals() -> None:
    figures = load_figures()
    assert len(figures) == 870
    plants = [f for f in figures if f.year == 2008 and f.kind == "stationary"]
    assert sum(f.verified_emissions_t for f in plants) == 2_119_674_111
    assert sum(f.units_surrendered for f in plants) == 2_104_965_634


def test_every_figure_is_met_to_the_tonne(population: Population) -> None:
    for figure in load_figures():
        operators = population[figure.cell]
        assert sum(o.free_allocation for o in operators) == figure.free_allocation
        assert sum(o.verified for o in operators) == figure.verified_emissions_t
        assert sum(o.surrendered for o in operators) == figure.units_surrendered
        assert sum(o.verified > 0 for o in operators) == figure.operators_emitting
        assert len(operators) >= figure.operators
        assert all(min(operator[:4]) >= 0 for operator in operators)


def test_most_emitting_operators_receive_free_units(population: Population) -> None:
    years = [operator for operators in population.values() for operator in operators]
    emitting = sum(year.verified > 0 for year in years)
    receiving = sum(year.free_allocation > 0 for year in years)
    assert 80 <= 100 * receiving // emitting <= 92


def test_the_seed_decides_everything() -> None:
    figures = [f for f in load_figures() if f.registry == "SI"]
    assert populate(figures, 1) == populate(figures, 1)
    assert populate(figures, 1) == populate(list(reversed(figures)), 1)
    assert populate(figures, 1) != populate(figures, 2)


def test_operators_keep_their_size(population: Population) -> None:
    largest = [
        max(population["AT", year, "stationary"], key=lambda o: o.verified).operator
        for year in range(2008, 2018)
    ]
    assert len(set(largest)) <= 3


def owing(years: list[list[OperatorYear]]) -> dict[int, int]:
    owed: dict[int, int] = {}
    for operators in years:
        for one in operators:
            owed[one.operator] = owed.get(one.operator, 0) + one.verified - one.surrendered
    return owed


def test_who_owes_catches_up_before_anybody_surrenders_too_much() -> None:
    years = operator_years(
        [
            Figure("SI", 2013, "aviation", 9, 6, 500, 1_000, 100),
            Figure("SI", 2014, "aviation", 9, 6, 500, 1_000, 1_900),
            Figure("SI", 2015, "aviation", 9, 6, 500, 1_000, 1_000),
        ],
        3,
    )
    assert set(owing(years).values()) == {0}
    assert sum(o.surrendered > 0 for o in years[0]) < 6


def test_a_surplus_nobody_owed_is_spread_over_who_emits() -> None:
    figure = Figure("SI", 2013, "stationary", 5, 4, 10, 100, 260)
    (operators,) = operator_years([figure], 3)
    assert sum(o.surrendered for o in operators) == 260
    assert {o.surrendered > 0 for o in operators if o.verified} == {True}


def test_surrender_without_any_emitting_operator_finds_somebody() -> None:
    figure = Figure("SI", 2013, "stationary", 3, 0, 0, 0, 7)
    (operators,) = operator_years([figure], 3)
    assert sum(o.surrendered for o in operators) == 7


def test_a_cell_may_not_stand_twice() -> None:
    row = "SI,2013,stationary,1,1,1,1,1"
    assert len(read_figures([HEAD, row])) == 1
    with pytest.raises(ValueError, match="twice"):
        read_figures([HEAD, row, row])
