"""Who may propose and approve what: cases of the UK registry, put to the command itself.

The register is a real one; the books are in memory (`tests.books_by_law`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from openets.desk.approval import Settings
from openets.desk.desk import Outcome
from openets.desk.offers import Facts, offered
from openets.desk.tasks import APPROVAL
from openets.desk.timing import DELAYED_TYPES
from openets.kernel.clock import FixedClock, instant
from openets.kernel.refusal import Refused
from openets.ledger.post import Writer
from openets.people.commands import load_command
from openets.people.office import Office
from openets.people.register import Register
from openets.people.roles import RIGHTS, contains
from openets.people.transactions import Move, Moving
from openets.rulebook.answers import code_of
from openets.rulebook.model import Rulebook
from openets.storage.database import Database
from tests.books_by_law import TwoBooks

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "rights-uk.yaml").read_text())
DAY, AT = date(2026, 3, 2), datetime(2026, 3, 2, 11, tzinfo=UTC)
SENDER, RECEIVER = 1, 2


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with closing(Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", name="desk")) as database:
        yield Register(database)


def office_of(register: Register, case: dict[str, Any]) -> Office:
    """The scene of a case: two accounts, units, trust, the holder's choice."""
    books = TwoBooks("uk", DAY, "GB")
    books.open(SENDER, case.get("from", "operator-holding"))
    books.endow(SENDER, case.get("unit", "allowance"), [(1, 100)])
    if "status" in case:
        books.set_status(SENDER, case["status"])
    books.open(RECEIVER, case.get("to", "trading"))
    register.give(SENDER, 1)
    trusted = case.get("trusted", "by list")
    register.give(RECEIVER, 1 if trusted == "by holder" else 2)
    if trusted in ("by list", "not yet"):
        since = AT + timedelta(days=1) if trusted == "not yet" else AT
        register.trust(SENDER, RECEIVER, instant(since))
    if "outside" in case:
        register.choose(SENDER, Settings(outside_list_allowed=case["outside"]))
    return Office(
        writer=cast(Writer, SimpleNamespace(book=books.book)),
        register=register,
        clock=FixedClock(AT),
        identity="case",
        record=lambda _: None,
        resting_on=lambda _: 0,
        law_kept=Path(),
        statement=lambda _: [],
        undecided=lambda _: [],
        pending=list,
        tables=cast(Any, nullcontext),
    )


@pytest.mark.parametrize("case", CASES["rights"], ids=str)
def test_who_may_propose_and_approve(register: Register, case: dict[str, Any]) -> None:
    office = office_of(register, case)
    person, _ = register.add_person(case.get("role", "representative"), "GB")
    if case.get("right", "none") != "none":
        register.appoint(SENDER, person.number, case["right"], case.get("state", "active"))
    asked = Move(
        type=case.get("type", "10-50"),
        transferring=SENDER,
        acquiring=RECEIVER,
        kind=1,
        quantity=case.get("quantity", 10),
        year=DAY.year,
    ).of(office)
    if case.get("verb") == "approve":
        found = asked.against_approval(person.actor, 99)
        found += [] if found else asked.problems()
    else:
        found = asked.against(person.actor)
    codes = [code_of(office.rulebook, one, DAY) or one.code for one in found] or ["allowed"]
    assert codes == [str(case["answer"])]


@pytest.mark.parametrize("case", CASES["offers"], ids=str)
def test_what_the_task_of_a_transfer_offers(register: Register, case: dict[str, Any]) -> None:
    office = office_of(register, {})
    person, _ = register.add_person("representative", "GB")
    for account, side in ((SENDER, "transferring"), (RECEIVER, "acquiring")):
        if case[side] != "none":
            register.appoint(account, person.number, case[side], "active")
    move = Move(type="10-50", transferring=SENDER, acquiring=RECEIVER, kind=1, quantity=10)
    decides = not move.of(office).against_approval(person.actor, 99)
    found = offered(Facts(kind=APPROVAL, decides=decides))
    assert [act for act in found if act in ("approve", "reject")] == case["offers"]


def test_accounts_of_another_registry_are_not_opened_here(register: Register) -> None:
    body = {"registry": "GB", "type": "share-of-proceeds", "holder": 1}
    asked = load_command(office_of(register, {}), "open account", json.dumps(body))
    assert [one.code for one in asked.problems()] == ["people.account-type-elsewhere"]


@pytest.mark.parametrize("case", CASES["clarified"], ids=str)
def test_the_accounts_say_by_which_type_a_transfer_is_done(
    register: Register, case: dict[str, Any]
) -> None:
    office = office_of(register, {"from": "party-holding", "to": "person-holding", "unit": "cer"})
    if "elsewhere" in case:
        known = office.writer.book.accounts[RECEIVER]
        known.registry = case["elsewhere"]
    fields = {"transferring": SENDER, "acquiring": RECEIVER, "kind": 1, "quantity": 1}
    body = {**fields, "type": case["asked"], **case.get("fields", {})}
    asked = cast(Moving, load_command(office, "transaction", json.dumps(body)))
    assert asked.body.type == case["done"]


def without_delays(rulebook: Rulebook) -> Rulebook:
    """The law with delays switched off: no type of transaction waits."""
    known = {path: rulebook.parameter(path) for path in rulebook.paths()}
    listed = known[DELAYED_TYPES]
    values = tuple(one.model_copy(update={"value": ()}) for one in listed.values)
    known[DELAYED_TYPES] = listed.model_copy(update={"values": values})
    return Rulebook(rulebook.jurisdiction, known.values())


@pytest.mark.parametrize("case", CASES["waits"], ids=str)
def test_what_waits_once_it_is_approved(register: Register, case: dict[str, Any]) -> None:
    office = office_of(register, case)
    if case.get("delays") is False:
        office.writer.book.rulebook = without_delays(office.rulebook)
    fields = {"transferring": SENDER, "acquiring": RECEIVER, "kind": 1, "quantity": 10}
    found = Moving(office, Move(type=case.get("type", "10-50"), **fields)).timing(AT, AT)
    assert (found.at > AT) is case["waits"]
    assert found.reason


def test_what_comes_from_elsewhere_reserves_nothing_here(register: Register) -> None:
    """Nothing is set aside or locked for what no account of this registry sends."""
    office = office_of(register, {})
    records = office.writer.book.sequence
    coming = Moving(office, Move(type="1-40", acquiring=RECEIVER, kind=1, quantity=10))
    assert coming.reserve(1, instant(AT)) == Outcome(0)
    assert (office.writer.book.sequence, office.writer.book.reservations) == (records, {})


@pytest.mark.parametrize(
    ("transferring", "acquiring", "answers"),
    [(99, RECEIVER, ["1002"]), (SENDER, 98, ["2002"]), (99, 98, ["1002", "2002"])],
)
def test_an_account_nobody_opened_has_the_code_of_its_side(
    register: Register, transferring: int, acquiring: int, answers: list[str]
) -> None:
    office = office_of(register, {})
    fields = {"transferring": transferring, "acquiring": acquiring, "kind": 1, "quantity": 1}
    found = Moving(office, Move(type="10-50", **fields)).problems()
    assert [code_of(office.rulebook, one, DAY) for one in found] == answers
    assert {one.code for one in found} == {"people.account-unknown"}


@pytest.mark.parametrize("held", RIGHTS)
def test_which_right_contains_which(held: str) -> None:
    assert [wanted for wanted in RIGHTS if contains(held, wanted)] == [
        right for right in RIGHTS if right in CASES["contains"][held]
    ]


@pytest.mark.parametrize("case", CASES["fields"], ids=str)
def test_what_a_proposal_needs(register: Register, case: dict[str, Any]) -> None:
    office = office_of(register, {})
    body = json.dumps(case["given"])
    if not case["named"]:
        assert load_command(office, "transaction", body).sentence()
        return
    with pytest.raises(Refused) as refused:
        load_command(office, "transaction", body)
    assert [one.where for one in refused.value.refusals] == case["named"]
    assert {one.code for one in refused.value.refusals} == {"people.malformed"}
