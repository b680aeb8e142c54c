"""What can be asked of compliance at the counter, for commands that must not open the books."""

from __future__ import annotations

from typing import NamedTuple

from openets.people.counter.action import Number, Visit, action
from openets.schemes.compliance.checks import Operator
from openets.schemes.compliance.reads import known, one_known
from openets.schemes.compliance.surrendering import Suggestion, suggestion


class KnownOperator(NamedTuple):
    """An operator that owes figures: its code and number, and what an upload is checked against."""

    code: str
    number: int
    known: Operator


@action
def suggest_surrender(
    visit: Visit, operator: str, year: Number, quantity: Number
) -> Suggestion | None:
    """What to surrender for a year (0: the last one); a quantity of 0 is all that is missing.

    None if the operator has no account.
    """
    office, _ = visit.office.office, visit.actor
    found = one_known(office, operator)
    if found is None or not found.accounts:
        return None
    return suggestion(office, found, year or office.today().year - 1, quantity or None)


@action
def operators_known(visit: Visit) -> list[KnownOperator]:
    """Every operator that owes figures, with what was entered for it."""
    office, _ = visit.office.office, visit.actor
    numbers = {one.code: one.number for one in visit.office.register.operators.every()}
    found = []
    for code, read in known(office, numbers).items():
        state = read.state
        if state is None:
            continue
        figures = {year: figure.tonnes for year, figure in state.emissions.items()}
        status = read.accounts[0].status if read.accounts else None
        stated = Operator(status, state.first_year, state.last_year, state.excluded, figures)
        found.append(KnownOperator(code, numbers[code], stated))
    return found
