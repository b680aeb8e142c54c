"""The Commission's yearly workbooks: verified emissions with allocation, and compliance.

The header stands under a preamble and is found by its cells. In the emissions workbook the years
go across; here they become rows. `-1` is blank, 0 is zero, `Excluded` is out of scope. For
aircraft IDENTIFIER_IN_REG holds the name and INSTALLATION_NAME the number of the central route
charges office, so that the two change places. Stars in an allocation cell mark units of the new
entrants reserve (five) and of Art. 10c or 3f (four) written after the base.
"""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from openets.formats.fields import MINUS_ONE, Field, Kind, compose, parse
from openets.formats.layouts import Layout, flat_layout
from openets.formats.problems import refusal
from openets.formats.sheets import ROW, Sheet, check_header
from openets.formats.tables import (
    AVIATION,
    PARTS,
    Reading,
    Tables,
    conform,
    kind_of_operator,
    operator_key,
)
from openets.formats.yearly_activity import HERE, SWISS, allocation_sum, something_given

OPEN = "OPEN"
# The years' cells in all their spellings: ALLOCATED_2012 in old workbooks, ALLOCATION2008 once.
_YEAR_CELL = re.compile(
    r"^(?P<swiss>CH_)?(?P<what>ALLOCAT(?:ION|ED)(?P<part>_RESERVE|_TRANSITIONAL)?"
    r"|VERIFIED_EMISSIONS)_?(?P<year>(?:19|20)\d\d)$"
)
_ENDS_IN_YEAR = re.compile(r"(?:19|20)\d\d$")

OPERATORS = (
    Field("REGISTRY_CODE", "registry", needed=True, filled=True),
    Field("IDENTIFIER_IN_REG", "holder", needed=True),
    Field("INSTALLATION_NAME", "name", needed=True),
    Field("INSTALLATION_IDENTIFIER", "operator_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("PERMIT_IDENTIFIER", "permit"),
    Field("MAIN_ACTIVITY_TYPE_CODE", "activity", Kind.WHOLE, needed=True),
    Field("ACCOUNT_CLOSURE", "closed_on", Kind.CLOSURE, mark=OPEN),
)

COMPLIANCE = (
    Field("REGISTRY_CODE", "registry", needed=True, filled=True),
    Field("INSTALLATION_NAME", "name"),
    Field("INSTALLATION_IDENTIFIER", "operator_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("PERMIT_IDENTIFIER", "permit"),
    Field("MAIN_ACTIVITY_TYPE_CODE", "activity", Kind.WHOLE, needed=True),
    Field("COMPLIANCE_CODE", "compliance_code", Kind.CODE, needed=True),
    Field("CH_COMPLIANCE_CODE", "ch_compliance_code"),
    Field("COMPLIANCE_STATUS_LATEST_YEAR", "latest_year_status"),
    Field("TOTAL_VERIFIED_EMISSIONS", "verified", Kind.AMOUNT, needed=True),
    Field("CH_TOTAL_VERIFIED_EMISSIONS", "ch_verified", Kind.AMOUNT),
    Field("TOTAL_SURRENDERED_ALLOWANCES", "surrendered", Kind.AMOUNT, needed=True),
    Field("YEAR_OF_FIRST_EMISSIONS", "first_year", Kind.YEAR),
    Field("YEAR_OF_LAST_EMISSIONS", "last_year", Kind.YEAR),
    Field("ACCOUNT_CLOSURE", "closed_on", Kind.CLOSURE, mark=OPEN),
)
NOT_SET = "NOT SET"  # the last year of an operator that has none
NOTHING = (*MINUS_ONE, "NA", NOT_SET)  # in the compliance workbook


def year_fields(year: int) -> tuple[Field, ...]:
    """The cells of one year and the columns of an operator year they fill."""
    return (
        Field(f"ALLOCATION_{year}", "allocation_base", Kind.AMOUNT),
        Field(f"ALLOCATION_RESERVE_{year}", "allocation_ner", Kind.PART),
        Field(f"ALLOCATION_TRANSITIONAL_{year}", "allocation_10c_or_3f", Kind.PART),
        Field(f"VERIFIED_EMISSIONS_{year}", "verified", Kind.AMOUNT),
    )


def swiss_fields(year: int) -> tuple[Field, ...]:
    """The cells of one year under the Swiss system, from 2020."""
    return (
        Field(f"CH_ALLOCATION_{year}", "allocation_base", Kind.AMOUNT),
        Field(f"CH_VERIFIED_EMISSIONS_{year}", "verified", Kind.AMOUNT),
    )


def split_stars(frame: pl.DataFrame, base: str, reserve: str, other: str) -> pl.DataFrame:
    """Takes `7802  120  *****` apart: the base stays, the starred units go to their own cells.

    Adds the cells for reserve and other where there are none. Text that is not of this form stays
    as it is, to be reported as no number.
    """
    cell = pl.col(base).str.strip_chars()
    of_form = cell.str.contains(r"^\d*(\s*\d+\s*\*{4,5})+$").fill_null(False)
    if not frame.select(of_form.any()).item():
        return frame
    empty = pl.lit("")
    ner = cell.str.extract(r"(\d+)\s*\*{5}(?:\s|$)")
    ten_c = cell.str.extract(r"(\d+)\s*\*{4}(?:\s|$)")
    old_ner = pl.col(reserve) if reserve in frame.columns else empty
    old_ten_c = pl.col(other) if other in frame.columns else empty
    return frame.with_columns(
        pl.when(of_form)
        .then(cell.str.replace_all(r"\d+\s*\*{4,5}", "").str.strip_chars())
        .otherwise(pl.col(base))
        .alias(base),
        pl.when(of_form).then(pl.coalesce(ner, old_ner)).otherwise(old_ner).alias(reserve),
        pl.when(of_form).then(pl.coalesce(ten_c, old_ten_c)).otherwise(old_ten_c).alias(other),
    )


def _read_emissions(sheet: Sheet) -> Reading:
    sheet = _plainly_spelled(sheet)
    years = sorted(
        {int(found["year"]) for cell in sheet.cells if (found := _YEAR_CELL.match(cell))}
    )
    if not years:
        raise refusal(
            "formats.missing-cells",
            "The header has no ALLOCATION or VERIFIED_EMISSIONS column with a year.",
            f"{sheet.file}, header",
        )
    operators, problems = parse(sheet, OPERATORS, MINUS_ONE)
    operators = _aircraft_names(operators).with_columns(
        operator_key().alias("operator_key"), kind_of_operator()
    )
    parts = []
    for year in years:
        here, swiss = year_fields(year), swiss_fields(year)
        values, bad = parse(_without_stars(sheet, here), here, MINUS_ONE)
        parts.append(_one_year(operators, values, year, HERE))
        problems += bad
        if any(item.cell in sheet.cells for item in swiss):
            values, bad = parse(sheet, swiss, MINUS_ONE)
            parts.append(something_given(_one_year(operators, values, year, SWISS)))
            problems += bad
    tables = {
        "operator_years": pl.concat(parts),
        "operators": conform("operators", operators),
    }
    return Reading(
        "commission/verified_emissions",
        tables,
        [*sheet.problems, *sorted(problems, key=lambda problem: problem.row)],
        _unread(sheet, years),
    )


def _unread(sheet: Sheet, years: list[int]) -> list[str]:
    """A remark on columns of a year that are of no known kind, if there are any."""
    fields = (item for year in years for item in (*year_fields(year), *swiss_fields(year)))
    read = {item.cell for item in fields}
    unread = [cell for cell in sheet.cells if _ENDS_IN_YEAR.search(cell) and cell not in read]
    return [f"{sheet.file}: not read are the columns {', '.join(unread)}."] if unread else []


def _plainly_spelled(sheet: Sheet) -> Sheet:
    """The sheet with the cells of the years in one spelling."""
    spelled = {}
    for cell in sheet.cells:
        if found := _YEAR_CELL.match(cell):
            what = found["what"].replace("ALLOCATED", "ALLOCATION")
            spelled[cell] = f"{found['swiss'] or ''}{what}_{found['year']}"
    check_header([spelled.get(cell, cell) for cell in sheet.cells], sheet.file)
    return replace(sheet, frame=sheet.frame.rename(spelled))


def _without_stars(sheet: Sheet, fields: tuple[Field, ...]) -> Sheet:
    base, reserve, transitional, _ = (item.cell for item in fields)
    if base not in sheet.cells:
        return sheet
    return replace(sheet, frame=split_stars(sheet.frame, base, reserve, transitional))


def _one_year(
    operators: pl.DataFrame, values: pl.DataFrame, year: int, system: str
) -> pl.DataFrame:
    key = [ROW, "operator_key", "registry", "operator_id", "activity", "kind"]
    rows = operators.select(key).join(values, on=ROW, maintain_order="left")
    named = rows.with_columns(pl.lit(year).alias("year"), pl.lit(system).alias("system"))
    parts = [pl.lit(None, pl.Int64).alias(name) for name in PARTS if name not in named.columns]
    return conform("operator_years", named.with_columns(parts).with_columns(allocation_sum()))


def _aircraft_names(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of name and number the right way round for aircraft; its own inverse."""
    aircraft = (pl.col("activity") == AVIATION).fill_null(False)
    return frame.with_columns(
        pl.when(aircraft).then("name").otherwise("holder").alias("holder"),
        pl.when(aircraft).then("holder").otherwise("name").alias("name"),
    )


def _write_emissions(tables: Tables) -> pl.DataFrame:
    operators = tables["operators"]
    wide = compose(_aircraft_names(operators), OPERATORS)
    closure = wide.get_column("ACCOUNT_CLOSURE")
    wide = wide.drop("ACCOUNT_CLOSURE")
    years = tables["operator_years"]
    is_swiss = pl.col("system") == SWISS
    for year in sorted(years["year"].unique(), reverse=True):
        for fields, of_system in (
            (year_fields(year), is_swiss.not_().fill_null(True)),
            (swiss_fields(year), is_swiss),
        ):
            rows = years.filter(pl.col("year") == year, of_system)
            if rows.is_empty():
                continue
            values = operators.select("operator_key").join(
                rows, on="operator_key", how="left", maintain_order="left"
            )
            wide = wide.hstack(compose(values, fields, blank="-1", nothing="-1"))
    return wide.with_columns(closure)


def _read_compliance(sheet: Sheet) -> Reading:
    frame, problems = parse(sheet, COMPLIANCE, NOTHING)
    frame = frame.with_columns(operator_key().alias("operator_key"), kind_of_operator())
    tables = {
        "operator_totals": conform("operator_totals", frame),
        "operators": conform("operators", frame),
    }
    return Reading("commission/compliance", tables, [*sheet.problems, *problems])


def _write_compliance(tables: Tables) -> pl.DataFrame:
    more = tables["operators"].select(
        "operator_key", "name", "permit", "first_year", "last_year", "is_open", "closed_on"
    )
    rows = tables["operator_totals"].join(
        more, on="operator_key", how="left", maintain_order="left"
    )
    written = compose(rows, COMPLIANCE)
    return written.with_columns(pl.col("YEAR_OF_LAST_EMISSIONS").replace("", NOT_SET))


LAYOUTS = (
    Layout(
        "commission/verified_emissions",
        "Commission workbook, allocation and verified emissions by year",
        frozenset(item.cell for item in OPERATORS if item.needed),
        _read_emissions,
        _write_emissions,
        "operator_years",
    ),
    Layout(
        "commission/compliance",
        "Commission workbook, compliance codes and totals since the period began",
        frozenset(item.cell for item in COMPLIANCE if item.needed),
        _read_compliance,
        _write_compliance,
        "operator_totals",
    ),
    flat_layout(
        "commission/installations",
        "Commission workbook, list of stationary installations",
        "operators",
        (
            Field("Account Holder Name", "holder", needed=True),
            Field("MS Registry", "registry", needed=True, filled=True),
            Field("Installation ID", "operator_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
            Field("Installation Name", "name", needed=True),
            Field("Activity Type", "activity_given", needed=True),
            Field("Permit ID", "permit", needed=True),
            Field("Contact Country", "country"),
            Field("Contact City", "city"),
            Field("Contact PCode", "postal_code"),
            Field("Contact Address L1", "address"),
            Field("Contact Address L2", "address_2"),
        ),
        arrange=lambda frame: _with_activity(frame),
        rearrange=lambda frame: frame.with_columns(
            pl.col("activity").cast(pl.String).alias("activity_given")
        ),
    ),
)


def _with_activity(frame: pl.DataFrame) -> pl.DataFrame:
    """The activity's code out of a cell such as `20-Combustion of fuels`."""
    code = pl.col("activity_given").str.extract(r"^(\d{1,3})").cast(pl.Int32, strict=False)
    return frame.with_columns(
        code.alias("activity"), operator_key().alias("operator_key")
    ).with_columns(kind_of_operator())
