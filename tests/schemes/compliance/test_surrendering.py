"""What may be surrendered as the desk asks it: of the books, of the law of the day, by cases."""

from __future__ import annotations

from contextlib import closing, nullcontext
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from openets.kernel import acts
from openets.kernel.clock import FixedClock, instant
from openets.kernel.records import type_code
from openets.ledger.post import Writer
from openets.ledger.reads import Entry
from openets.ledger.store import Store
from openets.people.office import Office
from openets.people.register import Register
from openets.people.transactions import Move
from openets.schemes.compliance.events import CreditsEntitled
from openets.schemes.compliance.models import Happenings
from openets.schemes.compliance.surrendering import suggestion, surrender_problems
from openets.storage.database import Database
from tests.books_by_law import TwoBooks
from tests.schemes.compliance.histories import read_cases
from tests.schemes.compliance.office import KILN, KILN_ACCOUNT, desk_of, make, on
from tests.small_office import CEMENT_ONE

OPERATOR = "LV-000001"
HOME, ACCOUNT, ENDED = "LV", 1, 2
CASES = read_cases("surrender-at-the-desk.yaml")
DAY_OF_USE = date(2012, 3, 1)


def entries(case: dict[str, Any]) -> list[Entry]:
    """The statement of the account: what it was allocated, and the credits it used."""
    allocated = instant(datetime(2008, 2, 28, 10, tzinfo=UTC))
    found = [Entry(1, allocated, type_code("10-53"), 2008, 3, "allowance-2008-2012", "AT", 1, 0, 0)]
    found[0] = found[0]._replace(quantity=case.get("allocated", 0))
    for label, quantity in case.get("used", {}).items():
        day = DAY_OF_USE if label != "10-71" else date(2014, 1, 2)
        at = instant(datetime.combine(day, time(11), UTC))
        signed = quantity if label == "10-82" else -quantity
        found.append(Entry(2, at, type_code(label), 2009, ENDED, case["unit"], "AT", 1, signed, 0))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_what_may_be_surrendered(case: dict[str, Any], tmp_path: Path) -> None:
    books = TwoBooks("eu", case["day"], HOME)
    books.open(ACCOUNT, case.get("account", "operator-holding"), operator=OPERATOR)
    kind = acts.KindDefined(
        kind=1,
        unit=case["unit"],
        registry=HOME,
        original_period=1,
        applicable_period=1,
        project=case.get("mark"),
    )
    books.book.kinds[1] = kind
    for year, tonnes in case.get("emitted", {}).items():
        books.do(acts.EmissionsVerified(account=ACCOUNT, year=year, tonnes=tonnes))
    statement = entries(case)
    with closing(Database(f"sqlite:{tmp_path / 'desk.sqlite3'}", name="desk")) as database:
        office = Office(
            writer=cast(Writer, SimpleNamespace(book=books.book)),
            register=cast(Register, SimpleNamespace(database=database)),
            clock=FixedClock(datetime.combine(case["day"], time(11), UTC)),
            identity="case",
            record=lambda _: None,
            resting_on=lambda _: 0,
            law_kept=Path(),
            statement=lambda _: statement,
            undecided=lambda _: [],
            pending=list,
            tables=cast(Any, nullcontext),
        )
        if "basis" in case:
            entitled = CreditsEntitled(at=datetime(2013, 11, 9, tzinfo=UTC), basis=case["basis"])
            Happenings(database).add(OPERATOR, entitled, 0, "case")
        body = {"type": case.get("type", "10-2"), "transferring": ACCOUNT, "acquiring": ENDED}
        body |= {"kind": 1, "year": case.get("year", 0)}
        may = case["may"]
        if may:
            assert surrender_problems(office, Move(**body, quantity=may)) is None
        if "refused" in case:
            found = surrender_problems(office, Move(**body, quantity=may + 1))
            assert found is not None
            assert found.code == case["refused"]
            assert found.citation


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make(tmp_path / "store")


def test_the_surrender_that_would_be_right_is_what_is_missing_from_what_is_free(
    store: Store,
) -> None:
    with desk_of(store, on(2031, 4, 1)) as desk:
        office = desk.opened.office
        desk.enter(KILN, 2030, 160)
        desk.surrender(KILN_ACCOUNT, 30, 2030)
        found = suggestion(office, desk.history(KILN), 2030, 130)
        assert (found.asked, found.uncovered) == (130, 10)
        assert [(part.unit, part.quantity) for part in found.parts] == [("allowance", 120)]
        assert found.way is not None
        fields = {"type": found.way.label, "acquiring": found.way.into, "kind": 1, "year": 2030}
        desk.propose(CEMENT_ONE, "transaction", transferring=KILN_ACCOUNT, quantity=50, **fields)
        found = suggestion(office, desk.history(KILN), 2030, 80)  # what is set aside is not free
        assert [part.quantity for part in found.parts] == [70]
        some = suggestion(office, desk.history(KILN), 2030, 20)
        assert ([part.quantity for part in some.parts], some.uncovered) == ([20], 0)


def test_what_may_not_be_surrendered_is_named_with_its_reason(store: Store) -> None:
    with desk_of(store, on(2031, 4, 1)) as desk:
        found = suggestion(desk.opened.office, desk.history(KILN), 2029, 10)
        assert (found.parts, found.uncovered) == ((), 10)
        (refused,) = found.refused
        assert refused.refusal is not None
        assert (refused.quantity, refused.refusal.code) == (150, "compliance.unit-not-for-year")
