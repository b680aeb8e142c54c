"""Free allocation to modernise electricity generation: what a Member State may give at most.

Directive 2003/87/EC, Article 10c, in the text of 2009 (a falling share of emissions) and of 2018 (a
share of the allowances to be auctioned). Other electricity is not allocated free of charge, and the
heat of electricity generators is reckoned like any other (`rules`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from openets.kernel.money import Decimal, cut_off
from openets.rulebook.model import Rulebook

ROOM = "free-allocation."


def equal_steps(first: Decimal, last: Decimal, step: int, steps: int) -> Decimal:
    """The share after so many equal steps from the first to the last one."""
    return first + (last - first) * step / steps


PATHS: dict[str, Callable[[Decimal, Decimal, int, int], Decimal]] = {"equal steps": equal_steps}


def ceiling_from_emissions(
    rulebook: Rulebook, year: int, emissions_tonnes: int, known_on: date | None = None
) -> int:
    """The most allowances a state may give in a year of 2013-2020; tonnes in, allowances out.

    `emissions_tonnes` are the yearly average of 2005 to 2007 for its own consumption. The shares of
    the first and the last year are law; the path between them is not confirmed. Cut off, so that
    the ceiling is kept. Raises `NoLaw` for another year.
    """
    path = rulebook.ask(ROOM + "power-modernisation-path", for_=year, known_on=known_on)
    shares = rulebook.ask(ROOM + "power-modernisation", for_=year, known_on=known_on)
    begins, ends = shares.from_.year, _last_year(shares.until)
    first, last = (Decimal(shares.value[f"share_{end}"]) for end in (begins, ends))
    percent = PATHS[path.value](first, last, year - begins, ends - begins)
    return cut_off(emissions_tonnes * percent / 100)


def _last_year(until: date | None) -> int:
    return until.year - 1 if until else date.max.year


def ceiling_from_auctions(
    rulebook: Rulebook,
    year: int,
    allowances: int,
    *,
    with_solidarity: bool = False,
    known_on: date | None = None,
) -> int:
    """The most allowances a state may give of those of 2021-2030 it would auction, cut off.

    A share of its `allowances` under Article 10(2)(a), and a larger one if it also uses what it has
    for solidarity under 10(2)(b). Raises `NoLaw` for another year.
    """
    law = rulebook.ask(ROOM + "power-modernisation", for_=year, known_on=known_on).value
    percent = law["share_with_10_2_b"] if with_solidarity else law["share"]
    return cut_off(Decimal(allowances * percent) / 100)
