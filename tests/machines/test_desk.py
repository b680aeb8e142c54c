"""People propose, approve, refuse, crash at random: no unit moves without its approvals.

The machine drives persons, by role and number, through the small office. Before any action it may
arm a crash at one of the I/O boundaries the action will reach; then everything in memory is lost,
the store is opened again, and what was begun is finished by `work`. After each step the audit of
the machine holds the ledger against the desk: each movement has one completed proposal behind it,
decided on by a second person with the right to, and what is reserved is what waits.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from openets.desk.proposals import AWAITING, COMPLETED, DELAYED, DRAFTED, Proposal
from openets.kernel.clock import FixedClock
from openets.kernel.records import Transaction
from openets.kernel.refusal import Refused
from openets.ledger.journal import stored_records
from openets.ledger.verify import verify
from openets.people.opening import Opened
from openets.people.roles import RIGHTS
from openets.storage import boundary
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    EVERYBODY,
    GLASS,
    KIND,
    MONDAY,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    founding,
    make_office,
    person,
    staffed,
)

HOLDERS = (CEMENT, GLASS, TRADER)
ADMINISTRATORS = (1, 2, 12, 13)
ACTIONS = 40  # boundaries reached by the longest action
people = st.sampled_from(EVERYBODY)
likely = st.one_of(st.sampled_from((CEMENT_ONE, CEMENT_TWO, SENIOR, OTHER_SENIOR)), people)
accounts = st.sampled_from(HOLDERS)


class Died(BaseException):
    """The process is gone."""


class AtTheDesk(RuleBasedStateMachine):
    """The small office, day after day."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="openets-desk-"))
        self.store = make_office(self.folder / "store")
        self.clock = FixedClock(MONDAY)
        self.stack = ExitStack()
        self.office: Opened = self.stack.enter_context(staffed(self.store, self.clock))
        self.founded = self.office.office.writer.book.sequence

    def attempt(self, action: Callable[[], object], crash: int) -> None:
        """Does something, and dies at the boundary of this number if it gets so far."""
        reached = 0

        def count(_: str) -> None:
            nonlocal reached
            reached += 1
            if reached == crash:
                raise Died

        boundary.install(count if crash else None)
        try:
            action()
        except Refused:
            pass
        except Died:
            boundary.install(None)
            self.come_back()
        finally:
            boundary.install(None)

    def come_back(self) -> None:
        """The store opened again as after any start; what was begun is finished."""
        self.stack.close()
        self.stack = ExitStack()
        self.office = self.stack.enter_context(staffed(self.store, self.clock))
        list(self.office.desk.work())

    def pick(self, choice: int, *states: str) -> Proposal | None:
        found = self.office.desk.proposals.in_state(*states)
        return found[choice % len(found)] if found else None

    # -- what people do -------------------------------------------------------------------------

    @rule(
        who=likely,
        sender=st.one_of(st.just(CEMENT), accounts),
        receiver=accounts,
        quantity=st.integers(1, 150),
        crash=st.integers(0, ACTIONS),
    )
    def transfer(self, who: int, sender: int, receiver: int, quantity: int, crash: int) -> None:
        fields = {"type": "10-0", "transferring": sender, "acquiring": receiver, "kind": KIND}
        body = json.dumps({**fields, "quantity": quantity})
        actor = person(self.office, who)
        self.attempt(lambda: self.office.desk.propose(actor, "transaction", body), crash)

    @rule(who=likely, choice=st.integers(0, 9), crash=st.integers(0, ACTIONS))
    def approve(self, who: int, choice: int, crash: int) -> None:
        proposal = self.pick(choice, AWAITING)
        if proposal:
            actor = person(self.office, who)
            self.attempt(lambda: self.office.desk.approve(actor, proposal.number), crash)

    @rule(who=likely, choice=st.integers(0, 9), crash=st.integers(0, ACTIONS))
    def reject(self, who: int, choice: int, crash: int) -> None:
        proposal = self.pick(choice, AWAITING)
        if proposal:
            actor = person(self.office, who)
            self.attempt(lambda: self.office.desk.reject(actor, proposal.number, "no"), crash)

    @rule(who=likely, choice=st.integers(0, 9), crash=st.integers(0, ACTIONS))
    def cancel(self, who: int, choice: int, crash: int) -> None:
        proposal = self.pick(choice, DELAYED)
        if proposal:
            actor = person(self.office, who)
            self.attempt(lambda: self.office.desk.cancel(actor, proposal.number, "stop"), crash)

    @rule(account=accounts, listed=accounts, who=people)
    def trust(self, account: int, listed: int, who: int) -> None:
        body = json.dumps({"account": account, "listed": listed})
        actor = person(self.office, who)
        self.attempt(lambda: self.office.desk.propose(actor, "trusted account", body), 0)

    @rule(who=st.sampled_from(ADMINISTRATORS), account=accounts, lift=st.booleans())
    def freeze(self, who: int, account: int, lift: bool) -> None:
        order = {"order": "lift" if lift else "freeze", "account": account, "reason": "seen"}
        actor = person(self.office, who)
        self.attempt(lambda: self.office.desk.propose(actor, "freeze", json.dumps(order)), 0)

    @rule(hours=st.integers(1, 60), crash=st.integers(0, ACTIONS))
    def time_passes(self, hours: int, crash: int) -> None:
        self.clock.step(timedelta(hours=hours))
        self.attempt(lambda: list(self.office.desk.work()), crash)

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def each_movement_has_its_approval(self) -> None:
        proposals = {p.number: p for p in self.office.desk.proposals.every()}
        assert not [p for p in proposals.values() if p.state == DRAFTED]
        done = {
            p.result: p
            for p in proposals.values()
            if p.state == COMPLETED and p.command == "transaction"
        }
        records = stored_records(self.office.office.writer.journal.database)
        moved = [r for r in records if isinstance(r, Transaction) and r.sequence > self.founded]
        assert {record.sequence for record in moved} == done.keys()
        for record in moved:
            proposal = done[record.sequence]
            asked = json.loads(proposal.body)
            assert (record.transferring, record.quantity) == (
                asked["transferring"],
                asked["quantity"],
            )
            assert proposal.decider not in (0, proposal.proposer)
            self.had_the_right(proposal, record.transferring)

    def had_the_right(self, proposal: Proposal, account: int) -> None:
        for who in (proposal.proposer, proposal.decider):
            found = self.office.register.representative(account, who)
            role = person(self.office, who).role
            acts = found is not None and "initiate" in RIGHTS[found.right]
            assert acts or role in ("senior administrator", "central administrator", "authority")

    @invariant()
    def what_is_reserved_is_what_waits(self) -> None:
        waiting: dict[int, int] = {}
        for proposal in self.office.desk.proposals.in_state(AWAITING, DELAYED):
            if proposal.command == "transaction":
                asked = json.loads(proposal.body)
                account = asked["transferring"]
                waiting[account] = waiting.get(account, 0) + asked["quantity"]
        book = self.office.office.writer.book
        for account in HOLDERS:
            reserved = book.held(account, KIND) - book.available(account, KIND)
            assert reserved == waiting.get(account, 0)

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        book = self.office.office.writer.book
        total = sum(book.held(account, KIND) for account in book.accounts)
        assert total == book.issued[KIND]
        assert len(founding()) < book.sequence

    def teardown(self) -> None:
        boundary.install(None)
        self.stack.close()
        try:
            assert verify(self.store).sound
        finally:
            shutil.rmtree(self.folder)


AtTheDesk.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAtTheDesk = AtTheDesk.TestCase
