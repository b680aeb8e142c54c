"""A listing written as a workbook: whole numbers as numbers, everything else as text.

No cell is ever written as a formula, whatever stands in it; the file is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter

from openets.formats.written import written


def write_listing(
    columns: Sequence[str], rows: Iterable[Sequence[object]], file: Path, name: str
) -> int:
    """Writes a header and rows to one sheet; returns the number of rows. Raises `Refused`."""
    count = 0
    with written(file) as target, xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, columns)
        for count, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if isinstance(cell, int) and not isinstance(cell, bool):
                    sheet.write_number(count, place, cell)
                elif cell is not None and cell != "":
                    sheet.write_string(count, place, str(cell))
    return count
