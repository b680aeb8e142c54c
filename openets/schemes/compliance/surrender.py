"""Which units may be surrendered for a year, by which class of operators, and why not.

What both books check of every transaction (that a type may move a unit, that an account may hold
it, that it is usable for the year) stands in the rulebook's tables; here the same tables are asked
before anything is proposed, for a year of emissions and a class of operators, and beside them what
the books cannot see: marked units, units of linked systems, projects and limits of credits.
Directive 2003/87/EC, Articles 11a, 12 and 13; Delegated Regulation (EU) 2019/1122, Article 56.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from openets.kernel.refusal import Refusal
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import ACCOUNT_TYPES, TRANSACTION_TYPES, UNIT_TYPES, TransactionType
from openets.schemes.compliance.days import step_day
from openets.schemes.compliance.law import ACCOUNTS, INSTALLATION, account_type, ask_of, refuse

LINKED, LINKED_ACCOUNTS = "compliance.linked-units", "compliance.linked-units-accounts"
MARKED = "registry-rules.marked-units"
CREDITS = "compliance.credit-units"
EXCLUDED, INDUSTRIAL = "credits.excluded", "credits.industrial-gas"
LIMIT, USE, PERIODS = "credits.phase-2.limit-default", "kyoto.use-by-operators.", "periods.phase-"


class Unit(NamedTuple):
    """A unit as far as surrender asks: its type, a key of the rulebook or a linked system's code.

    `issued` is the year of issue; of a linked system's unit it decides, and where it is not known
    the unit is taken to be as young as can be. `marked` says by what a state that leaves marked it;
    `project` is the kind of project a credit comes from, in the rulebook's words.
    """

    type: str
    issued: int | None = None
    marked: str = ""
    project: str = ""


class Surrender(NamedTuple):
    """What is to be surrendered: units for a year of emissions, on a day, by a class of operators.

    `credits_left` is how many credits the operator may still use, where that is limited.
    """

    unit: Unit
    year: int
    day: date
    operator: str = INSTALLATION
    quantity: int = 1
    credits_left: int | None = None


Check = Callable[[Rulebook, Surrender, str], Refusal | None]


def last_day(rulebook: Rulebook, year: int, operator: str = INSTALLATION) -> date:
    """The day by which is surrendered for a year; where the law names none, the year after ends."""
    dated = step_day(rulebook, "surrender", year, operator)
    return date(year + 1, 12, 31) if dated is None else dated.day


def surrender_refusal(rulebook: Rulebook, asked: Surrender) -> Refusal | None:
    """The first reason why the units may not be surrendered, with its article, or None."""
    account = account_type(rulebook, asked.operator, asked.day)
    if account is None:
        sentence = f"On {asked.day} no operators of the class {asked.operator} surrender."
        return refuse(rulebook, "operator-class", sentence, ACCOUNTS, asked.day)
    for check in CHECKS:
        found = check(rulebook, asked, account)
        if found is not None:
            return found
    return None


def may_surrender(
    rulebook: Rulebook, unit: Unit, year: int, operator: str = INSTALLATION
) -> Refusal | None:
    """The same on the last day for the year."""
    day = last_day(rulebook, year, operator)
    return surrender_refusal(rulebook, Surrender(unit, year, day, operator))


def is_not_marked(rulebook: Rulebook, asked: Surrender, _account: str) -> Refusal | None:
    law = ask_of(rulebook, MARKED, asked.day)
    if not asked.unit.marked or law is None or not law.value["not_surrendered"]:
        return None
    sentence = f"Units marked with {asked.unit.marked} may not be surrendered."
    return refuse(rulebook, "unit-marked", sentence, MARKED, asked.day)


def linked_is_of_the_period(rulebook: Rulebook, asked: Surrender, account: str) -> Refusal | None:
    """A linked system's unit obeys the same rule of periods as one's own, by its year of issue."""
    if not _is_linked(rulebook, asked.unit):
        return None
    kind, day = asked.unit.type, asked.day
    law, accounts = ask_of(rulebook, LINKED, day), ask_of(rulebook, LINKED_ACCOUNTS, day)
    if law is None or kind not in law.value:
        sentence = f"On {day} units {kind} are not recognised."
        return refuse(rulebook, "unit-not-permitted", sentence, LINKED, day)
    if accounts is None or account not in accounts.value:
        sentence = f"A {account} account does not surrender units {kind}."
        return refuse(rulebook, "unit-not-for-operator", sentence, LINKED_ACCOUNTS, day)
    issued = day.year if asked.unit.issued is None else asked.unit.issued
    path = _period_of(rulebook, issued)
    if path is not None and rulebook.ask(path, for_=issued).value["first_year"] > asked.year:
        sentence = f"Units {kind} issued in {issued} may not be surrendered for {asked.year}."
        return refuse(rulebook, "unit-not-for-year", sentence, path, day)
    return None


def _is_linked(rulebook: Rulebook, unit: Unit) -> bool:
    if LINKED not in rulebook:
        return False
    return any(unit.type in value.value for value in rulebook.parameter(LINKED).values)


def _period_of(rulebook: Rulebook, year: int) -> str | None:
    """The parameter of the trading period a year lies in."""
    for path in rulebook.paths():
        answer = ask_of(rulebook, path, year) if path.startswith(PERIODS) else None
        if answer and answer.value["first_year"] <= year <= answer.value["last_year"]:
            return path
    return None


def credit_is_usable(rulebook: Rulebook, asked: Surrender, _account: str) -> Refusal | None:
    """A credit is judged by the year of emissions; its project and the limit by the operator."""
    if not _is_credit(rulebook, asked.unit):
        return None
    kind, year = asked.unit.type, asked.year
    law = ask_of(rulebook, CREDITS, year)
    if law is None or kind not in law.value:
        sentence = f"Credits of {kind} are not surrendered for {year}."
        return refuse(rulebook, "unit-not-permitted", sentence, CREDITS, date(year, 1, 1))
    return _project_is_usable(rulebook, asked) or _within_limit(rulebook, asked)


def _is_credit(rulebook: Rulebook, unit: Unit) -> bool:
    if CREDITS not in rulebook:
        return False
    return any(unit.type in value.value for value in rulebook.parameter(CREDITS).values)


def _project_is_usable(rulebook: Rulebook, asked: Surrender) -> Refusal | None:
    project = asked.unit.project
    excluded, gas = ask_of(rulebook, EXCLUDED, asked.day), ask_of(rulebook, INDUSTRIAL, asked.day)
    if excluded is not None and project in excluded.value:
        sentence = f"Credits of projects of this kind are not usable: {project}."
        return refuse(rulebook, "credit-project", sentence, EXCLUDED, asked.day)
    if gas is None or project not in gas.value["projects"]:
        return None
    law = gas.value
    if asked.year == law["except_for_emissions_of"] and asked.day <= law["until"]:
        return None
    sentence = f"Credits of {project} are not usable from {law['banned_from']}."
    return refuse(rulebook, "credit-project", sentence, INDUSTRIAL, asked.day)


def _within_limit(rulebook: Rulebook, asked: Surrender) -> Refusal | None:
    if asked.credits_left is None or asked.quantity <= asked.credits_left:
        return None
    sentence = f"The operator may use {asked.credits_left} more credits, not {asked.quantity}."
    return refuse(rulebook, "credit-limit", sentence, LIMIT, date(asked.year, 1, 1))


def type_may_surrender(rulebook: Rulebook, asked: Surrender, account: str) -> Refusal | None:
    """By the tables both books check by: what a surrender moves, from which types of account."""
    if _is_linked(rulebook, asked.unit) or _is_credit(rulebook, asked.unit):
        return None
    surrenders = _surrenders(rulebook, asked, account)
    if not surrenders:
        sentence = f"On {asked.day} nothing is surrendered from a {account} account."
        return refuse(rulebook, "operator-class", sentence, ACCOUNT_TYPES + account, asked.day)
    if any(asked.unit.type in type_.units for type_ in surrenders):
        return None
    use = USE + asked.unit.type.partition("-")[0]
    path = use if use in rulebook else TRANSACTION_TYPES + surrenders[0].label
    sentence = f"Units of {asked.unit.type} are not surrendered on {asked.day}."
    return refuse(rulebook, "unit-not-permitted", sentence, path, asked.day)


def _surrenders(rulebook: Rulebook, asked: Surrender, account: str) -> list[TransactionType]:
    types = rulebook.tables_on(asked.day).transaction_types.values()
    return [one for one in types if one.surrenders and account in one.transferring]


def operator_may_hold(rulebook: Rulebook, asked: Surrender, account: str) -> Refusal | None:
    type_ = rulebook.tables_on(asked.day).account_types.get(account)
    if type_ is None or _is_linked(rulebook, asked.unit) or asked.unit.type in type_.units:
        return None
    if _is_credit(rulebook, asked.unit):
        return None
    sentence = f"A {account} account neither holds nor surrenders units of {asked.unit.type}."
    path = ACCOUNT_TYPES + account
    return refuse(rulebook, "unit-not-for-operator", sentence, path, asked.day)


def unit_is_of_the_year(rulebook: Rulebook, asked: Surrender, _account: str) -> Refusal | None:
    unit = rulebook.tables_on(asked.day).unit_types.get(asked.unit.type)
    if unit is None:
        return None
    first, last = unit.usable_from, unit.usable_until
    if (first is None or first <= asked.year) and (last is None or asked.year <= last):
        return None
    sentence = f"Units of {unit.key} may not be surrendered for {asked.year}."
    return refuse(rulebook, "unit-not-for-year", sentence, UNIT_TYPES + unit.key, asked.day)


CHECKS: tuple[Check, ...] = (
    is_not_marked,
    linked_is_of_the_period,
    credit_is_usable,
    unit_is_of_the_year,
    type_may_surrender,
    operator_may_hold,
)
