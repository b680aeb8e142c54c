"""`openets allocation upload, show, change, hold, run, reserve`: tables, and the year's issue.

What changes something is a proposal: these commands check a file or work out a run, show what it
comes to, and bring it to the desk, where a second person approves it (`openets desk approve`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from openets.interfaces.cli.acting import AsOption, actor_of
from openets.interfaces.cli.allocation import allocation_app
from openets.interfaces.cli.desk import NumberArgument, show_proposal
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    console,
    fail,
    opened,
    print_rows,
)
from openets.kernel.refusal import Refused
from openets.people.asked import Body
from openets.people.office import Office
from openets.rulebook.model import EARLIEST, LATEST
from openets.schemes.allocation import reads, tables
from openets.schemes.allocation.actions import ChangeTable, Withhold, change_of, run_of
from openets.schemes.allocation.checks import read_upload
from openets.schemes.allocation.entries import classify, status_of
from openets.schemes.allocation.table_law import issued_by
from openets.schemes.desk import opening

RegistryOption = Annotated[str, typer.Option(help="The registry whose table it is, two letters.")]
TableOption = Annotated[str, typer.Option(help="The table, as `allocation.tables` names it.")]
YearArgument = Annotated[int, typer.Argument(min=EARLIEST, max=LATEST, metavar="YEAR")]
INSTALLATIONS = "installations"


def propose_made(directory: Path, as_person: int, made: Callable[[Office], Body]) -> None:
    """Proposes what is made in the open office, and shows how it stands."""
    with opened(directory) as store, opening(store) as opened_:
        actor = actor_of(store, opened_.register, as_person)
        body = made(opened_.office)
        proposal = opened_.desk.propose(actor, body.name, body.model_dump_json(exclude_none=False))
        show_proposal(proposal)
        told = opened_.desk.proposals.events(proposal.number)
        console.print(next(iter(told)).sentence, soft_wrap=True, markup=False)


@allocation_app.command("upload")
def upload(
    file: Annotated[Path, typer.Argument(help="CSV or workbook, a row for each operator.")],
    registry: RegistryOption,
    table: TableOption = "",
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Check a whole allocation table and propose it; with anything wrong nothing is proposed."""

    def made(office: Office) -> Body:
        read = read_upload(office, file, table, registry)
        if read.problems:
            raise Refused(read.problems)
        return change_of(office, read.table, registry, read.amounts)

    propose_made(directory, as_person, made)


@allocation_app.command("change")
def change(
    operator: Annotated[str, typer.Argument(help="The operator's code: AT-000012.")],
    year: YearArgument,
    amount: Annotated[int, typer.Argument(min=0, help="Allowances.")],
    table: TableOption = INSTALLATIONS,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose another amount for an operator and year."""
    registry = operator.partition("-")[0]
    propose_made(
        directory,
        as_person,
        lambda office: change_of(office, table, registry, {(operator, year): amount}),
    )


@allocation_app.command("difference")
def difference(
    number: NumberArgument,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List every amount a proposed change of a table would alter."""
    with opened(directory) as store, opening(store) as office:
        proposal = office.desk.proposals.get(number)
        if proposal is None or proposal.command != ChangeTable.name:
            fail(f"Proposal {number} changes no allocation table.")
        body = ChangeTable.model_validate_json(proposal.body)
        before = reads.stored(office.office).amounts(body.table, body.registry)
        rows = [
            (one.operator, one.year, "" if one.before is None else one.before, one.amount)
            for one in tables.difference(before, body.entered())
        ]
    columns = ("operator", "year", "stands", "proposed")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv, years=("year",))


@allocation_app.command("show")
def show(
    registry: Annotated[str, typer.Option(help="Of this registry only.")] = "",
    operator: Annotated[str, typer.Option(help="Of this operator only.")] = "",
    year: Annotated[int, typer.Option(help="Of this year only.", min=0, max=LATEST)] = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List what operators are entitled to, what they got, and how each stands."""
    with opened(directory) as store, opening(store) as office:
        rows = _rows(office.office, registry or None, operator or None, year or None)
    columns = (
        *("operator", "table", "year", "entitlement", "allocated", "returned", "reversed"),
        *("remaining", "status", "class"),
    )
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv, years=("year",))


def _rows(
    office: Office, registry: str | None, operator: str | None, year: int | None
) -> list[tuple[object, ...]]:
    known = reads.known_operators(office)
    withheld: dict[int, dict[str, str]] = {}
    every = reads.entries(office, registry=registry, operator=operator)
    found: list[tuple[object, ...]] = []
    for entry in every:
        if year is not None and entry.year != year:
            continue
        excluded = known.excluded.get(entry.operator, frozenset())
        held = withheld.setdefault(entry.year, reads.stored(office).withheld(entry.year))
        mine = [one for one in every if one.operator == entry.operator] if operator else [entry]
        sums = classify(mine, entry.year, excluded)
        status = status_of(entry, excluded, entry.operator in held)
        remaining = entry.remaining(excluded)
        found.append((*entry, remaining, status, sums.classification))
    return found


@allocation_app.command("hold")
def hold(
    operator: Annotated[str, typer.Argument(help="The operator's code: AT-000012.")],
    year: YearArgument,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    release: Annotated[bool, typer.Option("--release", help="Withhold it no longer.")] = False,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose to withhold an operator's allocation of a year."""
    body = Withhold(operator=operator, year=year, withheld=not release, reason=reason)
    propose_made(directory, as_person, lambda _office: body)


@allocation_app.command("run")
def run(
    year: YearArgument,
    registry: RegistryOption,
    table: TableOption = INSTALLATIONS,
    propose: Annotated[bool, typer.Option("--propose", help="Bring it to the desk.")] = False,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Work out a year's issue: who gets how much, who is passed over and why."""
    if propose:
        propose_made(directory, as_person, lambda office: _run(office, table, registry, year))
        return
    with opened(directory) as store, opening(store) as office:
        _, planned = run_of(office.office, table, registry, year)
        day = issued_by(office.office.rulebook, year)
    rows: list[tuple[object, ...]] = [(*line, "") for line in planned.lines]
    rows += [(one.operator, "", one.remaining, one.why) for one in planned.passed_over]
    due = f", due by {day[0]} ({day[1]})" if day else ""
    title = f"{planned.total:,} allowances of {planned.available:,} available{due}"
    columns = ("operator", "account", "allowances", "passed over because")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv, title=title, years=("account",))


def _run(office: Office, table: str, registry: str, year: int) -> Body:
    found, _ = run_of(office, table, registry, year)
    if found is None:
        fail(f"Table {table} of {registry} leaves nothing to issue for {year}.")
    return found


@allocation_app.command("reserve")
def reserve(
    year: YearArgument,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show the reserves that serve first come first: what they hold, what is asked of them."""
    with opened(directory) as store, opening(store) as office:
        rows = [(*one, one.free) for one in reads.reserves(office.office, year)]
    columns = ("table", "account", "available", "issued", "committed", "free")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv, years=("account",))


__all__ = ["allocation_app"]
