"""`openets verify`, `recover` and `restore`: is everything whole, and if not, how to mend it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    JsonOption,
    StoreOption,
    console,
    fail,
    headed,
    number,
    opened,
    saying_what_takes_time,
)
from openets.kernel.batch import TreeHead
from openets.kernel.signing import SigningKey
from openets.ledger import restore as restoring
from openets.ledger.verify import Progress as ReadSoFar
from openets.ledger.verify import Verification
from openets.ledger.verify import verify as prove
from openets.ledger.writing import take_over
from openets.storage.collector import leave_books_alone
from openets.translog.client import receipt_head, start_log

# What to do next, by the book in which something is wrong.
NEXT = {
    "query": "`openets restore query` makes the query tables anew from the journal.",
    "journal": (
        "`openets recover` brings up a journal that is only behind; else move it away, and "
        "`openets restore journal` makes it anew from the log."
    ),
    "log": (
        "move the log's database away, and `openets restore log --receipt FILE` makes it anew "
        "from the journal, with a receipt that was kept elsewhere."
    ),
    "both": (
        "`openets recover` brings the registry up to the log; if the books still differ, two "
        "officers stop what is in doubt (`openets log freeze`) until it is known which is right."
    ),
}

restore_app = typer.Typer(help="Make a lost database again.", no_args_is_help=True)


def verify(directory: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Prove both books from their stored rows, or name the first thing wrong."""
    with opened(directory) as store:
        with progress_shown(quiet=as_json) as report:
            result = prove(store, report)
        if as_json:
            found = {
                "sound": result.sound,
                "records": result.records,
                "made_under_an_earlier_rulebook": result.not_judged,
                "root": result.root,
                "findings": [finding._asdict() for finding in result.findings],
            }
            sys.stdout.write(json.dumps(found, indent=2) + "\n")
        else:
            print_verification(result)
        if not result.sound:
            raise typer.Exit(1)


@contextmanager
def progress_shown(*, quiet: bool = False) -> Iterator[ReadSoFar]:
    """A line of progress that says what a proof is reading; the proof is to report to it."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task("reading the log")

        def report(step: str, done: int) -> None:
            progress.update(task, description=f"verifying: {step} {number(done) if done else ''}")

        leave_books_alone()
        yield report


def print_verification(result: Verification) -> None:
    """Prints what was proved, or the finding."""
    for line in result.proved:
        console.print(headed("  proved", f"  {line}", style="green"))
    if result.sound:
        counts = f"{number(result.records)} records, {number(result.transactions)} transactions"
        console.print(f"  {counts}, {number(result.blocks)} blocks, {number(result.units)} units")
        console.print(f"  tree head {result.root}")
        if result.not_judged:
            console.print(
                f"  {number(result.not_judged)} records were made under an earlier rulebook; "
                "whether it permitted them was judged then and is not judged again"
            )
        return
    finding = result.findings[0]
    where = [f"book: {finding.book}"]
    for name in ("batch", "record", "account", "serial"):
        value = getattr(finding, name)
        if value is not None:
            where.append(f"{name}: {value}")
    console.print(headed("  wrong", f"   {finding.sentence}", style="red"), soft_wrap=True)
    console.print(f"          {', '.join(where)}", soft_wrap=True)
    console.print(f"  next    {NEXT[finding.book]}", soft_wrap=True)


def recover(directory: StoreOption = DEFAULT_STORE) -> None:
    """After a crash: bring the registry up to the log and the query tables up to the registry."""
    with opened(directory) as store:
        log = start_log(store.log_directory)
        try:
            with saying_what_takes_time("Reading the books ..."):
                last = take_over(store, log)
        finally:
            log.stop()
        console.print(f"log, journal and query tables stand at record {number(last)}")


@restore_app.command("query")
def restore_query(directory: StoreOption = DEFAULT_STORE) -> None:
    """Make the query tables again from the journal."""
    with opened(directory) as store:
        with saying_what_takes_time("Folding the journal ..."):
            made = restoring.restore_query(store)
        console.print(f"query tables made from {number(made)} records")


@restore_app.command("journal")
def restore_journal(directory: StoreOption = DEFAULT_STORE) -> None:
    """Make a lost journal again from the log."""
    with opened(directory) as store:
        with saying_what_takes_time("Reading the log ..."):
            made = restoring.restore_journal(store)
        console.print(f"journal made from {number(made)} records")


@restore_app.command("log")
def restore_log(
    receipt: Annotated[Path, typer.Option(help="A receipt kept elsewhere; its tree head vouches.")],
    directory: StoreOption = DEFAULT_STORE,
    key: Annotated[
        list[Path] | None, typer.Option(help="Officers' keys, two, to accept all the journal has.")
    ] = None,
) -> None:
    """Make a lost log again from the journal, up to a tree head kept elsewhere."""
    with opened(directory) as store:
        try:
            officers = [SigningKey.load(path) for path in key or ()]
        except (OSError, ValueError) as error:
            fail(f"A key cannot be read: {error}")
        size = restoring.restore_log(store, _head_of(receipt), officers)
        console.print(f"log made from {number(size)} records")


def _head_of(receipt: Path) -> TreeHead:
    try:
        return receipt_head(receipt.read_text(encoding="utf-8"))
    except OSError as error:
        fail(f"The receipt {receipt} cannot be read: {error.strerror}.")
