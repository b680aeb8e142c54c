"""The law of allocation tables: which tables there are, what issues and returns, by which day.

Everything is asked of the rulebook for a year: `allocation.tables` names the tables with their
types of account and of transaction, `deadlines.free-allocation` the day by which a year's
allowances are issued, `allocation.not-issued-to` the statuses that get nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from openets.kernel.records import type_code
from openets.rulebook.model import Answer, NoLaw, Rulebook

TABLES, PERIODS = "allocation.tables", "periods.phase-"
BY, NOT_ISSUED_TO = "deadlines.free-allocation", "allocation.not-issued-to"


class TableLaw(NamedTuple):
    """A table of the law, by account types and labels of transaction types.

    `first_come` tables are served in the order of application, as far as their account goes.
    """

    name: str
    account: str
    allocated_by: str
    allocated_from: str
    returned_by: str | None
    first_come: bool


def tables_of(rulebook: Rulebook, year: int) -> dict[str, TableLaw]:
    """The tables of a year in the order of the law; none where there is no such law."""
    answer = ask(rulebook, TABLES, year)
    if answer is None:
        return {}
    return {name: _table(name, value) for name, value in answer.value.items()}


def _table(name: str, value: Any) -> TableLaw:
    return TableLaw(
        name,
        value["account"],
        value["allocated_by"],
        value["allocated_from"],
        value.get("returned_by"),
        value.get("first_come", False),
    )


def ask(rulebook: Rulebook, path: str, for_: int | date) -> Answer | None:
    """The answer of a parameter, None where the law says nothing."""
    if path not in rulebook:  # else the refusal looks for what is near, which takes its time
        return None
    try:
        return rulebook.ask(path, for_=for_)
    except NoLaw:
        return None


def issued_by(rulebook: Rulebook, year: int) -> tuple[date, str] | None:
    """The last day of a year on which its allowances are issued, and where that stands."""
    answer = ask(rulebook, BY, year)
    if answer is None:
        return None
    month, day = (int(part) for part in str(answer.value).split("-"))
    return date(year, month, day), str(answer.source)


def not_issued_to(rulebook: Rulebook, day: date) -> frozenset[str]:
    """Statuses of an account to which nothing is allocated, besides those that receive nothing."""
    answer = ask(rulebook, NOT_ISSUED_TO, day)
    return frozenset() if answer is None else frozenset(answer.value)


def is_of_a_period(rulebook: Rulebook, year: int) -> bool:
    """True if a year lies in a period of the law, or the law has tables and no periods."""
    if ask(rulebook, TABLES, year) is None:
        return False
    periods = [rulebook.parameter(path) for path in rulebook.paths() if path.startswith(PERIODS)]
    spans = [one.value for period in periods for one in period.values]
    return not spans or any(one["first_year"] <= year <= one["last_year"] for one in spans)


def movements_of(rulebook: Rulebook, year: int, day: date) -> dict[int, str]:
    """What each type of transaction does to an entry of a year: allocated, returned, reversed.

    Reversals are the types of the day that undo an allocation.
    """
    found: dict[int, str] = {}
    laws = tables_of(rulebook, year).values()
    for law in laws:
        found[type_code(law.allocated_by)] = "allocated"
        if law.returned_by:
            found[type_code(law.returned_by)] = "returned"
    allocating = {law.allocated_by for law in laws}
    for code, rule in rulebook.tables_on(day).transaction_types.items():
        if rule.undoes & allocating:
            found[code] = "reversed"
    return found
