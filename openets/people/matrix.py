"""The authorisation matrix as a page of the manual, made from the code that decides.

Every cell is asked of `permitted`, so that the page cannot say what the program does not do. Two
tables: role by action, and for representatives right by action by what the status of the account
leaves to them.
"""

from __future__ import annotations

from collections.abc import Iterator

from openets.kernel.actor import Actor
from openets.people.roles import (
    ACTIONS,
    ACTIVE,
    MATRIX,
    NO,
    OWN,
    REPRESENTATIVE,
    RIGHTS,
    ROLES,
    Standing,
    permitted,
)

LEFT = ("act", "view", "nothing")
HEAD = """# Who may do what

Made by `openets person rights --page` from the code; do not edit. An empty cell is a refusal.

## By role

"""
RIGHTS_HEAD = """
*Own accounts* are those a representative represents, as far as the right on the account and the
status of the account go. *In its registry*: accounts of the registry the person belongs to.

## Representatives: by right and by what the status of the account leaves

What a status leaves to representatives is law (`registry.statuses.*`): to act, to view, or
nothing. A right to surrender covers surrender and, where the law says so (`desk.surrender-
right`), the return of excess allocation.

"""
FOOT = """
What a role may propose of a certain type of transaction is the law's answer (`desk.process.*`):
in the UK registry only the authority moves central units, for instance. Nobody approves what he
or she proposed, nor what concerns him- or herself. What waits for approval is taken back by who
proposed it or by who could stop it once approved. A person who is suspended may do nothing.
"""


class _Person:
    """One representative, and the registry of the account it is asked about."""

    actor = Actor(1, REPRESENTATIVE, None)
    registry = "AA"


def representative_cells() -> Iterator[tuple[str, str, str, bool, bool]]:
    """Every cell: right, what the status leaves, action, whether permitted, and for surrenders."""
    actions = [action for action in ACTIONS if MATRIX[REPRESENTATIVE].get(action, NO) == OWN]
    for right in RIGHTS:
        for left in LEFT:
            standing = Standing(right, ACTIVE, left, left)
            for action in actions:
                plain, surrenders = (
                    permitted(
                        _Person.actor,
                        action,
                        registry=_Person.registry,
                        standing=standing,
                        surrenders=surrenders,
                    )
                    is None
                    for surrenders in (False, True)
                )
                yield right, left, action, plain, surrenders


def page() -> str:
    """The page of the manual."""
    rows = [["action", *ROLES]]
    rows += [[action, *(MATRIX[role].get(action, NO) for role in ROLES)] for action in ACTIONS]
    cells = list(representative_cells())
    actions = list(dict.fromkeys(action for _, _, action, _, _ in cells))
    answers = {
        (right, left, action): _word(plain, also) for right, left, action, plain, also in cells
    }
    by_right = [["right", "the status leaves", *actions]]
    by_right += [
        [right, left, *(answers[right, left, action] for action in actions)]
        for right in RIGHTS
        for left in LEFT
    ]
    return HEAD + _table(rows) + RIGHTS_HEAD + _table(by_right) + FOOT


def _word(plain: bool, surrenders: bool) -> str:
    return "yes" if plain else "surrenders" if surrenders else ""


def _table(rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines) + "\n"
