"""The compliance figure and its symbol: Article 55 of Regulation (EC) No 2216/2004 and successors.

Quantities are units and tonnes, integers. Nothing here knows an account or a day; which registered
rule applies to a year is the rulebook's answer (`standing.py` asks it).
"""

from __future__ import annotations

from collections.abc import Callable

SURRENDERED, SHORT, MISSING, SUSPENDED = "A", "B", "C", "X"
IN_COMPLIANCE, NOT_IN_COMPLIANCE = "E", "D"  # decided by the authority with a correction
EXCLUDED, NOT_APPLICABLE, ERROR = "EXCLUDED", "NOT_APPLICABLE", "ERROR"
NO_OBLIGATION = "-"  # printed where no year is due yet
STAR = "*"  # the authority estimated or corrected the emissions


def figure_since_period_began(surrendered: int, verified: int, correction: int) -> int:
    """Units surrendered less tonnes verified since the period began, and what the last one left.

    Regulation (EC) No 2216/2004, Article 55; Regulation (EU) No 389/2013, Article 37; Delegated
    Regulation (EU) 2019/1122, Article 33.
    """
    return surrendered - verified + correction


def cumulative_figure(surrendered: int, verified: int, _correction: int) -> int:
    """Units surrendered less tonnes verified, both since the operator's first year.

    There are no periods, so nothing is carried from one to the next. UK registry, compliance.
    """
    return surrendered - verified


def correction_only_if_negative(last_figure: int) -> int:
    """A deficit follows the operator into the next period, a surplus does not (before 2021)."""
    return min(last_figure, 0)


def correction_always(last_figure: int) -> int:
    """The last figure of the period before counts, whatever its sign (from 2021)."""
    return last_figure


FIGURES: dict[str, Callable[[int, int, int], int]] = {
    "surrendered-less-verified-plus-correction": figure_since_period_began,
    "cumulative-since-first-year": cumulative_figure,
}
CORRECTIONS: dict[str, Callable[[int], int]] = {
    "only-if-negative": correction_only_if_negative,
    "always": correction_always,
}


def symbol(figure: int, *, recorded: bool, suspended: bool = False, estimated: bool = False) -> str:
    """The symbol of a figure: Table XIV-I of Delegated Regulation (EU) 2019/1122.

    `recorded` says whether verified emissions stand in the registry for the last complete year, or
    none were due; `suspended` whether the registry of the state could not take them; `estimated`
    whether the authority estimated or corrected them, which adds a star.
    """
    if not recorded:
        letter = SUSPENDED if suspended else MISSING
    else:
        letter = SURRENDERED if figure >= 0 else SHORT
    return letter + STAR if estimated else letter
