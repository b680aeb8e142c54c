"""Snapshots are whole or not there, report on quality, and what is written reads back."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from openets.formats import snapshot
from openets.formats.export import export
from openets.formats.recognise import read_file
from openets.formats.snapshot import import_into, load, page_of
from openets.formats.tables import STATES, conform, kind_of_operator, operator_key
from openets.interfaces.cli.main import app
from openets.kernel.refusal import Refused
from tests.formats import samples

runner = CliRunner()


def refused_code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.refusals[0].code


def test_a_snapshot_says_what_it_is(tmp_path: Path) -> None:
    source = samples.text_file(tmp_path, samples.MERGED, "merged.csv")
    done = import_into(source, tmp_path / "out" / "merged")
    page = page_of(done.folder)
    assert page == done.page
    assert not done.already_there
    assert page["layout"] == "merged"
    assert page["file"] == "merged.csv"
    assert page["rows"] == {"operator_years": 4}
    assert page["sha256"] == snapshot.digest_of(source)
    assert page["sums"]["operator_years"][1] == {
        "registry": "XA",
        "year": 2019,
        "kind": "stationary",
        "system": None,
        "rows": 1,
        "emitting": 1,
        "verified": 120,
        "allocation_total": 130,
        "surrendered": 120,
    }
    assert load(done.folder)["operator_years"].equals(
        read_file(source).reading.tables["operator_years"]
    )


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    source = samples.text_file(tmp_path, samples.MERGED)
    folder = tmp_path / "snap"
    import_into(source, folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert import_into(source, folder).already_there
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_another_file_replaces_the_snapshot_whole(tmp_path: Path) -> None:
    folder = tmp_path / "snap"
    import_into(samples.text_file(tmp_path, samples.MERGED), folder)
    import_into(samples.text_file(tmp_path, samples.HOLDER), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["holders.parquet", "snapshot.json"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_interrupted_import_leaves_the_old_one_and_the_next_starts_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "snap"
    import_into(samples.text_file(tmp_path, samples.MERGED), folder)
    source = samples.text_file(tmp_path, samples.HOLDER)

    def interrupted(frame: pl.DataFrame, path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pl.DataFrame, "write_parquet", interrupted)
        with pytest.raises(KeyboardInterrupt):
            import_into(source, folder)
    assert load(folder).keys() == {"operator_years"}
    assert (tmp_path / ".snap.unfinished").exists()
    import_into(source, folder)
    assert load(folder).keys() == {"holders"}
    assert not (tmp_path / ".snap.unfinished").exists()


def test_a_folder_with_other_things_in_it_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "snap"
    folder.mkdir()
    (folder / "letter.txt").write_text("mine")
    with pytest.raises(Refused) as refused:
        import_into(samples.text_file(tmp_path, samples.MERGED), folder)
    assert refused_code(refused) == "formats.not-a-snapshot"
    assert (folder / "letter.txt").read_text() == "mine"


def test_bad_rows_refuse_the_import_unless_they_are_left_out(tmp_path: Path) -> None:
    text = (
        samples.MERGED
        + "XA_2,XA,2,20,2019,x\n"
        + samples.MERGED.splitlines()[1].replace(",2019,", ",two,")
    )
    source = samples.text_file(tmp_path, text)
    folder = tmp_path / "snap"
    with pytest.raises(Refused) as refused:
        import_into(source, folder)
    assert [refusal.where for refusal in refused.value.refusals] == [
        "file.csv, row 6",
        "file.csv, row 7, column year",
    ]
    assert not folder.exists()
    page = import_into(source, folder, leave_out_bad_rows=True).page
    assert page["rows"] == {"operator_years": 4}
    assert [problem["count"] for problem in page["problems"]] == [1, 1]


def test_the_report_on_quality(tmp_path: Path) -> None:
    head, first, *rest = samples.MERGED.splitlines()
    rows = [
        head,
        first,
        first,
        *rest,
        first.replace(",2019,", ",1999,").replace("XA_1,XA,1", "XA_5,XA,5"),
        first.replace(",130,100,30,", ",131,-100,30,").replace("XA_1,XA,1", "XA_6,XA,6"),
    ]
    source = samples.text_file(tmp_path, "\n".join(rows))
    findings = import_into(source, tmp_path / "snap").page["findings"]
    assert [(finding["code"], finding["count"]) for finding in findings] == [
        ("formats.duplicate", 2),
        ("formats.negative", 1),
        ("formats.year-outside", 1),
        ("formats.parts-differ", 1),
    ]
    assert findings[0]["examples"][0] == "XA_1 2019"


def test_a_damaged_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        load(tmp_path)
    assert refused_code(refused) == "formats.no-snapshot"
    folder = import_into(samples.text_file(tmp_path, samples.MERGED), tmp_path / "snap").folder
    (folder / "operator_years.parquet").write_bytes(b"none")
    with pytest.raises(Refused) as refused:
        load(folder)
    assert refused_code(refused) == "formats.damaged"


def test_operator_years_can_be_written_in_the_layouts_of_others(tmp_path: Path) -> None:
    tables = read_file(samples.text_file(tmp_path, samples.MERGED)).reading.tables
    kept = ("operator_key", "year", "verified", "allocation_total")
    wanted = tables["operator_years"].filter(pl.col("verified").is_not_null()).select(kept)
    for layout, name in (
        ("euets-info/compliance", "a.csv"),
        ("commission/verified_emissions", "a.xlsx"),
        ("eutl/wide", "b.csv"),
        ("daily/operators_yearly_activity", "c.csv.gz"),
        ("eutl/operators", "d.xml"),
    ):
        export(tables, layout, tmp_path / name)
        years = read_file(tmp_path / name).reading.tables["operator_years"]
        again = years.filter(pl.col("verified").is_not_null()).select(kept)
        assert again.sort(kept[:2]).equals(wanted.sort(kept[:2])), layout


def test_no_cell_of_a_workbook_becomes_a_formula(tmp_path: Path) -> None:
    rows = [list(row) for row in samples.EMISSIONS_ROWS]
    rows[4][2] = "'=1+1"
    tables = read_file(samples.workbook_file(tmp_path, rows)).reading.tables
    named = tables["operators"].with_columns(pl.lit("=1+1").alias("name"))
    tables["operators"] = named
    export(tables, "commission/verified_emissions", tmp_path / "b.xlsx")
    again = read_file(tmp_path / "b.xlsx").reading.tables
    assert again["operators"]["name"].to_list() == ["=1+1"] * 3


def test_what_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    tables = read_file(samples.text_file(tmp_path, samples.MERGED)).reading.tables
    for layout, name, code in (
        ("fruit", "a.csv", "formats.unknown-layout"),
        ("euets-info/account", "a.csv", "formats.no-table"),
        ("merged", "a.xls", "formats.wrong-ending"),
        ("eutl/operators", "a.csv", "formats.wrong-ending"),
        ("merged", "absent/a.csv", "formats.not-written"),
        ("merged", "absent/a.xlsx", "formats.not-written"),
    ):
        with pytest.raises(Refused) as refused:
            export(tables, layout, tmp_path / name)
        assert refused_code(refused) == code
    assert [path.name for path in tmp_path.iterdir()] == ["file.csv"]


UNITS = st.none() | st.integers(0, 10**12)
YEAR_ROW = st.fixed_dictionaries(
    {
        "registry": st.sampled_from(["XA", "XB"]),
        "operator_id": st.integers(1, 300).map(str),
        "year": st.integers(2005, 2030),
        "activity": st.sampled_from([None, 10, 20, 50]),
        "allocation_base": UNITS,
        "allocation_ner": UNITS,
        "verified": UNITS,
        "verified_state": st.sampled_from(STATES[1:]),
        "surrendered": UNITS,
        "compliance_code": st.sampled_from([None, "A", "B", "C"]),
        "code_starred": st.booleans(),
    }
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(YEAR_ROW, min_size=1, max_size=20))
def test_any_operator_years_written_as_merged_read_back_the_same(
    tmp_path: Path, rows: list[dict[str, object]]
) -> None:
    """The second reading, for the first one fills in the states of what was left blank."""
    starting = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        operator_key().alias("operator_key"), kind_of_operator()
    )
    export({"operator_years": conform("operator_years", starting)}, "merged", tmp_path / "a.csv")
    first = read_file(tmp_path / "a.csv").reading
    assert first.problems == []
    years = first.tables["operator_years"]
    for column in ("verified", "surrendered", "allocation_base", "allocation_ner", "code_starred"):
        assert years[column].to_list() == [row[column] for row in rows]
    expected = ["given" if row["verified"] is not None else row["verified_state"] for row in rows]
    assert years["verified_state"].to_list() == expected
    export(first.tables, "merged", tmp_path / "b.csv.gz")
    assert (
        gzip.decompress((tmp_path / "b.csv.gz").read_bytes()) == (tmp_path / "a.csv").read_bytes()
    )


def test_the_commands(tmp_path: Path) -> None:
    source = samples.text_file(tmp_path, samples.MERGED, "merged.csv")
    out = tmp_path / "out"
    result = runner.invoke(app, ["import", str(source), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "merged compliance" in result.output
    assert "4 operator years" in result.output
    again = runner.invoke(app, ["import", str(source), "--out", str(out), "--json"])
    assert json.loads(again.stdout)[0]["layout"] == "merged"
    target = tmp_path / "back.csv"
    written = runner.invoke(app, ["export", str(out / "merged.csv"), "merged", str(target)])
    assert written.exit_code == 0, written.output
    assert "4 rows written" in written.output
    assert read_file(target).reading.layout == "merged"


def test_the_commands_name_every_problem_and_exit_with_two(tmp_path: Path) -> None:
    good = samples.text_file(tmp_path, samples.HOLDER, "good.csv")
    bad = samples.text_file(tmp_path, samples.MERGED + "XA_2,XA\nXA_3,XA\n", "bad.csv")
    unknown = samples.text_file(tmp_path, "fruit\n", "unknown.csv")
    pdf = samples.text_file(tmp_path, b"%PDF-1.7\n\0", "guide.pdf")
    files = [str(path) for path in (bad, unknown, good, pdf)]
    result = runner.invoke(app, ["import", *files, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    for words in ("bad.csv, row 6", "bad.csv, row 7", "formats.unknown", "unknown.csv"):
        assert words in result.stderr
    assert result.stderr.count("Known layouts are:") == 1
    assert "merged compliance" in result.stderr.partition("Known layouts are:")[2]
    assert page_of(tmp_path / "out" / "good.csv") is not None
    assert not (tmp_path / "out" / "bad.csv").exists()
    missing = runner.invoke(app, ["export", str(tmp_path), "merged", str(tmp_path / "a.csv")])
    assert missing.exit_code == 2
    assert "formats.no-snapshot" in missing.stderr
