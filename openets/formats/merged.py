"""Merged compliance: one row per operator and year, out of several vintages of the log.

The layout of researchers who join EUTL pages of different years: allocation in three parts,
verified emissions with the reason where there are none, units surrendered with the cumulative
columns, and the compliance code with its star. Missing is blank; the reason stands in a column of
its own.
"""

from __future__ import annotations

import polars as pl

from openets.formats.fields import STATE_WORDS, Field, Kind
from openets.formats.layouts import flat_layout
from openets.formats.tables import kind_of_operator

FIELDS = (
    Field("operator_key", "operator_key", needed=True, filled=True),
    Field("registry", "registry", needed=True, filled=True),
    Field("operator_id", "operator_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("activity_code", "activity", Kind.WHOLE, needed=True),
    Field("year", "year", Kind.WHOLE, needed=True, filled=True),
    Field("allocation_total", "allocation_total", Kind.PART, needed=True),
    Field("allocation_10a", "allocation_base", Kind.AMOUNT, needed=True),
    Field("allocation_ner", "allocation_ner", Kind.PART),
    Field("allocation_10c_or_3f", "allocation_10c_or_3f", Kind.PART),
    Field("verified_emissions", "verified", Kind.AMOUNT, needed=True),
    Field("verified_status", "verified_status"),
    Field("units_surrendered", "surrendered", Kind.AMOUNT, needed=True),
    Field("surrendered_allowances", "surrendered_allowances", Kind.PART),
    Field("cumulative_surrendered_units", "surrendered_cumulative", Kind.AMOUNT),
    Field("cumulative_verified", "verified_cumulative", Kind.AMOUNT),
    Field("compliance_code", "compliance_code", Kind.CODE, needed=True),
)


def _arrange(frame: pl.DataFrame) -> pl.DataFrame:
    """Puts the reason that stands in its own column where a reason belongs."""
    words = {word: state for state, word in STATE_WORDS.items()}
    reason = pl.col("verified_status").replace_strict(words, default=None, return_dtype=pl.String)
    state = pl.when(pl.col("verified").is_null()).then(reason)
    return frame.with_columns(
        pl.coalesce(state, "verified_state").alias("verified_state"), kind_of_operator()
    )


def _rearrange(frame: pl.DataFrame) -> pl.DataFrame:
    status = pl.col("verified_state").replace_strict(
        STATE_WORDS, default=None, return_dtype=pl.String
    )
    absent = pl.when(pl.col("verified").is_null()).then(status)
    return frame.with_columns(absent.alias("verified_status"))


LAYOUTS = (
    flat_layout(
        "merged",
        "merged compliance, one row per operator and year",
        "operator_years",
        FIELDS,
        arrange=_arrange,
        rearrange=_rearrange,
    ),
)
