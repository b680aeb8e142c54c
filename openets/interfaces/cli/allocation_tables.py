"""`openets allocation upload, show, change, hold, run, reserve`: tables, and the year's issue.

What changes something is a proposal: these commands check a file or work out a run, show what it
comes to, and bring it to the desk, where a second person approves it (`openets desk approve`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openets.interfaces.cli.acting import AsOption
from openets.interfaces.cli.allocation import allocation_app
from openets.interfaces.cli.desk import NumberArgument, at_the_desk, show_proposal
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    console,
    fail,
    print_rows,
)
from openets.rulebook.model import EARLIEST, LATEST
from openets.schemes.allocation import asking

RegistryOption = Annotated[str, typer.Option(help="The registry whose table it is, two letters.")]
TableOption = Annotated[str, typer.Option(help="The table, as `allocation.tables` names it.")]
YearArgument = Annotated[int, typer.Argument(min=EARLIEST, max=LATEST, metavar="YEAR")]
INSTALLATIONS = "installations"


def show_told(told: asking.Told) -> None:
    """Prints how a proposal stands, and what it says of itself."""
    show_proposal(told.proposal)
    console.print(told.sentence, soft_wrap=True)


@allocation_app.command("upload")
def upload(
    file: Annotated[Path, typer.Argument(help="CSV or workbook, a row for each operator.")],
    registry: RegistryOption,
    table: TableOption = "",
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Check a whole allocation table and propose it; with anything wrong nothing is proposed."""
    with at_the_desk(directory, as_person) as (counter, who):
        show_told(counter.ask(asking.propose_table, who, file.absolute(), table, registry))


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
    with at_the_desk(directory, as_person) as (counter, who):
        show_told(counter.ask(asking.propose_amount, who, operator, year, amount, table))


@allocation_app.command("difference")
def difference(
    number: NumberArgument,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List every amount a proposed change of a table would alter."""
    with at_the_desk(directory, as_person) as (counter, who):
        found = counter.ask(asking.table_difference, who, number)
    if found is None:
        fail(f"Proposal {number} changes no allocation table.")
    rows = [
        (one.operator, one.year, "" if one.before is None else one.before, one.amount)
        for one in found
    ]
    columns = ("operator", "year", "stands", "proposed")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv, years=("year",))


@allocation_app.command("show")
def show(
    registry: Annotated[str, typer.Option(help="Of this registry only.")] = "",
    operator: Annotated[str, typer.Option(help="Of this operator only.")] = "",
    year: Annotated[int, typer.Option(help="Of this year only.", min=0, max=LATEST)] = 0,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List what operators are entitled to, what they got, and how each stands."""
    with at_the_desk(directory, as_person) as (counter, who):
        rows = counter.ask(asking.table_rows, who, registry, operator, year)
    columns = (
        *("operator", "table", "year", "entitlement", "allocated", "returned", "reversed"),
        *("remaining", "status", "class"),
    )
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv, years=("year",))


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
    with at_the_desk(directory, as_person) as (counter, who):
        asked = (operator, year, not release, reason)
        show_told(counter.ask(asking.propose_withholding, who, *asked))


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
    with at_the_desk(directory, as_person) as (counter, who):
        if propose:
            told = counter.ask(asking.propose_run, who, table, registry, year)
            if told is None:
                fail(f"Table {table} of {registry} leaves nothing to issue for {year}.")
            show_told(told)
            return
        planned, day, citation = counter.ask(asking.plan_run, who, table, registry, year)
    rows: list[tuple[object, ...]] = [(*line, "") for line in planned.lines]
    rows += [(one.operator, "", one.remaining, one.why) for one in planned.passed_over]
    due = f", due by {day} ({citation})" if day else ""
    title = f"{planned.total:,} allowances of {planned.available:,} available{due}"
    columns = ("operator", "account", "allowances", "passed over because")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv, title=title, years=("account",))


@allocation_app.command("reserve")
def reserve(
    year: YearArgument,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show the reserves that serve first come first: what they hold, what is asked of them."""
    with at_the_desk(directory, as_person) as (counter, who):
        rows = [(*one, one.free) for one in counter.ask(asking.reserves, who, year)]
    columns = ("table", "account", "available", "issued", "committed", "free")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv, years=("account",))


__all__ = ["allocation_app"]
