"""The European Environment Agency's database: figures by country, activity, label, year and size.

Rows such as `Total 1st trading period (05-07)` and activities such as `20-99` count other rows
again; labels that begin with `3.` are estimates, no measurement; funds stand among the countries.
Nothing is left out here: the period is kept as printed beside the year, which only a single year
has. Values may have fractions, so they are decimals, exact to a millionth.
"""

from __future__ import annotations

import polars as pl

from openets.formats.fields import Field, Kind
from openets.formats.layouts import flat_layout

DATABASE = (
    Field("version", "version"),
    Field("country_code", "area", needed=True),
    Field("main_activity_code", "activity", needed=True),
    Field("active_installation", "installations", Kind.WHOLE),
    Field("citl_information", "figure", needed=True, filled=True),
    Field("year", "period", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("size", "size", needed=True),
    Field("value", "value", Kind.DECIMAL, needed=True),
    Field("unit", "unit", needed=True),
)


def _older(between: str) -> tuple[Field, ...]:
    """The older export; R writes points where the others have blanks."""
    return (
        Field("country", "area_name", needed=True),
        Field("country_code", "area", needed=True),
        Field(f"ETS{between}information", "figure", needed=True, filled=True),
        Field(f"main{between}activity{between}sector{between}name", "activity", needed=True),
        Field("unit", "unit", needed=True),
        Field("value", "value", Kind.DECIMAL, needed=True),
        Field("year", "period", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    )


def _with_year(frame: pl.DataFrame) -> pl.DataFrame:
    year = pl.when(pl.col("period").str.contains(r"^\d{4}$")).then("period")
    return frame.with_columns(year.cast(pl.Int32).alias("year"))


LAYOUTS = (
    flat_layout(
        "eea/database",
        "EEA emissions trading database",
        "area_figures",
        DATABASE,
        arrange=_with_year,
    ),
    flat_layout(
        "eea/older",
        "EEA emissions trading data viewer, older export",
        "area_figures",
        _older(" "),
        arrange=_with_year,
    ),
    flat_layout(
        "eea/older-points",
        "EEA emissions trading data viewer, older export with points for blanks",
        "area_figures",
        _older("."),
        arrange=_with_year,
    ),
)
