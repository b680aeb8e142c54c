"""`openets replay`: real history from published files, played through both books."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openets.interfaces.cli.output import StoreOption, console, fail, failing, number
from openets.interfaces.cli.playing import play_and_prove
from openets.ledger.post import Writer
from openets.ledger.store import Store, create_store
from openets.world.figures import load_figures
from openets.world.play import play_operators
from openets.world.replay import PublishedYear, population_of
from openets.world.stage import Progress as Report

if TYPE_CHECKING:
    import polars

JURISDICTION = "eu"
SEED = 1  # of the order in which the market is asked
KINDS = ("stationary", "aviation")


def replay(
    files: Annotated[list[Path], typer.Argument(help="Files with operators' years.")],
    directory: StoreOption = Path("replay"),
) -> None:
    """Play the operators of published files: each its account, each act its own transaction.

    Surrender is as published, else equal to verified emissions; who is short buys from who is long
    and from the market. In the end both books are held against the sums of the files.
    """
    with failing():
        if directory.exists():
            fail(f"{directory} exists already; choose another folder with --store.")
        rows = [row for file in files for row in _rows_of(file)]
        try:
            figures, population = population_of(rows)
        except ValueError as error:
            fail(str(error))
        if not figures:
            fail("The files hold no operator-years that can be played.")
        store = create_store(directory, jurisdiction=JURISDICTION, mode="replay")
        console.print(f"[bold]OpenETS[/bold]  {number(len(rows))} operator-years in {directory}/")
        _check_registries(store, {figure.registry for figure in figures})

        def player(writer: Writer, report: Report) -> None:
            play_operators(writer, store.rulebook, figures, population, SEED, report)

        play_and_prove(store, figures, player)


def _rows_of(file: Path) -> Iterator[PublishedYear]:
    """The operator-years of a file that belong to the years and kinds that are played."""
    from openets.formats.recognise import read_file

    reading = read_file(file).reading
    frame: polars.DataFrame | None = reading.tables.get("operator_years")
    if frame is None:
        fail(f"{file} is a {reading.layout} file and holds no operators' years.")
    if reading.problems:
        fail(f"{file}: {reading.problems[0].sentence} `openets import` lists all problems.")
    years = {figure.year for figure in load_figures()}
    left_out = 0
    columns = ("registry", "operator_key", "kind", "year", "allocation_total", "verified")
    for row in frame.select(*columns, "surrendered").iter_rows():
        published = PublishedYear._make(row)
        if published.year in years and published.kind in KINDS:
            yield published
        else:
            left_out += 1
    if left_out:
        console.print(
            f"{file.name}: {number(left_out)} operator-years are left out; played are "
            f"{min(years)}-{max(years)}, {' and '.join(KINDS)}.",
            soft_wrap=True,
        )


def _check_registries(store: Store, registries: set[str]) -> None:
    answered = {path.rpartition(".")[2] for path in store.rulebook.paths()}
    unknown = sorted(code for code in registries if code not in answered)
    if unknown:
        fail(f"The rulebook knows no registry {', '.join(unknown)}.")
