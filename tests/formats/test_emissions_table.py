"""Files that are no table of emissions at all."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from openets.formats.emissions_table import read_table
from openets.kernel.refusal import Refused


def code(path: Path) -> str:
    with pytest.raises(Refused) as refused:
        read_table(path)
    return refused.value.refusals[0].code


def test_an_archive_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "UK_Emissions.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table.csv", "Operator ID,Year,Emissions\n")
    assert code(path) == "formats.not-a-table"


def test_a_workbook_without_a_value_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "UK_Emissions.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Emissions")
    assert code(path) == "formats.empty"
