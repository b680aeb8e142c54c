"""What changed in the files over the years, and in the hands they went through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from openets.formats import sheets
from openets.formats.export import export
from openets.formats.recognise import read_file
from openets.formats.snapshot import findings
from openets.formats.sources import Limits, Part, text_blocks
from openets.formats.tables import Tables
from openets.kernel.refusal import Refused
from tests.formats import samples
from tests.formats.old_workbook import old_workbook

OPERATOR = ("REGISTRY_CODE", "IDENTIFIER_IN_REG", "INSTALLATION_NAME", "INSTALLATION_IDENTIFIER",
            "PERMIT_IDENTIFIER", "MAIN_ACTIVITY_TYPE_CODE")  # fmt: skip
LIME = ("XA", "Lime Ltd", "Lime Works", 1, "P-1", 30)
WINGS = ("XA", "Wings", 13030, 200, "P-2", 10)


def read(path: Path) -> Tables:
    reading = read_file(path).reading
    assert reading.problems == []
    return reading.tables


def emissions(
    folder: Path, cells: Sequence[str], *rows: Sequence[object], note: int = 3
) -> pl.DataFrame:
    """The operator years of an emissions workbook with a preamble of so many rows."""
    preamble = [("NOTE:", "something about the extract")] * note
    path = samples.workbook_file(folder, [*preamble, (*OPERATOR, *cells), *rows])
    return read(path)["operator_years"]


# -- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1234567", 1_234_567), ("1234567.0", 1_234_567), ("1,234,567", 1_234_567),
        ("1.234.567", 1_234_567), ("1\u00a0234\u00a0567", 1_234_567), ("1'234'567", 1_234_567),
        ("1,234", 1_234), ("1e+05", 100_000), ("1.5E3", 1_500), ("0", 0), ("0.00", 0),
    ],
)  # fmt: skip
def test_whole_numbers_however_they_are_written(tmp_path: Path, written: str, number: int) -> None:
    text = samples.MERGED.replace(",120,,120,120,120,120,A", f',"{written}",,120,120,120,120,A')
    years = read(samples.text_file(tmp_path, text))["operator_years"]
    assert years["verified"][0] == number


@pytest.mark.parametrize("written", ["941.700", "941.000", "802 120", "1,5", "1e-3", "1.23e1"])
def test_what_could_be_two_numbers_is_read_as_none(tmp_path: Path, written: str) -> None:
    text = samples.MERGED.replace(",120,,120,120,120,120,A", f',"{written}",,120,120,120,120,A')
    (problem,) = read_file(samples.text_file(tmp_path, text)).reading.problems
    assert (problem.row, problem.column) == (2, "verified_emissions")
    assert problem.code in ("formats.fraction", "formats.not-a-number")


def test_days_as_the_union_writes_them(tmp_path: Path) -> None:
    long = ("12/11/2012", "12-NOV-2012", "2012-11-12 00:00:00", "12-Nov-2012 10:11:12")
    short = ("12/11/12", "12-NOV-12", "12-Nov-12 00:00:00")
    for written in (*long, *short):
        text = samples.DAILY_ACCOUNTS.replace("2012-11-30", written)
        accounts = read(samples.text_file(tmp_path, text))["accounts"]
        assert str(accounts["closed_on"][1]) == "2012-11-12"
        assert accounts["is_open"].to_list() == [True, False]


@pytest.mark.parametrize(
    "written",
    ["9999-12-31 00:00:00", "31-DEC-9999", "31/12/9999", "31-DEC-99", "OPEN", "Open", "open"],
)
def test_the_end_of_an_account_that_is_open(tmp_path: Path, written: str) -> None:
    text = samples.DAILY_ACCOUNTS.replace("9999-12-31", written)
    accounts = read(samples.text_file(tmp_path, text))["accounts"]
    assert accounts["is_open"].to_list() == [True, False]
    assert accounts["closed_on"][0] is None


@pytest.mark.parametrize("written", ["", "-1", "n/a"])
def test_an_end_that_is_blank_says_neither_open_nor_closed(tmp_path: Path, written: str) -> None:
    text = samples.DAILY_ACCOUNTS.replace("9999-12-31", written)
    accounts = read(samples.text_file(tmp_path, text))["accounts"]
    assert accounts.select("is_open", "closed_on").row(0) == (None, None)


@pytest.mark.parametrize("written", ["30/11", "soon", "2012-31-11", "11/30/2012"])
def test_an_end_that_is_no_day_is_named(tmp_path: Path, written: str) -> None:
    text = samples.DAILY_ACCOUNTS.replace("2012-11-30", written)
    (problem,) = read_file(samples.text_file(tmp_path, text)).reading.problems
    assert (problem.code, problem.row) == ("formats.not-a-date", 3)


def test_times_as_the_log_and_spreadsheets_write_them(tmp_path: Path) -> None:
    printed = ("2014-04-01 10:00", "2014-04-01T10:00:00Z", "01-APR-2014 10:00:00",
               "01/04/2014 10:00", "01-Apr-14 10:00:00.0", "2014-04-01 10:00:00.0")  # fmt: skip
    head, row = samples.DAILY_TRANSACTIONS.splitlines()
    rows = [row.replace("2014-04-01 10:00:00", written) for written in printed]
    days = [row.replace("2014-04-01 10:00:00", day) for day in ("01-OCT-2014", "2014-10-01")]
    blocks = read(samples.text_file(tmp_path, "\n".join([head, *rows, *days])))
    moments = [str(moment) for moment in blocks["transaction_blocks"]["printed_at"]]
    assert moments == ["2014-04-01 10:00:00"] * len(rows) + ["2014-10-01 00:00:00"] * len(days)


@pytest.mark.parametrize(
    ("written", "starred"), [("1.0", True), ("0.0", False), ("TRUE", True), ("0", False)]
)
def test_yes_and_no_as_statistics_programs_write_them(
    tmp_path: Path, written: str, starred: bool
) -> None:
    text = samples.COMPLIANCE.replace("90,90,False,90", f"90,90,{written},90")
    assert read(samples.text_file(tmp_path, text))["operator_years"]["code_starred"][0] is starred


# -- older releases ------------------------------------------------------------------------------


@pytest.mark.parametrize("spelled", [str, str.upper])
@pytest.mark.parametrize(
    ("layout", "table"),
    [
        ("compliance", "operator_years"),
        ("surrender", "surrenders"),
        ("transaction", "transaction_blocks"),
        ("account_holder", "holders"),
    ],
)
def test_older_releases_name_the_trading_system_otherwise(
    tmp_path: Path, layout: str, table: str, spelled: Callable[[str], str]
) -> None:
    today = samples.TEXTS[f"euets-info/{layout}"][0]
    older = today.replace("System_id", "System").replace(",euets,", f",{spelled('euets')},")
    assert older != today
    frame = read(samples.text_file(tmp_path, older))[table]
    assert frame.equals(read(samples.text_file(tmp_path, today))[table])
    assert set(frame["system"]) == {"euets"}


def test_rows_of_the_swiss_system_stand_beside_the_unions_in_older_releases(tmp_path: Path) -> None:
    head, row = samples.COMPLIANCE.replace("System_id", "System").splitlines()[:2]
    text = "\n".join([head, row, row.replace("euets", "chets")])
    tables = read(samples.text_file(tmp_path, text))
    assert tables["operator_years"]["system"].to_list() == ["euets", "chets"]
    assert findings(tables) == []


# -- encodings and packing -----------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_unicode_in_its_forms(tmp_path: Path, encoding: str) -> None:
    text = samples.DAILY_ACCOUNTS.replace("Lime account", "Kalk Žďár")
    accounts = read(samples.text_file(tmp_path, text.encode(encoding)))["accounts"]
    assert accounts["name"][0] == "Kalk Žďár"


def test_xml_in_utf_16(tmp_path: Path) -> None:
    text = samples.OPERATORS_XML.replace('encoding="UTF-8"', 'encoding="UTF-16"')
    tables = read(samples.text_file(tmp_path, text.encode("utf-16"), "file"))
    assert tables["operators"]["holder"].to_list() == ["Lime Ltd"]


@pytest.mark.parametrize("layout", sorted(samples.TEXTS.keys() - {"daily/accounts-shown"}))
def test_a_long_file_is_read_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    head, _, rows = samples.TEXTS[layout][0].partition("\n")
    text = head + "\n" + (rows + "a,row,too,short\n") * 30
    path = samples.text_file(tmp_path, text.encode() + b"\xe9\n")
    whole = read_file(path).reading
    assert [problem.code for problem in whole.problems].count("formats.broken-row") >= 1
    monkeypatch.setattr(sheets, "text_blocks", partial(text_blocks, limits=Limits(block_bytes=40)))
    monkeypatch.setattr("openets.formats.sources.CHUNK", 2**10)
    blocks = read_file(path).reading
    assert {one.where for one in blocks.problems} == {one.where for one in whole.problems}
    for name, frame in whole.tables.items():
        assert blocks.tables[name].sort(frame.columns).equals(frame.sort(frame.columns)), name


def test_blocks_end_with_rows_and_a_quotation_mark_without_end_is_not_waited_for(
    tmp_path: Path,
) -> None:
    text = 'a,b\n1,"one\ntwo"\n' * 20
    path = samples.text_file(tmp_path, text)
    blocks = [block.text for block in text_blocks(Part(path), Limits(block_bytes=30))]
    assert b"".join(blocks).decode() == text
    assert all(block.count(b'"') % 2 == 0 for block in blocks)
    path = samples.text_file(tmp_path, 'a,b\n1,"one\n' + "2,two\n" * 400_000)
    sizes = [len(block.text) for block in text_blocks(Part(path), Limits(block_bytes=2**16))]
    assert max(sizes) < 2 * 2**20


# -- the Commission's workbooks ------------------------------------------------------------------


def test_a_workbook_of_before_2007(tmp_path: Path) -> None:
    new = read(samples.workbook_file(tmp_path, samples.EMISSIONS_ROWS))
    path = samples.text_file(tmp_path, old_workbook(samples.EMISSIONS_ROWS), "verified.xls")
    old = read(path)
    assert old.keys() == new.keys()
    for name, frame in new.items():
        assert old[name].equals(frame)


def test_the_allocation_was_once_spelled_otherwise(tmp_path: Path) -> None:
    cells = ("ALLOCATED_2009", "VERIFIED_EMISSIONS_2009", "ALLOCATION2008",
             "VERIFIED_EMISSIONS_2008")  # fmt: skip
    years = emissions(tmp_path, cells, (*LIME, 9, 8, 7, 6), note=20)
    columns = ("year", "allocation_total", "verified")
    assert years.select(columns).rows() == [(2008, 7, 6), (2009, 9, 8)]


def test_a_year_in_two_spellings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"formats\.repeated-cell"):
        emissions(tmp_path, ("ALLOCATED_2009", "ALLOCATION_2009"), (*LIME, 9, 9))


def test_not_available_is_blank_and_the_swiss_system_has_rows_of_its_own(tmp_path: Path) -> None:
    cells = ("ALLOCATION_2021", "ALLOCATION_RESERVE_2021", "ALLOCATION_TRANSITIONAL_2021",
             "CH_ALLOCATION_2021", "VERIFIED_EMISSIONS_2021", "CH_VERIFIED_EMISSIONS_2021",
             "ACCOUNT_TYPE", "ACCOUNT_CLOSURE")  # fmt: skip
    path = samples.workbook_file(
        tmp_path,
        [
            (*OPERATOR, *cells),
            (*LIME, 100, "n/a", "Excluded", -1, "n/a", "n/a", "OPERATOR HOLDING ACCOUNT", "OPEN"),
            (*WINGS, 10, 0, -1, 3, 50, 8, "AIRCRAFT OPERATOR ACCOUNT", "29-Aug-2014"),
        ],
    )
    tables = read(path)
    columns = ("operator_id", "system", "allocation_total", "verified", "verified_state")
    assert tables["operator_years"].select(columns).rows() == [
        ("1", "euets", 100, None, "blank"),
        ("200", "euets", 10, 50, "given"),
        ("200", "chets", 3, 8, "given"),
    ]
    export(tables, "commission/verified_emissions", tmp_path / "again.xlsx")
    again = read(tmp_path / "again.xlsx")
    for name, frame in tables.items():
        assert again[name].equals(frame), name


def test_columns_of_a_year_that_nobody_knows_are_named(tmp_path: Path) -> None:
    cells = ("ALLOCATION_2024", "ALLOCATION_FEETS_2024", "CH_ALLOCATION_RESERVE_2024",
             "VERIFIED_EMISSIONS_2024", "NOTE")  # fmt: skip
    path = samples.workbook_file(tmp_path, [(*OPERATOR, *cells), (*WINGS, 10, 3, 1, 50, "x")])
    reading = read_file(path).reading
    assert reading.remarks == [
        "file.xlsx, sheet data: not read are the columns ALLOCATION_FEETS_2024, "
        "CH_ALLOCATION_RESERVE_2024."
    ]
    assert reading.tables["operator_years"]["allocation_total"].to_list() == [10]
    text = "\n".join(",".join(map(str, row)) for row in [(*OPERATOR, *cells), (*WINGS, 1, 2, 3, 4)])
    (remark,) = read_file(samples.text_file(tmp_path, text)).reading.remarks
    assert remark.startswith("file.csv: not read are")


def test_blanks_and_line_breaks_in_a_header_are_no_other_header(tmp_path: Path) -> None:
    cells = ("ALLOCATION_2009 ", "VERIFIED_EMISSIONS_2009\n")
    assert emissions(tmp_path, cells, (*LIME, 9, 8))["verified"].to_list() == [8]


def test_every_sheet_with_a_known_header_is_read(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "file.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, row in (("data", LIME), ("Switzerland", ("CH", *WINGS[1:]))):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, (*OPERATOR, "VERIFIED_EMISSIONS_2021"))
            sheet.write_row(1, 0, (*row, 5))
        book.add_worksheet("activity codes").write_row(0, 0, ("value", "code"))
    years = read(path)["operator_years"]
    assert years["operator_key"].to_list() == ["XA_1", "CH_200"]


def test_a_bad_cell_of_a_workbook_is_named_with_its_sheet(tmp_path: Path) -> None:
    path = samples.workbook_file(
        tmp_path, [(), (*OPERATOR, "VERIFIED_EMISSIONS_2021"), LIME, (*LIME, "many")]
    )
    (problem,) = read_file(path).reading.problems
    assert problem.where == "file.xlsx, sheet data, row 4, column VERIFIED_EMISSIONS_2021"


def test_footnotes_below_a_table_are_remarked_on(tmp_path: Path) -> None:
    notes = [(), ("* Excluded = out of scope",), ("", "Source: the log")]
    rows = [*samples.EMISSIONS_ROWS, *notes]
    reading = read_file(samples.workbook_file(tmp_path, rows)).reading
    assert reading.problems == []
    assert reading.tables["operators"].height == 3
    assert reading.remarks == [
        "file.xlsx, sheet data: below the table stands, and is not read: "
        "* Excluded = out of scope; Source: the log."
    ]


@pytest.mark.parametrize("row", [("XA",), ("", "Lime Ltd", "", 7)])
def test_what_could_be_a_row_of_the_table_is_no_footnote(
    tmp_path: Path, row: Sequence[object]
) -> None:
    reading = read_file(samples.workbook_file(tmp_path, [*samples.EMISSIONS_ROWS, row])).reading
    assert {problem.row for problem in reading.problems} == {8}
    within = [*samples.EMISSIONS_ROWS[:5], ("A note within",), *samples.EMISSIONS_ROWS[5:]]
    reading = read_file(samples.workbook_file(tmp_path, within)).reading
    assert {problem.row for problem in reading.problems} == {6}


def test_the_words_of_the_compliance_workbook(tmp_path: Path) -> None:
    rows = [list(row) for row in samples.COMPLIANCE_ROWS]
    rows[2][9:13] = ["NOT APPLICABLE", 90, "NOT SET", "NOT SET"]
    tables = read(samples.workbook_file(tmp_path, rows))
    assert tables["operator_totals"]["ch_verified_state"].to_list() == ["not-applicable", "blank"]
    assert tables["operators"]["first_year"].to_list() == [None, 2005]


@pytest.mark.parametrize("blank", [-1, "n/a", "N/A", ""])
def test_what_is_blank_in_the_compliance_workbook(tmp_path: Path, blank: object) -> None:
    rows = [list(row) for row in samples.COMPLIANCE_ROWS]
    rows[2][8:14] = [blank] * 6
    tables = read(samples.workbook_file(tmp_path, rows))
    totals, operators = tables["operator_totals"], tables["operators"]
    for name in ("verified", "ch_verified", "surrendered"):
        assert totals.select(name, f"{name}_state").row(0) == (None, "blank")
    columns = ("first_year", "last_year", "is_open", "closed_on")
    assert operators.select(columns).row(0) == (None,) * 4
    assert totals["surrendered"][1] == 0


def test_sellers_of_fuel_are_no_installations(tmp_path: Path) -> None:
    text = samples.DAILY_OPERATORS + "XA,Exland,7,Fuel Ltd,70,P-7,Newtown,2025,\n"
    kinds = read(samples.text_file(tmp_path, text))["operators"]["kind"].to_list()
    assert kinds == ["stationary", "maritime", "ets2"]


# -- the Union Registry's transactions -----------------------------------------------------------


def test_names_in_the_transactions_become_codes_and_blocks_are_numbered(tmp_path: Path) -> None:
    head, row = samples.DAILY_TRANSACTIONS.splitlines()
    row = row.replace("Exland  ", "Austria ").replace("Exland ", "European Commission")
    lines = [
        head.replace(",ORIG", ",SUPP_UNIT_TYPE_DESCRIPTION,ORIG"),
        row.replace("General allowances,", "EU General Allowances (EUA),No supplementary type,"),
        row.replace(
            "General allowances,",
            "AAU - Assigned Amount Unit,Allowance issued for the 2008-2012 period and subsequent "
            "5-year periods and is converted from an AAU,",
        ),
        row.replace("General allowances,", "AAU - Assigned Amount Unit,,").replace("XA10", "XA11"),
    ]
    tables = read(samples.text_file(tmp_path, "\n".join(lines)))
    columns = ("block_id", "unit", "transferring_registry", "acquiring_registry")
    assert tables["transaction_blocks"].select(columns).rows() == [
        ("XA10/1", "EUA_2013", "AT", "EU"),
        ("XA10/2", "EUA_2008", "AT", "EU"),
        ("XA11/1", "AAU", "AT", "EU"),
    ]
    export(tables, "daily/transactions", tmp_path / "again.csv")
    assert "EU General Allowances (EUA)" in (tmp_path / "again.csv").read_text()
    again = read(tmp_path / "again.csv")["transaction_blocks"]
    assert again.equals(tables["transaction_blocks"])


REGISTRIES = {
    "Switzerland": "CH", "Cyprus CP0": "CY0", "Malta CP0": "MT0", "CDM": "CDM", "ITL": "ITL",
    "ESD": "ED", "Effort Sharing Management": "ESD", "Ukraine": "UA", "Namibia": "NA",
    "Korea, Republic Of": "KR", "Norway": "NO", "European Union": "EU", "Exland": "Exland",
}  # fmt: skip


def test_every_registry_with_a_published_code_gets_it(tmp_path: Path) -> None:
    head, row = samples.DAILY_TRANSACTIONS.splitlines()
    rows = [row.replace("Exland", f'"{name}"').replace('" ', '"') for name in REGISTRIES]
    blocks = read(samples.text_file(tmp_path, "\n".join([head, *rows])))
    for column in ("originating_registry", "transferring_registry", "acquiring_registry"):
        assert blocks["transaction_blocks"][column].to_list() == list(REGISTRIES.values())
    export(blocks, "daily/transactions", tmp_path / "again.csv")
    again = read(tmp_path / "again.csv")["transaction_blocks"]
    assert again.equals(blocks["transaction_blocks"])


def test_registries_in_xml_are_codes_or_names(tmp_path: Path) -> None:
    for written, code in (("Switzerland", "CH"), ("CH", "CH"), ("ESD", "ESD"), ("ED", "ED")):
        text = samples.TRANSACTIONS_XML.replace(">XA<", f">{written}<").replace(">XB<", ">Ukraine<")
        blocks = read(samples.text_file(tmp_path, text))["transaction_blocks"]
        assert blocks["originating_registry"].to_list() == [code, "XC"]
        assert set(blocks["acquiring_registry"]) == {"UA"}
