"""Uploaded tables: what a file must be, everything wrong at once, and nothing changed by it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openets.kernel.refusal import Refusal, Refused
from openets.people.opening import Opened
from openets.rulebook.answers import code_of
from openets.rulebook.load import load_rulebook
from openets.schemes.allocation import checks
from openets.schemes.allocation.checks import Upload, read_upload
from openets.schemes.allocation.reads import stored
from tests.schemes.allocation.allocation_office import (
    INSTALLATIONS,
    NEW_ENTRANTS,
    allocation_office,
    code,
    enter,
)

UK_LAYOUT = load_rulebook("uk").ask("uploads.allocation-table", for_=2026).value


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with allocation_office(tmp_path_factory.mktemp("uploads") / "store") as opened:
        enter(opened, {(1, 2030): 100})
        yield opened


def csv_file(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def workbook(path: Path, rows: list[list[Any]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell)
    return path


def read(office: Opened, path: Path, table: str = "") -> Upload:
    return read_upload(office.office, path, table, "EX")


def told(upload: Upload) -> list[tuple[str, str]]:
    return [(one.code, one.where.partition(", ")[2]) for one in upload.problems]


def test_a_csv_and_a_workbook_say_the_same(office: Opened, tmp_path: Path) -> None:
    text = read(
        office,
        csv_file(tmp_path, "Operator_ID,name,2030,2031", f"{code(1)},A,7,", f"{code(2)},B,0,9"),
    )
    rows = [["operator_id", "name", 2030, 2031], [code(1), "A", 7, ""], [code(2), "B", 0, 9]]
    book = read(office, workbook(tmp_path / "table.xlsx", rows))
    assert text.problems == book.problems == []
    assert text.table == INSTALLATIONS
    assert (
        text.amounts
        == book.amounts
        == {
            (code(1), 2030): 7,
            (code(2), 2030): 0,
            (code(2), 2031): 9,
        }
    )


def test_everything_wrong_is_told_at_once_with_row_and_cell(office: Opened, tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "operator_id,2030,2029,tonnes",
        f'{code(2)},"1,000",5,',
        f"{code(2)},-5,,",
        "EX-000099,10.5,,",
        ",=1+1,,",
        f"{code(3)},12 t,,",
        "ZZ-1,1e5,,",
    )
    assert told(read(office, path)) == [
        ("allocation.column-strange", "row 1, column tonnes"),
        ("allocation.year-outside-period", "row 1, column 2029"),
        ("allocation.amount", "row 2, column 2030"),
        ("allocation.operator-twice", "row 3, column operator_id"),
        ("allocation.amount", "row 3, column 2030"),
        ("allocation.operator-unknown", "row 4, column operator_id"),
        ("allocation.amount", "row 4, column 2030"),
        ("allocation.operator-empty", "row 5, column operator_id"),
        ("allocation.amount", "row 5, column 2030"),
        ("allocation.amount", "row 6, column 2030"),
        ("allocation.operator-unknown", "row 7, column operator_id"),
        ("allocation.amount", "row 7, column 2030"),
        ("allocation.operator-left-out", ""),
    ]


def test_a_header_without_what_it_needs_and_an_empty_table(office: Opened, tmp_path: Path) -> None:
    missing = told(read(office, csv_file(tmp_path, "installation,amount", "1,2")))
    assert missing[:2] == [
        ("allocation.column-missing", "row 1, column operator_id"),
        ("allocation.column-missing", "row 1, column of a year"),
    ]
    empty = told(read(office, csv_file(tmp_path, "operator_id,2030")))
    assert empty[0] == ("allocation.table-empty", "")


def test_a_formula_is_refused_by_its_cell(office: Opened, tmp_path: Path) -> None:
    path = tmp_path / "formula.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["operator_id", "2030"])
        sheet.write(1, 0, code(1))
        sheet.write_formula(1, 1, "=50*2", None, 100)
    assert told(read(office, path)) == [("formats.formula", "row 2, column B")]


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"PK\x03\x04rubbish", b"%PDF-1.4"])
def test_what_is_no_table_is_refused_whole(office: Opened, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.xlsx"
    path.write_bytes(content)
    with pytest.raises(Refused):
        read(office, path)


CELLS = st.one_of(
    st.text(alphabet="0123456789.,-+eE '=%\u0661\u00a0t", max_size=8),
    st.sampled_from(["1,000", "1.000,5", "-1", "+1", "0x10", "1e3", "NaN", "=A1", "\uff11"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cell=CELLS)
def test_only_whole_numbers_pass_and_nothing_is_stored(
    office: Opened, tmp_path: Path, cell: str
) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    before = stored(office.office).amounts(INSTALLATIONS, "EX")
    upload = read(office, csv_file(tmp_path, "operator_id,2030", f"{code(1)},{quoted}"))
    text = cell.strip()
    if text.isascii() and text.isdigit():
        assert upload.amounts == {(code(1), 2030): int(text)}
    elif text:
        assert [one.code for one in upload.problems] == ["allocation.amount"]
        assert not upload.amounts
    assert stored(office.office).amounts(INSTALLATIONS, "EX") == before


# -- the layout of a jurisdiction -----------------------------------------------------------------


@pytest.fixture
def uk_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's office with the layout of the United Kingdom."""
    law = checks.Office.by_law

    def by_law(self: checks.Office, path: str, otherwise: Any) -> Any:
        return UK_LAYOUT if path == checks.UPLOADS else law(self, path, otherwise)

    monkeypatch.setattr(checks.Office, "by_law", by_law)


def named(folder: Path, rows: list[list[Any]], table: str = "NAT", span: str = "2030_2031") -> Path:
    path = workbook(folder / "upload.xlsx", rows)
    checksum = hashlib.md5(path.read_bytes()).hexdigest()
    return path.rename(folder / f"UK_{table}_{span}_{checksum}.xlsx")


HEADER = ["Installation ID", "Operator", "Installation name", 2030, 2031]


@pytest.mark.usefixtures("uk_layout")
def test_the_table_is_named_by_the_file(office: Opened, tmp_path: Path) -> None:
    rows = [HEADER, [1, "A", "works", 70, 71], [2, "B", "", 5, ""]]
    upload = read(office, named(tmp_path, rows))
    assert (upload.table, upload.problems) == (INSTALLATIONS, [])
    assert upload.amounts[code(1), 2031] == 71
    upload = read(office, named(tmp_path, [HEADER, [3, "", "", 5, 6]], "NER"))
    assert (upload.table, upload.problems) == (NEW_ENTRANTS, [])


@pytest.mark.usefixtures("uk_layout")
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([HEADER, [1, "", "", -10, 0]], ["4004"]),
        ([HEADER, [1, "", "", 1, 0], ["", "A", "", 10, 0]], ["4005"]),
        ([HEADER, [1, "", "", 1, 0], [99, "", "", 10, 0]], ["4006"]),
        ([HEADER, [1, "", "", 1, 0], [1, "", "", 10, 0]], ["4007"]),
        ([HEADER, [2, "", "", 1, 0]], ["4008"]),
        ([[*HEADER, 2032], [1, "", "", 1, 0, 0]], ["4009"]),
        ([[*HEADER[:3], 2029, 2030], [1, "", "", 1, 0]], ["4010"]),
        ([HEADER[:3], [1, "", ""]], ["4003"]),
        ([HEADER], ["4015", "4008"]),
    ],
)
def test_the_codes_of_the_jurisdiction(
    office: Opened, tmp_path: Path, rows: list[list[Any]], expected: list[str]
) -> None:
    upload = read(office, named(tmp_path, rows))
    assert [answer(one) for one in upload.problems] == expected


@pytest.mark.usefixtures("uk_layout")
def test_a_name_that_is_not_the_file_s(office: Opened, tmp_path: Path) -> None:
    rows = [HEADER, [1, "", "", 1, 0]]
    path = named(tmp_path, rows)
    changed = workbook(tmp_path / "other.xlsx", [HEADER, [1, "", "", 2, 0]]).rename(path)
    assert told(read(office, changed))[0] == ("allocation.file-checksum", "")
    plain = workbook(tmp_path / "table.xlsx", rows)
    assert told(read(office, plain))[0] == ("allocation.file-name", "")
    path = named(tmp_path, rows)
    assert told(read(office, path, NEW_ENTRANTS))[0] == ("allocation.file-of-another-table", "")


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ("allocation.table-pending", "4013"),
        ("allocation.run-pending", "4014"),
        ("allocation.year-not-operating", "4010"),
        ("allocation.year-not-of-file", "4009"),
        ("allocation.return-above-excess", "3017"),
        ("allocation.return-pending", "3018"),
        ("allocation.not-enough", "8003"),
        ("allocation.nothing-to-issue", "8004"),
    ],
)
def test_codes_of_what_is_asked_elsewhere(refusal: str, code: str) -> None:
    assert answer(Refusal(refusal, "", "")) == code


def answer(refusal: Refusal) -> str:
    return code_of(load_rulebook("uk"), refusal, date(2026, 3, 1))
