"""`openets demo`: build the demonstration world, play it through both books, and prove it.

`openets totals` prints the table again from what is stored, which is how one sees a change made
behind the registry's back.
"""

from __future__ import annotations

import json
import shutil
from collections import deque
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from openets.interfaces.cli.demo_end import (
    officer_files,
    say_where_next,
    tell_of_the_desk,
    tell_of_the_penalties,
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
    headed,
    opened,
    print_rows,
    saying_what_takes_time,
)
from openets.interfaces.cli.playing import play_and_prove, print_compliance
from openets.kernel.clock import SystemClock
from openets.kernel.signing import SigningKey
from openets.ledger.post import Writer
from openets.ledger.store import Store, create_store, hold_journal, open_store
from openets.people.opening import desk_database, open_desk, send_notices
from openets.schemes.desk import EXTENSIONS
from openets.storage.whole import unfinished, write_whole
from openets.world.agenda import Spent, draw_up, read_agenda, spend
from openets.world.figures import Figure, load_figures
from openets.world.play import play
from openets.world.replay import kept_figures
from openets.world.run import sum_books
from openets.world.stage import Progress as Report
from openets.world.table import OF_FILES, OF_THE_WORLD, Telling, plain_rows, render

STATE = "demonstration.json"  # the seed, what the day at the desk is about, how far it came
# What lies there before store.toml.
PARTS = {"officers", "registry", "log", STATE, unfinished(Path(STATE)).name}


@dataclass
class State:
    """How far a demonstration came.

    The agenda is there once the play is over. `swept` is a demonstration that is being removed.
    """

    seed: int
    agenda: dict[str, Any] | None = None
    finished: bool = False
    swept: bool = False


def demo(
    directory: StoreOption = DEFAULT_STORE,
    again: Annotated[bool, typer.Option("--again", help="Replace an earlier one.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic operators.")] = 1,
) -> None:
    """Play the EU ETS 2005-2022, every registry and year, through law, ledger and log.

    A demonstration that was interrupted goes on where it stopped, its day at the desk included.
    """
    with failing():
        store, state = _open_or_make(directory, again, seed)
        console.print(headed("OpenETS", f"  the EU ETS 2005-2022 in {directory}/"), soft_wrap=True)
        figures = load_figures()
        spent: list[Spent] = []

        def player(writer: Writer, report: Report) -> None:
            if state.agenda is None:
                play(writer, store.rulebook, figures, seed, report)

        def day_at_the_desk(writer: Writer) -> None:
            spent.append(_day(store, state, writer))

        ledger = play_and_prove(store, figures, player, day_at_the_desk)
        state.finished = True
        _write_state(directory, state)
        tell_of_the_sample(spent[0].allocated, store.rulebook)
        tell_of_the_penalties(spent[0].penalised)
        tell_of_the_desk(store)
        say_where_next(store, ledger)


def _day(store: Store, state: State, writer: Writer) -> Spent:
    """The day at the desk, by an agenda that is kept before anything of it is done."""
    with closing(desk_database(store)) as database:
        office = open_desk(store, database, writer, SystemClock(), EXTENSIONS)
        if state.agenda is None:
            state.agenda = draw_up(office).written()
            _write_state(store.directory, state)
        spent = spend(office, read_agenda(state.agenda), state.seed)
    deque(send_notices(store), maxlen=0)
    return spent


def totals(
    directory: StoreOption = DEFAULT_STORE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """Sum both books of a demonstration or a replay and hold them against the published figures."""
    with opened(directory) as store:
        figures, telling = _held_against(directory)
        with saying_what_takes_time("Summing both books ..."):
            ledger, log = sum_books(store)
        if as_json or as_csv:
            columns, rows = plain_rows(figures, ledger, log)
            print_rows(columns, rows, as_json=as_json, as_csv=as_csv)
            return
        console.print(render(figures, ledger, log, {}, telling))
        print_compliance(store, figures, ledger, log, telling)


def _held_against(directory: Path) -> tuple[tuple[Figure, ...], Telling]:
    """The figures a store was played from, and what is said of them."""
    if _read_state(directory) is not None:
        return load_figures(), OF_THE_WORLD
    figures = kept_figures(directory)
    if figures is None:
        fail(
            f"The store at {directory} is neither a demonstration nor a finished replay of "
            "operators' years; there are no published figures to hold it against."
        )
    return figures, OF_FILES


def _open_or_make(directory: Path, again: bool, seed: int) -> tuple[Store, State]:
    """The demonstration to be played: a new one, or the one that was interrupted."""
    state = _read_state(directory)
    if state is not None and state.swept:
        _sweep(directory, state)
    if (directory / "store.toml").exists():
        store = open_store(directory)
        if store.mode != "replay" or state is None:
            fail(f"The store at {directory} is not a demonstration and is left alone.")
        if not again:
            return store, _going_on(directory, state, seed)
        hold_journal(store).database.close()  # or a store that is being served would be swept away
        _sweep(directory, state)
    elif directory.exists():
        if any(path.name not in PARTS for path in directory.iterdir()):
            fail(f"{directory} is not empty and holds no store; choose another folder.")
        shutil.rmtree(directory)  # a demonstration that was interrupted while it was made
    (directory / "officers").mkdir(parents=True, mode=0o700)
    state = State(seed)
    _write_state(directory, state)
    officers = tuple(SigningKey.create(path).public for path in officer_files(directory))
    store = create_store(directory, jurisdiction="eu", mode="replay", officer_keys=officers)
    return store, state


def _going_on(directory: Path, state: State, seed: int) -> State:
    if state.finished:
        fail(f"There is a finished demonstration at {directory}; --again plays it anew.")
    if state.seed != seed:
        fail(f"The demonstration at {directory} was begun with --seed {state.seed}.")
    return state


def _sweep(directory: Path, state: State) -> None:
    """Removes a demonstration; if that is broken off, what is left says that it is to go."""
    state.swept = True
    _write_state(directory, state)
    for path in directory.iterdir():
        if path.name == STATE:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    shutil.rmtree(directory)


def _read_state(directory: Path) -> State | None:
    """How far the demonstration in a folder came; None if there is none."""
    path = directory / STATE
    return State(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _write_state(directory: Path, state: State) -> None:
    """Written at once: whoever is interrupted finds the one before or this one."""
    write_whole(directory / STATE, json.dumps(asdict(state)).encode())
