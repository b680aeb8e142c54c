"""Tables written as the XML exports of the old EUTL site, as `eutl_xml` reads them.

An element without text is left out, because a cell that is not there reads back as blank.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from openets.formats.codes import named, registry_codes
from openets.formats.eutl_fields import COMPLIANCE, OPERATOR, status_of, with_given_total
from openets.formats.eutl_xml import ACCOUNT, ENTRIES, TRANSACTION
from openets.formats.fields import Field, compose
from openets.formats.problems import refusal
from openets.formats.tables import Tables, operator_parts

Row = dict[str, str]

OF_ACCOUNT = ("AccountHolderName", "NationalAdministratorCode", "AccountStatus")
OF_BLOCK = tuple(item.cell for item in TRANSACTION if item.of_block)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class XmlLayout:
    """A layout that is written as XML: the table it is written from, and its entries."""

    table: str
    root: str
    entries: Callable[[Tables], Iterator[str]]


def xml_text(layout: XmlLayout, tables: Tables) -> tuple[int, str]:
    """How many entries, and the whole export; refuses more than a reader takes."""
    entries = list(layout.entries(tables))
    if len(entries) > ENTRIES:
        raise refusal("formats.too-large", f"An export holds no more than {ENTRIES:,} entries.")
    body = "".join(entries)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return len(entries), f"{head}<{layout.root}>\n{body}</{layout.root}>\n"


def _operators(tables: Tables) -> Iterator[str]:
    operators = status_of(tables["operators"])
    years = with_given_total(tables["operator_years"])
    by_key: dict[str, list[Row]] = {}
    for key, row in _rows(years, COMPLIANCE, "operator_key"):
        by_key.setdefault(key, []).append(row)
    for key, row in _rows(operators, OPERATOR, "operator_key"):
        inside = "".join(
            _element("Compliance", _cells(_unlike(year, row))) for year in by_key.get(key, ())
        )
        own = {cell: text for cell, text in row.items() if cell not in OF_ACCOUNT}
        installation = _element("Installation", _cells(own) + inside)
        yield _element("Account", _cells({cell: row[cell] for cell in OF_ACCOUNT}) + installation)


def _transactions(tables: Tables) -> Iterator[str]:
    blocks = tables["transaction_blocks"].with_row_index("place")
    names = blocks.select(named("acquiring_registry", registry_codes()).fill_null(""))
    acquiring = names["acquiring_registry"].to_list()
    rows = _rows(blocks, TRANSACTION, "place")
    for shared, of_one in groupby(rows, key=lambda item: _shared(item[1])):
        members = list(of_one)
        inside = "".join(
            _element("Block", _cells({cell: row[cell] for cell in OF_BLOCK}))
            for _, row in members
            if row["NumberOfUnits"]
        )
        # The registry that acquires stands twice in the exports: its code, then its name.
        code, name = dict(shared)["AcquiringRegistry"], acquiring[members[0][0]]
        again = _cells({"AcquiringRegistry": name}) if code else ""
        yield _element("Transaction", _cells(dict(shared)) + again + inside)


def _accounts(tables: Tables) -> Iterator[str]:
    accounts = status_of(tables["accounts"]).with_columns(operator_parts()[1])
    for _, row in _rows(accounts, ACCOUNT, "account_key"):
        yield _element("Account", _cells(row))


LAYOUTS = {
    "eutl/operators": XmlLayout("operator_years", "OHADetails", _operators),
    "eutl/transactions": XmlLayout("transaction_blocks", "TransactionDetailsAll", _transactions),
    "eutl/accounts": XmlLayout("accounts", "AccountDetails", _accounts),
}


def _rows(frame: pl.DataFrame, fields: Sequence[Field], key: str) -> Iterable[tuple[Any, Row]]:
    """Each row's key and its cells as text."""
    return zip(frame[key], compose(frame, fields).iter_rows(named=True), strict=True)


def _shared(row: Row) -> tuple[tuple[str, str], ...]:
    """What all blocks of a transaction have in common."""
    return tuple((cell, text) for cell, text in row.items() if cell not in (*OF_BLOCK, "block"))


def _unlike(year: Row, operator: Row) -> Row:
    """The cells of a year but for those it shares with its operator."""
    return {cell: text for cell, text in year.items() if operator.get(cell) != text}


def _cells(row: Row) -> str:
    return "".join(
        f"<{cell}>{escape(_NO_XML.sub(' ', text))}</{cell}>" for cell, text in row.items() if text
    )


def _element(name: str, inside: str) -> str:
    return f"<{name}>{inside}</{name}>\n"
