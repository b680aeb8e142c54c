"""Maintenance windows at the small office: what waits lives on, what is due runs afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.clock import instant, moment
from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.rulebook.load import FURTHER_LAW, LAW
from tests.conftest import MakeDatabase
from tests.small_inbox import InboxDay, inbox_day
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    CENTRAL,
    GLASS_ONE,
    KIND,
    MONDAY,
    OTHER_CENTRAL,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    make_office,
)

OPENS = datetime(2030, 3, 5, 11, tzinfo=UTC)  # an hour before the transfers of Monday are due
CLOSES = datetime(2030, 3, 7, 15, tzinfo=UTC)
WINDOW = {"registry": "EX", "opens": OPENS.isoformat(), "closes": CLOSES.isoformat()}
HOUR = timedelta(hours=1)
Amend = Callable[[str, str], str]


@pytest.fixture
def store(make_database: MakeDatabase, tmp_path: Path) -> Store:
    """On both engines."""
    urls = {name: make_database(name) for name in ("journal", "query", "log", "desk")}
    return make_office(tmp_path / "store", urls)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[InboxDay]:
    with inbox_day(make_office(tmp_path / "store")) as found:
        yield found


@pytest.fixture
def queueing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The example's law, in which proposals wait for the end of a window."""
    home, name = tmp_path / "law", f"queueing-{tmp_path.name}"
    monkeypatch.setenv(FURTHER_LAW, str(home))
    shutil.copytree(LAW / "example", home / name)
    file = home / name / "founding-act" / "desk.yaml"
    text = file.read_text()
    assert text.count("proposals: refused") == 1
    file.write_text(text.replace("proposals: refused", "proposals: queued"))
    return name


def plan(day: InboxDay, **more: Any) -> None:
    fields = {**WINDOW, "reason": "new release", **more}
    done = day.approve(OTHER_SENIOR, day.propose(SENIOR, "maintenance", **fields))
    assert done.state == "completed"


def code(action: Any, *given: Any, **named: Any) -> str:
    """The code of the refusal an action ends with."""
    with pytest.raises(Refused) as refused:
        action(*given, **named)
    return refused.value.refusals[0].code


def test_what_is_due_in_a_window_runs_afterwards_and_nothing_is_lost(store: Store) -> None:
    with inbox_day(store) as day:
        due = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 10))
        waiting = day.transfer(CEMENT_ONE, CEMENT, TRADER, 20)
        plan(day)
    with inbox_day(store, OPENS + HOUR) as day:
        assert day.work() == []
        assert code(day.approve, CEMENT_TWO, waiting) == "desk.maintenance"
        assert code(day.transfer, CEMENT_ONE, CEMENT, TRADER, 1) == "desk.maintenance"
        day.clock.set(CLOSES - HOUR)
        assert day.work() == []
        day.clock.set(CLOSES)
        (done,) = day.work()
        assert (done.number, done.state) == (due.number, "completed")
        assert day.approve(CEMENT_TWO, waiting).state == "delayed"


def test_a_deadline_in_a_window_moves_and_so_does_the_end_of_a_proposal(day: InboxDay) -> None:
    opens = MONDAY + timedelta(days=29)
    waiting = day.transfer(CEMENT_ONE, CEMENT, TRADER, 20)
    day.inbox.request(day.who(SENIOR), account=CEMENT, documents=["permit"], days=21)
    plan(day, opens=opens.isoformat(), closes=(opens + timedelta(days=3)).isoformat())
    tasks = {one.task.kind: moment(one.deadline) for one in day.inbox.of(day.who(SENIOR))}
    assert tasks == {
        "approval": MONDAY + timedelta(days=33),
        "documents": datetime(2030, 4, 6, tzinfo=UTC),  # the end of 2 April lies in the window
    }
    for step in (timedelta(days=30), timedelta(days=32, hours=23)):
        day.clock.set(MONDAY + step)
        assert [one.number for one in day.work()] == []
    day.clock.set(MONDAY + timedelta(days=33))
    (expired,) = day.work()
    assert (expired.number, expired.state) == (waiting.number, "expired")


def test_a_window_is_announced_to_everybody_of_the_registry(day: InboxDay) -> None:
    plan(day)
    for who in (CEMENT_ONE, GLASS_ONE, SENIOR, CENTRAL):
        assert day.told(who)[-1] == "The registry will be closed for maintenance"
    assert (
        "maintenance, registry EX, from 2030-03-05 11:00 UTC, until 2030-03-07 15:00 UTC"
        in (day.trail(SENIOR)[0])
    )


def test_proposals_wait_for_the_end_where_the_law_says_so(tmp_path: Path, queueing: str) -> None:
    with inbox_day(make_office(tmp_path / "store", jurisdiction=queueing)) as day:
        plan(day)
        day.clock.set(OPENS + HOUR)
        queued = day.transfer(CEMENT_ONE, CEMENT, TRADER, 30)
        assert queued.state == "drafted"
        book = day.office.office.writer.book
        assert (day.work(), book.available(CEMENT, KIND)) == ([], 400)
        day.clock.set(CLOSES)
        (settled,) = day.work()
        assert (settled.state, book.available(CEMENT, KIND)) == ("awaiting approval", 370)
        assert day.approve(CEMENT_TWO, settled).state == "delayed"


def test_stopping_is_possible_at_any_time(day: InboxDay) -> None:
    due = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 10))
    waiting = day.transfer(CEMENT_ONE, CEMENT, TRADER, 20)
    plan(day)
    day.clock.set(OPENS + HOUR)
    desk = day.office.desk
    assert desk.reject(day.who(CEMENT_TWO), waiting.number, "stop").state == "rejected"
    assert desk.cancel(day.who(CEMENT_TWO), due.number, "stop").state == "cancelled"
    order = {"order": "freeze", "account": CEMENT, "reason": "stolen credentials"}
    frozen = day.approve(OTHER_SENIOR, day.propose(SENIOR, "freeze", **order))
    assert frozen.state == "completed"


def test_the_time_shown_before_approval_knows_the_window(day: InboxDay) -> None:
    plan(day)
    body = f'{{"type": "10-0", "transferring": {CEMENT}, "acquiring": {TRADER}, "kind": {KIND}, '
    actor = day.who(CEMENT_ONE)
    _, execution = day.office.desk.preview(actor, "transaction", body + '"quantity": 1}')
    assert execution.at == CLOSES
    assert execution.reason.told().endswith("The registry is closed for maintenance until then.")


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"closes": OPENS.isoformat()}, "people.maintenance-backwards"),
        ({"opens": (MONDAY - HOUR).isoformat()}, "people.maintenance-past"),
        ({"registry": None}, "people.not-for-all"),
        ({"opens": "2030-03-05T11:00:00"}, "people.malformed"),
    ],
)
def test_what_is_no_window(day: InboxDay, fields: dict[str, Any], refused: str) -> None:
    given = {**WINDOW, "reason": "new release", **fields}
    assert code(day.propose, SENIOR, "maintenance", **given) == refused
    assert code(day.propose, CEMENT_ONE, "maintenance", **WINDOW, reason="x") == (
        "people.not-permitted"
    )


def test_one_administrator_alone_closes_nothing(day: InboxDay) -> None:
    proposal = day.propose(SENIOR, "maintenance", **WINDOW, reason="new release")
    assert code(day.approve, SENIOR, proposal) == "desk.own-proposal"
    day.clock.set(OPENS + HOUR)
    late = day.approve(OTHER_SENIOR, proposal)
    assert (late.state, "maintenance-past" in late.why) == ("terminated", True)
    assert day.transfer(CEMENT_ONE, CEMENT, TRADER, 1).state == "awaiting approval"


def test_every_registry_is_closed_by_two_who_act_for_all(day: InboxDay) -> None:
    fields = {**WINDOW, "registry": None, "reason": "new release"}
    proposal = day.propose(CENTRAL, "maintenance", **fields)
    assert code(day.approve, SENIOR, proposal) == "people.not-for-all"
    day.approve(OTHER_CENTRAL, proposal)
    assert day.told(GLASS_ONE)[-1] == "The registry will be closed for maintenance"
    assert day.office.desk.windows.open_at("EX", instant(OPENS)) is not None


def cancel(day: InboxDay, planned: int, who: int = SENIOR, other: int = OTHER_SENIOR) -> str:
    """The state in which a cancellation ends that one person proposed and another approved."""
    fields = {"proposal": planned, "reason": "put off"}
    return day.approve(other, day.propose(who, "cancel maintenance", **fields)).state


def test_a_window_is_cancelled_by_two_before_it_opens(store: Store) -> None:
    with inbox_day(store) as day:
        due = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 10))
        plan(day)
        alone = day.propose(SENIOR, "cancel maintenance", proposal=2, reason="put off")
        assert code(day.approve, SENIOR, alone) == "desk.own-proposal"
        assert day.office.desk.windows.of("EX") != []
        assert day.approve(OTHER_SENIOR, alone).state == "completed"
        assert day.office.desk.windows.of("EX") == []
        assert day.told(GLASS_ONE)[-1] == "The registry stays open: the maintenance is cancelled"
        (line, *_) = day.trail(SENIOR, proposal=alone.number)
        assert (
            "to cancel the maintenance of registry EX from 2030-03-05 11:00 UTC until "
            "2030-03-07 15:00 UTC, planned by proposal 2: put off" in line
        )
        (line, *_) = day.trail(SENIOR, "sl", proposal=alone.number)
        assert "preklic vzdrževanja registra EX od 2030-03-05 11:00 UTC do" in line
    with inbox_day(store, OPENS + HOUR) as day:
        (done,) = day.work()
        assert (done.number, done.state) == (due.number, "completed")
        assert day.transfer(CEMENT_ONE, CEMENT, TRADER, 1).state == "awaiting approval"


def test_what_cannot_be_cancelled(day: InboxDay) -> None:
    def ask(planned: int, who: int = SENIOR) -> str:
        fields = {"proposal": planned, "reason": "put off"}
        return code(day.propose, who, "cancel maintenance", **fields)

    assert ask(1) == "people.maintenance-unknown"
    plan(day)
    assert ask(1, CEMENT_ONE) == "people.not-permitted"
    late = day.propose(SENIOR, "cancel maintenance", proposal=1, reason="put off")
    assert cancel(day, 1) == "completed"
    assert ask(1) == "people.maintenance-cancelled"
    second = day.approve(OTHER_SENIOR, late)
    assert (second.state, "maintenance-cancelled" in second.why) == ("terminated", True)
    plan(day)
    begun = day.propose(SENIOR, "cancel maintenance", proposal=4, reason="put off")
    day.clock.set(OPENS)
    assert ask(4) == "people.maintenance-begun"
    terminated = day.approve(OTHER_SENIOR, begun)  # possible in a window, but too late
    assert (terminated.state, "maintenance-begun" in terminated.why) == ("terminated", True)
    assert day.office.desk.windows.open_at("EX", instant(OPENS)) is not None


def test_a_window_for_all_is_cancelled_by_two_who_act_for_all(day: InboxDay) -> None:
    fields = {**WINDOW, "registry": None, "reason": "new release"}
    day.approve(OTHER_CENTRAL, day.propose(CENTRAL, "maintenance", **fields))
    gone = {"proposal": 1, "reason": "put off"}
    assert code(day.propose, SENIOR, "cancel maintenance", **gone) == "people.not-for-all"
    assert cancel(day, 1, CENTRAL, OTHER_CENTRAL) == "completed"
    assert day.office.desk.windows.open_at("EX", instant(OPENS)) is None
    assert "of every registry from" in day.trail(CENTRAL, proposal=2)[0]


def test_a_cancellation_counts_once_also_after_a_crash(day: InboxDay) -> None:
    plan(day)
    stored = day.propose(SENIOR, "cancel maintenance", proposal=1, reason="put off")
    asked = day.office.desk.load(stored.command, stored.body)
    for _ in range(2):  # carried out, and asked again after the answer was lost
        assert asked.carry_out(stored.number, instant(MONDAY)).refusals == ()
    assert asked.carry_out(stored.number + 1, instant(MONDAY)).refusals != ()
