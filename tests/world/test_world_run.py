"""A play run into a store: both books have everything before the query tables do."""

from __future__ import annotations

from pathlib import Path

from openets.ledger.store import create_store
from openets.rulebook.load import load_rulebook
from openets.world.figures import Figure
from openets.world.play import play
from openets.world.run import run, sum_books
from openets.world.table import compare
from openets.world.totals import Totals

FIGURES = (Figure("AT", 2005, "stationary", 3, 3, 90, 100, 100),)


def test_what_runs_beside_the_query_tables_finds_both_books_whole(tmp_path: Path) -> None:
    store = create_store(tmp_path / "store", jurisdiction="eu", mode="replay")
    told: list[str] = []
    summed: list[tuple[Totals, Totals]] = []

    def beside() -> None:
        told.append("beside")
        summed.append(sum_books(store))

    run(
        store,
        lambda writer, report: play(writer, load_rulebook("eu"), FIGURES, 1, report),
        lambda _year, step, _posted: told.append(step),
        beside=beside,
    )
    assert told[-2:] == ["query tables", "beside"]
    assert summed == [sum_books(store)]
    assert compare(FIGURES, *summed[0]) == (1, [])
