"""Which layout a file is: the header under what stands above it, packed files, and what is none."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from openets.formats import sheets
from openets.formats.recognise import WORKBOOKS, read_file
from openets.formats.sources import Part, Text, text_blocks
from openets.kernel.refusal import Refused
from tests.formats import samples
from tests.formats.old_workbook import old_workbook


def unknown(path: Path) -> str:
    """The sentence a file of no known layout is refused with."""
    with pytest.raises(Refused) as refused:
        read_file(path)
    (refusal,) = refused.value.refusals
    assert refusal.code == "formats.unknown"
    return refusal.sentence


# -- what stands above the header ------------------------------------------------------------------

PREAMBLES = {
    "a blank row": "\n",
    "a row of separators": ";;;\n",
    "how spreadsheets are told the separator": "sep=;\n",
    "notes": 'Date of Extraction;1 April 2020\n\n"INFO";"-1 = blank; 0 = zero"\n',
}


@pytest.mark.parametrize("above", PREAMBLES.values(), ids=PREAMBLES)
@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_header_is_found_below_what_stands_above_it(
    tmp_path: Path, above: str, sign: str, line_end: str
) -> None:
    plain = read_file(samples.text_file(tmp_path, samples.MERGED)).reading
    text = above + samples.MERGED.replace(",", sign)
    reading = read_file(samples.text_file(tmp_path, text.replace("\n", line_end))).reading
    assert (reading.layout, reading.problems) == ("merged", [])
    assert reading.tables["operator_years"].equals(plain.tables["operator_years"])


def test_rows_are_numbered_from_the_first_of_the_file(tmp_path: Path) -> None:
    rows = samples.MERGED.splitlines()
    rows[3] = rows[3].replace("200,10", "200,ten")
    text = "\n".join(["Note", "", *rows, "XA,too,short"])
    problems = read_file(samples.text_file(tmp_path, text)).reading.problems
    assert [(one.code, one.row) for one in problems] == [
        ("formats.broken-row", 8),
        ("formats.not-a-number", 6),
    ]


def line_by_line(part: Part) -> Iterator[Text]:
    for block in text_blocks(part):
        yield from (Text(block.name, line) for line in block.text.splitlines(keepends=True))


def test_a_long_preamble_may_be_longer_than_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Note\n" * 50 + samples.MERGED + "XA,too,short\n"
    path = samples.text_file(tmp_path, text)
    whole = read_file(path).reading
    monkeypatch.setattr(sheets, "text_blocks", line_by_line)
    blocks = read_file(path).reading
    assert [one.where for one in blocks.problems] == ["file.csv, row 56"]
    assert blocks.tables["operator_years"].equals(whole.tables["operator_years"])


def test_a_header_far_below_is_not_looked_for(tmp_path: Path) -> None:
    text = "Note\n" * 60 + samples.MERGED
    assert "its first row reads: Note" in unknown(samples.text_file(tmp_path, text))


# -- packed files ----------------------------------------------------------------------------------


def test_a_zip_may_hold_gzip_and_workbooks_and_what_it_also_holds_is_named(tmp_path: Path) -> None:
    within = samples.zip_file(tmp_path, {"a.csv": samples.MERGED}).read_bytes()
    members: dict[str, bytes | str] = {
        "accounts_daily.csv.gz": gzip.compress(samples.DAILY_ACCOUNTS.encode()),
        "operators.csv": samples.DAILY_OPERATORS,
        "__MACOSX/._operators.csv": b"\0\5\26\7\0Mac OS X",
        "guide.pdf": b"%PDF-1.4 \0",
        "guide.doc": old_workbook([]),
        "guide.docx": samples.zip_file(tmp_path, {"word/document.xml": "<a/>"}).read_bytes(),
        "within.zip": within,
        "account.csv": samples.ACCOUNT.replace("accountHolder_id", "holder"),
        "data/EEA.xlsx": samples.workbook_file(
            tmp_path, [line.split(",") for line in samples.EEA.splitlines()]
        ).read_bytes(),
        "verified.xls": old_workbook(samples.EMISSIONS_ROWS),
    }
    reading = read_file(samples.zip_file(tmp_path, members)).reading
    assert set(reading.tables) == {"accounts", "operators", "area_figures", "operator_years"}
    assert reading.remarks == [
        "within.zip was passed over: it has to be taken out and read by itself.",
        "account.csv was passed over: it comes near to EUETS.INFO, accounts, which also has "
        "accountHolder_id.",
        "Of no known layout and passed over: __MACOSX/._operators.csv, guide.pdf, guide.doc, "
        "guide.docx.",
    ]


@pytest.mark.parametrize("how", ["zip", "gzip"])
def test_a_packed_workbook_is_read_as_one_that_is_not(tmp_path: Path, how: str) -> None:
    rows = [list(row) for row in samples.EMISSIONS_ROWS]
    rows[4][9] = "many"
    book = samples.workbook_file(tmp_path, rows, "verified.xlsx")
    plain = read_file(book).reading
    if how == "zip":
        path = samples.zip_file(tmp_path, {"a/verified.xlsx": book.read_bytes(), "b.txt": "b"})
        place = "file.zip/a/verified.xlsx, sheet data"
    else:
        path = samples.text_file(tmp_path, gzip.compress(book.read_bytes()), "verified.xlsx.gz")
        place = "verified.xlsx.gz, sheet data"
    found = read_file(path)
    assert found.sentence.startswith(place)
    (problem,) = found.reading.problems
    assert problem.where == f"{place}, row 5, column VERIFIED_EMISSIONS_2019"
    for name, frame in plain.tables.items():
        assert found.reading.tables[name].equals(frame)


def test_a_packed_workbook_of_no_known_layout_is_told_of(tmp_path: Path) -> None:
    book = samples.workbook_file(tmp_path, [("fruit",)]).read_bytes()
    sentence = unknown(samples.zip_file(tmp_path, {"fruit.xlsx": book}))
    assert "fruit.xlsx is of no known layout: none of its sheets (cover, data)" in sentence


def test_a_packed_workbook_is_held_to_the_limits_of_workbooks(tmp_path: Path) -> None:
    made = io.BytesIO(samples.workbook_file(tmp_path, samples.EMISSIONS_ROWS).read_bytes())
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image.bin", b"0" * 2**25)
    with pytest.raises(Refused, match=r"formats\.bomb"):
        read_file(samples.zip_file(tmp_path, {"a.xlsx": made.getvalue()}))
    with pytest.raises(Refused, match=r"formats\.bomb"):
        read_file(samples.zip_file(tmp_path, {"a.xlsx": b"PK\3\4" + b"0" * 2**25}))
    many = {f"{number}.xlsx": b"PK\3\4" for number in range(WORKBOOKS + 1)}
    with pytest.raises(Refused, match=r"formats\.too-many-members"):
        read_file(samples.zip_file(tmp_path, dict(many)))
    zips = {f"{name}.zip": content for name, content in many.items()}
    mixed = samples.zip_file(tmp_path, {**zips, "a.csv": samples.MERGED})
    assert len(read_file(mixed).reading.remarks) == len(zips)


def test_a_member_may_have_any_name(tmp_path: Path) -> None:
    book = samples.workbook_file(tmp_path, samples.EMISSIONS_ROWS).read_bytes()
    names = ("x" * 300 + ".xlsx", "ж" * 200, "a\nb.xlsx", "C", ".xlsx")
    for name in names:
        tables = read_file(samples.zip_file(tmp_path, {name: book})).reading.tables
        assert tables["operators"].height == 3


# -- what is none ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "No table can be read: the file is empty."),
        (b"\n \n", "No table can be read: the file is empty."),
        (
            b"%PDF-1.7\n\0\xe2",
            "No table can be read: the file is a PDF document, not the table it shows.",
        ),
        (
            b"\xef\xbb\xbf\n<!DOCTYPE html><html>",
            "No table can be read: the file is a web page, not the file that it leads to.",
        ),
        (
            b'<?xml version="1.0"?>\n<HTML lang="en"></HTML>',
            "No table can be read: the file is a web page, not the file that it leads to.",
        ),
        (
            b"fruit,colour\n",
            "No table can be read: the file is of no known layout: its first row reads: "
            "fruit, colour.",
        ),
        (
            b"<fruit/>",
            "No table can be read: the file is of no known layout: its outermost element is "
            "'fruit'.",
        ),
    ],
)
@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_the_first_sentence_says_what_a_file_is(
    tmp_path: Path, content: bytes, sentence: str, packed: type[bytes]
) -> None:
    assert unknown(samples.text_file(tmp_path, packed(content), "file")) == sentence


def test_a_zip_without_a_table_says_what_its_members_are(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {"a.pdf": b"%PDF-1.4", "b.csv": "fruit,colour\n"}
    assert unknown(samples.zip_file(tmp_path, members)) == (
        "No table can be read: the file is a zip of no known layout: "
        "a.pdf is a PDF document, not the table it shows; "
        "b.csv is of no known layout: its first row reads: fruit, colour."
    )
    assert unknown(samples.zip_file(tmp_path, {})).endswith("it is empty.")


@pytest.mark.parametrize("above", ["", "Note\n\n"])
def test_a_file_that_comes_near_a_layout_is_told_what_it_lacks(tmp_path: Path, above: str) -> None:
    text = above + samples.TRANSACTION.replace("transferringAccount_id", "transferringAccount")
    path = samples.text_file(tmp_path, text)
    assert "blocks, which also has transferringAccount_id" in unknown(path)


def test_a_sheet_that_comes_near_a_layout_is_told_what_it_lacks(tmp_path: Path) -> None:
    rows = [list(row) for row in samples.EMISSIONS_ROWS]
    rows[3][1] = "IDENTIFIER"
    sentence = unknown(samples.workbook_file(tmp_path, rows))
    assert "emissions by year, which also has IDENTIFIER_IN_REG" in sentence
