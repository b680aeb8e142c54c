"""`openets demo`: build the demonstration world, play it through both books, and prove it.

`openets totals` prints the table again from what is stored, which is how one sees a change made
behind the registry's back.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter, deque
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from openets.desk.outbox import Outbox
from openets.desk.proposals import AWAITING, Proposals
from openets.desk.tasks import Tasks
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
from openets.ledger import reads
from openets.ledger.post import OFFICERS_NEEDED, Writer
from openets.ledger.store import Store, create_store, hold_journal, open_store
from openets.people.opening import desk_database, open_desk, send_notices
from openets.people.register import Register
from openets.schemes.desk import EXTENSIONS
from openets.world.allocating import Allocated, allocate_sample
from openets.world.figures import load_figures
from openets.world.people import staff
from openets.world.play import play
from openets.world.run import sum_books
from openets.world.stage import Progress as Report
from openets.world.table import plain_rows, render
from openets.world.totals import Totals

NOTICES_SHOWN = 8
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
        _tell_of_the_sample(sample)
        _tell_of_the_desk(store)
        _say_where_next(store, ledger)


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


def _tell_of_the_sample(sample: list[Allocated]) -> None:
    """What a sample of installations of every sector was allocated by the rules."""
    if not sample:
        return
    years = sorted({year for one in sample for year in one.entitled})
    columns = ("operator", "sector", "sub-installations", *map(str, years), "issued")
    rows = [
        (
            one.operator,
            one.sector,
            one.parts,
            *(one.entitled[year] for year in years),
            one.allocated,
        )
        for one in sample
    ]
    console.print("\n[bold]free allocation[/bold]  calculated from baselines, issued by one act")
    print_rows(columns, rows, as_json=False, as_csv=False)


def _tell_of_the_desk(store: Store) -> None:
    """How many people there are, what they proposed, what waits, and what they were told."""
    with closing(desk_database(store)) as database:
        persons = Register(database).persons()
        proposals = [(one.command, one.state) for one in Proposals(database, store.store).every()]
        tasks = [
            (f"task, {one.kind}", "claimed" if one.claimant else "open")
            for one in Tasks(database).every(ended=False)
        ]
        notices = Outbox(database, "").every()
    console.print(f"\n[bold]the desk[/bold]  {len(persons)} people for a sample of accounts")
    for found in (proposals, tasks, [("notice", one.state) for one in notices]):
        for (what, state), count in sorted(Counter(found).items()):
            console.print(f"  {count:>3}  {what}, {state}")
    newest = {one.said.key: one for one in reversed(notices)}  # of each kind, by its text
    for one in list(newest.values())[:NOTICES_SHOWN]:
        console.print(f"       to person {one.person}: {one.said.told()}", soft_wrap=True)


def _say_where_next(store: Store, ledger: Totals) -> None:
    """Commands that work on the world just made, with an account and a unit that are in it."""
    option = "" if store.directory == DEFAULT_STORE else f" --store {store.directory}"
    account = ledger.example_account
    first = min(year for of, year in ledger.emissions if of == account)
    named = _operator_of(store, account)
    officers = " ".join(f"--key {path}" for path in _officer_files(store.directory))
    console.print("\n[bold]where to look next[/bold]")
    for what, command in (
        ("the law of a figure, with its history", "law explain caps.stationary.union"),
        ("an operator's account, and its whole life", f"account show {account}{option}"),
        ("", f"account statement {account}{option}"),
        (
            "where an operator stands, and why",
            f"compliance cockpit {named}{option}",
        ),
        ("", f"compliance explain {named} {first}{option}"),
        ("the way of one allowance", f"trace {_unit_of(store, account)}{option}"),
        ("a receipt, and its check without any database", f"log prove 100000 --out r.json{option}"),
        ("", "log check r.json"),
        (
            "two officers stop an account at the log itself",
            f"log freeze {account} {officers} --reason drill{option}",
        ),
        (
            "what waits at the desk, who may approve it, and its approval",
            f"desk list --as 1{option}",
        ),
        ("", f"inbox list --as 1{option}"),
        ("", f"audit --as 1{option}"),
        *_approval(store, option),
        ("the whole as a service, with a public page to open in a browser", f"serve{option}"),
        ("the table again, from what is stored", f"totals --csv{option}"),
        ("the proof of both books again", f"verify{option}"),
    ):
        if what:
            console.print(f"  {what}", style="dim")
        console.print(f"    {_program()} {command}", soft_wrap=True)


def _approval(store: Store, option: str) -> list[tuple[str, str]]:
    """The command by which the second representative approves a surrender that waits."""
    with closing(desk_database(store)) as database:
        waiting = Proposals(database, store.store).in_state(AWAITING)
        register = Register(database)
        return [
            ("", f"desk approve {one.number} --as {other.person}{option}")
            for one in waiting[:1]
            for other in register.representatives(json.loads(one.body)["transferring"])
            if other.person != one.proposer
        ][:1]


def _program() -> str:
    """The command as it was called, if a person can call it so again."""
    return "openets" if Path(sys.argv[0]).is_absolute() else sys.argv[0]


def _operator_of(store: Store, account: int) -> str:
    """The code of the operator whose account it is."""
    with closing(store.projection().database) as database:
        view = reads.account(database, account)
    assert view is not None and view.operator  # it has surrendered
    return view.operator


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
