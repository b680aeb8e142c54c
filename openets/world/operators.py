"""Synthetic operators whose years add up, to the tonne, to the published figures.

Nobody here exists. A registry's operators of a kind are numbered from 1 and keep their number and
size over the years; a seeded draw of integers says how large they are, who emits and who receives
units free of charge. Everything is a pure function of figures and seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from random import Random
from typing import NamedTuple

from openets.kernel.money import apportion
from openets.world.figures import Figure

RECEIVE_PERCENT = 88  # of the emitting operators that receive units free of charge
_FACTORS, _FACTOR_LIMIT = 6, 16  # a product of many small draws is spread like sizes of plants


class OperatorYear(NamedTuple):
    """An operator's year: number within registry and kind, units and tonnes.

    `name` is what the operator is called in a file that is replayed; synthetic ones have none.
    """

    operator: int
    free_allocation: int
    verified: int
    surrendered: int
    name: str = ""


class _Traits(NamedTuple):
    size: int
    emits_before: int  # the lower, the more years it emits in
    receives: bool
    generosity: int


Population = dict[tuple[str, int, str], list[OperatorYear]]


def populate(figures: Iterable[Figure], seed: int) -> Population:
    """The operators of every registry, year and kind, in order of their numbers."""

    def series(figure: Figure) -> tuple[str, str]:
        return figure.registry, figure.kind

    population: Population = {}
    for _, group in groupby(sorted(figures, key=lambda f: (series(f), f.year)), key=series):
        years = list(group)
        for figure, operators in zip(years, operator_years(years, seed), strict=True):
            population[figure.cell] = operators
    return population


def operator_years(figures: Sequence[Figure], seed: int) -> list[list[OperatorYear]]:
    """The operators of one registry and kind, for each of its figures in order of years."""
    first = figures[0]
    series = f"{seed}:{first.registry}:{first.kind}"
    traits = _draw_traits(max(figure.operators for figure in figures), Random(series))
    owed = [0] * len(traits)
    years = []
    for figure in figures:
        rng = Random(f"{series}:{figure.year}")
        years.append(_operator_year(figure, traits, owed, rng))
    return years


def _draw_traits(count: int, rng: Random) -> list[_Traits]:
    traits = []
    for _ in range(count):
        size = 1
        for _ in range(_FACTORS):
            size *= rng.randint(1, _FACTOR_LIMIT)
        receives = rng.randrange(100) < RECEIVE_PERCENT
        traits.append(_Traits(size, rng.getrandbits(64), receives, rng.randint(60, 140)))
    return traits


def _operator_year(
    figure: Figure, traits: Sequence[_Traits], owed: list[int], rng: Random
) -> list[OperatorYear]:
    present = range(figure.operators)
    ranked = sorted(present, key=lambda index: traits[index].emits_before)
    emitting = sorted(ranked[: figure.operators_emitting])
    sizes = [traits[index].size * rng.randint(90, 110) for index in emitting]
    verified = dict(zip(emitting, _spread(figure.verified_emissions_t, sizes), strict=True))
    receiving = [index for index in emitting if traits[index].receives] or emitting or [*present]
    shares = [traits[index].size * traits[index].generosity for index in receiving]
    free = dict(zip(receiving, _spread(figure.free_allocation, shares), strict=True))
    surrendered = _surrender(figure.units_surrendered, verified, owed, rng)
    for index in range(len(traits)):
        owed[index] += verified.get(index, 0) - surrendered.get(index, 0)
    active = sorted({*present, *surrendered})
    return [
        OperatorYear(
            index + 1, free.get(index, 0), verified.get(index, 0), surrendered.get(index, 0)
        )
        for index in active
    ]


def _spread(total: int, weights: Sequence[int]) -> list[int]:
    """The total over the weights, at least one each where it suffices; sums to it exactly."""
    if total < len(weights):
        return apportion(total, weights)
    return [1 + share for share in apportion(total - len(weights), weights)]


def _surrender(
    total: int, verified: dict[int, int], owed: Sequence[int], rng: Random
) -> dict[int, int]:
    """Who surrenders how much: as verified, save for what the published total lacks or exceeds."""
    surrendered = dict(verified)
    missing = sum(verified.values()) - total
    if missing > 0:
        for index in rng.sample(sorted(verified), len(verified)):
            short = min(missing, surrendered[index])
            surrendered[index] -= short
            missing -= short
            if not missing:
                break
        return surrendered
    debtors = [index for index, tonnes in enumerate(owed) if tonnes > 0]
    beyond = -missing
    for index in rng.sample(debtors, len(debtors)):
        paid = min(beyond, owed[index])
        surrendered[index] = surrendered.get(index, 0) + paid
        beyond -= paid
    if beyond:
        _add(surrendered, beyond, verified or dict.fromkeys(range(len(owed)), 1))
    return surrendered


def _add(surrendered: dict[int, int], quantity: int, weights: dict[int, int]) -> None:
    """Spreads a quantity nobody owed: the published total is higher than any reason for it."""
    extra = apportion(quantity, list(weights.values()))
    for index, share in zip(weights, extra, strict=True):
        surrendered[index] = surrendered.get(index, 0) + share
