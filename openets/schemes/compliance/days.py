"""The legal days of a compliance year, each from the rulebook with its article.

A year of emissions is done with in the next calendar year: reported, entered or blocked, estimated,
surrendered for, published. The law moved some of these days in 2024 and put off others once, for
aircraft operators in 2014; `none` in the place of a day says that it comes a year later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from openets.rulebook.model import EARLIEST, LATEST, Rulebook
from openets.schemes.compliance.law import ACCOUNTS, INSTALLATION, account_type, ask_of

PUT_OFF = "none"
YEARS_PUT_OFF = 2  # further than this no day was ever moved

REPORT = "deadlines.verified-report"
STEPS = {
    # each step of the year after the emissions, and the parameter that names its day
    "verified report": REPORT,
    "account blocked": "registry-rules.blocked-without-emissions",
    "emissions public": "publication.verified-emissions",
    "authority's estimate": "deadlines.conservative-estimate",
    "surrender": "deadlines.surrender",
    "compliance figure": "deadlines.compliance-figure",
    "symbol public": "publication.compliance-symbol",
    "account blocked for shortfall": "registry-rules.block-for-short-surrender",
}


class Dated(NamedTuple):
    """A day of the law, its article and how sure the rulebook is of it."""

    day: date
    citation: str
    status: str


def day_of(rulebook: Rulebook, path: str, year: int, operator: str = INSTALLATION) -> Dated | None:
    """The day a parameter names for a calendar year and a class of operators, or None.

    Where it says that there is none in the year, the day of the year after is the answer.
    """
    for falls_in in range(year, year + YEARS_PUT_OFF):
        # A day that begins to apply within a year is a day of that year too.
        answer = ask_of(rulebook, path, date(falls_in, 12, 31), operator)
        if answer is None:
            return None
        if not _concerns(rulebook, answer.value, answer.from_, operator):
            return None
        month_day = _month_day(answer.value)
        if month_day != PUT_OFF:
            month, day = map(int, month_day.split("-"))
            return Dated(date(falls_in, month, day), str(answer.source), answer.status)
    return None


def _concerns(rulebook: Rulebook, value: Any, day: date, operator: str) -> bool:
    """Whether a rule that names the types of account it is for is for this class's."""
    named = value.get("accounts") if isinstance(value, Mapping) else None
    return named is None or account_type(rulebook, operator, day) in named


def _month_day(value: Any) -> str:
    """`04-30`, or a mapping that says on or from which day something happens."""
    if isinstance(value, Mapping):
        return str(value["on"] if "on" in value else value["from"])
    return str(value)


def step_day(
    rulebook: Rulebook, step: str, year: int, operator: str = INSTALLATION
) -> Dated | None:
    """The day of a step for a year of emissions; None where the law has none.

    A class of operators has no days for years in which the law does not know it. Where the report
    was put off to a later year, what follows from it comes later by as much. A table asks for the
    same few days for every operator and every year before, so each is worked out once.
    """
    return rulebook.once(
        ("step", step, year, operator), lambda: _step_day(rulebook, step, year, operator)
    )


def _step_day(rulebook: Rulebook, step: str, year: int, operator: str) -> Dated | None:
    if ACCOUNTS in rulebook and account_type(rulebook, operator, date(year, 12, 31)) is None:
        return None
    report = day_of(rulebook, REPORT, year + 1, operator)
    falls_in = year + 1 if report is None else report.day.year
    return day_of(rulebook, STEPS[step], falls_in, operator)


def concerns_year(rulebook: Rulebook, year: int) -> bool:
    """Whether the law asks anything of any class of operators for a year of emissions."""
    if not EARLIEST <= year < LATEST:
        return False
    named = rulebook.parameter(ACCOUNTS).values if ACCOUNTS in rulebook else ()
    kinds = {kind for value in named for kind in value.value} or {INSTALLATION}
    return any(legal_days(rulebook, year, kind) for kind in sorted(kinds))


def legal_days(rulebook: Rulebook, year: int, operator: str = INSTALLATION) -> dict[str, Dated]:
    """Every step of a year of emissions that has a day, in the order of the days."""
    found = {step: step_day(rulebook, step, year, operator) for step in STEPS}
    dated = {step: day for step, day in found.items() if day is not None}
    return dict(sorted(dated.items(), key=lambda item: item[1].day))
