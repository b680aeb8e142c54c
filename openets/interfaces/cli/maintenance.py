"""`openets maintenance`: windows in which a registry is closed, planned and cancelled by two."""

from __future__ import annotations

from typing import Annotated

import typer

from openets.interfaces.cli.acting import AsOption
from openets.interfaces.cli.desk import (
    NumberArgument,
    ReasonOption,
    at_the_desk,
    propose_fields,
)
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    moment,
    print_rows,
)
from openets.people.counter import actions
from openets.people.maintenance import CancelMaintenance, Maintain

maintenance_app = typer.Typer(help="Windows in which a registry is closed.", no_args_is_help=True)

EVERY = "every"


@maintenance_app.command("plan")
def plan(
    opens: Annotated[str, typer.Argument(help="From, with its zone: 2030-12-31T16:00Z.")],
    closes: Annotated[str, typer.Argument(help="Until, with its zone: 2031-01-01T08:00Z.")],
    reason: ReasonOption,
    registry: Annotated[str, typer.Option(help="The registry; all of them if none is named.")] = "",
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose a window; what waits lives on, and everybody of the registry is told."""
    fields = {"opens": opens, "closes": closes, "reason": reason, "registry": registry or None}
    propose_fields(directory, as_person, Maintain.name, fields)


@maintenance_app.command("cancel")
def cancel(
    number: NumberArgument,
    reason: ReasonOption,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose to cancel the window a proposal has planned, before it opens."""
    fields = {"proposal": number, "reason": reason}
    propose_fields(directory, as_person, CancelMaintenance.name, fields)


@maintenance_app.command("list")
def list_windows(
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the windows that concern you, with the proposal that planned each."""
    with at_the_desk(directory, as_person) as (counter, who):
        rows = [
            (
                str(one.proposal),
                one.registry or EVERY,
                moment(one.opens),
                moment(one.closes),
                one.state,
                one.reason,
            )
            for one in counter.ask(actions.windows, who)
        ]
    columns = ("proposal", "registry", "opens", "closes", "state", "reason")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)
