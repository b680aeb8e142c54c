"""People propose, approve, refuse, crash at random: no unit moves without its approvals.

The machine drives persons, by role and number, through the small office. Before any action it may
arm a crash at one of the I/O boundaries the action will reach; then everything in memory is lost,
the store is opened again, and what was begun is finished by `work`. After each step the audit of
the machine holds the ledger against the desk: each movement has one completed proposal behind it,
decided on by a second person with the right to, and what is reserved is what waits.

Two persons also freeze accounts, blocks of serials, the kind, the registry and people, and lift
what is frozen. The audit folds the journal once more in its own way: no record moves a serial out
of what was frozen when it was written, and no person who was frozen had proposed or approved it.
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
from openets.kernel import acts
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
ISSUED = 800  # serials the founding gave away
ACTIONS = 40  # boundaries reached by the longest action
people = st.sampled_from(EVERYBODY)
likely = st.one_of(st.sampled_from((CEMENT_ONE, CEMENT_TWO, SENIOR, OTHER_SENIOR)), people)
accounts = st.sampled_from(HOLDERS)
blocks = st.tuples(st.integers(1, ISSUED), st.integers(0, 150)).map(
    lambda span: {"registry": "EX", "first": span[0], "last": min(span[0] + span[1], ISSUED)}
)
frozen = st.one_of(
    st.fixed_dictionaries({"account": accounts, "incoming": st.booleans()}),
    blocks,
    blocks,
    st.fixed_dictionaries({"person": people}),
    st.sampled_from(({"kind": KIND}, {"registry": "EX"})),
)


def scope_told(act: acts.Freeze | acts.Lift) -> tuple[object, ...]:
    """What an order names, in this machine's own words."""
    if act.first is not None:
        return ("serials", act.first, act.last)
    named = (("account", act.account), ("kind", act.kind), ("registry", act.registry))
    (scope,) = (one for one in named if one[1] is not None)
    return scope


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

    @rule(who=st.permutations(ADMINISTRATORS), scope=frozen, crash=st.integers(0, ACTIONS))
    def freeze(self, who: list[int], scope: dict[str, object], crash: int) -> None:
        self.order(who, {**scope, "order": "freeze", "reason": "seen"}, crash)

    @rule(
        who=st.permutations(ADMINISTRATORS),
        choice=st.integers(0, 9),
        crash=st.integers(0, ACTIONS),
    )
    def lift(self, who: list[int], choice: int, crash: int) -> None:
        orders = [json.loads(one.body) for one in self.orders()]
        if orders:
            chosen = {**orders[choice % len(orders)], "order": "lift"}
            chosen.pop("incoming", None)
            self.order(who, chosen, crash)

    def order(self, who: list[int], body: dict[str, object], crash: int) -> None:
        """One proposes, another approves."""
        first, second, *_ = (person(self.office, number) for number in who)

        def both() -> None:
            asked = self.office.desk.propose(first, "freeze", json.dumps(body))
            self.office.desk.approve(second, asked.number)

        self.attempt(both, crash)

    def orders(self) -> list[Proposal]:
        """Every freeze that was carried out, whether or not it was lifted since."""
        done = self.office.desk.proposals.in_state(COMPLETED)
        return [one for one in done if one.command == "freeze" and '"freeze"' in one.body]

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
    def what_is_frozen_stays(self) -> None:
        """The journal from its beginning: scopes frozen so far against each record that moves."""
        stopped: dict[tuple[object, ...], bool] = {}  # True where units may still come in
        for record in stored_records(self.office.office.writer.journal.database):
            if isinstance(record, Transaction):
                sides = (record.transferring, record.acquiring)
                assert ("kind", KIND) not in stopped and ("registry", "EX") not in stopped
                assert ("account", sides[0]) not in stopped
                assert stopped.get(("account", sides[1]), True)
                spans = [scope for scope in stopped if scope[0] == "serials"]
                for block in record.blocks:
                    assert not [s for s in spans if s[1] <= block.end and block.start <= s[2]]
                continue
            act = acts.parse_act(record.payload)
            if isinstance(act, acts.Freeze):
                stopped[scope_told(act)] = bool(act.incoming)
            elif isinstance(act, acts.Lift):
                del stopped[scope_told(act)]

    @invariant()
    def nobody_frozen_had_a_hand_in_it(self) -> None:
        """The audit trail from its beginning: persons frozen so far against what is carried out."""
        proposals = {p.number: p for p in self.office.desk.proposals.every()}
        stopped: set[int] = set()
        for event in self.office.desk.proposals.events():
            if not event.sentence.startswith("It was carried out"):
                continue
            proposal = proposals[event.proposal]
            assert stopped.isdisjoint((proposal.proposer, proposal.decider))
            body = json.loads(proposal.body)
            if proposal.command == "freeze" and "person" in body:
                change = stopped.add if body["order"] == "freeze" else stopped.discard
                change(body["person"])

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
            assert book.reserved.get((account, KIND), 0) == waiting.get(account, 0)

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
