"""`openets allocation template, submit, calculate, compare`: lists of installations for a period.

A list is submitted by a national administrator and accepted or rejected at the desk; from an
accepted one the table is calculated and proposed. `compare` holds what is calculated from a
description against published or stored amounts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openets.formats.measures_table import write_template
from openets.interfaces.cli.acting import AsOption
from openets.interfaces.cli.allocation import read_percent
from openets.interfaces.cli.allocation_tables import (
    INSTALLATIONS,
    RegistryOption,
    TableOption,
    allocation_app,
    show_told,
)
from openets.interfaces.cli.desk import at_the_desk
from openets.interfaces.cli.output import DEFAULT_STORE, StoreOption, console, failing
from openets.rulebook.model import EARLIEST, LATEST
from openets.schemes.allocation import asking

FirstYearArgument = Annotated[
    int,
    typer.Argument(
        min=EARLIEST, max=LATEST, metavar="FIRST", help="First year of the period: 2026."
    ),
]


@allocation_app.command("template")
def template(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A .xlsx or .csv file.")],
) -> None:
    """Write an empty list of installations to fill in, with what each column holds."""
    with failing():
        write_template(out)
    console.print(f"Written to {out}.", soft_wrap=True)


@allocation_app.command("submit")
def submit(
    file: Annotated[Path, typer.Argument(help="The list, as the template has it.")],
    first_year: FirstYearArgument,
    registry: RegistryOption,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Check a list of installations whole and submit it; with anything wrong nothing is."""
    with at_the_desk(directory, as_person) as (counter, who):
        show_told(counter.ask(asking.propose_list, who, file.absolute(), first_year, registry))


@allocation_app.command("calculate")
def calculate(
    first_year: FirstYearArgument,
    registry: RegistryOption,
    table: TableOption = INSTALLATIONS,
    correction: Annotated[
        str | None,
        typer.Option("--correction", metavar="PERCENT", help="An assumed correction factor."),
    ] = None,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose the table that an accepted list comes to, by the rules of each of its years."""
    percent = read_percent(correction)
    with at_the_desk(directory, as_person) as (counter, who):
        asked = (table, registry, first_year, percent)
        show_told(counter.ask(asking.propose_calculated, who, *asked))


__all__ = ["allocation_app"]
