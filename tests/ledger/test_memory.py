"""A book that remembers what was permitted says what one says that asks every check anew."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from openets.kernel import acts
from openets.kernel.records import ActRecord, Block, Leg, Transaction, type_code
from openets.ledger.book import Book
from openets.ledger.requests import ActRequest, TransactionRequest
from openets.rulebook.load import load_rulebook
from tests.busy_world import FROZEN, SCENE, SPARE
from tests.small_world import FIRST, KIND, PARTY, RETIREMENT, SECOND, at

LAW = load_rulebook("eu")
FOUNDING: list[acts.Act] = [
    acts.StoreCreated(jurisdiction="eu", mode="practice", registry_key="0" * 64, log_key="0" * 64),
    acts.RulebookAdopted(digest=LAW.digest.hex()),
]
TRADERS = (FIRST, SECOND, SPARE)
DAYS = (*["2006-06-01"] * 8, "2006-06-02", "2008-06-01")
STEPS = 400


class Day:
    """A book, and what is asked of it at random."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.book = Book(bytes(16), LAW)
        self.said: Counter[str] = Counter()
        for act in FOUNDING:
            self.act(act)
        for request in SCENE:
            record = self.book.propose(request)
            assert isinstance(record, Transaction | ActRecord)
            self.book.apply(record, request.act if isinstance(request, ActRequest) else None)
        self.act(acts.Lift(account=FROZEN, reason="test"))

    def key(self) -> bytes:
        return (1_000 + self.book.sequence).to_bytes(16, "big")

    def act(self, act: acts.Act) -> None:
        sequence = self.book.sequence + 1
        record = ActRecord(sequence, sequence.to_bytes(16, "little"), at("2006-01-02"), b"")
        if self.book.check(record, act) is None:
            self.book.apply(record, act)

    def movement(self) -> Transaction:
        """A record: mostly what the book would pick, else other serials or more than it has."""
        draw = self.random
        sender, receiver = draw.sample((*TRADERS, *TRADERS, RETIREMENT), 2)
        type_ = "10-2" if receiver == RETIREMENT and draw.random() < 0.8 else "10-0"
        held = self.book.held(sender, KIND)
        quantity = draw.choice((1, 2, 2, 3, 5, 5, 20, max(held, 1), held + 1, 0))
        blocks = self.blocks(sender, quantity)
        effective = at(draw.choice(DAYS))
        claim = draw.choice((*[0] * 12, 3, *self.book.reservations))
        legs = draw.choice((*[()] * 8, (Leg(sender, "EUR", 5), Leg(receiver, "EUR", -5))))
        legs = draw.choice((*[legs] * 8, (Leg(sender, "EUR", 5),)))
        number = self.book.sequence + 1
        ends = (sender, receiver, 0, claim)
        kind_of_move = (effective, type_code(type_), 2006)
        return Transaction(number, self.key(), *kind_of_move, *ends, blocks, legs)

    def blocks(self, sender: int, quantity: int) -> tuple[Block, ...]:
        draw, queue = self.random, self.book.queues.get((sender, KIND))
        live = list(queue.blocks()) if queue else []
        if queue is not None and 0 < quantity <= queue.quantity and draw.random() < 0.7:
            return tuple(Block(KIND, *part) for part in queue.oldest(quantity))
        first = draw.choice([start for start, _ in live] or [1]) + draw.choice((0, 0, 1, 3))
        other = draw.randint(1, 1_001)
        spans = draw.choice(
            (
                [(first, first + quantity - 1)],
                [(first, first), (first, first + quantity)],
                [(other, other + quantity - 1)],
                [(other + 2, other)],
                live[-2:] or [(first, other)],
            )
        )
        return tuple(Block(KIND, *span) for span in spans)

    def ask(self) -> None:
        """The same of the book as it is and of one that has forgotten; what is right is done."""
        draw, book = self.random, self.book
        if draw.random() < 0.1:
            self.act(draw.choice(self.acts()))
        record = self.movement()
        remembered, book.left_to_check = book.left_to_check, {}
        anew = book.check(record, None)
        book.left_to_check = remembered
        assert book.check(record, None) == anew, record
        self.said[anew.code if anew else ""] += 1
        self.ask_for_the_same(record)
        if anew is None:
            book.apply(record, None)

    def ask_for_the_same(self, record: Transaction) -> None:
        """A request without serials for what the record moves."""
        book = self.book
        request = TransactionRequest(
            *record[1:4], *record[5:7], KIND, record.quantity, 2006, 0, record.reservation
        )
        remembered, book.left_to_check = book.left_to_check, {}
        anew = book.propose(request)
        book.left_to_check = remembered
        assert book.propose(request) == anew, request

    def acts(self) -> list[acts.Act]:
        """What may happen between two movements; what stands still is mostly let go again."""
        draw, book = self.random, self.book
        first, one = draw.randint(1, 900), draw.choice(TRADERS)
        last = first + draw.randint(0, 30)
        again: list[acts.Act] = []
        for scope in book.frozen:
            if isinstance(scope, int):
                again.append(acts.Lift(account=scope, reason="test"))
            elif isinstance(scope, tuple) and len(scope) == 3:
                home, start, end = scope
                again.append(acts.Lift(registry=home, first=start, last=end, reason="test"))
        again += [
            acts.StatusChanged(account=trader, status="open", reason="test")
            for trader in TRADERS
            if book.accounts[trader].status != "open"
        ]
        return [
            acts.Freeze(registry="AT", first=first, last=last, reason="test"),
            acts.Freeze(account=one, reason="test"),
            acts.StatusChanged(account=one, status="blocked", reason="test"),
            acts.Reserved(account=one, kind=KIND, quantity=draw.randint(1, 9)),
            *again * 6,
        ]


@pytest.mark.parametrize("seed", range(10))
def test_what_is_remembered_changes_no_answer(seed: int) -> None:
    day = Day(seed)
    assert day.book.held(PARTY, KIND) == 500
    for _ in range(STEPS):
        day.ask()
    assert day.said[""] > STEPS // 20, day.said
    assert len(day.said) > 4, day.said
