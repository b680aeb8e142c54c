"""`openets replay`: real history from published files, played through both books."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from openets.interfaces.cli.output import StoreOption, console, failing, headed, number, print_rows
from openets.interfaces.cli.playing import play_and_prove, play_with_a_bar, say_proof
from openets.interfaces.cli.upkeep import progress_shown
from openets.ledger.post import Writer
from openets.ledger.verify import verify
from openets.rulebook.load import load_rulebook
from openets.world.blocks import Plan, plan_blocks, read_blocks
from openets.world.course import load_course
from openets.world.replay import History, digests_of, finish_replay, open_replay, read_history
from openets.world.run import read_books
from openets.world.stage import Progress
from openets.world.symbols import Found, agreement, counts, symbols, write_differences
from openets.world.table import OF_FILES
from openets.world.transactions import (
    Row,
    compare_blocks,
    play_blocks,
    sum_posted,
    sum_published,
)

SYMBOLS = "symbols.csv"


def replay(
    files: Annotated[list[Path], typer.Argument(help="Files with operators' years.")],
    directory: StoreOption = Path("replay"),
    transactions: Annotated[
        bool, typer.Option("--transactions", help="Post published transaction blocks themselves.")
    ] = False,
) -> None:
    """Play the operators of published files: each its account, each act its own transaction.

    Surrender is as published, else equal to verified emissions; who is short buys from who is long
    and from the market. In the end both books are held against the sums of the files, and the
    symbols of compliance, computed, against the published ones. A replay that was interrupted goes
    on if it is given the same files.

    With --transactions the files hold transaction blocks (and, if at hand, lists of accounts): each
    block is posted with its type, kind and parties, and the books are held against the blocks.
    """
    if transactions:
        _replay_blocks(files, directory)
        return
    with failing():
        history = read_history(files)
        store = open_replay(directory, history.files)
        rows = number(history.rows)
        console.print(headed("OpenETS", f"  {rows} operator-years in {directory}/"), soft_wrap=True)
        _say_left_out(history)
        play_and_prove(store, history.figures, history.player, telling=OF_FILES)
        finish_replay(store, history.files, history.figures)
        _say_symbols(list(symbols(history.symbol_years(), store.rulebook)), directory)


def _replay_blocks(files: Sequence[Path], directory: Path) -> None:
    with failing():
        digests = digests_of(files)
        plan = plan_blocks(*read_blocks(files), load_rulebook(load_course().jurisdiction))
        what = f"{number(len(plan.moves))} of {number(plan.rows)} blocks in {directory}/"
        console.print(headed("OpenETS", f"  {what}"), soft_wrap=True)
        _say_plan(plan)
        store = open_replay(directory, digests)
        refused: dict[str, int] = {}

        def player(writer: Writer, on_progress: Progress) -> None:
            refused.update(play_blocks(writer, store.rulebook, plan, on_progress))

        play_with_a_bar(store, {move.year for move in plan.moves}, player)
        ledger, log = read_books(store, lambda records: sum_posted(records, plan))
        rows = compare_blocks(sum_published(plan), ledger, log)
        shown = [(str(row.year), *row[1:]) for row in rows]
        print_rows(Row._fields, shown, as_json=False, as_csv=False)
        different = sum(1 for row in rows if row.difference)
        console.print(f"{number(len(rows))} sums of year and type; {number(different)} differ.")
        for sentence, count in refused.items():
            console.print(f"{number(count)} blocks were refused by the ledger: {sentence}")
        with progress_shown() as report:
            proof = verify(store, report)
        say_proof(proof)
        finish_replay(store, digests)


def _say_plan(plan: Plan) -> None:
    """What is left out, and what is brought in because the files do not show it received."""
    for reason, count in sorted(plan.left_out.items(), key=lambda item: -item[1]):
        console.print(f"{number(count)} blocks are left out: {reason}", soft_wrap=True)
    if plan.missing:
        accounts = len({account for account, _kind in plan.missing})
        units = number(sum(plan.missing.values()))
        console.print(
            f"{units} units are brought in beforehand, because accounts gave more than the files "
            f"show them receiving; accounts concerned: {number(accounts)}.",
            soft_wrap=True,
        )


def _say_left_out(history: History) -> None:
    for file, rows, reason in history.left_out:
        console.print(
            f"{file}: {number(rows)} operator-years are left out: {reason}.", soft_wrap=True
        )


def _say_symbols(found: Sequence[Found], directory: Path) -> None:
    """How often computed and published symbols meet, and where every difference is listed."""
    if not any(one.published for one in found):
        return
    console.print(headed("\nsymbols of compliance", ", published and computed, without stars"))
    columns = ("period from", "published", "computed A", "computed B", "computed C")
    shown = [one._replace(published=one.published or "none") for one in counts(found)]
    print_rows(columns, shown, as_json=False, as_csv=False)
    agreeing, compared = agreement(found)
    console.print(f"{number(agreeing)} of {number(compared)} symbols A, B and C agree.")
    file = directory / SYMBOLS
    listed = write_differences(found, file)
    if listed:
        console.print(
            f"All {number(listed)} that are not the computed ones stand in {file}, with reasons.",
            soft_wrap=True,
        )
