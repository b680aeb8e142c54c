"""An analyst replays a published file: both books add up to it, whatever the market had to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from openets.world.operators import OperatorYear
from openets.world.replay import PublishedYear, population_of
from tests.stories.command_line import run, say

HEADER = (
    "operator_key,registry,operator_id,account_id,activity_code,year,ets_phase,allocation_total,"
    "allocation_10a,allocation_ner,allocation_10c_or_3f,verified_emissions,verified_status,"
    "units_surrendered,surrendered_allowances,cumulative_surrendered_units,cumulative_verified,"
    "compliance_code,units_surrendered_filled_from_2021,source"
)


def line(key: str, year: int, free: str, verified: str, surrendered: str) -> str:
    registry, _, identifier = key.partition("_")
    cells = [key, registry, identifier, "", "20", str(year), "", free, free, "", "", verified]
    return ",".join([*cells, "", surrendered, surrendered, "", "", "A", "0", "test"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "merged.csv"
    lines = [HEADER]
    for year in (2005, 2006, 2007):
        lines.append(line("AT_1", year, "100", "150", "150"))  # short every year
        lines.append(line("AT_2", year, "300", "200", ""))  # surrender not published
        lines.append(line("SI_7", year, "50", "80", "60" if year == 2005 else "90"))  # slips
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_file_is_replayed_to_the_tonne(file: Path, tmp_path: Path) -> None:
    out = run("replay", file, store=tmp_path / "replay")
    assert "9 operator-years" in out
    assert "none differs" in out
    assert "query tables = a new fold of the journal" in out
    again = say("replay", file, store=tmp_path / "replay")
    assert (again.code, "exists already" in again.error) == (2, True)


def test_a_file_without_operators_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n")
    assert say("replay", path, store=tmp_path / "replay").code == 2
    assert not (tmp_path / "replay").exists()


def test_a_year_given_twice_is_refused(file: Path, tmp_path: Path) -> None:
    said = say("replay", file, file, store=tmp_path / "replay")
    assert (said.code, "twice" in said.error) == (2, True)
    assert not (tmp_path / "replay").exists()


def test_surrender_that_was_not_published_equals_emissions() -> None:
    figures, population = population_of(
        [
            PublishedYear("AT", "AT_1", "stationary", 2005, 10, 7, None),
            PublishedYear("AT", "AT_1", "stationary", 2006, None, None, None),
            PublishedYear("AT", "AT_2", "stationary", 2005, None, 5, 4),
        ]
    )
    assert population == {
        ("AT", 2005, "stationary"): [
            OperatorYear(1, 10, 7, 7, "AT_1"),
            OperatorYear(2, 0, 5, 4, "AT_2"),
        ]
    }
    (figure,) = figures
    assert (figure.operators, figure.free_allocation, figure.units_surrendered) == (2, 10, 11)
