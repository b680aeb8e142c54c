"""Accounts requested, opened, given another status, handed over, in the small office."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.accounts import AccountNumber
from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.ledger.verify import verify
from openets.people.accounts import full_number
from openets.people.commands import load_command
from tests.people.test_people_desk import Day, at_work
from tests.small_office import (
    AUTHORITY,
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    ENDED,
    GLASS,
    GLASS_ONE,
    GLASS_TWO,
    OTHER_SENIOR,
    QUANTITY,
    SENIOR,
    TRADER,
    TRADER_ONE,
    TRADER_TWO,
    make_office,
    person,
)

BOTH = "initiate and approve"
NEXT = TRADER + 1  # the first free number


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make_office(tmp_path / "store")


@pytest.fixture
def day(store: Store) -> Iterator[Day]:
    with ExitStack() as stack:
        yield stack.enter_context(at_work(store))


def done(day: Day, command: str, **fields: Any) -> Any:
    """Proposed by one senior administrator, approved by the other."""
    return day.approve(OTHER_SENIOR, day.propose(SENIOR, command, **fields))


def codes(day: Day, command: str, who: int = SENIOR, **fields: Any) -> list[str]:
    """Every refusal of a command: its code, and the field it is about."""
    with pytest.raises(Refused) as refused:
        day.propose(who, command, **fields)
    assert all(one.sentence.endswith(".") and one.citation for one in refused.value.refusals)
    return [f"{one.code} {one.where}".strip() for one in refused.value.refusals]


def installation(day: Day, permit: str = "permit 12", **changed: Any) -> str:
    """A registered installation, by its code."""
    fields = {"registry": "EX", "kind": "installation", "permit": permit, "activity": 20}
    done(day, "register operator", **fields | {"first_year": 2030} | changed)
    return day.office.register.operators.every()[-1].code


def request(**changed: Any) -> dict[str, Any]:
    """A complete request for a trading account of the holder of the trader's."""
    fields = {"registry": "EX", "type": "trading", "holder": TRADER}
    return fields | {"representatives": {TRADER_ONE: BOTH, TRADER_TWO: BOTH}} | changed


def test_an_account_is_opened_by_two_under_the_next_number(day: Day, store: Store) -> None:
    first = day.propose(SENIOR, "open account", **request())
    second = day.propose(SENIOR, "open account", **request())
    assert [day.approve(OTHER_SENIOR, one).state for one in (second, first)] == ["completed"] * 2
    office = day.office.office
    assert [day.office.register.holder_of(one) for one in (NEXT, NEXT + 1)] == [TRADER, TRADER]
    assert NEXT + 2 not in office.writer.book.accounts
    printed = full_number(office, NEXT)
    assert printed.startswith(f"EX-100-{NEXT}-0-")
    assert AccountNumber.parse(printed).number == NEXT
    assert day.transfer(TRADER_ONE, TRADER, NEXT, 5).state == "awaiting approval"
    named = [(one.person, one.right) for one in day.office.register.representatives(NEXT)]
    assert named == [(TRADER_ONE, BOTH), (TRADER_TWO, BOTH)]
    assert verify(store).sound


def test_carried_out_again_after_a_crash_it_opens_nothing_more(day: Day) -> None:
    proposal = day.propose(SENIOR, "open account", **request())
    day.approve(OTHER_SENIOR, proposal)
    again = load_command(day.office.office, proposal.command, proposal.body)
    assert again.carry_out(proposal.number, proposal.created).record
    assert max(day.office.office.writer.book.accounts) == NEXT


def test_an_operators_account_has_an_operator_and_its_permit(day: Day) -> None:
    asked = request(type="operator-holding")
    assert codes(day, "open account", **asked) == [
        "people.operator-missing operator",
        "people.document-missing documents.permit",
    ]
    operator = installation(day)
    asked |= {"operator": operator, "documents": {"permit": "file 7, page 1"}}
    assert done(day, "open account", **asked).state == "completed"
    assert day.office.office.writer.book.accounts[NEXT].operator == operator
    holder = day.office.register.holders.get(TRADER)
    assert holder and "permit" not in holder.documents  # it is the installation's, not the holder's
    fields = {"type": "operator-holding", "operator": installation(day, "permit 13")}
    assert codes(day, "open account", **request(**fields)) == [
        "people.document-missing documents.permit"
    ]
    assert codes(day, "open account", **asked) == ["people.operator-has-account operator"]
    assert codes(day, "open account", **request(operator=operator)) == [
        "people.operator-needless operator"
    ]


def test_everything_missing_is_told_at_once(day: Day) -> None:
    holder = {"registry": "EX", "kind": "person", "country": "AT"}
    done(day, "register holder", **holder)
    number = day.office.register.holders.every()[-1].number
    asked = request(type="operator-holding", holder=number, representatives={})
    assert codes(day, "open account", **asked) == [
        "people.operator-missing operator",
        "people.document-missing documents.identity",
        "people.document-missing documents.permit",
        "people.too-few-representatives representatives",
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"type": "savings"}, "ledger.account-type-unknown"),
        ({"registry": "ZZ"}, "people.not-permitted"),
        ({"holder": 99}, "people.holder-unknown holder"),
        ({"type": "total-quantity"}, "people.holder-not-government holder"),
        ({"representatives": {99: BOTH, TRADER_ONE: BOTH}}, "people.not-to-represent"),
        ({"representatives": {AUTHORITY: BOTH, TRADER_ONE: BOTH}}, "people.not-to-represent"),
        ({"representatives": {TRADER_ONE: "all", TRADER_TWO: BOTH}}, "people.right-not-known"),
        (
            {"representatives": {TRADER_ONE: BOTH, TRADER_TWO: "read only"}},
            "people.too-few-representatives representatives",
        ),
        (
            {"representatives": {TRADER_ONE: "initiate", TRADER_TWO: "initiate"}},
            "people.nobody-to-approve representatives",
        ),
    ],
)
def test_what_speaks_against_a_request(day: Day, changed: dict[str, Any], expected: str) -> None:
    (found,) = codes(day, "open account", **request(**changed))
    assert found.startswith(expected)


def test_no_more_representatives_than_the_law_has(day: Day) -> None:
    more = [day.office.register.add_person("representative", "EX")[0].number for _ in range(7)]
    named = dict.fromkeys((TRADER_ONE, TRADER_TWO, *more), BOTH)
    expected = ["people.too-many-representatives representatives"]
    assert codes(day, "open account", **request(representatives=named)) == expected


def test_a_government_account_needs_no_representatives(day: Day) -> None:
    fields = {"registry": "EX", "type": "total-quantity", "holder": QUANTITY}
    assert done(day, "open account", **fields).state == "completed"


def test_a_request_is_refused_on_a_ground_of_the_law(day: Day) -> None:
    proposal = day.propose(SENIOR, "open account", **request())
    actor = person(day.office, OTHER_SENIOR)
    desk = day.office.desk
    for said in ("a bad feeling", "reasonable suspicion?", "file 9: reasonable suspicion"):
        with pytest.raises(Refused) as refused:
            desk.reject(actor, proposal.number, said)
        (refusal,) = refused.value.refusals
        assert (refusal.code, refusal.where) == ("people.refusal-ground", "reason")
        assert refusal.citation == "accounts.refusal-grounds"
    ended = desk.reject(actor, proposal.number, "reasonable suspicion: file 9")
    assert (ended.state, ended.why) == ("rejected", "reasonable suspicion: file 9")


def test_so_is_a_representative_but_not_the_end_of_one(day: Day) -> None:
    actor = person(day.office, OTHER_SENIOR)
    appointed = {"account": CEMENT, "person": TRADER_ONE, "right": BOTH}
    proposal = day.propose(SENIOR, "representative", **appointed)
    with pytest.raises(Refused, match=r"people\.refusal-ground"):
        day.office.desk.reject(actor, proposal.number, "a bad feeling")
    assert day.approve(OTHER_SENIOR, proposal).state == "completed"
    ending = day.propose(SENIOR, "representative", **appointed, state="suspended")
    assert day.office.desk.reject(actor, ending.number, "a bad feeling").state == "rejected"


# -- status ---------------------------------------------------------------------------------------


def change(day: Day, to: str, **fields: Any) -> Any:
    return done(day, "change status", account=CEMENT, status=to, reason="a reason", **fields)


def test_a_status_follows_only_what_the_law_lets_it_follow(day: Day) -> None:
    for to in ("suspended", "blocked", "open"):
        assert change(day, to).state == "completed"
    fields = {"account": CEMENT, "reason": "x"}
    assert codes(day, "change status", status="open", **fields) == [
        "people.status-does-not-follow status"
    ]
    assert codes(day, "change status", status="closed", **fields) == [
        "people.status-reached-otherwise status"
    ]
    assert codes(day, "change status", status="transfer-pending", **fields) == [
        "people.status-reached-otherwise status"
    ]
    with pytest.raises(Refused):  # a reason is mandatory
        day.propose(SENIOR, "change status", account=CEMENT, status="blocked")


def test_a_status_that_changed_meanwhile_is_not_overridden(day: Day) -> None:
    fields = {"account": CEMENT, "reason": "x"}
    late = day.propose(SENIOR, "change status", status="blocked", **fields)
    change(day, "blocked")
    ended = day.approve(OTHER_SENIOR, late)
    assert (ended.state, "may not follow" in ended.why) == ("terminated", True)


def test_who_may_give_a_status(day: Day) -> None:
    junior = day.office.register.add_person("junior administrator", "EX")[0].number
    fields = {"account": CEMENT, "status": "blocked", "reason": "x"}
    assert codes(day, "change status", junior, **fields) == ["people.status-not-given-by status"]
    assert codes(day, "change status", CEMENT_ONE, **fields) == ["people.not-permitted"]


# -- handover -------------------------------------------------------------------------------------


def handover(**changed: Any) -> dict[str, Any]:
    """Cement passes to the holder of glass, with its representatives."""
    fields = {"account": CEMENT, "holder": GLASS, "reason": "sale of the works"}
    fields |= {"documents": {"permit": "file 8"}}
    return fields | {"representatives": {GLASS_ONE: BOTH, GLASS_TWO: BOTH}} | changed


def test_an_installation_passes_on_with_its_account_and_balance(day: Day, store: Store) -> None:
    book = day.office.office.writer.book
    proposal = day.propose(SENIOR, "hand over account", **handover())
    assert book.accounts[CEMENT].status == "transfer-pending"
    with pytest.raises(Refused):
        day.transfer(CEMENT_ONE, CEMENT, TRADER, 1)
    assert day.approve(OTHER_SENIOR, proposal).state == "completed"
    assert (book.accounts[CEMENT].status, day.held(CEMENT)) == ("open", 400)
    assert day.office.register.holder_of(CEMENT) == GLASS
    with pytest.raises(Refused):
        day.transfer(CEMENT_TWO, CEMENT, TRADER, 1)
    assert day.transfer(GLASS_ONE, CEMENT, TRADER, 1).state == "awaiting approval"
    assert verify(store).sound


def test_a_handover_that_is_rejected_leaves_everything_as_it_was(day: Day) -> None:
    proposal = day.propose(SENIOR, "hand over account", **handover())
    actor = person(day.office, OTHER_SENIOR)
    day.office.desk.reject(actor, proposal.number, "the sale fell through")
    assert day.office.office.writer.book.accounts[CEMENT].status == "open"
    assert day.office.register.holder_of(CEMENT) == CEMENT
    assert day.transfer(CEMENT_ONE, CEMENT, TRADER, 1).state == "awaiting approval"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"account": TRADER}, ["people.not-handed-over account"]),
        ({"holder": CEMENT}, ["people.holder-is-the-same holder"]),
        ({"holder": 99}, ["people.holder-unknown holder"]),
        ({"documents": {}}, ["people.document-missing documents.permit"]),
        ({"representatives": {}}, ["people.too-few-representatives representatives"]),
        (
            {"account": ENDED, "representatives": {}},
            ["people.not-handed-over account", "people.too-few-representatives representatives"],
        ),
    ],
)
def test_what_speaks_against_a_handover(
    day: Day, changed: dict[str, Any], expected: list[str]
) -> None:
    found = codes(day, "hand over account", **handover(**changed))
    assert [one for one in found if "holder-not-government" not in one] == expected


def test_only_an_open_account_is_handed_over(day: Day) -> None:
    change(day, "blocked")
    assert codes(day, "hand over account", **handover()) == ["people.status-does-not-follow status"]
