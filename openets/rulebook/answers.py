"""With which code of its own a jurisdiction answers where the house refuses.

A refusal has the house's code, the same everywhere. Laws and registries have numbers of their own
(Regulation (EC) No 2216/2004, Annex XII). Which number answers which refusal is law of the
jurisdiction, in `checks.answers`: rows of the number and the refusals it answers, narrower where
they cite certain provisions (`citing`) or lie in a certain field of the request (`where`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from openets.kernel.refusal import Refusal
from openets.rulebook.model import NoLaw, Rulebook, UnknownPath

ANSWERS = "checks.answers"


def code_of(rulebook: Rulebook, refusal: Refusal, day: date) -> str:
    """The jurisdiction's code for a refusal on a day, as it is written; empty if it has none.

    A range of codes ('7020-7027') is answered where the law's numbers are known as a range only. Of
    several rows that fit, the narrowest answers.
    """
    try:
        rows = rulebook.ask(ANSWERS, for_=day).value
    except NoLaw:
        return ""
    fitting = [row for row in rows if _fits(row, refusal)]
    return str(max(fitting, key=lambda row: _narrowness(row, refusal))["code"]) if fitting else ""


def codes_for(rulebook: Rulebook, code: str) -> tuple[str, ...]:
    """Every code with which a jurisdiction ever answers a code of the house, in its order."""
    try:
        values = rulebook.parameter(ANSWERS).values
    except UnknownPath:
        return ()
    found = [str(row["code"]) for one in values for row in one.value if code in row["refusals"]]
    return tuple(dict.fromkeys(found))


def _fits(row: Mapping[str, Any], refusal: Refusal) -> bool:
    return (
        refusal.code in row["refusals"]
        and row.get("where", refusal.where) == refusal.where
        and ("citing" not in row or bool(_cited(row, refusal)))
    )


def _narrowness(row: Mapping[str, Any], refusal: Refusal) -> tuple[int, bool]:
    return len(_cited(row, refusal)), "where" in row


def _cited(row: Mapping[str, Any], refusal: Refusal) -> str:
    """The longest provision of a row that a refusal cites, itself or a part of it."""
    cited = [
        one
        for one in row.get("citing", ())
        if refusal.citation == one or refusal.citation.startswith(f"{one}, ")
    ]
    return max(cited, key=len, default="")
