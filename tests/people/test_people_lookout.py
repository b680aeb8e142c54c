"""A process that goes on looks for what the law does by itself when there may be something new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from openets.kernel.clock import FixedClock
from openets.people.asked import Body
from openets.people.extension import Extension
from openets.people.lookout import LONGEST_REST_SECONDS, RESTS, Lookout
from openets.people.office import Office
from openets.people.opening import Opened
from tests.small_office import MONDAY, OTHER_SENIOR, SENIOR, TRADER, make_office, person, staffed


class Watch:
    """Counts the looks, each of which takes a second of a clock of its own."""

    def __init__(self, opened: Opened) -> None:
        self.now = 0.0
        self.looks = 0
        watched = Extension((), lambda _office, _body: [], self.due)
        self.opened = opened._replace(office=replace(opened.office, extensions=(watched,)))
        self.lookout = Lookout(self.opened, lambda: self.now)

    def due(self, _office: Office) -> Iterator[Body]:
        self.looks += 1
        self.now += 1
        yield from ()

    def work(self) -> int:
        """Works once more; how often it has looked by then."""
        list(self.lookout.work())
        return self.looks


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with staffed(make_office(tmp_path / "store"), FixedClock(MONDAY)) as opened:
        yield Watch(opened)


def freeze(opened: Opened) -> None:
    proposal = opened.desk.propose(
        person(opened, SENIOR),
        "freeze",
        f'{{"order": "freeze", "account": {TRADER}, "reason": "drill"}}',
    )
    opened.desk.approve(person(opened, OTHER_SENIOR), proposal.number)


def test_where_nothing_was_written_it_does_not_look_again(watch: Watch) -> None:
    assert [watch.work(), watch.work()] == [1, 1]
    watch.now += LONGEST_REST_SECONDS
    assert watch.work() == 1


def test_it_looks_again_after_a_rest_once_something_was_written(watch: Watch) -> None:
    assert watch.work() == 1
    freeze(watch.opened)
    assert watch.work() == 1
    watch.now += RESTS - 1
    assert watch.work() == 1
    watch.now += 1
    assert [watch.work(), watch.work()] == [2, 2]


def test_it_looks_again_on_another_day(watch: Watch) -> None:
    assert watch.work() == 1
    watch.now += RESTS
    clock = watch.opened.office.clock
    assert isinstance(clock, FixedClock)
    clock.step(timedelta(days=1))
    assert [watch.work(), watch.work()] == [2, 2]


def test_who_works_once_always_looks(watch: Watch) -> None:
    for looks in (1, 2, 3):
        list(watch.opened.work())
        assert watch.looks == looks


def test_a_look_that_fails_is_taken_again(watch: Watch) -> None:
    def failing(_office: Office) -> Iterator[Body]:
        watch.looks += 1
        raise OSError("no room")
        yield

    broken = Extension((), lambda _office, _body: [], failing)
    opened = watch.opened._replace(office=replace(watch.opened.office, extensions=(broken,)))
    lookout = Lookout(opened, lambda: watch.now)
    for looks in (1, 2):
        with pytest.raises(OSError, match="no room"):
            list(lookout.work())
        assert watch.looks == looks
