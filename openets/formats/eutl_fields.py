"""The cells of an EUTL page, which its XML export and the wide tables have in common."""

from __future__ import annotations

import polars as pl

from openets.formats.commission_workbook import split_stars
from openets.formats.fields import Field, Kind
from openets.formats.yearly_activity import allocation_sum

BLANKS = ("", "NA", "-")

OPERATOR = (
    Field("NationalAdministratorCode", "registry", needed=True, filled=True),
    Field("InstallationOrAircraftOperatorID", "operator_id", needed=True, filled=True),
    Field("InstallationNameOrAircraftOperatorCode", "name"),
    Field("AccountHolderName", "holder"),
    Field("AccountStatus", "account_status"),
    Field("PermitOrPlanID", "permit"),
    Field("MainActivityTypeCode", "activity", Kind.WHOLE),
    Field("FirstYearOfEmissions", "first_year", Kind.YEAR),
    Field("LastYearOfEmissions", "last_year", Kind.YEAR),
    Field("Address1", "address"),
    Field("Address2", "address_2"),
    Field("City", "city"),
    Field("ZipCode", "postal_code"),
    Field("ParentCompany", "parent_company"),
    Field("EPRTRIdentification", "eprtr"),
)

COMPLIANCE = (
    Field("NationalAdministratorCode", "registry", needed=True, filled=True),
    Field("InstallationOrAircraftOperatorID", "operator_id", needed=True, filled=True),
    Field("MainActivityTypeCode", "activity", Kind.WHOLE),
    Field("Year", "year", Kind.WHOLE, needed=True, filled=True),
    Field("FreeAllocations", "allocation_base", Kind.AMOUNT),
    Field("ReserveAllocations", "allocation_ner", Kind.PART),
    Field("TrasitionalAllocations", "allocation_10c_or_3f", Kind.PART),
    Field("AllowanceInAllocation", "allocation_given", Kind.AMOUNT),
    Field("VerifiedEmissions", "verified", Kind.AMOUNT),
    Field("UnitsSurrendered", "surrendered", Kind.AMOUNT),
    Field("SurrenderedAllowances", "surrendered_allowances", Kind.PART),
    Field("CumulativeVerifiedEmissions", "verified_cumulative", Kind.AMOUNT),
    Field("CumulativeSurrenderedUnits", "surrendered_cumulative", Kind.AMOUNT),
    Field("ComplianceCode", "compliance_code", Kind.CODE),
)


def spread_stars(frame: pl.DataFrame, year: str = "") -> pl.DataFrame:
    """Takes starred allocations apart; `year` is the ending of the cells, such as `_2019`.

    A starred sum shows its parts, so that it is the base that is left of it.
    """
    base, reserve, other, total = (
        f"{name}{year}"
        for name in (
            "FreeAllocations",
            "ReserveAllocations",
            "TrasitionalAllocations",
            "AllowanceInAllocation",
        )
    )
    if base in frame.columns:
        frame = split_stars(frame, base, reserve, other)
    if total not in frame.columns:
        return frame
    spread = split_stars(frame, total, reserve, other)
    was = frame[total].str.contains("*", literal=True)
    starred = was & ~spread[total].str.contains("*", literal=True)
    if not starred.any():
        return frame
    own = pl.col(base) if base in frame.columns else pl.lit("")
    bare = starred & own.is_in(BLANKS)
    return spread.with_columns(
        pl.when(bare).then(pl.col(total)).otherwise(own).alias(base),
        pl.when(starred).then(pl.lit("")).otherwise(pl.col(total)).alias(total),
    )


def totals(frame: pl.DataFrame) -> pl.DataFrame:
    """The sum as the file gives it; where it gives none, the sum of the parts."""
    summed = frame.with_columns(allocation_sum())
    total = pl.coalesce("allocation_given", "allocation_total")
    return summed.with_columns(total.alias("allocation_total"))


def with_given_total(years: pl.DataFrame) -> pl.DataFrame:
    """The way back from `totals`: the sum in the columns that are written."""
    return years.with_columns(
        pl.col("allocation_total").alias("allocation_given"),
        pl.lit("blank").alias("allocation_given_state"),
    )


def status_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The way back from `with_status`."""
    status = pl.when(pl.col("is_open")).then(pl.lit("open")).when(pl.col("is_open").not_())
    return frame.with_columns(status.then(pl.lit("closed")).alias("account_status"))


def with_status(frame: pl.DataFrame) -> pl.DataFrame:
    status = pl.col("account_status").str.to_lowercase()
    return frame.with_columns(
        pl.when(status == "open").then(True).when(status.is_not_null()).then(False).alias("is_open")
    )
