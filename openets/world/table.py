"""The table that says whether a play is true: published, ledger, log, difference.

Both books' columns are sums over their stored records. A difference is counted cell by cell, so
that two errors in one year cannot hide each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text

from openets.world.figures import Figure
from openets.world.totals import CellTotal, Totals

MEASURES = {
    "free allocation": "free_allocation",
    "verified emissions": "verified_emissions_t",
    "surrendered": "units_surrendered",
}
SHOWN = 10
COLUMNS = (
    "year",
    "measure",
    "published",
    "ledger",
    "log",
    "difference",
    "not_explained_by_cap",
    "transactions",
    "blocks",
    "assumed",
)
SHORT = {"free allocation": "free", "verified emissions": "verified"}
HEADS = ("published", "ledger", "differ-\nence", "not ex-\nplained by\nthe cap", "posted")
EXPLANATION = """\
Free allocation, verified emissions and surrender: as published, and as summed
from the ledger's stored records by registry of the account. 'Difference' adds
up, without signs, how far each cell of ledger and log is from what was
published. 'Not explained by the cap' are units created under a named
correction, because the year needed more than the cap in the rulebook gives:
the national plans of 2005-2012 are only partly known, and credits are not
modelled. Transactions (tx), blocks (unbroken runs of serials moved) and
transactions per second stand with the calendar year in which they took effect.
"""
ASSUMED = """\
Surrender that no file publishes is taken to equal verified emissions and stands
as '+ assumed'.
"""
MISSING_BY_SUMS = """\
What is missing follows from the published sums: where a registry's surrender slipped to a later
year, or is not published, some of its operators are short; who they are is invented."""
MISSING_BY_FILES = """\
What is missing is what the files say was not surrendered. Surrender they do not publish is taken to
equal emissions, which counts as surrendered in time."""


class Telling(NamedTuple):
    """What is said over and under the table of a play, and of the units found missing."""

    title: str
    explanation: str
    missing: str


OF_THE_WORLD = Telling(
    "The EU ETS as published and as played: tonnes and units, all registries",
    EXPLANATION,
    MISSING_BY_SUMS,
)
OF_FILES = Telling(
    "The files as published and as played: tonnes and units",
    EXPLANATION + ASSUMED,
    MISSING_BY_FILES,
)


class Difference(NamedTuple):
    """A cell in which a book does not say what was published (and assumed)."""

    registry: str
    year: int
    kind: str
    measure: str
    published: int
    ledger: int
    log: int

    @property
    def size(self) -> int:
        """How far the books are off, both together."""
        return abs(self.ledger - self.published) + abs(self.log - self.published)


def compare(figures: Sequence[Figure], ledger: Totals, log: Totals) -> tuple[int, list[Difference]]:
    """The number of cells compared, and those that differ, by registry, year and kind.

    A cell only a book knows counts as published with zero; of years after the last published ones,
    which the desk may have worked for, nothing is compared.
    """
    published = {figure.cell: figure for figure in figures}
    last = max((figure.year for figure in figures), default=0)
    every = published.keys() | ledger.cells.keys() | log.cells.keys()
    cells = sorted(cell for cell in every if cell[1] <= last)
    differences = []
    for cell in cells:
        for measure, name in MEASURES.items():
            values = [
                int(getattr(source, name))
                for source in (
                    published.get(cell) or CellTotal(),
                    ledger.cell(cell),
                    log.cell(cell),
                )
            ]
            if len(set(values)) > 1:
                differences.append(Difference(*cell, measure, *values))
    return len(cells), differences


def plain_rows(
    figures: Sequence[Figure], ledger: Totals, log: Totals
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Column names and one row per year and measure; units, tonnes and counts as integers.

    Surrender that was not published stands in `assumed`, and not in `published`.
    `difference` adds up the differences of the cells without their signs. Counts stand on the
    first row of their year; the calendar year after the last has its surrender only.
    """
    return COLUMNS, list(_rows(figures, ledger, log))


def _rows(figures: Sequence[Figure], ledger: Totals, log: Totals) -> Iterator[tuple[object, ...]]:
    _, differences = compare(figures, ledger, log)
    played = {figure.year for figure in figures}
    for year in sorted(played | ledger.transactions.keys()):
        counts: tuple[object, ...] = (
            ledger.unexplained.get(year, 0),
            ledger.transactions.get(year, 0),
            ledger.blocks.get(year, 0),
        )
        for measure, name in MEASURES.items():
            sums = (
                sum(getattr(figure, name) for figure in figures if figure.year == year),
                _sum(ledger, year, name),
                _sum(log, year, name),
            )
            assumed = _assumed(figures, year) if measure == "surrendered" else 0
            apart = sum(d.size for d in differences if (d.year, d.measure) == (year, measure))
            if year in played or any(sums) or apart:
                published, *books = sums
                yield (year, measure, published - assumed, *books, apart, *counts, assumed)
            elif measure == "surrendered":
                yield (year, f"for {year - 1}", "", "", "", "", *counts, "")
            if year in played:
                counts = ("", "", "")


def _assumed(figures: Sequence[Figure], year: int) -> int:
    return sum(figure.surrender_assumed for figure in figures if figure.year == year)


def _sum(totals: Totals, year: int, name: str) -> int:
    return sum(getattr(total, name) for cell, total in totals.cells.items() if cell[1] == year)


def render(
    figures: Sequence[Figure],
    ledger: Totals,
    log: Totals,
    seconds_by_year: Mapping[int, float],
    telling: Telling = OF_THE_WORLD,
) -> Group:
    """The table for a terminal of 80 columns; transactions per second where seconds are known."""
    count, differences = compare(figures, ledger, log)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("year", justify="left", no_wrap=True, min_width=4, style="bold")
    table.add_column("", justify="left", no_wrap=True)
    for head in HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    rows = list(_rows(figures, ledger, log))
    for year in sorted({row[0] for row in rows if isinstance(row[0], int)}):
        of_year = [line for row in rows if row[0] == year for line in _lines(row)]
        unexplained, transactions, blocks = of_year[0][6:9]
        posted = _posted(transactions, blocks, seconds_by_year.get(year, 0))
        for index in range(max(len(of_year), len(posted))):
            row = of_year[index] if index < len(of_year) else ("",) * 7
            label = (str(year), f"{unexplained:,}") if not index else ("", "")
            table.add_row(*_cells(row, *label, posted[index] if index < len(posted) else ""))
    _add_sums(table, ledger, seconds_by_year)
    caption = _caption(count, differences, ledger, log)
    caption.append(telling.explanation.rstrip())
    return Group(Text(telling.title, style="bold"), table, caption)


def _lines(row: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    """A row, and under it what is assumed beside what was published."""
    yield row
    if row[-1]:
        yield (row[0], "+ assumed", row[-1], *[""] * 7)


def _cells(row: tuple[object, ...], year: str, unexplained: str, posted: str) -> list[Text]:
    numbers = [f"{value:,}" if isinstance(value, int) else "" for value in (*row[2:4], row[5])]
    measure = SHORT.get(str(row[1]), str(row[1]))
    cells = [Text(text) for text in (year, measure, *numbers, unexplained, posted)]
    if row[5]:
        cells[4].stylize("bold red")
    return cells


def _posted(transactions: object, blocks: object, seconds: float) -> list[str]:
    """What was posted, a line each; the rate only where the seconds are known."""
    assert isinstance(transactions, int) and isinstance(blocks, int)
    lines = [f"{transactions:,} tx", f"{blocks:,} blocks"]
    return [*lines, f"{int(transactions / seconds):,} tx/s"] if seconds else lines


def _add_sums(table: Table, ledger: Totals, seconds: Mapping[int, float]) -> None:
    counts = sum(ledger.transactions.values()), sum(ledger.blocks.values())
    table.add_section()
    for index, posted in enumerate(_posted(*counts, sum(seconds.values()))):
        first = ("all", f"{sum(ledger.unexplained.values()):,}") if not index else ("", "")
        table.add_row(first[0], "", "", "", "", first[1], posted, style="bold")


def _caption(count: int, differences: Sequence[Difference], ledger: Totals, log: Totals) -> Text:
    cells = {difference[:3] for difference in differences}
    verdict = f"{count} cells of registry, year and kind compared in both books"
    text = Text()
    if cells:
        text.append(f"{verdict}; {len(cells)} differ.\n", style="bold red")
    else:
        text.append(f"{verdict}; none differs.\n", style="bold")
    for found in differences[:SHOWN]:
        text.append(
            f"  {found.registry} {found.year} {found.kind}, {found.measure}: published "
            f"{found.published:,}, ledger {found.ledger:,}, log {found.log:,}\n"
        )
    if len(differences) > SHOWN:
        text.append(f"  and {len(differences) - SHOWN} more.\n")
    if (ledger.transactions, ledger.blocks) != (log.transactions, log.blocks):
        text.append("The books do not hold the same number of transactions.\n", style="bold red")
    return text
