"""How the command line speaks: stores, account numbers, tables as text, JSON or CSV, and errors.

Every listing goes through `print_rows`, so that what a person reads, `--json` and `--csv` are the
same rows. Every failure goes through `failing`, so that it is a sentence and an exit code, never a
traceback.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Timer
from typing import Annotated, NamedTuple, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from openets.kernel import clock
from openets.kernel.accounts import AccountNumber
from openets.kernel.clock import day_of
from openets.kernel.records import Malformed
from openets.kernel.refusal import Refusal, Refused
from openets.ledger import numbers, reads
from openets.ledger.numbers import Numbered
from openets.ledger.post import WriterStopped
from openets.ledger.reads import AccountView
from openets.ledger.store import Store, open_store
from openets.rulebook.answers import code_of
from openets.rulebook.model import NoLaw
from openets.storage.database import Database, StorageError
from openets.translog.client import LogAway

WIDE = 120  # columns where there is no terminal to fit
# What people wrote is printed as it stands: brackets are no markup, colons no emoji. Where bold or
# colour is meant it is a style, given to `print` or to a `Text`.
console = Console(
    highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDE
)
errors = Console(stderr=True, highlight=False, markup=False, emoji=False)

StoreOption = Annotated[
    Path, typer.Option("--store", help="Folder of the store.", envvar="OPENETS_STORE")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
DEFAULT_STORE = Path("demo")
ACCOUNT_DIGITS = 15
PATIENCE_SECONDS = 1  # before a command says what it is doing
LARGEST = 2**63 - 1  # what a column of whole numbers can hold


def fail(sentence: str, code: int = 2) -> NoReturn:
    """Ends the command with a sentence on standard error."""
    errors.print(f"openets: {sentence}", soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def failing() -> Iterator[None]:
    """Turns what the house raises into sentences."""
    try:
        yield
    except Refused as refused:
        fail("\n".join(str(refusal) for refusal in refused.refusals))
    except Malformed as error:
        fail(f"A stored row cannot be read: {error} `openets verify` names it.", code=1)
    except (StorageError, LogAway, WriterStopped, NoLaw, OSError) as error:
        fail(str(error))


@contextmanager
def saying_what_takes_time(what: str) -> Iterator[None]:
    """Says on standard error what is being done, if it takes a while and somebody looks on."""
    if not errors.is_terminal:
        yield
        return
    status = errors.status(Text(what))
    waiting = Timer(PATIENCE_SECONDS, status.start)
    waiting.start()
    try:
        yield
    finally:
        waiting.cancel()
        waiting.join()  # or it might begin to show the line after it was taken away
        status.stop()


@contextmanager
def opened(directory: Path) -> Iterator[Store]:
    """The store in a folder, with failures as sentences and the codes of its jurisdiction."""
    with failing():
        store = open_store(directory)
        try:
            yield store
        except Refused as refused:
            fail("\n".join(_answered(refusal, store) for refusal in refused.refusals))


def _answered(refusal: Refusal, store: Store) -> str:
    """A refusal, and the code with which the jurisdiction's own registry would answer."""
    today = clock.SystemClock().now().date()
    code = code_of(store.rulebook, refusal, today)
    return f"{refusal} [{store.rulebook.jurisdiction} {code}]" if code else str(refusal)


def print_rows(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    as_json: bool,
    as_csv: bool,
    title: str = "",
    years: Sequence[str] = (),
) -> None:
    """Prints a listing as a table, as JSON (a list of objects) or as CSV.

    In a table numbers have their thousands apart, but for the columns that hold `years`.
    """
    if as_json:
        objects = [dict(zip(columns, row, strict=True)) for row in rows]
        sys.stdout.write(json.dumps(objects, indent=2, default=str) + "\n")
        return
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows(rows)
        return
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        numeric = any(isinstance(row[index], int) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(
            *(
                number(cell) if isinstance(cell, int) and name not in years else str(cell)
                for name, cell in zip(columns, row, strict=True)
            )
        )
    console.print(table)


def headed(head: str, rest: str = "", style: str = "bold") -> Text:
    """A line whose first words stand out, with the rest as it is written."""
    return Text.assemble((head, style), rest)


def number(value: int) -> str:
    """A whole number with thousands separated."""
    return f"{value:,}"


def moment(microseconds: int) -> str:
    """An instant as people write it, in UTC."""
    return clock.moment(microseconds).strftime("%Y-%m-%d %H:%M")


def full_number(store: Store, view: AccountView) -> str:
    """The account's number as printed on documents, with its check digits."""
    known = Numbered(view.registry, view.type, view.number, view.period)
    return numbers.full_number(store.rulebook, day_of(view.opened), known)


def account_argument(text: str, directory: Path) -> int:
    """The account a person named: by its number, its full number, or the code of its operator.

    Whose full number is right in itself and names no account of the store is told so: an account of
    another registry may have the same number.
    """
    if text.isascii() and text.isdigit():
        if len(text) > ACCOUNT_DIGITS:
            fail(f"{text} is not an account number: it has more than {ACCOUNT_DIGITS} digits.")
        return int(text)
    with opened(directory) as store:
        letters = numbers.check_letters(store.rulebook, clock.SystemClock().now().date())
        with closing(Database(store.query_url, name="query", read_only=True)) as database:
            known = database.has_table("mark")
            operated = reads.accounts_of(database, text) if known else []
            if operated:
                return _the_only(operated, text)
            if "-" not in text:
                fail(f"There is no account {text} in {directory}, and no operator of that code.")
            written = AccountNumber.parse(text, check_letters=letters)
            view = reads.account(database, written.number) if known else None
        if view is not None and full_number(store, view) != str(written):
            fail(f"There is no account {text} in {directory}.")
        return written.number


def _the_only(accounts: list[int], operator: str) -> int:
    """The account of an operator that has one."""
    if len(accounts) > 1:
        fail(f"{operator} has the accounts {', '.join(map(str, accounts))}; name one of them.")
    return accounts[0]


class SerialsNamed(NamedTuple):
    """Serials of a registry of origin, from first to last."""

    registry: str
    first: int
    last: int


def serials_argument(text: str) -> SerialsNamed:
    """The serials a person named: AT-1-500, or one alone: AT-17."""
    found = re.fullmatch(r"([A-Za-z]{2})-([0-9]+)(?:-([0-9]+))?", text)
    if found is None:
        fail(f"{text!r} is not a serial: write the registry of origin and a number, EU-12345.")
    first = int(found[2])
    last = int(found[3] or first)
    return SerialsNamed(found[1].upper(), min(first, LARGEST), min(last, LARGEST))
