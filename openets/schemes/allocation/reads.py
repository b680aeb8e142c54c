"""What the tables and the books say together: entries with what was issued, and the year's plan.

The tables know entitlements, the books what was allocated, returned and reversed; neither keeps
the other's figures. Issued units are counted to the table whose account they came from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from openets.desk.proposals import AWAITING, DELAYED, DRAFTED, Proposal, Proposals
from openets.kernel.clock import instant
from openets.kernel.records import type_code
from openets.ledger import reads
from openets.ledger.book import Account
from openets.people.office import Office
from openets.people.operators import Operator
from openets.schemes.allocation import entries as arithmetic
from openets.schemes.allocation.entries import Entry
from openets.schemes.allocation.issue import Facts, Plan, plan_issue
from openets.schemes.allocation.table_law import (
    TableLaw,
    movements_of,
    not_issued_to,
    tables_of,
)
from openets.schemes.allocation.tables import AllocationTables, Stored

Movements = dict[tuple[str, int, str], dict[str, int]]  # by operator, year, issuing account type


def stored(office: Office) -> AllocationTables:
    """The stored tables of an office."""
    return AllocationTables(office.register.database)


def waiting(office: Office, command: str) -> list[Proposal]:
    """Proposals of a command that have not ended."""
    proposals = Proposals(office.register.database, office.writer.book.store)
    return [one for one in proposals.in_state(DRAFTED, AWAITING, DELAYED) if one.command == command]


def entries(
    office: Office,
    *,
    registry: str | None = None,
    operator: str | None = None,
    year: int | None = None,
) -> list[Entry]:
    """Entries with what the books say of them, in the order of application."""
    found = stored(office).find(registry=registry, operator=operator, year=year)
    return with_movements(office, found)


def with_movements(office: Office, found: Collection[Stored]) -> list[Entry]:
    """Stored entries with what was allocated, returned and reversed."""
    groups: dict[tuple[str, int, str], dict[str, Entry]] = {}
    laws = {year: tables_of(office.rulebook, year) for year in {one.year for one in found}}
    for one in found:
        law = laws[one.year].get(one.table)
        issuing = law.allocated_from if law else ""
        entry = Entry(one.operator, one.table, one.year, one.amount)
        groups.setdefault((one.operator, one.year, issuing), {})[one.table] = entry
    moved = movements(office, laws) if laws else {}
    made = []
    for key, group in groups.items():
        order = {name: group[name] for name in laws[key[1]] if name in group} or group
        made += arithmetic.spread(order, moved.get(key, {}))
    return made


def movements(office: Office, years: Iterable[int]) -> Movements:
    """What the books moved between issuing accounts and operators' for years."""
    found: Movements = {}
    accounts = office.writer.book.accounts
    by_year = {year: movements_of(office.rulebook, year, office.today()) for year in years}
    types = sorted({code for codes in by_year.values() for code in codes})
    if not types:
        return found
    with office.tables() as database:
        rows = reads.moved(database, types, list(by_year))
    for type_, year, transferring, acquiring, quantity in rows:
        movement = by_year.get(year, {}).get(type_)
        if movement is None:
            continue
        pair = (transferring, acquiring)
        issuing, held = pair if movement == "allocated" else pair[::-1]
        operator = accounts[held].operator or str(held)
        sums = found.setdefault((operator, year, accounts[issuing].type), {})
        sums[movement] = sums.get(movement, 0) + quantity
    return found


# -- operators ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """The operators somebody knows: those registered, and those behind accounts of the books."""

    registered: dict[str, Operator]
    accounts: dict[str, list[Account]]
    excluded: dict[str, frozenset[int]]

    def __contains__(self, code: str) -> bool:
        return code in self.registered or code in self.accounts

    def registry_of(self, code: str) -> str:
        """The registry an operator belongs to."""
        if code in self.registered:
            return self.registered[code].registry
        return self.accounts[code][0].registry

    def operates_in(self, code: str, year: int) -> bool:
        """True unless the year lies before the operator's first or after its last."""
        one = self.registered.get(code)
        return one is None or one.first_year <= year <= (one.last_year or year)


def known_operators(office: Office) -> Known:
    """Every operator of register and books, by code."""
    operators = office.register.operators
    registered = {one.code: one for one in operators.every()}
    by_number = {one.number: code for code, one in registered.items()}
    excluded = {
        by_number[number]: frozenset(years)
        for number, years in operators.excluded_years().items()
        if number in by_number
    }
    accounts: dict[str, list[Account]] = {}
    for account in office.writer.book.accounts.values():
        if account.operator:
            accounts.setdefault(account.operator, []).append(account)
    return Known(registered, accounts, excluded)


# -- the year's run -------------------------------------------------------------------------------


class Source(NamedTuple):
    """Where a table's allowances come from: the account, the kind, what of it is available."""

    account: int
    kind: int
    available: int


def source_of(office: Office, law: TableLaw, registry: str) -> Source | None:
    """The account of the law's type, the registry's own if it has one, with its kind to issue."""
    book = office.writer.book
    found = [one for one in book.accounts.values() if one.type == law.allocated_from]
    found.sort(key=lambda one: (one.registry != registry, one.number))
    rule = office.rulebook.tables_on(office.today()).transaction_types.get(
        type_code(law.allocated_by)
    )
    if not found or rule is None:
        return None
    account = found[0].number
    kinds = [number for number, kind in book.kinds.items() if kind.unit in rule.units]
    if not kinds:
        return None
    kind = max(kinds, key=lambda number: (book.available(account, number) > 0, number))
    return Source(account, kind, book.available(account, kind))


def plan(office: Office, law: TableLaw, registry: str, year: int) -> Plan:
    """Whom a run of a registry's table would serve now, and whom it passes over."""
    source = source_of(office, law, registry)
    asked = stored(office).find(registry=registry, year=year)
    with_books = [one for one in with_movements(office, asked) if one.table == law.name]
    facts = facts_of(office, law, year, [one.operator for one in with_books])
    order = {one.operator: place for place, one in enumerate(asked) if one.table == law.name}
    with_books.sort(key=lambda entry: order[entry.operator])
    available = source.available if source else 0
    return plan_issue(with_books, facts, available, first_come=law.first_come)


def facts_of(
    office: Office, law: TableLaw, year: int, operators: Iterable[str]
) -> dict[str, Facts]:
    """What a run must know of operators."""
    known = known_operators(office)
    withheld = stored(office).withheld(year)
    excluded = _grounds(office, known, year)
    never = not_issued_to(office.rulebook, office.today())
    found = {}
    for code in operators:
        account, barred = _receiving(office, law, known.accounts.get(code, []), never)
        one = known.registered.get(code)
        found[code] = Facts(
            account,
            barred,
            one.first_year if one else None,
            one.last_year if one else None,
            excluded.get(code, ""),
            withheld.get(code, ""),
        )
    return found


def _grounds(office: Office, known: Known, year: int) -> dict[str, str]:
    """The operators excluded for a year, with the ground of each."""
    operators = office.register.operators
    return {
        code: operators.excluded(known.registered[code].number)[year]
        for code, years in known.excluded.items()
        if year in years
    }


def _receiving(
    office: Office, law: TableLaw, accounts: list[Account], never: Collection[str]
) -> tuple[int | None, str]:
    """The account of the law's type that can receive, else the first with what bars it."""
    barred = [
        (one.number, _bar(office, law, one, never)) for one in accounts if one.type == law.account
    ]
    if not barred:
        return None, ""
    return next(((number, "") for number, why in barred if not why), barred[0])


def _bar(office: Office, law: TableLaw, account: Account, never: Collection[str]) -> str:
    """Why an account cannot be allocated anything now; `never` are statuses that get nothing."""
    book = office.writer.book
    status = book.tables_at(instant(office.clock.now())).statuses.get(account.status)
    receives = status is not None and (
        status.receives is None or type_code(law.allocated_by) in status.receives
    )
    if not receives or account.status in never:
        return f"account {account.number} is {account.status}"
    stopped = not book.frozen.get(account.number, True)  # some freezes let units come in
    if stopped or account.registry in book.frozen:
        return f"account {account.number} is frozen"
    return ""


class ReserveView(NamedTuple):
    """A table that serves first come first: what its account has, and what is asked of it."""

    table: str
    account: int
    available: int
    issued: int
    committed: int

    @property
    def free(self) -> int:
        """What is neither issued nor owed to anybody who has applied."""
        return self.available - self.committed


def reserves(office: Office, year: int) -> list[ReserveView]:
    """The reserves of the law of a year; committed is what remains of all entitlements."""
    found = []
    for law in tables_of(office.rulebook, year).values():
        source = source_of(office, law, "") if law.first_come else None
        if source is None:
            continue
        owned = stored(office).find(table=law.name)
        everything = with_movements(office, _beside(office, owned))
        mine = [entry for entry in everything if entry.table == law.name]
        committed = sum(max(0, entry.remaining()) for entry in mine)
        issued = sum(entry.net for entry in mine)
        found.append(ReserveView(law.name, source.account, source.available, issued, committed))
    return found


def _beside(office: Office, owned: list[Stored]) -> list[Stored]:
    """Entries with those of other tables for the same operators, which may share an account."""
    operators = {one.operator for one in owned}
    return [one for one in stored(office).find() if one.operator in operators]
