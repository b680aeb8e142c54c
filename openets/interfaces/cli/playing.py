"""Playing years into a store with a bar that moves, then the table and the proof."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from openets.interfaces.cli.output import console, number
from openets.interfaces.cli.upkeep import print_verification, run_verification
from openets.interfaces.cli.writing import writing
from openets.ledger.follow import Follower
from openets.ledger.journal import stored_records as journal_records
from openets.ledger.post import Writer
from openets.ledger.store import Store
from openets.storage.database import Database
from openets.translog.client import stored_records as log_records
from openets.world.figures import Figure
from openets.world.stage import Progress as Report
from openets.world.table import render
from openets.world.totals import Totals, sum_records

Player = Callable[[Writer, Report], None]


def play_and_prove(store: Store, figures: Sequence[Figure], player: Player) -> Totals:
    """Plays, prints the table of both books beside the figures, and proves the books.

    Returns the ledger's sums; ends the command with 1 if the proof fails.
    """
    seconds = _play(store, figures, player)
    ledger, log = sum_books(store)
    console.print(render(figures, ledger, log, seconds))
    console.print("[bold]verify[/bold]")
    result = run_verification(store)
    print_verification(result)
    if not result.sound:
        raise typer.Exit(1)
    return ledger


def sum_books(store: Store) -> tuple[Totals, Totals]:
    """Both books, summed from their stored rows as they stand."""
    database = Database(store.journal_url, name="journal", read_only=True)
    try:
        ledger = sum_records(journal_records(database), store.rulebook)
    finally:
        database.close()
    return ledger, sum_records(log_records(store.log_directory), store.rulebook)


def _play(store: Store, figures: Sequence[Figure], player: Player) -> dict[int, float]:
    """Plays the world with a bar that moves; returns the seconds each year took."""
    seconds: dict[int, float] = {}
    years = sorted({figure.year for figure in figures})
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=40),
        TextColumn("{task.fields[posted]} records"),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=console) as progress,
        writing(store) as writer,
    ):
        follower = Follower(store)
        task = progress.add_task("opening", total=len(years) + 1, posted="0")
        started = time.perf_counter()

        def report(year: int, step: str, posted: int) -> None:
            nonlocal started
            now = time.perf_counter()
            seconds[year] = seconds.get(year, 0) + now - started
            started = now
            done = min(max(year - years[0], 0), len(years))
            progress.update(
                task, completed=done, description=f"{year} {step:<24.24}", posted=number(posted)
            )

        player(writer, report)
        progress.update(task, description="query tables".ljust(29))
        follower.finish()
        progress.update(task, completed=len(years) + 1, description="played".ljust(29))
    return seconds
