"""What may be surrendered, asked of the books when somebody proposes it; and what would be right.

The rules stand in `surrender.py`; here they are given the unit, the account and the operator. The
mark of a unit from a state that leaves is its kind's project: an allowance has no other.
"""

from __future__ import annotations

from openets.kernel.records import type_code
from openets.kernel.refusal import Refusal
from openets.people.office import Office
from openets.people.transactions import Move
from openets.rulebook.model import Rulebook
from openets.schemes.compliance.law import ACCOUNTS, ask_of, refuse
from openets.schemes.compliance.reads import is_suspended
from openets.schemes.compliance.state import REFUSED
from openets.schemes.compliance.surrender import (
    CREDITS,
    Surrender,
    Unit,
    surrender_refusal,
)


def surrender_problems(office: Office, body: Move) -> Refusal | None:
    """The first reason why units may not be surrendered, or None; also for what is no surrender."""
    today = office.today()
    rule = office.rulebook.tables_on(today).transaction_types.get(type_code(body.type))
    sender, kind = office.account(body.transferring), office.writer.book.kinds.get(body.kind)
    if rule is None or not rule.surrenders or sender is None or kind is None:
        return None
    if is_suspended(office, sender.registry):
        sentence = f"The registry of {sender.registry} takes no surrender at present."
        return refuse(office.rulebook, "suspended", sentence, REFUSED, today)
    answer = ask_of(office.rulebook, ACCOUNTS, today)
    if answer is None:
        return None
    operator = next((one for one, type_ in answer.value.items() if type_ == sender.type), None)
    if operator is None:
        sentence = f"From a {sender.type} account no operator surrenders."
        return refuse(office.rulebook, "operator-class", sentence, ACCOUNTS, today)
    credit = is_credit(office.rulebook, kind.unit)
    unit = Unit(
        kind.unit,
        marked="" if credit else kind.project or "",
        project=(kind.project or "") if credit else "",
    )
    year = body.year or today.year - 1
    asked = Surrender(unit, year, today, operator, body.quantity)
    return surrender_refusal(office.rulebook, asked)


def is_credit(rulebook: Rulebook, unit: str) -> bool:
    """Whether a unit is an international credit by any law there was."""
    if CREDITS not in rulebook:
        return False
    return any(unit in value.value for value in rulebook.parameter(CREDITS).values)
