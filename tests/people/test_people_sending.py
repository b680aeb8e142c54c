"""Who may send from an account in which status: every status of every law, both kinds of people."""

from __future__ import annotations

from datetime import date

import pytest

from openets.kernel.records import type_code
from openets.people.roles import ADMINISTRATORS, ROLES
from openets.people.statuses import status_refusal
from openets.rulebook.load import load_rulebook

DAY = date(2026, 3, 2)
UK = load_rulebook("uk").tables_on(DAY)
TRANSFER, SURRENDER, DELETION = map(type_code, ("10-50", "10-2", "10-90"))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("status", "type_", "barred"),
    [
        ("open", TRANSFER, False),
        ("some-transactions-restricted", TRANSFER, True),
        ("some-transactions-restricted", SURRENDER, False),
        ("some-transactions-restricted", DELETION, False),  # the ledger's answer, to everybody
        ("suspended-partially", TRANSFER, True),
        ("suspended", SURRENDER, True),
        ("transfer-pending", TRANSFER, True),
        ("closed", TRANSFER, False),  # the ledger's answer
        ("all-transactions-restricted", TRANSFER, False),  # the ledger's answer
        ("no such status", TRANSFER, False),  # the ledger's answer
    ],
)
def test_administrators_may_what_others_may_not(
    status: str, type_: int, barred: bool, role: str
) -> None:
    refusal = status_refusal(UK, 7, status, type_, role)
    assert (refusal is not None) == (barred and role not in ADMINISTRATORS)
    if refusal:
        assert refusal.code == "people.sender-status"
        assert refusal.citation == f"registry.statuses.{status}"


@pytest.mark.parametrize("name", ["uk", "eu", "example"])
def test_a_status_never_leaves_others_more_than_administrators(name: str) -> None:
    for status in load_rulebook(name).tables_on(DAY).statuses.values():
        if status.sends is None or status.others_send is None:
            assert status.sends == status.others_send
        else:
            assert status.others_send <= status.sends
