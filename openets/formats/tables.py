"""The common tables: what every reader yields, whatever the file looked like.

One row means the same in each of them, wherever it came from: units and tonnes are whole numbers,
an operator is its registry and its number (the number alone is unique only inside a registry),
and a number that is missing says why in a state column beside it, because missing is not zero.

States: `given` (a number, zero included), `blank`, `excluded` (out of scope), `not-reported`,
`not-calculated`, `not-applicable`. Dates and times are as the file prints them; no file says its
time zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from openets.formats.problems import Problem

STATES = ("given", "blank", "excluded", "not-reported", "not-calculated", "not-applicable")
PARTS = ("allocation_base", "allocation_ner", "allocation_10c_or_3f")  # of the allocation_total
# Main activity codes; every other code is an installation. 60 and 70 stand in the files for those
# who sell fuel under the second system, which adds nothing to the first one's sums.
AVIATION, MARITIME = 10, 50
ETS2 = (60, 70)

_TEXT, _WHOLE, _UNITS, _DAY, _YES = pl.String, pl.Int32, pl.Int64, pl.Date, pl.Boolean
Schema = dict[str, type[pl.DataType] | pl.DataType]

_OPERATOR: Schema = {"operator_key": _TEXT, "registry": _TEXT, "operator_id": _TEXT}

SCHEMAS: dict[str, Schema] = {
    "operator_years": {
        **_OPERATOR,
        "activity": _WHOLE,
        "kind": _TEXT,  # stationary, aviation, maritime or ets2; empty if no activity is given
        "year": _WHOLE,
        "system": _TEXT,  # trading system the row was reported in, where the file says it
        "allocation_base": _UNITS,
        "allocation_base_state": _TEXT,
        "allocation_ner": _UNITS,
        "allocation_10c_or_3f": _UNITS,
        "allocation_total": _UNITS,
        "verified": _UNITS,
        "verified_state": _TEXT,
        "verified_cumulative": _UNITS,
        "verified_cumulative_state": _TEXT,
        "surrendered": _UNITS,
        "surrendered_state": _TEXT,
        "surrendered_allowances": _UNITS,
        "surrendered_cumulative": _UNITS,
        "surrendered_cumulative_state": _TEXT,
        "compliance_code": _TEXT,
        "code_starred": _YES,  # the verified emissions were changed after the date
    },
    "operators": {
        **_OPERATOR,
        "name": _TEXT,
        "holder": _TEXT,
        "permit": _TEXT,
        "activity": _WHOLE,
        "kind": _TEXT,
        "first_year": _WHOLE,
        "last_year": _WHOLE,
        "address": _TEXT,
        "address_2": _TEXT,
        "city": _TEXT,
        "postal_code": _TEXT,
        "country": _TEXT,
        "parent_company": _TEXT,
        "eprtr": _TEXT,
        "account_registry": _TEXT,
        "account_id": _TEXT,
        "is_open": _YES,
        "closed_on": _DAY,
    },
    "operator_totals": {
        **_OPERATOR,
        "activity": _WHOLE,
        "kind": _TEXT,
        "compliance_code": _TEXT,
        "code_starred": _YES,
        "ch_compliance_code": _TEXT,
        "latest_year_status": _TEXT,
        "verified": _UNITS,
        "verified_state": _TEXT,
        "ch_verified": _UNITS,
        "ch_verified_state": _TEXT,
        "surrendered": _UNITS,
        "surrendered_state": _TEXT,
    },
    "accounts": {
        "account_key": _TEXT,
        "registry": _TEXT,
        "account_id": _TEXT,
        "name": _TEXT,
        "type": _TEXT,
        "ets_type": _TEXT,
        "full_type": _TEXT,
        "holder_id": _TEXT,
        "holder": _TEXT,
        "operator_key": _TEXT,
        "transaction_account": _TEXT,
        "commitment_period": _TEXT,
        "company_registration": _TEXT,
        "opened_on": _DAY,
        "is_open": _YES,
        "closed_on": _DAY,
        "closure_pending": _YES,
    },
    "holders": {
        "holder_id": _TEXT,
        "name": _TEXT,
        "address": _TEXT,
        "address_2": _TEXT,
        "postal_code": _TEXT,
        "city": _TEXT,
        "country": _TEXT,
        "lei": _TEXT,
        "system": _TEXT,
    },
    "transaction_blocks": {
        "block_id": _TEXT,
        "transaction_id": _TEXT,
        "printed_at": pl.Datetime("us"),
        "type_main": _WHOLE,
        "type_supplementary": _WHOLE,
        "status": _TEXT,
        "transferring_registry": _TEXT,
        "transferring_account": _TEXT,
        "transferring_name": _TEXT,
        "transferring_type": _TEXT,
        "transferring_operator": _TEXT,
        "acquiring_registry": _TEXT,
        "acquiring_account": _TEXT,
        "acquiring_name": _TEXT,
        "acquiring_type": _TEXT,
        "acquiring_operator": _TEXT,
        "unit": _TEXT,
        "unit_supplementary": _TEXT,
        "originating_registry": _TEXT,
        "original_period": _TEXT,
        "project": _TEXT,
        "track": _TEXT,
        "system": _TEXT,
        "amount": _UNITS,
    },
    "surrenders": {
        "surrender_id": _TEXT,
        **_OPERATOR,
        "year": _WHOLE,
        "system": _TEXT,
        "unit": _TEXT,
        "originating_registry": _TEXT,
        "project": _TEXT,
        "amount": _UNITS,
    },
    "area_figures": {
        "version": _TEXT,
        "area": _TEXT,
        "area_name": _TEXT,
        "activity": _TEXT,
        "figure": _TEXT,
        "period": _TEXT,  # a year, or a total over a trading period: never add both
        "year": _WHOLE,
        "size": _TEXT,
        "installations": _UNITS,
        "value": pl.Decimal(28, 6),
        "unit": _TEXT,
    },
}

# What may stand in a table once only.
KEYS: dict[str, tuple[str, ...]] = {
    "operator_years": ("operator_key", "year", "system"),
    "operators": ("operator_key",),
    "operator_totals": ("operator_key",),
    "accounts": ("account_key",),
    "holders": ("holder_id",),
    "transaction_blocks": ("block_id",),
    "surrenders": ("surrender_id",),
    "area_figures": ("area", "activity", "figure", "period", "size", "unit"),
}

Tables = dict[str, pl.DataFrame]


@dataclass(slots=True)
class Reading:
    """What one file held: its layout, common tables, problems, and remarks for the reader."""

    layout: str
    tables: Tables
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def conform(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A frame in the table's schema: columns the file did not have are empty."""
    columns = set(frame.columns)
    return frame.select(
        pl.col(name).cast(kind) if name in columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in SCHEMAS[table].items()
    )


def operator_key(registry: str = "registry", number: str = "operator_id") -> pl.Expr:
    """`AT_1`: the identity of an operator and of an account within one file's vintage."""
    return pl.concat_str(pl.col(registry), pl.lit("_"), pl.col(number))


def operator_parts(key: str = "operator_key") -> tuple[pl.Expr, pl.Expr]:
    """Registry and number out of a key such as `AT_1`."""
    return (
        pl.col(key).str.extract(r"^([^_]*)_").alias("registry"),
        pl.col(key).str.extract(r"_(.*)$").alias("operator_id"),
    )


def kind_of_operator(activity: str = "activity") -> pl.Expr:
    """stationary, aviation, maritime or ets2, by the main activity code."""
    code = pl.col(activity)
    return (
        pl.when(code == AVIATION)
        .then(pl.lit("aviation"))
        .when(code == MARITIME)
        .then(pl.lit("maritime"))
        .when(code.is_in(ETS2))
        .then(pl.lit("ets2"))
        .when(code.is_not_null())
        .then(pl.lit("stationary"))
        .alias("kind")
    )


def kinds_from(years: pl.DataFrame, operators: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Operator years with activity and kind out of lists of operators, where they have none."""
    lists = [frame.select("operator_key", "activity", "kind") for frame in operators]
    if not lists or not years["kind"].null_count():
        return years
    told = pl.concat(lists).drop_nulls("kind").unique("operator_key", keep="last")
    joined = years.join(told, on="operator_key", how="left", suffix="_told", maintain_order="left")
    filled = (pl.coalesce(name, f"{name}_told").alias(name) for name in ("activity", "kind"))
    return joined.with_columns(filled).select(years.columns)


def in_one(readings: Sequence[Reading]) -> Reading:
    """Several readings as one, their tables in the order they come."""
    if len(readings) == 1:
        return readings[0]
    gathered: dict[str, list[pl.DataFrame]] = {}
    for reading in readings:
        for name, frame in reading.tables.items():
            gathered.setdefault(name, []).append(frame)
    return Reading(
        "+".join(sorted({reading.layout for reading in readings})),
        {name: pl.concat(frames) for name, frames in gathered.items()},
        [problem for reading in readings for problem in reading.problems],
        [remark for reading in readings for remark in reading.remarks],
    )
