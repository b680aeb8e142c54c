"""What can be proposed about allocation: a change of a table, a withholding, the year's run.

Each is a command of the desk: one person proposes, another approves, and what was approved is what
was shown, because a digest of it is in the sentence both of them read. A change names the table it
was made against; if that has changed meanwhile, it is refused.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from openets.desk.desk import Outcome
from openets.desk.said import Said
from openets.desk.timing import Execution
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal, Refused
from openets.people.asked import AT_ONCE, Asked, Body, Text
from openets.people.bulk import Bulk, BulkAsked, Line, digest_of
from openets.people.office import Office
from openets.schemes.allocation import tables
from openets.schemes.allocation.checks import CHANGE, RULE, RUN, CellChecks, pending, twice
from openets.schemes.allocation.issue import Plan
from openets.schemes.allocation.reads import known_operators, plan, source_of, stored
from openets.schemes.allocation.table_law import BY, TABLES, issued_by, tables_of

ROWS = 100_000
AMOUNTS = 40  # years a row may have
NAMED = 5  # changed cells named in the sentence; all of them are a listing of its own

Amount = Annotated[int, Field(strict=True, ge=0, lt=10**15)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Row(BaseModel):
    """An operator's amounts, one for each year of the change; none where it says nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    operator: Text
    amounts: Annotated[tuple[Amount | None, ...], Field(max_length=AMOUNTS)]


class ChangeTable(Body):
    """Amounts of an allocation table; `stands` is the digest of the table they are to change."""

    name: ClassVar[str] = CHANGE
    action: ClassVar[str] = "allocation"
    table: Text
    registry: acts.Registry
    years: Annotated[tuple[acts.Year, ...], Field(min_length=1, max_length=AMOUNTS)]
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=ROWS)]
    stands: Digest

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Change(office, self)

    def entered(self) -> dict[tuple[str, int], int]:
        """The amounts, by operator and year."""
        return {
            (row.operator, year): amount
            for row in self.rows
            for year, amount in zip(self.years, row.amounts, strict=False)
            if amount is not None
        }


def change_of(office: Office, table: str, registry: str, amounts: tables.Amounts) -> ChangeTable:
    """The command that enters amounts into a table as it stands now."""
    years = tuple(sorted({year for _, year in amounts}))
    operators = dict.fromkeys(operator for operator, _ in amounts)
    rows = tuple(
        Row(operator=one, amounts=tuple(amounts.get((one, year)) for year in years))
        for one in operators
    )
    stands = tables.digest_of(stored(office).amounts(table, registry))
    return ChangeTable(table=table, registry=registry, years=years, rows=rows, stands=stands)


class _Change(Asked):
    body: ChangeTable

    @property
    def registry(self) -> str:
        """The registry whose table it is."""
        return self.body.registry

    def difference(self) -> list[tables.Difference]:
        """What it alters, cell by cell."""
        before = stored(self.office).amounts(self.body.table, self.body.registry)
        return tables.difference(before, self.body.entered())

    def said(self) -> Said:
        """The difference in sums and its first cells, and the digest of what is entered."""
        body, found = self.body, self.difference()
        sums = ", ".join(
            f"{year}: {before} → {after}" for year, (before, after) in tables.by_year(found).items()
        )
        cells = "; ".join(
            f"{one.operator} {one.year}: {'-' if one.before is None else one.before} → {one.amount}"
            for one in found[:NAMED]
        )
        more = len(found) - NAMED
        facts = {
            "table": body.table,
            "registry": body.registry,
            "count": len(found),
            "sums": sums,
            "cells": cells,
            "more": Said("changes-more", {"count": more}) if more > 0 else "",
            "digest": tables.digest_of(body.entered()),
        }
        return Said("asked-allocation-table", facts)

    def problems(self) -> list[Refusal]:
        """Everything wrong with it, row by row."""
        body = self.body
        found = [*pending(self.office, body.table, body.registry), *self._moved_on()]
        checks = CellChecks(
            self.office.rulebook, known_operators(self.office), body.registry, body.table
        )
        years = ((year, checks.year(year, f"years.{at}")) for at, year in enumerate(body.years))
        sound = set()
        for year, problem in years:
            found += [problem] if problem else []
            sound |= set() if problem else {year}
        seen: set[str] = set()
        for place, row in enumerate(body.rows):
            found += self._of_row(checks, row, place, sound, seen)
        return found

    def _of_row(
        self, checks: CellChecks, row: Row, place: int, sound: set[int], seen: set[str]
    ) -> list[Refusal]:
        where = f"rows.{place}"
        if row.operator in seen:
            return [twice(row.operator, where)]
        seen.add(row.operator)
        if len(row.amounts) != len(self.body.years):
            sentence = f"{len(row.amounts)} amounts stand for {len(self.body.years)} years."
            return [Refusal("allocation.row-length", sentence, RULE, where)]
        problem = checks.operator(row.operator, where)
        if problem:
            return [problem]
        cells = zip(self.body.years, row.amounts, strict=True)
        found = (
            checks.cell(row.operator, year, amount or 0, where)
            for year, amount in cells
            if year in sound
        )
        return [one for one in found if one]

    def _moved_on(self) -> list[Refusal]:
        body = self.body
        if tables.digest_of(stored(self.office).amounts(body.table, body.registry)) == body.stands:
            return []
        sentence = "The table has changed since this change was made; make it again."
        return [Refusal("allocation.table-moved-on", sentence, RULE, "stands")]

    def carry_out(self, number: int, at: int) -> Outcome:
        """Enters the amounts; done again after a crash it alters nothing."""
        body = self.body
        before = stored(self.office).amounts(body.table, body.registry)
        if not tables.difference(before, body.entered()):
            return Outcome(0)
        refusals = self._moved_on()
        if refusals:
            return Outcome(0, tuple(refusals))
        stored(self.office).enter(body.table, body.registry, body.entered())
        return Outcome(0)


class Withhold(Body):
    """An operator's allocation of a year is withheld, or no longer, for a reason."""

    name: ClassVar[str] = "allocation status"
    action: ClassVar[str] = "allocation"
    operator: Text
    year: acts.Year
    withheld: bool
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Withheld(office, self)


class _Withheld(Asked):
    body: Withhold

    @property
    def registry(self) -> str:
        """The registry of the operator."""
        known = known_operators(self.office)
        code = self.body.operator
        return known.registry_of(code) if code in known else ""

    def problems(self) -> list[Refusal]:
        """That there is something to withhold, or withheld."""
        body = self.body
        store = stored(self.office)
        if not store.find(operator=body.operator, year=body.year):
            sentence = f"Operator {body.operator} stands in no table of {body.year}."
            return [Refusal("allocation.not-in-a-table", sentence, RULE, "operator")]
        if (body.operator in store.withheld(body.year)) != body.withheld:
            return []
        state = "withheld" if body.withheld else "not withheld"
        sentence = f"The allocation of {body.operator} for {body.year} is {state} already."
        return [Refusal("allocation.status-stands", sentence, RULE, "withheld")]

    def carry_out(self, number: int, at: int) -> Outcome:
        """Writes it down."""
        body = self.body
        reason = body.reason if body.withheld else None
        stored(self.office).withhold(body.operator, body.year, reason)
        return Outcome(0)


# -- the year's run -------------------------------------------------------------------------------


class Run(Bulk):
    """A year's allowances to everybody a registry's table entitles, as one act of two people."""

    name: ClassVar[str] = RUN
    action: ClassVar[str] = "allocation"
    year: acts.Year  # which a bulk act may leave open and a run may not
    table: Text
    registry: acts.Registry

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Run(office, self)


def run_of(office: Office, table: str, registry: str, year: int) -> tuple[Run | None, Plan]:
    """The run of a year as it would be now, None if it would serve nobody, and its plan.

    Raises `Refused` where the law has no such table or nothing to issue from.
    """
    law = tables_of(office.rulebook, year).get(table)
    if law is None:
        sentence = f"In {year} nothing is issued by a table {table!r}."
        raise Refused(Refusal("allocation.no-run", sentence, TABLES, "table"))
    source = source_of(office, law, registry)
    if source is None:
        sentence = f"There is no account of type {law.allocated_from} to issue from."
        raise Refused(Refusal("allocation.no-source", sentence, TABLES))
    planned = plan(office, law, registry, year)
    lines = tuple(Line(acquiring=one.account, quantity=one.quantity) for one in planned.lines)
    if not lines:
        return None, planned
    run = Run(
        type=law.allocated_by,
        transferring=source.account,
        kind=source.kind,
        year=year,
        lines=lines,
        digest=digest_of(lines),
        table=table,
        registry=registry,
    )
    return run, planned


class _Run(BulkAsked):
    body: Run

    @property
    def registry(self) -> str:
        """The registry whose table it is: its administrators propose and approve."""
        return self.body.registry

    def said(self) -> Said:
        """What is issued, by which day, and how many are passed over."""
        day = issued_by(self.office.rulebook, self.body.year)
        _, planned = self._proposed
        due = Said("due-by", {"day": str(day[0]), "article": str(day[1])}) if day else ""
        facts = {
            "movement": super().said(),
            "table": self.body.table,
            "registry": self.body.registry,
            "due": due,
            "count": len(planned.passed_over),
        }
        return Said("asked-allocation-run", facts)

    @cached_property
    def _proposed(self) -> tuple[Run | None, Plan]:
        """The run as it would be when it is proposed; worked out once for checks and sentence."""
        body = self.body
        return run_of(self.office, body.table, body.registry, body.year)

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """The matrix: the process is the system's, on a request of two people."""
        return Asked.permission(self, actor, verb)

    def problems(self) -> list[Refusal]:
        """That it is the run of now, of a year that has begun, and covered."""
        body, office = self.body, self.office
        try:
            run, planned = self._proposed
        except Refused as refused:
            return list(refused.refusals)
        found = pending(office, body.table, body.registry)
        if body.year > office.today().year:
            sentence = f"{body.year} has not begun; its allowances are issued in it."
            found.append(Refusal("allocation.run-early", sentence, BY, "year"))
        if run is None:
            sentence = f"Table {body.table} of {body.registry} leaves nothing to issue."
            found.append(Refusal("allocation.nothing-to-issue", sentence, RULE, "lines"))
        elif run.model_copy(update={"digest": body.digest}) != body:
            sentence = "The list is not what table and books come to now; make the run again."
            found.append(Refusal("allocation.run-otherwise", sentence, RULE, "lines"))
        if planned.total > planned.available:
            sentence = (
                f"The run takes {planned.total} allowances; account {body.transferring} has "
                f"{planned.available}."
            )
            found.append(Refusal("allocation.not-enough", sentence, RULE, "lines"))
        return found or super().problems()

    def timing(self, at: datetime, _proposed: datetime) -> Execution:
        """At once."""
        return Execution(at, AT_ONCE, BY)

    def held_back(self, number: int) -> dict[int, Refusal]:
        """Lines that table and books no longer come to, unless they stand already."""
        body = self.body
        _, planned = run_of(self.office, body.table, body.registry, body.year)
        now = {line.account: line.quantity for line in planned.lines}
        found = {}
        for index, line in enumerate(body.lines):
            stands = self.office.sequence_of(self.office.key(number, "line", index))
            if not stands and now.get(line.acquiring) != line.quantity:
                sentence = f"Account {line.acquiring} is no longer entitled to {line.quantity}."
                found[index] = Refusal("allocation.no-longer-entitled", sentence, RULE)
        return found
