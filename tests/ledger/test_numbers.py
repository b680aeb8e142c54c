"""Account numbers as a jurisdiction prints them: under its own letters, or computed with others."""

from __future__ import annotations

from datetime import date

import pytest

from openets.kernel.accounts import AccountNumber
from openets.ledger.numbers import Numbered, check_letters, full_number
from openets.rulebook.load import load_rulebook


@pytest.mark.parametrize(
    ("law", "day", "account", "printed"),
    [
        ("uk", "2026-03-02", Numbered("GB", "party-holding", 12_345, 2), "GB-100-12345-2-14"),
        ("uk", "2026-03-02", Numbered("GB", "retirement", 1_022, 2), "GB-300-1022-2-24"),
        ("uk", "2026-03-02", Numbered("GB", "person-holding", 50_031, 2), "GB-121-50031-2-60"),
        ("uk", "2026-03-02", Numbered("UK", "trading", 10_000_000, 0), "UK-100-10000000-0-61"),
        ("eu", "2022-03-02", Numbered("EU", "trading", 5_035_894, 0), "EU-100-5035894-0-15"),
        ("uk", "2026-03-02", Numbered("CD", "share-of-proceeds", 7, 0), "CD, account 7"),
    ],
)
def test_a_number(law: str, day: str, account: Numbered, printed: str) -> None:
    book, on = load_rulebook(law), date.fromisoformat(day)
    assert full_number(book, on, account) == printed
    if account.registry != "CD":
        letters = check_letters(book, on)
        assert str(AccountNumber.parse(printed, check_letters=letters)) == printed
