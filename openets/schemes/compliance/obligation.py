"""What an operator owes for a year, and what comes next for it, by which day.

A shortfall is not forgiven by the penalty: it is owed with the next surrender (Directive
2003/87/EC, Article 16(3) and (4)). Since the figure of a period sums up surrender and emissions,
what was missed carries over by itself; here it is taken apart again, so that a person sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from openets.kernel.money import Decimal
from openets.rulebook.model import Rulebook
from openets.schemes.compliance.days import Dated, legal_days
from openets.schemes.compliance.law import ask_of
from openets.schemes.compliance.standing import due_tonnes, figure_of
from openets.schemes.compliance.state import State

OPT_OUT = "compliance.opt-out."


class Obligation(NamedTuple):
    """Units: due for the year, carried over from earlier years, surrendered for it, missing.

    `carried_over` is positive for a shortfall and negative for a surplus that still counts.
    """

    year: int
    due: int
    carried_over: int
    surrendered: int
    missing: int


def obligation(state: State, rulebook: Rulebook, year: int) -> Obligation:
    """What is owed for a year of emissions as far as its figure is known."""
    figure = figure_of(state, rulebook, year)
    standing = state.emissions.get(year)
    due = due_tonnes(standing, rulebook, year, state.operator) if standing else 0
    surrendered = sum(q for of, q in state.surrendered.items() if of == year)
    return Obligation(year, due, surrendered - due - figure, surrendered, max(-figure, 0))


class Progress(StrEnum):
    """How far a step is."""

    DONE = "done"
    OPEN = "open"
    PASSED = "day passed"  # and the books do not say whether anything was done on it
    OVERDUE = "overdue"


OPEN = Progress.OPEN


class NextStep(NamedTuple):
    """A step of the year: its day, how many days are left (negative after it), how far it is."""

    step: str
    day: date
    days_left: int
    progress: Progress
    sentence: str
    citation: str

    @property
    def when(self) -> str:
        """How far off the day is, in words: `10 days left`, `today`, `242 days ago`."""
        if self.days_left == 0:
            return "today"
        days = "1 day" if abs(self.days_left) == 1 else f"{abs(self.days_left):,} days"
        return f"{days} left" if self.days_left > 0 else f"{days} ago"


def next_steps(
    state: State, rulebook: Rulebook, year: int, today: date, blocked: bool | None
) -> list[NextStep]:
    """The steps of a year of emissions that concern this operator, in the order of their days.

    Blocking and the authority's estimate are in it only while no figure stands, surrender only
    where emissions can be due at all. `blocked` is None where no account can be blocked.
    """
    expected = state.first_year <= year and year not in state.excluded
    if state.last_year is not None and year > state.last_year:
        expected = False
    recorded = year in state.emissions
    missing = figure_of(state, rulebook, year) if recorded else 0
    found = []
    for step, dated in legal_days(rulebook, year, state.operator).items():
        said = _said(step, year, recorded, max(-missing, 0), blocked) if expected else None
        if said is not None:
            found.append(_next(step, dated, today, said))
    return found


class _Said(NamedTuple):
    """What a step asks for, and how far it is: before its day is over, and after it."""

    sentence: str
    before: Progress
    after: Progress


def _asks(sentence: str, *, done: bool) -> _Said:
    """A step that somebody has to take, and that is late after its day."""
    if done:
        return _Said(sentence, Progress.DONE, Progress.DONE)
    return _Said(sentence, Progress.OPEN, Progress.OVERDUE)


def _next(step: str, dated: Dated, today: date, said: _Said) -> NextStep:
    left = (dated.day - today).days
    progress = said.after if left < 0 else said.before
    return NextStep(step, dated.day, left, progress, said.sentence, dated.citation)


def _said(step: str, year: int, recorded: bool, missing: int, blocked: bool | None) -> _Said | None:
    """What a step asks for and how far it is; None if it does not concern the operator."""
    late = {True: Progress.DONE, False: Progress.OVERDUE, None: Progress.PASSED}[blocked]
    match step:
        case "verified report":
            return _asks(f"Have the verified emissions of {year} entered.", done=recorded)
        case "account blocked" if not recorded:
            return _Said(f"Without emissions of {year} the account is blocked.", OPEN, late)
        case "authority's estimate" if not recorded:
            return _asks(f"Without emissions of {year} the authority estimates them.", done=False)
        case "surrender" if recorded:
            asked = f"surrender {missing:,} more units" if missing else "nothing more to surrender"
            return _asks(f"For {year}: {asked}.", done=missing == 0)
        case "surrender":
            return _asks(f"Surrender for {year}, as soon as its emissions are known.", done=False)
        case "account blocked for shortfall" if recorded and missing:
            # Only those that received free units are blocked for it, which is not known here.
            stands = Progress.DONE if blocked else Progress.PASSED
            sentence = f"While {missing:,} units are missing the account is blocked."
            return _Said(sentence, OPEN, stands)
        case "compliance figure":
            return _Said(f"The status of {year} is fixed.", OPEN, Progress.DONE)
        case "emissions public":
            public = Progress.DONE if recorded else Progress.PASSED
            return _Said(f"For {year}: {step}.", OPEN, public)
        case "symbol public":
            return _Said(f"For {year}: {step}.", OPEN, Progress.DONE)
    return None


# -- exclusion by choice of the state ------------------------------------------------------------


class Installation(NamedTuple):
    """What decides whether a state may leave a small installation out.

    Tonnes of the years before, without those of biomass; rated thermal input in megawatts, None
    where it burns nothing; hours a year that a reserve or backup unit ran, None for other units.
    """

    tonnes: Mapping[int, int]
    megawatt: Decimal | None = None
    hospital: bool = False
    reserve_hours: Mapping[int, int] | None = None


def opt_outs(rulebook: Rulebook, year: int, of: Installation) -> list[str]:
    """The articles under which a state may exclude an installation from a year, cited.

    Directive 2003/87/EC, Articles 27 and 27a: emissions, or hours of a reserve unit, stayed below
    a limit in each of the years before; hospitals may be excluded whatever they emit.
    """
    found = []
    for path in rulebook.paths():
        answer = ask_of(rulebook, path, year) if path.startswith(OPT_OUT) else None
        if answer is not None and _permits(answer.value, year, of):
            found.append(str(answer.source))
    return found


def _permits(law: Mapping[str, Any], year: int, of: Installation) -> bool:
    if of.hospital and law.get("hospitals"):
        return True
    before = range(year - law["years"], year)
    below = law["tonnes_below"]
    small = all(y in of.tonnes and of.tonnes[y] < below for y in before)
    megawatt_below = law.get("and_megawatt_below")
    if megawatt_below is not None and of.megawatt is not None and of.megawatt >= megawatt_below:
        small = False
    hours = law.get("reserve_units_hours_at_most")
    seldom = (
        hours is not None
        and of.reserve_hours is not None
        and all(y in of.reserve_hours and of.reserve_hours[y] <= hours for y in before)
    )
    return small or seldom
