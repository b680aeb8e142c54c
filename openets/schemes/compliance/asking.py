"""What can be asked of compliance at the counter, for commands and pages that open no books.

Nobody sees another holder's operator: the matrix decides who may see one, by any of its accounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from openets.desk.sight import Sight
from openets.people.counter.action import Number, Visit, action
from openets.schemes.compliance.checks import Operator
from openets.schemes.compliance.cockpit import Cockpit, Surrendered, cockpit, surrendered
from openets.schemes.compliance.days import concerns_year
from openets.schemes.compliance.explain import Explanation, explain
from openets.schemes.compliance.models import Penalties
from openets.schemes.compliance.penalising import Case, cases
from openets.schemes.compliance.reads import History, known, one_known, sources_of
from openets.schemes.compliance.surrendering import Suggestion, suggestion


class KnownOperator(NamedTuple):
    """An operator that owes figures: its code and number, and what an upload is checked against."""

    code: str
    number: int
    known: Operator


class OperatorYear(NamedTuple):
    """An operator's year of emissions as its people see it; `suggested` is None without account."""

    cockpit: Cockpit
    suggested: Suggestion | None
    surrendered: list[Surrendered]
    explained: Explanation
    penalties: list[Case]


@action
def see_operator(visit: Visit, operator: str, year: Number) -> OperatorYear | None:
    """How an operator stands for a year (0: the last complete one); None where nobody knows it.

    None as well for a year of which the law asks nothing of anybody.

    Raises `Refused` if the person may not see any of its accounts.
    """
    found = _seen(visit, operator)
    office, now = visit.office.office, visit.office.office.clock.now()
    if found is None or found.state is None:
        return None
    if year and not concerns_year(office.rulebook, year):
        return None
    with sources_of(office) as sources:
        stands = cockpit(sources, visit.office.desk.proposals, found, now, year or None)
        assert stands is not None  # it has a state
        return OperatorYear(
            stands,
            suggestion(office, found, stands.year, stands.missing) if found.accounts else None,
            surrendered(sources, found, stands.year),
            explain(found.events, office.rulebook, stands.year),
            [one for one in _penalties(visit, operator) if one.year == stands.year],
        )


@action
def operators_represented(visit: Visit) -> list[Cockpit]:
    """How the operators stand for whose accounts somebody acts, for the last complete year."""
    office, sight = visit.office.office, visit.sight
    accounts = office.writer.book.accounts
    codes = {
        code
        for one in visit.office.register.represented_by(sight.actor.id)
        if (code := accounts[one].operator) and sight.sees(accounts[one].registry, one)
    }
    with sources_of(office) as sources:
        found = (
            cockpit(sources, visit.office.desk.proposals, one, office.clock.now())
            for one in known(office, codes).values()
        )
        return [one for one in found if one is not None]


@action
def suggest_surrender(
    visit: Visit, operator: str, year: Number, quantity: Number
) -> Suggestion | None:
    """What to surrender for a year (0: the last one); a quantity of 0 is all that is missing.

    What is proposed already is not missing. None if the operator has no account.
    """
    office, found = visit.office.office, _seen(visit, operator)
    if found is None or not found.accounts:
        return None
    of = year or office.today().year - 1
    return suggestion(office, found, of, quantity or _missing(visit, found, of))


@action
def operators_known(visit: Visit) -> list[KnownOperator]:
    """Every operator the person may see that owes figures, with what was entered for it."""
    office, sight = visit.office.office, visit.sight
    numbers = {one.code: one.number for one in visit.office.register.operators.every()}
    found = []
    for code, read in known(office, numbers).items():
        state = read.state
        if state is None or not _is_seen(sight, read):
            continue
        figures = {year: figure.tonnes for year, figure in state.emissions.items()}
        status = read.accounts[0].status if read.accounts else None
        stated = Operator(status, state.first_year, state.last_year, state.excluded, figures)
        found.append(KnownOperator(code, numbers[code], stated))
    return found


def _seen(visit: Visit, operator: str) -> History | None:
    """The history of an operator, None for one nobody knows; raises `Refused` for a stranger.

    That an operator exists is no secret: the law has it published.
    """
    sight = visit.sight
    found = one_known(visit.office.office, operator)
    if found is not None and not _is_seen(sight, found):
        sight.must_see(*_places(found)[0])
    return found


def _is_seen(sight: Sight, operator: History) -> bool:
    """True if the person may see one of the accounts of an operator."""
    return any(sight.sees(*place) for place in _places(operator))


def _places(operator: History) -> list[tuple[str, int]]:
    return [(one.registry, one.number) for one in operator.accounts] or [(operator.registry, 0)]


def _missing(visit: Visit, found: History, year: int) -> int:
    office = visit.office.office
    with sources_of(office) as sources:
        stands = cockpit(sources, visit.office.desk.proposals, found, office.clock.now(), year)
        return stands.missing if stands else 0


def _penalties(visit: Visit, operator: str) -> Iterable[Case]:
    return cases(Penalties(visit.office.register.database).of(operator)).values()
