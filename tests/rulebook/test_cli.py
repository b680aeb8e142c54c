"""`openets law`: answers with their article, helpful errors, and the same content as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openets.interfaces.cli.law import law_app
from openets.rulebook.load import LAW, jurisdictions

RUNNER = CliRunner()
FACTOR = "linear-reduction-factor"


def run(*arguments: str, code: int = 0) -> str:
    result = RUNNER.invoke(law_app, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def test_show_names_value_article_status_and_dates() -> None:
    said = run("show", FACTOR, "--for", "2024")
    assert "4.3 % a year" in said
    assert "Article 9" in said
    assert "official" in said
    assert "2024-01-01" in said
    assert "2023-05-10" in said


def test_show_answers_for_the_law_of_another_day() -> None:
    said = run("show", FACTOR, "--for", "2024", "--known-on", "2018-10-03", "--json")
    found = json.loads(said)
    assert found["value"] == "2.2"
    assert found["from"] == "2021-01-01"
    assert found["source"]["article"] == "Article 9"


def test_show_answers_for_a_day() -> None:
    found = json.loads(run("show", "deadlines.surrender", "--for", "2023-12-31", "--json"))
    assert found["value"] == "04-30"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "caps.stationary.unoin"), "caps.stationary.union"),
        (("explain", "linear-reduction"), FACTOR),
        (("show", "caps.stationary.union", "--for", "2041"), "has no value for 2041-01-01"),
        (("show", FACTOR, "--for", "soon"), "--for takes a year (2024) or a day"),
        (("show", FACTOR, "--known-on", "2018"), "--known-on takes a day"),
        (
            ("show", FACTOR, "--jurisdiction", "atlantis"),
            "law for: california-quebec, eu, example",
        ),
        (("check", "nowhere"), "There is no folder nowhere."),
        (("diff", "--known-on", "2018-10-03", "soon"), "--known-on takes a day"),
    ],
)
def test_errors_are_sentences_with_code_2(arguments: tuple[str, ...], says: str) -> None:
    assert says in run(*arguments, code=2)


def test_explain_prints_the_history() -> None:
    said = run("explain", FACTOR)
    assert [part for part in ("1.74", "2.2", "4.3", "4.4") if part not in said] == []
    found = json.loads(run("explain", FACTOR, "--json"))
    assert [value["value"] for value in found["values"]] == ["1.74", "2.2", "4.3", "4.4"]


def test_list_finds_paths_by_a_part() -> None:
    rows = json.loads(run("list", "surrender", "--json"))
    assert "deadlines.surrender" in [row["path"] for row in rows]
    assert run("list", "penalties", "--csv").startswith("path,title,values")


REFORM = ("diff", "--known-on", "2018-10-03", "2023-12-31", FACTOR)


def test_diff_shows_what_a_reform_changed() -> None:
    said = run(*REFORM)
    assert f"{FACTOR} from 2024-01-01 until 2028-01-01: changed\n" in said
    assert "\n  - 2.2 % a year    Directive 2003/87/EC as amended by Directive (EU) 2018" in said
    assert "\n  + 4.3 % a year    Directive 2003/87/EC as amended by Directive (EU) 2023" in said


def test_diff_says_the_same_as_json_and_csv() -> None:
    rows = json.loads(run(*REFORM, "--json"))
    assert [(row["old"], row["new"], row["until"]) for row in rows] == [
        ("2.2", "4.3", "2028-01-01"),
        ("2.2", "4.4", None),
    ]
    head, *lines = run(*REFORM, "--csv").splitlines()
    assert head == "path,from,until,what,old,old_article,new,new_article,unit"
    assert [line.split(",")[:5] for line in lines] == [
        [FACTOR, "2024-01-01", "2028-01-01", "changed", "2.2"],
        [FACTOR, "2028-01-01", "", "changed", "2.2"],
    ]


def test_pages_and_schema_are_written_into_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "manual" / "law"
    said = run("pages", "--out", str(out)).split()
    assert said == [str(file) for file in sorted(out.iterdir())]
    assert (out / "penalties.md").read_text().startswith("# penalties\n")
    run("schema", "--out", str(out))
    assert json.loads((out / "law.json").read_text())["title"] == "A file of law"
    (tmp_path / "file").touch()
    assert "Cannot write to" in run("schema", "--out", str(tmp_path / "file"), code=2)


def test_check_reads_all_law(tmp_path: Path) -> None:
    assert [line.partition(":")[0] for line in run("check").splitlines()] == jurisdictions()
    assert " official, " in run("check", str(LAW / "eu" / "directive-2009-29"))
    (tmp_path / "bad.yaml").write_text("a: 1\n")
    assert "bad.yaml:1: a has a title" in run("check", str(tmp_path), code=2)


def test_refusals_are_listed_with_the_codes_of_jurisdictions() -> None:
    found = {row["code"]: row for row in json.loads(run("refusals", "--json"))}
    assert found["ledger.not-covered"]["uk"] == "3005"
    assert found["ledger.not-covered"]["eu"] == "7020-7027"
