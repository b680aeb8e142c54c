"""Free allowances of aircraft operators: by benchmark to 2023, by verified emissions in 2024-2025.

Directive 2003/87/EC, Articles 3d, 3e and 28a. Quantities are tonne-kilometres, tonnes of CO2 and
allowances, integers; benchmarks are allowances per tonne-kilometre.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from openets.kernel.money import Decimal, apportion, cut_off
from openets.rulebook.model import Answer, Rulebook

ROOM = "free-allocation.aviation."


def benchmark(rulebook: Rulebook, year: int, known_on: date | None = None) -> Answer:
    """Allowances per tonne-kilometre with all decimals; `NoLaw` outside 2012-2020.

    The long form of Decision 2011/638/EU is not confirmed; the announced short form agrees with it.
    """
    return rulebook.ask(ROOM + "benchmark-exact", for_=year, known_on=known_on)


def allowances_by_benchmark(tonne_kilometres: int, per_tonne_kilometre: Decimal) -> int:
    """Tonne-kilometres × benchmark, cut off. Article 3e(4); that it is cut off is not confirmed."""
    return cut_off(tonne_kilometres * per_tonne_kilometre)


def allowances_in_reduced_scope(amount: int, flown_in_scope: int, flown: int) -> int:
    """The amount in proportion to the tonne-kilometres that are still in scope, cut off.

    Article 28a(2), texts of 2014 and 2017: allocation falls with the scope.
    """
    return cut_off(Decimal(amount * flown_in_scope) / flown)


def free_part(formerly_free: int, auctioned_percent: Decimal) -> int:
    """What remains free of the formerly free allowances, cut off. Article 3d(1), text of 2023."""
    return cut_off(formerly_free * (100 - auctioned_percent) / 100)


def split_by_emissions(
    rulebook: Rulebook,
    year: int,
    formerly_free: int,
    verified_tonnes: Sequence[int],
    known_on: date | None = None,
) -> list[int]:
    """The free allowances of 2024 or 2025, divided in proportion to verified emissions.

    They sum to the free part exactly (largest remainders; how the law rounds is not confirmed).
    Article 3d(1a), text of 2023. Raises `NoLaw` for a year without such a split.
    """
    rulebook.ask(ROOM + "free-split", for_=year, known_on=known_on)
    percent = rulebook.ask(ROOM + "free-part-auctioned", for_=year, known_on=known_on).value
    return apportion(free_part(formerly_free, Decimal(percent)), verified_tonnes)
