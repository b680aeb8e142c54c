"""Listings as workbooks: numbers are numbers, text stays text, and no half-written file."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from openets.formats.listing import write_listing
from openets.formats.workbook import workbook_sheets
from openets.kernel.refusal import Refused


def test_numbers_are_numbers_and_nothing_is_a_formula(tmp_path: Path) -> None:
    file = tmp_path / "table.xlsx"
    rows = [("EX-000001", 12, None, "=1+1"), ("EX-000002", 0, "", True)]
    assert write_listing(("operator", "units", "blank", "text"), rows, file, "year 2030") == 2
    ((name, read),) = workbook_sheets(file)
    assert name == "year 2030"
    assert [list(row) for row in read] == [
        ["operator", "units", "blank", "text"],
        ["EX-000001", "12", "", "=1+1"],
        ["EX-000002", "0", "", "True"],
    ]
    with ZipFile(file) as packed:
        cells = packed.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>12</v>" in cells
    assert "<f>" not in cells
    assert [path.name for path in tmp_path.iterdir()] == ["table.xlsx"]


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"formats\.not-written"):
        write_listing(("a",), [], tmp_path / "nowhere" / "table.xlsx", "sheet")
