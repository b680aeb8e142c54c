"""Uploads of verified emissions, through files as people send them."""

from __future__ import annotations

import csv
from datetime import date
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from openets.formats.emissions_table import OWN, EmissionsTable, Row, read_table
from openets.kernel.refusal import Refused
from openets.schemes.compliance.checks import (
    Change,
    Operator,
    Upload,
    changes,
    check_name,
    check_table,
    read_name,
    read_upload,
)
from openets.schemes.compliance.events import EmissionsEntered, EmissionsWithdrawn
from tests.schemes.compliance.histories import BEGIN, EU, UK, read_cases

FILES: Any = read_cases("emissions-files.yaml")
HEADER = ["Operator ID", "Operator name", "Year", "Emissions"]


def operators_of(case: dict[str, Any]) -> dict[str, Operator]:
    return {
        str(key): Operator(
            one["status"],
            one["first"],
            one.get("last"),
            frozenset(one.get("excluded", ())),
            one.get("emissions", {}),
        )
        for key, one in case["operators"].items()
    }


def write_workbook(folder: Path, rows: list[list[Any]], name: str = "") -> Path:
    """A workbook as spreadsheets save it: numbers as numbers, and named for its content."""
    file = folder / "table.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                sheet.write(number, column, cell)
    content = md5(file.read_bytes(), usedforsecurity=False).hexdigest()
    return file.rename(folder / (name or f"UK_Emissions_28062021_EA_{content}.xlsx"))


def places(upload: Upload) -> list[list[int]]:
    header = list(upload.table.header)
    return [[one.row, header.index(one.column), int(one.code)] for one in upload.problems]


@pytest.mark.parametrize(
    "case", read_cases("emissions-tables.yaml"), ids=lambda case: case["title"]
)
@pytest.mark.parametrize("form", ["workbook", "csv"])
def test_a_table(case: dict[str, Any], form: str, tmp_path: Path) -> None:
    rows = [HEADER, *([who, "Somebody" if who else "", *rest] for who, *rest in case["rows"])]
    if form == "workbook":
        file = write_workbook(tmp_path, rows)
    else:
        file = tmp_path / "table.csv"
        with file.open("w", newline="") as out:
            csv.writer(out).writerows(rows)
        content = md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        file = file.rename(tmp_path / f"UK_Emissions_28062021_EA_{content}")
    upload = read_upload(file, operators_of(case), UK, case["current_year"])
    assert places(upload) == case["wrong"]
    for problem in upload.problems:
        refusal = problem.as_refusal()
        assert f"row {problem.row}" in refusal.where
        assert "UK registry" in refusal.citation
        assert UK.ask(f"uploads.{problem.code}", for_=2022).value
    if "changes" in case:
        found = [[int(one.operator), *one[1:]] for one in upload.changes]
        assert found == case["changes"]


@pytest.mark.parametrize("case", FILES["names"], ids=lambda case: case["name"])
def test_a_name(case: dict[str, Any]) -> None:
    told = read_name(case["name"], UK, 2022)
    checksum = case.get("checksum") or (told.checksum.lower() if told else "")
    wrong = check_name(case["name"], checksum, UK, 2022)
    assert [int(one.code) for one in wrong] == ([case["wrong"]] if "wrong" in case else [])
    if "day" in case:
        assert told is not None
        assert (told.day, told.regulator) == (case["day"], case["regulator"])


@pytest.mark.parametrize("case", FILES["headers"], ids=str)
def test_a_header(case: dict[str, Any], tmp_path: Path) -> None:
    file = write_workbook(tmp_path, [case["header"], ["1"] * len(case["header"])])
    upload = read_upload(file, {"1": Operator("open", 1)}, UK, 2022)
    found = [one.column for one in upload.problems if one.code == "5003"]
    assert found == case["missing"]
    if found:
        assert len(upload.problems) == len(found)


def test_a_file_that_was_changed_after_it_was_named(tmp_path: Path) -> None:
    rows = [HEADER, [1, "", 2021, 10]]
    name = f"UK_Emissions_28062021_EA_{'0' * 32}.xlsx"
    upload = read_upload(
        write_workbook(tmp_path, rows, name), {"1": Operator("open", 2021)}, UK, 2022
    )
    assert [one.code for one in upload.problems] == ["5004"]
    assert upload.changes == []


OWN_CSV = "operator_id,registry,year,emissions\nAT_1,AT,2021,10\nAT_2,AT,2021,\nAT_3,AT,2021,0\n"


def test_our_own_layout_needs_no_name_and_no_law(tmp_path: Path) -> None:
    file = tmp_path / "emissions of april.csv"
    file.write_text(OWN_CSV)
    known = {"AT_1": Operator("open", 2005), "AT_2": Operator("open", 2005, emissions={2021: 3})}
    upload = read_upload(file, known, EU, 2022)
    assert [(one.code, one.row) for one in upload.problems] == [("5005", 4)]
    assert "manual" in upload.problems[0].as_refusal().citation
    known["AT_3"] = Operator("open", 2005)
    upload = read_upload(file, known, EU, 2022)
    assert upload.changes == [
        Change("AT_1", 2021, None, 10),
        Change("AT_2", 2021, 3, None),
        Change("AT_3", 2021, None, 0),
    ]
    entered, withdrawn, _ = (one.event(BEGIN) for one in upload.changes)
    assert entered == EmissionsEntered(at=BEGIN, year=2021, tonnes=10)
    assert withdrawn == EmissionsWithdrawn(at=BEGIN, year=2021)
    assert check_name(file.name, "", EU, 2022) == []
    assert read_name(file.name, EU, 2022) is None


def test_a_broken_row_and_a_file_that_is_no_table(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("operator_id,year,emissions\nAT_1,2021\nAT_1,2021,5\n")
    upload = read_upload(file, {"AT_1": Operator("open", 2005)}, EU, 2022)
    assert [(one.code, one.row) for one in upload.problems] == [("formats.broken-row", 2)]
    file.write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(Refused, match=r"formats\.not-a-table"):
        read_table(file)


def test_an_empty_workbook(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"formats\.empty"):
        read_table(write_workbook(tmp_path, [["", ""]]))


figures = st.none() | st.integers(0, 10**9)


@given(st.dictionaries(st.tuples(st.sampled_from("123"), st.integers(2021, 2024)), figures))
def test_what_stands_raises_nothing(cells: dict[tuple[str, int], int | None]) -> None:
    """Entering what an upload changed leaves nothing to change, and nothing is wrong with it."""
    rows = [
        Row(number, who, str(year), "" if tonnes is None else str(tonnes))
        for number, ((who, year), tonnes) in enumerate(cells.items(), 2)
    ]
    table = EmissionsTable("a table", OWN, OWN, OWN, rows=rows)
    known = {who: Operator("open", 2021) for who in "123"}
    assert check_table(table, known, UK, 2024) == []
    entered: dict[str, dict[int, int]] = {who: {} for who in known}
    for one in changes(table, known):
        assert one.tonnes is not None  # there was nothing to withdraw
        entered[one.operator][one.year] = one.tonnes
    after = {who: one._replace(emissions=entered[who]) for who, one in known.items()}
    assert changes(table, after) == []


def test_a_day_of_a_name_is_a_day() -> None:
    told = read_name(f"UK_Emissions_01022024_SEPA_{'a' * 32}_2", UK, 2024)
    assert told == (date(2024, 2, 1), "SEPA", "A" * 32)
