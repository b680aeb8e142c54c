"""A year of free allocation, typed: a table uploaded, changed, withheld, issued; the reserve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from openets.kernel.clock import FixedClock
from openets.translog.server import at_its_socket
from tests.schemes.allocation.allocation_office import (
    RESERVE,
    YEAR,
    account,
    allocation_office,
    code,
)
from tests.small_office import AUTHORITY, MONDAY, OTHER_AUTHORITY, SENIOR
from tests.stories.command_line import rows_as_csv, rows_as_json, run, say

EX = ("--registry", "EX")
AS = ("--as", AUTHORITY)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("openets.people.opening.SystemClock", lambda: FixedClock(MONDAY))
    with allocation_office(tmp_path / "office"):
        pass
    with at_its_socket(tmp_path / "office" / "log"):
        yield tmp_path / "office"


def two(office: Path, *words: str | int | Path) -> str:
    """Proposed by one person of the authority, approved by the other."""
    said = run("allocation", *words, *AS, store=office)
    number = said.split()[1]
    return run("desk", "approve", number, "--as", OTHER_AUTHORITY, store=office)


def table(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(("operator_id,2030,2031", *lines)))
    return path


def test_from_the_table_to_the_accounts(office: Path, tmp_path: Path) -> None:
    path = table(tmp_path, f"{code(1)},60,60", f"{code(2)},30,30", f"{code(3)},5,")
    said = run("allocation", "upload", path, *EX, *AS, store=office)
    assert "needs a second person" in said
    assert "5 amounts altered (2030: 0 → 95, 2031: 0 → 90)" in said
    rows = rows_as_json("allocation", "difference", 1, *AS, store=office)
    assert rows[0] == {"operator": code(1), "year": 2030, "stands": "", "proposed": 60}
    assert "completed" in run("desk", "approve", 1, "--as", OTHER_AUTHORITY, store=office)
    two(office, "change", code(3), YEAR, 4)
    two(office, "hold", code(2), YEAR, "--reason", "no report")
    rows = rows_as_csv("allocation", "run", YEAR, *EX, *AS, store=office)
    assert [(row["operator"], row["account"], row["allowances"]) for row in rows] == [
        (code(1), str(account(1)), "60"),
        (code(3), str(account(3)), "4"),
        (code(2), "", "30"),
    ]
    assert rows[-1]["passed over because"] == "withheld: no report"
    assert "due by 2030-06-30" in run("allocation", "run", YEAR, *EX, *AS, store=office)
    assert "allocation run, completed" in two(office, "run", YEAR, *EX, "--propose")
    assert "60" in run("account", "show", account(1), store=office)
    rows = rows_as_json("allocation", "show", "--year", YEAR, *AS, store=office)
    assert [(row["operator"], row["status"], row["class"]) for row in rows] == [
        (code(1), "allowed", "fully allocated"),
        (code(2), "withheld", "not yet allocated"),
        (code(3), "allowed", "fully allocated"),
    ]
    two(office, "hold", code(2), YEAR, "--reason", "report came", "--release")
    of_two = ("allocation", "show", "--operator", code(2), "--year", YEAR)
    (row,) = rows_as_json(*of_two, *AS, store=office)
    assert (row["status"], row["remaining"]) == ("allowed", 30)


def test_the_reserve(office: Path, tmp_path: Path) -> None:
    path = table(tmp_path, f"{code(4)},70,")
    two(office, "upload", path, *EX, "--table", "new-entrants")
    (row,) = rows_as_json("allocation", "reserve", YEAR, *AS, store=office)
    assert (row["account"], row["available"], row["committed"], row["free"]) == (
        RESERVE,
        100,
        70,
        30,
    )
    two(office, "run", YEAR, *EX, "--table", "new-entrants", "--propose")
    (row,) = rows_as_json("allocation", "reserve", YEAR, *AS, store=office)
    assert (row["available"], row["issued"], row["committed"]) == (30, 70, 0)


def test_what_is_wrong_is_told_and_changes_nothing(office: Path, tmp_path: Path) -> None:
    path = table(tmp_path, f"{code(1)},1 000,", "EX-99,5,")
    said = say("allocation", "upload", path, *EX, *AS, store=office)
    assert (said.code, said.out) == (2, "")
    assert "allocation.amount" in said.error and "table.csv, row 2, column 2030" in said.error
    assert "allocation.operator-unknown" in said.error
    assert rows_as_json("allocation", "show", *AS, store=office) == []
    assert rows_as_json("desk", "list", "--all", "--as", SENIOR, store=office) == []
    said = say("allocation", "run", YEAR, *EX, "--propose", *AS, store=office)
    assert "leaves nothing to issue for 2030" in said.error
    said = say("allocation", "run", YEAR, *EX, "--table", "castles", *AS, store=office)
    assert "allocation.no-run" in said.error
    freeze = ("--set", "order=freeze", "--set", f"account={account(1)}", "--set", "reason=x")
    run("desk", "propose", "freeze", *freeze, "--as", SENIOR, store=office)
    said = say("allocation", "difference", 1, *AS, store=office)
    assert "Proposal 1 changes no allocation table." in said.error


def test_a_template_and_what_its_list_needs(office: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    assert run("allocation", "template", "--out", path).startswith("Written to ")
    assert path.read_text().startswith("installation,installation_name,activity,sub_installation")
    said = say("allocation", "submit", path, YEAR, *EX, *AS, store=office)
    assert "allocation.list-no-period" in said.error  # the example has no benchmarks
    assert "allocation.list-empty" in said.error
    said = say("allocation", "calculate", YEAR, *EX, *AS, store=office)
    assert "allocation.no-list" in said.error
