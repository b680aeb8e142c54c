"""Playing years into a store with a bar that moves, then the proof and the table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from openets.interfaces.cli.output import console, number, print_rows
from openets.interfaces.cli.upkeep import print_verification, progress_shown
from openets.kernel.money import euros
from openets.ledger.store import Store
from openets.ledger.verify import Verification
from openets.people.opening import desk_database
from openets.schemes.compliance.models import Penalties
from openets.schemes.compliance.penalising import EXCESS, cases
from openets.world.compliance import COLUMNS, compliance_years
from openets.world.figures import Figure
from openets.world.run import Epilogue, Player, prove_and_sum, run
from openets.world.table import OF_THE_WORLD, Telling, render
from openets.world.totals import Totals


def play_and_prove(
    store: Store,
    figures: Sequence[Figure],
    player: Player,
    epilogue: Epilogue | None = None,
    telling: Telling = OF_THE_WORLD,
) -> Totals:
    """Plays, proves both books, and prints their table beside the figures.

    Returns the ledger's sums; ends the command with 1 if the proof fails.
    """
    seconds = play_with_a_bar(store, {figure.year for figure in figures}, player, epilogue)
    with progress_shown() as report:
        proof, ledger, log = prove_and_sum(store, report)
    console.print(render(figures, ledger, log, seconds, telling))
    print_compliance(store, figures, ledger, log, telling)
    say_proof(proof)
    return ledger


OF_THE_DESK = ("set at the desk, EUR", "paid, EUR")
OWED = """\
It is owed with the next surrender, paid or not. The penalty is the least it can be (≥) where the
law indexes it and the index is not known or in doubt."""


def print_compliance(
    store: Store, figures: Sequence[Figure], ledger: Totals, log: Totals, telling: Telling
) -> None:
    """Prints symbols, missing units and penalties by year, and whether both books say the same.

    Where penalties were set at the desk, so many and what was paid of them stand beside. Where no
    surrender was published there is nothing to say.
    """
    if not any(figure.units_surrendered > figure.surrender_assumed for figure in figures):
        console.print("\nNo surrender is published: nothing is said of compliance.")
        return
    kept = _at_the_desk(store)
    rows = [
        (
            *(*one[:4], f"{'' if one.final else '≥ '}{euros(one.cents):,}"),
            *(f"{euros(cents):,}" if cents else "" for cents in kept.get(one.year, (0, 0)) if kept),
        )
        for one in compliance_years(ledger, store.rulebook)
    ]
    columns = (*COLUMNS, *(OF_THE_DESK if kept else ()))
    console.print("\nCompliance of operators with emissions, by the law of each year", style="bold")
    print_rows(columns, rows, as_json=False, as_csv=False, years=COLUMNS[:1])
    same = (ledger.emissions, ledger.surrendered) == (log.emissions, log.surrendered)
    said = "Both books say so." if same else "The log does not say so."
    console.print(said, style="bold" if same else "bold red")
    console.print(telling.missing)
    console.print(OWED)


def _at_the_desk(store: Store) -> dict[int, tuple[int, int]]:
    """By year of emissions, the cents of penalties for missing units that were set, and paid."""
    found: dict[int, tuple[int, int]] = {}
    with closing(desk_database(store)) as database:
        for one in cases(Penalties(database).of()).values():
            if one.breach == EXCESS:
                due, paid = found.get(one.year, (0, 0))
                found[one.year] = (due + one.cents, paid + one.paid)
    return found


def say_proof(proof: Verification) -> None:
    """Prints what was proved; ends the command with 1 if something was found wrong."""
    console.print("verify", style="bold")
    print_verification(proof)
    if not proof.sound:
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
