"""Workbooks as sheets of text, looked through before the reading library touches them.

A workbook of today is a zip of XML. Three things are checked on its bytes while they are counted:
how large a grid the cells span (two cells in opposite corners make a library hold every cell
between them), that no entities are declared, and that every formula has the value it was saved
with, because a formula without one would silently read as blank. The workbooks of before 2007 (xls)
are small binary files, in which every formula has its value; they are only weighed. Either is then
read by a process of its own that may take so much memory and no more.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from openets.formats import spreadsheet
from openets.formats.problems import refusal
from openets.formats.sheets import ROW, Sheet, check_header, header_cell
from openets.formats.sources import Limits, Part, member_names, stream

LIMITS = Limits(unpacked_bytes=256 * 2**20)
CELLS = 2**22  # of the grid of one sheet: larger than all published workbooks together
HEADER_ROWS = 60  # a header stands within these
OLD_BYTES = 64 * 2**20  # of a workbook of before 2007, which holds no more than 65,536 rows a sheet
OVERLAP = 2**12
NOTE, ALONE = "\x1fnote", "\x1falone"  # columns that no header names
NOTES, NOTE_LENGTH = 6, 80  # of what stands below a table, shown in a remark

_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{0,3})(\d{1,10})[\"']")
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?=[\s/>])(?![^>]*\br\s*=)[^>]*>")
# The end of a formula, and the end of its cell with no value in between.
_FORMULA = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_IN_SHEETS = re.compile(r"^xl/\w*sheets/[^/]+\.xml$")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s")
Row = list[str]


def check_old_workbook(path: Path) -> None:
    """Refuses a workbook of before 2007 that is larger than any of them."""
    if path.stat().st_size > OLD_BYTES:
        raise refusal("formats.too-large", "The workbook is larger than 64 MB.", path.name)


def check_workbook(path: Path) -> None:
    """Refuses a workbook that is dangerous to read, or that holds formulas without values."""
    total = named = 0
    names = member_names(path, LIMITS)
    for name in names:
        if name.endswith("/"):
            continue
        is_xml = name.lower().endswith((".xml", ".rels"))
        extent = _Extent(path.name)
        before = b""
        for chunk in stream(Part(path, name), LIMITS):
            total += len(chunk)
            if total > LIMITS.unpacked_bytes:
                raise refusal(
                    "formats.too-large", "The workbook unpacks to more than 256 MB.", path.name
                )
            window = before + chunk
            if is_xml:
                _check_xml(path.name, window)
            if is_xml and _IN_SHEETS.match(name.lower()):
                extent.reach(window)
            if name.lower() == "xl/workbook.xml":
                named += len(_SHEET.findall(chunk))
            before = window[-OVERLAP:]
    if named > sum(1 for name in names if _IN_SHEETS.match(name.lower())):
        raise refusal("formats.damaged", "The workbook names more sheets than it holds.", path.name)


class _Extent:
    """How large a grid the cells of a sheet span."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._columns = self._rows = 0

    def reach(self, window: bytes) -> None:
        """Takes in a stretch of the sheet's XML; refuses a grid that no honest sheet spans."""
        width, height = _extent(self._file, window)
        self._columns, self._rows = max(self._columns, width), max(self._rows, height)
        if self._columns * self._rows > CELLS:
            raise refusal(
                "formats.too-many-cells",
                f"A sheet spans {self._columns:,} columns and {self._rows:,} rows.",
                self._file,
            )


def workbook_sheets(path: Path) -> Iterator[tuple[str, list[Row]]]:
    """Each sheet's name and rows of text, as `spreadsheet` reads them in a process of its own."""
    command = [sys.executable, "-P", spreadsheet.__file__, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        assert reader.stdout is not None and reader.stderr is not None
        name = ""
        rows: list[Row] = []
        for line in reader.stdout:
            said = json.loads(line)
            if isinstance(said, str):
                if name:
                    yield name, rows
                name, rows = said, []
            else:
                rows.append(said)
        problem = reader.stderr.read().decode("utf-8", "replace").strip()
    if reader.returncode == spreadsheet.UNREADABLE:
        raise refusal("formats.damaged", f"The workbook cannot be read: {problem}.", path.name)
    if reader.returncode:
        raise refusal(
            "formats.bomb",
            "Reading the workbook takes more memory than any honest workbook needs.",
            path.name,
        )
    if name:
        yield name, rows


def find_header(rows: list[Row], cells: frozenset[str]) -> int | None:
    """The index of the first row that has all these cells, or nothing."""
    for index, row in enumerate(rows[:HEADER_ROWS]):
        if cells <= {header_cell(cell) for cell in row}:
            return index
    return None


def sheet_of(file: str, rows: list[Row], header: int) -> Sheet:
    """The rows under a header as a sheet of text; rows without a single value are left out."""
    names = [header_cell(cell) for cell in rows[header]]
    check_header(names, file)
    body = rows[header + 1 :]
    columns = {
        name: pl.Series(name, [row[index] for row in body], dtype=pl.String)
        for index, name in enumerate(names)
        if name
    }
    numbers = pl.Series(ROW, range(header + 2, header + 2 + len(body)), dtype=pl.UInt32)
    frame = pl.DataFrame({ROW: numbers, **columns})
    return Sheet(file, frame.filter(pl.any_horizontal(pl.col(list(columns)) != "")))


def without_footnotes(sheet: Sheet) -> tuple[Sheet, list[str]]:
    """The sheet without the rows of one text that stand below its table, and a remark on them.

    A text is more than one word: a row of a single identifier may be one of the table's.
    """
    filled = pl.sum_horizontal(pl.col(cell) != "" for cell in sheet.cells)
    text = pl.concat_str(sheet.cells).str.strip_chars()
    frame = sheet.frame.with_columns(text.alias(NOTE), (filled == 1).alias(ALONE))
    is_note = pl.col(ALONE) & pl.col(NOTE).str.contains(r"\s")
    last = frame.filter(~is_note).select(pl.col(ROW).max()).item()
    below = frame.filter(pl.col(ROW) > last)[NOTE].to_list() if last else []
    if not below:
        return sheet, []
    shown = "; ".join(header_cell(text)[:NOTE_LENGTH] for text in below[:NOTES])
    remark = f"{sheet.file}: below the table stands, and is not read: {shown}."
    return replace(sheet, frame=sheet.frame.filter(pl.col(ROW) <= last)), [remark]


def _check_xml(file: str, window: bytes) -> None:
    if b"\0" in window:
        raise refusal("formats.nul-byte", "The workbook's XML holds NUL bytes.", file)
    if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
        raise refusal("formats.xml-entities", "The workbook declares XML entities.", file)


def _extent(file: str, window: bytes) -> tuple[int, int]:
    """Columns and rows that the cells of a stretch of sheet XML reach."""
    has_formulas = b"<f" in window or b":f" in window
    if has_formulas and (found := _FORMULA.search(window)):
        before = _PLACE.findall(window, 0, found.start())
        cell = b"".join(before[-1]).decode() if before else "unknown"
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
    numbers = {place[1] for place in places}
    return max(map(_column_number, letters), default=0), max(map(int, numbers), default=0)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
