"""The table that says whether the demonstration is true: published, ledger, log, difference.

Both books' columns are sums over their stored records. A difference is counted cell by cell, so
that two errors in one year cannot hide each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rich import box
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
)
HEADS = (
    "published",
    "ledger",
    "log",
    "differ-\nence",
    "not explained\nby the cap",
    "trans-\nactions",
    "blocks",
)
EXPLANATION = """\
Ledger and log are summed from their stored records, by registry of the account; 'difference' adds
up, without signs, how far each cell of each book is from the published figure.
'Not explained by the cap' counts units created under a named correction, because free allocation or
surrender of the year needed more than the cap in the rulebook gives: the national plans of
2005-2012 are only partly known, and credits are not modelled.
Transactions, blocks (unbroken runs of serials moved) and transactions per second (tx/s) belong to
the calendar year in which they took effect."""


class Difference(NamedTuple):
    """A cell in which a book does not say what was published."""

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

    A cell only a book knows counts as published with zero.
    """
    published = {figure.cell: figure for figure in figures}
    cells = sorted(published.keys() | ledger.cells.keys() | log.cells.keys())
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
            apart = sum(d.size for d in differences if (d.year, d.measure) == (year, measure))
            if year in played or any(sums) or apart:
                yield (year, measure, *sums, apart, *counts)
            elif measure == "surrendered":
                yield (year, f"surrender for {year - 1}", "", "", "", "", *counts)
            if year in played:
                counts = ("", "", "")


def _sum(totals: Totals, year: int, name: str) -> int:
    return sum(getattr(total, name) for cell, total in totals.cells.items() if cell[1] == year)


def render(
    figures: Sequence[Figure],
    ledger: Totals,
    log: Totals,
    seconds_by_year: Mapping[int, float],
) -> Table:
    """The table for a terminal of 120 columns; transactions per second where seconds are known."""
    count, differences = compare(figures, ledger, log)
    table = Table(
        title="EU ETS, published and played: all registries, stationary and aviation, in tonnes",
        title_justify="left",
        title_style="bold",
        caption=_caption(count, differences, ledger, log),
        caption_justify="left",
        caption_style="none",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        # Differences need the room that otherwise keeps the columns apart.
        padding=(0, 0 if differences else 1, 0, 0),
    )
    table.add_column("year", justify="left", no_wrap=True, min_width=4, style="bold")
    table.add_column("", justify="left", no_wrap=True)
    for head in HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    if seconds_by_year:
        table.add_column("tx/s", justify="right", no_wrap=True)
    for row in _rows(figures, ledger, log):
        table.add_row(*_cells(row, seconds_by_year))
    _add_sums(table, ledger, seconds_by_year)
    return table


def _cells(row: tuple[object, ...], seconds: Mapping[int, float]) -> list[Text]:
    year, transactions = row[0], row[7]
    first = transactions != ""
    cells = [Text(str(year) if first else ""), Text(str(row[1]))]
    cells += [Text(f"{value:,}" if isinstance(value, int) else "") for value in row[2:]]
    if row[5]:
        cells[5].stylize("bold red")
    if seconds:
        known = seconds.get(year, 0) if isinstance(year, int) else 0
        cells.append(Text(_rate(transactions, known) if first else ""))
    return cells


def _rate(transactions: object, seconds: float) -> str:
    return f"{int(transactions / seconds):,}" if seconds and isinstance(transactions, int) else ""


def _add_sums(table: Table, ledger: Totals, seconds: Mapping[int, float]) -> None:
    count = sum(ledger.transactions.values())
    cells = ["all", "", "", "", "", "", f"{sum(ledger.unexplained.values()):,}", f"{count:,}"]
    cells.append(f"{sum(ledger.blocks.values()):,}")
    if seconds:
        cells.append(_rate(count, sum(seconds.values())))
    table.add_row(*cells, style="bold")


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
    text.append(EXPLANATION)
    return text
