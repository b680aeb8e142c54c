"""Allocation tables at the desk: changes shown and approved, the year's run, return, reversal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from openets.kernel.clock import FixedClock, instant
from openets.people.opening import Opened
from openets.schemes.allocation.actions import change_of, run_of
from openets.schemes.allocation.entries import Entry, classify
from openets.schemes.allocation.reads import entries, plan, reserves
from openets.schemes.allocation.table_law import tables_of
from tests.schemes.allocation.allocation_office import (
    INSTALLATIONS,
    NEW_ENTRANTS,
    RESERVE,
    YEAR,
    account,
    allocation_office,
    code,
    codes,
    decide,
    enter,
    propose,
)
from tests.small_office import (
    AUTHORITY,
    CEMENT_ONE,
    KIND,
    MONDAY,
    OTHER_AUTHORITY,
    OTHER_SENIOR,
    QUANTITY,
    SENIOR,
    person,
)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
def office(tmp_path: Path, clock: FixedClock) -> Iterator[Opened]:
    with allocation_office(tmp_path / "store", clock) as opened:
        yield opened


def change(office: Opened, amounts: dict[tuple[str, int], int], table: str = INSTALLATIONS) -> str:
    return change_of(office.office, table, "EX", amounts).model_dump_json()


def held(office: Opened, operator: int) -> int:
    return office.office.writer.held(account(operator), KIND)


def run(office: Opened, table: str = INSTALLATIONS, year: int = YEAR) -> str:
    body, _ = run_of(office.office, table, "EX", year)
    assert body is not None
    proposal = office.desk.propose(person(office, AUTHORITY), body.name, body.model_dump_json())
    return decide(office, proposal).state


def entry(office: Opened, operator: int, year: int = YEAR) -> Entry:
    (found,) = entries(office.office, operator=code(operator), year=year)
    return found


def test_a_change_shows_what_it_alters_and_another_person_approves(office: Opened) -> None:
    enter(office, {(1, 2030): 100, (2, 2030): 50})
    body = change(office, {(code(1), 2030): 80, (code(3), 2031): 7})
    proposal = office.desk.propose(person(office, AUTHORITY), "allocation table", body)
    told = next(iter(office.desk.proposals.events(proposal.number))).sentence
    assert "2 amounts altered (2030: 100 → 80, 2031: 0 → 7)" in told
    assert "EX-000001 2030: 100 → 80; EX-000003 2031: - → 7; digest " in told
    assert codes(lambda: office.desk.approve(person(office, AUTHORITY), proposal.number)) == [
        ("desk.own-proposal", "")
    ]
    assert entry(office, 1).entitlement == 100
    assert decide(office, proposal).state == "completed"
    assert entry(office, 1).entitlement == 80
    assert entry(office, 3, 2031).entitlement == 7


def test_everything_wrong_with_a_change_is_told_at_once(office: Opened) -> None:
    enter(office, {(1, 2030): 100})
    fields = {
        "table": INSTALLATIONS,
        "registry": "EX",
        "years": [2030, 2029],
        "rows": [
            {"operator": code(1), "amounts": [5, None]},
            {"operator": code(1), "amounts": [6, None]},
            {"operator": "EX-000099", "amounts": [6, None]},
            {"operator": code(2), "amounts": [6]},
        ],
        "stands": "0" * 64,
    }
    assert codes(lambda: propose(office, "allocation table", fields)) == [
        ("allocation.table-moved-on", "stands"),
        ("allocation.year-outside-period", "years.1"),
        ("allocation.operator-twice", "rows.1"),
        ("allocation.operator-unknown", "rows.2"),
        ("allocation.row-length", "rows.3"),
    ]
    fields["table"] = "aircraft"
    assert ("allocation.table-unknown", "years.0") in codes(
        lambda: propose(office, "allocation table", fields)
    )
    for amount in (-1, "5", 1.5, 10**15):
        fields["rows"] = [{"operator": code(1), "amounts": [amount, None]}]
        assert {one for one, _ in codes(lambda: propose(office, "allocation table", fields))} == {
            "people.malformed"
        }
    assert entry(office, 1).entitlement == 100


def test_one_change_at_a_time_and_who_may(office: Opened) -> None:
    body = change(office, {(code(1), 2030): 80})
    assert codes(
        lambda: office.desk.propose(person(office, CEMENT_ONE), "allocation table", body)
    ) == [("people.not-permitted", "")]
    office.desk.propose(person(office, SENIOR), "allocation table", body)
    again = codes(lambda: office.desk.propose(person(office, AUTHORITY), "allocation table", body))
    assert again == [("allocation.table-pending", "table")]


def test_operators_of_other_registries_and_years_they_do_not_operate(office: Opened) -> None:
    operators = office.register.operators
    operators.change(operators.every()[0]._replace(last_year=2030), instant(MONDAY))
    body = change(office, {(code(1), 2031): 5})
    assert codes(
        lambda: office.desk.propose(person(office, AUTHORITY), "allocation table", body)
    ) == [("allocation.year-not-operating", "rows.0")]
    operators.change(operators.every()[1]._replace(registry="ZZ"), instant(MONDAY))
    foreign = {"table": INSTALLATIONS, "registry": "EX", "years": [2030], "stands": ""}
    foreign["stands"] = change_of(office.office, INSTALLATIONS, "EX", {(code(3), 2030): 1}).stands
    foreign["rows"] = [{"operator": "ZZ-000002", "amounts": [1]}]
    assert ("allocation.operator-elsewhere", "rows.0") in codes(
        lambda: propose(office, "allocation table", foreign)
    )


def test_the_run_serves_who_is_entitled_and_says_why_not_the_others(office: Opened) -> None:
    enter(office, {(1, 2030): 60, (2, 2030): 30, (3, 2030): 30, (4, 2030): 20})
    hold = {"operator": code(2), "year": 2030, "withheld": True, "reason": "no report"}
    assert decide(office, propose(office, "allocation status", hold)).state == "completed"
    again = codes(lambda: propose(office, "allocation status", hold))
    assert again == [("allocation.status-stands", "withheld")]
    elsewhere = {**hold, "year": 2031}
    assert codes(lambda: propose(office, "allocation status", elsewhere)) == [
        ("allocation.not-in-a-table", "operator")
    ]
    office.register.operators.exclude(3, 2030, "small emitter", instant(MONDAY))
    fields = {"account": account(4), "status": "suspended", "reason": "inquiry"}
    decide(office, propose(office, "change status", fields, SENIOR), OTHER_SENIOR)
    law = tables_of(office.office.rulebook, YEAR)[INSTALLATIONS]
    planned = plan(office.office, law, "EX", YEAR)
    assert [(line.operator, line.quantity) for line in planned.lines] == [(code(1), 60)]
    assert {one.operator: one.why for one in planned.passed_over} == {
        code(2): "withheld: no report",
        code(3): "excluded for 2030: small emitter",
        code(4): "account 14 is suspended",
    }
    assert run(office) == "completed"
    assert [held(office, number) for number in (1, 2, 3, 4)] == [60, 0, 0, 0]
    assert run_of(office.office, INSTALLATIONS, "EX", YEAR)[0] is None
    decide(office, propose(office, "allocation status", {**hold, "withheld": False}))
    assert run(office) == "completed"
    assert (held(office, 1), held(office, 2)) == (60, 30)


def test_the_run_is_one_act_told_with_its_day_and_digest(office: Opened) -> None:
    enter(office, {(1, 2030): 60, (2, 2030): 30})
    before = office.office.writer.book.sequence
    assert run(office) == "completed"
    assert office.office.writer.book.sequence == before + 2
    told = next(
        event.sentence
        for event in office.desk.proposals.events()
        if "by 10-36 from account 1 to 2 accounts" in event.sentence
    )
    assert "for 2030, list " in told
    assert "due by 2030-06-30 (Founding Act, Article 3); 0 passed over" in told


def test_what_a_run_may_not_be(office: Opened) -> None:
    enter(office, {(1, 2030): 100, (2, 2031): 50})
    body, _ = run_of(office.office, INSTALLATIONS, "EX", YEAR)
    assert body is not None
    fields = body.model_dump(mode="json")
    other = {**fields, "lines": [{"acquiring": account(1), "quantity": 99}], "digest": None}
    assert ("allocation.run-otherwise", "lines") in codes(
        lambda: propose(office, "allocation run", other)
    )
    early, _ = run_of(office.office, INSTALLATIONS, "EX", 2031)
    assert early is not None
    assert ("allocation.run-early", "year") in codes(
        lambda: propose(office, "allocation run", early.model_dump(mode="json"))
    )
    assert codes(lambda: run_of(office.office, "aircraft", "EX", YEAR)) == [
        ("allocation.no-run", "table")
    ]
    empty = {**fields, "year": 2032}
    assert ("allocation.nothing-to-issue", "lines") in codes(
        lambda: propose(office, "allocation run", empty)
    )
    enter(office, {(1, 2030): 10**14})
    much, _ = run_of(office.office, INSTALLATIONS, "EX", YEAR)
    assert much is not None
    assert ("allocation.not-enough", "lines") in codes(
        lambda: propose(office, "allocation run", much.model_dump(mode="json"))
    )
    enter(office, {(1, 2030): 100})
    waiting = run_of(office.office, INSTALLATIONS, "EX", YEAR)[0]
    assert waiting is not None
    propose(office, "allocation run", waiting.model_dump(mode="json"))
    changed = change(office, {(code(1), 2030): 7})
    assert codes(
        lambda: office.desk.propose(person(office, AUTHORITY), "allocation table", changed)
    ) == [("allocation.run-pending", "table")]


def test_a_line_nobody_is_entitled_to_any_more_is_not_issued(office: Opened) -> None:
    enter(office, {(1, 2030): 60, (2, 2030): 30})
    body, _ = run_of(office.office, INSTALLATIONS, "EX", YEAR)
    assert body is not None
    proposal = propose(office, "allocation run", body.model_dump(mode="json"))
    hold = {"operator": code(2), "year": 2030, "withheld": True, "reason": "no report"}
    decide(office, propose(office, "allocation status", hold))
    done = decide(office, proposal)
    assert done.state == "completed"
    assert "allocation.no-longer-entitled" in done.why
    assert (held(office, 1), held(office, 2)) == (60, 0)


def test_excess_is_returned_and_no_more_than_that(office: Opened) -> None:
    enter(office, {(1, 2030): 100})
    run(office)
    enter(office, {(1, 2030): 60})
    assert entry(office, 1).remaining() == -40
    sums = classify(entries(office.office, operator=code(1)), YEAR)
    assert sums.classification == "over-allocated"
    office.register.appoint(account(1), CEMENT_ONE, "initiate and approve", "active")
    fields = {"type": "10-42", "transferring": account(1), "acquiring": QUANTITY, "kind": KIND}
    more = {**fields, "quantity": 41, "year": YEAR}
    assert codes(lambda: propose(office, "transaction", more, CEMENT_ONE)) == [
        ("allocation.return-above-excess", "quantity")
    ]
    returned = propose(office, "transaction", {**more, "quantity": 30}, CEMENT_ONE)
    assert codes(lambda: propose(office, "transaction", {**more, "quantity": 10}, CEMENT_ONE)) == [
        ("allocation.return-pending", "year")
    ]
    assert decide(office, returned, SENIOR).state == "completed"
    assert entry(office, 1)[3:] == (60, 100, 30, 0)
    last = propose(office, "transaction", {**more, "quantity": 10}, CEMENT_ONE)
    assert decide(office, last, SENIOR).state == "completed"
    sums = classify(entries(office.office, operator=code(1)), YEAR)
    assert sums == (60, 60, 0, "fully allocated")


def test_an_allocation_is_reversed_inside_its_window(office: Opened, clock: FixedClock) -> None:
    enter(office, {(1, 2030): 100})
    run(office)
    record = office.office.writer.book.sequence
    fields = {
        "type": "10-41",
        "transferring": account(1),
        "acquiring": QUANTITY,
        "kind": KIND,
        "quantity": 100,
        "refers_to": record,
    }
    clock.set(MONDAY + timedelta(days=14))
    assert codes(lambda: propose(office, "transaction", fields, SENIOR)) == [
        ("people.reversal-too-late", "")
    ]
    clock.set(MONDAY + timedelta(days=1))
    decide(office, propose(office, "transaction", fields, SENIOR), OTHER_SENIOR)
    assert entry(office, 1)[3:] == (100, 100, 0, 100)
    assert entry(office, 1).remaining() == 100


@pytest.mark.parametrize("year", [None, 0, -1, 1, 10_000])
def test_a_run_is_of_a_year(office: Opened, year: int | None) -> None:
    fields = {"type": "10-36", "transferring": QUANTITY, "kind": KIND, "registry": "EX"}
    fields |= {"lines": [{"acquiring": account(1), "quantity": 3}], "table": INSTALLATIONS}
    fields |= {} if year is None else {"year": year}
    assert codes(lambda: propose(office, "allocation run", fields)) == [
        ("people.malformed", "year")
    ]


def test_the_reserve_serves_first_come_first(office: Opened) -> None:
    enter(office, {(2, 2030): 60}, NEW_ENTRANTS)
    enter(office, {(1, 2030): 50, (3, 2030): 10}, NEW_ENTRANTS)
    (reserve,) = reserves(office.office, YEAR)
    assert (reserve.account, reserve.available, reserve.committed) == (RESERVE, 100, 120)
    assert reserve.free == -20
    law = tables_of(office.office.rulebook, YEAR)[NEW_ENTRANTS]
    planned = plan(office.office, law, "EX", YEAR)
    assert [line.operator for line in planned.lines] == [code(2)]
    assert [one.operator for one in planned.passed_over] == [code(1), code(3)]
    assert planned.passed_over[0].why.startswith("the reserve has 40 left")
    assert run(office, NEW_ENTRANTS) == "completed"
    assert (held(office, 2), office.office.writer.held(RESERVE, KIND)) == (60, 40)
    (reserve,) = reserves(office.office, YEAR)
    assert (reserve.available, reserve.issued, reserve.committed) == (40, 60, 60)


def test_both_tables_of_an_operator_are_counted_apart(office: Opened) -> None:
    enter(office, {(1, 2030): 100})
    enter(office, {(1, 2030): 30}, NEW_ENTRANTS)
    run(office, NEW_ENTRANTS)
    found = {one.table: one for one in entries(office.office, operator=code(1), year=YEAR)}
    assert (found[INSTALLATIONS].allocated, found[NEW_ENTRANTS].allocated) == (0, 30)
    assert classify(found.values(), YEAR).classification == "under-allocated"
    assert OTHER_AUTHORITY != AUTHORITY
