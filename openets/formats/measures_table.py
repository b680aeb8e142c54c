"""The list of installations of national implementation measures as a file: written and read.

A row is a sub-installation in a year of the baseline; what belongs to the whole sub-installation
stands in each of its rows. The template is written here, as CSV or as a workbook whose second sheet
says what each column holds and in which unit. Cells stay text; what they are is the scheme's.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NamedTuple

from openets.formats.problems import Problem, refusal
from openets.formats.written import written


class Column(NamedTuple):
    """A column: its head, whether each row must fill it, and what it holds."""

    head: str
    needed: bool
    holds: str


COLUMNS = (
    Column("installation", True, "code of the operator, like AT-000012"),
    Column("installation_name", False, "for readers"),
    Column("activity", False, "number of the activity in Annex I, like 29"),
    Column("sub_installation", True, "a name of its own within the installation"),
    Column("kind", True, "product, heat, district-heating, fuel, process-emissions"),
    Column("product", False, "benchmark of a product, as free-allocation.benchmarks names it"),
    Column("exposed", True, "yes or no: at risk of carbon leakage; no for district heating"),
    Column("prodcom", False, "PRODCOM code of the goods that decide on it, 4 to 10 digits"),
    Column("cbam", False, "yes or no: goods of the border adjustment"),
    Column("cn", False, "CN code of those goods, 4 to 8 digits"),
    Column("started_on", False, "first day of operation, 2016-05-01, if within the baseline"),
    Column("year", True, "year of the baseline"),
    Column("operating", True, "yes or no: at least one day of operation in the year"),
    Column("unit", True, "of the activity level: t of product, TJ of heat or fuel, t CO2e"),
    Column("activity_level", True, "the year's activity level in that unit"),
    Column("direct_emissions_tco2e", False, "attributed direct emissions, t CO2e"),
    Column("heat_imported_tj", False, "net measurable heat from inside the system, TJ"),
    Column("heat_from_outside_tj", False, "net measurable heat from outside the system, TJ"),
    Column("heat_from_nitric_acid_tj", False, "net measurable heat from nitric acid, TJ"),
    Column("electricity_mwh", False, "electricity consumed that fuel could replace, MWh"),
    Column("hydrogen_tj", False, "heat from hydrogen burnt for vinyl chloride, TJ"),
    Column("waste_gas_tj", False, "waste gas counted as process emissions, TJ"),
    Column("waste_gas_tco2_per_tj", False, "its emission factor, t CO2 per TJ"),
    Column("flared_tco2", False, "waste gas flared other than for safety, t CO2"),
)
HEADS = tuple(column.head for column in COLUMNS)
WIDTH = 22


class Row(NamedTuple):
    """A row as it stands in the file, cells by head without blanks around; the header is row 1."""

    number: int
    cells: dict[str, str]


@dataclass(slots=True)
class MeasuresTable:
    """A list as read. `missing` are needed columns the header lacks, `strange` those nobody knows.

    With either there are no rows.
    """

    file: str
    missing: tuple[str, ...]
    strange: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def write_template(target: Path) -> None:
    """Writes an empty list to fill in, as .csv or .xlsx; raises `Refused`."""
    ending = target.suffix.lower()
    if ending not in (".csv", ".xlsx"):
        sentence = "The template is written as .csv or .xlsx."
        raise refusal("formats.wrong-ending", sentence, target.name)
    with written(target) as file:
        if ending == ".xlsx":
            _write_workbook(file)
        else:
            with TextIOWrapper(file, "utf-8", newline="") as text:
                csv.writer(text).writerow(HEADS)


def _write_workbook(file: BinaryIO) -> None:
    import xlsxwriter  # takes a moment to load

    with xlsxwriter.Workbook(file) as book:
        heading = book.add_format({"bold": True})
        sheet = book.add_worksheet("list")
        sheet.write_row(0, 0, HEADS, heading)
        sheet.set_column(0, len(HEADS) - 1, WIDTH)
        sheet.freeze_panes(1, 0)
        told = book.add_worksheet("columns")
        told.write_row(0, 0, ("column", "needed", "holds"), heading)
        for place, column in enumerate(COLUMNS, start=1):
            told.write_row(place, 0, (column.head, "yes" if column.needed else "", column.holds))


def read_measures(path: Path) -> MeasuresTable:
    """Reads a list, CSV or workbook; capitals in the header do not matter.

    Raises `Refused` for a file that is no table or dangerous to open.
    """
    from openets.formats.uploaded import ROW, figures_sheet  # takes a moment

    sheet = figures_sheet(path, "installations")
    named = {cell.lower(): cell for cell in sheet.cells}
    missing = tuple(one.head for one in COLUMNS if one.needed and one.head not in named)
    strange = tuple(cell for cell in sheet.cells if cell.lower() not in HEADS)
    table = MeasuresTable(sheet.file, missing, strange, problems=[*sheet.problems])
    if missing or strange:
        return table
    heads = tuple(named)
    for number, *cells in sheet.frame.select(ROW, *named.values()).iter_rows():
        texts = (str(cell or "").strip() for cell in cells)
        table.rows.append(Row(number, dict(zip(heads, texts, strict=True))))
    return table
