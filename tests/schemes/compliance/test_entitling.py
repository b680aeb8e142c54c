"""The authority states by what an operator's entitlement to credits is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openets.kernel import acts
from openets.kernel.clock import FixedClock, instant
from openets.kernel.refusal import Refused
from openets.ledger.requests import ActRequest, key_of
from openets.ledger.store import create_store
from openets.people.opening import Opened
from openets.rulebook.load import load_rulebook
from openets.schemes.compliance.credits import bases
from openets.schemes.compliance.surrendering import credits_left
from tests.small_office import person, staffed

WORKS, AIRLINE, NOBODY = "AT-000001", "AT-000002", "AT-000009"
ONE, TWO = 1, 2
DAY = datetime(2018, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(DAY)


@pytest.fixture
def office(tmp_path: Path, clock: FixedClock) -> Iterator[Opened]:
    store = create_store(tmp_path / "store", jurisdiction="eu", mode="practice")
    with staffed(store, clock) as opened:
        for _ in range(2):
            opened.register.add_person("senior administrator", "AT")
        types = {WORKS: "operator-holding", AIRLINE: "aircraft-operator-holding"}
        done = [
            acts.AccountOpened(number=number, registry="AT", type=type_, operator=operator)
            for number, (operator, type_) in enumerate(types.items(), 1)
        ]
        requests = [
            ActRequest(key_of("case", str(number)), instant(DAY), act)
            for number, act in enumerate(
                [*done, acts.EmissionsVerified(account=1, year=2014, tonnes=10_000)]
            )
        ]
        assert all(one.completed for one in opened.office.writer.post(requests))
        yield opened


def state(office: Opened, operator: str, basis: str) -> str:
    fields = {"operator": operator, "basis": basis, "document": "decision 7"}
    proposal = office.desk.propose(person(office, ONE), "credit entitlement", json.dumps(fields))
    return office.desk.approve(person(office, TWO), proposal.number).state


def refused(office: Opened, operator: str, basis: str) -> str:
    with pytest.raises(Refused) as error:
        state(office, operator, basis)
    (one,) = error.value.refusals
    return one.code


def test_what_is_stated_last_counts(office: Opened) -> None:
    asked = (office.office, 1, 2018, "installation")
    assert credits_left(*asked) == 450  # without an allocation it is new: 4.5 % of 10,000
    assert state(office, WORKS, "existing") == "completed"
    assert credits_left(*asked) == 0
    assert refused(office, WORKS, "existing") == "compliance.entitlement-unchanged"
    assert state(office, WORKS, "extended") == "completed"
    assert credits_left(*asked) == 450


def test_only_what_the_law_of_the_day_knows_is_stated(office: Opened, clock: FixedClock) -> None:
    assert refused(office, WORKS, "generous") == "compliance.entitlement-unknown"
    assert refused(office, WORKS, "aviation") == "compliance.entitlement-unknown"
    assert refused(office, AIRLINE, "extended") == "compliance.entitlement-of-class"
    assert refused(office, NOBODY, "new") == "compliance.no-account"
    clock.set(datetime(2021, 3, 1, 9, tzinfo=UTC))
    assert refused(office, WORKS, "new") == "compliance.entitlement-unknown"


def test_the_measures_are_those_with_a_formula() -> None:
    law = load_rulebook("eu")
    assert sorted(bases(law, DAY.date())) == ["aviation", "existing", "extended", "new"]
    assert bases(law, datetime(2021, 1, 1, tzinfo=UTC).date()) == []
