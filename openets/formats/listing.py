"""A listing written as a workbook: whole numbers as numbers, everything else as text.

No cell is ever written as a formula, whatever stands in it; the file is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import xlsxwriter

from openets.formats.problems import refusal


def write_listing(
    columns: Sequence[str], rows: Iterable[Sequence[object]], file: Path, name: str
) -> int:
    """Writes a header and rows to one sheet; returns the number of rows. Raises `Refused`."""
    written, count = BytesIO(), 0
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, columns)
        for count, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if isinstance(cell, int) and not isinstance(cell, bool):
                    sheet.write_number(count, place, cell)
                elif cell is not None and cell != "":
                    sheet.write_string(count, place, str(cell))
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        unfinished.write_bytes(written.getvalue())
        unfinished.replace(file)
    except OSError as error:
        sentence = f"The file cannot be written: {error.strerror}."
        raise refusal("formats.not-written", sentence, file.name) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return count
