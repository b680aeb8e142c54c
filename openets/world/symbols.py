"""Symbols of compliance, computed from published years and held against the published symbols.

The figure is that of the law: surrender less verified emissions since the trading period began,
with what the last period leaves. Where a file gives the sums since the period began they are used,
else the years are added up. A year without published surrender counts as none, unless nothing at
all is published of the operator's surrender in the period: then it is taken to equal emissions. The
state of today is computed, and a symbol was fixed on a day: who was short then and made it good
later is A by the figures and B in print, which is why every difference has its reason.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from openets.rulebook.model import Rulebook
from openets.schemes.compliance.rules import (
    CORRECTIONS,
    FIGURES,
    MISSING,
    SHORT,
    SURRENDERED,
    symbol,
)

_operator = attrgetter("registry", "operator_key")
_operator_and_year = attrgetter("registry", "operator_key", "year")
LETTERS = (SURRENDERED, SHORT, MISSING)
COMPARED = frozenset(LETTERS)
DECIDED = {"D": "not in compliance", "E": "in compliance"}
NOT_REPORTED, EXCLUDED, BLANK = "not-reported", "excluded", "blank"


class SymbolYear(NamedTuple):
    """What a file says of an operator's year; None where nothing was published. Units and tonnes.

    The fields are columns of the common table of operators' years.
    """

    registry: str
    operator_key: str
    year: int
    verified: int | None
    verified_state: str | None
    surrendered: int | None
    verified_cumulative: int | None
    surrendered_cumulative: int | None
    compliance_code: str | None
    code_starred: bool | None


class Found(NamedTuple):
    """A published symbol, without its star, beside the computed one; `figure` in units.

    `reason` says why they differ, as far as the file tells, and is empty where they agree.
    """

    registry: str
    operator: str
    year: int
    period: int  # first year of the trading period's sums
    published: str
    starred: bool
    computed: str
    figure: int
    reason: str

    @property
    def compared(self) -> bool:
        """Whether the published symbol follows from a figure at all."""
        return self.published in COMPARED


class _Period:
    """The sums of an operator since a period began."""

    def __init__(self, first: int, left: int, published: bool) -> None:
        self.first = first
        self.left = left
        self.published = published  # whether any surrender of the period is
        self.verified = 0
        self.surrendered = 0

    def sums(self, row: SymbolYear) -> tuple[int, int]:
        """Surrender and verified emissions up to a year: as published, else added up."""
        verified = row.verified or 0
        self.verified += verified
        missing = 0 if self.published else verified
        self.surrendered += missing if row.surrendered is None else row.surrendered
        if row.surrendered_cumulative is None or row.verified_cumulative is None:
            return self.surrendered, self.verified
        return row.surrendered_cumulative, row.verified_cumulative


def symbols(rows: Iterable[SymbolYear], rulebook: Rulebook) -> Iterator[Found]:
    """The symbols of all operators; a year with neither symbol nor figure is left out.

    Rows may come in any order; an operator is registry and key.
    """
    law = FigureLaw(rulebook)
    for _, years in groupby(sorted(rows, key=_operator_and_year), key=_operator):
        yield from _of_operator(list(years), law)


class FigureLaw:
    """What the rulebook names for a year of emissions, whose figure is computed in the year after.

    `sums_since` is the first year of its sums, `formula` that of its figure, and `correction` that
    of what the period before leaves. Each is asked once for a year.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        def value(name: str, year: int) -> object:
            return rulebook.ask(f"compliance.figure.{name}", for_=year + 1).value

        self.sums_since = cache(lambda year: value("sums-since", year))
        self.formula = cache(lambda year: FIGURES[str(value("formula", year))])
        self.correction = cache(lambda year: CORRECTIONS[str(value("correction", year))])


def _of_operator(years: list[SymbolYear], law: FigureLaw) -> Iterator[Found]:
    reported = [row.year for row in years if row.verified is not None]
    last_reported = max(reported, default=0)
    published = {
        law.sums_since(row.year)
        for row in years
        if row.surrendered is not None or row.surrendered_cumulative is not None
    }
    period: _Period | None = None
    figure = 0
    for row in years:
        first = law.sums_since(row.year)
        if period is None or period.first != first:
            assert isinstance(first, int)
            left = law.correction(row.year)(figure) if period else 0
            period = _Period(first, left, first in published)
        figure = law.formula(row.year)(*period.sums(row), period.left)
        code = row.compliance_code or ""
        if not code and row.verified is None and row.verified_state == BLANK:
            continue
        computed = symbol(figure, recorded=_none_missing(row, last_reported))
        reason = "" if code == computed else _reason(row, code, computed, figure)
        yield Found(
            row.registry,
            row.operator_key,
            row.year,
            period.first,
            code,
            bool(row.code_starred),
            computed,
            figure,
            reason,
        )


def _none_missing(row: SymbolYear, last_reported: int) -> bool:
    """Whether a figure stands, or none was due: excluded, or blank after the last that was."""
    if row.verified is not None or row.verified_state == EXCLUDED:
        return True
    return row.verified_state != NOT_REPORTED and 0 < last_reported < row.year


def _reason(row: SymbolYear, code: str, computed: str, figure: int) -> str:
    """Why the published symbol is another, as far as the file tells."""
    if code in DECIDED:
        return f"decided by the authority: {DECIDED[code]}"
    if code not in COMPARED:
        return "no symbol of a figure was published"
    if (code, computed) == (SHORT, SURRENDERED):
        return "made good after the date: enough is surrendered by now"
    if code == MISSING:
        how = "by the authority" if row.code_starred else "after the date"
        return f"emissions were entered {how}" if row.verified is not None else _not_due(row)
    if computed == MISSING:
        return "no emissions are published for the year"
    if row.code_starred:
        return "emissions were corrected by the authority"
    if row.surrendered is None and row.surrendered_cumulative is None:
        return "surrender for the year is not published"
    return f"by the published sums {-figure} units are missing" if figure < 0 else "not known"


def _not_due(row: SymbolYear) -> str:
    state = "excluded" if row.verified_state == EXCLUDED else "without a figure"
    return f"the year is {state}, and the registry waited for one"


class Count(NamedTuple):
    """How often a published symbol of a trading period met each computed one."""

    since: str  # first year of the period's sums
    published: str
    computed_a: int
    computed_b: int
    computed_c: int


def agreement(found: Iterable[Found]) -> tuple[int, int]:
    """How many symbols that follow from a figure are the computed ones, and of how many."""
    compared = [one for one in found if one.compared]
    return sum(one.published == one.computed for one in compared), len(compared)


def write_differences(found: Iterable[Found], file: Path) -> int:
    """Writes a row for each published symbol that is not the computed one; returns their number.

    Without such a row there is no file.
    """
    rows = [one for one in found if one.published and one.published != one.computed]
    if rows:
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(Found._fields)
            writer.writerows(rows)
    return len(rows)


def counts(found: Iterable[Found]) -> list[Count]:
    """The symbols counted by period and published symbol."""
    tally = Counter((one.period, one.published, one.computed) for one in found)
    rows = sorted({key[:2] for key in tally})
    return [
        Count(str(period), published, *(tally[period, published, letter] for letter in LETTERS))
        for period, published in rows
    ]
