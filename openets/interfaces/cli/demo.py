"""`openets demo`: build the demonstration world, play it through both books, and prove it.

`openets totals` prints the table again from what is stored, which is how one sees a change made
behind the registry's back.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    console,
    fail,
    failing,
    number,
    opened,
    print_rows,
)
from openets.interfaces.cli.upkeep import print_verification, run_verification
from openets.interfaces.cli.writing import writing
from openets.kernel.signing import SigningKey
from openets.ledger import reads
from openets.ledger.follow import Follower
from openets.ledger.journal import stored_records as journal_records
from openets.ledger.post import OFFICERS_NEEDED
from openets.ledger.store import Store, create_store, open_store
from openets.storage.database import Database
from openets.translog.client import stored_records as log_records
from openets.world.figures import load_figures
from openets.world.play import play
from openets.world.table import plain_rows, render
from openets.world.totals import Totals, sum_records

STATE = "demonstration.json"  # the seed, and whether it was played to the end
PARTS = {"officers", "registry", "log", STATE}  # what a store is made of before its store.toml


def demo(
    directory: StoreOption = DEFAULT_STORE,
    again: Annotated[bool, typer.Option("--again", help="Replace an earlier one.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic operators.")] = 1,
) -> None:
    """Play the EU ETS 2005-2022, every registry and year, through law, ledger and log.

    A demonstration that was interrupted goes on where it stopped.
    """
    with failing():
        store = _open_or_make(directory, again, seed)
        console.print(f"[bold]OpenETS[/bold]  the EU ETS 2005-2022 in {directory}/")
        seconds = _play(store, seed)
        ledger, log = _sum(store)
        console.print(render(load_figures(), ledger, log, seconds))
        console.print("[bold]verify[/bold]")
        result = run_verification(store)
        print_verification(result)
        if not result.sound:
            raise typer.Exit(1)
        _write_state(directory, seed, finished=True)
        _say_where_next(store, ledger)


def totals(
    directory: StoreOption = DEFAULT_STORE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """Sum both books as they are stored and hold them against the published figures."""
    with opened(directory) as store:
        figures = load_figures()
        ledger, log = _sum(store)
        if as_json or as_csv:
            columns, rows = plain_rows(figures, ledger, log)
            print_rows(columns, rows, as_json=as_json, as_csv=as_csv)
            return
        console.print(render(figures, ledger, log, {}))


def _open_or_make(directory: Path, again: bool, seed: int) -> Store:
    """The demonstration to be played: a new one, or the one that was interrupted."""
    if (directory / "store.toml").exists():
        store = open_store(directory)
        if store.mode != "replay" or not (directory / STATE).exists():
            fail(f"The store at {directory} is not a demonstration and is left alone.")
        if not again:
            return _go_on(store, seed)
        shutil.rmtree(directory)
    elif directory.exists():
        if any(path.name not in PARTS for path in directory.iterdir()):
            fail(f"{directory} is not empty and holds no store; choose another folder.")
        shutil.rmtree(directory)  # a demonstration that was interrupted while it was made
    (directory / "officers").mkdir(parents=True, mode=0o700)
    _write_state(directory, seed, finished=False)
    officers = tuple(SigningKey.create(path).public for path in _officer_files(directory))
    return create_store(directory, jurisdiction="eu", mode="replay", officer_keys=officers)


def _go_on(store: Store, seed: int) -> Store:
    state = json.loads((store.directory / STATE).read_text(encoding="utf-8"))
    if state["finished"]:
        fail(f"There is a finished demonstration at {store.directory}; --again plays it anew.")
    if state["seed"] != seed:
        fail(f"The demonstration at {store.directory} was begun with --seed {state['seed']}.")
    return store


def _write_state(directory: Path, seed: int, *, finished: bool) -> None:
    words = json.dumps({"seed": seed, "finished": finished})
    (directory / STATE).write_text(words, encoding="utf-8")


def _play(store: Store, seed: int) -> dict[int, float]:
    """Plays the world with a bar that moves; returns the seconds each year took."""
    seconds: dict[int, float] = {}
    figures = load_figures()
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

        play(writer, store.rulebook, figures, seed, report)
        progress.update(task, description="query tables".ljust(29))
        follower.finish()
        progress.update(task, completed=len(years) + 1, description="played".ljust(29))
    return seconds


def _sum(store: Store) -> tuple[Totals, Totals]:
    """Both books, summed from their stored rows as they stand."""
    database = Database(store.journal_url, name="journal", read_only=True)
    try:
        ledger = sum_records(journal_records(database), store.rulebook)
    finally:
        database.close()
    return ledger, sum_records(log_records(store.log_directory), store.rulebook)


def _say_where_next(store: Store, ledger: Totals) -> None:
    """Commands that work on the world just made, with an account and a unit that are in it."""
    option = "" if store.directory == DEFAULT_STORE else f" --store {store.directory}"
    account = ledger.example_account
    officers = " ".join(f"--key {path}" for path in _officer_files(store.directory))
    console.print("\n[bold]where to look next[/bold]")
    for what, command in (
        ("the law of a figure, with its history", "law explain caps.stationary.union"),
        ("an operator's account, and its whole life", f"account show {account}{option}"),
        ("", f"account statement {account}{option}"),
        ("the way of one allowance", f"trace {_unit_of(store, account)}{option}"),
        ("a receipt, and its check without any database", f"log prove 100000 --out r.json{option}"),
        ("", "log check r.json"),
        (
            "two officers stop an account at the log itself",
            f"log freeze {account} {officers} --reason drill{option}",
        ),
        ("the table again, from what is stored", f"totals --csv{option}"),
        ("the proof of both books again", f"verify{option}"),
    ):
        if what:
            console.print(f"  {what}", style="dim")
        console.print(f"    {_program()} {command}", soft_wrap=True)


def _program() -> str:
    """The command as it was called, if a person can call it so again."""
    return "openets" if Path(sys.argv[0]).is_absolute() else sys.argv[0]


def _unit_of(store: Store, account: int) -> str:
    """A serial that passed through an account, with its registry of origin."""
    with closing(store.projection().database) as database:
        last = reads.statement(database, account)[-1]
        moved = reads.record(database, last.sequence)
    assert moved is not None  # the statement has just named it
    _, _, origin, first, _ = moved.blocks[0]
    return f"{origin}-{first}"


def _officer_files(directory: Path) -> list[Path]:
    return [directory / "officers" / f"{number}.pem" for number in range(1, OFFICERS_NEEDED + 1)]
