"""What can be asked of allocation at the counter, for commands that must not open the books.

Files are read where the books are, by the path that is handed over: both ends are the same user's.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from openets.desk.proposals import Proposal
from openets.kernel.refusal import Refused
from openets.people.asked import Body
from openets.people.counter.action import Number, Visit, action
from openets.people.office import Office
from openets.schemes.allocation import reads, tables
from openets.schemes.allocation.actions import ChangeTable, Withhold, change_of, run_of
from openets.schemes.allocation.checks import CellChecks, read_upload
from openets.schemes.allocation.entries import classify, status_of
from openets.schemes.allocation.issue import Plan
from openets.schemes.allocation.measures import LIST, read_submission
from openets.schemes.allocation.submitting import SubmitList, calculated_change
from openets.schemes.allocation.table_law import issued_by


class Told(NamedTuple):
    """A proposal as it stands, and the first sentence the audit trail has of it."""

    proposal: Proposal
    sentence: str


class Row(NamedTuple):
    """An operator's year in a table, in allowances, with how it stands."""

    operator: str
    table: str
    year: int
    entitlement: int
    allocated: int
    returned: int
    reversed: int
    remaining: int
    status: str
    classification: str


class Planned(NamedTuple):
    """A year's issue as it would be, and by when the law wants it, with the article."""

    plan: Plan
    due: date | None
    citation: str


def _proposed(visit: Visit, body: Body) -> Told:
    desk = visit.office.desk
    written = body.model_dump_json(exclude_none=False)
    proposal = desk.propose(visit.actor, body.name, written)
    return Told(proposal, next(iter(desk.proposals.events(proposal.number))).sentence)


@action
def propose_table(visit: Visit, file: Path, table: str, registry: str) -> Told:
    """Checks a whole table and proposes it; raises `Refused` with everything that is wrong."""
    office, _ = visit.office.office, visit.actor
    read = read_upload(office, file, table, registry)
    if read.problems:
        raise Refused(read.problems)
    return _proposed(visit, change_of(office, read.table, registry, read.amounts))


@action
def propose_amount(visit: Visit, operator: str, year: Number, amount: Number, table: str) -> Told:
    """Proposes another amount for an operator and year."""
    registry = operator.partition("-")[0]
    amounts = {(operator, year): amount}
    return _proposed(visit, change_of(visit.office.office, table, registry, amounts))


@action
def propose_withholding(
    visit: Visit, operator: str, year: Number, withheld: bool, reason: str
) -> Told:
    """Proposes to withhold an operator's allocation of a year, or to do so no longer."""
    body = Withhold(operator=operator, year=year, withheld=withheld, reason=reason)
    return _proposed(visit, body)


@action
def plan_run(visit: Visit, table: str, registry: str, year: Number) -> Planned:
    """Works out a year's issue; nothing is proposed."""
    office = visit.office.office
    visit.sight.must_see(registry)
    day = issued_by(office.rulebook, year)
    return Planned(run_of(office, table, registry, year)[1], *(day or (None, "")))


@action
def propose_run(visit: Visit, table: str, registry: str, year: Number) -> Told | None:
    """Proposes a year's issue; None if the table leaves nothing to issue."""
    found, _ = run_of(visit.office.office, table, registry, year)
    return None if found is None else _proposed(visit, found)


@action
def propose_list(visit: Visit, file: Path, first_year: Number, registry: str) -> Told:
    """Checks a list of installations and submits it; raises `Refused` with all that is wrong."""
    office, _ = visit.office.office, visit.actor
    checks = CellChecks(office.rulebook, reads.known_operators(office), registry, LIST)
    read = read_submission(file, first_year, checks)
    if read.problems:
        raise Refused(read.problems)
    installations = tuple(read.installations)
    body = SubmitList(registry=registry, first_year=first_year, installations=installations)
    return _proposed(visit, body)


@action
def propose_calculated(
    visit: Visit, table: str, registry: str, first_year: Number, percent: Decimal | None
) -> Told:
    """Proposes the table that an accepted list comes to."""
    office, _ = visit.office.office, visit.actor
    return _proposed(visit, calculated_change(office, table, registry, first_year, percent))


@action
def table_difference(visit: Visit, number: Number) -> list[tables.Difference] | None:
    """What a proposed change of a table would alter; None for a proposal of something else."""
    sight, proposal = visit.sight, visit.office.desk.proposals.get(number)
    if proposal is None or proposal.command != ChangeTable.name:
        return None
    body = ChangeTable.model_validate_json(proposal.body)
    sight.must_see(body.registry)
    before = reads.stored(visit.office.office).amounts(body.table, body.registry)
    return list(tables.difference(before, body.entered()))


@action
def table_rows(visit: Visit, registry: str, operator: str, year: Number) -> list[Row]:
    """What the asker's operators are entitled to and got; an empty word or 0 asks for all."""
    office = visit.office.office
    known = reads.known_operators(office)

    def place(row: Row) -> tuple[str, list[int]]:
        accounts = known.accounts.get(row.operator, [])
        return known.registry_of(row.operator), [one.number for one in accounts]

    found = visit.sight.among(_rows(office, registry or None, operator or None), place, registry)
    return [row for row in found if not year or row.year == year]


def _rows(office: Office, registry: str | None, operator: str | None) -> list[Row]:
    known, stored = reads.known_operators(office), reads.stored(office)
    every = reads.entries(office, registry=registry, operator=operator)
    withheld = {year: stored.withheld(year) for year in {entry.year for entry in every}}
    rows = []
    for entry in every:
        excluded = known.excluded.get(entry.operator, frozenset())
        mine = [one for one in every if one.operator == entry.operator] if operator else [entry]
        status = status_of(entry, excluded, entry.operator in withheld[entry.year])
        class_ = classify(mine, entry.year, excluded).classification
        rows.append(Row(*entry, entry.remaining(excluded), status, class_))
    return rows


@action
def reserves(visit: Visit, year: Number) -> list[reads.ReserveView]:
    """The reserves that serve first come first: what they hold, what is asked of them."""
    office = visit.office.office

    def place(reserve: reads.ReserveView) -> tuple[str, list[int]]:
        account = office.account(reserve.account)
        return (account.registry if account else ""), [reserve.account]

    return visit.sight.among(reads.reserves(office, year), place)
