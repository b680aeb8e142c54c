"""Who may do what: the authorisation matrix, role by action, and the rights of representatives.

The matrix is the table `MATRIX` and nothing else: the manual's page and the tests are made from it.
A person has one role. What the role may do is bounded by where the person stands: an administrator
of a registry acts on the accounts of that registry; a representative on the accounts he or she
represents, as far as the right on the account and the account's status go. What a role may propose
of a certain type of transaction is the rulebook's answer (`desk.process.*`), asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal

MATRIX_CITATION = "authorisation matrix"
REPRESENTATIVE = "representative"
ANYWHERE = "anywhere"  # every registry
HOME = "in its registry"
OWN = "own accounts"
NO = ""

ROLES = (
    REPRESENTATIVE,
    "senior administrator",
    "junior administrator",
    "read-only administrator",
    "central administrator",
    "authority",
    "verifier",
    "auctioneer",
    "auditor",
    "system administrator",
)
# The words of the law for who proposes a process, and the roles they mean.
CLASSES = {
    REPRESENTATIVE: (REPRESENTATIVE,),
    "administrator": ("senior administrator",),
    "central administrator": ("central administrator",),
    "authority": ("authority",),
    "system": (),
}
ADMINISTRATORS = ("senior administrator", "central administrator")

ACTIONS = (
    "see account",
    "trace units",
    "propose transaction",
    "approve transaction",
    "cancel transaction",
    "propose correction",
    "approve correction",
    "propose trusted account",
    "approve trusted account",
    "propose account rules",
    "approve account rules",
    "propose account",
    "approve account",
    "propose representative",
    "approve representative",
    "propose freeze",
    "approve freeze",
    "propose rulebook",
    "approve rulebook",
    "propose cap",
    "approve cap",
    "propose allocation",
    "approve allocation",
    "propose measures",
    "approve measures",
    "propose emissions",
    "approve emissions",
    "propose penalty",
    "approve penalty",
    "see audit trail",
    "register person",
    "request documents",
    "submit documents",
    "assign task",
    "propose maintenance",
    "approve maintenance",
    "reconcile books",
)
_SENIOR = {
    **dict.fromkeys(ACTIONS, HOME),
    "propose rulebook": NO,
    "approve rulebook": NO,
    "propose cap": NO,
    "approve cap": NO,
    "approve measures": NO,  # whoever submits a list does not accept it
}
_CENTRAL = dict.fromkeys(ACTIONS, ANYWHERE)
MATRIX: dict[str, dict[str, str]] = {
    REPRESENTATIVE: {
        "see account": OWN,
        "propose transaction": OWN,
        "approve transaction": OWN,
        "cancel transaction": OWN,
        "propose trusted account": OWN,
        "approve trusted account": OWN,
        "propose account rules": OWN,
        "propose representative": OWN,
        "see audit trail": OWN,
        "submit documents": OWN,
        "propose emissions": OWN,
        "propose penalty": OWN,
    },
    "senior administrator": _SENIOR,
    "junior administrator": {
        "see account": HOME,
        "propose account": HOME,
        "propose representative": HOME,
        "register person": HOME,
        "request documents": HOME,
    },
    "read-only administrator": {"see account": HOME},
    "central administrator": _CENTRAL,
    "authority": {
        "see account": HOME,
        "propose transaction": HOME,
        "approve transaction": HOME,
        "cancel transaction": HOME,
        "propose cap": HOME,
        "approve cap": HOME,
        "propose allocation": HOME,
        "approve allocation": HOME,
        "propose measures": HOME,
        "approve measures": HOME,
        "propose emissions": HOME,
        "approve emissions": HOME,
        "propose penalty": HOME,
        "approve penalty": HOME,
    },
    "verifier": {
        "see account": HOME,
        "propose emissions": HOME,
        "approve emissions": HOME,
    },
    "auctioneer": {},
    "auditor": {"see account": ANYWHERE, "trace units": ANYWHERE, "see audit trail": ANYWHERE},
    "system administrator": {},
}

# -- rights of a representative on an account -----------------------------------------------------

RIGHTS: dict[str, frozenset[str]] = {
    "initiate and approve": frozenset(
        {"initiate", "approve", "surrender initiate", "surrender approve", "read"}
    ),
    "initiate": frozenset({"initiate", "surrender initiate", "read"}),
    "approve": frozenset({"approve", "surrender approve", "read"}),
    "surrender": frozenset({"surrender initiate", "surrender approve", "read"}),
    "read only": frozenset({"read"}),
}
REGISTERED = "registered"  # and waits for a key to enrol with
ACTIVE = "active"
FROZEN = "frozen"
READING = ("see account", "see audit trail")
APPROVING = ("approve transaction", "approve trusted account")


class Standing(NamedTuple):
    """What a representative has on an account: the right, its state, and the account's status.

    `left` is what the status leaves to representatives: `act`, `view` or `nothing`. `surrenders`
    is true for the processes a surrender right covers.
    """

    right: str
    state: str
    status: str
    left: str


def contains(held: str, wanted: str) -> bool:
    """True if a right contains another one."""
    return RIGHTS[wanted] <= RIGHTS[held]


def reach(actor: Actor, action: str) -> str:
    """How far the matrix lets an actor do something; empty if not at all."""
    return MATRIX[actor.role].get(action, NO)


def permitted(
    actor: Actor,
    action: str,
    *,
    registry: str | None,
    standing: Standing | None = None,
    surrenders: bool = False,
) -> Refusal | None:
    """Why an actor may not do something to an account of a registry, or None.

    `standing` is what a representative has on the account, None if nothing. `surrenders` says that
    the transaction is one a surrender right is enough for.
    """
    far = reach(actor, action)
    if far == NO:
        return _forbidden(f"A {actor.role} may not {action}.")
    if far == ANYWHERE:
        return None
    if far == HOME:
        if registry is None or actor.registry == registry:
            return None
        return _forbidden(f"Person {actor.id} is of registry {actor.registry}, not of {registry}.")
    return _representative(actor, action, standing, surrenders=surrenders)


def _representative(
    actor: Actor, action: str, standing: Standing | None, *, surrenders: bool
) -> Refusal | None:
    if standing is None or standing.state != ACTIVE:
        return _forbidden(f"Person {actor.id} does not represent this account.")
    needed = _needed(action, surrenders=surrenders)
    if needed not in RIGHTS[standing.right]:
        return _forbidden(f"The right {standing.right!r} does not let person {actor.id} {action}.")
    if standing.left == "nothing" or (standing.left == "view" and needed != "read"):
        sentence = f"The account is {standing.status}; its representatives may not {action}."
        return Refusal("people.account-status", sentence, f"registry.statuses.{standing.status}")
    return None


def _needed(action: str, *, surrenders: bool) -> str:
    """The right an action takes."""
    if action in READING:
        return "read"
    verb = "approve" if action in APPROVING else "initiate"
    return f"surrender {verb}" if surrenders else verb


def _forbidden(sentence: str) -> Refusal:
    return Refusal("people.not-permitted", sentence, MATRIX_CITATION)


def matrix() -> Iterator[tuple[str, str, str]]:
    """Every cell: role, action, how far it reaches (empty: not at all)."""
    for role in ROLES:
        for action in ACTIONS:
            yield role, action, MATRIX[role].get(action, NO)
