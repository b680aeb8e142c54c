"""Accounts are closed: every condition has its code, and all that stand against it are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.kernel import acts
from openets.kernel.clock import instant
from openets.ledger.requests import ActRequest, TransactionRequest, key_of
from openets.ledger.store import Store
from openets.ledger.verify import verify
from openets.people.closing import BY_LAW, surrendered_by
from openets.people.operators import reporting_years
from openets.rulebook.load import load_rulebook
from tests.people.test_people_accounts import BOTH, NEXT, codes, done, installation, request
from tests.people.test_people_desk import Day, at_work
from tests.small_office import (
    CEMENT,
    ENDED,
    GLASS,
    GLASS_ONE,
    GLASS_TWO,
    KIND,
    QUANTITY,
    SENIOR,
    TRADER,
    make_office,
)

CASES = Path(__file__).parent / "cases"
LATER = datetime(2031, 3, 3, 12, tzinfo=UTC)
CLOSE = {"account": NEXT, "reason": "the works are gone"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make_office(tmp_path / "store")


@pytest.fixture
def day(store: Store) -> Iterator[Day]:
    """A day of 2031, with an empty account whose installation had its only year in 2030."""
    with ExitStack() as stack:
        day = stack.enter_context(at_work(store, LATER))
        operator = installation(day, last_year=2030)
        fields = {"type": "operator-holding", "operator": operator}
        done(day, "open account", **request(**fields, documents={"permit": "file 7"}))
        yield day


def enter(day: Day, year: int = 2030, tonnes: int = 0, account: int = NEXT) -> None:
    act = acts.EmissionsVerified(account=account, year=year, tonnes=tonnes)
    key = key_of("emissions", account, year, tonnes)
    assert day.office.office.post(ActRequest(key, instant(LATER), act)).completed


def move(day: Day, type: int, sender: int, receiver: int, quantity: int, **named: Any) -> int:
    key = key_of("move", type, sender, receiver, quantity)
    moved = TransactionRequest(
        key, instant(LATER), type, sender, receiver, KIND, quantity, 2030, **named
    )
    posted = day.office.office.post(moved)
    assert posted.completed, posted
    return posted.sequence


def change_operator(day: Day, **changed: Any) -> None:
    (operator,) = day.office.register.operators.every()
    stated = operator._asdict() | {"operator": operator.code} | changed
    del stated["number"]
    assert done(day, "register operator", **stated).state == "completed"


def test_an_account_without_a_debt_is_closed_for_good(day: Day, store: Store) -> None:
    enter(day)
    assert done(day, "close account", **CLOSE).state == "completed"
    assert day.office.office.writer.book.accounts[NEXT].status == "closed"
    (found,) = codes(day, "change status", account=NEXT, status="open", reason="x")
    assert found == "people.status-does-not-follow status"
    assert codes(day, "close account", **CLOSE) == ["people.status-does-not-follow status"]
    assert verify(store).sound


def balance(day: Day) -> None:
    move(day, 10037, QUANTITY, NEXT, 5)


def set_aside(day: Day) -> None:
    balance(day)
    act = acts.Reserved(account=NEXT, kind=KIND, quantity=5)
    assert day.office.office.post(ActRequest(key_of("aside"), instant(LATER), act)).completed


def proposal(day: Day) -> None:
    day.propose(SENIOR, "change status", account=NEXT, status="blocked", reason="x")


def listing(day: Day) -> None:
    day.propose(SENIOR, "trusted account", account=NEXT, listed=TRADER)


def passing_on(day: Day) -> None:
    named = {GLASS_ONE: BOTH, GLASS_TWO: BOTH}
    fields = {"holder": GLASS, "representatives": named, "documents": {"permit": "file 7"}}
    day.propose(SENIOR, "hand over account", account=NEXT, reason="x", **fields)


@pytest.mark.parametrize(
    ("hinder", "expected"),
    [
        (balance, ["people.closing-balance"]),
        (set_aside, ["people.closing-balance", "people.closing-set-aside"]),
        (proposal, ["people.closing-proposals"]),
        (listing, ["people.closing-listing"]),
        (
            passing_on,
            ["people.status-does-not-follow status", "people.closing-handover"],
        ),
        (
            lambda day: change_operator(day, last_year=2032),
            ["people.closing-future-last-year", "people.closing-emissions-missing"],
        ),
        (lambda day: enter(day, tonnes=3), ["people.closing-short"]),
        (lambda day: change_operator(day, return_due=9), ["people.closing-return"]),
        (
            lambda day: change_operator(day, last_year=None),
            ["people.closing-no-last-year", "people.closing-emissions-missing"],
        ),
    ],
)
def test_each_condition_of_closing(
    day: Day, hinder: Callable[[Day], None], expected: list[str]
) -> None:
    enter(day)
    hinder(day)
    assert codes(day, "close account", **CLOSE) == expected


def test_the_administrations_own_accounts_are_never_closed(day: Day) -> None:
    found = codes(day, "close account", account=QUANTITY, reason="x")
    assert found == ["people.closing-balance", "people.closing-government"]


def test_all_that_stands_against_it_is_told_at_once(day: Day) -> None:
    balance(day)
    enter(day, tonnes=3, year=2031)
    change_operator(day, last_year=2031, return_due=1)
    listing(day)
    assert codes(day, "close account", **CLOSE) == [
        "people.closing-balance",
        "people.closing-listing",
        "people.closing-emissions-missing",
        "people.closing-short",
        "people.closing-return",
    ]


def test_what_arrives_between_proposal_and_approval_stops_the_closing(day: Day) -> None:
    enter(day)
    asked = day.propose(SENIOR, "close account", **CLOSE)
    balance(day)
    ended = day.approve(2, asked)
    assert (ended.state, "holds 5 units" in ended.why) == ("terminated", True)
    assert day.office.office.writer.book.accounts[NEXT].status == "open"


def test_what_was_surrendered_counts_and_what_came_back_does_not(day: Day) -> None:
    balance(day)
    surrender = move(day, 10002, NEXT, ENDED, 5)
    assert surrendered_by(day.office.office, NEXT) == 5
    enter(day, tonnes=5)
    assert done(day, "close account", **CLOSE).state == "completed"
    assert surrendered_by(day.office.office, CEMENT) == 0
    assert day.office.office.record(surrender)


def test_a_reversed_surrender_is_none(day: Day) -> None:
    balance(day)
    surrender = move(day, 10002, NEXT, ENDED, 5)
    move(day, 10082, ENDED, NEXT, 5, refers_to=surrender)
    assert surrendered_by(day.office.office, NEXT) == 0


def _cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((CASES / name).read_text())
    return found


@pytest.mark.parametrize(
    "case", _cases("emissions-at-closing.yaml"), ids=lambda case: str(case["name"])
)
def test_figures_of_every_year_or_an_exclusion(day: Day, case: dict[str, Any]) -> None:
    for year, tonnes in case["emissions"].items():
        enter(day, year, tonnes)
        move(day, 10037, QUANTITY, NEXT, tonnes or 1)
        move(day, 10002, NEXT, ENDED, tonnes or 1)
    (operator,) = day.office.register.operators.every()
    for year in case["excluded"]:
        fields = {"operator": operator.code, "year": year, "ground": "out of scope"}
        assert done(day, "exclude year", **fields).state == "completed"
    if case["closes"]:
        assert done(day, "close account", **CLOSE).state == "completed"
    else:
        assert codes(day, "close account", **CLOSE) == ["people.closing-emissions-missing"]


@pytest.mark.parametrize("case", _cases("reporting-years.yaml"), ids=str)
def test_the_years_an_operator_owes_figures_for(case: dict[str, Any]) -> None:
    found = reporting_years(case["first"], case["last"], case["reference"])
    assert len(found) == case["years"]


@pytest.mark.parametrize("jurisdiction", ["eu", "uk", "example"])
def test_every_condition_a_law_names_is_known(jurisdiction: str) -> None:
    values = load_rulebook(jurisdiction).parameter("accounts.closure").values
    named = [one for value in values for one in value.value["conditions"]]
    assert named and set(named) <= BY_LAW.keys()
