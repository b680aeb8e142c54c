"""EUTL operators in one wide row each: years go across, as collectors of the old pages do it.

The columns are those of the XML export with the year behind (`VerifiedEmissions_2019`); `NA` is
missing, and the words `Excluded`, `Not Reported` and `Not Calculated` stand where numbers should.
Reserve and transitional allocation show only in the difference between the sum and the base.
"""

from __future__ import annotations

import re

import polars as pl

from openets.formats.eutl_fields import (
    BLANKS,
    COMPLIANCE,
    OPERATOR,
    spread_stars,
    status_of,
    totals,
    with_given_total,
    with_status,
)
from openets.formats.fields import Field, compose, parse
from openets.formats.layouts import Layout
from openets.formats.problems import refusal
from openets.formats.sheets import ROW, Sheet
from openets.formats.tables import Reading, Tables, conform, kind_of_operator, operator_key

_YEAR_CELL = re.compile(r"^VerifiedEmissions_(\d{4})$")
_YEARLY = tuple(
    item
    for item in COMPLIANCE
    if item.column not in ("registry", "operator_id", "activity", "year")
)
NOTHING = "NA"


def _fields(year: int) -> tuple[Field, ...]:
    return tuple(Field(f"{item.cell}_{year}", item.column, item.kind) for item in _YEARLY)


def _read(sheet: Sheet) -> Reading:
    years = sorted({int(found[1]) for cell in sheet.cells if (found := _YEAR_CELL.match(cell))})
    if not years:
        raise refusal(
            "formats.missing-cells",
            "The header has no VerifiedEmissions column with a year.",
            f"{sheet.file}, header",
        )
    frame, problems = parse(sheet, OPERATOR, BLANKS)
    operators = with_status(frame).with_columns(
        operator_key().alias("operator_key"), kind_of_operator()
    )
    key = [ROW, "operator_key", "registry", "operator_id", "activity", "kind"]
    parts = []
    for year in years:
        spread = Sheet(sheet.file, spread_stars(sheet.frame, f"_{year}"))
        values, bad = parse(spread, _fields(year), BLANKS)
        problems += bad
        rows = operators.select(key).join(totals(values), on=ROW, maintain_order="left")
        parts.append(conform("operator_years", rows.with_columns(pl.lit(year).alias("year"))))
    tables = {"operator_years": pl.concat(parts), "operators": conform("operators", operators)}
    ordered = sorted(problems, key=lambda problem: problem.row)
    return Reading("eutl/wide", tables, [*sheet.problems, *ordered])


def _write(tables: Tables) -> pl.DataFrame:
    operators, years = tables["operators"], tables["operator_years"]
    wide = compose(status_of(operators), OPERATOR, nothing=NOTHING)
    for year in sorted(years["year"].unique()):
        values = operators.select("operator_key").join(
            years.filter(pl.col("year") == year),
            on="operator_key",
            how="left",
            maintain_order="left",
        )
        cells = with_given_total(values)
        wide = wide.hstack(compose(cells, _fields(year), blank=NOTHING, nothing=NOTHING))
    return wide


LAYOUTS = (
    Layout(
        "eutl/wide",
        "EUTL operators, one wide row each",
        frozenset(
            {"InstallationOrAircraftOperatorID", "NationalAdministratorCode", "AccountHolderName"}
        ),
        _read,
        _write,
        "operator_years",
    ),
)
