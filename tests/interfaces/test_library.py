"""The house as a library: what `import openets` gives, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import openets
from openets.formats.snapshot import import_into
from openets.world.figures import load_figures

YEARS = """\
operator_key,registry,operator_id,account_id,activity_code,year,ets_phase,allocation_total,\
allocation_10a,allocation_ner,allocation_10c_or_3f,verified_emissions,verified_status,\
units_surrendered,surrendered_allowances,cumulative_surrendered_units,cumulative_verified,\
compliance_code,units_surrendered_filled_from_2021,source
SI_1,SI,1,,20,2005,,50,50,,,80,,80,80,,,A,0,test
SI_1,SI,1,,20,2006,,50,50,,,80,,79,79,,,A,0,test
SI_2,SI,2,,20,2005,,90,90,,,,,,,,,,0,test
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "years.csv"
    path.write_text(YEARS)
    return path


def test_a_file_is_read_as_frames_and_blank_is_not_zero(file: Path) -> None:
    data = openets.read(str(file))
    assert (data.source, data.layout, list(data)) == ("years.csv", "merged", ["operator_years"])
    frame = data["operator_years"]
    assert isinstance(frame, pl.DataFrame)
    assert frame["verified"].to_list() == [80, 80, None]
    with pytest.raises(KeyError, match=r"has no table accounts; it has operator_years"):
        data["accounts"]


def test_a_snapshot_is_read_as_the_file_it_came_from(file: Path, tmp_path: Path) -> None:
    import_into(file, tmp_path / "snapshot")
    one, other = openets.read(tmp_path / "snapshot"), openets.read(file)
    assert one.layout == other.layout
    assert one["operator_years"].equals(other["operator_years"])
    assert one.findings == other.findings


def test_what_is_odd_and_what_is_wrong_is_told(file: Path, tmp_path: Path) -> None:
    file.write_text(YEARS.replace("SI_2,SI,2,,20,2005", "SI_1,SI,1,,20,2005").replace("79,79", "x"))
    data = openets.read(file)
    assert any("operator_years" in finding for finding in data.findings)
    assert any("years.csv" in problem for problem in data.problems)
    other = tmp_path / "letter.txt"
    other.write_text("Dear all\n")
    with pytest.raises(openets.Refused, match=r"letter\.txt"):
        openets.read(other)


def test_the_law_answers_on_both_axes() -> None:
    law = openets.law()
    assert str(law.ask("linear-reduction-factor", for_=2024).value) == "4.3"
    then = law.ask("linear-reduction-factor", for_=2024, known_on=date(2018, 10, 3))
    assert str(then.value) == "2.2"
    assert openets.law("uk").jurisdiction == "uk"
    with pytest.raises(LookupError, match="there is law for: "):
        openets.law("atlantis")


def test_the_published_figures_are_a_frame() -> None:
    frame = openets.figures()
    assert frame.height == len(load_figures())
    assert frame["year"].to_list()[0] == 2005
    assert frame.schema["free_allocation"] == pl.Int64


def test_history_is_replayed_and_held_against_what_was_published(
    file: Path, tmp_path: Path
) -> None:
    heard: list[tuple[int, str, int]] = []
    played = openets.replay(
        [file], tmp_path / "store", lambda year, step, count: heard.append((year, step, count))
    )
    assert played.agrees
    assert played.verification.sound
    assert played.store == tmp_path / "store"
    row = played.table.filter((pl.col("year") == 2006) & (pl.col("measure") == "surrendered"))
    assert row.to_dicts() == [
        {
            "registry": "SI",
            "year": 2006,
            "kind": "stationary",
            "measure": "surrendered",
            "published": 79,
            "assumed": 0,
            "ledger": 79,
            "log": 79,
            "difference": 0,
        }
    ]
    found = played.symbols.filter(pl.col("computed") == "B")
    assert found["year"].to_list() == [2006]
    assert heard[-1][:2] == (0, "query tables")
    assert heard[-1][2] == played.verification.records - 2  # but for the two that found a store
    with pytest.raises(openets.StorageError, match="finished replay exists already"):
        openets.replay(file, tmp_path / "store")


def test_a_file_that_cannot_be_played_makes_no_store(file: Path, tmp_path: Path) -> None:
    file.write_text(YEARS + "SI_1,SI,1,,20,2005,,1,1,,,1,,1,1,,,A,0,test\n")
    with pytest.raises(openets.Refused, match=r"replay.twice: .*has the year 2005 twice"):
        openets.replay(file, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_book_that_says_something_else_does_not_agree(file: Path, tmp_path: Path) -> None:
    played = openets.replay(file, tmp_path / "store")
    off = played.table.with_columns(difference=pl.lit(1))
    assert not openets.Replayed(played.store, off, played.symbols, played.verification).agrees


def test_importing_loads_nothing_and_every_name_is_there() -> None:
    script = (
        "import sys, openets\n"
        "assert 'openets.interfaces' not in sys.modules and 'polars' not in sys.modules\n"
        "assert set(openets.__all__) <= set(dir(openets))\n"
        "assert all(getattr(openets, name) for name in openets.__all__)\n"
        "assert 'polars' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        openets.nothing  # noqa: B018
