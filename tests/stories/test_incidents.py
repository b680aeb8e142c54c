"""What happened to registries once, told again at the desk: the attack fails.

Each story runs twice. With the law as it stands nothing is lost. With a folder of law that differs
in one value, the defence that value is, the same attack succeeds: so it is the defence that held,
and not an accident.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from openets.desk.proposals import Proposal
from openets.kernel.clock import FixedClock
from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.people.opening import Opened
from openets.rulebook.load import FURTHER_LAW, LAW
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    CENTRAL,
    ENDED,
    GLASS,
    GLASS_ONE,
    GLASS_TWO,
    KIND,
    MONDAY,
    OTHER_CENTRAL,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    TRADER_ONE,
    make_office,
    person,
    staffed,
)

WEEK = timedelta(days=7)
Amend = Callable[[str, str], str]  # name of a jurisdiction: the example with one value changed


@pytest.fixture
def amend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Amend:
    """Makes a jurisdiction of the example's law with a passage put in the place of another."""
    home = tmp_path / "law"
    monkeypatch.setenv(FURTHER_LAW, str(home))

    def make(passage: str, instead: str) -> str:
        name = f"weakened-{tmp_path.name}"
        shutil.copytree(LAW / "example", home / name)
        file = home / name / "founding-act" / "desk.yaml"
        text = file.read_text()
        assert text.count(passage) == 1
        file.write_text(text.replace(passage, instead))
        return name

    return make


class Office:
    """People at the desk, by number."""

    def __init__(self, office: Opened, clock: FixedClock) -> None:
        self.office, self.clock = office, clock

    def propose(self, who: int, command: str, **fields: Any) -> Proposal:
        return self.office.desk.propose(person(self.office, who), command, json.dumps(fields))

    def move(
        self, who: int, type_: str, sender: int, to: int, quantity: int, **more: int
    ) -> Proposal:
        fields = {"type": type_, "transferring": sender, "acquiring": to, "quantity": quantity}
        return self.propose(who, "transaction", kind=KIND, **fields, **more)

    def approve(self, who: int, proposal: Proposal) -> Proposal:
        return self.office.desk.approve(person(self.office, who), proposal.number)

    def wait(self, time: timedelta) -> None:
        self.clock.step(time)
        list(self.office.desk.work())

    def held(self, account: int) -> int:
        return self.office.office.writer.held(account, KIND)


@contextmanager
def at(store: Store, when: datetime = MONDAY) -> Iterator[Office]:
    clock = FixedClock(when)
    with staffed(store, clock) as office:
        yield Office(office, clock)


def attempt(action: Callable[[], object]) -> None:
    """What an attacker does about a refusal: go on."""
    try:
        action()
    except Refused:
        return


# -- the phishing of January 2010 --


def phish(store: Store) -> int:
    """The attacker has the password and the live session of one representative, for a week."""
    with at(store) as office:
        stolen = CEMENT_ONE
        attempt(lambda: office.propose(stolen, "trusted account", account=CEMENT, listed=TRADER))
        proposal = office.move(stolen, "10-0", CEMENT, TRADER, 400)
        attempt(lambda: office.approve(stolen, proposal))
        attempt(lambda: office.approve(TRADER_ONE, proposal))  # the account of the receiver
        office.wait(WEEK)
        return 400 - office.held(CEMENT)


def test_one_stolen_session_moves_nothing(tmp_path: Path) -> None:
    assert phish(make_office(tmp_path / "store")) == 0


def test_without_a_second_person_it_would(tmp_path: Path, amend: Amend) -> None:
    name = amend("second_person: unless trusted", "second_person: never")
    assert phish(make_office(tmp_path / "store", jurisdiction=name)) == 400


# -- November 2010: both representatives deceived, the holder wakes up an hour later --


def rob(store: Store) -> int:
    with at(store) as office:
        office.approve(CEMENT_TWO, office.move(CEMENT_ONE, "10-0", CEMENT, TRADER, 400))
        office.wait(timedelta(hours=1))
        order = {"order": "freeze", "account": CEMENT, "reason": "stolen credentials"}
        office.approve(OTHER_SENIOR, office.propose(SENIOR, "freeze", **order))
        office.wait(WEEK)
        return 400 - office.held(CEMENT)


def test_the_delay_leaves_time_to_freeze(tmp_path: Path) -> None:
    assert rob(make_office(tmp_path / "store")) == 0


def test_without_the_delay_it_is_too_late(tmp_path: Path, amend: Amend) -> None:
    name = amend("value: noon-rule", "value: at-once")
    assert rob(make_office(tmp_path / "store", jurisdiction=name)) == 400


# -- January 2011: a country stops, and begins again only by two signatures --


def test_a_registry_stands_still_until_two_people_lift_it(tmp_path: Path) -> None:
    with at(make_office(tmp_path / "store")) as office:
        order = {"order": "freeze", "registry": "EX", "reason": "systems under attack"}
        office.approve(OTHER_CENTRAL, office.propose(CENTRAL, "freeze", **order))
        with pytest.raises(Refused, match="registry EX is frozen"):
            office.move(GLASS_ONE, "10-2", GLASS, ENDED, 10, year=2030)
        lift = office.propose(CENTRAL, "freeze", **{**order, "order": "lift"})
        with pytest.raises(Refused, match="a second person must"):
            office.approve(CENTRAL, lift)
        office.approve(OTHER_CENTRAL, lift)
        surrender = office.move(GLASS_ONE, "10-2", GLASS, ENDED, 10, year=2030)
        assert office.approve(GLASS_TWO, surrender).state == "completed"


# -- a closure over New Year --


def close_over_new_year(store: Store) -> list[tuple[str, str]]:
    """State and reason of what was approved, waited and was forgotten when the registry closed."""
    with at(store, datetime(2030, 12, 20, 9, tzinfo=UTC)) as office:
        approved = office.approve(CEMENT_TWO, office.move(CEMENT_ONE, "10-0", CEMENT, TRADER, 10))
        waiting = office.move(CEMENT_ONE, "10-0", CEMENT, TRADER, 20)
        forgotten = office.move(GLASS_ONE, "10-0", GLASS, TRADER, 30)
    with at(store, datetime(2031, 1, 7, 9, tzinfo=UTC)) as office:
        office.wait(timedelta(0))
        attempt(lambda: office.approve(CEMENT_TWO, waiting))
        office.wait(timedelta(days=14))
        found = {one.number: one for one in office.office.desk.proposals.every()}
        ended = [found[one.number] for one in (approved, waiting, forgotten)]
        return [(one.state, one.why) for one in ended]


def test_what_waits_survives_a_closure_or_expires_with_a_reason(tmp_path: Path) -> None:
    assert close_over_new_year(make_office(tmp_path / "store")) == [
        ("completed", ""),
        ("completed", ""),
        ("expired", "Nobody decided on it in 30 days."),
    ]


def test_with_less_time_than_the_closure_takes_it_would_be_lost(
    tmp_path: Path, amend: Amend
) -> None:
    name = amend("      value: 30\n", "      value: 10\n")
    ended = close_over_new_year(make_office(tmp_path / "store", jurisdiction=name))
    assert [state for state, _ in ended] == ["completed", "expired", "expired"]


# -- an insider --


def embezzle(store: Store) -> tuple[int, list[str]]:
    """What an administrator alone gets out of an account in a week, and what is told of it."""
    with at(store) as office:
        attempt(lambda: office.approve(SENIOR, office.move(SENIOR, "10-0", CEMENT, TRADER, 400)))
        mine = {"account": CEMENT, "person": TRADER_ONE, "right": "initiate and approve"}
        proposal = office.propose(SENIOR, "representative", **mine)
        attempt(lambda: office.approve(SENIOR, proposal))
        office.wait(WEEK)
        told = [event.sentence for event in office.office.desk.proposals.events()]
        return 400 - office.held(CEMENT), told


def test_an_administrator_alone_moves_nothing(tmp_path: Path) -> None:
    moved, told = embezzle(make_office(tmp_path / "store"))
    assert moved == 0
    assert sum("Person 1 (senior administrator) proposed" in line for line in told) == 2


def test_without_a_second_person_an_administrator_would(tmp_path: Path, amend: Amend) -> None:
    name = amend("second_person: unless trusted", "second_person: never")
    moved, _ = embezzle(make_office(tmp_path / "store", jurisdiction=name))
    assert moved == 400


# -- a mistaken surrender --


def undo(store: Store, days: int) -> bool:
    """A surrender of Friday 26 April, asked back some days later; 1 May is a holiday."""
    with at(store, datetime(2030, 4, 26, 9, tzinfo=UTC)) as office:
        surrender = office.move(CEMENT_ONE, "10-2", CEMENT, ENDED, 90, year=2030)
        record = office.approve(CEMENT_TWO, surrender).result
        office.wait(timedelta(days=days))
        back = {"refers_to": record}
        attempt(
            lambda: office.approve(
                OTHER_SENIOR, office.move(SENIOR, "10-82", ENDED, CEMENT, 90, **back)
            )
        )
        return office.held(CEMENT) == 400


def test_a_mistaken_surrender_is_undone_within_its_window_holidays_counted(tmp_path: Path) -> None:
    assert undo(make_office(tmp_path / "monday"), days=10)  # 6 May is the fifth working day
    assert not undo(make_office(tmp_path / "tuesday"), days=11)


def test_without_the_window_a_surrender_is_never_final(tmp_path: Path, amend: Amend) -> None:
    passage = "      value: 5\n"
    name = amend(passage, passage.replace("5", "500"))
    assert undo(make_office(tmp_path / "store", jurisdiction=name), days=400)


def test_a_reversal_moves_back_what_was_moved_and_no_more(tmp_path: Path) -> None:
    with at(make_office(tmp_path / "store")) as office:
        for quantity in (90, 60):
            surrender = office.move(CEMENT_ONE, "10-2", CEMENT, ENDED, quantity, year=2030)
            record = office.approve(CEMENT_TWO, surrender).result
        for to, quantity, named in ((CEMENT, 61, record), (GLASS, 60, record), (CEMENT, 60, 3)):
            with pytest.raises(Refused, match=r"people\.reverses"):
                office.move(SENIOR, "10-82", ENDED, to, quantity, refers_to=named)
        twice = [office.move(SENIOR, "10-82", ENDED, CEMENT, 40, refers_to=record) for _ in "ab"]
        done = [office.approve(OTHER_SENIOR, proposal) for proposal in twice]
        assert [proposal.state for proposal in done] == ["completed", "terminated"]
        assert "40 of 60 units were moved back already" in done[1].why
        assert office.held(CEMENT) == 290
