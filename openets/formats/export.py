"""Writing tables back as the files people have: CSV, CSV in gzip, workbooks, and XML.

Each layout writes with the same fields it reads, so that reading back gives the same tables.
Whole numbers go into a workbook as numbers, everything else as text: no cell is ever written as a
formula, whatever a holder calls itself.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import BinaryIO

import polars as pl
import xlsxwriter

from openets.formats.eutl_xml_write import LAYOUTS as XML
from openets.formats.eutl_xml_write import XmlLayout, xml_text
from openets.formats.layouts import Layout
from openets.formats.problems import refusal
from openets.formats.recognise import BY_NAME
from openets.formats.tables import SCHEMAS, Tables, conform
from openets.formats.written import written

ENDINGS = (".csv", ".csv.gz", ".xlsx")
XML_ENDINGS = (".xml", ".xml.gz")
SHEET_ROWS = 2**20
CELL_LENGTH = 2**15 - 1
_NUMBER = re.compile(r"^(?:0|-?[1-9]\d{0,14})$")


def export(tables: Tables, layout_name: str, target: Path) -> int:
    """Writes the tables in a layout, whole or not at all; returns the number of rows."""
    layout: Layout | XmlLayout | None = BY_NAME.get(layout_name) or XML.get(layout_name)
    if layout is None:
        raise refusal(
            "formats.unknown-layout",
            f"{layout_name!r} is no layout that can be written. There are: "
            f"{', '.join(sorted({*BY_NAME, *XML}))}.",
        )
    endings = XML_ENDINGS if isinstance(layout, XmlLayout) else ENDINGS
    if not target.name.endswith(endings):
        wanted = f"{', '.join(endings[:-1])} or {endings[-1]}"
        raise refusal("formats.wrong-ending", f"The layout is written as {wanted}.", target.name)
    given = _needed(tables, layout.table, layout_name)
    with written(target) as file:
        return _write(given, layout, target.name, file)


def _needed(tables: Tables, table: str, layout_name: str) -> Tables:
    """The tables a layout writes from; operators follow from operator years where need be."""
    if table not in tables:
        raise refusal(
            "formats.no-table",
            f"The snapshot holds no {table.replace('_', ' ')}, which {layout_name} is "
            f"written from. It holds: {', '.join(sorted(tables))}.",
        )
    given = dict(tables)
    if table == "operator_years":
        given["operators"] = _operators(tables)
    given.setdefault("surrenders", pl.DataFrame(schema=SCHEMAS["surrenders"]))
    return given


def _operators(tables: Tables) -> pl.DataFrame:
    """The operators, and those that only the years name, each with its latest activity."""
    years = tables["operator_years"]
    listed = tables.get("operators", pl.DataFrame(schema=SCHEMAS["operators"]))
    unlisted = years.join(listed, on="operator_key", how="anti")
    latest = unlisted.sort("year").unique("operator_key", keep="last", maintain_order=True)
    return pl.concat([listed, conform("operators", latest.sort("registry", "operator_id"))])


def _write(tables: Tables, layout: Layout | XmlLayout, name: str, file: BinaryIO) -> int:
    if isinstance(layout, XmlLayout):
        rows, text = xml_text(layout, tables)
        content = text.encode()
    else:
        frame = layout.write(tables)
        rows = frame.height
        if name.endswith(".xlsx"):
            _write_workbook(frame, file, name)
            return rows
        # Empty text would be written as two quotation marks; nothing is written as nothing.
        content = frame.with_columns(pl.all().replace("", None)).write_csv().encode()
    file.write(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    return rows


def _write_workbook(frame: pl.DataFrame, file: BinaryIO, name: str) -> None:
    if frame.height >= SHEET_ROWS:
        raise refusal("formats.too-large", "A sheet holds no more than 1,048,575 rows.", name)
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("data")
        for row, cells in enumerate([tuple(frame.columns), *frame.iter_rows()]):
            for column, cell in enumerate(cells):
                if _NUMBER.match(cell):
                    sheet.write_number(row, column, int(cell))
                elif cell:
                    sheet.write_string(row, column, cell[:CELL_LENGTH])
