"""An uploaded table of verified emissions: a row for each operator and year, CSV or XLSX.

Every cell stays text, beside the number of its row, because the checks name row and cell; what they
are is a matter of the scheme that takes the table. A file that is no table at all is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from openets.formats.problems import Problem


class Columns(NamedTuple):
    """The cells of a header that make a table one of emissions."""

    operator: str
    year: str
    emissions: str


OWN = Columns("operator_id", "year", "emissions")


class Row(NamedTuple):
    """A row as it stands in the file, cells without blanks around them; the header is row 1."""

    number: int
    operator: str
    year: str
    emissions: str


@dataclass(slots=True)
class EmissionsTable:
    """A table as read. `columns` are the header's cells as the file writes them.

    `layout` is the one of those asked for that the header is nearest to, and `missing` what the
    header lacks of it; then there are no rows.
    """

    file: str
    header: tuple[str, ...]
    layout: Columns
    columns: Columns
    missing: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_table(path: Path, layouts: Sequence[Columns] = (OWN,)) -> EmissionsTable:
    """Reads a table by the layout its header is nearest to; capitals do not matter.

    Further columns are passed over and rows without a single value left out. Raises `Refused` for
    a file that is no table or dangerous to open.
    """
    from openets.formats.uploaded import ROW, table_sheet  # takes a moment

    sheet = table_sheet(path, "emissions")
    named = {cell.lower(): cell for cell in sheet.cells}
    layout = max(layouts, key=lambda one: sum(cell.lower() in named for cell in one))
    columns = Columns(*(named.get(cell.lower(), "") for cell in layout))
    missing = tuple(cell for cell, found in zip(layout, columns, strict=True) if not found)
    table = EmissionsTable(
        sheet.file, tuple(sheet.cells), layout, columns, missing, problems=list(sheet.problems)
    )
    if not missing:
        table.rows = [
            Row(number, *(str(cell or "").strip() for cell in cells))
            for number, *cells in sheet.frame.select(ROW, *columns).iter_rows()
        ]
    return table
