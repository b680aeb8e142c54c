"""How benchmarks are updated, and the figures an update starts from.

Directive 2003/87/EC, Article 10a(2): the values of 2013-2020 fall by a yearly rate found from the
average of the best tenth, kept between two bounds and extrapolated over so many years. A few
benchmarks follow another one, have a rate of their own, or have something added; those exceptions
are the rulebook's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from openets.kernel.money import Decimal, round_places
from openets.rulebook.model import Rulebook
from openets.schemes.allocation.law import BENCHMARKS, law_of_year


def updated_value(
    start: Decimal, average: Decimal, rule: Mapping[str, Any], rate: Decimal | None = None
) -> Decimal:
    """The updated value, exactly: start × (1 − years extrapolated × yearly rate).

    The rate, in % a year, is (1 − average / start) / years observed, kept between `minimum_rate`
    and `maximum_rate` of the `rule`, unless one is given. Article 10a(2), third subparagraph.
    """
    if rate is None:
        observed = (1 - average / start) * 100 / rule["years_observed"]
        rate = min(max(observed, Decimal(rule["minimum_rate"])), Decimal(rule["maximum_rate"]))
    years = int(rule["years_extrapolated"])
    return start * (100 - years * rate) / 100


def updated_benchmark(
    rulebook: Rulebook, product: str, year: int, known_on: date | None = None
) -> Decimal:
    """The benchmark of a year as the update rule gives it, with as many decimals as published.

    Allowances per unit of product. It may differ from the published value by one in the last digit,
    as the averages are published rounded. Raises `Refused` or `NoLaw` where there is no update.
    """
    law = law_of_year(rulebook, year, known_on)
    published = law.benchmark(product)
    exception = law.values.get("benchmark-update-exceptions", {}).get(product, {})
    followed = exception.get("follows", product)
    rule = law.need("benchmark-update")
    start, leader = start_value(rulebook, product), start_value(rulebook, followed)
    rate = exception.get("rate")
    value = updated_value(leader, law.best[followed], rule, rate) * start / leader
    value += Decimal(exception.get("adds", 0))
    return round_places(value, -int(published.as_tuple().exponent))


def start_value(rulebook: Rulebook, product: str) -> Decimal:
    """The value of a benchmark that updates begin from: the first one it had."""
    first = rulebook.parameter(BENCHMARKS + product).values[0].from_
    return Decimal(rulebook.ask(BENCHMARKS + product, for_=first).value["allowances"])


def products(rulebook: Rulebook, year: int, known_on: date | None = None) -> list[str]:
    """The products, and heat and fuel, that have a benchmark in a year, in alphabetical order."""
    return sorted(law_of_year(rulebook, year, known_on).benchmarks)
