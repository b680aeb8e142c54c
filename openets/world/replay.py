"""History replayed: the operators of a file, year by year, in the place of synthetic ones.

A row is one operator's year as it was published. Surrender that was not published is taken to equal
verified emissions. The sums of the rows are the figures both books are held against in the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from openets.world.figures import Figure
from openets.world.operators import OperatorYear, Population


class PublishedYear(NamedTuple):
    """An operator's published year; None where nothing was published. Units and tonnes.

    `kind` is one of the kinds of the course (`stationary`, `aviation`).
    """

    registry: str
    operator: str
    kind: str
    year: int
    allocated: int | None
    verified: int | None
    surrendered: int | None


def population_of(rows: Iterable[PublishedYear]) -> tuple[tuple[Figure, ...], Population]:
    """The figures and operators of a file; raises `ValueError` for an operator-year given twice."""
    population: Population = {}
    numbers: dict[tuple[str, str, str], int] = {}
    seen: set[tuple[str, str, str, int]] = set()
    for row in rows:
        identity = (row.registry, row.kind, row.operator)
        if (*identity, row.year) in seen:
            raise ValueError(f"Operator {row.operator} has the year {row.year} twice.")
        seen.add((*identity, row.year))
        verified = row.verified or 0
        surrendered = verified if row.surrendered is None else row.surrendered
        free = row.allocated or 0
        if not (free or verified or surrendered):
            continue
        number = numbers.setdefault(identity, len(numbers) + 1)
        year = OperatorYear(number, free, verified, surrendered, row.operator)
        population.setdefault((row.registry, row.year, row.kind), []).append(year)
    figures = tuple(_figure(cell, population[cell]) for cell in sorted(population))
    return figures, population


def _figure(cell: tuple[str, int, str], operators: list[OperatorYear]) -> Figure:
    return Figure(
        *cell,
        operators=len(operators),
        operators_emitting=sum(operator.verified > 0 for operator in operators),
        free_allocation=sum(operator.free_allocation for operator in operators),
        verified_emissions_t=sum(operator.verified for operator in operators),
        units_surrendered=sum(operator.surrendered for operator in operators),
    )
