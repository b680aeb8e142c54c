"""An uploaded table of free allocation: a row for each operator, a column for each year.

Every cell stays text, beside the number of its row, because the checks name row and cell; what they
are is a matter of the scheme that takes the table. A file that is no table at all is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from openets.formats.problems import Problem

OWN = "operator_id"
PASSED_OVER = ("name",)  # columns of the own layout that are for readers
YEAR = re.compile(r"[0-9]{4}")


class Layout(NamedTuple):
    """How a header is read: the identifier's column, and how many columns stand before the years.

    With None any column of `PASSED_OVER` may stand anywhere.
    """

    identifier: str
    before_years: int | None = None


class Row(NamedTuple):
    """A row as it stands in the file, cells without blanks around them; the header is row 1."""

    number: int
    operator: str
    amounts: dict[str, str]  # by column


@dataclass(slots=True)
class AllocationTable:
    """A table as read. `identifier` is empty where the header has none; then there are no rows."""

    file: str
    layout: Layout
    identifier: str
    years: tuple[str, ...]
    strange: tuple[str, ...]  # columns that are neither years nor passed over
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_allocation_table(path: Path, layouts: Sequence[Layout]) -> AllocationTable:
    """Reads a table by the first layout whose identifier the header has; capitals do not matter.

    Rows without a single value are left out. Raises `Refused` for a file that is no table or
    dangerous to open.
    """
    from openets.formats.uploaded import ROW, figures_sheet  # takes a moment

    sheet = figures_sheet(path, "allocation")
    named = {cell.lower(): cell for cell in sheet.cells}
    layout = next((one for one in layouts if one.identifier.lower() in named), layouts[0])
    identifier = named.get(layout.identifier.lower(), "")
    others = [cell for cell in sheet.cells if cell != identifier]
    if layout.before_years is None:
        others = [cell for cell in others if cell.lower() not in PASSED_OVER]
    else:
        others = sheet.cells[layout.before_years :]
    years = tuple(cell for cell in others if YEAR.fullmatch(cell))
    strange = tuple(cell for cell in others if not YEAR.fullmatch(cell))
    table = AllocationTable(
        sheet.file, layout, identifier, years, strange, problems=[*sheet.problems]
    )
    if identifier:
        for number, operator, *amounts in sheet.frame.select(ROW, identifier, *years).iter_rows():
            cells = (str(cell or "").strip() for cell in amounts)
            table.rows.append(
                Row(number, str(operator or "").strip(), dict(zip(years, cells, strict=True)))
            )
    return table
