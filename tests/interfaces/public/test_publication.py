"""Which sums are kept back, and as of when totals are: pure, and by the law of several places."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from openets.interfaces.public.publication import FEWEST_ACCOUNTS, kept_back, publication
from openets.kernel.clock import instant
from openets.rulebook.load import load_rulebook

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accounts", "hidden"),
    [
        ([], set()),
        ([3, 40], set()),
        ([1], {0}),
        ([2], {0}),
        ([1, 40], {0, 1}),  # one alone could be had from the total
        ([2, 5, 40], {0, 1}),
        ([1, 2, 40], {0, 1}),  # three together
        ([1, 1, 1, 40], {0, 1, 2}),
        ([1, 1, 40, 7], {0, 1, 3}),  # the smallest of the others goes with them
    ],
)
def test_sums_that_would_tell(accounts: list[int], hidden: set[int]) -> None:
    assert kept_back(accounts) == hidden


@settings(deadline=None)
@given(some.lists(some.integers(1, 12), max_size=9))
def test_what_is_shown_and_what_is_left_rests_on_three_or_more(accounts: list[int]) -> None:
    hidden = kept_back(accounts)
    assert all(
        accounts[one] >= FEWEST_ACCOUNTS for one in range(len(accounts)) if one not in hidden
    )
    left = sum(accounts[one] for one in hidden)
    assert not hidden or left >= FEWEST_ACCOUNTS or len(hidden) == len(accounts)


def test_the_union_publishes_totals_of_the_day_before_and_keeps_holdings() -> None:
    law = publication(load_rulebook("eu"), NOON)
    assert law.before == instant(datetime(2026, 11, 25, tzinfo=UTC))
    assert law.totals == "Delegated Regulation (EU) 2019/1122, Annex XIII, II"
    assert law.confidential == "Delegated Regulation (EU) 2019/1122, Article 80"


@pytest.mark.parametrize("jurisdiction", ["example", "uk"])
def test_where_the_law_says_nothing_nothing_is_kept_back(jurisdiction: str) -> None:
    assert publication(load_rulebook(jurisdiction), NOON) == (None, "", "")
