"""A wrong transaction is corrected by a new record that names it: law cases, and at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from openets.kernel.clock import instant
from openets.kernel.records import type_code, type_label
from openets.kernel.refusal import Refused
from openets.ledger.reads import RecordView
from openets.ledger.verify import verify
from openets.people.corrections import correction_of
from openets.people.counter import actions
from openets.people.counter.client import OpenedCounter
from openets.people.office import Office
from openets.people.signing_in import Who
from openets.rulebook.load import load_rulebook
from tests.small_inbox import InboxDay, inbox_day
from tests.small_office import (
    AUDITOR,
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    CENTRAL,
    ENDED,
    GLASS,
    KIND,
    OTHER_CENTRAL,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    TRADER_ONE,
    make_office,
)

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "corrections.yaml").read_text())
FRIDAY = datetime(2030, 4, 26, 9, tzinfo=UTC)
FROM, TO, WRONG = 1, 2, 50


@pytest.mark.parametrize(
    "case", CASES, ids=lambda one: f"{one['law']} {one['day']} {one['wrong']} {one['from']}"
)
def test_a_record_is_corrected_by_the_type_the_law_has_for_it(case: dict[str, Any]) -> None:
    accounts = {FROM: SimpleNamespace(type=case["from"]), TO: SimpleNamespace(type=case["to"])}
    at = instant(datetime.combine(case["day"], time(12), UTC))
    blocks = [(KIND, "allowance", "AT", 1, 100)]
    code = type_code(case["wrong"])
    wrong = RecordView(WRONG, b"", at, at, code, 2030, FROM, TO, 0, 100, None, blocks, [])
    office = SimpleNamespace(
        rulebook=load_rulebook(case["law"]),
        today=lambda: case["day"],
        account=accounts.get,
        record=lambda _: wrong,
        resting_on=lambda _: 30,
    )
    if case["by"] == "final":
        with pytest.raises(Refused, match=r"people\.correction-final"):
            correction_of(cast(Office, office), WRONG, 0, "mistyped")
        return
    found = correction_of(cast(Office, office), WRONG, 0, "mistyped")
    assert (found.type, found.transferring, found.acquiring) == (case["by"], TO, FROM)
    assert (found.quantity, found.year, found.refers_to) == (70, 2030, WRONG)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[InboxDay]:
    with inbox_day(make_office(tmp_path / "store"), FRIDAY) as found:
        yield found


def surrender(day: InboxDay, quantity: int) -> int:
    """The record of a surrender."""
    fields = {"type": "10-2", "transferring": CEMENT, "acquiring": ENDED, "kind": KIND}
    fields |= {"quantity": quantity, "year": 2030}
    proposal = day.propose(CEMENT_ONE, "transaction", **fields)
    return day.approve(CEMENT_TWO, proposal).result


def correct(day: InboxDay, who: int, record: int, quantity: int = 0) -> Any:
    """What proposing a correction at the counter answers."""
    counter = OpenedCounter(cast(Any, SimpleNamespace(mode="practice")), day.office)
    asked = (record, quantity, "the year was mistaken")
    return counter.ask(actions.propose_correction, Who(person=who), *asked).proposal


def codes(action: Any, *given: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        action(*given)
    return [one.code for one in refused.value.refusals]


def test_a_surrender_is_corrected_in_part_and_then_whole(day: InboxDay) -> None:
    wrong = surrender(day, 90)
    proposal = correct(day, SENIOR, wrong, 40)
    assert proposal.state == "awaiting approval"
    assert codes(day.approve, SENIOR, proposal) == ["desk.own-proposal"]
    assert day.office.office.writer.book.available(ENDED, KIND) == 50  # reserved meanwhile
    done = day.approve(OTHER_SENIOR, proposal)
    assert done.state == "completed"
    new = day.office.office.record(done.result)
    assert new is not None and new.sequence > wrong
    assert (type_label(new.type), new.refers_to, new.quantity) == ("10-82", wrong, 40)
    old = day.office.office.record(wrong)
    assert old is not None and old.quantity == 90  # nothing was edited
    assert day.office.office.writer.held(CEMENT, KIND) == 350
    rest = day.approve(OTHER_SENIOR, correct(day, SENIOR, wrong))
    assert (rest.state, day.office.office.writer.held(CEMENT, KIND)) == ("completed", 400)
    assert codes(correct, day, SENIOR, wrong) == ["people.reversed-already"]
    (line, *_) = day.trail(SENIOR, proposal=proposal.number)
    assert (
        f"correction of record {wrong}: 40 units of kind 1 by 10-82 from account 2 to account 3, "
        "for 2030; the year was mistaken" in line
    )
    (line, *_) = day.trail(SENIOR, "sl", proposal=proposal.number)
    assert f"popravek zapisa {wrong}: 40 enot vrste 1 s postopkom 10-82" in line


def test_what_is_final_and_what_is_no_transaction(day: InboxDay) -> None:
    (issue,) = (n for n in range(1, 14) if _type(day, n) == "1-0")
    assert codes(correct, day, CENTRAL, issue) == ["people.correction-final"]
    (bought,) = (n for n in range(1, 14) if _type(day, n) == "10-37")
    assert codes(correct, day, SENIOR, bought) == ["people.correction-final"]
    for nothing in (3, 99):
        assert codes(correct, day, SENIOR, nothing) == ["people.corrects-nothing"]
    wrong = surrender(day, 90)
    assert codes(correct, day, SENIOR, wrong, 91) == ["people.reverses-otherwise"]
    fields = {"type": "10-51", "transferring": 1, "acquiring": TRADER, "kind": KIND}
    fields |= {"quantity": 1, "refers_to": wrong, "reason": "x"}
    assert codes(lambda: day.propose(SENIOR, "correction", **fields)) == ["people.no-correction"]


def _type(day: InboxDay, number: int) -> str:
    found = day.office.office.record(number)
    return type_label(found.type) if found and not found.act else ""


def test_the_window_of_the_regime_holds_when_asked_and_when_carried_out(day: InboxDay) -> None:
    wrong = surrender(day, 90)
    waiting = correct(day, SENIOR, wrong)
    day.clock.step(timedelta(days=11))  # 7 May is the sixth working day; the law gives five
    assert codes(correct, day, SENIOR, wrong) == ["people.reversal-too-late"]
    late = day.approve(OTHER_SENIOR, waiting)
    assert (late.state, "people.reversal-too-late" in late.why) == ("terminated", True)
    assert day.office.office.writer.held(CEMENT, KIND) == 310


def test_administrators_correct_in_their_registry_and_nobody_else(day: InboxDay) -> None:
    wrong = surrender(day, 90)
    for who in (CEMENT_ONE, TRADER_ONE, AUDITOR):
        assert codes(correct, day, who, wrong) == ["people.not-permitted"]
    abroad, _ = day.office.register.add_person("senior administrator", "SI")
    assert codes(correct, day, abroad.number, wrong) == ["people.not-permitted"]
    assert codes(correct, day, CENTRAL, wrong) == ["people.not-the-proposer"]  # by Article 8
    proposal = correct(day, SENIOR, wrong)
    assert codes(day.approve, CEMENT_TWO, proposal) == ["people.not-permitted"]
    assert day.approve(OTHER_CENTRAL, proposal).state == "completed"


def test_a_correction_that_waits_is_withdrawn_and_what_it_reserved_is_free(day: InboxDay) -> None:
    wrong = surrender(day, 90)
    proposal = correct(day, SENIOR, wrong)
    desk = day.office.desk
    assert codes(desk.withdraw, day.who(CEMENT_ONE), proposal.number, "x") == [
        "people.not-permitted"
    ]
    assert desk.withdraw(day.who(OTHER_SENIOR), proposal.number, "no").state == "withdrawn"
    assert day.office.office.writer.book.available(ENDED, KIND) == 90


def test_books_and_proof_agree_about_a_correction(tmp_path: Path) -> None:
    store = make_office(tmp_path / "store")
    with inbox_day(store, FRIDAY) as day:
        wrong = surrender(day, 90)
        day.approve(OTHER_SENIOR, correct(day, SENIOR, wrong))
        book = day.office.office.writer.book
        assert (book.held(CEMENT, KIND), book.held(GLASS, KIND)) == (400, 100)
    assert verify(store).sound
