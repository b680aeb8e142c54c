"""The commands about quantities, typed by a lawyer: steps, parts, and a national plan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.stories.command_line import rows_as_csv, rows_as_json, run, say

ROOT = Path(__file__).parents[2]
WORDS = [
    ("cap", "show", "2013..2040"),
    ("cap", "show", "2024", "--known-on", "2018-10-03"),
    ("cap", "identity", "2014..2027"),
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_json_and_csv_are_the_same_rows_and_the_tables_show_them(words: tuple[str, ...]) -> None:
    objects = rows_as_json(*words)
    rows = rows_as_csv(*words)
    assert [{name: str(cell) for name, cell in row.items()} for row in objects] == rows
    table = re.sub(r"\s+", "", run(*words))
    for row in objects:
        assert f"{row['system']}{row['year']}" in table
        for name in ("total", "allowances"):
            if isinstance(row.get(name), int):
                assert f"{row[name]:,}" in table


def test_every_step_of_every_year_has_its_article_and_nothing_differs_unsaid() -> None:
    rows = rows_as_json("cap", "show", "2013..2040")
    assert {row["year"] for row in rows} == set(range(2013, 2041))
    differences = [row for row in rows if row["step"] == "computed less stated"]
    assert {row["figure"] for row in differences if row["system"] == "stationary"} == {0}
    assert {row["figure"] for row in differences if row["system"] == "aviation"} == {1}
    assert all(row["article"] for row in rows if row not in differences)


def test_the_law_of_another_day_gives_another_quantity() -> None:
    said = run("cap", "show", "2024", "--known-on", "2018-10-03", "--system", "stationary")
    assert "1,622,931,810" in said
    assert (
        "2.2 % of it for each year from 2021 to 2024" in " ".join(said.split()) or "2.2 %" in said
    )
    assert "1,386,051,745" in run("cap", "show", "2024")
    assert "not known" in run("cap", "show", "2028", "--system", "ets2")


def test_parts_that_are_too_much_are_shown_and_end_the_command_with_one() -> None:
    said = say("cap", "identity", "2021", "--with", "free-allocation=999999999")
    assert said.code == 1
    assert "-324,219,306" in said.out
    assert "Parts are more than their whole" in said.error


def plan_in_the_manual() -> str:
    page = (ROOT / "docs/manual/quantities.md").read_text()
    (found,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    return str(found)


def test_the_plan_in_the_manual_is_issued_from(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(plan_in_the_manual())
    rows = rows_as_json("cap", "plan", file)
    assert len(rows) == 10
    assert rows[0] == {
        "state": "SI",
        "year": 2008,
        "installation": "power-plant",
        "allowances": 100,
    }
    assert "2008" in run("cap", "plan", file)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("total: 1_000", "total: 1_001", "plan.sum"),
        ("kind: accepted }", "kind: rejected }", "plan.rejected"),
        ("kind: accepted }", "kind: cut, total: 900 }", "plan.cut"),
        ("reserve: 60", "reserve: 6.5", "plan.file: 6.5 is no whole number. [reserve]"),
        ("reserve: 60", "reserve: 1,060", "plan.file: '1,060' is no whole number. [reserve]"),
        ("reserve: 60", "reserve: =60", "[reserve]"),
        ("reserve: 60", "reserve: 60\nreserve: 70", "stands here twice"),
        ("reserve: 60", "rserve: 60", "There is no such field; there are state, "),
        ("state: SI", "state: Slovenia", "[state]"),
        ("2008: 100,", "2013: 100,", "plan.year"),
        ("2008: 80,", "2008: -80,", "plan.negative"),
        ("first_year: 2008", "first_year: 2013", "minimum-share has no value for 2013"),
        ("first_year: 2008", "first_year: 2009", "No trading period begins with 2009"),
    ],
)
def test_a_plan_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = tmp_path / "plan.yaml"
    text = plan_in_the_manual()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    said = say("cap", "plan", file)
    assert (said.code, said.out) == (2, "")
    assert says in said.error


def test_what_is_no_plan_at_all_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"[]", b"\xff\xfe", b"a: &b 1\nc: *b\n", b"state: 2008-13-45"):
        file = tmp_path / "plan.yaml"
        file.write_bytes(content)
        said = say("cap", "plan", file)
        assert (said.code, said.out) == (2, "")
        assert said.error.startswith("openets: ")
