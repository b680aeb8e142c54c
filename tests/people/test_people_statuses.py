"""Which status may follow which: cases of the UK register, through the law of `uk`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from openets.kernel.clock import FixedClock
from openets.people.accounts import CHANGE, status_problems
from openets.people.office import Office
from openets.rulebook.load import load_rulebook
from tests.small_office import MONDAY

CASES = yaml.safe_load((Path(__file__).parent / "cases/status-changes.yaml").read_text())
TYPES = {"scheme": "operator-holding", "kyoto": "person-holding"}
TABLES = load_rulebook("uk").tables_on(date(2024, 3, 4))
EVERY = sorted(TABLES.statuses)


def allowed(account: str, status: str, to: str) -> bool:
    """True if a change by a person may take an account from one status to another."""
    book = SimpleNamespace(
        accounts={1: SimpleNamespace(status=status, type=TYPES[account])},
        tables_at=lambda _: TABLES,
    )
    office = SimpleNamespace(writer=SimpleNamespace(book=book), clock=FixedClock(MONDAY))
    return not status_problems(cast(Office, office), 1, TABLES.statuses[to], CHANGE)


@pytest.mark.parametrize("case", CASES["changes"], ids=str)
def test_a_change_the_software_makes(case: dict[str, Any]) -> None:
    assert allowed(case["account"], case["from"], case["to"])


@pytest.mark.parametrize("account", sorted(CASES["offered"]))
def test_nothing_follows_but_what_is_offered(account: str) -> None:
    offered = CASES["offered"][account]
    for status, following in offered.items():
        found = {
            to
            for to in EVERY
            if allowed(account, status, to) and "administrator" in TABLES.statuses[to].set_by
        }
        # A handover ends by itself; that its end is a status change is the books' affair.
        found -= {"open"} if status == "transfer-pending" else set()
        assert found == set(following), status


@pytest.mark.parametrize("jurisdiction", ["eu", "uk", "example"])
def test_a_closed_account_is_never_opened_again(jurisdiction: str) -> None:
    law = load_rulebook(jurisdiction)
    days = [date(year, 6, 1) for year in (2006, 2014, 2024, 2031)]
    closed = [law.tables_on(day).statuses.get("closed") for day in days]
    assert any(closed)
    assert all(one.becomes == frozenset() for one in closed if one)
