"""Operators that are short get their penalties, at the desk, by two people.

Who is short follows from the played world. One operator objects, the authority decides, the penalty
is paid and the operator's code published; another pays a part; a third has objected and waits. All
of them still owe the units. Directive 2003/87/EC, Article 16.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from openets.kernel.actor import Actor
from openets.people.opening import Opened
from openets.schemes.compliance.models import Penalties
from openets.schemes.compliance.obligation import obligation
from openets.schemes.compliance.penalising import EXCESS, Case, cases
from openets.schemes.compliance.penalties import penalty
from openets.schemes.compliance.reads import History, histories, one_known, sources_of
from openets.schemes.compliance.rules import SHORT
from openets.schemes.compliance.standing import Standing, fixed
from openets.world.day import Day
from openets.world.people import Administrators, represent

OPERATORS = 3
OPEN = "open"


class Short(NamedTuple):
    """An operator of a registry, its account, and the last year it was short for."""

    registry: str
    operator: str
    account: int
    year: int


class Penalised(NamedTuple):
    """How an operator stands: its symbol and units missing on the day, its penalty, what it owes.

    `owed` are the units that are missing to this day, paid or not; `cents` and `paid` are of the
    penalty, `least` is true where the law raises it by an index the authority has yet to find.
    """

    operator: str
    year: int
    symbol: str
    missing: int
    cents: int
    paid: int
    state: str
    published: bool
    owed: int
    least: bool


def choose_short(
    office: Opened, registries: tuple[str, ...], but: Collection[int]
) -> tuple[Short, ...]:
    """The first operators of these registries, by code, that were short and owe units to this day.

    `but` are accounts that have their people already.
    """
    now = office.office.clock.now()
    found: list[Short] = []
    with sources_of(office.office) as sources:
        for registry in registries:
            if len(found) < OPERATORS:
                of = histories(sources, now, registry=registry)
                found += filter(None, (_short(office, one, but) for one in of))
    return tuple(found[:OPERATORS])


def _short(office: Opened, history: History, but: Collection[int]) -> Short | None:
    rulebook = office.office.rulebook
    standings = fixed(history.events, rulebook)
    years = [year for year, one in standings.items() if one.symbol == SHORT]
    account = history.accounts[0]
    if not years or account.status != OPEN or account.number in but or not owed(office, history):
        return None
    return Short(history.registry, history.code, account.number, max(years))


def owed(office: Opened, history: History) -> int:
    """The units an operator owes by now, by the figure of the last complete year."""
    state = history.state
    if state is None:
        return 0
    return obligation(state, office.office.rulebook, state.current_year - 1).missing


def penalise(
    day: Day, short: tuple[Short, ...], administrators: Mapping[str, Administrators]
) -> list[Penalised]:
    """Each operator's penalty, in the ways a penalty goes; how they stand then."""
    ways = (_upheld_and_paid, _paid_in_part, _objected)
    for one, way in zip(short, ways, strict=False):
        first, second = administrators[one.registry]
        operator, _ = represent(day, one.registry, one.account, first, second)
        _set(day, one, "notice", first, second, {"document": f"notice of {one.year}"})
        way(day, one, first, second, operator)
    return list(_standing(day.office, short))


def _upheld_and_paid(day: Day, one: Short, first: Actor, second: Actor, operator: Actor) -> None:
    _objected(day, one, first, second, operator)
    cents = case_of(day.office, one).cents
    decided = {"cents": cents, "reason": "The units were missing on the day."}
    _set(day, one, "decision", first, second, decided)
    _set(day, one, "payment", first, second, {"cents": cents, "reference": "statement 1"})
    _set(day, one, "publication", first, second, {})


def _paid_in_part(day: Day, one: Short, first: Actor, second: Actor, _operator: Actor) -> None:
    half = case_of(day.office, one).cents // 2
    _set(day, one, "payment", first, second, {"cents": half, "reference": "statement 2"})
    _set(day, one, "publication", first, second, {})


def _objected(day: Day, one: Short, _first: Actor, second: Actor, operator: Actor) -> None:
    reason = "The units were bought before the day and delivered after it."
    _set(day, one, "objection", operator, second, {"reason": reason})


def _set(
    day: Day, one: Short, what: str, first: Actor, second: Actor, fields: dict[str, Any]
) -> None:
    named = {"operator": one.operator, "year": one.year, **fields}
    day.two(first, second, f"penalty {what}", lambda: named)


def case_of(office: Opened, one: Short) -> Case:
    """The penalty as it stands; a notice sets its amount and nothing here changes it."""
    found = cases(Penalties(office.register.database).of(one.operator))
    return found[one.operator, one.year, EXCESS]


def _standing(office: Opened, short: tuple[Short, ...]) -> Iterator[Penalised]:
    rulebook = office.office.rulebook
    for one in short:
        history = one_known(office.office, one.operator)
        assert history is not None  # it was short
        then: Standing = fixed(history.events, rulebook)[one.year]
        case = case_of(office, one)
        yield Penalised(
            *(one.operator, one.year, then.symbol, then.shortfall),
            *(case.cents, case.paid, case.state, case.published),
            *(owed(office, history), not penalty(rulebook, one.year, then.shortfall).is_final),
        )
