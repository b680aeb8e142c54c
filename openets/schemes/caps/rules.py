"""Formulas of quantities: Articles 3c, 9, 10 and 30c of Directive 2003/87/EC.

Numbers in, numbers out. Quantities are allowances; between steps they are exact decimals, and only
`whole` makes units of them. Percentages are the figures of the law (2.2 for 2.2 %). Which formula
applies to a year is the rulebook's answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from openets.kernel.money import Decimal, apportion, cut_off, round_half_up, round_places

PERCENT = Decimal(100)
Number = Decimal | int
ROUNDINGS: dict[str, Callable[[Decimal], int]] = {"down": cut_off, "nearest": round_half_up}
DECIMALS = 4
PRECISION = 1_000_000  # weights of shares: the law gives percentages with fewer decimals


def part(percent: Number, quantity: Number) -> Decimal:
    """So many percent of a quantity, exactly."""
    return Decimal(percent) * Decimal(quantity) / PERCENT


def line(reference: Number, percents: Sequence[Number]) -> Decimal:
    """What is left of a reference after the factors of so many years, each a share of it.

    Article 9 of Directive 2003/87/EC: the decrease is linear, so every step is a share of the same
    reference and never of the year before; Article 30c for the second system.
    """
    return Decimal(reference) - part(sum(map(Decimal, percents), Decimal(0)), reference)


def yearly_step(reference: Number, percent: Number) -> int:
    """The step as decisions print it: the nearest whole number of allowances.

    Decision (EU) 2020/1722, recital 2, prints 43 003 515.
    """
    return round_half_up(part(percent, reference))


def stepped(before: Number, *, less: Number, plus: Number, percent: Number, of: Number) -> Decimal:
    """The quantity of a year: that of the year before, changed once, and then a step lower.

    Article 9 of Directive 2003/87/EC as amended by Directive (EU) 2023/959. Never below nothing.
    """
    return max(Decimal(before) - less + plus - part(percent, of), Decimal(0))


def whole(quantity: Number, rounding: str) -> int:
    """A quantity in whole allowances; the rounding is one the rulebook names."""
    return ROUNDINGS[rounding](Decimal(quantity))


class Division(NamedTuple):
    """How a quantity is divided by law: what is auctioned, and what may be free at most."""

    auctioned: int
    buffer: int
    free_at_most: int


def divide(quantity: int, auction_percent: Number, buffer_percent: Number) -> Division:
    """The auction share, by how much it may fall, and what can then be free at most.

    Articles 10(1), 10a(5) and 10a(5a) of Directive 2003/87/EC as amended by Directive (EU)
    2018/410. What may be free is a ceiling and therefore cut off; what is not free is auctioned, so
    the auction share is the rest and the two close to the unit.
    """
    free_percent = PERCENT - Decimal(auction_percent)
    return Division(
        auctioned=quantity - cut_off(part(free_percent, quantity)),
        buffer=cut_off(part(buffer_percent, quantity)),
        free_at_most=cut_off(part(free_percent + Decimal(buffer_percent), quantity)),
    )


def split(quantity: int, percents: Sequence[Number]) -> list[int]:
    """A quantity in whole units by percentages that add up to a hundred, without remainder.

    Articles 3d and 3f of Directive 2003/87/EC give the shares and no rounding; each part is within
    a unit of its share. Raises `ValueError` if the percentages are not a hundred.
    """
    if sum(map(Decimal, percents)) != PERCENT:
        raise ValueError("The shares of a quantity add up to a hundred percent.")
    return apportion(quantity, [int(Decimal(one) * PRECISION) for one in percents])


class Frontloading(NamedTuple):
    """What the first year auctions, and how much of it later years give back together."""

    first_year: int
    deducted_later: int


def frontload(volume: int, percent: Number) -> Frontloading:
    """The auction volume of the first year of the second system, with what is brought forward.

    Article 30d(2) of Directive 2003/87/EC; cut off.
    """
    first = cut_off(part(percent, volume))
    return Frontloading(first_year=first, deducted_later=first - volume)


def meeting_factor(reported: Number, line_in_the_end: Number, years: int) -> Decimal:
    """The yearly percentage of reported emissions that still meets the line after so many years.

    Annex IIIa of Directive 2003/87/EC: 100 % x (reported - line in 2030) / (5 x reported).
    """
    return PERCENT * (Decimal(reported) - Decimal(line_in_the_end)) / (years * Decimal(reported))


def shown(percent: Number) -> Number:
    """A percentage as it is read: as the law writes it, or with a few decimals if computed."""
    places = -int(Decimal(percent).as_tuple().exponent)
    return round_places(Decimal(percent), DECIMALS) if places > DECIMALS else percent


ADJUSTED_FACTORS: dict[str, Callable[[Number, Number, int], Decimal]] = {
    "annex-iiia": meeting_factor,
}
