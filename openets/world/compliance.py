"""The compliance of a played world, year by year: symbols, units missing, and what they cost.

It is computed from what a book says of each operator's account, by the figure and the penalty of
the law. A year without emissions in the book has no symbol here: the published sums do not say
whether a figure was due. The play surrenders on the day or in a later year, so that this is what
the cut-off day found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from openets.rulebook.model import Rulebook
from openets.schemes.compliance.penalties import Penalty, penalty
from openets.schemes.compliance.rules import SHORT, SURRENDERED, symbol
from openets.world.symbols import FigureLaw
from openets.world.totals import Totals

COLUMNS = ("emissions of", "A", "B", "units missing", "penalty, EUR")


class Year(NamedTuple):
    """How operators stood for a year of emissions; `cents` is the least their penalties can be."""

    year: int
    a: int
    b: int
    units_missing: int
    cents: int
    final: bool  # whether no index is in doubt


def compliance_years(totals: Totals, rulebook: Rulebook) -> list[Year]:
    """Every year in which a book has emissions, in order."""
    law = FigureLaw(rulebook)
    letters: Counter[tuple[int, str]] = Counter()
    short: dict[int, list[Penalty]] = {}
    for account, emissions in totals.emissions.items():
        for year, figure in _figures(emissions, totals.surrendered.get(account, {}), law):
            letter = symbol(figure, recorded=True)
            letters[year, letter] += 1
            if letter == SHORT:
                short.setdefault(year, []).append(penalty(rulebook, year, -figure))
    return [
        _year(year, letters[year, SURRENDERED], short.get(year, []))
        for year in sorted({year for year, _ in letters})
    ]


def _year(year: int, surrendered: int, short: list[Penalty]) -> Year:
    missing, cents = sum(one.shortfall for one in short), sum(one.cents for one in short)
    return Year(year, surrendered, len(short), missing, cents, all(one.is_final for one in short))


def _figures(
    emissions: dict[int, int], surrendered: dict[int, int], law: FigureLaw
) -> Iterator[tuple[int, int]]:
    """The figure of each year with emissions, from the sums since its period began."""
    since: object = None
    units, tonnes, left, figure = 0, 0, 0, 0
    for year in range(min(emissions), max(emissions) + 1):
        begun = law.sums_since(year)
        if begun != since:
            if since is not None:
                left = law.correction(year)(figure)
            since, units, tonnes = begun, 0, 0
        emitted = emissions.get(year)
        units += surrendered.get(year, 0)
        tonnes += emitted or 0
        figure = law.formula(year)(units, tonnes, left)
        if emitted is not None:
            yield year, figure
