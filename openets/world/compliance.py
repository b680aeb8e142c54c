"""The compliance of a played world, year by year: symbols, units missing, and what they cost.

It is computed from what a book says of each operator's account, by the figure and the penalty of
the law. A year without emissions in the book has no symbol here: the published sums do not say
whether a figure was due. The play surrenders on the day or in a later year, so that this is what
the cut-off day found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from openets.rulebook.model import Rulebook
from openets.schemes.compliance.penalties import Penalty, penalty
from openets.schemes.compliance.rules import CORRECTIONS, FIGURES, SHORT, SURRENDERED, symbol
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
    found: dict[int, Year] = {}
    accounts: dict[int, list[int]] = {}
    for account, year in totals.emissions:
        accounts.setdefault(account, []).append(year)
    for account, years in accounts.items():
        for year, figure in _figures(totals, law, account, sorted(years)):
            before = found.get(year, Year(year, 0, 0, 0, 0, True))
            found[year] = _with(before, figure, rulebook)
    return [found[year] for year in sorted(found)]


def _with(year: Year, figure: int, rulebook: Rulebook) -> Year:
    letter = symbol(figure, recorded=True)
    if letter == SURRENDERED:
        return year._replace(a=year.a + 1)
    assert letter == SHORT
    costs: Penalty = penalty(rulebook, year.year, -figure)
    return year._replace(
        b=year.b + 1,
        units_missing=year.units_missing + costs.shortfall,
        cents=year.cents + costs.cents,
        final=year.final and costs.is_final,
    )


def _figures(
    totals: Totals, law: FigureLaw, account: int, years: list[int]
) -> Iterator[tuple[int, int]]:
    """The figure of each year with emissions, from the sums since its period began."""
    since: object = None
    sums, left, figure = [0, 0], 0, 0
    for year in range(years[0], years[-1] + 1):
        begun = law.ask("sums-since", year)
        if begun != since:
            if since is not None:
                left = CORRECTIONS[str(law.ask("correction", year))](figure)
            since, sums = begun, [0, 0]
        sums[0] += totals.surrendered.get((account, year), 0)
        sums[1] += totals.emissions.get((account, year), 0)
        figure = FIGURES[str(law.ask("formula", year))](sums[0], sums[1], left)
        if (account, year) in totals.emissions:
            yield year, figure
