"""Claims, comments, documents and deadlines at random, with crashes: the inbox keeps its promises.

The machine drives the people of the small office over its tasks. Before an act it may arm a crash
at one of the I/O boundaries the act will reach; then everything in memory is lost and the store is
opened again. What was offered is done or, after a crash, wholly not done; what was not offered is
refused and changes nothing. After each step every proposal that waits has its one open task, every
act has left its line, and every notice has arrived or waits.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from openets.desk.delivery import Letter
from openets.desk.directory import Contact
from openets.desk.inbox import Seen
from openets.desk.proposals import AWAITING
from openets.desk.tasks import SUBMITTED, Document
from openets.kernel.clock import FixedClock, instant
from openets.kernel.refusal import Refused
from openets.people.opening import Opened
from openets.storage import boundary
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    GLASS,
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

ACTIONS = 12  # boundaries reached by the longest act
crashes = st.integers(0, ACTIONS)
people = st.sampled_from((CEMENT_ONE, CEMENT_TWO, GLASS_ONE, SENIOR, OTHER_SENIOR))
DIGEST = hashlib.sha256(b"scan").hexdigest()
ACTS = ("claim", "release", "comment", "submit", "accept", "refuse", "close")


class Died(BaseException):
    """The process is gone."""


class AtTheInbox(RuleBasedStateMachine):
    """The small office, task after task."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="openets-inbox-"))
        self.store = make_office(self.folder / "store")
        self.clock = FixedClock(MONDAY)
        self.letters: dict[str, Letter] = {}
        self.stack = ExitStack()
        self.office: Opened = self.stack.enter_context(staffed(self.store, self.clock))

    def attempt(self, action: Callable[[], object], crash: int) -> bool:
        """Does something, and dies at the boundary of this number; True if it was not refused."""
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
            return False
        except Died:
            boundary.install(None)
            self.stack.close()
            self.stack = ExitStack()
            self.office = self.stack.enter_context(staffed(self.store, self.clock))
        finally:
            boundary.install(None)
        list(self.office.desk.work())
        return True

    def deliver(self, letter: Letter) -> None:
        """Keeps a letter under its message id."""
        known = self.letters.setdefault(f"{letter.number}.{letter.identity}", letter)
        assert known == letter  # what arrives twice is the same message

    # -- what people do -------------------------------------------------------------------------

    @rule(quantity=st.integers(1, 40), crash=crashes)
    def propose(self, quantity: int, crash: int) -> None:
        fields = {"type": "10-0", "transferring": CEMENT, "acquiring": TRADER, "kind": KIND}
        body = json.dumps({**fields, "quantity": quantity})
        actor = person(self.office, CEMENT_ONE)
        self.attempt(lambda: self.office.desk.propose(actor, "transaction", body), crash)

    @rule(crash=crashes)
    def ask_for_documents(self, crash: int) -> None:
        actor = person(self.office, SENIOR)
        inbox = self.office.inbox
        self.attempt(lambda: inbox.request(actor, account=CEMENT, documents=["permit"]), crash)

    @rule(who=people, choice=st.integers(0, 9), act=st.sampled_from(ACTS), crash=crashes)
    def act(self, who: int, choice: int, act: str, crash: int) -> None:
        tasks = self.office.desk.tasks.every(ended=False)
        if not tasks:
            return
        number = tasks[choice % len(tasks)].number
        actor = person(self.office, who)
        seen = {one.task.number: one for one in self.office.inbox.of(actor)}.get(number)
        before = self.lines()
        offers = seen.offers if seen else ()
        wanted = act in offers or (act == "claim" and "take over" in offers)
        done = self.attempt(lambda: self.do(act, who, number, seen), crash)
        assert done == wanted, (act, who, offers)
        if not wanted:
            assert self.lines() == before

    def do(self, act: str, who: int, number: int, seen: Seen | None) -> None:
        inbox, actor = self.office.inbox, person(self.office, who)
        document = Document("permit", SUBMITTED, "permit.pdf", 4, DIGEST)
        more: dict[str, tuple[object, ...]] = {
            "comment": ("seen",),
            "submit": (document,),
            "accept": ("permit",),
            "refuse": ("permit", "not legible"),
            "close": ("not needed",),
        }
        getattr(inbox, act)(actor, number, *more.get(act, ()))

    @rule(who=people, choice=st.integers(0, 9), crash=crashes)
    def approve(self, who: int, choice: int, crash: int) -> None:
        found = self.office.desk.proposals.in_state(AWAITING)
        if not found:
            return
        proposal, actor = found[choice % len(found)], person(self.office, who)
        tasks = {one.task.proposal: one for one in self.office.inbox.of(actor)}
        offered = proposal.number in tasks and "approve" in tasks[proposal.number].offers
        done = self.attempt(lambda: self.office.desk.approve(actor, proposal.number), crash)
        assert done == offered

    @rule(hours=st.integers(1, 100), crash=crashes)
    def time_passes(self, hours: int, crash: int) -> None:
        self.clock.step(timedelta(hours=hours))
        self.attempt(lambda: list(self.office.work()), crash)

    @rule(start=st.integers(1, 200), length=st.integers(1, 100))
    def close_for_maintenance(self, start: int, length: int) -> None:
        opens: datetime = self.clock.now() + timedelta(hours=start)
        fields = {"registry": "EX", "opens": opens.isoformat(), "reason": "release"}
        closes = opens + timedelta(hours=length)
        body = json.dumps({**fields, "closes": closes.isoformat()})
        desk = self.office.desk
        proposal = desk.propose(person(self.office, SENIOR), "maintenance", body)
        desk.approve(person(self.office, OTHER_SENIOR), proposal.number)

    @rule(crash=crashes)
    def notices_go_out(self, crash: int) -> None:
        now = instant(self.clock.now())
        outbox = self.office.desk.outbox

        def contact(who: int) -> Contact:
            return Contact(f"person-{who}@example.org", "sl" if who % 2 else "en")

        self.attempt(lambda: list(outbox.send(self, contact, now)), crash)

    def lines(self) -> int:
        return len(list(self.office.desk.trail.events()))

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def what_waits_has_its_one_task(self) -> None:
        waiting = {one.number for one in self.office.desk.proposals.in_state(AWAITING)}
        tasks = [t.proposal for t in self.office.desk.tasks.every(ended=False) if t.proposal]
        assert len(tasks) == len(set(tasks))
        assert set(tasks) == waiting

    @invariant()
    def no_deadline_lies_in_a_window(self) -> None:
        desk = self.office.desk
        for task in desk.tasks.every(ended=False):
            deadline = desk.deadline(task.registry, task.deadline)
            assert deadline >= task.deadline
            assert not deadline or desk.windows.open_at(task.registry, deadline) is None

    @invariant()
    def nobody_sees_another_holders_tasks(self) -> None:
        seen = self.office.inbox.of(person(self.office, GLASS_ONE), ended=True)
        assert {one.task.account for one in seen} <= {GLASS}

    @invariant()
    def a_notice_that_was_sent_has_arrived(self) -> None:
        identity = self.office.desk.proposals.identity
        for one in self.office.desk.outbox.every():
            assert one.state in ("waiting", "sent")
            if one.state == "sent":
                assert f"{one.number}.{identity}" in self.letters

    def teardown(self) -> None:
        boundary.install(None)
        self.stack.close()
        shutil.rmtree(self.folder)


AtTheInbox.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAtTheInbox = AtTheInbox.TestCase
