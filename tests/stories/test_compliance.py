"""A compliance year typed: reported, surrendered, explained, published, uploaded, penalised.

The office is a practice store under the law of the example; the clock is moved from day to day.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from openets.formats.workbook import workbook_sheets
from openets.kernel.clock import FixedClock
from openets.translog.server import at_its_socket
from tests.schemes.compliance.office import FURNACE, KILN, make, on
from tests.small_office import (
    AUTHORITY,
    CEMENT_ONE,
    CEMENT_TWO,
    OTHER_AUTHORITY,
    OTHER_SENIOR,
    SENIOR,
    TRADER_ONE,
)
from tests.stories.command_line import rows_as_csv, rows_as_json, run, say


class Office:
    """A store at a day that can be moved."""

    def __init__(self, store: Path, clock: FixedClock) -> None:
        self.store, self.clock = store, clock

    def run(self, *words: str | int | Path) -> str:
        return run(*words, store=self.store)

    def on(self, day: datetime) -> None:
        self.clock.set(day)

    def approve(self, said: str, who: int) -> str:
        number = said.partition("proposal ")[2].split()[0]
        return self.run("desk", "approve", number, "--as", who)

    def enter(self, operator: str, year: int, tonnes: int, *more: str) -> str:
        fields = (f"operator={operator}", f"year={year}", f"tonnes={tonnes}", *more)
        words = [word for field in fields for word in ("--set", field)]
        said = self.run("desk", "propose", "emissions", *words, "--as", AUTHORITY)
        return self.approve(said, OTHER_AUTHORITY)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    clock = FixedClock(on(2031, 3, 10))
    monkeypatch.setattr("openets.people.opening.SystemClock", lambda: clock)
    monkeypatch.setattr("openets.interfaces.cli.compliance.SystemClock", lambda: clock)
    made = make(tmp_path / "office")
    with at_its_socket(made.log_directory):
        yield Office(made.directory, clock)


def test_the_cockpit_leads_an_operator_to_compliance(office: Office, tmp_path: Path) -> None:
    office.on(on(2031, 4, 3))
    assert "block account, completed" in office.run("work")
    said = office.run("compliance", "cockpit", KILN)
    assert "symbol C: No emissions of 2030 stand in the registry." in said
    assert "account blocked" in said
    office.enter(KILN, 2030, 120)
    assert "2031-04-30  surrender  " in office.run("compliance", "cockpit", KILN)
    words = ("compliance", "surrender", KILN, "--as", CEMENT_ONE)
    assert "120 units are missing for 2030." in office.run(*words, "--show")
    said = office.run(*words)
    plain = json.loads(office.run("compliance", "cockpit", KILN, "--json"))
    assert (plain["due"], plain["missing"], plain["approvers"]) == (
        120,
        0,
        [CEMENT_ONE, CEMENT_TWO],
    )
    assert plain["pending"][0]["approvers"] == [CEMENT_TWO]
    assert "0 units are missing for 2030." in office.run(*words, "--show")  # proposed already
    shown = office.run("compliance", "cockpit", KILN)
    assert f"120 units, not approved; person {CEMENT_TWO} can approve it" in shown
    assert "completed" in office.approve(said, CEMENT_TWO)
    steps = rows_as_csv("compliance", "cockpit", KILN, store=office.store)
    progress = {row["step"]: row["progress"] for row in steps}
    assert progress["surrender"] == progress["verified report"] == "done"
    office.run("compliance", "receipts", KILN, 2030, "--out", tmp_path / "receipts")
    (receipt,) = (tmp_path / "receipts").iterdir()
    assert "10-2, 6 → 2, 120 units" in run("log", "check", receipt)


def test_a_symbol_explains_itself_as_of_any_day(office: Office) -> None:
    office.enter(KILN, 2030, 100)
    office.on(on(2031, 4, 20))
    said = office.run("compliance", "surrender", KILN, "--quantity", 60, "--as", CEMENT_ONE)
    office.approve(said, CEMENT_TWO)
    office.on(on(2031, 6, 1))
    said = office.run("compliance", "surrender", KILN, "--as", CEMENT_ONE)
    office.approve(said, CEMENT_TWO)
    told = office.run("compliance", "explain", KILN, 2030)
    assert "emissions entered, year 2030, tonnes 100" in told
    assert "2030: A. The compliance figure is 0, not negative. (Founding Act, Article 5)" in told
    assert "On the cut-off day it was fixed as B: The compliance figure is -40" in told
    before = office.run("compliance", "explain", KILN, 2030, "--as-of", "2031-05-15")
    assert "2030: B. The compliance figure is -40, negative." in before
    first = rows_of(office, "--as-of", "2031-03-01")
    assert [one["symbol"] for one in first] == ["C", "C"]


def rows_of(office: Office, *words: str) -> list[dict[str, object]]:
    told = json.loads(office.run("compliance", "explain", KILN, 2030, "--json", *words))
    events: list[dict[str, object]] = told["events"]
    return events


def test_the_public_table_keeps_to_its_days(office: Office, tmp_path: Path) -> None:
    words = ("compliance", "table", "--year", 2030)
    office.enter(KILN, 2030, 100)
    kiln, furnace = rows_as_json(*words, store=office.store)
    assert (kiln["operator"], kiln["verified"], kiln["symbol"]) == (KILN, None, "")
    assert (kiln["public_from"], kiln["activity"]) == ("2031-05-01", 20)
    office.on(on(2031, 4, 1))
    kiln, furnace = rows_as_json(*words, store=office.store)
    assert (kiln["verified"], kiln["surrendered"], kiln["symbol"]) == (100, None, "")
    office.on(on(2031, 5, 1))
    kiln, furnace = rows_as_csv(*words, store=office.store)
    assert (kiln["verified"], kiln["surrendered"], kiln["symbol"]) == ("100", "0", "B")
    assert (furnace["operator"], furnace["verified"], furnace["symbol"]) == (FURNACE, "", "C")
    file = tmp_path / "table.xlsx"
    assert "2 rows written" in office.run(*words, "--xlsx", file)
    ((_, (head, *read)),) = workbook_sheets(file)
    assert [row[list(head).index("symbol")] for row in read] == ["B", "C"]
    (total,) = rows_as_json("compliance", "summary", "--year", 2030, store=office.store)
    counted = (total["operators"], total["verified"], total["a"], total["b"], total["c"])
    assert counted == (2, 100, 0, 1, 1)
    assert "no operator" in say("compliance", "cockpit", "EX-000009", store=office.store).error


def write(file: Path, *rows: tuple[object, ...]) -> Path:
    out = io.StringIO()
    csv.writer(out).writerows([("operator_id", "year", "emissions"), *rows])
    file.write_text(out.getvalue())
    return file


def test_an_uploaded_table_names_every_wrong_cell_and_changes_what_it_says(
    office: Office, tmp_path: Path
) -> None:
    wrong = write(
        tmp_path / "wrong.csv", (KILN, 2030, "many"), ("EX-000009", 2030, 5), (KILN, "", 1)
    )
    words = ("compliance", "upload")
    said = say(*words, wrong, "--as", AUTHORITY, "--csv", store=office.store)
    assert said.code == 2
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [(row["row"], row["column"], row["code"]) for row in rows] == [
        ("2", "emissions", "5008"),
        ("3", "operator_id", "5005"),
        ("4", "year", "5014"),
    ]
    right = write(tmp_path / "right.csv", (KILN, 2030, 0), (FURNACE, 2030, 40))
    said = office.run(*words, right, "--as", AUTHORITY)
    assert "2 figures change." in said
    assert "completed" in office.approve(said, OTHER_AUTHORITY)
    assert "changes nothing" in office.run(*words, right, "--as", AUTHORITY)
    blank = write(tmp_path / "blank.csv", (KILN, 2030, ""), (FURNACE, 2030, 40))
    said = office.run(*words, blank, "--as", AUTHORITY)
    assert "1 figures change." in said
    office.approve(said, OTHER_AUTHORITY)
    assert "symbol C" in office.run("compliance", "cockpit", KILN)


def test_what_cannot_be_done_is_a_sentence(office: Office, tmp_path: Path) -> None:
    for words, expected in (
        (("surrender", "EX-000009", "--as", CEMENT_ONE), "no account of an operator"),
        (("surrender", KILN, "--quantity", 5, "--as", TRADER_ONE), "does not represent"),
        (("receipts", KILN, 2030, "--out", tmp_path / "r"), "surrendered nothing for 2030"),
        (("explain", KILN, 2030, "--as-of", "soon"), "is no day"),
        (("explain", KILN, 1990), "asks nothing of any operator for emissions of 1990"),
        (("table", "--year", 1990), "asks nothing of any operator"),
        (("upload", tmp_path / "none.csv", "--as", AUTHORITY), "none.csv"),
    ):
        said = say("compliance", *words, store=office.store)
        assert said.code == 2, words
        assert expected in said.error, words


def test_an_operator_is_short_pays_and_still_owes(office: Office) -> None:
    office.on(on(2031, 4, 20))
    office.enter(KILN, 2030, 100)
    words = ("compliance", "surrender", KILN, "--quantity", 60, "--as", CEMENT_ONE)
    office.approve(office.run(*words), CEMENT_TWO)
    office.on(on(2031, 5, 2))
    said = office.run("compliance", "cockpit", KILN)
    assert "symbol B: The compliance figure is -40, negative." in said
    named = ("--set", f"operator={KILN}", "--set", "year=2030")

    def penalty(what: str, *more: str, who: int = AUTHORITY) -> str:
        fields = [word for field in more for word in ("--set", field)]
        return office.run("desk", "propose", f"penalty {what}", *named, *fields, "--as", who)

    office.approve(penalty("notice", "document=file 12"), OTHER_AUTHORITY)
    office.approve(penalty("objection", "reason=too much", who=CEMENT_ONE), AUTHORITY)
    decided = ("cents=200000", "reason=it stands")
    office.approve(penalty("decision", *decided), OTHER_AUTHORITY)
    office.approve(penalty("payment", "cents=200000", "reference=bank 5"), OTHER_AUTHORITY)
    assert rows_as_json("compliance", "penalties", "--public", store=office.store) == []
    office.approve(penalty("publication"), OTHER_AUTHORITY)
    (row,) = rows_as_csv("compliance", "penalties", "--public", store=office.store)
    assert (row["operator"], row["eur due"], row["eur paid"]) == (KILN, "2000.00", "2000.00")
    assert (row["state"], row["published"], row["at least"]) == ("settled", "yes", "")
    plain = json.loads(office.run("compliance", "cockpit", KILN, "--json"))
    assert plain["missing"] == 40
    office.on(on(2032, 3, 1))
    office.enter(KILN, 2031, 20)
    plain = json.loads(office.run("compliance", "cockpit", KILN, "--json"))
    assert (plain["due"], plain["carried_over"], plain["missing"]) == (20, 40, 60)
    said = office.run("compliance", "surrender", KILN, "--as", CEMENT_ONE)
    assert "completed" in office.approve(said, CEMENT_TWO)
    assert "symbol A" in office.run("compliance", "cockpit", KILN)


def test_a_mistaken_surrender_is_taken_back_in_its_window_and_owed_again(office: Office) -> None:
    office.on(on(2031, 4, 21))
    office.enter(KILN, 2030, 60)
    said = office.run("compliance", "surrender", KILN, "--quantity", 90, "--as", CEMENT_ONE)
    done = office.approve(said, CEMENT_TWO)
    record = done.partition("record ")[2].split()[0]
    back = {"type": "10-82", "transferring": 2, "acquiring": 6, "kind": 1, "quantity": 90}
    words = [w for key, value in back.items() for w in ("--set", f"{key}={value}")]
    words += ["--set", f"refers_to={record}", "--as", str(SENIOR)]
    office.on(on(2031, 4, 28))  # the fifth working day
    said = office.run("desk", "propose", "transaction", *words)
    assert "completed" in office.approve(said, OTHER_SENIOR)
    plain = json.loads(office.run("compliance", "cockpit", KILN, "--json"))
    assert (plain["surrendered"], plain["missing"], plain["symbol"]) == (0, 60, "B")
    told = office.run("compliance", "explain", KILN, 2030)
    assert "surrender reversed, quantity 90, year 2030: B (-60)" in told
    said = office.run("compliance", "surrender", KILN, "--as", CEMENT_ONE)
    office.approve(said, CEMENT_TWO)
    assert "symbol A" in office.run("compliance", "cockpit", KILN)


def test_a_played_world_has_its_cockpits_and_tables(played: Path) -> None:
    said = run("compliance", "explain", "AT-000004", 2010, store=played)
    assert "emissions entered, year 2010" in said
    assert "2010: A." in said
    assert "On the cut-off day it was fixed as A" in said
    rows = rows_as_json("compliance", "table", "--year", 2010, store=played)
    (row,) = [one for one in rows if one["operator"] == "AT-000004"]
    assert (row["kind"], row["symbol"], row["public_from"]) == ("installation", "A", "2011-05-01")
    assert row["surrendered"] == row["verified"]
    assert rows_as_json("compliance", "summary", "--year", 2010, store=played)
    rows = rows_as_json("compliance", "penalties", store=played)
    assert [row["state"] for row in rows] == ["settled", "to be paid", "objected to"]
    assert "yes" in {row["at least"] for row in rows}
    shown = run("compliance", "penalties", store=played)
    for row in rows:
        least = f"≥ {Decimal(row['eur due']):,}"
        assert (least in shown) == (row["at least"] == "yes")
        words = ("compliance", "cockpit", row["operator"], "--json")
        assert json.loads(run(*words, store=played))["missing"] > 0  # paid or not, it owes
