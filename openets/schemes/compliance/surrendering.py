"""What may be surrendered, asked of the books when somebody proposes it; and what would be right.

The rules stand in `surrender.py` and `credits.py`; here they are given the unit, the account and
what the books say of it. The mark of a unit from a state that leaves is its kind's project: an
allowance has no other. Limits of credits are measured by the books: what was allocated in the
second period, what was verified, what was surrendered and exchanged before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from openets.kernel.clock import day_of
from openets.kernel.records import type_code, type_label
from openets.kernel.refusal import Refusal
from openets.ledger.reads import Entry
from openets.people.office import Office
from openets.people.transactions import Move
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import TransactionType
from openets.schemes.compliance.credits import Base, entitlement, left, national_limit
from openets.schemes.compliance.law import ACCOUNTS, INSTALLATION, ask_of, refuse
from openets.schemes.compliance.reads import History, is_suspended, surrender_types
from openets.schemes.compliance.state import REFUSED
from openets.schemes.compliance.surrender import (
    CREDITS,
    LIMIT,
    Surrender,
    Unit,
    surrender_refusal,
)

EXCHANGE, ENTITLEMENT = "desk.process.credit-exchange", "credits.entitlement."
PERIOD_2, PERIOD_3 = "periods.phase-2", "periods.phase-3"


def surrender_problems(office: Office, body: Move) -> Refusal | None:
    """The first reason why units may not be surrendered or exchanged, or None; also for others."""
    today = office.today()
    rule = office.rulebook.tables_on(today).transaction_types.get(type_code(body.type))
    sender, kind = office.account(body.transferring), office.writer.book.kinds.get(body.kind)
    if sender is None or kind is None:
        return None
    if rule is None or not rule.surrenders:
        return _exchange_problem(office, body)
    if is_suspended(office, sender.registry):
        sentence = f"The registry of {sender.registry} takes no surrender at present."
        return refuse(office.rulebook, "suspended", sentence, REFUSED, today)
    if ask_of(office.rulebook, ACCOUNTS, today) is None:
        return None
    operator = class_on(office.rulebook, sender.type, today)
    if operator is None:
        sentence = f"From a {sender.type} account no operator surrenders."
        return refuse(office.rulebook, "operator-class", sentence, ACCOUNTS, today)
    year = body.year or today.year - 1
    return unit_problem(office, body.transferring, body.kind, body.quantity, year, operator)


def unit_problem(
    office: Office, account: int, kind: int, quantity: int, year: int, operator: str
) -> Refusal | None:
    """The first reason why units of a kind may not be surrendered for a year today, or None."""
    defined = office.writer.book.kinds[kind]
    credit = is_credit(office.rulebook, defined.unit)
    mark, project = ("", defined.project or "") if credit else (defined.project or "", "")
    unit = Unit(defined.unit, marked=mark, project=project)
    may_use = credits_left(office, account, year, operator) if credit else None
    asked = Surrender(unit, year, office.today(), operator, quantity, may_use)
    return surrender_refusal(office.rulebook, asked)


def class_on(rulebook: Rulebook, account_type: str, day: date) -> str | None:
    """The class of operators a type of account belongs to on a day, or None."""
    answer = ask_of(rulebook, ACCOUNTS, day)
    classes = answer.value.items() if answer else ()
    return next((one for one, type_ in classes if type_ == account_type), None)


def is_credit(rulebook: Rulebook, unit: str) -> bool:
    """Whether a unit is an international credit by any law there was."""
    if CREDITS not in rulebook:
        return False
    return any(unit in value.value for value in rulebook.parameter(CREDITS).values)


# -- limits of credits -----------------------------------------------------------------------------


def credits_left(office: Office, account: int, year: int, operator: str) -> int | None:
    """The credits an account may still use for a year; None where no law limits them."""
    used = Used.of(office, account)
    rulebook, book = office.rulebook, office.writer.book
    if operator == INSTALLATION and ask_of(rulebook, LIMIT, year) is not None:
        registry = book.accounts[account].registry
        allowed = national_limit(rulebook, registry, year, used.allocated)
        return left(allowed, used.surrendered, 0, used.reversed_)
    kind = operator if f"{ENTITLEMENT}{operator}" in rulebook else ""
    if not kind:
        kind = "existing" if used.allocated else "new"
    if ask_of(rulebook, f"{ENTITLEMENT}{kind}", year) is None:
        return None
    allowed = entitlement(rulebook, kind, year, _base(office, account, year, used))
    return left(allowed, used.surrendered, used.exchanged, used.reversed_)


class Used(NamedTuple):
    """What an account received in the second period, and the credits it used so far."""

    allocated: int
    surrendered: int
    exchanged: int
    reversed_: int

    @classmethod
    def of(cls, office: Office, account: int) -> Used:
        """Added up from the account's statement."""
        rulebook = office.rulebook
        years = years_of(rulebook, PERIOD_2)
        surrenders, undo = surrender_types(rulebook)
        allocated = surrendered = exchanged = reversed_ = 0
        for entry in office.statement(account):
            if _allocates(rulebook, entry) and entry.year in years:
                allocated += entry.quantity
            if not is_credit(rulebook, entry.unit):
                continue
            if entry.type in surrenders:
                surrendered -= entry.quantity
            elif entry.type in undo:
                reversed_ += entry.quantity
            elif type_label(entry.type) in exchange_types(rulebook, day_of(entry.effective)):
                exchanged -= entry.quantity
        return cls(allocated, surrendered, exchanged, reversed_)


def years_of(rulebook: Rulebook, period: str) -> range:
    """The years of a trading period, none where there is no such period."""
    if period not in rulebook:
        return range(0)
    value = rulebook.parameter(period).values[-1].value
    return range(value["first_year"], value["last_year"] + 1)


def _allocates(rulebook: Rulebook, entry: Entry) -> bool:
    types = rulebook.tables_on(day_of(entry.effective)).transaction_types
    rule = types.get(entry.type)
    return bool(rule and rule.allocates and entry.quantity > 0)


def exchange_types(rulebook: Rulebook, day: date) -> tuple[str, ...]:
    """The transaction types by which credits are exchanged for allowances on a day."""
    answer = ask_of(rulebook, EXCHANGE, day)
    return tuple(answer.value["types"]) if answer else ()


def _base(office: Office, account: int, year: int, used: Used) -> Base:
    """What an entitlement is measured by, from the books."""
    rulebook, book = office.rulebook, office.writer.book
    years, before = years_of(rulebook, PERIOD_3), years_of(rulebook, PERIOD_2)
    emitted = {of: tonnes for (who, of), tonnes in book.emissions.items() if who == account}
    limit = 0
    if used.allocated and before and ask_of(rulebook, LIMIT, before[-1]) is not None:
        registry = book.accounts[account].registry
        limit = national_limit(rulebook, registry, before[-1], used.allocated)
    return Base(
        phase_2_entitlement=limit,
        allocation_2008_2012=used.allocated,
        verified_2013_2020=sum(emitted.get(of, 0) for of in years),
        surrender_obligation=emitted.get(year, 0),
    )


def _exchange_problem(office: Office, body: Move) -> Refusal | None:
    today = office.today()
    unit = office.writer.book.kinds[body.kind].unit
    if body.type not in exchange_types(office.rulebook, today):
        return None
    if not is_credit(office.rulebook, unit):
        return None
    account = office.writer.book.accounts[body.transferring]
    operator = class_on(office.rulebook, account.type, today) or INSTALLATION
    may_use = credits_left(office, body.transferring, today.year, operator)
    if may_use is None or body.quantity <= may_use:
        return None
    sentence = f"The operator may use {may_use} more credits, not {body.quantity}."
    path = f"{ENTITLEMENT}remaining"
    return refuse(office.rulebook, "credit-limit", sentence, path, today)


# -- the surrender that would be right -------------------------------------------------------------


class Part(NamedTuple):
    """Units of a kind that may be surrendered; with a refusal, that may not."""

    kind: int
    unit: str
    registry: str
    quantity: int
    refusal: Refusal | None = None


class Way(NamedTuple):
    """By which transaction type and into which account an account surrenders."""

    label: str
    into: int


class Suggestion(NamedTuple):
    """What to surrender for a year: the parts in their order, what they leave uncovered.

    `refused` are held too and may not be surrendered for the year.
    """

    account: int
    year: int
    asked: int
    parts: tuple[Part, ...]
    refused: tuple[Part, ...]
    way: Way | None

    @property
    def uncovered(self) -> int:
        """Units still to be bought."""
        return self.asked - sum(part.quantity for part in self.parts)


def suggestion(office: Office, history: History, year: int, quantity: int) -> Suggestion:
    """The surrender of so many units for a year, from what the account has free.

    First go the units that end first, credits before allowances of the same end; of these the
    oldest. What may not be surrendered is named with its reason.
    """
    account = history.accounts[0]
    parts, refused, rest = [], [], quantity
    for kind, free in _free(office, account.number):
        defined = office.writer.book.kinds[kind]
        part = Part(kind, defined.unit, defined.registry, min(free, rest) or free)
        why = unit_problem(office, account.number, kind, part.quantity, year, history.kind)
        if why is not None:
            refused.append(part._replace(quantity=free, refusal=why))
        elif rest:
            parts.append(part)
            rest -= part.quantity
    way = way_of(office, account.number)
    return Suggestion(account.number, year, quantity, tuple(parts), tuple(refused), way)


def _free(office: Office, account: int) -> list[tuple[int, int]]:
    """The kinds an account holds with what is not set aside, in their order of use."""
    book = office.writer.book
    units = office.rulebook.tables_on(office.today()).unit_types

    def order(kind: int) -> tuple[bool, int, bool, int, int]:
        defined = book.kinds[kind]
        unit = units.get(defined.unit)
        ends = unit.usable_until if unit else None
        begins = (unit.usable_from if unit else None) or 0
        no_credit = not is_credit(office.rulebook, defined.unit)
        return ends is None, ends or 0, no_credit, begins, kind

    held = ((kind, book.available(account, kind)) for kind in book.holdings(account))
    return sorted(((kind, free) for kind, free in held if free > 0), key=lambda one: order(one[0]))


def way_of(office: Office, account: int) -> Way | None:
    """How an account surrenders today: into its own registry's account if it has one."""
    book = office.writer.book
    sender = book.accounts[account]
    types = office.rulebook.tables_on(office.today()).transaction_types.values()
    found = [
        (receiver.registry != sender.registry, rule.label, number)
        for rule in types
        if rule.surrenders
        for number, receiver in _receivers(office, rule)
        if (sender.type, receiver.type) in rule.routes
    ]
    return Way(*min(found)[1:]) if found else None


def _receivers(office: Office, rule: TransactionType) -> Iterator[tuple[int, _Receiver]]:
    types = {to for _, to in rule.routes}
    for number, account in office.writer.book.accounts.items():
        if account.type in types:
            yield number, _Receiver(account.registry, account.type)


class _Receiver(NamedTuple):
    registry: str
    type: str
