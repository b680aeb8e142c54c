"""The play keeps the order of the law, and every book it plays into adds up to the figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from openets.kernel import acts
from openets.kernel.acts import parse_act
from openets.kernel.records import ActRecord, Transaction, type_code
from openets.kernel.refusal import Refused
from openets.ledger.requests import Outcome, Request
from openets.world.figures import Figure
from openets.world.play import play
from openets.world.totals import CellTotal, sum_records
from tests.world.small_europe import SmallLaw, small_figures
from tests.world.toy_registry import ToyRegistry, day_of

SEED = 11
LAW = SmallLaw()


def played(figures: tuple[Figure, ...], toy: ToyRegistry | None = None) -> ToyRegistry:
    toy = toy or ToyRegistry(LAW)
    play(toy, LAW, figures, SEED, lambda _year, _step, _posted: None)
    return toy


@pytest.fixture(scope="module")
def toy() -> ToyRegistry:
    return played(small_figures())


def moves(toy: ToyRegistry) -> list[Transaction]:
    return [record for record in toy.records if isinstance(record, Transaction)]


def rule_of(toy: ToyRegistry, record: Transaction) -> str:
    rule = toy.tables(record.effective).transaction_types[record.type]
    return "allocates" if rule.allocates else "surrenders" if rule.surrenders else ""


def test_the_book_adds_up_to_every_figure(toy: ToyRegistry) -> None:
    totals = sum_records(iter(toy.records), LAW)
    figures = small_figures()
    assert totals.cells.keys() <= {figure.cell for figure in figures}
    for figure in figures:
        assert totals.cell(figure.cell) == CellTotal(
            figure.free_allocation, figure.verified_emissions_t, figure.units_surrendered
        ), figure.cell
    assert sum(totals.transactions.values()) == len(moves(toy))
    assert totals.records == len(toy.records)
    assert toy.accounts[totals.example_account].operator


def test_time_never_runs_backwards(toy: ToyRegistry) -> None:
    times = [record.effective for record in toy.records]
    assert times == sorted(times)


def test_allocation_comes_before_the_surrender_for_the_year_before(toy: ToyRegistry) -> None:
    last_allocation: dict[int, int] = {}
    first_surrender: dict[int, int] = {}
    for record in moves(toy):
        if rule_of(toy, record) == "allocates":
            last_allocation[record.year] = record.sequence
            assert day_of(record.effective).year == record.year
        elif rule_of(toy, record) == "surrenders":
            first_surrender.setdefault(record.year, record.sequence)
            assert day_of(record.effective).year == record.year + 1
    years = sorted(last_allocation)
    assert years == list(range(2005, 2023))
    for year in years[1:]:
        assert last_allocation[year] < first_surrender[year - 1]


def test_what_is_sold_is_the_cap_less_free_allocation(toy: ToyRegistry) -> None:
    created: dict[tuple[str, int], int] = defaultdict(int)
    caps: dict[tuple[str, int], int] = defaultdict(int)
    for permit in toy.permits.values():
        if isinstance(permit, acts.CapSet):
            caps[permit.units[0], permit.year] += permit.quantity
    for record in moves(toy):
        cap_act = toy.permits.get(record.refers_to)
        if isinstance(cap_act, acts.CapSet):
            created[cap_act.units[0], cap_act.year] += record.quantity
    assert created == caps
    delivered: dict[int, int] = defaultdict(int)
    for record in moves(toy):
        if record.type == type_code("10-37"):
            delivered[day_of(record.effective).year] += record.quantity
    free = {figure.year: 0 for figure in small_figures()}
    for figure in small_figures():
        free[figure.year] += figure.free_allocation
    for year in range(2013, 2023):
        cap = sum(quantity for (_, named), quantity in caps.items() if named == year)
        assert delivered[year] == cap - free[year], year


def test_leftovers_of_ended_periods_are_gone_and_replaced_one_for_one(toy: ToyRegistry) -> None:
    tables = toy.tables(toy.records[-1].effective)
    ended = {
        number
        for number, kind in toy.kinds.items()
        if kind.unit in {"allowance-2005-2007", "allowance-2008-2012", "aviation-allowance-2012"}
    }
    assert ended
    for (account, kind), quantity in toy.quantities.items():
        type_ = toy.accounts[account].type
        if kind in ended and quantity:
            assert type_ in {"cancellation", "retirement", "union-deletion"}
    assert "union-deletion" in tables.account_types
    by_type: dict[int, int] = defaultdict(int)
    for record in moves(toy):
        by_type[record.type] += record.quantity
    assert by_type[type_code("10-1")] > 0
    assert by_type[type_code("10-41")] > 0
    assert by_type[type_code("10-41")] == by_type[type_code("1-33")] + by_type[type_code("1-34")]


def test_units_are_used_only_for_years_they_are_good_for(toy: ToyRegistry) -> None:
    spans = {"allowance-2005-2007": (2005, 2007), "allowance-2008-2012": (2008, 2012)}
    seen = set()
    for record in moves(toy):
        if rule_of(toy, record) == "surrenders":
            unit = toy.kinds[record.blocks[0].kind].unit
            first, last = spans.get(unit, (2012 if unit.endswith("-2012") else 2013, 2022))
            assert first <= record.year <= last
            if unit.endswith("2021-2030"):
                assert record.year >= 2021
            seen.add(unit)
    assert len(seen) >= 5


def test_nothing_stays_unsold_and_nothing_is_lost(toy: ToyRegistry) -> None:
    created = sum(record.quantity for record in moves(toy) if not record.transferring)
    assert created == sum(toy.quantities.values())
    for (account, _), quantity in toy.quantities.items():
        if toy.accounts[account].type in {"party-holding", "allocation", "auction"}:
            assert quantity == 0


def test_corrections_are_named_and_counted(toy: ToyRegistry) -> None:
    """Austria received more than its plan in 2008-2012, and that is all that is not explained."""
    totals = sum_records(iter(toy.records), LAW)
    assert totals.unexplained
    expected: dict[int, int] = defaultdict(int)
    for figure in small_figures():
        if figure.kind == "stationary" and 2008 <= figure.year <= 2012:
            cap = LAW.ask(f"caps.stationary.phase-2.{figure.registry}", for_=figure.year).value
            expected[figure.year] += max(0, figure.free_allocation - cap)
    shortages = [
        permit
        for permit in toy.permits.values()
        if isinstance(permit, acts.CorrectionNamed) and permit.name.startswith("shortage")
    ]
    for permit in shortages:
        expected[permit.year] += permit.quantity
    assert totals.unexplained == {year: quantity for year, quantity in expected.items() if quantity}


def test_a_shortage_nobody_can_meet_is_a_named_correction() -> None:
    figures = tuple(
        Figure("AT", year, kind, 4, 4, 50, 900_000, 900_000)
        for year, kind in ((2006, "stationary"), (2014, "stationary"), (2014, "aviation"))
    )
    toy = played(figures)
    totals = sum_records(iter(toy.records), LAW)
    for figure in figures:
        assert totals.cell(figure.cell).units_surrendered == 900_000
    assert totals.unexplained[2006] > 0
    assert totals.unexplained[2014] > 0
    reasons = [
        act.reason
        for record in toy.records
        if isinstance(record, ActRecord)
        and isinstance(act := parse_act(record.payload), acts.CorrectionNamed)
    ]
    assert any("surrender" in reason for reason in reasons)


def test_a_refusal_stops_the_play() -> None:
    toy = ToyRegistry(LAW)
    toy.refuse_after = 300
    with pytest.raises(Refused, match="The book is full"):
        played(small_figures(), toy)


def test_an_interrupted_play_goes_on_where_it_stopped(toy: ToyRegistry) -> None:
    broken = ToyRegistry(LAW)
    broken.refuse_after = 1_000
    with pytest.raises(Refused):
        played(small_figures(), broken)
    broken.refuse_after = None
    played(small_figures(), broken)
    assert broken.records == toy.records


def test_a_ledger_that_holds_something_else_is_found_out() -> None:
    class Thief(ToyRegistry):
        def held(self, account: int, kind: int) -> int:
            return super().held(account, kind) - (account == 9)

    with pytest.raises(Refused, match=r"world.holdings-differ: .*hold what was played"):
        played(small_figures(), Thief(LAW))


def test_a_ledger_that_leaves_requests_unanswered_is_found_out() -> None:
    class Mute(ToyRegistry):
        def post(self, requests: Sequence[Request]) -> list[Outcome]:
            return super().post(requests)[:-1]

    with pytest.raises(Refused, match=r"world.unanswered: Not all of"):
        played(small_figures(), Mute(LAW))


def test_progress_names_year_and_step() -> None:
    seen: list[tuple[int, str, int]] = []
    toy = ToyRegistry(LAW)
    play(toy, LAW, small_figures()[:4], SEED, lambda *told: seen.append(told))
    assert seen[-1][2] == len(toy.records)
    assert {step for _, step, _ in seen} >= {"free allocation", "surrender", "sales"}
    assert [year for year, _, _ in seen] == sorted(year for year, _, _ in seen)
