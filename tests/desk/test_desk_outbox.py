"""The outbox: written once, sent at least once, nobody held up; on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from openets.desk.delivery import DeliveryFailed, Letter
from openets.desk.directory import Contact
from openets.desk.notices import Notice
from openets.desk.outbox import (
    DEAD,
    FIRST_WAIT,
    MICROSECOND,
    NO_ADDRESS,
    SENT,
    TRIES,
    WAITING,
    Kept,
    Outbox,
)
from openets.desk.said import Said
from openets.storage import boundary
from openets.storage.database import Database
from tests.conftest import MakeDatabase

MINUTE = FIRST_WAIT // MICROSECOND
FACTS = {"number": 3, "what": Said("task-documents", {"documents": ["permit"]})}


class Died(BaseException):
    """The process is gone."""


class Postman:
    """A delivery that keeps what it got and fails for whom it is told to."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.failing: set[str] = set()

    def deliver(self, letter: Letter) -> None:
        if letter.to in self.failing:
            raise DeliveryFailed("The mail server did not take it.")
        self.letters.append(letter)


def contact(person: int) -> Contact:
    return Contact("" if person == 9 else f"person-{person}@example.org", "en")


@pytest.fixture
def reopen(make_database: MakeDatabase) -> Iterator[Callable[[], Outbox]]:
    """Opens the outbox, and opens it again as after any start."""
    url = make_database("desk")
    opened: list[Database] = []

    def again() -> Outbox:
        for one in opened:
            one.close()
        opened[:] = [Database(url, name="desk")]
        return Outbox(opened[0], "desk-1")

    yield again
    for one in opened:
        one.close()


def write(outbox: Outbox, *persons: int, at: int = 0, origin: str = "event") -> None:
    said = Said("notice-assigned", FACTS)
    with outbox.database.durable("test.write"):
        outbox.write([Notice(f"{origin} to {one}", one, said) for one in persons], at)


def states(outbox: Outbox) -> dict[int, str]:
    return {one.person: one.state for one in outbox.every()}


def send(outbox: Outbox, postman: Postman, now: int) -> list[Kept]:
    return list(outbox.send(postman, contact, now))


def test_an_event_tells_a_person_once(reopen: Callable[[], Outbox]) -> None:
    outbox, postman = reopen(), Postman()
    write(outbox, 5, 6)
    write(outbox, 5, 6)
    assert len(outbox.every()) == 2
    assert [one.state for one in send(outbox, postman, 1)] == [SENT, SENT]
    assert send(outbox, postman, 10**15) == []
    assert [letter.to for letter in postman.letters] == [
        "person-5@example.org",
        "person-6@example.org",
    ]
    assert postman.letters[0].subject == "Task 3 was given to you"
    assert postman.letters[0].body == "Task 3 was given to you: documents: permit."


def test_what_is_rolled_back_is_never_told(reopen: Callable[[], Outbox]) -> None:
    outbox = reopen()
    with pytest.raises(Died), outbox.database.durable("test.write"):
        outbox.write([Notice("x", 5, Said("notice-assigned", FACTS))], 0)
        raise Died
    assert outbox.every() == []


def test_a_person_without_an_address_is_noted_and_can_get_one(reopen: Callable[[], Outbox]) -> None:
    outbox, postman = reopen(), Postman()
    write(outbox, 9, 5)
    send(outbox, postman, 1)
    assert states(outbox) == {9: NO_ADDRESS, 5: SENT}
    (noted,) = [one for one in outbox.every() if one.person == 9]
    assert noted.problem == "Person 9 has no address."
    assert send(outbox, postman, 10**15) == []
    assert outbox.retry(noted.number, 2)
    found = list(outbox.send(postman, lambda _: Contact("new@example.org", "sl"), 2))
    assert [one.state for one in found] == [SENT]
    assert not outbox.retry(noted.number, 3)


def test_one_that_fails_waits_longer_each_time_and_holds_up_no_other(
    reopen: Callable[[], Outbox],
) -> None:
    outbox, postman = reopen(), Postman()
    postman.failing = {"person-5@example.org"}
    write(outbox, 5, 6, 7)
    send(outbox, postman, 0)
    assert states(outbox) == {5: WAITING, 6: SENT, 7: SENT}
    now, waits = 0, []
    for _ in range(TRIES - 1):
        (kept,) = [one for one in outbox.every() if one.person == 5]
        assert send(outbox, postman, kept.next_try - 1) == []
        waits.append(kept.next_try - now)
        now = kept.next_try
        send(outbox, postman, now)
    assert waits == [MINUTE * 2**n for n in range(TRIES - 1)]
    (dead,) = [one for one in outbox.every() if one.person == 5]
    assert (dead.state, dead.tries, dead.problem) == (
        DEAD,
        TRIES,
        "The mail server did not take it.",
    )
    postman.failing = set()
    assert send(outbox, postman, 10**17) == []  # dead is dead until somebody says otherwise
    assert outbox.retry(dead.number, 0)
    assert [one.state for one in send(outbox, postman, 0)] == [SENT]


BOUNDARIES = [
    f"{step}.{when}"
    for step in ("outbox.take", "outbox.note")
    for when in ("before", "during", "after")
] + ["outbox.deliver.before", "outbox.deliver.after"]


@pytest.mark.parametrize("place", BOUNDARIES)
def test_a_crash_loses_no_notice_and_repeats_only_its_own(
    reopen: Callable[[], Outbox], place: str
) -> None:
    """Killed at each boundary of sending; afterwards each arrived, under one id, at least once."""
    outbox, postman = reopen(), Postman()
    write(outbox, 5, 6)

    def die(name: str) -> None:
        if name == place:
            raise Died

    boundary.install(die)
    try:
        with pytest.raises(Died):
            send(outbox, postman, 1)
    finally:
        boundary.install(None)
    outbox = reopen()
    send(outbox, postman, 2 * MINUTE)
    assert states(outbox) == {5: SENT, 6: SENT}
    to = [letter.to for letter in postman.letters]
    assert set(to) == {"person-5@example.org", "person-6@example.org"}
    ids = {(letter.to, letter.number, letter.identity) for letter in postman.letters}
    assert len(ids) == 2
    twice = place in ("outbox.deliver.after", "outbox.note.before", "outbox.note.during")
    assert len(to) == (3 if twice else 2)


def test_two_who_send_at_once_do_not_send_twice(make_database: MakeDatabase) -> None:
    url = make_database("desk")
    with closing(Database(url, name="desk")) as one, closing(Database(url, name="desk")) as two:
        first, second, postman = Outbox(one, "desk-1"), Outbox(two, "desk-1"), Postman()
        write(first, 5, 6)
        halfway = first.send(postman, contact, 1)
        next(halfway)
        assert [kept.person for kept in send(second, postman, 1)] == [6]
        assert list(halfway) == []
    assert len(postman.letters) == 2
