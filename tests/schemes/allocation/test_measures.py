"""Lists of installations: template, a file cell by cell, acceptance, the calculated table."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from openets.formats.measures_table import COLUMNS, HEADS, read_measures, write_template
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import FixedClock, instant
from openets.kernel.money import Decimal
from openets.kernel.refusal import Refused
from openets.ledger.requests import ActRequest, key_of
from openets.ledger.store import create_store
from openets.people.opening import Opened
from openets.rulebook.load import load_rulebook
from openets.schemes.allocation.actions import run_of
from openets.schemes.allocation.checks import CellChecks
from openets.schemes.allocation.measures import (
    LIST,
    Submission,
    due_day,
    read_submission,
    years_of_period,
)
from openets.schemes.allocation.reads import entries, known_operators
from openets.schemes.allocation.submitting import (
    SubmitList,
    accepted_list,
    calculated,
    calculated_change,
)
from tests.small_office import person, staffed

CEMENT, GLASS = "AT-000001", "AT-000002"
BASELINE = range(2014, 2019)
NATIONAL, OTHER_NATIONAL, CENTRAL, OTHER_CENTRAL = 1, 2, 3, 4
LAW = load_rulebook("eu")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    store = create_store(
        tmp_path_factory.mktemp("measures") / "store", jurisdiction="eu", mode="practice"
    )
    with staffed(store, FixedClock(datetime(2021, 5, 3, 9, tzinfo=UTC))) as opened:
        requests = [
            ActRequest(
                key_of("account", operator),
                instant(opened.office.clock.now()),
                acts.AccountOpened(
                    number=place, registry=operator[:2], type="operator-holding", operator=operator
                ),
            )
            for place, operator in enumerate((CEMENT, GLASS, "SI-000001"), start=1)
        ]
        assert all(one.completed for one in opened.office.writer.post(requests))
        for role, registry in (
            ("senior administrator", "AT"),
            ("senior administrator", "AT"),
            ("central administrator", None),
            ("central administrator", None),
        ):
            opened.register.add_person(role, registry)
        yield opened


def row(year: int, level: str, **more: str) -> dict[str, str]:
    """A row of the cement works' clinker, with other cells where they are named."""
    return {
        "installation": CEMENT,
        "installation_name": "works",
        "sub_installation": "clinker",
        "kind": "product",
        "product": "grey-cement-clinker",
        "exposed": "yes",
        "prodcom": "23511100",
        "cbam": "yes",
        "cn": "25231000",
        "year": str(year),
        "operating": "yes",
        "unit": "t",
        "activity_level": level,
        "direct_emissions_tco2e": "800000.5",
        **more,
    }


LEVELS = ("900000", "1000000", "1100000.5", "1000000", "950000")
CLINKER = [row(year, level) for year, level in zip(BASELINE, LEVELS, strict=True)]
TOWN = {
    "sub_installation": "town",
    "kind": "district-heating",
    "product": "",
    "exposed": "no",
    "cbam": "",
    "prodcom": "",
    "cn": "",
    "unit": "TJ",
    "direct_emissions_tco2e": "5000",
}
HEAT = [row(year, "100", **TOWN) for year in BASELINE]


def csv_list(folder: Path, rows: list[dict[str, str]], heads: tuple[str, ...] = HEADS) -> Path:
    path = folder / "list.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, heads, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def workbook_list(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "list.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("list")
        sheet.write_row(0, 0, HEADS)
        for number, cells in enumerate(rows, start=1):
            for column, head in enumerate(HEADS):
                text = cells.get(head, "")
                if head in ("activity_level", "year") and text:
                    sheet.write_number(number, column, float(text))
                else:
                    sheet.write_string(number, column, text)
    return path


def read(office: Opened, path: Path, first_year: int = 2021) -> Submission:
    known = known_operators(office.office)
    return read_submission(path, first_year, CellChecks(LAW, known, "AT", LIST))


def told(found: Submission) -> list[tuple[str, str]]:
    return [(one.code, one.where.partition(", ")[2]) for one in found.problems]


def test_the_template_is_read_back(tmp_path: Path) -> None:
    for name in ("list.xlsx", "list.csv"):
        write_template(tmp_path / name)
        found = read_measures(tmp_path / name)
        assert (found.missing, found.strange, found.rows, found.problems) == ((), (), [], [])
    assert all(column.holds for column in COLUMNS)
    for wrong in (tmp_path / "list.pdf", tmp_path / "nowhere" / "list.csv"):
        with pytest.raises(Refused):
            write_template(wrong)


def test_csv_and_workbook_make_the_same_list(office: Opened, tmp_path: Path) -> None:
    text = read(office, csv_list(tmp_path, CLINKER + HEAT))
    book = read(office, workbook_list(tmp_path, CLINKER + HEAT))
    assert text.problems == book.problems == []
    assert text.installations == book.installations
    (works,) = text.installations
    clinker, town = works["sub_installations"]
    assert clinker["levels"]["2016"] == "1100000.5"
    assert clinker["reported"] == {"prodcom": "23511100", "cn": "25231000"}
    assert town["reported"]["direct_tonnes"]["2014"] == "5000"


def test_everything_wrong_is_told_with_row_and_column(office: Opened, tmp_path: Path) -> None:
    rows = [
        row(2014, "1,000,000", unit="kg"),
        row(2015, "-5", kind="produce"),
        row(2016, "=1+1", product="gold", exposed="maybe"),
        row(2016, "7", exposed="yes"),
        row(2020, "7"),
        row(2017, "7", installation="AT-000077", sub_installation=""),
        row(2018, "7", installation="SI-000001", prodcom="cement", started_on="soon"),
    ]
    found = told(read(office, csv_list(tmp_path, rows)))
    assert found[:18] == [
        ("allocation.list-word", "row 2, column unit"),
        ("allocation.list-number", "row 2, column activity_level"),
        ("allocation.list-word", "row 3, column kind"),
        ("allocation.list-number", "row 3, column activity_level"),
        ("allocation.list-differs", "row 3, column kind"),
        ("allocation.list-word", "row 4, column exposed"),
        ("allocation.list-product", "row 4, column product"),
        ("allocation.list-number", "row 4, column activity_level"),
        ("allocation.list-differs", "row 4, column product"),
        ("allocation.list-differs", "row 4, column exposed"),
        ("allocation.list-twice", "row 5, column sub_installation"),
        ("allocation.list-year", "row 6, column year"),
        ("allocation.operator-unknown", "row 7, column installation"),
        ("allocation.list-unnamed", "row 7, column sub_installation"),
        ("allocation.operator-elsewhere", "row 8, column installation"),
        ("allocation.list-goods", "row 8, column prodcom"),
        ("allocation.list-day", "row 8, column started_on"),
        ("allocation.list-year-missing", "row 2, column year"),
    ]
    assert {code for code, _ in found[17:]} == {"allocation.list-year-missing"}


def test_a_header_nobody_knows_and_a_list_without_rows(office: Opened, tmp_path: Path) -> None:
    heads = (*HEADS[:-9], "tonnes")
    found = told(read(office, csv_list(tmp_path, CLINKER, (*heads[1:],))))
    assert ("allocation.list-column-missing", "row 1, column installation") in found
    assert ("allocation.list-column-strange", "row 1, column tonnes") in found
    assert told(read(office, csv_list(tmp_path, []))) == [("allocation.list-empty", "")]
    (no_period, *_) = told(read(office, csv_list(tmp_path, CLINKER), 2003))
    assert no_period == ("allocation.list-no-period", "")


def test_what_the_calculation_cannot_take_is_named(office: Opened, tmp_path: Path) -> None:
    rows = [row(year, "100", **{**TOWN, "flared_tco2": "5"}) for year in BASELINE]
    (problem,) = read(office, csv_list(tmp_path, rows)).problems
    assert problem.code == "allocation.list-otherwise"
    assert "flared_tonnes belongs to kind product" in problem.sentence
    assert problem.where == f"list.csv, {CEMENT} town"


def test_idle_years_and_starts_within_the_baseline(office: Opened, tmp_path: Path) -> None:
    idle = [*CLINKER[:4], row(2018, "0", operating="no")]
    (works,) = read(office, csv_list(tmp_path, idle)).installations
    assert works["sub_installations"][0]["idle_years"] == ["2018"]
    late = [row(year, "100", started_on="2016-05-01") for year in range(2016, 2019)]
    assert read(office, csv_list(tmp_path, late)).problems == []
    assert told(read(office, csv_list(tmp_path, late[1:]))) == [
        ("allocation.list-year-missing", "row 2, column year")
    ]


def test_a_formula_and_a_damaged_file(office: Opened, tmp_path: Path) -> None:
    path = tmp_path / "formula.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADS)
        for number, cells in enumerate(CLINKER, start=1):
            sheet.write_row(number, 0, [cells.get(head, "") for head in HEADS])
        sheet.write_formula(1, HEADS.index("activity_level"), "=2*3", None, 6)
    assert ("formats.formula", "row 2, column N") in told(read(office, path))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(Refused):
        read(office, path)


@settings(max_examples=60, deadline=None)
@given(
    column=st.sampled_from([head for head in HEADS if head != "installation_name"]),
    cell=st.text(alphabet="0123456789.,-+eE '=%\u0661\u00a0abtyes", max_size=12),
)
def test_whatever_a_cell_holds_is_taken_or_told(
    office: Opened, tmp_path_factory: pytest.TempPathFactory, column: str, cell: str
) -> None:
    rows = [{**CLINKER[0], column: cell}, *CLINKER[1:]]
    found = read(office, csv_list(tmp_path_factory.mktemp("fuzz"), rows))
    assert bool(found.problems) != bool(found.installations)
    for problem in found.problems:
        assert problem.sentence.endswith(".")
        assert problem.where.startswith("list.csv")


# -- the desk -------------------------------------------------------------------------------------


def codes(action: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        action()
    return [(one.code, one.where) for one in refused.value.refusals]


def submitted(office: Opened, found: Submission, first_year: int = 2021) -> str:
    return SubmitList(
        registry="AT", first_year=first_year, installations=tuple(found.installations)
    ).model_dump_json()


def actor(office: Opened, number: int) -> Actor:
    return person(office, number)


def test_submitted_rejected_submitted_again_accepted_and_calculated(
    office: Opened, tmp_path: Path
) -> None:
    body = submitted(office, read(office, csv_list(tmp_path, CLINKER + HEAT)))
    first = office.desk.propose(actor(office, NATIONAL), LIST, body)
    told_ = next(iter(office.desk.proposals.events(first.number))).sentence
    assert "1 installation with 2 sub-installations, due by 2019-09-30; digest " in told_
    assert codes(lambda: office.desk.approve(actor(office, OTHER_NATIONAL), first.number)) == [
        ("people.not-permitted", "")
    ]
    office.desk.reject(actor(office, CENTRAL), first.number, "the heat of 2016 is unlikely")
    assert codes(lambda: accepted_list(office.office, "AT", 2021)) == [("allocation.no-list", "")]
    again = office.desk.propose(actor(office, NATIONAL), LIST, body)
    assert office.desk.approve(actor(office, CENTRAL), again.number).state == "completed"
    amounts = calculated(office.office, "AT", 2021)
    # Median 1,000,000 t x 0.693, and 100 TJ x 47.3 x 0.3: each rounded, then summed.
    assert amounts[CEMENT, 2021] == 693_000 + 1_419
    assert sorted(year for _, year in amounts) == [2021, 2022, 2023, 2024, 2025]
    change = calculated_change(office.office, "installations", "AT", 2021)
    proposal = office.desk.propose(actor(office, NATIONAL), change.name, change.model_dump_json())
    assert office.desk.approve(actor(office, OTHER_NATIONAL), proposal.number).state == "completed"
    found = entries(office.office, operator=CEMENT, year=2025)
    assert [entry.entitlement for entry in found] == [694_419]


def test_a_period_without_a_factor_waits_or_assumes_one(office: Opened, tmp_path: Path) -> None:
    rows = [{**one, "year": str(int(one["year"]) + 5)} for one in CLINKER]
    found = read(office, csv_list(tmp_path, rows), 2026)
    proposal = office.desk.propose(actor(office, NATIONAL), LIST, submitted(office, found, 2026))
    office.desk.approve(actor(office, OTHER_CENTRAL), proposal.number)
    refused = codes(lambda: calculated(office.office, "AT", 2026))
    assert refused[0] == ("allocation.no-factor", f"{CEMENT} 2026")
    assert len(refused) == 5
    amounts = calculated(office.office, "AT", 2026, Decimal(100))
    benchmark = Decimal(
        LAW.ask("free-allocation.benchmarks.grey-cement-clinker", for_=2026).value["allowances"]
    )
    assert amounts[CEMENT, 2026] == int(benchmark * 1_000_000 * Decimal("0.975"))


def test_what_is_wrong_with_a_submitted_list(office: Opened, tmp_path: Path) -> None:
    found = read(office, csv_list(tmp_path, CLINKER))
    body: dict[str, Any] = json.loads(submitted(office, found))
    body["installations"] *= 2
    assert codes(lambda: office.desk.propose(actor(office, NATIONAL), LIST, json.dumps(body))) == [
        ("allocation.list-otherwise", "installations")
    ]
    body["first_year"] = 2022
    assert codes(lambda: office.desk.propose(actor(office, NATIONAL), LIST, json.dumps(body))) == [
        ("allocation.list-of-no-period", "first_year")
    ]


def test_nothing_is_issued_where_there_is_no_account_to_issue_from(office: Opened) -> None:
    assert codes(lambda: run_of(office.office, "installations", "AT", 2021)) == [
        ("allocation.no-source", "")
    ]


def test_when_lists_are_due_and_for_which_years() -> None:
    assert due_day(LAW, 2021) == date(2019, 9, 30)
    assert due_day(LAW, 2026) == date(2024, 9, 30)
    assert due_day(load_rulebook("example"), 2031) is None
    assert years_of_period(LAW, 2026) == (2026, 2027, 2028, 2029, 2030)
    assert years_of_period(LAW, 2022) == ()
