"""A judge who remembers what was permitted says what one says who asks every check anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from openets.kernel import acts
from openets.kernel.records import ActRecord, Block, Leg, Record, Transaction, type_code
from openets.kernel.refusal import Refusal
from openets.ledger.requests import ActRequest
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import Tables
from openets.translog.judge import Judge
from openets.translog.picture import Picture
from openets.translog.store import Configuration
from tests.busy_world import CLOSED, LATER_KIND, PERSON, SCENE, SPARE
from tests.small_world import CAP_RECORD, FIRST, KIND, PARTY, RETIREMENT, SECOND, THIRD, at

LAW = load_rulebook("eu")
STORE, KEY = bytes(16), bytes(32)
CONFIGURATION = Configuration(Path(), STORE, "eu", KEY, (), KEY, "")
FOUNDING: list[acts.Act] = [
    acts.StoreCreated(
        jurisdiction="eu", mode="practice", registry_key=KEY.hex(), log_key=KEY.hex()
    ),
    acts.RulebookAdopted(digest=LAW.digest.hex()),
]
ACCOUNTS = (PARTY, RETIREMENT, FIRST, SECOND, THIRD, CLOSED, PERSON, SPARE)
TRADERS = (FIRST, SECOND, SPARE)
DAYS = (*["2006-06-01"] * 6, "2006-06-02", "2008-06-01", "2013-06-01")


class Day:
    """A picture, the judge who remembers, and what is asked of them at random."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.picture = Picture(STORE)
        self.judge = Judge(self.picture, LAW, CONFIGURATION)
        self.count = 0
        self.first_key = (1).to_bytes(16, "big")
        self.said: Counter[str] = Counter()
        for act in FOUNDING:
            self.ask(self.act(act))
        for request in SCENE:
            if isinstance(request, ActRequest):
                act, effective = request.act, request.effective
                if not isinstance(act, acts.Freeze | acts.Reserved):
                    self.ask(self.act(act)._replace(effective=effective))
        self.ask(self.move("1-51", 0, PARTY, [(1, 1_000)], refers_to=CAP_RECORD))
        self.ask(self.move("10-53", PARTY, FIRST, [(1, 300)]))
        self.ask(self.move("10-53", PARTY, SECOND, [(301, 500)]))
        self.ask(self.move("10-53", PARTY, SPARE, [(501, 700)]))
        self.ask(self.move("10-2", FIRST, RETIREMENT, [(1, 100)]))
        assert set(self.said) == {""}
        self.picture.settle(self.picture.head)

    def act(self, act: acts.Act, day: str = "2006-06-01") -> ActRecord:
        return ActRecord(*self.next(), at(day), act.payload())

    def next(self) -> tuple[int, bytes]:
        self.count += 1
        return self.picture.sequence + 1, self.count.to_bytes(16, "big")

    def move(
        self,
        type_: str,
        sender: int,
        receiver: int,
        spans: list[tuple[int, int]],
        *,
        day: str = "2006-06-01",
        kind: int = KIND,
        year: int = 2006,
        refers_to: int = 0,
        reservation: int = 0,
        legs: tuple[Leg, ...] = (),
    ) -> Transaction:
        head = (*self.next(), at(day), type_code(type_), year, sender, receiver)
        blocks = tuple(Block(kind, *span) for span in spans)
        return Transaction(*head, refers_to, reservation, blocks, legs)

    def ask(self, record: Record, *, law: bool = True) -> None:
        """Both judges; what neither refuses is taken in."""
        act = acts.act_of(record)
        anew = Judge(self.picture, LAW, CONFIGURATION)
        said = self.judge.check(record, act, law=law)
        assert said == anew.check(record, act, law=law), record
        self.said[said.code if isinstance(said, Refusal) else ""] += 1
        if said is None:
            self.picture.apply(record, act, self.judge.tables_at(record.effective))

    def any_act(self) -> ActRecord:
        """Something is stopped, or more often what is stopped goes on."""
        random, picture = self.random, self.picture
        account, first = random.choice(ACCOUNTS), random.randint(1, 1_000)
        units = random.randint(1, 99)
        stops: list[acts.Act] = [
            acts.Freeze(account=account, incoming=random.choice((True, None)), reason="x"),
            acts.Freeze(kind=KIND, reason="x"),
            acts.Freeze(registry="AT", first=first, last=first + 200, reason="x"),
            *(acts.Reserved(account=one, kind=KIND, quantity=units) for one in TRADERS),
            acts.Reserved(account=account, kind=random.choice((KIND, 99)), quantity=units),
            acts.Reconciled(registry="AT", state="begun"),
            acts.StatusChanged(account=account, status="closed", reason="x"),
            acts.RulebookAdopted(digest=random.choice(("0" * 64, LAW.digest.hex()))),
        ]
        goes_on: list[acts.Act] = [
            *(acts.Lift(reason="x", **{word: which}) for word, which in picture.frozen),
            *(
                acts.Lift(registry=home, first=low, last=high, reason="x")
                for home, low, high in picture.arrested
            ),
            *(acts.Released(reservation=claim) for claim in picture.claims),
            *(acts.Reconciled(registry=home, state="ended") for home in picture.compared),
            *(
                acts.StatusChanged(account=number, status="open", reason="x")
                for number, place in picture.places.items()
                if place.status != "open"
            ),
            acts.RulebookAdopted(digest=LAW.digest.hex()),
        ]
        return self.act(random.choice(stops if random.random() < 0.3 else goes_on))

    def any_move(self) -> Transaction:
        """A transaction as it should be, or not quite."""
        random = self.random
        sender, receiver = random.sample(TRADERS, 2)
        moves = [("10-0", sender, receiver)] * 4
        moves += [("10-2", sender, RETIREMENT), ("10-53", PARTY, receiver), ("1-51", 0, PARTY)]
        moves += [("1-51", 0, PARTY), ("10-92", RETIREMENT, receiver)]
        type_, sender, receiver = random.choice(moves)
        serials = self.picture.serials["AT"]
        held = [row for row in serials if row.account == sender]
        spans = []
        for row in random.sample(held, min(len(held), random.choice((1, 1, 2)))):
            low = random.randint(row.start, row.end)
            spans.append((low, random.choice((low, min(row.end, low + 9), row.end))))
        if not sender:
            spans = [(serials.last + 1, serials.last + 9)]
        day = "2008-06-01" if type_ == "10-92" else random.choice(DAYS)
        refers_to = CAP_RECORD if type_ in ("1-51", "10-92") else 0
        legs = random.choice((None, (Leg(FIRST, "EUR", 0),))) or ()
        right = self.move(type_, sender, receiver, spans, day=day, refers_to=refers_to, legs=legs)
        return self.twisted(right) if random.random() < 0.5 else right

    def twisted(self, right: Transaction) -> Transaction:
        """The same with something changed."""
        random, blocks = self.random, right.blocks
        low, high = sorted((random.randint(0, 1_200), random.randint(0, 1_200)))
        claims = list(self.picture.claims)
        twists: list[dict[str, object]] = [
            {"type": type_code(random.choice(("10-0", "10-2", "10-53", "3-21", "9-9")))},
            {"transferring": random.choice((*ACCOUNTS, 0, 99))},
            {"acquiring": random.choice((*ACCOUNTS, 0, 99))},
            {"acquiring": right.transferring},
            {"year": 2009},
            {"refers_to": 7},
            {"refers_to": 0},
            *({"reservation": number} for number in (*claims[:2], 7)),
            {"legs": (Leg(FIRST, "EUR", 1),)},
            {"legs": (Leg(99, "EUR", 0),)},
            {"key": self.first_key},
            {"blocks": tuple(block._replace(kind=LATER_KIND) for block in blocks)},
            {"blocks": tuple(block._replace(kind=99) for block in blocks)},
            {"blocks": ()},
            {"blocks": (*blocks, *blocks)},
            {"blocks": blocks[::-1]},
            {"blocks": (Block(KIND, low, high),)},
            {"blocks": tuple(block._replace(end=block.end + 1) for block in blocks)},
            {"blocks": tuple(block._replace(start=block.start + 1) for block in blocks)},
            {"blocks": (Block(KIND, high, low),)},
            {"blocks": (*(Block(KIND, one.start, one.start) for one in blocks), *self.single())},
        ]
        return right._replace(**random.choice(twists))

    def single(self) -> list[Block]:
        """One unit of each trader's stretches, so many that a law may find them too many."""
        rows = [row for row in self.picture.serials["AT"] if row.account in TRADERS]
        return [Block(KIND, row.end, row.end) for row in rows if row.account == FIRST][:3]


@pytest.mark.parametrize("seed", range(12))
def test_who_remembers_says_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[int, Tables] = {}
    tables_on = Rulebook.tables_on

    def of_two_blocks(self: Rulebook, day: date) -> Tables:
        tables = tables_on(self, day)
        return known.setdefault(id(tables), replace(tables, blocks_at_most=2))

    monkeypatch.setattr(Rulebook, "tables_on", of_two_blocks)
    day = Day(seed)
    for _ in range(1_500):
        chance = day.random.random()
        if chance < 0.04:
            day.picture.settle(day.picture.head)
        elif chance < 0.06:
            day.picture.drop()
            day.judge.forget()
        else:
            record = day.any_act() if chance < 0.15 else day.any_move()
            day.ask(record, law=day.random.random() < 0.95)
    assert day.said[""] > 300


@pytest.mark.parametrize("effective", [-1, 2**62])
def test_the_first_thing_a_judge_hears_may_be_at_no_instant(effective: int) -> None:
    judge = Judge(Picture(STORE), LAW, CONFIGURATION)
    record = ActRecord(1, KEY[:16], effective, FOUNDING[0].payload())
    refusal = judge.check(record, FOUNDING[0], law=True)
    assert refusal is not None
    assert refusal.code == "log.effective"


STOPS: dict[str, acts.Act] = {
    "log.frozen": acts.Freeze(account=FIRST, reason="x"),
    "log.serials-frozen": acts.Freeze(registry="AT", first=210, last=210, reason="x"),
    "log.being-compared": acts.Reconciled(registry="AT", state="begun"),
    "log.reserved": acts.Reserved(account=FIRST, kind=KIND, quantity=190),
    "log.status": acts.StatusChanged(account=FIRST, status="closed", reason="x"),
    "log.rulebook-not-adopted": acts.RulebookAdopted(digest="0" * 64),
}


@pytest.mark.parametrize("guarded", [False, True])
@pytest.mark.parametrize("code", STOPS)
def test_what_was_permitted_is_stopped(code: str, guarded: bool) -> None:
    """Also where the judge was on guard before, for the sake of something else."""
    day = Day(0)
    if guarded:
        day.ask(day.act(acts.Reserved(account=SECOND, kind=KIND, quantity=1)))
    day.ask(day.move("10-0", FIRST, SECOND, [(101, 101)]))
    day.ask(day.act(STOPS[code]), law=False)
    assert set(day.said) == {""}
    day.ask(day.move("10-0", FIRST, SECOND, [(200, 300)]))
    assert set(day.said) == {"", code}
