"""`openets law`: answers with their article, helpful errors, and the same content as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openets.interfaces.cli.law import law_app

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
        (("show", "caps.stationary.union", "--for", "2030"), "has no value for 2030-01-01"),
        (("show", FACTOR, "--for", "soon"), "--for takes a year (2024) or a day"),
        (("show", FACTOR, "--known-on", "2018"), "--known-on takes a day"),
        (("show", FACTOR, "--jurisdiction", "atlantis"), "there is law for: eu"),
        (("check", "nowhere"), "There is no folder nowhere."),
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


def test_check_reads_all_law(tmp_path: Path) -> None:
    assert run("check").startswith("eu: ")
    (tmp_path / "bad.yaml").write_text("a: 1\n")
    assert "bad.yaml:1: a has a title" in run("check", str(tmp_path), code=2)
