"""The history of operators, read together: what was entered, what the books say, what the law did.

Emissions come from the stored events, the years an operator owes figures for from the register,
surrenders and their reversals from the books. Of an operator that only the books know (a replayed
one) the figures are read in the books as well. New years and cut-off days are the calendar's: they
follow from the law and are kept nowhere, so that a store that stood still for weeks misses none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from typing import NamedTuple

from openets.kernel.clock import day_of, moment
from openets.kernel.records import type_code
from openets.ledger import reads
from openets.people.office import Office
from openets.people.operators import Operator
from openets.people.register import Register
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import TRANSACTION_TYPES
from openets.schemes.compliance import events as ev
from openets.schemes.compliance.days import step_day
from openets.schemes.compliance.law import ACCOUNTS, INSTALLATION, ask_of
from openets.schemes.compliance.models import Happenings
from openets.schemes.compliance.state import State, as_of, fold
from openets.storage.database import Database

FIXING = "compliance figure"  # the step on whose day a symbol is fixed


class Sources(NamedTuple):
    """What a history is read from; `tables` are the query tables, brought up to date."""

    rulebook: Rulebook
    register: Register
    happenings: Happenings
    tables: Database


FEW = 20  # operators that are read one by one; more are read all at once


@contextmanager
def sources_of(office: Office) -> Iterator[Sources]:
    """What histories are read from, in an office."""
    with office.tables() as tables:
        happenings = Happenings(office.register.database)
        yield Sources(office.rulebook, office.register, happenings, tables)


def known(office: Office, codes: Iterable[str]) -> dict[str, History]:
    """The histories of operators by code, without those nobody knows."""
    asked = set(codes)
    now = office.clock.now()
    with sources_of(office) as sources:
        if len(asked) > FEW:
            return {one.code: one for one in histories(sources, now) if one.code in asked}
        read = (history(sources, code, now) for code in sorted(asked))
        return {one.code: one for one in read if one is not None}


def one_known(office: Office, code: str) -> History | None:
    """The history of an operator, None for one nobody knows."""
    return known(office, (code,)).get(code)


def is_suspended(office: Office, registry: str) -> bool:
    """Whether the processes of a registry are suspended now."""
    kept = Happenings(office.register.database).of(registry)
    return bool(kept) and isinstance(kept[-1].event, ev.ProcessesSuspended)


class Account(NamedTuple):
    """An account of an operator as the query tables have it."""

    number: int
    registry: str
    type: str
    operator: str
    status: str
    opened: int


class History(NamedTuple):
    """An operator with its accounts, the last one opened first, and everything that happened.

    `kind` is its class, as the rulebook has days and shares for it.
    """

    code: str
    registry: str
    kind: str
    accounts: tuple[Account, ...]
    events: tuple[ev.Event, ...]

    @property
    def state(self) -> State | None:
        """How it stands now."""
        return fold(self.events)

    def state_at(self, at: datetime) -> State | None:
        """How it stood just before a moment."""
        return as_of(self.events, at)


class _Moved(NamedTuple):
    """A surrender (positive) or a reversal of one, of an operator's account; year 0: not said."""

    account: int
    at: int
    year: int
    quantity: int


def history(sources: Sources, code: str, now: datetime) -> History | None:
    """The history of an operator up to now; None for one nobody knows."""
    found = list(histories(sources, now, code))
    return found[0] if found else None


def histories(
    sources: Sources, now: datetime, code: str = "", registry: str = ""
) -> Iterator[History]:
    """The histories of all operators by code, of one registry, or of the one named."""
    accounts = accounts_of(sources.tables, code, registry)
    registered = {
        one.code: one
        for one in _registered(sources.register, code)
        if registry in ("", one.registry)
    }
    registries = [own[0].registry for own in accounts.values()]
    registries += [one.registry for one in registered.values()]
    kept = _kept(sources.happenings, code, sorted(set(registries)))
    moved = _moved(sources, accounts, alone=bool(code))
    booked = _booked(sources, accounts, registered.keys())
    years = _years(sources.register, registered.values())
    for name in sorted(accounts.keys() | registered.keys()):
        own = accounts.get(name, ())
        known = registered.get(name)
        home = known.registry if known else own[0].registry
        kind = class_of(sources.rulebook, own[0]) if own else INSTALLATION
        if known:
            events = [*_stated(years.get(known.number, ()), kind), *kept.get(name, ())]
        else:
            events = [_opened(own[-1], kind), *booked.get(name, ())]
        events += kept.get(home, ())
        events += [_surrender(one) for one in moved.get(name, ())]
        yield History(name, home, kind, own, ordered(events, sources.rulebook, kind, now))


def ordered(
    events: Iterable[ev.Event], rulebook: Rulebook, kind: str, now: datetime
) -> tuple[ev.Event, ...]:
    """Events with those of the calendar, by their instants; first an operator comes in."""
    told = list(events)
    begun = next((one.at for one in told if isinstance(one, ev.Initialised)), now)
    told += calendar_events(rulebook, begun, now, kind)
    return tuple(sorted(told, key=lambda one: (one.at, not isinstance(one, ev.Initialised))))


def calendar_events(
    rulebook: Rulebook, since: datetime, now: datetime, kind: str
) -> Iterator[ev.Event]:
    """The years that began and the cut-off days that came, after an instant and up to now."""
    for year in range(since.year, now.year + 1):
        begun = datetime(year, 1, 1, tzinfo=UTC)
        if since < begun <= now:
            yield ev.YearBegun(at=begun, year=year)
        dated = step_day(rulebook, FIXING, year - 1, kind)
        # Where a report was put off to a later year two years of emissions share a day.
        if dated is not None and dated.day.year == year:
            at = datetime.combine(dated.day, time(), UTC)
            if since < at <= now:
                yield ev.StatusFixed(at=at)


def class_of(rulebook: Rulebook, account: Account) -> str:
    """The class of operators that has accounts of a type; installations where the law is silent."""
    answer = ask_of(rulebook, ACCOUNTS, day_of(account.opened))
    last = answer.value if answer else {}
    if account.type not in last.values() and ACCOUNTS in rulebook:
        last = max(rulebook.parameter(ACCOUNTS).values, key=lambda value: value.from_).value
    return next((kind for kind, type_ in last.items() if type_ == account.type), INSTALLATION)


def accounts_of(
    tables: Database, code: str = "", registry: str = ""
) -> dict[str, tuple[Account, ...]]:
    """The accounts of operators by code, each with the last one opened first."""
    asked = {"operator": code, "registry": registry}
    named = {column: value for column, value in asked.items() if value}
    where = "".join(f" AND {column} = ?" for column in named)
    rows = tables.rows(
        "SELECT number, registry, type, operator, status, opened FROM account"
        f" WHERE operator IS NOT NULL{where} ORDER BY number DESC",
        tuple(named.values()),
    )
    found: dict[str, tuple[Account, ...]] = {}
    for row in rows:
        one = Account._make(row)
        found[one.operator] = (*found.get(one.operator, ()), one)
    return found


# -- what each source says -------------------------------------------------------------------------


def _registered(register: Register, code: str) -> list[Operator]:
    if not code:
        return register.operators.every()
    found = register.operators.by_code(code)
    return [found] if found else []


def _kept(happenings: Happenings, code: str, registries: list[str]) -> dict[str, list[ev.Event]]:
    found: dict[str, list[ev.Event]] = {}
    for one in happenings.of(*((code, *registries) if code else ())):
        found.setdefault(one.operator, []).append(one.event)
    return found


class _Years(NamedTuple):
    """An instant at which years were stated (first set), or a year left out or taken in."""

    at: int
    first: int
    last: int | None
    year: int = 0
    ground: str = ""


def _years(register: Register, operators: Iterable[Operator]) -> dict[int, list[_Years]]:
    numbers = [one.number for one in operators]
    only = numbers[0] if len(numbers) == 1 else None
    found: dict[int, list[_Years]] = {}
    for stated in register.operators.stated(only):
        said = _Years(stated.at, stated.first_year, stated.last_year)
        found.setdefault(stated.operator, []).append(said)
    for one in register.operators.exclusions(only):
        found.setdefault(one.operator, []).append(_Years(one.at, 0, None, one.year, one.ground))
    return found


def _stated(years: Iterable[_Years], kind: str) -> Iterator[ev.Event]:
    """The operator comes in with its years; then what changes about them."""
    before: _Years | None = None
    for one in sorted(years, key=lambda one: one.at):
        at = moment(one.at)
        if one.year:
            excluded = ev.YearExcluded if one.ground else ev.ExclusionReversed
            yield excluded(at=at, year=one.year)
            continue
        if before is None:
            yield ev.Initialised(
                at=at,
                first_year=one.first,
                last_year=one.last,
                current_year=at.year,
                operator=kind,
            )
        else:
            if one.first != before.first:
                yield ev.FirstYearSet(at=at, year=one.first)
            if one.last != before.last:
                yield ev.LastYearSet(at=at, year=one.last)
        before = one


def _opened(account: Account, kind: str) -> ev.Event:
    """An operator that only the books know came in when its first account was opened."""
    at = moment(account.opened)
    return ev.Initialised(at=at, first_year=at.year, current_year=at.year, operator=kind)


def _booked(
    sources: Sources, accounts: dict[str, tuple[Account, ...]], registered: Iterable[str]
) -> dict[str, list[ev.Event]]:
    """The figures in the books of operators the register does not have."""
    alone = {
        one.number: code
        for code, own in accounts.items()
        if code not in set(registered)
        for one in own
    }
    found: dict[str, list[ev.Event]] = {}
    if not alone:
        return found
    like = f'"account":{next(iter(alone))},%' if len(alone) == 1 else "%"
    rows = sources.tables.rows(
        "SELECT effective, act FROM record WHERE act LIKE ? ORDER BY sequence",
        ('{"act":"emissions",' + like,),
    )
    for effective, act in rows:
        said = json.loads(act)
        code = alone.get(said["account"])
        if code is not None:
            found.setdefault(code, []).append(figure_event(moment(effective), said))
    return found


def figure_event(at: datetime, said: dict[str, int]) -> ev.Event:
    """The event of an act of the books about emissions."""
    if "tonnes" not in said:
        return ev.EmissionsWithdrawn(at=at, year=said["year"])
    return ev.EmissionsEntered(at=at, year=said["year"], tonnes=said["tonnes"])


def surrender_types(rulebook: Rulebook) -> tuple[frozenset[int], frozenset[int]]:
    """The transaction types that ever were surrenders, and those that ever undid one."""
    values = [
        (path.removeprefix(TRANSACTION_TYPES), value.value)
        for path in rulebook.paths()
        if path.startswith(TRANSACTION_TYPES)
        for value in rulebook.parameter(path).values
    ]
    surrenders = {label for label, value in values if value.get("surrenders")}
    undo = {label for label, value in values if surrenders & set(value.get("undoes", ()))}
    return frozenset(map(type_code, surrenders)), frozenset(map(type_code, undo))


def _moved(
    sources: Sources, accounts: dict[str, tuple[Account, ...]], *, alone: bool
) -> dict[str, list[_Moved]]:
    surrenders, undo = surrender_types(sources.rulebook)
    of = {one.number: code for code, own in accounts.items() for one in own}
    moved: Iterable[_Moved]
    if alone:
        moved = (row for number in of for row in _of_account(sources, number, surrenders, undo))
    else:
        moved = _of_all(sources.tables, surrenders, undo)
    found: dict[str, list[_Moved]] = {}
    for one in moved:
        code = of.get(one.account)
        if code is not None:
            found.setdefault(code, []).append(one)
    return found


def _of_account(
    sources: Sources, number: int, surrenders: frozenset[int], undo: frozenset[int]
) -> Iterator[_Moved]:
    for entry in reads.statement(sources.tables, number):
        if entry.type in surrenders and entry.quantity < 0:
            yield _Moved(number, entry.effective, entry.year, -entry.quantity)
        elif entry.type in undo and entry.quantity > 0:
            record = reads.record(sources.tables, entry.sequence)
            first = reads.record(sources.tables, record.refers_to) if record else None
            if first is not None and first.type in surrenders:
                yield _Moved(number, entry.effective, first.year, -entry.quantity)


def _of_all(tables: Database, surrenders: frozenset[int], undo: frozenset[int]) -> Iterator[_Moved]:
    codes = sorted(surrenders | undo)
    marks = ", ".join("?" * len(codes))
    years: dict[int, int] = {}
    rows = tables.rows(
        "SELECT sequence, effective, type, year, transferring, acquiring, refers_to, quantity"
        f" FROM record WHERE type IN ({marks}) AND act IS NULL ORDER BY sequence",
        codes,
    )
    for sequence, effective, type_, year, sender, receiver, refers_to, quantity in rows:
        if type_ in surrenders:
            years[sequence] = year
            yield _Moved(sender, effective, year, quantity)
        elif refers_to in years:
            yield _Moved(receiver, effective, years[refers_to], -quantity)


def _surrender(one: _Moved) -> ev.Event:
    at, year = moment(one.at), one.year or None
    if one.quantity > 0:
        return ev.Surrendered(at=at, quantity=one.quantity, year=year)
    return ev.SurrenderReversed(at=at, quantity=-one.quantity, year=year)
