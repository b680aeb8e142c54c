"""What tables add up to, to be held against published totals.

Kinds of operator and trading systems are never added together, and a sum of nothing is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from openets.formats.tables import Tables

Rows = list[dict[str, Any]]

SUMMED = ("verified", "allocation_total", "surrendered")
OF_OPERATORS = ("year", "kind", "system")
OF_BLOCKS = ("type",)


def sums(tables: Tables) -> dict[str, Rows]:
    """Operator years by registry, year, kind and system; blocks by type; units by type of unit."""
    made: dict[str, Rows] = {}
    if "operator_years" in tables:
        keys = ("registry", *OF_OPERATORS)
        made["operator_years"] = sums_of_years(tables["operator_years"], keys).to_dicts()
    if "transaction_blocks" in tables:
        made["transaction_blocks"] = _of_blocks(tables["transaction_blocks"]).to_dicts()
    if "surrenders" in tables:
        made["surrenders"] = (
            tables["surrenders"]
            .group_by("system", "unit")
            .agg(pl.len().alias("rows"), pl.col("amount").sum())
            .sort("system", "unit", nulls_last=True)
            .to_dicts()
        )
    return made


def sums_of_years(years: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Verified emissions, allocation and surrender by these columns; empty where none is given."""
    amounts = (
        pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)
        for name in SUMMED
    )
    emitting = (pl.col("verified") > 0).sum().alias("emitting")
    grouped = years.group_by(*keys).agg(pl.len().alias("rows"), emitting, *amounts)
    return grouped.sort(*keys, nulls_last=True)


def _of_blocks(blocks: pl.DataFrame) -> pl.DataFrame:
    main, supplementary = pl.col("type_main"), pl.col("type_supplementary").fill_null(0)
    label = pl.concat_str(main, pl.lit("-"), supplementary).alias("type")
    grouped = blocks.group_by("type_main", supplementary, label).agg(
        pl.len().alias("blocks"),
        pl.col("transaction_id").n_unique().alias("transactions"),
        pl.col("amount").sum().alias("units"),
    )
    ordered = grouped.sort("type_main", "type_supplementary", nulls_last=True)
    return ordered.drop("type_main", "type_supplementary")
