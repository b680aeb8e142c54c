"""`openets account` and `transaction`: what the ledger holds and how it came there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    LARGEST,
    CsvOption,
    JsonOption,
    StoreOption,
    account_argument,
    console,
    fail,
    full_number,
    headed,
    moment,
    number,
    opened,
    print_rows,
)
from openets.kernel.clock import day_of
from openets.kernel.records import type_label
from openets.ledger import reads
from openets.ledger.store import Store
from openets.storage.database import Database

account_app = typer.Typer(help="Accounts and what they hold.", no_args_is_help=True)
transaction_app = typer.Typer(help="Records of the ledger.", no_args_is_help=True)

AccountArgument = Annotated[
    str, typer.Argument(help="Account number, short or full, or the code of its operator.")
]


@account_app.command("show")
def show_account(
    account: AccountArgument,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show an account: what it is, its status, its holdings by kind, and what stands still."""
    with query_tables(directory) as (store, database):
        view = _account(store, database, account)
        if not (as_json or as_csv):
            head = headed(full_number(store, view), f"  {view.type}, {view.status}")
            if view.frozen:
                head = Text.assemble(head, ", ", (f"frozen by record {view.frozen}", "red"))
            console.print(head)
            operator = f", operator {view.operator}" if view.operator else ""
            console.print(f"registry {view.registry}{operator}, opened {moment(view.opened)}")
            for freeze in view.freezes:
                stands = f"{freeze.what} frozen by record {freeze.sequence}"
                units = f": {number(freeze.units)} of the units here"
                console.print(headed(stands, units, style="red"))
            console.print()
        wide = 4 if view.freezes or as_json or as_csv else 3  # no column of noughts for the eye
        columns = ("unit", "origin", "quantity", "frozen")[:wide]
        rows = [held[:wide] for held in view.holdings]
        print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


@account_app.command("statement")
def account_statement(
    account: AccountArgument,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List every movement of an account with the balance of its kind, unit and origin, after it."""
    with query_tables(directory) as (store, database):
        view = _account(store, database, account)
        entries = reads.statement(database, view.number)
        rows = [
            (
                str(entry.sequence),
                moment(entry.effective),
                type_label(entry.type),
                str(entry.year or ""),
                str(entry.other or "created"),
                entry.unit,
                entry.registry,
                entry.quantity,
                entry.balance,
            )
            for entry in entries
        ]
        what = ("record", "effective", "type", "for", "other")
        columns = (*what, "unit", "origin", "quantity", "balance")
        print_rows(columns, rows, as_json=as_json, as_csv=as_csv, title=full_number(store, view))
        if not (as_json or as_csv):
            _print_legend(store, entries)


@transaction_app.command("show")
def show_transaction(
    record: Annotated[int, typer.Argument(help="Number of the record.", min=1, max=LARGEST)],
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show a record: parties, times, serials and money."""
    with query_tables(directory) as (store, database):
        found = reads.record(database, record)
        if found is None:
            fail(f"There is no record {record} in {directory}.")
        if as_json or as_csv:
            fields = {**found._asdict(), "key": found.key.hex()}
            print_rows(tuple(fields), [tuple(fields.values())], as_json=as_json, as_csv=as_csv)
            return
        times = f"  effective {moment(found.effective)}, recorded {moment(found.recorded)}"
        console.print(headed(f"record {found.sequence}", times))
        if found.act is not None:
            console.print_json(json.dumps(json.loads(found.act)))
            return
        parties = f"{found.transferring or 'created'} → {found.acquiring}"
        year = f", for {found.year}" if found.year else ""
        rests = f", rests on record {found.refers_to}" if found.refers_to else ""
        console.print(
            f"{type_in_words(store, found.type, found.effective)}: {parties}{year}{rests}"
        )
        console.print(f"{number(found.quantity)} units\n")
        rows = [
            (unit, f"{origin}-{first}", f"{origin}-{last}", last - first + 1)
            for _, unit, origin, first, last in found.blocks
        ]
        print_rows(
            ("unit", "from serial", "to serial", "quantity"), rows, as_json=False, as_csv=False
        )
        if found.legs:
            legs = [(str(account), currency, cents) for account, currency, cents in found.legs]
            print_rows(("account", "money", "cents"), legs, as_json=False, as_csv=False)


@contextmanager
def query_tables(directory: Path) -> Iterator[tuple[Store, Database]]:
    """The store in a folder and its query tables; lost ones are not taken for empty ones."""
    with (
        opened(directory) as store,
        closing(Database(store.query_url, name="query", read_only=True)) as database,
    ):
        if not database.has_table("mark"):
            fail(f"{directory} has no query tables; `openets restore query` makes them.")
        yield store, database


def _account(store: Store, database: Database, text: str) -> reads.AccountView:
    view = reads.account(database, account_argument(text, store.directory))
    if view is None:
        fail(f"There is no account {text} in {store.directory}.")
    return view


def _print_legend(store: Store, entries: list[reads.Entry]) -> None:
    """The names of the transaction types in a statement, once each."""
    names = {type_in_words(store, entry.type, entry.effective) for entry in entries}
    console.print("\n" + "\n".join(sorted(names)), style="dim")


def type_in_words(store: Store, code: int, effective: int) -> str:
    """A transaction type with its name in the law of the day."""
    rule = store.rulebook.tables_on(day_of(effective)).transaction_types.get(code)
    return f"{type_label(code)} {rule.name}" if rule else type_label(code)
