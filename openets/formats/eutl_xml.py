"""XML exports of the old EUTL site: operators with compliance, transactions, accounts.

Read as a stream, an entry at a time, by a parser that refuses entities and document types. An
entry becomes rows of text, and these go through the same fields as a CSV would; a row's number is
that of the entry in the file. `AcquiringRegistry` stands twice in a transaction, code first, then
name; the code is taken. The spelling `TrasitionalAllocations` is the files' own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast
from xml.etree.ElementTree import ParseError, XMLPullParser

import polars as pl
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from openets.formats.codes import clear_registry_codes, coded
from openets.formats.eutl_fields import (
    BLANKS,
    COMPLIANCE,
    OPERATOR,
    spread_stars,
    totals,
    with_status,
)
from openets.formats.fields import Field, Kind, parse
from openets.formats.problems import Problem, refusal
from openets.formats.sheets import ROW, Sheet
from openets.formats.sources import Limits, Part, stream
from openets.formats.tables import Reading, conform, kind_of_operator, operator_key

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DEPTH = 30
ENTRIES = 2**16  # the site gave 3,000 in a file
ELEMENTS_PER_ENTRY = 100_000
PIECE = 2**16
SILENT_BYTES = 2**20  # without the beginning or end of an element
LIMITS = Limits(unpacked_bytes=256 * 2**20)

Cells = dict[str, str]

TRANSACTION = (
    Field("TransactionID", "transaction_id", needed=True, filled=True),
    Field("block", "block_id", needed=True),
    Field("TransactionType", "type_main", Kind.WHOLE),
    Field("SuppTransactionTypeCode", "type_supplementary", Kind.WHOLE),
    Field("TransactionDate", "printed_at", Kind.MOMENT, needed=True, filled=True),
    Field("TransferringRegistry", "transferring_registry"),
    Field("TransferringAccountType", "transferring_type"),
    Field("TransferringAccountName", "transferring_name"),
    Field("AcquiringRegistry", "acquiring_registry"),
    Field("AcquiringAccountType", "acquiring_type"),
    Field("AcquiringAccountName", "acquiring_name"),
    Field("OriginatingRegistry", "originating_registry", of_block=True),
    Field("UnitTypeCode", "unit", of_block=True),
    Field("SuppUnitTypeCode", "unit_supplementary", of_block=True),
    Field("OriginalPeriodCode", "original_period", of_block=True),
    Field("ProjectID", "project", of_block=True),
    Field("Track", "track", of_block=True),
    Field("NumberOfUnits", "amount", Kind.WHOLE, needed=True, of_block=True),
)

ACCOUNT = (
    Field("NationalAdministrator", "registry", needed=True, filled=True),
    Field("AccountType", "type", needed=True),
    Field("AccountHolderName", "holder"),
    Field("AccountStatus", "account_status"),
    Field("AccountOpeningDate", "opened_on", Kind.DAY),
    Field("AccountClosingDate", "closed_on", Kind.DAY),
    Field("CommitmentPeriod", "commitment_period"),
    Field("RelatedInstallationAircraftOperatorID", "operator_id"),
)


def read_operators(part: Part) -> Reading:
    """`ohaDetails`: operators, and their compliance by year."""
    operators: list[Cells] = []
    years: list[Cells] = []
    for number, account in _entries(part, "Account"):
        shared = {ROW: str(number), **_own(account)}
        for installation in account:
            if _tag(installation) != "Installation":
                continue
            cells = {**shared, **_own(installation)}
            operators.append(cells)
            years += [
                {**cells, **_own(child)} for child in installation if _is(child, "Compliance")
            ]
    frame, problems = _parsed(part, operators, OPERATOR)
    frame = with_status(frame).with_columns(
        operator_key().alias("operator_key"), kind_of_operator()
    )
    values, bad = _parsed(part, years, COMPLIANCE, star_cells=True)
    values = totals(values).with_columns(operator_key().alias("operator_key"), kind_of_operator())
    tables = {
        "operators": conform("operators", frame),
        "operator_years": conform("operator_years", values),
    }
    return Reading("eutl/operators", tables, [*problems, *bad])


def read_transactions(part: Part) -> Reading:
    """`TransactionSearch` and `TransactionDetailsAll`: a row for every block."""
    rows: list[Cells] = []
    numbers: Counter[str] = Counter()
    for number, entry in _entries(part, "Transaction"):
        shared = {ROW: str(number), **_own(entry)}
        shared.setdefault("TransactionType", shared.get("TransactionTypeCode", ""))
        blocks = [_own(item) for item in entry.iter() if item is not entry and _has_units(item)]
        name = shared.get("TransactionID", "")
        for block in blocks or [{}]:
            numbers[name] += 1
            rows.append({**shared, **block, "block": f"{name}/{numbers[name]}"})
    frame, problems = _parsed(part, rows, TRANSACTION)
    registries = ("originating_registry", "transferring_registry", "acquiring_registry")
    frame = frame.with_columns(coded(name, clear_registry_codes()) for name in registries)
    reading = Reading(
        "eutl/transactions", {"transaction_blocks": conform("transaction_blocks", frame)}, problems
    )
    without = frame["amount"].null_count()
    if without:
        reading.remarks.append(f"{without:,} transactions have no blocks (basic export).")
    return reading


def read_accounts(part: Part) -> Reading:
    """`AccountDetails`: accounts with holder, opening and closing."""
    rows = []
    for number, entry in _entries(part, "Account"):
        rows.append({ROW: str(number), **_own(entry)})
    frame, problems = _parsed(part, rows, ACCOUNT)
    # The export gives accounts no number, so the place in the file stands in for one.
    place = pl.col(ROW).cast(pl.String)
    frame = with_status(frame).with_columns(coded("registry", clear_registry_codes()))
    frame = frame.with_columns(pl.concat_str("registry", pl.lit("/"), place).alias("account_key"))
    frame = frame.with_columns(operator_key().alias("operator_key"))
    return Reading("eutl/accounts", {"accounts": conform("accounts", frame)}, problems)


READERS: dict[str, tuple[str, str, Callable[[Part], Reading]]] = {
    "OHADetails": ("eutl/operators", "EUTL export, operators and compliance", read_operators),
    "ohaDetails": ("eutl/operators", "EUTL export, operators and compliance", read_operators),
    "TransactionSearch": ("eutl/transactions", "EUTL export, transactions", read_transactions),
    "TransactionDetailsAll": ("eutl/transactions", "EUTL export, transactions", read_transactions),
    "AccountDetails": ("eutl/accounts", "EUTL export, accounts", read_accounts),
}


def check_size(part: Part) -> None:
    """Unpacks once without parsing: counting bytes is a hundred times cheaper than elements."""
    for _ in stream(part, LIMITS):
        pass


def root_of(part: Part) -> str:
    """The name of the outermost element."""
    for event, element in _events(part):
        if event == "start":
            return _tag(element)
    return ""


def _entries(part: Part, name: str) -> Iterator[tuple[int, Element]]:
    """Each entry with its number; what was handed out is forgotten, which keeps memory small."""
    depth = number = since = 0
    root: Element | None = None
    for event, element in _events(part):
        if event == "start":
            root = element if root is None else root
            depth, since = depth + 1, since + 1
            if depth > DEPTH or since > ELEMENTS_PER_ENTRY:
                raise refusal(
                    "formats.xml-too-deep",
                    f"An entry nests deeper than {DEPTH} elements, or has more than "
                    f"{ELEMENTS_PER_ENTRY:,}.",
                    f"{part.name}, entry {number + 1}",
                )
            continue
        depth -= 1
        if depth == 1:
            if _is(element, name):
                number += 1
                if number > ENTRIES:
                    raise refusal(
                        "formats.too-large", f"There are more than {ENTRIES:,} entries.", part.name
                    )
                yield number, element
            since = 0
            if root is not None:
                root.clear()


def _events(part: Part) -> Iterator[tuple[str, Element]]:
    """The beginnings and ends of elements, none of them far from the next."""
    pull = XMLPullParser(("start", "end"), _parser=DefusedXMLParser(forbid_dtd=True))
    silent = 0
    try:
        for piece in _pieces(part):
            pull.feed(piece)
            silent += len(piece)
            for event in pull.read_events():
                silent = 0
                yield cast("tuple[str, Element]", event)
            if silent > SILENT_BYTES:
                raise refusal(
                    "formats.line-too-long",
                    "A tag, a text or a comment of the XML is longer than 1 MB.",
                    part.name,
                )
        pull.close()
    except DefusedXmlException as error:
        raise refusal(
            "formats.xml-entities",
            "The XML declares a document type or entities, which no export has.",
            part.name,
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise refusal("formats.not-xml", f"The XML is broken: {error}.", part.name) from error
    yield from cast("Iterator[tuple[str, Element]]", pull.read_events())


def _pieces(part: Part) -> Iterator[bytes]:
    """Small pieces: what the parser cannot finish yet it looks through again with the next one."""
    for chunk in stream(part, LIMITS):
        for start in range(0, len(chunk), PIECE):
            yield chunk[start : start + PIECE]


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _is(element: Element, name: str) -> bool:
    return _tag(element) == name


def _own(element: Element) -> Cells:
    """The text of the element's own leaves; of a name that stands twice, the first."""
    cells: Cells = {}
    for child in element:
        if len(child) == 0:
            cells.setdefault(_tag(child), (child.text or "").strip())
    return cells


def _has_units(element: Element) -> bool:
    return any(_is(child, "NumberOfUnits") for child in element)


def _parsed(
    part: Part, rows: list[Cells], fields: tuple[Field, ...], *, star_cells: bool = False
) -> tuple[pl.DataFrame, list[Problem]]:
    names = [ROW, *(item.cell for item in fields)]
    columns = {name: [row.get(name, "") for row in rows] for name in names}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    frame = frame.with_columns(pl.col(ROW).cast(pl.UInt32))
    if star_cells:
        frame = spread_stars(frame)
    return parse(Sheet(part.name, frame), fields, BLANKS)
