"""Workbooks (xlsx) as sheets of text, looked through before the reading library touches them.

A workbook is a zip of XML. Three things are checked on its bytes while they are counted: how
large a grid the cells span (two cells in opposite corners make a library hold every cell between
them), that no entities are declared, and that every formula has the value it was saved with,
because a formula without one would silently read as blank.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook

from openets.formats.problems import refusal
from openets.formats.sheets import ROW, Sheet, check_header
from openets.formats.sources import Limits, Part, member_names, stream

LIMITS = Limits(unpacked_bytes=256 * 2**20)
CELLS = 2**22  # of the grid of one sheet: larger than all published workbooks together
HEADER_ROWS = 60  # a header stands within these
OVERLAP = 2**12

_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{0,3})(\d{1,10})[\"']")
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?=[\s/>])(?![^>]*\br\s*=)[^>]*>")
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s[^>]*\br\s*=\s*[\"'](\w+)[\"'][^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
Row = list[Any]


def check_workbook(path: Path) -> None:
    """Refuses a workbook that is dangerous to read, or that holds formulas without values."""
    total = 0
    for name in member_names(path, LIMITS):
        if name.endswith("/"):
            continue
        columns = rows = 0
        before = b""
        is_sheet = name.lower().startswith("xl/worksheets/") and name.lower().endswith(".xml")
        is_xml = name.lower().endswith((".xml", ".rels"))
        for chunk in stream(Part(path, name), LIMITS):
            total += len(chunk)
            if total > LIMITS.unpacked_bytes:
                raise refusal(
                    "formats.too-large", "The workbook unpacks to more than 256 MB.", path.name
                )
            window = before + chunk
            if is_xml:
                _check_xml(path.name, window)
            if is_sheet:
                width, height = _extent(path.name, window)
                columns, rows = max(columns, width), max(rows, height)
                if columns * rows > CELLS:
                    raise refusal(
                        "formats.too-many-cells",
                        f"A sheet spans {columns:,} columns and {rows:,} rows.",
                        path.name,
                    )
            before = window[-OVERLAP:]


def workbook_sheets(path: Path) -> Iterator[tuple[str, list[Row]]]:
    """Each sheet's name and rows, as the library gives them; call `check_workbook` first."""
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            for name in book.sheet_names:
                yield name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OSError, UnicodeError) as error:
        raise _unreadable(path, error) from error
    except BaseException as error:
        # The library's own panics are no Exception; everything else goes on its way.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable(path, error) from error


def find_header(rows: list[Row], cells: frozenset[str]) -> int | None:
    """The index of the first row that has all these cells, or nothing."""
    for index, row in enumerate(rows[:HEADER_ROWS]):
        if cells <= {as_text(cell).strip() for cell in row}:
            return index
    return None


def sheet_of(file: str, rows: list[Row], header: int) -> Sheet:
    """The rows under a header as a sheet of text; rows without a single value are left out."""
    names = [as_text(cell).strip() for cell in rows[header]]
    check_header(names, file)
    body = rows[header + 1 :]
    columns = {
        name: pl.Series(name, [as_text(row[index]) for row in body], dtype=pl.String)
        for index, name in enumerate(names)
        if name
    }
    numbers = pl.Series(ROW, range(header + 2, header + 2 + len(body)), dtype=pl.UInt32)
    frame = pl.DataFrame({ROW: numbers, **columns})
    return Sheet(file, frame.filter(pl.any_horizontal(pl.col(list(columns)) != "")))


def as_text(cell: object) -> str:
    """A cell as the text a person sees: whole numbers without a point, days in ISO form."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)


def _check_xml(file: str, window: bytes) -> None:
    if b"\0" in window:
        raise refusal("formats.nul-byte", "The workbook's XML holds NUL bytes.", file)
    if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
        raise refusal("formats.xml-entities", "The workbook declares XML entities.", file)


def _extent(file: str, window: bytes) -> tuple[int, int]:
    """Columns and rows that the cells of a stretch of sheet XML reach."""
    if found := _FORMULA.search(window):
        cell = found[1].decode()
        raise refusal(
            "formats.formula-without-value",
            f"The formula in cell {cell} was saved without its value. Open the workbook in a "
            "spreadsheet program and save it again.",
            f"{file}, cell {cell}",
        )
    if _UNPLACED.search(window):
        raise refusal("formats.damaged", "A cell does not say where it stands.", file)
    places = set(_PLACE.findall(window))
    letters = {place[0] for place in places}
    height = max((int(place[1]) for place in places), default=0)
    return max(map(_column_number, letters), default=0), height


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _unreadable(path: Path, error: BaseException) -> Exception:
    return refusal("formats.damaged", f"The workbook cannot be read: {error}.", path.name)
