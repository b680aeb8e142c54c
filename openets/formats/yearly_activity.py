"""Operators by year as the Union Registry extracts them, and as EUETS.INFO packages the extract.

`-1` is blank and 0 is zero; being excluded is a column of its own. Amounts under the Swiss system
stand beside the Union's in one row: here they become a row of their own with the system `chets`.
Units surrendered are given by type, so that one file fills two tables, operator years and
surrenders.
"""

from __future__ import annotations

from functools import partial

import polars as pl

from openets.formats.fields import MINUS_ONE, Field, Kind, compose, parse
from openets.formats.layouts import Layout
from openets.formats.sheets import Sheet
from openets.formats.tables import PARTS, Reading, Tables, conform, operator_key, operator_parts

HERE, SWISS = "euets", "chets"

UNITS_BY_CELL = {
    "SURR_EUA": "EUA",
    "SURR_EUAA": "EUAA",
    "SURR_CHU": "CHU",
    "SURR_CHUA": "CHUA",
    "SURR_ERU_FROM_AAU": "ERU_FROM_AAU",
    "SURR_FORMER_EUA": "FORMER_EUA",
    "SURR_CER": "CER",
    "SURR_ALLOWANCE_CP0": "ALLOWANCE_CP0",
}

YEARLY = (
    Field("REGISTRY_CODE", "registry", needed=True, filled=True),
    Field("INSTALLATION_IDENTIFIER", "operator_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("PERIOD_YEAR", "year", Kind.WHOLE, needed=True, filled=True),
    Field("VERIFIED_EMISSIONS", "verified", Kind.AMOUNT, needed=True),
    Field("CH_VERIFIED_EMISSIONS", "ch_verified", Kind.AMOUNT),
    Field("ALLOCATION", "allocation_base", Kind.AMOUNT, needed=True),
    Field("ALLOCATION_RES", "allocation_ner", Kind.PART),
    Field("ALLOCATION_TRA", "allocation_10c_or_3f", Kind.PART),
    Field("CH_ALLOCATION", "ch_allocation", Kind.AMOUNT),
    Field("EXCLUDED", "excluded", Kind.FLAG, mark="Y/N"),
    Field("CH_EXCLUDED", "ch_excluded", Kind.FLAG, mark="Y/N"),
    *(Field(cell, f"unit {unit}", Kind.WHOLE) for cell, unit in UNITS_BY_CELL.items()),
    Field("SURR_ALL", "surrendered", Kind.AMOUNT, needed=True),
)

# The package of 2026 is the same extract with an operator's key and names of its own.
PACKAGE = (
    Field("installation_id", "operator_key", needed=True, filled=True),
    Field("year", "year", Kind.WHOLE, needed=True, filled=True),
    Field("verified", "verified", Kind.AMOUNT, needed=True),
    Field("verified_ch", "ch_verified", Kind.AMOUNT, needed=True),
    Field("allocated", "allocation_base", Kind.AMOUNT, needed=True),
    Field("allocation_res", "allocation_ner", Kind.PART, needed=True),
    Field("allocation_tra", "allocation_10c_or_3f", Kind.PART, needed=True),
    Field("allocated_ch", "ch_allocation", Kind.AMOUNT),
    Field("excluded", "excluded", Kind.FLAG, mark="True/False"),
    Field("ch_excluded", "ch_excluded", Kind.FLAG, mark="True/False"),
    *(
        Field(cell.lower().replace("surr_", "surrendered_"), f"unit {unit}", Kind.WHOLE)
        for cell, unit in UNITS_BY_CELL.items()
    ),
    Field("surrendered", "surrendered", Kind.AMOUNT, needed=True),
)


def _read(sheet: Sheet, fields: tuple[Field, ...], name: str) -> Reading:
    frame, problems = parse(sheet, fields, MINUS_ONE)
    if "operator_key" in frame.columns:
        frame = frame.with_columns(operator_parts())
    frame = frame.with_columns(operator_key().alias("operator_key"))
    here = _years(frame, HERE, "excluded", verified="verified", allocation="allocation_base")
    swiss_only = frame.with_columns(
        pl.lit(None, dtype=pl.Int64).alias("allocation_ner"),
        pl.lit(None, dtype=pl.Int64).alias("allocation_10c_or_3f"),
        pl.lit(None, dtype=pl.Int64).alias("surrendered"),
        pl.lit("blank").alias("surrendered_state"),
    )
    swiss = something_given(
        _years(swiss_only, SWISS, "ch_excluded", verified="ch_verified", allocation="ch_allocation")
    )
    tables = {
        "operator_years": pl.concat(conform("operator_years", part) for part in (here, swiss)),
        "surrenders": _surrenders(frame),
    }
    return Reading(name, tables, [*sheet.problems, *problems])


def _years(
    frame: pl.DataFrame, system: str, excluded: str, *, verified: str, allocation: str
) -> pl.DataFrame:
    """The operator years of one system: its verified emissions and allocation, as written."""
    out = pl.col(excluded).fill_null(False) & pl.col(verified).is_null()
    state = pl.when(out).then(pl.lit("excluded")).otherwise(pl.col(f"{verified}_state"))
    return frame.with_columns(
        pl.lit(system).alias("system"),
        pl.col(verified).alias("verified"),
        state.alias("verified_state"),
        pl.col(allocation).alias("allocation_base"),
        pl.col(f"{allocation}_state").alias("allocation_base_state"),
    ).with_columns(allocation_sum())


def something_given(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the rows that say nothing of emissions or allocation."""
    return frame.filter(
        (pl.col("verified_state") != "blank") | (pl.col("allocation_base_state") != "blank")
    )


def allocation_sum() -> pl.Expr:
    """Base, reserve and transitional allocation together; empty if all are blank."""
    parts = [pl.col(name) for name in PARTS]
    some = pl.any_horizontal(part.is_not_null() for part in parts)
    return pl.when(some).then(pl.sum_horizontal(parts)).alias("allocation_total")


def _surrenders(frame: pl.DataFrame) -> pl.DataFrame:
    """Units surrendered, a row for each type of unit that was."""
    units = [f"unit {unit}" for unit in UNITS_BY_CELL.values()]
    long = frame.unpivot(
        units,
        index=["registry", "operator_id", "operator_key", "year"],
        variable_name="unit",
        value_name="amount",
    ).filter(pl.col("amount").is_not_null())
    unit = pl.col("unit").str.strip_prefix("unit ")
    number = pl.concat_str("operator_key", pl.lit("/"), "year", pl.lit("/"), unit)
    named = long.with_columns(
        unit.alias("unit"), pl.lit(HERE).alias("system"), number.alias("surrender_id")
    )
    return conform("surrenders", named)


def _write(tables: Tables, fields: tuple[Field, ...]) -> pl.DataFrame:
    key = ["operator_key", "year"]
    years = tables["operator_years"]
    swiss = years.filter(pl.col("system") == SWISS).select(
        *key,
        pl.col("verified").alias("ch_verified"),
        pl.col("verified_state").alias("ch_verified_state"),
        pl.col("allocation_base").alias("ch_allocation"),
        pl.col("allocation_base_state").alias("ch_allocation_state"),
        (pl.col("verified_state") == "excluded").alias("ch_excluded"),
    )
    units = tables["surrenders"].with_columns(("unit " + pl.col("unit")).alias("unit"))
    known = [f"unit {unit}" for unit in UNITS_BY_CELL.values()]
    wide = units.pivot(
        "unit", on_columns=known, index=key, values="amount", aggregate_function="sum"
    )
    # A type without a row was blank in the file, which a sum alone would turn into zero.
    seen = units.pivot(
        "unit", on_columns=known, index=key, values="amount", aggregate_function="len"
    )
    wide = wide.with_columns(
        pl.when(seen[unit].fill_null(0) > 0).then(pl.col(unit)).alias(unit) for unit in known
    )
    here = years.filter(pl.col("system").ne_missing(SWISS)).with_columns(
        (pl.col("verified_state") == "excluded").alias("excluded")
    )
    rows = here.join(swiss, on=key, how="left", maintain_order="left").join(
        wide, on=key, how="left", maintain_order="left"
    )
    states = [f"{name}_state" for name in ("verified", "ch_verified")]
    plain = rows.with_columns(pl.col(states).replace("excluded", "blank"))
    return compose(plain, fields, blank="-1", nothing="-1")


def _layout(name: str, title: str, fields: tuple[Field, ...]) -> Layout:
    return Layout(
        name,
        title,
        frozenset(item.cell for item in fields if item.needed),
        partial(_read, fields=fields, name=name),
        partial(_write, fields=fields),
        "operator_years",
    )


LAYOUTS = (
    _layout(
        "daily/operators_yearly_activity",
        "Union Registry daily extract, operators by year",
        YEARLY,
    ),
    _layout(
        "euets-info/package-compliance",
        "EUETS.INFO package of 2026, compliance by installation and year",
        PACKAGE,
    ),
)
