"""How the compliance rules ask the rulebook: with a class of operators, and for an article.

The rulebook gives a class of operators values of its own by adding its name to the path of a
parameter, as in `deadlines.surrender.aviation`; a class without them has those of everyone.
"""

from __future__ import annotations

from datetime import date

from openets.kernel.refusal import Refusal
from openets.rulebook.model import Answer, NoLaw, Rulebook

INSTALLATION = "installation"  # the class of operators that has no values of its own
ACCOUNTS = "compliance.accounts"
OWN_RULE = "compliance rule"  # what follows from keeping such a record at all


def ask_of(
    rulebook: Rulebook, path: str, for_: int | date, operator: str = INSTALLATION
) -> Answer | None:
    """What applies to a class of operators; None if nothing does."""
    own = f"{path}.{operator}"
    place = own if own in rulebook else path
    try:
        return rulebook.ask(place, for_=for_) if place in rulebook else None
    except NoLaw:
        return None


def ask_or_first(rulebook: Rulebook, path: str, day: date) -> Answer:
    """What applies on a day; before any value did, the first one. Raises `NoLaw` otherwise.

    An operator may be entered, with its years, before the law that judges it begins to apply.
    """
    first = min(value.from_ for value in rulebook.parameter(path).values)
    return rulebook.ask(path, for_=max(day, first))


def account_type(rulebook: Rulebook, operator: str, for_: int | date) -> str | None:
    """The type of account a class of operators has; None if the law knows none for it."""
    answer = ask_of(rulebook, ACCOUNTS, for_)
    return None if answer is None else answer.value.get(operator)


def article(rulebook: Rulebook, path: str, day: date) -> str:
    """The act and article that decide on a day; of a rule that has ended, the last one."""
    if path not in rulebook:
        return OWN_RULE
    try:
        return str(ask_or_first(rulebook, path, day).source)
    except NoLaw:
        return str(max(rulebook.parameter(path).values, key=lambda value: value.from_).source)


def refuse(rulebook: Rulebook, code: str, sentence: str, path: str, day: date) -> Refusal:
    """A refusal that cites the article of a parameter."""
    return Refusal(f"compliance.{code}", sentence, article(rulebook, path, day))
