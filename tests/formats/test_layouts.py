"""Every layout: recognised by its cells, read with what is missing kept apart, written back."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from openets.formats.export import export
from openets.formats.recognise import BY_NAME, read_file
from openets.formats.tables import SCHEMAS, Tables
from openets.kernel.refusal import Refused
from tests.formats import samples


def read(path: Path, *, problems: int = 0) -> Tables:
    reading = read_file(path).reading
    assert len(reading.problems) == problems, reading.problems
    return reading.tables


def codes(path: Path) -> set[str]:
    with pytest.raises(Refused) as refused:
        read_file(path)
    return {refusal.code for refusal in refused.value.refusals}


@pytest.mark.parametrize("layout", samples.TEXTS)
@pytest.mark.parametrize("packing", ["plain", "gzip", "zip", "bom-and-crlf"])
def test_a_text_is_recognised_however_it_is_packed(
    tmp_path: Path, layout: str, packing: str
) -> None:
    text, rows = samples.TEXTS[layout]
    if packing == "gzip":
        path = samples.text_file(tmp_path, gzip.compress(text.encode()), "file.csv.gz")
    elif packing == "zip":
        path = samples.zip_file(tmp_path, {"a/file.csv": text, "read me.txt": "hello"})
    elif packing == "bom-and-crlf":
        path = samples.text_file(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    else:
        path = samples.text_file(tmp_path, text)
    found = read_file(path)
    assert found.reading.layout == layout
    assert BY_NAME[layout].title in found.sentence
    assert found.reading.problems == []
    assert found.reading.tables[BY_NAME[layout].table].height == rows
    for name, frame in found.reading.tables.items():
        assert dict(frame.schema) == SCHEMAS[name]


@pytest.mark.parametrize("layout", samples.WORKBOOKS)
def test_a_workbook_is_recognised_by_the_header_of_one_of_its_sheets(
    tmp_path: Path, layout: str
) -> None:
    rows, height = samples.WORKBOOKS[layout]
    found = read_file(samples.workbook_file(tmp_path, rows))
    assert found.reading.layout == layout
    assert found.reading.tables[BY_NAME[layout].table].height == height
    assert found.reading.problems == []


@pytest.mark.parametrize("layout", samples.XMLS)
def test_xml_is_recognised_by_its_outermost_element(tmp_path: Path, layout: str) -> None:
    found = read_file(samples.text_file(tmp_path, samples.XMLS[layout], "file.xml"))
    assert found.reading.layout == layout
    assert found.reading.problems == []


def sample_of(folder: Path, layout: str) -> Path:
    if layout in samples.WORKBOOKS:
        return samples.workbook_file(folder, samples.WORKBOOKS[layout][0])
    text = samples.XMLS[layout] if layout in samples.XMLS else samples.TEXTS[layout][0]
    return samples.text_file(folder, text)


def ways_of_writing() -> list[tuple[str, str]]:
    tables = [(name, end) for name in BY_NAME for end in (".csv", ".csv.gz", ".xlsx")]
    return [*tables, *((name, end) for name in samples.XMLS for end in (".xml", ".xml.gz"))]


@pytest.mark.parametrize(("layout", "ending"), ways_of_writing())
def test_what_is_written_reads_back_the_same(tmp_path: Path, layout: str, ending: str) -> None:
    tables = read(sample_of(tmp_path, layout))
    written = tmp_path / f"written{ending}"
    assert export(tables, layout, written) > 0
    found = read_file(written)
    assert found.reading.layout == layout
    assert found.reading.problems == []
    assert found.reading.tables.keys() == tables.keys()
    for name, frame in tables.items():
        assert found.reading.tables[name].equals(frame), name


def test_missing_is_not_zero(tmp_path: Path) -> None:
    years = read(samples.text_file(tmp_path, samples.MERGED))["operator_years"]
    assert years["verified"].to_list() == [120, 0, None, None]
    assert years["verified_state"].to_list() == ["given", "given", "excluded", "not-reported"]
    assert years["allocation_total"].to_list() == [130, None, 7, None]
    assert years["verified_cumulative_state"].to_list() == [
        "given",
        "not-calculated",
        "blank",
        "blank",
    ]


def test_the_star_and_the_kind_of_operator(tmp_path: Path) -> None:
    years = read(samples.text_file(tmp_path, samples.MERGED))["operator_years"]
    assert years["compliance_code"].to_list() == ["A", "A", "-", "C"]
    assert years["code_starred"].to_list() == [False, True, True, False]
    assert years["kind"].to_list() == ["stationary", "stationary", "aviation", "maritime"]


def test_an_update_of_the_emissions_is_a_star(tmp_path: Path) -> None:
    years = read(samples.text_file(tmp_path, samples.COMPLIANCE))["operator_years"]
    assert years["code_starred"].to_list() == [False, True, False]
    assert years["operator_id"].to_list() == ["1", "1", "1"]
    assert years["verified_state"].to_list() == ["given", "given", "blank"]


def test_namibia_stays_a_country(tmp_path: Path) -> None:
    holders = read(samples.text_file(tmp_path, samples.HOLDER))["holders"]
    assert holders.row(0, named=True)["country"] == "NA"
    assert holders.row(0, named=True)["name"] == "Lime\nWorks"


def test_account_numbers_of_fifteen_digits_are_text(tmp_path: Path) -> None:
    accounts = read(samples.text_file(tmp_path, samples.ACCOUNT))["accounts"]
    assert accounts["transaction_account"].to_list() == ["123456789012345", "12"]
    assert accounts["holder_id"].to_list() == ["3", "3"]
    assert accounts["closed_on"].to_list() == [None, date(2012, 11, 30)]


def test_a_transaction_row_is_a_block(tmp_path: Path) -> None:
    blocks = read(samples.text_file(tmp_path, samples.TRANSACTION))["transaction_blocks"]
    assert blocks["transaction_id"].to_list() == ["XA10", "XA10"]
    assert blocks["printed_at"][0] == datetime(2014, 4, 1, 10, 0, 0, 500_000)  # noqa: DTZ001
    assert blocks["project"].to_list() == [None, "17"]
    assert blocks["amount"].sum() == 100


def test_the_open_end_of_an_account(tmp_path: Path) -> None:
    accounts = read(samples.text_file(tmp_path, samples.DAILY_ACCOUNTS))["accounts"]
    assert accounts["is_open"].to_list() == [True, False]
    assert accounts["closed_on"].to_list() == [None, date(2012, 11, 30)]
    assert accounts["closure_pending"].to_list() == [False, True]


def test_the_daily_years_keep_blank_excluded_and_the_swiss_system_apart(tmp_path: Path) -> None:
    tables = read(samples.text_file(tmp_path, samples.DAILY_YEARLY))
    years = tables["operator_years"]
    columns = ("operator_id", "year", "system", "verified", "verified_state", "allocation_total")
    assert years.select(columns).rows() == [
        ("1", 2021, "euets", 90, "given", 120),
        ("1", 2022, "euets", None, "excluded", 0),
        ("200", 2021, "euets", 50, "given", 10),
        ("200", 2021, "chets", 8, "given", 3),
    ]
    surrenders = tables["surrenders"].select("operator_id", "unit", "amount").rows()
    assert sorted(surrenders) == [("1", "CER", 0), ("1", "EUA", 80), ("200", "CHUA", 8),
                                  ("200", "EUAA", 50)]  # fmt: skip


def test_registry_names_lose_their_trailing_blanks(tmp_path: Path) -> None:
    blocks = read(samples.text_file(tmp_path, samples.DAILY_TRANSACTIONS))["transaction_blocks"]
    row = blocks.row(0, named=True)
    assert (row["transferring_registry"], row["type_main"], row["type_supplementary"]) == (
        "Exland",
        10,
        2,
    )
    assert row["acquiring_account"] is None


def test_the_emissions_workbook(tmp_path: Path) -> None:
    tables = read(samples.workbook_file(tmp_path, samples.EMISSIONS_ROWS))
    columns = ("operator_key", "allocation_base", "allocation_ner", "allocation_10c_or_3f",
               "allocation_total", "verified", "verified_state")  # fmt: skip
    years = tables["operator_years"]
    assert years.filter(pl.col("year") == 2019).select(columns).rows() == [
        ("XA_1", 100, 20, 5, 125, 90, "given"),
        ("XA_200", None, None, None, None, None, "excluded"),
        ("XB_1", 7802, 120, 9, 7931, None, "blank"),
    ]
    assert years.filter(pl.col("year") == 2012)["verified"].to_list() == [0, None, None]
    operators = tables["operators"]
    assert operators["name"].to_list() == ["Lime Works", "Wings", "Star Works"]
    assert operators["is_open"].to_list() == [True, False, True]
    assert operators["closed_on"][1] == date(2014, 8, 29)


def test_the_compliance_workbook(tmp_path: Path) -> None:
    tables = read(samples.workbook_file(tmp_path, samples.COMPLIANCE_ROWS))
    totals = tables["operator_totals"]
    assert totals["verified_state"].to_list() == ["given", "not-calculated"]
    assert totals["compliance_code"].to_list() == ["A", "EXCLUDED SINCE 2021"]
    assert tables["operators"]["last_year"].to_list() == [None, 2019]
    assert tables["operators"]["closed_on"].to_list() == [None, date(2020, 3, 3)]


def test_the_wide_table_and_its_stars(tmp_path: Path) -> None:
    years = read(samples.text_file(tmp_path, samples.WIDE))["operator_years"]
    columns = ("operator_id", "year", "allocation_base", "allocation_ner", "allocation_total",
               "verified", "verified_state")  # fmt: skip
    assert years.select(columns).rows() == [
        ("1", 2018, 100, None, 130, 90, "given"),
        ("200", 2018, None, None, None, None, "excluded"),
        ("1", 2019, 7802, 120, 7922, None, "not-reported"),
        ("200", 2019, None, None, None, 0, "given"),
    ]
    assert years["compliance_code"].to_list() == ["A", None, "C", "-"]
    assert years["code_starred"].to_list() == [True, False, False, False]


def test_operators_in_xml(tmp_path: Path) -> None:
    tables = read(samples.text_file(tmp_path, samples.OPERATORS_XML, "a.xml"))
    columns = ("year", "allocation_base", "allocation_ner", "allocation_10c_or_3f",
               "allocation_total", "verified_state", "code_starred")  # fmt: skip
    assert tables["operator_years"].select(columns).rows() == [
        (2018, 100, 20, 5, 125, "given", True),
        (2019, 7802, 120, None, 7922, "not-reported", False),
    ]
    assert tables["operators"]["holder"].to_list() == ["Lime Ltd"]


def test_transactions_in_xml_have_the_registry_twice_and_many_blocks(tmp_path: Path) -> None:
    blocks = read(samples.text_file(tmp_path, samples.TRANSACTIONS_XML, "a.xml"))[
        "transaction_blocks"
    ]
    columns = ("block_id", "acquiring_registry", "originating_registry", "unit", "amount")
    assert blocks.select(columns).rows() == [
        ("XA10/1", "XB", "XA", "3", 90),
        ("XA10/2", "XB", "XC", "5", 10),
    ]


def test_figures_of_the_agency_keep_the_period_beside_the_year(tmp_path: Path) -> None:
    figures = read(samples.text_file(tmp_path, samples.EEA))["area_figures"]
    assert figures["year"].to_list() == [2019, None]
    assert figures["period"].to_list() == ["2019", "Total 1st trading period (05-07)"]
    assert [str(value) for value in figures["value"]] == ["120.000000", "360.500000"]


def test_a_zip_of_several_tables_is_one_reading(tmp_path: Path) -> None:
    members = {
        "compliance.csv": samples.COMPLIANCE,
        "installation.csv": samples.INSTALLATION,
        "unit_type.csv": "id,description\nEUA,allowance\n",
    }
    found = read_file(samples.zip_file(tmp_path, members))
    assert set(found.reading.tables) == {"operator_years", "operators"}
    assert "2 tables" in found.sentence


def test_what_is_unknown_is_refused_with_what_was_seen(tmp_path: Path) -> None:
    path = samples.text_file(tmp_path, "fruit,colour\napple,red\n")
    with pytest.raises(Refused) as refused:
        read_file(path)
    (refusal,) = refused.value.refusals
    assert refusal.code == "formats.unknown"
    assert "fruit, colour" in refusal.sentence
    assert codes(samples.workbook_file(tmp_path, [("fruit",)])) == {"formats.unknown"}
    assert codes(samples.text_file(tmp_path, "<fruit/>", "a.xml")) == {"formats.unknown"}
    assert codes(samples.zip_file(tmp_path, {"a.csv": "fruit,colour\n"})) == {"formats.unknown"}
    assert codes(samples.text_file(tmp_path, "", "empty.csv")) == {"formats.unknown"}
    assert codes(tmp_path) == {"formats.no-file"}
    assert codes(tmp_path / "absent.csv") == {"formats.no-file"}


def test_every_bad_row_is_reported_with_its_place(tmp_path: Path) -> None:
    head, good = samples.TRANSACTION.splitlines()[:2]
    rows = [
        good,
        good.replace(",90", ",9x"),
        good.replace(",90", ",90.5"),
        good.replace(",90", ","),
        good + ",extra",
        "1,too,few",
        good.replace("2014-04-01", "2014-44-01"),
        good.replace("1,XA10", "2,XA11"),
    ]
    path = samples.text_file(tmp_path, "\n".join([head, *rows]))
    reading = read_file(path).reading
    assert [(problem.row, problem.column, problem.code) for problem in reading.problems] == [
        (6, "", "formats.broken-row"),
        (7, "", "formats.broken-row"),
        (3, "amount", "formats.not-a-number"),
        (4, "amount", "formats.fraction"),
        (5, "amount", "formats.empty-cell"),
        (8, "date", "formats.not-a-date"),
    ]
    assert reading.problems[2].where == "file.csv, row 3, column amount"
    assert reading.tables["transaction_blocks"]["block_id"].to_list() == ["1", "2"]


def test_what_is_neither_yes_nor_no_is_reported(tmp_path: Path) -> None:
    bad = samples.DAILY_ACCOUNTS.replace(",N,2026", ",maybe,2026")
    (problem,) = read_file(samples.text_file(tmp_path, bad)).reading.problems
    assert problem.code == "formats.not-a-flag"


def test_stray_bytes_are_read_as_latin_and_reported(tmp_path: Path) -> None:
    raw = samples.DAILY_ACCOUNTS.encode().replace(b"Lime account", "Öl ".encode() + b"Stra\xdfe")
    reading = read_file(samples.text_file(tmp_path, raw)).reading
    assert reading.tables["accounts"]["name"][0] == "Öl Straße"
    (problem,) = reading.problems
    assert (problem.code, problem.row, problem.row_left_out) == ("formats.stray-bytes", 2, False)


def test_stray_quotation_marks_are_read_the_slow_way(tmp_path: Path) -> None:
    text = samples.DAILY_ACCOUNTS.replace("Lime account", 'Lime "North" account')
    accounts = read(samples.text_file(tmp_path, text))["accounts"]
    assert accounts.height == 2
    assert "North" in accounts["name"][0]


def test_a_header_without_its_cells_is_refused_whole(tmp_path: Path) -> None:
    twice = samples.TRANSACTION.replace("project_id", "amount")
    assert codes(samples.text_file(tmp_path, twice)) == {"formats.repeated-cell"}
    rows = [samples.EMISSIONS_ROWS[3][:6], samples.EMISSIONS_ROWS[4][:6]]
    assert codes(samples.workbook_file(tmp_path, rows)) == {"formats.missing-cells"}
