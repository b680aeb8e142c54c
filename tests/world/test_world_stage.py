"""The same act of a play has the same key whenever it is played, and no other has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import pytest

from openets.kernel.acts import EmissionsVerified
from openets.kernel.refusal import Refused
from openets.ledger.requests import Outcome, Request
from openets.rulebook.load import load_rulebook
from openets.world.course import load_course
from openets.world.stage import Move, Stage

EU = load_rulebook("eu")


class Book:
    """A ledger that completes everything, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def post(self, requests: Sequence[Request]) -> list[Outcome]:
        self.asked += requests
        last = len(self.asked)
        return [Outcome(one.key, last - len(requests) + at) for at, one in enumerate(requests, 1)]

    def holdings(self, account: int) -> dict[int, int]:
        return {}


def keys(play: Callable[[Stage], None], steps: Sequence[tuple[int, str]]) -> list[bytes]:
    """The keys of what is played in each of the steps."""
    book = Book()
    stage = Stage(book, EU, load_course(), lambda _year, _step, _posted: None)
    stage.holdings = {account: {} for account in range(300)}
    for year, step in steps:
        stage.begin(year, step, "04-30")
        play(stage)
    stage.flush()
    return [one.key for one in book.asked]


def much(stage: Stage) -> None:
    """Transactions and acts that differ in one number or word each, large numbers and small."""
    numbers = (0, 1, 256, 2**40)
    for type_, kind, foundation in product((3, 259, 10_002), (1, 2, 257), numbers):
        for acquiring in (1, 2, 257):
            stage.move(type_, 0, acquiring, kind, 5, refers_to=foundation)
    stage.move_all([(3, 1, 2, 1, 1), (3, 2, 1, 1, 1), (3, 257, 1, 1, 1)])
    for account in range(1, 300):
        act = EmissionsVerified(account=account, year=2013, tonnes=7)
        stage.note(act, account)
    stage.note(act, "1")
    stage.note(act, "1", 2)
    stage.note(act, 1, 2)
    stage.note(act, "1', 2")


STEPS = [(2013, "surrender"), (2013, "sales"), (2014, "surrender")]


def test_no_two_things_of_a_play_have_the_same_key() -> None:
    found = keys(much, STEPS)
    assert len(found) == len(STEPS) * (3 * 3 * 4 * 3 + 3 + 299 + 4)
    assert len(set(found)) == len(found)
    assert {len(key) for key in found} == {16}


def test_played_again_everything_has_the_key_it_had() -> None:
    assert keys(much, STEPS) == keys(much, STEPS)


def test_a_key_does_not_depend_on_what_was_played_before() -> None:
    def one(stage: Stage) -> None:
        stage.move(3, 0, 7, 1, 99, refers_to=4)

    def more(stage: Stage) -> None:
        much(stage)
        one(stage)

    assert keys(more, STEPS[1::-1])[-1:] == keys(one, STEPS[:1])


def test_keys_stay_what_they_are() -> None:
    """A play that was interrupted goes on with the next release."""

    def play(stage: Stage) -> None:
        stage.move(10_002, 0, 12, 3, 400, refers_to=77)
        stage.note(EmissionsVerified(account=12, year=2013, tonnes=7), 12)

    assert [key.hex() for key in keys(play, STEPS[:1])] == [
        "3341b8f6826fc12f4c2ebd2829e7f13f",
        "3ba1ad3dd56b69e0370a05c5f5499ce1",
    ]


def test_accounts_opened_while_transactions_are_planned_come_before_them() -> None:
    """What plans a move may open accounts, and may have all that is pending posted."""
    book = Book()
    stage = Stage(book, EU, load_course(), lambda _year, _step, _posted: None)
    stage.begin(2013, "surrender", "04-30")

    def plan() -> Iterator[Move]:
        for home in ("AT", "SI", "DE"):
            account = stage.open(home, "operator-holding", f"{home}_1")
            yield 10_002, 0, account, 1, 5
            stage.flush()

    stage.move_all(plan())
    stage.flush()
    assert [type(one).__name__ for one in book.asked] == ["ActRequest", "TransactionRequest"] * 3
    assert stage.posted == 6


def test_one_request_that_is_not_completed_stops_the_play() -> None:
    class Lazy(Book):
        def post(self, requests: Sequence[Request]) -> list[Outcome]:
            *rest, last = super().post(requests)
            return [*rest, last._replace(sequence=0)]

    stage = Stage(Lazy(), EU, load_course(), lambda _year, _step, _posted: None)
    stage.begin(2013, "accounts", "01-02")
    stage.open("AT", "operator-holding", "AT_1")
    stage.open("AT", "operator-holding", "AT_2")
    with pytest.raises(Refused, match=r"Not all of 2 requests of 2013, accounts"):
        stage.flush()


def test_where_the_ledger_differs_is_said_by_account_and_kind() -> None:
    class Full(Book):
        def holdings(self, account: int) -> dict[int, int]:
            return {1: 5, 4: 9}

    stage = Stage(Full(), EU, load_course(), lambda _year, _step, _posted: None)
    stage.holdings = {7: {1: 5, 4: 9}, 8: {1: 5, 4: 3}, 9: {1: 5, 3: 2, 4: 9}, 10: {1: 5}}
    assert list(stage.differences()) == [
        "account 8, kind 4: 9, not 3",
        "account 9, kind 3: 0, not 2",
        "account 10, kind 4: 9, not 0",
    ]
