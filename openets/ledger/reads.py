"""Questions to the query tables: accounts, transactions, records.

Reads never touch the books. They answer from the projection, so they may lag behind the journal by
what has not been projected yet; `Projection.mark` says how far they are.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from openets.storage.database import Database


class AccountView(NamedTuple):
    """An account and what it holds: (unit, registry of origin, quantity) for each kind.

    `frozen` is the record that froze the account or its registry, 0 if neither is frozen.
    """

    number: int
    registry: str
    type: str
    period: int
    operator: str | None
    status: str
    opened: int
    frozen: int
    holdings: list[tuple[str, str, int]]


class Entry(NamedTuple):
    """A line of a statement: signed quantity, and the balance of the kind after it."""

    sequence: int
    effective: int
    type: int
    year: int
    other: int
    unit: str
    kind: int
    quantity: int
    balance: int


class RecordView(NamedTuple):
    """A record with its blocks (kind, unit, registry, first, last) and money legs."""

    sequence: int
    key: bytes
    effective: int
    recorded: int
    type: int
    year: int
    transferring: int
    acquiring: int
    refers_to: int
    quantity: int
    act: str | None
    blocks: list[tuple[int, str, str, int, int]]
    legs: list[tuple[int, str, int]]


def account(database: Database, number: int) -> AccountView | None:
    """An account with its holdings, or None."""
    found: Any = database.row(
        "SELECT number, registry, type, period, operator, status, opened"
        " FROM account WHERE number = ?",
        (number,),
    )
    if found is None:
        return None
    freeze = database.row(
        "SELECT MIN(sequence) FROM frozen WHERE scope IN (?, ?)",
        (f"account {number}", f"registry {found[1]}"),
    )
    frozen = (freeze[0] if freeze else None) or 0
    holdings = database.rows(
        "SELECT k.unit, k.registry, b.quantity FROM balance b JOIN kind k ON k.kind = b.kind"
        " WHERE b.account = ? AND b.quantity > 0 ORDER BY b.kind",
        (number,),
    )
    return AccountView._make((*found, frozen, list(holdings)))


def statement(database: Database, number: int) -> list[Entry]:
    """Every movement of an account in order, with the running balance of each kind."""
    rows = database.rows(
        "SELECT e.sequence, r.effective, r.type, r.year, r.transferring + r.acquiring - e.account,"
        " k.unit, e.kind, e.quantity"
        " FROM entry e JOIN record r ON r.sequence = e.sequence JOIN kind k ON k.kind = e.kind"
        " WHERE e.account = ? ORDER BY e.sequence, e.kind",
        (number,),
    )
    balances: dict[int, int] = {}
    entries = []
    for row in rows:
        kind, quantity = row[-2:]
        balances[kind] = balances.get(kind, 0) + quantity
        entries.append(Entry._make((*row, balances[kind])))
    return entries


def record(database: Database, sequence: int) -> RecordView | None:
    """A record with its blocks and money, or None."""
    found: Any = database.row(
        "SELECT sequence, key, effective, recorded, type, year, transferring, acquiring,"
        " refers_to, quantity, act FROM record WHERE sequence = ?",
        (sequence,),
    )
    if found is None:
        return None
    blocks: list[Any] = list(
        database.rows(
            "SELECT b.kind, k.unit, k.registry, b.first_serial, b.last_serial"
            " FROM block b JOIN kind k ON k.kind = b.kind WHERE b.sequence = ?"
            " ORDER BY b.kind, b.first_serial",
            (sequence,),
        )
    )
    legs: list[Any] = list(
        database.rows("SELECT account, currency, cents FROM leg WHERE sequence = ?", (sequence,))
    )
    return RecordView._make((*found, blocks, legs))


def adopted_rulebook(database: Database) -> bytes:
    """The digest of the rulebook adopted last, empty where none was."""
    found = database.row(
        "SELECT act FROM record WHERE act LIKE ? ORDER BY sequence DESC LIMIT 1",
        ('{"act":"rulebook"%',),
    )
    return bytes.fromhex(json.loads(found[0])["digest"]) if found else b""


def resting_on(database: Database, sequence: int) -> int:
    """The units moved by transactions that refer to a record, such as reversals of it."""
    found = database.row(
        "SELECT COALESCE(SUM(quantity), 0) FROM record WHERE refers_to = ? AND act IS NULL",
        (sequence,),
    )
    return int(found[0]) if found else 0


def registries_of(database: Database, accounts: set[int]) -> list[str]:
    """The registries these accounts belong to."""
    rows = database.rows("SELECT number, registry FROM account")
    return sorted({registry for number, registry in rows if number in accounts})
