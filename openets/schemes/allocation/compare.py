"""Calculated against published allocation, as far as what is published allows.

Whoever has activity levels compares amounts. Where only the published amounts of a period are
known, the rules still say how the years hang together: each is the same basis, × the year's share
kept with or without carbon leakage, rounded, × the year's factor, rounded. So a series is either
what some basis comes to under one of the rules, or something changed on the way (activity, closure,
correction), and that is told apart without a single activity level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from openets.kernel.money import Decimal
from openets.rulebook.model import Rulebook
from openets.schemes.allocation.law import EXPOSED, NOT_EXPOSED, YearLaw, law_of_year
from openets.schemes.allocation.rules import CORRECTION, GENERATORS, NEW_ENTRANTS, RECALCULATED

FACTORS = (CORRECTION, RECALCULATED, GENERATORS, NEW_ENTRANTS)
EXPOSURES = (EXPOSED, NOT_EXPOSED)
HALF = Decimal("0.5")
LEAST_YEARS = 3  # two years are explained by almost anything
Amounts = Mapping[tuple[str, int], int]  # by operator and year


class Compared(NamedTuple):
    """An operator's year, calculated and published; None where there is none."""

    operator: str
    year: int
    calculated: int | None
    published: int | None

    @property
    def difference(self) -> int | None:
        """Calculated less published."""
        if self.calculated is None or self.published is None:
            return None
        return self.calculated - self.published


def compare(calculated: Amounts, published: Amounts) -> list[Compared]:
    """Every operator's year that was calculated, beside what was published."""
    return [
        Compared(operator, year, amount, published.get((operator, year)))
        for (operator, year), amount in sorted(calculated.items())
    ]


class Explained(NamedTuple):
    """A published series: its years, the rules it follows, and the basis they need.

    `factor` and `exposure` are empty if no rule makes all years of one basis. The basis lies from
    `least` up to `most`, in allowances before exposure and factor.
    """

    operator: str
    years: tuple[int, ...]
    factor: str = ""
    exposure: str = ""
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(0)


class _Span(NamedTuple):
    least: Decimal
    most: Decimal  # not included


def explain_series(
    rulebook: Rulebook, published: Amounts, years: Sequence[int], least_years: int = LEAST_YEARS
) -> list[Explained]:
    """Of each operator with an amount in enough of the years, the first rule that makes them all.

    `years` lie in one period of the law. A year without amount, or with zero, is left out.
    """
    laws = {year: law_of_year(rulebook, year) for year in years}
    series: dict[str, dict[int, int]] = {}
    for (operator, year), amount in published.items():
        if year in laws and amount > 0:
            series.setdefault(operator, {})[year] = amount
    return [
        _explain(operator, found, laws)
        for operator, found in sorted(series.items())
        if len(found) >= least_years
    ]


def _explain(operator: str, found: Mapping[int, int], laws: Mapping[int, YearLaw]) -> Explained:
    years = tuple(sorted(found))
    for factor in FACTORS:
        for exposure in EXPOSURES:
            spans = [_span(found[year], laws[year], factor, exposure) for year in years]
            common = _common(spans)
            if common is not None:
                return Explained(operator, years, factor, exposure, *common)
    return Explained(operator, years)


def _common(spans: Iterable[_Span | None]) -> _Span | None:
    known = list(spans)
    sure = [span for span in known if span is not None]
    if len(sure) < len(known):
        return None
    common = _Span(max(one.least for one in sure), min(one.most for one in sure))
    return common if common.least < common.most else None


def _span(amount: int, law: YearLaw, factor: str, exposure: str) -> _Span | None:
    """The bases that come to an amount in a year; None where the law has no such rule."""
    value = law.values.get(factor)
    kept = law.exposure.get(exposure)
    if value is None or not kept:
        return None
    share = Decimal(value) / 100 if factor in (CORRECTION, RECALCULATED) else Decimal(value)
    least = _at_least((amount - HALF) / share)
    most = _below((amount + HALF) / share)
    if least > most:
        return None
    return _Span((least - HALF) / kept, (most + HALF) / kept)


def _at_least(value: Decimal) -> int:
    """The smallest whole number not below a value."""
    whole = int(value)
    return whole if whole >= value else whole + 1


def _below(value: Decimal) -> int:
    """The largest whole number below a value."""
    whole = int(value)
    return whole - 1 if whole >= value else whole
