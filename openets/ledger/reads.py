"""Questions to the query tables: accounts, transactions, records.

Reads never touch the books. They answer from the projection, so they may lag behind the journal by
what has not been projected yet; `Projection.mark` says how far they are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from openets.ledger.frozen import Scope, name_of_scope, scope_named, still_of
from openets.storage.database import Database


class Freeze(NamedTuple):
    """A freeze that concerns an account: its record, what it names, the units there it stops."""

    sequence: int
    what: str
    units: int


class AccountView(NamedTuple):
    """An account and what it holds: (unit, registry of origin, quantity, frozen) for each kind.

    `frozen` is the first record that froze the account or its registry, 0 if neither is frozen;
    `freezes` are all that concern it, those of kinds and serials too.
    """

    number: int
    registry: str
    type: str
    period: int
    operator: str | None
    status: str
    opened: int
    frozen: int
    freezes: list[Freeze]
    holdings: list[tuple[str, str, int, int]]


class Entry(NamedTuple):
    """A line of a statement: signed quantity, and the balance of the kind after it.

    `registry` is that of origin: units of one type and another origin are another kind.
    """

    sequence: int
    effective: int
    type: int
    year: int
    other: int
    unit: str
    registry: str
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


def account(database: Database, number: int) -> AccountView | None:
    """An account with its holdings, or None."""
    found: Any = database.row(
        "SELECT number, registry, type, period, operator, status, opened"
        " FROM account WHERE number = ?",
        (number,),
    )
    if found is None:
        return None
    held = [
        Held(*row)
        for row in database.rows(
            "SELECT b.kind, k.unit, k.registry, b.quantity FROM balance b"
            " JOIN kind k ON k.kind = b.kind"
            " WHERE b.account = ? AND b.quantity > 0 ORDER BY b.kind",
            (number,),
        )
    ]
    whole: set[Scope] = {number, str(found[1])}
    scopes: dict[Scope, int] = {
        scope_named(name): int(since)
        for name, since in database.rows("SELECT scope, sequence FROM frozen ORDER BY sequence")
    }
    blocks = _blocks_if_asked(database, number, scopes)
    freezes = []
    for scope, since in scopes.items():
        units = sum(_stopped([scope], whole, one, blocks) for one in held)
        if units or scope in whole:
            freezes.append(Freeze(since, name_of_scope(scope), units))
    frozen = min((since for scope, since in scopes.items() if scope in whole), default=0)
    holdings = [
        (one.unit, one.registry, one.quantity, _stopped(scopes, whole, one, blocks)) for one in held
    ]
    return AccountView._make((*found, frozen, freezes, holdings))


def accounts_of(database: Database, operator: str) -> list[int]:
    """The numbers of the accounts of an operator, by its code."""
    sql = "SELECT number FROM account WHERE operator = ? ORDER BY number"
    return [number for (number,) in database.rows(sql, (operator,))]


class Held(NamedTuple):
    """What an account holds of a kind."""

    kind: int
    unit: str
    registry: str
    quantity: int


Blocks = list[tuple[int, int, int]]  # kind, first and last serial


def _blocks_if_asked(database: Database, account: int, scopes: Iterable[Scope]) -> Blocks:
    """The blocks of an account, read only where a freeze names serials."""
    if not still_of(scopes):
        return []
    sql = "SELECT kind, first_serial, last_serial FROM holding WHERE account = ?"
    return [(kind, first, last) for kind, first, last in database.rows(sql, (account,))]


def _stopped(scopes: Iterable[Scope], whole: set[Scope], held: Held, blocks: Blocks) -> int:
    """Units of a kind that these freezes stop; each counts once, however many freezes meet in it.

    `whole` are the scopes that stop everything in the account.
    """
    scopes = list(scopes)
    if not whole.isdisjoint(scopes) or ("kind", held.kind) in scopes:
        return held.quantity
    still = still_of(scopes).get(held.registry)
    return sum(
        end - start + 1
        for kind, first, last in blocks
        if still and kind == held.kind
        for start, end in still.within(first, last)
    )


def statement(database: Database, number: int) -> list[Entry]:
    """Every movement of an account in order, with the running balance of each kind."""
    rows = database.rows(
        "SELECT e.sequence, r.effective, r.type, r.year, r.transferring + r.acquiring - e.account,"
        " k.unit, k.registry, e.kind, e.quantity"
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
