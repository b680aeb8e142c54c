"""Writing tables back as the files people have: CSV, CSV in gzip, and the Commission's workbooks.

Each layout writes with the same fields it reads, so that reading back gives the same tables.
Whole numbers go into a workbook as numbers, everything else as text: no cell is ever written as a
formula, whatever a holder calls itself.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import polars as pl
import xlsxwriter

from openets.formats.layouts import Layout
from openets.formats.problems import refusal
from openets.formats.recognise import BY_NAME
from openets.formats.tables import SCHEMAS, Tables, conform

SHEET_ROWS = 2**20
CELL_LENGTH = 2**15 - 1
_NUMBER = re.compile(r"^(?:0|-?[1-9]\d{0,14})$")


def export(tables: Tables, layout_name: str, target: Path) -> int:
    """Writes the tables in a layout, whole or not at all; returns the number of rows."""
    layout = BY_NAME.get(layout_name)
    if layout is None:
        raise refusal(
            "formats.unknown-layout",
            f"{layout_name!r} is no layout that can be written. There are: "
            f"{', '.join(sorted(BY_NAME))}.",
        )
    frame = layout.write(_needed(tables, layout))
    if layout.workbook != (target.suffix == ".xlsx"):
        wanted = ".xlsx" if layout.workbook else ".csv or .csv.gz"
        raise refusal("formats.wrong-ending", f"The layout is written as {wanted}.", target.name)
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        _write(frame, layout, target, unfinished)
        unfinished.replace(target)
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise refusal(
            "formats.not-written", f"The file cannot be written: {reason}.", target.name
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return frame.height


def _needed(tables: Tables, layout: Layout) -> Tables:
    """The tables a layout writes from; operators follow from operator years where need be."""
    if layout.table not in tables:
        raise refusal(
            "formats.no-table",
            f"The snapshot holds no {layout.table.replace('_', ' ')}, which {layout.name} is "
            f"written from. It holds: {', '.join(sorted(tables))}.",
        )
    given = dict(tables)
    if layout.table == "operator_years":
        given.setdefault("operators", _operators(tables["operator_years"]))
    given.setdefault("surrenders", pl.DataFrame(schema=SCHEMAS["surrenders"]))
    return given


def _operators(years: pl.DataFrame) -> pl.DataFrame:
    """The operators that the years name, each with its latest activity."""
    latest = years.sort("year").unique("operator_key", keep="last", maintain_order=True)
    return conform("operators", latest.sort("registry", "operator_id"))


def _write(frame: pl.DataFrame, layout: Layout, target: Path, unfinished: Path) -> None:
    if layout.workbook:
        _write_workbook(frame, unfinished, target.name)
        return
    # Empty text would be written as two quotation marks; nothing is written as nothing.
    text = frame.with_columns(pl.all().replace("", None)).write_csv().encode("utf-8")
    unfinished.write_bytes(gzip.compress(text, mtime=0) if target.suffix == ".gz" else text)


def _write_workbook(frame: pl.DataFrame, path: Path, name: str) -> None:
    if frame.height >= SHEET_ROWS:
        raise refusal("formats.too-large", "A sheet holds no more than 1,048,575 rows.", name)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("data")
        for row, cells in enumerate([tuple(frame.columns), *frame.iter_rows()]):
            for column, cell in enumerate(cells):
                if _NUMBER.match(cell):
                    sheet.write_number(row, column, int(cell))
                elif cell:
                    sheet.write_string(row, column, cell[:CELL_LENGTH])
