"""A table that somebody uploads, CSV or XLSX, as one sheet of text.

The layouts of uploads load this only to read a file: what they are made of is asked for at every
desk, a file is there now and then.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from openets.formats.formulas import formula_problems
from openets.formats.problems import refusal
from openets.formats.sheets import ROW, Sheet, csv_sheets
from openets.formats.sources import Part, container
from openets.formats.workbook import check_workbook, sheet_of, workbook_sheets

__all__ = ["ROW", "figures_sheet", "table_sheet"]


def table_sheet(path: Path, kind: str) -> Sheet:
    """The first sheet with a value, or the CSV file, as a sheet; `kind` names what was expected."""
    packed = container(path)
    if packed in ("plain", "gzip"):
        return _one_sheet(path.name, list(csv_sheets(Part(path))))
    if packed != "workbook":
        sentence = f"A table of {kind} is a CSV file or a workbook (.xlsx)."
        raise refusal("formats.not-a-table", sentence, path.name)
    check_workbook(path)
    for _, rows in workbook_sheets(path):
        for number, cells in enumerate(rows):
            if any(cell.strip() for cell in cells):
                return sheet_of(path.name, rows, number)
    raise refusal("formats.empty", "The workbook has no row with a value.", path.name)


def figures_sheet(path: Path, kind: str) -> Sheet:
    """The same, of figures on which units are issued: formulas are among its problems."""
    sheet = table_sheet(path, kind)
    if path.suffix.lower() == ".xlsx":
        sheet.problems += formula_problems(path)
    return sheet


def _one_sheet(file: str, blocks: list[Sheet]) -> Sheet:
    """The blocks of a text as one sheet; a table of emissions is small."""
    if not blocks:
        raise refusal("formats.empty", "The file has no row with a value.", file)
    problems = [problem for block in blocks for problem in block.problems]
    return Sheet(file, pl.concat([block.frame for block in blocks]), problems)
