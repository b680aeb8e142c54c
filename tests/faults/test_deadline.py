"""The last day of surrender in small: four workers, killed in the middle, started again."""

from __future__ import annotations

from pathlib import Path

from benchmarks.deadline import check_day, prepare, run_day
from tests.conftest import MakeDatabase

SURRENDERS = 40


def test_a_day_that_is_killed_in_the_middle_loses_nothing_and_does_nothing_twice(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    urls = {name: make_database(name) for name in ("journal", "query", "desk", "log")}
    store = prepare(tmp_path / "store", SURRENDERS, urls)
    seconds, _ = run_day(store.directory, SURRENDERS, rush_a_second=1_000)
    assert {"propose", "approve", "rush approve"} <= seconds.keys()
    check_day(store, SURRENDERS)
