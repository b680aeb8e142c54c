"""Who may read what at the counter, cell by cell: every role, at home and abroad, what is read.

The office is the one with operators. What a role reads is written out here; a representative reads
what is about his or her account, and nothing of another holder's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.refusal import Refused
from openets.ledger.store import open_store
from openets.people.counter import actions
from openets.people.counter.client import Counter, OpenedCounter
from openets.people.opening import Opened
from openets.people.roles import MATRIX_CITATION, REPRESENTATIVE, ROLES
from openets.people.signing_in import NotSignedIn, Who
from openets.people.verifiers import Verifier
from openets.schemes.allocation import asking
from tests.schemes.allocation.allocation_office import (
    INSTALLATIONS,
    YEAR,
    account,
    allocation_office,
    code,
    enter,
)
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    GLASS,
    GLASS_ONE,
    KIND,
    SENIOR,
    TRADER,
    TRADER_ONE,
    person,
)

HOME, ABROAD = "EX", "SI"
MUCH_LATER = date(2060, 1, 1)
EVERYWHERE = {"central administrator", "auditor"}
AT_HOME = EVERYWHERE | {
    "senior administrator",
    "junior administrator",
    "read-only administrator",
    "authority",
    "verifier",
}
TABLE = 1  # the proposal by which the allocation table was entered
Asks = Callable[[Counter, Who], list[Any] | Any]
READ: dict[str, Asks] = {
    "holders": lambda at, who: at.ask(actions.holders, who),
    "accounts": lambda at, who: at.ask(actions.accounts_of, who, CEMENT),
    "reviews": lambda at, who: at.ask(actions.reviews_by, who, MUCH_LATER),
    "table": lambda at, who: at.ask(asking.table_rows, who, HOME, "", 0),
    "operator": lambda at, who: at.ask(asking.table_rows, who, HOME, code(1), 0),
    "difference": lambda at, who: at.ask(asking.table_difference, who, TABLE),
    "run": lambda at, who: at.ask(asking.plan_run, who, INSTALLATIONS, HOME, YEAR),
    "reserve": lambda at, who: at.ask(asking.reserves, who, YEAR),
}


class Place:
    """The office, its counter, and somebody of each role in each registry."""

    def __init__(self, directory: Path, office: Opened) -> None:
        self.office = office
        self.counter = OpenedCounter(open_store(directory), office)
        self.people = {
            (role, registry): Who(person=office.register.add_person(role, registry)[0].number)
            for role in ROLES
            for registry in (HOME, ABROAD)
        }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("seeing") / "office"
    with allocation_office(directory) as office:
        enter(office, {(1, YEAR): 60, (2, YEAR): 30})
        register = office.register
        register.verifiers.put(Verifier(0, HOME, "A 1", frozenset({20}), MUCH_LATER), (), "one")
        register.appoint(account(1), CEMENT_ONE, "read only", "active")
        for who, sender, receiver in ((CEMENT_ONE, CEMENT, TRADER), (TRADER_ONE, TRADER, CEMENT)):
            fields = {"type": "10-0", "kind": KIND, "quantity": 7}
            fields |= {"transferring": sender, "acquiring": receiver}
            office.desk.propose(person(office, who), "transaction", json.dumps(fields))
        yield Place(directory, office)


@pytest.mark.parametrize("what", READ)
@pytest.mark.parametrize("registry", [HOME, ABROAD])
@pytest.mark.parametrize("role", ROLES)
def test_every_role_reads_what_the_matrix_says_and_no_more(
    place: Place, role: str, registry: str, what: str
) -> None:
    who = place.people[role, registry]
    if role in (AT_HOME if registry == HOME else EVERYWHERE):
        found = READ[what](place.counter, who)
        assert found or (what == "difference" and found == [])  # entered by now
        return
    if registry == ABROAD and role in AT_HOME and what in ("holders", "reviews", "reserve"):
        assert READ[what](place.counter, who) == []  # nothing is named; abroad there is none
        return
    with pytest.raises(Refused) as refused:
        READ[what](place.counter, who)
    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.citation) == ("people.not-permitted", MATRIX_CITATION)


@pytest.mark.parametrize("registry", [HOME, ABROAD])
@pytest.mark.parametrize("role", ROLES)
def test_every_role_lists_the_proposals_it_may_see(place: Place, role: str, registry: str) -> None:
    found = place.counter.ask(actions.proposals, place.people[role, registry], True)
    sees = role in (AT_HOME if registry == HOME else EVERYWHERE)
    assert [one.number for one in found] == ([3, 2, 1] if sees else [])


@pytest.mark.parametrize("what", READ)
def test_a_stranger_reads_nothing(place: Place, what: str) -> None:
    for nobody in (Who(), Who(person=999), Who(token="guessed")):
        with pytest.raises(NotSignedIn):
            READ[what](place.counter, nobody)
        with pytest.raises(NotSignedIn):
            place.counter.ask(actions.proposals, nobody)


def test_a_representative_reads_his_or_her_own(place: Place) -> None:
    own, other = Who(person=CEMENT_ONE), Who(person=GLASS_ONE)
    ask = place.counter.ask
    (row,) = ask(actions.accounts_of, own, CEMENT)
    assert row.number.startswith(f"EX-100-{CEMENT}-")
    (holder,) = ask(actions.holders, own)
    assert (holder.number, holder.registration, holder.accounts) == (CEMENT, "FN 3", [CEMENT])
    assert {one.number for one in ask(actions.reviews_by, own, MUCH_LATER)} == {row.number}
    assert {one.operator for one in ask(asking.table_rows, own, HOME, "", 0)} == {code(1)}
    assert [one.number for one in ask(actions.proposals, own)] == [2]
    assert [one.number for one in ask(actions.proposals, Who(person=CEMENT_TWO))] == [2]
    assert [one.number for one in ask(actions.holders, other)] == [GLASS]
    for asks in ("accounts", "table", "operator"):
        with pytest.raises(Refused, match="does not represent this account"):
            READ[asks](place.counter, other)
    assert ask(actions.proposals, other, True) == []


def test_what_is_not_there_is_told_to_who_could_see_it_only(place: Place) -> None:
    for who, code_ in ((SENIOR, "people.holder-unknown"), (GLASS_ONE, "people.not-permitted")):
        with pytest.raises(Refused) as refused:
            place.counter.ask(actions.accounts_of, Who(person=who), 99)
        assert refused.value.refusals[0].code == code_


def test_what_was_proposed_is_a_sentence_in_the_language_of_the_reader(place: Place) -> None:
    own = Who(person=CEMENT_ONE)
    (english,) = place.counter.ask(actions.proposals, own)
    (slovenian,) = place.counter.ask(actions.proposals, own, False, "sl")
    assert english.what == "7 units of kind 1 by 10-0 from account 3 to account 5"
    assert slovenian.what == "7 enot vrste 1 s postopkom 10-0 z računa 3 na račun 5"
    assert json.loads(english.body)["quantity"] == 7
    assert (english.proposer, english.account) == (CEMENT_ONE, CEMENT)


def test_a_representative_whose_right_has_gone_reads_what_he_or_she_did(place: Place) -> None:
    register = place.office.register
    register.appoint(CEMENT, CEMENT_ONE, "initiate and approve", "suspended")
    register.appoint(CEMENT, CEMENT_TWO, "initiate and approve", "suspended")
    try:
        seen = [
            [one.number for one in place.counter.ask(actions.proposals, Who(person=who))]
            for who in (CEMENT_ONE, CEMENT_TWO)
        ]
    finally:
        for who in (CEMENT_ONE, CEMENT_TWO):
            register.appoint(CEMENT, who, "initiate and approve", "active")
    assert seen == [[2], []]


def test_every_role_is_walked() -> None:
    assert set(ROLES) - AT_HOME == {REPRESENTATIVE, "auctioneer", "system administrator"}
