"""The authorisation matrix, cell by cell, and the rights of representatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from openets.kernel.actor import Actor
from openets.people.matrix import page, representative_cells
from openets.people.roles import (
    ACTIONS,
    ANYWHERE,
    HOME,
    MATRIX,
    OWN,
    RIGHTS,
    ROLES,
    Standing,
    contains,
    matrix,
    permitted,
)

PAGE = Path(__file__).parents[2] / "docs" / "manual" / "who-may-do-what.md"
FULL = "initiate and approve"


@pytest.mark.parametrize(("role", "action", "reach"), list(matrix()))
def test_every_cell_of_the_matrix(role: str, action: str, reach: str) -> None:
    """At home, abroad, and without any standing on the account: what the cell says, no more."""
    actor = Actor(1, role, "AT")
    standing = Standing(FULL, "active", "open", "act")
    at_home = permitted(actor, action, registry="AT", standing=standing)
    abroad = permitted(actor, action, registry="SI")
    assert (at_home is None) == bool(reach)
    assert (abroad is None) == (reach == ANYWHERE)
    if reach == OWN:
        assert permitted(actor, action, registry="AT") is not None


def test_only_representatives_are_bound_to_their_own_accounts() -> None:
    for role in ROLES:
        reaches = set(MATRIX[role].values()) - {""}
        assert reaches <= ({OWN} if role == "representative" else {HOME, ANYWHERE})
        assert MATRIX[role].keys() <= set(ACTIONS)


def test_whoever_may_approve_may_see() -> None:
    for role, cells in MATRIX.items():
        if any(cells.get(action) for action in ACTIONS if action.startswith("approve")):
            assert cells["see account"], role


CONTAINED = {
    "initiate and approve": set(RIGHTS),
    "initiate": {"initiate", "read only"},
    "approve": {"approve", "read only"},
    "surrender": {"surrender", "read only"},
    "read only": {"read only"},
}


@pytest.mark.parametrize("held", RIGHTS)
@pytest.mark.parametrize("wanted", RIGHTS)
def test_which_right_contains_which(held: str, wanted: str) -> None:
    assert contains(held, wanted) == (wanted in CONTAINED[held])


# right, action, the process is a surrender: allowed?
CELLS = [
    ("initiate", "propose transaction", False, True),
    ("initiate", "approve transaction", False, False),
    ("initiate", "propose transaction", True, True),
    ("initiate", "approve transaction", True, False),
    ("approve", "propose transaction", False, False),
    ("approve", "approve transaction", False, True),
    ("approve", "approve transaction", True, True),
    ("surrender", "propose transaction", False, False),
    ("surrender", "propose transaction", True, True),
    ("surrender", "approve transaction", True, True),
    ("surrender", "approve transaction", False, False),
    ("surrender", "propose trusted account", False, False),
    ("read only", "see account", False, True),
    ("read only", "propose transaction", True, False),
    ("read only", "approve trusted account", False, False),
    (FULL, "approve trusted account", False, True),
    (FULL, "cancel transaction", False, True),
]


@pytest.mark.parametrize(("right", "action", "surrenders", "allowed"), CELLS)
def test_what_a_right_lets_a_representative_do(
    right: str, action: str, surrenders: bool, allowed: bool
) -> None:
    standing = Standing(right, "active", "open", "act")
    actor = Actor(7, "representative", "AT")
    refusal = permitted(actor, action, registry="AT", standing=standing, surrenders=surrenders)
    assert (refusal is None) == allowed


@pytest.mark.parametrize("state", ["requested", "suspended", "removed", "rejected"])
def test_a_right_that_is_not_active_is_none(state: str) -> None:
    actor = Actor(7, "representative", "AT")
    standing = Standing(FULL, state, "open", "act")
    for action in ACTIONS:
        assert permitted(actor, action, registry="AT", standing=standing) is not None


@pytest.mark.parametrize(
    ("left", "allowed"),
    [
        ("act", {"see account", "propose transaction"}),
        ("view", {"see account"}),
        ("nothing", set()),
    ],
)
def test_the_status_of_the_account_bounds_its_representatives(left: str, allowed: set[str]) -> None:
    actor = Actor(7, "representative", "AT")
    standing = Standing(FULL, "active", "suspended", left)
    for action in ("see account", "propose transaction"):
        refusal = permitted(actor, action, registry="AT", standing=standing)
        assert (refusal is None) == (action in allowed)
        if refusal:
            assert refusal.citation == "registry.statuses.suspended"


def test_the_page_of_the_manual_is_the_matrix() -> None:
    assert PAGE.read_text() == page()


def test_what_a_status_leaves_bounds_every_right() -> None:
    """Every cell of right, status and action, by the sets written out here."""
    for right, left, action, plain, surrenders in representative_cells():
        reads = action.startswith("see ")
        verb = "approve" if action.startswith("approve t") else "initiate"
        if left == "nothing" or (left == "view" and not reads):
            assert not plain and not surrenders
        elif reads:
            assert plain
        else:
            assert plain == (verb in right)
            assert surrenders == (verb in right or right == "surrender")
