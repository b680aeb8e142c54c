"""A table with the source of its figures, and the same rows as CSV, JSON and XLSX."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import xlsxwriter

Cell = str | int | None  # None: kept back
KEPT_BACK = "kept back"


class Column(NamedTuple):
    """A column as it is shown."""

    name: str
    numeric: bool


class Group(NamedTuple):
    """Rows under a heading of their own; without a name they have none."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def kept_back(self) -> bool:
        """Whether no sum of it may be told."""
        return all(row[-1] is None for row in self.rows)


class Table(NamedTuple):
    """Rows under columns; `name` is its address, `source` the provision that publishes it.

    Of a `grouped` table the first column is shown as the heading of the rows that share it. All
    columns but the first (and, if it is grouped, the second) hold numbers.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    source: str = ""
    grouped: bool = False

    @property
    def shown(self) -> list[Column]:
        """The columns as they are shown."""
        names = self.columns[self.grouped :]
        return [Column(name, bool(place)) for place, name in enumerate(names)]

    @property
    def groups(self) -> list[Group]:
        """The rows as they are shown: all of them, or those that have a sum to tell."""
        if not self.grouped:
            return [Group("", self.rows)]
        return [one for one in self._named if not one.kept_back] or self._named

    @property
    def untold(self) -> list[str]:
        """The names of what has no sum to tell, where others have one."""
        if not self.grouped:
            return []
        shown = {one.name for one in self.groups}
        return [one.name for one in self._named if one.name not in shown]

    @property
    def _named(self) -> list[Group]:
        return [
            Group(str(name), tuple(row[1:] for row in rows))
            for name, rows in groupby(self.rows, key=itemgetter(0))
        ]


def _in_words(row: tuple[Cell, ...]) -> list[str | int]:
    """A row for a sheet, where an empty cell would look like no figure at all."""
    return [KEPT_BACK if cell is None else cell for cell in row]


def as_csv(table: Table, as_of: str) -> bytes:
    """The rows as CSV with a header; a sum that is kept back says so in its cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows(map(_in_words, table.rows))
    return text.getvalue().encode()


def as_json(table: Table, as_of: str) -> bytes:
    """Title, day and source, and the rows as objects; what is kept back is null."""
    document: dict[str, Any] = {
        "title": table.title,
        "as_of": as_of,
        "source": table.source,
        "note": table.note,
        "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def as_xlsx(table: Table, as_of: str) -> bytes:
    """The rows as a workbook of one sheet, its header frozen."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(table.name[:31])
        bold, number = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
        sheet.write_row(0, 0, table.columns, bold)
        for place, row in enumerate(table.rows, start=1):
            sheet.write_row(place, 0, _in_words(row), number)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return file.getvalue()


class Form(NamedTuple):
    """A form a table can be had in."""

    write: Callable[[Table, str], bytes]
    media_type: str


FORMS = {
    "csv": Form(as_csv, "text/csv; charset=utf-8"),
    "json": Form(as_json, "application/json"),
    "xlsx": Form(as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
