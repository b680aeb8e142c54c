"""EUETS.INFO: the tables of the research database, plain, in gzip, or together in its zip.

Comma separated UTF-8 with a point for decimals; an empty cell is missing and `NA` is a country
code candidate, so only the empty cell is blank here. A transaction row is a block: the
transaction number repeats. The spelling `Cummulative` is the files' own, and older releases call
the trading system `reportedInSystem` and `tradingSystem`.
"""

from __future__ import annotations

import polars as pl

from openets.formats.fields import Field, Kind
from openets.formats.layouts import flat_layout
from openets.formats.tables import kind_of_operator, operator_key, operator_parts

EMPTY = ("",)
TRUE_FALSE = "True/False"
REPORTED_IN = Field("reportedInSystem_id", "system", Kind.SYSTEM, once="reportedInSystem")
TRADING_SYSTEM = Field("tradingSystem_id", "system", Kind.SYSTEM, once="tradingSystem")

COMPLIANCE = (
    Field("installation_id", "operator_key", needed=True, filled=True),
    Field("year", "year", Kind.WHOLE, needed=True, filled=True),
    REPORTED_IN,
    Field("compliance_id", "compliance_code", Kind.CODE),
    Field("allocatedFree", "allocation_base", Kind.AMOUNT, needed=True),
    Field("allocatedNewEntrance", "allocation_ner", Kind.PART),
    Field("allocatedTotal", "allocation_total", Kind.PART, needed=True),
    Field("allocated10c", "allocation_10c_or_3f", Kind.PART),
    Field("verified", "verified", Kind.AMOUNT, needed=True),
    Field("verifiedCummulative", "verified_cumulative", Kind.AMOUNT),
    Field("verifiedUpdated", "verified_updated", Kind.FLAG, mark=TRUE_FALSE),
    Field("surrendered", "surrendered", Kind.AMOUNT, needed=True),
    Field("surrenderedCummulative", "surrendered_cumulative", Kind.AMOUNT),
)

INSTALLATION = (
    Field("id", "operator_key", needed=True, filled=True),
    Field("name", "name", needed=True),
    Field("registry_id", "registry_given", needed=True),
    Field("activity_id", "activity", Kind.WHOLE, needed=True),
    Field("eprtrID", "eprtr"),
    Field("parentCompany", "parent_company"),
    Field("permitID", "permit", needed=True),
    Field("addressMain", "address"),
    Field("addressSecondary", "address_2"),
    Field("postalCode", "postal_code"),
    Field("city", "city"),
    Field("country_id", "country"),
)

ACCOUNT = (
    Field("id", "account_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("accountIDTransactions", "transaction_account", Kind.NUMBER_AS_TEXT, needed=True),
    Field("name", "name", needed=True),
    Field("registry_id", "registry", needed=True),
    Field("accountHolder_id", "holder_id", Kind.NUMBER_AS_TEXT, needed=True),
    Field("accountType_id", "type", needed=True),
    Field("isOpen", "is_open", Kind.FLAG, mark=TRUE_FALSE),
    Field("openingDate", "opened_on", Kind.DAY),
    Field("closingDate", "closed_on", Kind.DAY),
    Field("commitmentPeriod", "commitment_period"),
    Field("companyRegistrationNumber", "company_registration"),
    Field("installation_id", "operator_key"),
)

HOLDER = (
    Field("id", "holder_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("name", "name", needed=True),
    TRADING_SYSTEM,
    Field("addressMain", "address", needed=True),
    Field("addressSecondary", "address_2"),
    Field("postalCode", "postal_code"),
    Field("city", "city"),
    Field("legalEntityIdentifier", "lei", needed=True),
    Field("country_id", "country"),
)

TRANSACTION = (
    Field("id", "block_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("transactionID", "transaction_id", needed=True, filled=True),
    TRADING_SYSTEM,
    Field("date", "printed_at", Kind.MOMENT, needed=True, filled=True),
    Field("transactionTypeMain_id", "type_main", Kind.WHOLE, needed=True, filled=True),
    Field("transactionTypeSupplementary_id", "type_supplementary", Kind.WHOLE, needed=True),
    Field("transferringAccount_id", "transferring_account", Kind.NUMBER_AS_TEXT, needed=True),
    Field("acquiringAccount_id", "acquiring_account", Kind.NUMBER_AS_TEXT, needed=True),
    Field("unitType_id", "unit", needed=True),
    Field("project_id", "project", Kind.NUMBER_AS_TEXT),
    Field("amount", "amount", Kind.WHOLE, needed=True, filled=True),
)

SURRENDER = (
    Field("id", "surrender_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("installation_id", "operator_key", needed=True, filled=True),
    Field("year", "year", Kind.WHOLE, needed=True, filled=True),
    REPORTED_IN,
    Field("unitType_id", "unit", needed=True),
    Field("amount", "amount", Kind.WHOLE, needed=True, filled=True),
    Field("originatingRegistry_id", "originating_registry", needed=True),
    Field("project_id", "project", Kind.NUMBER_AS_TEXT),
)


def _compliance(frame: pl.DataFrame) -> pl.DataFrame:
    starred = pl.col("code_starred") | pl.col("verified_updated").fill_null(False)
    return frame.with_columns(starred.alias("code_starred"), *operator_parts())


def _compliance_back(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("code_starred").alias("verified_updated"))


def _installation(frame: pl.DataFrame) -> pl.DataFrame:
    parts = operator_parts()
    return frame.with_columns(*parts).with_columns(
        pl.coalesce("registry_given", "registry").alias("registry"), kind_of_operator()
    )


def _installation_back(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("registry").alias("registry_given"))


def _account(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(operator_key("registry", "account_id").alias("account_key"))


def _surrender(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(*operator_parts())


LAYOUTS = (
    flat_layout(
        "euets-info/compliance",
        "EUETS.INFO, compliance by installation and year",
        "operator_years",
        COMPLIANCE,
        arrange=_compliance,
        rearrange=_compliance_back,
        blanks=EMPTY,
    ),
    flat_layout(
        "euets-info/installation",
        "EUETS.INFO, installations and aircraft operators",
        "operators",
        INSTALLATION,
        arrange=_installation,
        rearrange=_installation_back,
        blanks=EMPTY,
    ),
    flat_layout(
        "euets-info/account",
        "EUETS.INFO, accounts",
        "accounts",
        ACCOUNT,
        arrange=_account,
        blanks=EMPTY,
    ),
    flat_layout(
        "euets-info/account_holder",
        "EUETS.INFO, account holders",
        "holders",
        HOLDER,
        blanks=EMPTY,
    ),
    flat_layout(
        "euets-info/transaction",
        "EUETS.INFO, transaction blocks",
        "transaction_blocks",
        TRANSACTION,
        blanks=EMPTY,
    ),
    flat_layout(
        "euets-info/surrender",
        "EUETS.INFO, surrendered units by type",
        "surrenders",
        SURRENDER,
        arrange=_surrender,
        blanks=EMPTY,
    ),
)
