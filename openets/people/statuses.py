"""What the status of an account leaves to whom: some statuses bind everybody but administrators.

A record of the ledger does not say who asked for it, so the books check what somebody may send.
Here it is asked for the person who asks. What the books refuse anyway is left to them, so that each
reason has one place.
"""

from __future__ import annotations

from openets.kernel.records import type_label
from openets.kernel.refusal import Refusal
from openets.people.roles import ADMINISTRATORS
from openets.rulebook.tables import Tables


def status_refusal(tables: Tables, number: int, key: str, type_: int, role: str) -> Refusal | None:
    """Why a person of a role may not send by a type from an account of this status, or None.

    `number` is the account's, `key` its status, `type_` the code of the transaction type.
    """
    status = tables.statuses.get(key)
    if status is None or status.others_send is None or role in ADMINISTRATORS:
        return None
    left_to_administrators = status.sends is None or type_ in status.sends
    if type_ in status.others_send or not left_to_administrators:
        return None
    sentence = (
        f"Account {number} is {key}; only an administrator may still send from it by "
        f"{type_label(type_)}."
    )
    return Refusal("people.sender-status", sentence, f"registry.statuses.{key}")
