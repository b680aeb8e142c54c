"""The table tells the truth: whole books differ nowhere, and any tampering shows."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import pytest
from rich.console import Console

from openets.kernel.acts import EmissionsVerified, parse_act
from openets.kernel.records import ActRecord, Block, Record, Transaction
from openets.world.play import play
from openets.world.table import compare, plain_rows, render
from openets.world.totals import Totals, sum_records
from tests.world.small_europe import SmallLaw, small_figures
from tests.world.toy_registry import ToyRegistry

LAW = SmallLaw()
FIGURES = tuple(figure for figure in small_figures() if figure.year < 2008)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    toy = ToyRegistry(LAW)
    play(toy, LAW, FIGURES, 3, lambda _year, _step, _posted: None)
    return toy.records


def summed(records: list[Record]) -> Totals:
    return sum_records(iter(records), LAW)


def printed(ledger: Totals, log: Totals, seconds: dict[int, float]) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=False)
    console.print(render(FIGURES, ledger, log, seconds))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_whole_books_differ_nowhere(records: list[Record]) -> None:
    totals = summed(records)
    count, differences = compare(FIGURES, totals, totals)
    assert (count, differences) == (len(FIGURES), [])
    text = printed(totals, totals, {2005: 0.5, 2006: 0.25})
    assert "none differs" in text
    assert "…" not in text
    assert all(len(line.rstrip()) <= 120 for line in text.split("\n"))


def drop(records: list[Record], at: int) -> list[Record]:
    return records[:at] + records[at + 1 :]


def double(records: list[Record], at: int) -> list[Record]:
    return [*records[: at + 1], *records[at:]]


def alter(records: list[Record], at: int) -> list[Record]:
    record = records[at]
    assert isinstance(record, Transaction)
    kind, start, end = record.blocks[0]
    changed = record._replace(blocks=(Block(kind, start, end + 1), *record.blocks[1:]))
    return [*records[:at], changed, *records[at + 1 :]]


@pytest.mark.parametrize("tamper", [drop, double, alter])
@pytest.mark.parametrize("flag", ["allocates", "surrenders"])
def test_one_record_dropped_doubled_or_altered_shows(
    records: list[Record], flag: str, tamper: Callable[[list[Record], int], list[Record]]
) -> None:
    rules = LAW.tables_on(date(2006, 3, 1))
    at = next(
        index
        for index, record in enumerate(records)
        if isinstance(record, Transaction)
        and getattr(rules.transaction_types.get(record.type), flag, False)
    )
    whole, broken = summed(records), summed(tamper(records, at))
    for ledger, log in ((whole, broken), (broken, whole)):
        _, differences = compare(FIGURES, ledger, log)
        assert len(differences) == 1
        text = printed(ledger, log, {})
        found = differences[0]
        assert "1 differ" in text
        assert f"{found.registry} {found.year} stationary, {found.measure}" in text
        columns, rows = plain_rows(FIGURES, ledger, log)
        assert sum(int(str(row[columns.index("difference")] or 0)) for row in rows) == found.size


def test_a_later_figure_of_emissions_replaces_the_earlier(records: list[Record]) -> None:
    at, act = next(
        (index, act)
        for index, record in enumerate(records)
        if isinstance(record, ActRecord)
        and isinstance(act := parse_act(record.payload), EmissionsVerified)
    )
    twice = double(records, at)
    assert summed(twice).cells == summed(records).cells
    record = records[at]
    assert isinstance(record, ActRecord)
    higher = act.model_copy(update={"tonnes": act.tonnes + 5})
    corrected = [*records, record._replace(payload=higher.payload())]
    _, differences = compare(FIGURES, summed(corrected), summed(records))
    assert [found.ledger - found.published for found in differences] == [5]


def test_two_errors_in_a_year_do_not_hide_each_other(records: list[Record]) -> None:
    first, second = summed(records), summed(records)
    first.cells["AT", 2006, "stationary"].free_allocation += 7
    first.cells["SI", 2006, "stationary"].free_allocation -= 7
    _, differences = compare(FIGURES, first, second)
    assert [found.registry for found in differences] == ["AT", "SI"]
    columns, rows = plain_rows(FIGURES, first, second)
    row = next(row for row in rows if row[:2] == (2006, "free allocation"))
    assert row[columns.index("difference")] == 14


def test_what_only_a_book_knows_is_a_difference(records: list[Record]) -> None:
    first, second = summed(records), summed(records)
    first.cells["FR", 2006, "aviation"] = first.cells["AT", 2006, "stationary"]
    assert len(compare(FIGURES, first, second)[1]) == 3


def test_more_than_ten_differences_are_counted(records: list[Record]) -> None:
    text = printed(Totals(), summed(records), {})
    assert "6 differ" in text
    assert "8 more" in text


def test_rows_have_as_many_cells_as_columns(records: list[Record]) -> None:
    totals = summed(records)
    columns, rows = plain_rows(FIGURES, totals, totals)
    assert {len(row) for row in rows} == {len(columns)}
    assert [row[0] for row in rows] == [2005] * 3 + [2006] * 3 + [2007] * 3 + [2008]
    counts = [row[columns.index("transactions")] for row in rows]
    assert sum(count for count in counts if isinstance(count, int)) == sum(
        totals.transactions.values()
    )


def test_emissions_that_were_taken_back_are_not_summed(records: list[Record]) -> None:
    before = summed(records)
    account, years = next(iter(before.emissions.items()))
    year, tonnes = next(iter(years.items()))
    gone = EmissionsVerified(account=account, year=year)
    after = summed([*records, ActRecord(0, b"", 0, gone.payload())])
    assert after.emissions[account] == {one: years[one] for one in years if one != year}
    (found,) = compare(FIGURES, before, after)[1]
    assert (found.year, found.measure, found.size) == (year, "verified emissions", tonnes)


def test_an_account_without_any_emissions_left_has_none(records: list[Record]) -> None:
    before = summed(records)
    account, years = next(iter(before.emissions.items()))
    gone = [
        ActRecord(0, b"", 0, EmissionsVerified(account=account, year=year).payload())
        for year in years
    ]
    assert account not in summed([*records, *gone]).emissions
