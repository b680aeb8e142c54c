"""Whom a year's run serves, and why it passes over the others: pure, on what is known of each.

The order of the reasons is the order in which a person would ask: is the year the operator's at
all, does anything hold it back, is anything left to give, can the account take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from openets.schemes.allocation.entries import Entry

NOTHING = "nothing remains"
NO_ACCOUNT = "no account"


class Facts(NamedTuple):
    """What is known of an operator in a year. `barred` says why its account cannot receive.

    `account` is None without one, `first_year` and `last_year` where nobody stated them.
    """

    account: int | None = None
    barred: str = ""
    first_year: int | None = None
    last_year: int | None = None
    excluded: str = ""
    withheld: str = ""


class Issued(NamedTuple):
    """A line of a run."""

    operator: str
    account: int
    quantity: int


class PassedOver(NamedTuple):
    """An operator a run passes over, what remains of its entitlement, and why."""

    operator: str
    remaining: int
    why: str


class Plan(NamedTuple):
    """Whom a run serves, whom not, and how much the issuing account had."""

    lines: tuple[Issued, ...]
    passed_over: tuple[PassedOver, ...]
    available: int

    @property
    def total(self) -> int:
        """Allowances the run issues."""
        return sum(line.quantity for line in self.lines)


def plan_issue(
    entries: Iterable[Entry], facts: Mapping[str, Facts], available: int, *, first_come: bool
) -> Plan:
    """The run over entries of one table and year, in the order of application.

    With `first_come` the queue ends at the first that the account cannot serve; else everybody is
    served, and whether the account covers it is the caller's question.
    """
    lines: list[Issued] = []
    passed: list[PassedOver] = []
    left, ended = available, False
    for entry in entries:
        known = facts.get(entry.operator, Facts())
        remaining = entry.remaining((entry.year,) if known.excluded else ())
        why = _why_not(entry, known, remaining)
        if not why and first_come and (ended or remaining > left):
            ended, why = True, f"the reserve has {left} left, and who came first is served first"
        if why or known.account is None:
            passed.append(PassedOver(entry.operator, remaining, why or NO_ACCOUNT))
            continue
        lines.append(Issued(entry.operator, known.account, remaining))
        left -= remaining
    return Plan(tuple(lines), tuple(passed), available)


def _why_not(entry: Entry, known: Facts, remaining: int) -> str:
    first, last = known.first_year, known.last_year
    rules = (
        (known.excluded, f"excluded for {entry.year}: {known.excluded}"),
        (known.withheld, f"withheld: {known.withheld}"),
        (first is not None and entry.year < first, f"it operates from {first}"),
        (last is not None and entry.year > last, f"it operated until {last}"),
        (remaining < 0, f"over-allocated: {-remaining} are to be returned"),
        (remaining == 0, NOTHING),
        (known.account is None, NO_ACCOUNT),
        (known.barred, known.barred),
    )
    return next((why for applies, why in rules if applies), "")
