"""The bulk act: one decision of two people over a list, line by line in the books."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openets.desk.proposals import Proposal
from openets.kernel.clock import FixedClock
from openets.kernel.refusal import Refused
from openets.people.bulk import Line, digest_of
from openets.people.opening import Opened
from openets.storage import boundary
from tests.small_office import (
    AUTHORITY,
    CEMENT,
    CEMENT_ONE,
    GLASS,
    KIND,
    MONDAY,
    OTHER_AUTHORITY,
    QUANTITY,
    SENIOR,
    TRADER,
    make_office,
    person,
    staffed,
)

LINES = [{"acquiring": CEMENT, "quantity": 60}, {"acquiring": GLASS, "quantity": 40}]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Opened]:
    with staffed(make_office(tmp_path / "store"), FixedClock(MONDAY)) as opened:
        yield opened


def propose(office: Opened, lines: Any, who: int = AUTHORITY, **more: Any) -> Proposal:
    fields = {"type": "10-36", "transferring": QUANTITY, "kind": KIND, "year": 2030, **more}
    body = json.dumps({**fields, "lines": lines})
    return office.desk.propose(person(office, who), "bulk transaction", body)


def held(office: Opened) -> tuple[int, int]:
    return office.office.writer.held(CEMENT, KIND), office.office.writer.held(GLASS, KIND)


def refusals(action: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        action()
    return [(one.code, one.where) for one in refused.value.refusals]


def test_two_people_decide_once_and_every_line_is_a_record(office: Opened) -> None:
    digest = digest_of(tuple(Line(**line) for line in LINES))
    proposal = propose(office, LINES, digest=digest)
    assert proposal.state == "awaiting approval"
    before = office.office.writer.book.sequence
    done = office.desk.approve(person(office, OTHER_AUTHORITY), proposal.number)
    assert (done.state, done.result) == ("completed", before + 2)
    assert held(office) == (460, 140)
    told = next(iter(office.desk.proposals.events(proposal.number))).sentence
    assert "100 units of kind 1 by 10-36 from account 1 to 2 accounts, for 2030" in told
    assert digest in told


def test_everything_wrong_with_a_list_is_told_at_once(office: Opened) -> None:
    lines = [
        *LINES,
        LINES[0],
        {"acquiring": TRADER, "quantity": 1},
        {"acquiring": 99, "quantity": 1},
    ]
    assert refusals(lambda: propose(office, lines, digest="0" * 64)) == [
        ("people.bulk-digest", "digest"),
        ("people.bulk-twice", "lines.2"),
        ("ledger.type-not-open-to-receiver", "lines.3"),
        ("ledger.account-unknown", "lines.4"),
    ]
    too_much = [{"acquiring": CEMENT, "quantity": 10**12}]
    assert ("people.bulk-not-covered", "lines") in refusals(lambda: propose(office, too_much))
    for malformed in ([], [{"acquiring": CEMENT, "quantity": -1}], [{"acquiring": CEMENT}], "x"):
        assert {code for code, _ in refusals(lambda: propose(office, malformed))} == {  # noqa: B023
            "people.malformed"
        }
    assert not office.desk.proposals.every()


def test_who_may_not_and_what_waits(office: Opened) -> None:
    assert refusals(lambda: propose(office, LINES, SENIOR))[0][0] == "people.not-the-proposer"
    transfer = {"type": "10-0", "transferring": CEMENT}
    lines = [{"acquiring": TRADER, "quantity": 1}]
    found = refusals(lambda: propose(office, lines, CEMENT_ONE, **transfer))
    assert ("people.bulk-waits", "type") in found


def test_a_line_the_books_refuse_stops_no_other(office: Opened) -> None:
    proposal = propose(office, LINES)
    order = {"order": "freeze", "account": GLASS, "reason": "court order"}
    freeze = office.desk.propose(person(office, SENIOR), "freeze", json.dumps(order))
    office.desk.approve(person(office, 2), freeze.number)
    done = office.desk.approve(person(office, OTHER_AUTHORITY), proposal.number)
    assert (done.state, held(office)) == ("completed", (460, 100))
    assert done.why.startswith(f"1 of 2 lines were refused: account {GLASS}: ledger.frozen")


def test_a_crash_on_the_way_repeats_no_line(tmp_path: Path) -> None:
    store, clock = make_office(tmp_path / "store"), FixedClock(MONDAY)

    class DiedError(BaseException):
        pass

    with staffed(store, clock) as office:
        proposal = propose(office, LINES)

        def die(name: str) -> None:
            if name == "desk.move.before" and office.office.writer.held(CEMENT, KIND) == 460:
                raise DiedError

        boundary.install(die)
        with pytest.raises(DiedError):
            office.desk.approve(person(office, OTHER_AUTHORITY), proposal.number)
        boundary.install(None)
    with staffed(store, clock) as office:
        (done,) = office.desk.work()
        assert (done.state, held(office)) == ("completed", (460, 140))
        assert not list(office.desk.work())
