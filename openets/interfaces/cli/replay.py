"""`openets replay`: real history from published files, played through both books."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from openets.interfaces.cli.output import StoreOption, console, failing, number, print_rows
from openets.interfaces.cli.playing import play_and_prove
from openets.world.replay import History, finish_replay, open_replay, read_history
from openets.world.symbols import Found, agreement, counts, symbols, write_differences

SYMBOLS = "symbols.csv"


def replay(
    files: Annotated[list[Path], typer.Argument(help="Files with operators' years.")],
    directory: StoreOption = Path("replay"),
) -> None:
    """Play the operators of published files: each its account, each act its own transaction.

    Surrender is as published, else equal to verified emissions; who is short buys from who is long
    and from the market. In the end both books are held against the sums of the files, and the
    symbols of compliance, computed, against the published ones. A replay that was interrupted goes
    on if it is given the same files.
    """
    with failing():
        history = read_history(files)
        store = open_replay(directory, history.files)
        rows = number(history.rows)
        console.print(f"[bold]OpenETS[/bold]  {rows} operator-years in {directory}/")
        _say_left_out(history)
        play_and_prove(store, history.figures, history.player)
        finish_replay(store, history.files)
        _say_symbols(list(symbols(history.published, store.rulebook)), directory)


def _say_left_out(history: History) -> None:
    years = [figure.year for figure in history.figures]
    kinds = sorted({figure.kind for figure in history.figures})
    for file, rows in history.left_out:
        console.print(
            f"{file}: {number(rows)} operator-years are left out; played are "
            f"{min(years)}-{max(years)}, {' and '.join(kinds)}.",
            soft_wrap=True,
        )


def _say_symbols(found: Sequence[Found], directory: Path) -> None:
    """How often computed and published symbols meet, and where every difference is listed."""
    if not any(one.published for one in found):
        return
    console.print("\n[bold]symbols of compliance[/bold], published and computed, without stars")
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
