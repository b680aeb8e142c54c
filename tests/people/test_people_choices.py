"""What a holder chooses for an account, ceilings, and how many represent it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from openets.desk.approval import Settings
from openets.desk.proposals import Proposal
from openets.desk.timing import law_at
from openets.kernel.clock import FixedClock
from openets.kernel.refusal import Refused
from openets.people.opening import Opened
from openets.people.transactions import lowest_ceiling
from openets.rulebook.load import load_rulebook
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    GLASS_ONE,
    KIND,
    MONDAY,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    make_office,
    person,
    staffed,
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Opened]:
    with staffed(make_office(tmp_path / "store"), FixedClock(MONDAY)) as opened:
        yield opened


def propose(office: Opened, who: int, command: str, **fields: Any) -> Proposal:
    return office.desk.propose(person(office, who), command, json.dumps(fields))


def transfer(office: Opened, quantity: int) -> Proposal:
    fields = {"type": "10-0", "transferring": CEMENT, "acquiring": TRADER, "kind": KIND}
    return propose(office, CEMENT_ONE, "transaction", **fields, quantity=quantity)


RULES = {
    "account": CEMENT,
    "second_for_trusted": False,
    "second_for_surrender": True,
    "outside_list_allowed": True,
}


def test_a_holder_sets_a_ceiling_that_an_administrator_approves(office: Opened) -> None:
    proposal = propose(office, CEMENT_ONE, "account rules", **RULES, ceiling=50)
    with pytest.raises(Refused, match=r"people\.not-permitted"):
        office.desk.approve(person(office, CEMENT_TWO), proposal.number)
    assert office.desk.approve(person(office, SENIOR), proposal.number).state == "completed"
    assert transfer(office, 50).state == "awaiting approval"
    with pytest.raises(Refused, match=r"people\.above-ceiling: At most 50 units"):
        transfer(office, 51)
    office.register.trust(CEMENT, TRADER, 0)
    trusted = transfer(office, 200)
    assert (trusted.state, trusted.needs) == ("delayed", "")  # no ceiling, no second person


@pytest.mark.parametrize(
    ("day", "own", "ceiling"),
    [
        ("2023-09-09", None, None),
        ("2023-09-10", None, 2_000_000),
        ("2024-05-06", 3_000_000, 2_000_000),
        ("2024-05-06", 10, 10),
        ("2019-05-06", 10, 10),
    ],
)
def test_the_lower_of_the_laws_ceiling_and_the_holders(
    day: str, own: int | None, ceiling: int | None
) -> None:
    """Delegated Regulation (EU) 2019/1122, Article 23(3a) and (3b)."""
    at = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    law = law_at(load_rulebook("eu"), "AT", at)
    assert lowest_ceiling(law, Settings(ceiling=own)) == ceiling


def appoint(office: Opened, who: int, state: str = "active") -> Proposal:
    fields = {"account": CEMENT, "person": who, "right": "initiate", "state": state}
    proposal = propose(office, SENIOR, "representative", **fields)
    return office.desk.approve(person(office, OTHER_SENIOR), proposal.number)


def test_an_account_keeps_two_representatives(office: Opened) -> None:
    with pytest.raises(Refused, match=r"people\.too-few-representatives: At least 2 .* 1 would"):
        appoint(office, CEMENT_ONE, "removed")
    appoint(office, GLASS_ONE)
    assert appoint(office, CEMENT_ONE, "removed").state == "completed"


def test_of_two_one_can_initiate_and_the_other_approve(office: Opened) -> None:
    appoint(office, CEMENT_ONE)
    with pytest.raises(Refused, match=r"people\.nobody-to-approve"):
        appoint(office, CEMENT_TWO)


def test_an_account_that_has_too_few_gets_them_one_by_one(office: Opened) -> None:
    for who in (CEMENT_ONE, CEMENT_TWO):
        office.register.appoint(CEMENT, who, "initiate and approve", "suspended")
    for who in (GLASS_ONE, CEMENT_ONE):
        fields = {"account": CEMENT, "person": who, "right": "initiate and approve"}
        proposal = propose(office, SENIOR, "representative", **fields)
        assert office.desk.approve(person(office, OTHER_SENIOR), proposal.number).result == 0
    assert office.register.representative(CEMENT, CEMENT_ONE).state == "active"


def test_an_account_has_no_more_representatives_than_the_law_lets_it(office: Opened) -> None:
    for _ in range(6):
        one, _token = office.register.add_person("representative", "EX")
        appoint(office, one.number)
    one, _token = office.register.add_person("representative", "EX")
    with pytest.raises(Refused, match=r"people\.too-many-representatives: At most 8 .* 9 would"):
        appoint(office, one.number)
