"""Account numbers as a jurisdiction prints them.

The form is the kernel's. Which letters the check digits are computed with, where they are not those
a number begins with, and the digits of each type of account are law.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from openets.kernel.accounts import printed_number
from openets.rulebook.model import NoLaw, Rulebook

LETTERS = "registry-rules.check-letters"


class Numbered(NamedTuple):
    """What an account's number is made of; `type` is a key of the rulebook."""

    registry: str
    type: str
    number: int
    period: int


def check_letters(rulebook: Rulebook, day: date) -> Mapping[str, str]:
    """The letters to compute with, by registry code, where they are others than that code."""
    try:
        found: Mapping[str, str] = rulebook.ask(LETTERS, for_=day).value
    except NoLaw:
        return {}
    return found


def full_number(rulebook: Rulebook, day: date, account: Numbered) -> str:
    """An account's number as printed on documents, with its check digits.

    Raises `NoLaw` where the law of the day does not know its type.
    """
    known = rulebook.tables_on(day).account_types.get(account.type)
    if known is None:
        raise NoLaw(f"The law of {day} has no account type {account.type}.")
    letters = check_letters(rulebook, day).get(account.registry, "")
    return printed_number(
        account.registry, known.number_type, account.number, account.period, letters
    )
