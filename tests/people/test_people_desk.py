"""The desk at work: proposals of people in the small office, from the first word to the record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.desk.approval import Settings
from openets.desk.proposals import Proposal
from openets.desk.said import Said
from openets.kernel.clock import FixedClock, instant
from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.ledger.verify import verify
from openets.people.opening import Opened
from tests.conftest import MakeDatabase
from tests.small_office import (
    AUDITOR,
    AUTHORITY,
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    CENTRAL,
    ENDED,
    GLASS,
    GLASS_ONE,
    KIND,
    MONDAY,
    OTHER_AUTHORITY,
    OTHER_CENTRAL,
    OTHER_SENIOR,
    QUANTITY,
    SENIOR,
    TRADER,
    TRADER_ONE,
    make_office,
    person,
    staffed,
)

NOON_OF_TUESDAY = datetime(2030, 3, 5, 12, tzinfo=UTC)


class Day:
    """The office on a day: people say what they want by number."""

    def __init__(self, store: Store, clock: FixedClock, office: Opened) -> None:
        self.store, self.clock, self.office = store, clock, office

    def propose(self, who: int, command: str, **fields: Any) -> Proposal:
        body = json.dumps(fields)
        return self.office.desk.propose(person(self.office, who), command, body)

    def transfer(self, who: int, sender: int, receiver: int, quantity: int) -> Proposal:
        fields = {"transferring": sender, "acquiring": receiver, "quantity": quantity}
        return self.propose(who, "transaction", type="10-0", kind=KIND, **fields)

    def approve(self, who: int, proposal: Proposal) -> Proposal:
        return self.office.desk.approve(person(self.office, who), proposal.number)

    def work(self) -> list[Proposal]:
        return list(self.office.desk.work())

    def held(self, account: int) -> int:
        return self.office.office.writer.held(account, KIND)

    def available(self, account: int) -> int:
        return self.office.office.writer.book.available(account, KIND)


@contextmanager
def at_work(store: Store, at: datetime = MONDAY) -> Iterator[Day]:
    clock = FixedClock(at)
    with staffed(store, clock) as office:
        yield Day(store, clock, office)


@pytest.fixture
def store(make_database: MakeDatabase, tmp_path: Path) -> Store:
    """On both engines."""
    urls = {name: make_database(name) for name in ("journal", "query", "log", "desk")}
    return make_office(tmp_path / "store", urls)


@pytest.fixture
def small(tmp_path: Path) -> Store:
    """On SQLite."""
    return make_office(tmp_path / "store")


@pytest.fixture
def day(small: Store) -> Iterator[Day]:
    with ExitStack() as stack:
        yield stack.enter_context(at_work(small))


def code(action: Any, *given: Any, **named: Any) -> str:
    """The code of the refusal an action ends with."""
    with pytest.raises(Refused) as refused:
        action(*given, **named)
    return refused.value.refusals[0].code


def test_a_transfer_is_proposed_approved_delayed_and_carried_out(store: Store) -> None:
    noon = {"limit": "12:00", "hour": "12:00", "day": 1}
    with at_work(store) as day:
        proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 150)
        assert proposal.state == "awaiting approval"
        assert "not trusted" in proposal.why_two.told()
        assert (day.held(CEMENT), day.available(CEMENT)) == (400, 250)
        approved = day.approve(CEMENT_TWO, proposal)
        assert (approved.state, approved.execute_at) == ("delayed", instant(NOON_OF_TUESDAY))
        assert approved.why_then == Said("when-confirmed-before", noon)
        day.clock.set(NOON_OF_TUESDAY - timedelta(seconds=1))
        assert not day.work()
        day.clock.set(NOON_OF_TUESDAY)
        (done,) = day.work()
        assert done.state == "completed"
        assert done.result == day.office.office.writer.book.sequence
        assert (day.held(CEMENT), day.held(TRADER)) == (250, 450)
        assert not day.work()
        told = [event.sentence for event in day.office.desk.proposals.events(proposal.number)]
    assert told[0].startswith("Person 5 (representative) proposed: 150 units of kind 1 by 10-0")
    assert "Person 6 (representative) approved it. To be carried out at 2030-03-05 12:00" in told[2]
    assert told[3].startswith("It was carried out by record ")
    assert verify(store).sound


def test_the_time_and_its_reason_are_known_before_approval(day: Day) -> None:
    actor = person(day.office, CEMENT_ONE)
    fields = {"type": "10-0", "transferring": CEMENT, "acquiring": TRADER, "kind": 1, "quantity": 1}
    answer, execution = day.office.desk.preview(actor, "transaction", json.dumps(fields))
    assert (answer.needed, execution.at) == (True, NOON_OF_TUESDAY)
    day.clock.set(MONDAY.replace(hour=13))
    _, later = day.office.desk.preview(actor, "transaction", json.dumps(fields))
    assert later.at == NOON_OF_TUESDAY + timedelta(days=1)


def test_a_surrender_is_approved_by_a_second_representative_and_does_not_wait(day: Day) -> None:
    fields = {"type": "10-2", "transferring": CEMENT, "acquiring": ENDED, "kind": KIND}
    proposal = day.propose(CEMENT_ONE, "transaction", **fields, quantity=50, year=2030)
    done = day.approve(CEMENT_TWO, proposal)
    assert (done.state, day.held(ENDED)) == ("completed", 50)


def test_nobody_approves_what_he_or_she_proposed(day: Day) -> None:
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 1)
    assert code(day.approve, CEMENT_ONE, proposal) == "desk.own-proposal"
    assert day.office.desk.proposals.get(proposal.number) == proposal


@pytest.mark.parametrize("who", [GLASS_ONE, TRADER_ONE, AUDITOR])
def test_nobody_acts_on_another_holders_account(day: Day, who: int) -> None:
    assert code(day.transfer, who, CEMENT, TRADER, 1) == "people.not-permitted"
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 1)
    assert code(day.approve, who, proposal) == "people.not-permitted"


def test_a_proposal_is_decided_once(day: Day) -> None:
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 1)
    day.approve(CEMENT_TWO, proposal)
    assert code(day.approve, SENIOR, proposal) == "desk.other-state"
    actor = person(day.office, SENIOR)
    assert code(day.office.desk.reject, actor, proposal.number, "late") == "desk.other-state"
    assert code(day.office.desk.approve, actor, 99) == "desk.unknown"


def test_a_refusal_needs_a_reason_and_releases_what_was_reserved(day: Day) -> None:
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 400)
    assert code(day.transfer, CEMENT_ONE, CEMENT, GLASS, 1) == "ledger.not-covered"
    actor = person(day.office, CEMENT_TWO)
    desk = day.office.desk
    assert code(desk.reject, actor, proposal.number, " ") == "desk.reason-missing"
    rejected = desk.reject(actor, proposal.number, "not agreed with the buyer")
    assert (rejected.state, rejected.why) == ("rejected", "not agreed with the buyer")
    assert day.available(CEMENT) == 400
    assert day.transfer(CEMENT_ONE, CEMENT, GLASS, 400).state == "awaiting approval"


def test_the_proposer_withdraws_or_who_could_stop_it_later(day: Day) -> None:
    desk = day.office.desk

    def withdraw(who: int, proposal: Proposal) -> str:
        return desk.withdraw(person(day.office, who), proposal.number, "mistaken").state

    for who in (CEMENT_ONE, CEMENT_TWO, SENIOR, CENTRAL):
        proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
        for stranger in (GLASS_ONE, TRADER_ONE, AUDITOR):
            assert code(withdraw, stranger, proposal) == "people.not-permitted"
        assert (withdraw(who, proposal), day.available(CEMENT)) == ("withdrawn", 400)


def test_who_is_suspended_takes_nothing_back(day: Day) -> None:
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    day.office.register.set_person_state(CEMENT_ONE, "suspended")
    actor = person(day.office, CEMENT_ONE)
    with pytest.raises(Refused) as refused:
        day.office.desk.withdraw(actor, proposal.number, "mistaken")
    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.citation) == ("people.not-active", "desk rule")
    assert day.available(CEMENT) == 390


def test_an_order_to_freeze_is_not_taken_back_by_whom_it_is_about(day: Day) -> None:
    proposal = day.propose(SENIOR, "freeze", order="freeze", account=CEMENT, reason="x")
    desk = day.office.desk
    for who, expected in ((CEMENT_ONE, "people.not-permitted"), (AUDITOR, "people.not-permitted")):
        assert code(desk.withdraw, person(day.office, who), proposal.number, "x") == expected
    assert desk.withdraw(person(day.office, SENIOR), proposal.number, "x").state == "withdrawn"


def test_a_delayed_transfer_is_cancelled_until_two_hours_before(day: Day) -> None:
    desk = day.office.desk
    actor = person(day.office, CEMENT_TWO)
    kept = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 10))
    stopped = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, GLASS, 20))
    day.clock.set(NOON_OF_TUESDAY - timedelta(hours=2))
    assert desk.cancel(actor, stopped.number, "the buyer is not known").state == "cancelled"
    day.clock.step(timedelta(seconds=1))
    assert code(desk.cancel, actor, kept.number, "too late") == "desk.too-late-to-cancel"
    day.clock.set(NOON_OF_TUESDAY)
    day.work()
    assert (day.held(CEMENT), day.held(TRADER), day.held(GLASS)) == (390, 310, 100)


STOPPING = yaml.safe_load((Path(__file__).parent / "cases" / "stopping.yaml").read_text())


@pytest.mark.parametrize("case", STOPPING, ids=str)
def test_how_a_transaction_is_stopped(day: Day, case: dict[str, str]) -> None:
    desk, state = day.office.desk, case["state"]
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    proposer, second = (person(day.office, who) for who in (CEMENT_ONE, CEMENT_TWO))
    if state in ("delayed", "cancelled", "completed"):
        day.approve(CEMENT_TWO, proposal)
    if state == "cancelled":
        desk.cancel(second, proposal.number, "first reason")
    elif state == "rejected":
        desk.reject(second, proposal.number, "first reason")
    elif state == "completed":
        day.clock.set(NOON_OF_TUESDAY)
        day.work()
    kept = desk.proposals.get(proposal.number)
    assert kept and kept.state == state
    act = {"cancel": desk.cancel, "withdraw": desk.withdraw, "reject": desk.reject}[case["asked"]]
    actor = proposer if case["asked"] == "withdraw" else second
    try:
        found = act(actor, proposal.number, "mistaken").state
    except Refused as refused:
        found = refused.refusals[0].code
        assert desk.proposals.get(proposal.number) == kept
    assert found == case["answer"]


def test_what_nobody_decides_on_expires(day: Day) -> None:
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 400)
    day.clock.step(timedelta(days=30))
    (expired,) = day.work()
    assert (expired.number, expired.state, day.available(CEMENT)) == (
        proposal.number,
        "expired",
        400,
    )
    late = day.transfer(CEMENT_ONE, CEMENT, TRADER, 400)
    day.clock.step(timedelta(days=31))
    assert code(day.approve, CEMENT_TWO, late) == "desk.other-state"  # though nobody worked


def test_trust_begins_on_the_fourth_working_day_and_waives_the_delay(day: Day) -> None:
    proposal = day.propose(CEMENT_ONE, "trusted account", account=CEMENT, listed=TRADER)
    waiting = day.approve(CEMENT_TWO, proposal)
    friday = datetime(2030, 3, 8, 12, tzinfo=UTC)
    assert (waiting.state, waiting.execute_at) == ("delayed", instant(friday))
    again = {"account": CEMENT, "listed": TRADER}
    day.clock.set(friday)
    day.work()
    refused = code(day.propose, CEMENT_ONE, "trusted account", **again)
    assert refused == "people.trusted-already"
    trusted = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 10))
    assert (trusted.state, day.held(TRADER)) == ("completed", 310)
    easy = Settings(second_for_trusted=False)
    day.office.register.choose(CEMENT, easy)
    assert day.transfer(CEMENT_ONE, CEMENT, TRADER, 10).state == "completed"
    gone = day.approve(CEMENT_TWO, day.propose(CEMENT_ONE, "trusted account", **again, on=False))
    assert gone.state == "completed"
    assert day.transfer(CEMENT_ONE, CEMENT, TRADER, 10).state == "awaiting approval"


def test_who_transfers_to_the_list_only_is_held_to_it(day: Day) -> None:
    day.office.register.choose(CEMENT, Settings(outside_list_allowed=False))
    assert code(day.transfer, CEMENT_ONE, CEMENT, TRADER, 10) == "people.not-trusted"


def test_the_person_concerned_does_not_decide(day: Day) -> None:
    named = {"account": GLASS, "person": CEMENT_ONE, "right": "initiate"}
    proposal = day.propose(SENIOR, "representative", **named)
    assert code(day.approve, CEMENT_ONE, proposal) == "people.person-affected"
    day.approve(OTHER_SENIOR, proposal)
    mine = day.transfer(CEMENT_ONE, GLASS, TRADER, 10)
    assert mine.state == "awaiting approval"
    other = day.transfer(GLASS_ONE, GLASS, TRADER, 10)
    assert code(day.approve, CEMENT_ONE, other) == "people.not-permitted"  # may initiate only


def test_what_a_role_may_propose_is_the_laws_answer(day: Day) -> None:
    fields = {"type": "10-37", "transferring": QUANTITY, "acquiring": TRADER, "kind": KIND}
    refused = code(day.propose, SENIOR, "transaction", **fields, quantity=10)
    assert refused == "people.not-the-proposer"
    proposal = day.propose(AUTHORITY, "transaction", **fields, quantity=10)
    assert day.approve(OTHER_AUTHORITY, proposal).state == "completed"


def test_a_freeze_takes_two_and_is_effective_at_once(day: Day) -> None:
    waiting = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 10))
    order = {"order": "freeze", "account": CEMENT, "reason": "stolen credentials"}
    assert code(day.propose, CEMENT_ONE, "freeze", **order) == "people.not-permitted"
    done = day.approve(OTHER_SENIOR, day.propose(SENIOR, "freeze", **order))
    assert done.state == "completed"
    assert code(day.transfer, CEMENT_ONE, CEMENT, TRADER, 10) == "ledger.frozen"
    day.clock.set(NOON_OF_TUESDAY)
    (stopped,) = day.work()
    assert (stopped.number, stopped.state) == (waiting.number, "terminated")
    assert "is frozen" in stopped.why
    assert (day.held(CEMENT), day.available(CEMENT)) == (400, 400)
    lift = {**order, "order": "lift", "reason": "investigated"}
    day.approve(OTHER_CENTRAL, day.propose(CENTRAL, "freeze", **lift))
    assert day.transfer(CEMENT_ONE, CEMENT, TRADER, 10).state == "awaiting approval"


def test_a_blocked_account_still_surrenders_and_a_suspended_one_is_nobodys(day: Day) -> None:
    def status(to: str) -> None:
        proposal = day.propose(
            SENIOR, "change status", account=CEMENT, status=to, reason="no figure by the deadline"
        )
        assert day.approve(OTHER_SENIOR, proposal).state == "completed"

    status("blocked")
    assert code(day.transfer, CEMENT_ONE, CEMENT, TRADER, 10) == "ledger.sender-status"
    fields = {"type": "10-2", "transferring": CEMENT, "acquiring": ENDED, "kind": KIND}
    proposal = day.propose(CEMENT_ONE, "transaction", **fields, quantity=50, year=2030)
    assert day.approve(CEMENT_TWO, proposal).state == "completed"
    status("suspended")
    assert code(day.transfer, CEMENT_ONE, CEMENT, TRADER, 10) == "people.account-status"


def test_a_person_who_is_suspended_may_do_nothing(day: Day) -> None:
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    day.office.register.set_person_state(CEMENT_TWO, "suspended")
    assert code(day.approve, CEMENT_TWO, proposal) == "people.not-active"
    assert code(day.transfer, CEMENT_TWO, CEMENT, TRADER, 10) == "people.not-active"


@pytest.mark.parametrize(
    ("command", "body", "code_", "where"),
    [
        ("teleport", "{}", "people.command-unknown", ""),
        ("transaction", "{", "people.malformed", ""),
        ("transaction", '{"type": "10-0"}', "people.malformed", "acquiring"),
        ("freeze", '{"order": "thaw", "reason": "x"}', "people.malformed", "order"),
        ("freeze", '{"order": "freeze", "reason": "x"}', "ledger.freeze-scope", ""),
        (
            "change status",
            '{"account": 3, "status": "lost", "reason": "x"}',
            "ledger.status-unknown",
            "",
        ),
    ],
)
def test_what_is_malformed_is_refused_and_not_stored(
    day: Day, command: str, body: str, code_: str, where: str
) -> None:
    with pytest.raises(Refused) as refused:
        day.office.desk.propose(person(day.office, SENIOR), command, body)
    assert (refused.value.refusals[0].code, refused.value.refusals[0].where) == (code_, where)
    assert not day.office.desk.proposals.every()


def test_after_a_week_away_everything_due_is_done_once(small: Store) -> None:
    with at_work(small) as day:
        for quantity in (10, 20, 30):
            day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, quantity))
        day.transfer(CEMENT_ONE, CEMENT, TRADER, 40)  # nobody approves this one
    with at_work(small, MONDAY + timedelta(days=7)) as day:
        assert [one.state for one in day.work()] == ["completed"] * 3
        assert not day.work()
        assert (day.held(TRADER), day.available(CEMENT)) == (360, 300)
    assert verify(small).sound
