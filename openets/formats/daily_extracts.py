"""The Union Registry's daily extracts, and the yearly transactions zip of the same site.

Gzip CSV with capital headers. `-1` is blank and 0 is zero; `EXCLUDED` is a column of its own; an
account that is open ends on 31 December 9999. Amounts under the Swiss system stand beside the
Union's in one row: here they become a row of their own with the system `chets`. Units surrendered
are given by type, so that one file fills two tables, operator years and surrenders.
"""

from __future__ import annotations

import polars as pl

from openets.formats.codes import coded, named, registry_codes, unit_codes
from openets.formats.fields import MINUS_ONE, Field, Kind, compose, parse
from openets.formats.layouts import Layout, flat_layout
from openets.formats.sheets import Sheet
from openets.formats.tables import PARTS, Reading, Tables, conform, kind_of_operator, operator_key

HERE, SWISS = "euets", "chets"
OPEN_END = "9999-12-31"

ACCOUNTS = (
    Field("ACCOUNT_IDENTIFIER", "account_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("REGISTRY_CODE", "registry", needed=True, filled=True),
    Field("ACCOUNT_NAME", "name", needed=True),
    Field("ACCOUNT_TYPE", "type", needed=True),
    Field("ETS_ACCOUNT_TYPE", "ets_type"),
    Field("FULL_TYPE", "full_type"),
    Field("OPEN_DATE", "opened_on", Kind.DAY, needed=True),
    Field("END_OF_VALIDITY_DATE", "closed_on", Kind.CLOSURE, needed=True, mark=OPEN_END),
    Field("IS_CLOSURE_PENDING", "closure_pending", Kind.FLAG, mark="Y/N"),
)

OPERATORS = (
    Field("REGISTRY_CODE", "registry", needed=True, filled=True),
    Field("INSTALLATION_IDENTIFIER", "operator_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("INSTALLATION_NAME", "name", needed=True),
    Field("ACCOUNT_REGISTRY_CODE", "account_registry"),
    Field("ACCOUNT_IDENTIFIER", "account_id", Kind.NUMBER_AS_TEXT),
    Field("EPER_IDENTIFICATION", "eprtr"),
    Field("ACTIVITY_TYPE_CODE", "activity", Kind.WHOLE, needed=True),
    Field("PERMIT_IDENTIFIER", "permit", needed=True),
    Field("ACCOUNT_HOLDER_NAME", "holder"),
    Field("CITY", "city"),
    Field("POSTAL_CODE", "postal_code"),
    Field("ADDRESS1", "address"),
    Field("ADDRESS2", "address_2"),
    Field("YEAR_OF_FIRST_EMISSIONS", "first_year", Kind.WHOLE, needed=True),
    Field("YEAR_OF_LAST_EMISSIONS", "last_year", Kind.WHOLE, needed=True),
)

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

TRANSACTIONS = (
    Field("TRANSACTION_ID", "transaction_id", needed=True, filled=True),
    Field("TRANSACTION_TYPE", "type", needed=True, filled=True),
    Field("TRANSACTION_DATE", "printed_at", Kind.MOMENT, needed=True, filled=True),
    Field("TRANSACTION_STATUS", "status"),
    Field("UNIT_TYPE_DESCRIPTION", "unit", needed=True),
    Field("SUPP_UNIT_TYPE_DESCRIPTION", "unit_supplementary"),
    Field("ORIGINAL_PERIOD_CODE", "original_period"),
    Field("ORIGINATING_REGISTRY", "originating_registry"),
    Field("PROJECT_IDENTIFIER", "project", Kind.NUMBER_AS_TEXT),
    Field("TRACK", "track"),
    Field("AMOUNT", "amount", Kind.WHOLE, needed=True, filled=True),
    *(
        Field(cell.format(side.upper()), column.format(side), kind)
        for side in ("transferring", "acquiring")
        for cell, column, kind in (
            ("{}_REGISTRY_NAME", "{}_registry", Kind.TEXT),
            ("{}_ACCOUNT_NAME", "{}_name", Kind.TEXT),
            ("{}_ACCOUNT_IDENTIFIER", "{}_account", Kind.NUMBER_AS_TEXT),
            ("{}_ACCOUNT_TYPE", "{}_type", Kind.TEXT),
            ("{}_INSTALLATION_INSTALLATION_IDENTIFIER", "{}_operator", Kind.NUMBER_AS_TEXT),
        )
    ),
)

REGISTRY_COLUMNS = ("originating_registry", "transferring_registry", "acquiring_registry")


def _account(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(operator_key("registry", "account_id").alias("account_key"))


def _operator(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(operator_key().alias("operator_key"), kind_of_operator())


def _transaction(frame: pl.DataFrame) -> pl.DataFrame:
    """Codes for names; a block is numbered within its transaction, for the file numbers none."""
    main, supplementary = (
        pl.col("type").str.split("-").list.get(at, null_on_oob=True).cast(pl.Int32, strict=False)
        for at in (0, 1)
    )
    place = pl.int_range(1, pl.len() + 1).over("transaction_id")
    return frame.with_columns(
        pl.concat_str("transaction_id", pl.lit("/"), place).alias("block_id"),
        main.alias("type_main"),
        supplementary.alias("type_supplementary"),
        pl.coalesce(
            pl.col("unit_supplementary").replace_strict(dict(unit_codes()), default=None),
            coded("unit", unit_codes()),
        ).alias("unit"),
        *(coded(name, registry_codes()) for name in REGISTRY_COLUMNS),
    )


def _transaction_back(frame: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat_str("type_main", pl.lit("-"), "type_supplementary")
    return frame.with_columns(
        pl.coalesce(both, pl.col("type_main").cast(pl.String)).alias("type"),
        named("unit", unit_codes()),
        *(named(name, registry_codes()) for name in REGISTRY_COLUMNS),
    )


def _read_yearly(sheet: Sheet) -> Reading:
    frame, problems = parse(sheet, YEARLY, MINUS_ONE)
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
    return Reading("daily/operators_yearly_activity", tables, [*sheet.problems, *problems])


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


def _write_yearly(tables: Tables) -> pl.DataFrame:
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
    return compose(plain, YEARLY, blank="-1", nothing="-1")


LAYOUTS = (
    flat_layout(
        "daily/accounts",
        "Union Registry daily extract, accounts",
        "accounts",
        ACCOUNTS,
        arrange=_account,
        blanks=MINUS_ONE,
    ),
    flat_layout(
        "daily/operators",
        "Union Registry daily extract, operators",
        "operators",
        OPERATORS,
        arrange=_operator,
        blanks=MINUS_ONE,
    ),
    Layout(
        "daily/operators_yearly_activity",
        "Union Registry daily extract, operators by year",
        frozenset(item.cell for item in YEARLY if item.needed),
        _read_yearly,
        _write_yearly,
        "operator_years",
    ),
    flat_layout(
        "daily/transactions",
        "Union Registry yearly extract, transaction blocks",
        "transaction_blocks",
        TRANSACTIONS,
        arrange=_transaction,
        rearrange=_transaction_back,
        blanks=MINUS_ONE,
    ),
)
