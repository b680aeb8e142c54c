"""Questions to the query tables: accounts, transactions, and the way of a serial.

Reads never touch the books. They answer from the projection, so they may lag behind the journal by
what has not been projected yet; `Projection.mark` says how far they are.
"""

from __future__ import annotations

import json
from collections.abc import Collection
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


class Moved(NamedTuple):
    """Units moved by a type of transaction, for a year, between two accounts, summed."""

    type: int
    year: int
    transferring: int
    acquiring: int
    quantity: int


class Hop(NamedTuple):
    """A step in the life of a serial."""

    sequence: int
    effective: int
    type: int
    year: int
    transferring: int
    acquiring: int
    unit: str
    first: int
    last: int


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
        "SELECT r.sequence, r.effective, r.type, r.year, r.transferring, r.acquiring,"
        " k.unit, b.kind, SUM(b.last_serial - b.first_serial + 1)"
        " FROM record r JOIN block b ON b.sequence = r.sequence JOIN kind k ON k.kind = b.kind"
        " WHERE r.transferring = ? OR r.acquiring = ?"
        " GROUP BY r.sequence, r.effective, r.type, r.year, r.transferring, r.acquiring,"
        " k.unit, b.kind ORDER BY r.sequence, b.kind",
        (number, number),
    )
    balances: dict[int, int] = {}
    entries = []
    for sequence, effective, type_, year, transferring, acquiring, unit, kind, quantity in rows:
        leaves = transferring == number
        signed = -int(quantity) if leaves else int(quantity)
        balances[kind] = balances.get(kind, 0) + signed
        other = acquiring if leaves else transferring
        entries.append(
            Entry(sequence, effective, type_, year, other, unit, kind, signed, balances[kind])
        )
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


def moved(database: Database, types: Collection[int], years: Collection[int]) -> list[Moved]:
    """What transactions of some types moved for some years, summed by type, year and parties.

    A transaction that rests on another one, as a reversal does, counts for the year of that one.
    """
    of_types, of_years = (", ".join("?" * len(asked)) for asked in (types, years))
    rows = database.rows(
        "SELECT r.type, COALESCE(o.year, r.year), r.transferring, r.acquiring, SUM(r.quantity)"
        " FROM record r LEFT JOIN record o ON o.sequence = r.refers_to AND o.act IS NULL"
        f" WHERE r.act IS NULL AND r.type IN ({of_types})"
        f" AND COALESCE(o.year, r.year) IN ({of_years})"
        " GROUP BY r.type, COALESCE(o.year, r.year), r.transferring, r.acquiring",
        (*types, *years),
    )
    return [Moved(type_, year, sent, got, int(units)) for type_, year, sent, got, units in rows]


def trace(database: Database, registry: str, serial: int) -> list[Hop]:
    """Every transaction that moved a serial of an originating registry, from its creation on."""
    rows = database.rows(
        "SELECT r.sequence, r.effective, r.type, r.year, r.transferring, r.acquiring,"
        " k.unit, b.first_serial, b.last_serial"
        " FROM kind k JOIN block b ON b.kind = k.kind JOIN record r ON r.sequence = b.sequence"
        " WHERE k.registry = ? AND b.first_serial <= ? AND b.last_serial >= ?"
        " ORDER BY r.sequence",
        (registry, serial, serial),
    )
    return [Hop(*row) for row in rows]
