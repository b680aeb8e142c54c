"""Some types of transaction may be pending once only: anywhere, or once for an account.

The law names them (`desk.one-pending`). What is pending is what the desk has neither carried out
nor ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from openets.desk.timing import Law
from openets.kernel.refusal import Refusal
from openets.rulebook.model import NoLaw

ONE_PENDING = "desk.one-pending"


class Pending(NamedTuple):
    """A transaction that waits at the desk: its type's label and its transferring account."""

    type: str
    transferring: int


def pending_refusal(law: Law, asked: Pending, waiting: Iterable[Pending]) -> Refusal | None:
    """Why a transaction may not be proposed while these others wait, or None."""
    try:
        rule = law.ask(ONE_PENDING)
    except NoLaw:
        return None
    alike = [one for one in waiting if one.type == asked.type]
    if asked.type in rule["anywhere"] and alike:
        sentence = f"A transaction of type {asked.type} is pending; it must end before another."
        return Refusal("people.pending-anywhere", sentence, ONE_PENDING)
    if asked.type in rule["from_account"] and asked in alike:
        sentence = (
            f"A transaction of type {asked.type} from account {asked.transferring} is pending; "
            "it must end before another."
        )
        return Refusal("people.pending-here", sentence, ONE_PENDING)
    return None
