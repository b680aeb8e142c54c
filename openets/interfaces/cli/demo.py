"""`openets demo`: build the demonstration world, play it through both books, and prove it.

`openets totals` prints the table again from what is stored, which is how one sees a change made
behind the registry's back.
"""

from __future__ import annotations

import json
import shutil
from collections import deque
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from openets.interfaces.cli.demo_end import (
    officer_files,
    say_where_next,
    tell_of_the_desk,
    tell_of_the_sample,
)
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    console,
    fail,
    failing,
    opened,
    print_rows,
)
from openets.interfaces.cli.playing import play_and_prove, print_compliance
from openets.kernel.clock import SystemClock
from openets.kernel.signing import SigningKey
from openets.ledger.post import Writer
from openets.ledger.store import Store, create_store, hold_journal, open_store
from openets.people.opening import desk_database, open_desk, send_notices
from openets.schemes.desk import EXTENSIONS
from openets.world.allocating import Allocated, allocate_sample
from openets.world.figures import load_figures
from openets.world.people import staff
from openets.world.play import play
from openets.world.run import sum_books
from openets.world.stage import Progress as Report
from openets.world.table import plain_rows, render

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
        console.print(f"[bold]OpenETS[/bold]  the EU ETS 2005-2022 in {directory}/", soft_wrap=True)
        figures = load_figures()

        sample: list[Allocated] = []

        def player(writer: Writer, report: Report) -> None:
            play(writer, store.rulebook, figures, seed, report)

        def day_at_the_desk(writer: Writer) -> None:
            with closing(desk_database(store)) as database:
                office = open_desk(store, database, writer, SystemClock(), EXTENSIONS)
                if not office.register.persons():
                    staff(office)
                    sample.extend(allocate_sample(office, seed))
            deque(send_notices(store), maxlen=0)

        ledger = play_and_prove(store, figures, player, day_at_the_desk)
        _write_state(directory, seed, finished=True)
        tell_of_the_sample(sample, store.rulebook)
        tell_of_the_desk(store)
        say_where_next(store, ledger)


def totals(
    directory: StoreOption = DEFAULT_STORE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """Sum both books as they are stored and hold them against the published figures."""
    with opened(directory) as store:
        figures = load_figures()
        ledger, log = sum_books(store)
        if as_json or as_csv:
            columns, rows = plain_rows(figures, ledger, log)
            print_rows(columns, rows, as_json=as_json, as_csv=as_csv)
            return
        console.print(render(figures, ledger, log, {}))
        print_compliance(store, ledger, log)


def _open_or_make(directory: Path, again: bool, seed: int) -> Store:
    """The demonstration to be played: a new one, or the one that was interrupted."""
    if (directory / "store.toml").exists():
        store = open_store(directory)
        if store.mode != "replay" or not (directory / STATE).exists():
            fail(f"The store at {directory} is not a demonstration and is left alone.")
        if not again:
            return _go_on(store, seed)
        hold_journal(store).database.close()  # or a store that is being served would be swept away
        shutil.rmtree(directory)
    elif directory.exists():
        if any(path.name not in PARTS for path in directory.iterdir()):
            fail(f"{directory} is not empty and holds no store; choose another folder.")
        shutil.rmtree(directory)  # a demonstration that was interrupted while it was made
    (directory / "officers").mkdir(parents=True, mode=0o700)
    _write_state(directory, seed, finished=False)
    officers = tuple(SigningKey.create(path).public for path in officer_files(directory))
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
