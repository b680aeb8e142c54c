"""The historical activity level: what a sub-installation did in the years that count.

Delegated Regulation (EU) 2019/331, Articles 15 and 17; Decision 2011/278/EU, Article 9. Levels are
tonnes of product, TJ of heat or fuel, or tonnes of CO2 equivalent of process emissions, a year.
Which years count, which measure is taken and what happens to a start within the baseline are the
rulebook's; the formulas are registered here under the names by which it calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from openets.kernel.money import Decimal
from openets.kernel.refusal import Refusal, Refused

JANUARY_1 = (1, 1)


class Level(NamedTuple):
    """A historical activity level, the rule it was taken by, and the years it was taken from."""

    amount: Decimal
    rule: str
    years: tuple[int, ...] = ()


def median(levels: Sequence[Decimal]) -> Decimal:
    """The middle one of the levels, of an even number the mean of the two in the middle."""
    ordered = sorted(levels)
    middle, odd = divmod(len(ordered), 2)
    return ordered[middle] if odd else (ordered[middle - 1] + ordered[middle]) / 2


def arithmetic_mean(levels: Sequence[Decimal]) -> Decimal:
    """The sum of the levels divided by their number."""
    return sum(levels, Decimal(0)) / len(levels)


MEASURES: dict[str, Callable[[Sequence[Decimal]], Decimal]] = {
    "median": median,
    "arithmetic mean": arithmetic_mean,
}


def first_full_calendar_year(started_on: date) -> int:
    """The year itself if operation started on its first of January, else the next one."""
    return started_on.year + ((started_on.month, started_on.day) != JANUARY_1)


def calendar_year_after(started_on: date) -> int:
    """The year after the one in which normal operation started, whatever the day."""
    return started_on.year + 1


STARTS: dict[str, Callable[[date], int]] = {
    "first full calendar year": first_full_calendar_year,
    "first calendar year after the start of normal operation": calendar_year_after,
}


def level_of_baseline(
    levels: Mapping[int, Decimal],
    baseline: Mapping[str, Any],
    rule: Mapping[str, Any],
    started_on: date | None = None,
) -> Level:
    """The historical activity level of an incumbent.

    `levels` are those of the years with at least one day of operation; `baseline` says which years
    count (`first_year`, `last_year`, and other years `or_if_higher`); `rule` says which `measure`
    is taken, and what else if fewer than `least_years` of them had operation. Raises `Refused` if
    the levels do not suffice. Delegated Regulation (EU) 2019/331, Article 15(3) to (7).
    """
    found = _measured(levels, baseline, rule["measure"])
    if len(found.years) >= max(rule.get("least_years", 1), 1):
        return found
    other = rule.get("otherwise")
    if other is None:
        raise no_level(f"{baseline['first_year']} to {baseline['last_year']}")
    if started_on is not None:
        return level_of_start(levels, other, started_on)
    if not levels:
        raise no_level(f"{baseline['first_year']} to {baseline['last_year']}")
    first = min(levels)  # nobody said that its first year of operation was not a full one
    return Level(levels[first], other, (first,))


def level_of_start(levels: Mapping[int, Decimal], rule: str, started_on: date) -> Level:
    """The level of the year that a start makes count; Articles 15(7) and 17."""
    year = STARTS[rule](started_on)
    if year not in levels:
        raise no_level(str(year))
    return Level(levels[year], rule, (year,))


def _measured(levels: Mapping[int, Decimal], baseline: Mapping[str, Any], measure: str) -> Level:
    years = _within(levels, baseline)
    amount = MEASURES[measure]([levels[year] for year in years]) if years else Decimal(0)
    found = Level(amount, measure, years)
    if "or_if_higher" not in baseline:
        return found
    other = _measured(levels, baseline["or_if_higher"], measure)
    return other if other.years and (not years or other.amount > amount) else found


def _within(levels: Iterable[int], baseline: Mapping[str, Any]) -> tuple[int, ...]:
    first, last = baseline["first_year"], baseline["last_year"]
    return tuple(sorted(year for year in levels if first <= year <= last))


def no_level(of: str) -> Refused:
    """That a level is not given; `of` says of what it is needed: years, or a part in a year."""
    sentence = f"The activity level of {of} is needed and is not given."
    return Refused(
        Refusal("allocation.no-level", sentence, "free-allocation.historical-activity-level")
    )


def level_of_changed_capacity(initial: Decimal, changed: Decimal, utilisation: Decimal) -> Decimal:
    """The activity level that capacity added (or, below zero, taken away) brings.

    Capacities in units of the product a year; `utilisation` is the average share of the capacity
    used before the change. Decision 2011/278/EU, Article 9.
    """
    return (changed - initial) * utilisation


def capacity_change_is_significant(
    initial: Decimal,
    changed: Decimal,
    allowances: int,
    preliminary: int,
    law: Mapping[str, Any],
    *,
    physical: bool = True,
) -> bool:
    """Whether a change of capacity counts. Decision 2011/278/EU, Article 3.

    `allowances` is how many a year the change adds or takes away, `preliminary` the preliminary
    amount of the sub-installation. `law` holds the bounds: `capacity_percent`, or more allowances
    than `or_allowances_above` that are at least `which_are_percent` of the preliminary amount.
    """
    if law["physical_change"] and not physical:
        return False
    if abs(changed - initial) * 100 >= initial * law["capacity_percent"]:
        return changed != initial
    many = abs(allowances) > int(law["or_allowances_above"])
    return many and abs(allowances) * 100 >= preliminary * int(law["which_are_percent"])
