"""Whatever is asked in whatever order, both books, the query tables and a naive model agree.

The machine plays a registry's day at random: it opens accounts, creates, moves, reserves, freezes,
surrenders, repeats itself, asks for what is not allowed, crashes and comes back. After each step
the books are compared serial by serial; at the end everything is proved from the stored rows.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from openets.kernel import acts
from openets.kernel.records import Block
from openets.ledger.post import Writer
from openets.ledger.requests import Outcome, Request
from openets.ledger.store import Store, open_writer
from openets.ledger.verify import verify
from openets.translog.client import LocalLog, open_local_log
from tests.kept_states import keep_after, of_book, of_log
from tests.small_world import (
    CAP_RECORD,
    FIRST,
    KIND,
    PARTY,
    RETIREMENT,
    SECOND,
    THIRD,
    UNIT,
    act,
    make_store,
    move,
    opening,
)

OPERATORS = (FIRST, SECOND)
QUANTITY = st.integers(1, 40)


class TwoBooks(RuleBasedStateMachine):
    """Registry AT of the small world; account 6 (SI) is the far side of a transfer abroad."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="openets-machine-"))
        self.store: Store = make_store(self.folder / "store")
        self.log: LocalLog
        self.writer: Writer
        self.open()
        self.held: dict[int, int] = {}  # units by account
        self.frozen: set[int] = set()
        self.blocked: set[int] = set()
        self.stopped: list[tuple[int, int]] = []  # frozen serials, which may overlap
        self.letting_in: set[int] = set()  # frozen accounts that may still receive
        self.reserved: dict[int, tuple[int, int]] = {}  # record: (account, quantity)
        self.answers: list[tuple[Request, Outcome]] = []
        self.count = 0

    def open(self) -> None:
        """Opens the store as after any start of the process."""
        self.log = open_local_log(self.store.log_directory)
        self.writer = open_writer(self.store, self.log, exclusive=False)

    def post(self, request: Request) -> Outcome:
        """Posts one request; a refusal must leave the book as it was."""
        before = self.writer.book.sequence, self.writer.book.head
        (outcome,) = self.writer.post([request])
        if not outcome.completed or outcome.repeated:
            assert (self.writer.book.sequence, self.writer.book.head) == before
        self.answers.append((request, outcome))
        return outcome

    def name(self) -> int:
        """A word that makes the next request a new one."""
        self.count += 1
        return self.count

    def free(self, account: int) -> int:
        """Units an account may use without a reservation."""
        bound = sum(quantity for holder, quantity in self.reserved.values() if holder == account)
        return self.held.get(account, 0) - bound - self.still(account)

    def still(self, account: int) -> int:
        """Frozen units in an account, counted one by one."""
        return sum(
            any(first <= serial <= last for first, last in self.stopped)
            for _, _, start, end, holder in self.writer.book.intervals()
            if holder == account
            for serial in range(start, end + 1)
        )

    def shut(self, sender: int, receiver: int) -> bool:
        """True if one of the accounts may not take part."""
        closed = (self.frozen | self.blocked) & {sender}
        return bool(closed | (self.frozen - self.letting_in | self.blocked) & {receiver})

    def moved(self, sender: int, receiver: int, quantity: int) -> None:
        """Notes a transfer in the model."""
        self.held[sender] -= quantity
        self.held[receiver] = self.held.get(receiver, 0) + quantity

    # -- what is done ---------------------------------------------------------------------------

    @initialize()
    def found(self) -> None:
        for request in opening():
            assert self.post(request).completed
        assert self.post(move("1-51", 0, PARTY, 1_000, "all", refers_to=CAP_RECORD)).completed
        self.held[PARTY] = 1_000

    @rule(account=st.sampled_from(OPERATORS), quantity=QUANTITY)
    def allocate(self, account: int, quantity: int) -> None:
        outcome = self.post(move("10-53", PARTY, account, quantity, self.name(), year=2006))
        fits = quantity <= self.free(PARTY) and not self.shut(PARTY, account)
        assert outcome.completed == fits
        if fits:
            self.moved(PARTY, account, quantity)

    @rule(sender=st.sampled_from(OPERATORS), quantity=QUANTITY, home=st.booleans())
    def sell(self, sender: int, quantity: int, home: bool) -> None:
        receiver = (FIRST + SECOND - sender) if home else THIRD
        type_ = "10-0" if home else "3-21"
        outcome = self.post(move(type_, sender, receiver, quantity, self.name()))
        fits = quantity <= self.free(sender) and not self.shut(sender, receiver)
        assert outcome.completed == fits
        if fits:
            self.moved(sender, receiver, quantity)

    @rule(account=st.sampled_from(OPERATORS), quantity=QUANTITY)
    def surrender(self, account: int, quantity: int) -> None:
        request = move("10-2", account, RETIREMENT, quantity, self.name(), year=2006)
        outcome = self.post(request)
        fits = quantity <= self.free(account) and not self.shut(account, RETIREMENT)
        assert outcome.completed == fits
        if fits:
            self.moved(account, RETIREMENT, quantity)

    @rule(account=st.sampled_from(OPERATORS), quantity=QUANTITY)
    def reserve(self, account: int, quantity: int) -> None:
        words = acts.Reserved(account=account, kind=KIND, quantity=quantity)
        outcome = self.post(act(words, self.name()))
        assert outcome.completed == (quantity <= self.free(account))
        if outcome.completed:
            self.reserved[outcome.sequence] = (account, quantity)

    @precondition(lambda self: self.reserved)
    @rule(data=st.data())
    def use_or_release(self, data: st.DataObject) -> None:
        record = data.draw(st.sampled_from(sorted(self.reserved)))
        account, quantity = self.reserved[record]
        receiver = FIRST + SECOND - account
        if data.draw(st.booleans()):
            assert self.post(act(acts.Released(reservation=record), self.name())).completed
            del self.reserved[record]
            return
        request = move("10-0", account, receiver, quantity, self.name())
        outcome = self.post(request._replace(reservation=record))
        assert outcome.completed == (not self.shut(account, receiver))
        if outcome.completed:
            del self.reserved[record]
            self.moved(account, receiver, quantity)

    @rule(account=st.sampled_from((*OPERATORS, PARTY)), incoming=st.booleans())
    def freeze_or_lift(self, account: int, incoming: bool) -> None:
        if account in self.frozen:
            self.frozen.remove(account)
            self.letting_in.discard(account)
            words: acts.Act = acts.Lift(account=account, reason="over")
        else:
            self.frozen.add(account)
            self.letting_in |= {account} if incoming else set()
            words = acts.Freeze(account=account, incoming=incoming or None, reason="drill")
        assert self.post(act(words, self.name())).completed

    @rule(first=st.integers(1, 1_000), length=st.integers(1, 120))
    def freeze_serials(self, first: int, length: int) -> None:
        last = first + length - 1
        words = acts.Freeze(registry="AT", first=first, last=last, reason="stolen")
        assert self.post(act(words, self.name())).completed == (last <= 1_000)
        if last <= 1_000:
            self.stopped.append((first, last))

    @precondition(lambda self: self.stopped)
    @rule(data=st.data())
    def lift_serials(self, data: st.DataObject) -> None:
        first, last = data.draw(st.sampled_from(self.stopped))
        words = acts.Lift(registry="AT", first=first, last=last, reason="returned")
        assert self.post(act(words, self.name())).completed
        self.stopped = [span for span in self.stopped if span != (first, last)]
        assert not self.post(act(words, self.name())).completed

    @precondition(lambda self: self.stopped)
    @rule(data=st.data(), receiver=st.sampled_from(OPERATORS))
    def move_what_is_frozen(self, data: st.DataObject, receiver: int) -> None:
        serial = data.draw(st.sampled_from(self.stopped))[0]
        for _, kind, start, end, holder in list(self.writer.book.intervals()):
            if start <= serial <= end and holder != receiver:
                request = move("10-0", holder, receiver, 1, self.name())
                named = request._replace(blocks=(Block(kind, serial, serial),))
                assert not self.post(named).completed

    @rule(account=st.sampled_from(OPERATORS))
    def close_or_open(self, account: int) -> None:
        status = "open" if account in self.blocked else "closed"
        self.blocked ^= {account}
        words = acts.StatusChanged(account=account, status=status, reason="drill")
        assert self.post(act(words, self.name())).completed

    @rule(account=st.sampled_from(OPERATORS), tonnes=st.none() | st.integers(0, 500))
    def verify_emissions(self, account: int, tonnes: int | None) -> None:
        words = acts.EmissionsVerified(account=account, year=2006, tonnes=tonnes)
        assert self.post(act(words, self.name())).completed
        assert self.writer.book.emissions.get((account, 2006)) == tonnes

    # -- what must not be done ------------------------------------------------------------------

    @rule(account=st.sampled_from(OPERATORS), quantity=QUANTITY)
    def ask_for_what_is_forbidden(self, account: int, quantity: int) -> None:
        for request in (
            move("10-2", RETIREMENT, account, quantity, self.name(), year=2006),
            move("10-0", account, account, quantity, self.name()),
            move("1-51", 0, PARTY, 10**10, self.name(), refers_to=CAP_RECORD),
            move("1-51", 0, account, quantity, self.name(), refers_to=CAP_RECORD),
            move("10-2", account, RETIREMENT, 0, self.name(), year=2006),
            move("10-2", account, 999, quantity, self.name(), year=2006),
        ):
            assert not self.post(request).completed
        cap = acts.CapSet(parameter="caps.x", year=2006, units=(UNIT,), quantity=quantity)
        assert not self.post(act(cap, self.name())).completed

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        request, answer = data.draw(st.sampled_from(self.answers))
        if answer.completed:
            (again,) = self.writer.post([request])
            assert (again.sequence, again.repeated) == (answer.sequence, True)

    # -- what happens ---------------------------------------------------------------------------

    @rule(projected=st.booleans(), kept=st.booleans())
    def crash(self, projected: bool, kept: bool) -> None:
        """The process is gone, closed or not; what it had in memory is gone with it.

        Whether or not what it knew was kept for the next start, that knows the same.
        """
        if projected:
            self.project()
        before = of_book(self.writer.book), of_log(self.log._log)
        with pytest.MonkeyPatch.context() as patch:
            keep_after(1 if kept else 1_000, patch)
            self.writer.close()
            self.log.stop()
        self.open()
        assert (of_book(self.writer.book), of_log(self.log._log)) == (
            before[0],
            {**before[1], "epoch": before[1]["epoch"] + 1},
        )

    def project(self) -> None:
        projection = self.store.projection()
        projection.catch_up(self.writer.journal)
        projection.database.close()

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def books_agree(self) -> None:
        book, picture = self.writer.book, self.log._log._picture
        assert (book.sequence, book.head) == (picture.sequence, picture.head)
        assert list(book.intervals()) == list(picture.intervals())
        for account, quantity in self.held.items():
            assert book.held(account, KIND) == quantity >= 0
            assert picture.held(account, KIND) == quantity
            still = self.still(account)
            assert book.stopped.get((account, KIND), 0) == still
            assert (picture.immobile.get((account, KIND)) or 0) == still
        assert sum(self.held.values()) == sum(book.issued.values())

    def teardown(self) -> None:
        self.project()
        self.writer.close()
        self.log.stop()
        result = verify(self.store)
        shutil.rmtree(self.folder)
        assert result.sound, result.findings


TwoBooks.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_two_books_agree = TwoBooks.TestCase
