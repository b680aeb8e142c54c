"""How an allocation follows what a sub-installation does: activity levels, cessation.

Implementing Regulation (EU) 2019/1842 in its versions from 2021 and from 2026; before, Decision
2011/278/EU, Article 23. Differences are in per cent of the historical level, with their sign.
Thresholds, steps and minimum sizes are arguments; they are the rulebook's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from openets.kernel.money import Decimal

HEAT_AND_FUEL_RISE, HEAT_AND_FUEL_FALL = "increase from inefficiency", "decrease from efficiency"


class Applied(NamedTuple):
    """The change in force: the difference that caused it, in %, and the level it brought."""

    difference: Decimal
    level: Decimal


def difference_percent(average: Decimal, historical: Decimal) -> Decimal:
    """By how many per cent of the historical level the average lies above or below it.

    Nothing can be compared with a historical level of zero; the difference is then zero.
    Implementing Regulation (EU) 2019/1842, Article 5(1).
    """
    return (average - historical) * 100 / historical if historical else Decimal(0)


def interval(difference: Decimal, threshold: int, step: int) -> tuple[int, int] | None:
    """The interval, in % and without sign, in which a difference lies; None within the threshold.

    The upper bound belongs to the interval, the lower one does not, as a change begins above the
    threshold and not at it. Article 5(2): 15 to 20, 20 to 25, and so on.
    """
    beyond = abs(difference) - threshold
    if beyond <= 0:
        return None
    whole, rest = divmod(beyond, step)
    lower = threshold + step * (int(whole) - (not rest))
    return lower, lower + step


def difference_that_applies(
    difference: Decimal, previous: Decimal, threshold: int, step: int
) -> Decimal:
    """The difference by which the allocation changes from now on, given the one in force.

    Zero is the initial allocation. Within the threshold it is restored (Article 5(3)); the first
    change is made by the exact percentage (5(1)); after that only a difference in another interval,
    or on the other side, changes it again (5(2)).
    """
    found = interval(difference, threshold, step)
    if found is None:
        return Decimal(0)
    same_side = (difference > 0) == (previous > 0)
    return previous if same_side and found == interval(previous, threshold, step) else difference


def deciding_level(
    average: Decimal, expected: Decimal | None, historical: Decimal, threshold: int
) -> Decimal:
    """The level that decides for heat, fuel and process emissions from 2026.

    Once the average is beyond the threshold, the average expected from production decides instead,
    be it within or beyond. Article 5(1) second subparagraph and (1a), text of 2025.
    """
    beyond = abs(difference_percent(average, historical)) > threshold
    return average if expected is None or not beyond else expected


def explained_by_efficiency(difference: Decimal, finding: str | None) -> bool:
    """Whether the authority found that energy efficiency, not production, made the change.

    Then none is made. Article 6(1) for a decrease, 6(2) for an increase, text of 2019.
    """
    return finding == (HEAT_AND_FUEL_RISE if difference > 0 else HEAT_AND_FUEL_FALL)


def reaches_minimum(changes: Iterable[int], minimum: int) -> bool:
    """Whether changes, in allowances a year, are large enough to be made, taken together.

    Signs do not offset each other. Article 5(1), text of 2019 (one sub-installation at a time);
    Article 6a from 2026 (all of an installation).
    """
    return sum(map(abs, changes)) >= minimum


def _whole(ceased_on: date) -> Decimal:
    return Decimal(1)


def _pro_rata(ceased_on: date) -> Decimal:
    first, next_first = date(ceased_on.year, 1, 1), date(ceased_on.year + 1, 1, 1)
    return Decimal((ceased_on - first).days + 1) / (next_first - first).days


YEARS_OF_CESSATION: dict[str, Callable[[date], Decimal]] = {
    "whole": _whole,
    "pro rata": _pro_rata,
}


def share_after_cessation(year: int, ceased_on: date | None, rule: str) -> Decimal:
    """The part of the year's amount that remains when operation ceased on a (last) day.

    Nothing in later years; in the year itself all of it (text of 2019) or the days of operation
    (from 2026), as the `rule` is called. Article 5(4).
    """
    if ceased_on is None or year < ceased_on.year:
        return Decimal(1)
    return Decimal(0) if year > ceased_on.year else YEARS_OF_CESSATION[rule](ceased_on)


def partial_cessation_counts(final: int, of_installation: int, law: Mapping[str, Any]) -> bool:
    """Whether a sub-installation is large enough for partial cessation; Article 23(1).

    It has at least `share_percent` of the installation's final amount, or more allowances than
    `or_allowances_above`.
    """
    share = final * 100 >= of_installation * law["share_percent"]
    return final > law["or_allowances_above"] or (final > 0 and share)


def partial_cessation_factor(
    level: Decimal, initial: Decimal, steps: Iterable[Mapping[str, Any]]
) -> Decimal:
    """What a fall of the activity level of a calendar year leaves of the next year's amount.

    `steps` give the factor of each range of falls, in % of the initial level; less than the first
    leaves all. Decision 2011/278/EU, Article 23(2) to (4).
    """
    fall = -difference_percent(level, initial)
    for one in steps:
        if one["from"] <= fall and fall < one.get("below", Decimal("Infinity")):
            return Decimal(one["factor"])
    return Decimal(1)
