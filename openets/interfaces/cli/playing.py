"""Playing years into a store with a bar that moves, then the table and the proof."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from openets.interfaces.cli.output import console, number
from openets.interfaces.cli.upkeep import print_verification, run_verification
from openets.ledger.store import Store
from openets.world.figures import Figure
from openets.world.run import Epilogue, Player, run, sum_books
from openets.world.table import render
from openets.world.totals import Totals


def play_and_prove(
    store: Store, figures: Sequence[Figure], player: Player, epilogue: Epilogue | None = None
) -> Totals:
    """Plays, prints the table of both books beside the figures, and proves the books.

    Returns the ledger's sums; ends the command with 1 if the proof fails.
    """
    seconds = play_with_a_bar(store, {figure.year for figure in figures}, player, epilogue)
    ledger, log = sum_books(store)
    console.print(render(figures, ledger, log, seconds))
    prove(store)
    return ledger


def prove(store: Store) -> None:
    """Verifies both books and prints what was proved; ends the command with 1 if it fails."""
    console.print("[bold]verify[/bold]")
    result = run_verification(store)
    print_verification(result)
    if not result.sound:
        raise typer.Exit(1)


def play_with_a_bar(
    store: Store, years: set[int], player: Player, epilogue: Epilogue | None = None
) -> dict[int, float]:
    """Plays with a bar that moves by calendar years; returns the seconds each year took."""
    first = min(years)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=40),
        TextColumn("{task.fields[posted]} records"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("opening", total=len(years) + 1, posted="0")

        def show(year: int, step: str, posted: int) -> None:
            done = min(max(year - first, 0), len(years)) if year else len(years)
            description = f"{year or 'last':<4} {step:<24.24}"
            progress.update(task, completed=done, description=description, posted=number(posted))

        seconds = run(store, player, show, epilogue)
        progress.update(task, completed=len(years) + 1, description="played".ljust(29))
    return seconds
