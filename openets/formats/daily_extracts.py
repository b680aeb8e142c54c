"""The Union Registry's daily extracts, and the yearly transactions zip of the same site.

Gzip CSV with capital headers. `-1` is blank and 0 is zero; an account that is open ends on 31
December 9999. Operators by year are in `yearly_activity`. The accounts that the site's tables show
on screen can be saved too: they name the holder, a dash is nothing, and two lines stand below.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from openets.formats.codes import coded, named, registry_codes, unit_codes
from openets.formats.fields import MINUS_ONE, Field, Kind, compose, parse
from openets.formats.layouts import Layout, flat_layout
from openets.formats.sheets import ROW, Sheet
from openets.formats.tables import Reading, Tables, conform, kind_of_operator, operator_key

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

DASH = ("", "-")
SHOWN_ACCOUNTS = (
    Field("Account Identifier", "account_id", Kind.NUMBER_AS_TEXT, needed=True, filled=True),
    Field("National Administrator", "registry", needed=True, filled=True),
    Field("Account Type", "type", needed=True),
    Field("Account Holder Name", "holder", needed=True),
    Field("Account Name", "name", needed=True),
    Field("Company Registration No", "company_registration"),
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
    Field("YEAR_OF_FIRST_EMISSIONS", "first_year", Kind.YEAR, needed=True),
    Field("YEAR_OF_LAST_EMISSIONS", "last_year", Kind.YEAR, needed=True),
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
    """Codes for names."""
    main, supplementary = (
        pl.col("type").str.split("-").list.get(at, null_on_oob=True).cast(pl.Int32, strict=False)
        for at in (0, 1)
    )
    return frame.with_columns(
        main.alias("type_main"),
        supplementary.alias("type_supplementary"),
        pl.coalesce(
            pl.col("unit_supplementary").replace_strict(dict(unit_codes()), default=None),
            coded("unit", unit_codes()),
        ).alias("unit"),
        *(coded(name, registry_codes()) for name in REGISTRY_COLUMNS),
    )


def _numbered(tables: Tables) -> Tables:
    """Blocks numbered within their transaction, for the file numbers none."""
    place = pl.int_range(1, pl.len() + 1).over("transaction_id")
    number = pl.concat_str("transaction_id", pl.lit("/"), place).alias("block_id")
    return {"transaction_blocks": tables["transaction_blocks"].with_columns(number)}


def _transaction_back(frame: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat_str("type_main", pl.lit("-"), "type_supplementary")
    return frame.with_columns(
        pl.coalesce(both, pl.col("type_main").cast(pl.String)).alias("type"),
        named("unit", unit_codes()),
        *(named(name, registry_codes()) for name in REGISTRY_COLUMNS),
    )


def _read_shown(sheet: Sheet) -> Reading:
    """Accounts as shown on screen; what stands below the last account says how they were chosen."""
    is_account = pl.col("National Administrator").str.strip_chars() != ""
    last: int = sheet.frame.filter(is_account).select(pl.col(ROW).max()).item() or 0
    above = replace(
        sheet,
        frame=sheet.frame.filter(pl.col(ROW) <= last),
        problems=[one for one in sheet.problems if one.row <= last],
    )
    frame, problems = parse(above, SHOWN_ACCOUNTS, DASH)
    frame = frame.with_columns(coded("registry", registry_codes()))
    tables = {"accounts": conform("accounts", _account(frame))}
    return Reading("daily/accounts-shown", tables, [*above.problems, *problems])


def _write_shown(tables: Tables) -> pl.DataFrame:
    accounts = tables["accounts"].with_columns(named("registry", registry_codes()))
    return compose(accounts, SHOWN_ACCOUNTS, nothing=DASH[-1])


LAYOUTS = (
    Layout(
        "daily/accounts-shown",
        "Union Registry, accounts with holders as shown on screen",
        frozenset(item.cell for item in SHOWN_ACCOUNTS if item.needed),
        _read_shown,
        _write_shown,
        "accounts",
    ),
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
    flat_layout(
        "daily/transactions",
        "Union Registry yearly extract, transaction blocks",
        "transaction_blocks",
        TRANSACTIONS,
        arrange=_transaction,
        rearrange=_transaction_back,
        blanks=MINUS_ONE,
        finish=_numbered,
    ),
)
