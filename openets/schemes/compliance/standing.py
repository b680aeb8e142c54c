"""How an operator stands: the figure, the symbol, and the rule that led to it.

Two families of rules are registered, and the rulebook names the one that applies. In the Union the
figure of a trading period decides, with what the last period left (Regulation (EC) No 2216/2004,
Article 55; Regulation (EU) No 389/2013, Article 37; Delegated Regulation (EU) 2019/1122, Article
33). In the United Kingdom the first of an ordered list of conditions does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from openets.kernel.money import Decimal, round_half_up
from openets.rulebook.model import Rulebook
from openets.schemes.compliance import rules
from openets.schemes.compliance.days import step_day
from openets.schemes.compliance.events import Event, StatusFixed
from openets.schemes.compliance.law import INSTALLATION, article, ask_of, ask_or_first
from openets.schemes.compliance.state import Figure, State, as_of, states_after

FORMULA = "compliance.symbol.formula"
FIGURE = "compliance.figure.formula"
SINCE = "compliance.figure.sums-since"
CORRECTION = "compliance.figure.correction"
INCURABLE = "compliance.figure.incurable-ignored"
SYMBOLS = "compliance.symbols"
HUNDRED = 100


class Standing(NamedTuple):
    """The symbol of a year of emissions and why; the figure in units, negative for a shortfall.

    In an operator's last year `base_symbol` is that without the year, and `symbol` the one shown.
    """

    year: int
    symbol: str
    figure: int
    rule: str
    citation: str
    base_symbol: str
    last_year_symbol: str | None = None

    @property
    def shortfall(self) -> int:
        """Units missing."""
        return max(-self.figure, 0)


def standing(state: State | None, rulebook: Rulebook, year: int | None = None) -> Standing:
    """The standing for a year of emissions, by default the last complete one.

    Of an earlier year it is what surrender for the years up to it makes of it by now; as it was
    published follows from the state of that day. Raises `NoLaw` if the rulebook has no compliance.
    """
    if state is None:
        rulebook.parameter(FORMULA)
        sentence = "Nothing is known of the operator."
        return Standing(year or 0, rules.ERROR, 0, sentence, "compliance rule", rules.ERROR)
    of = state.current_year - 1 if year is None else year
    formula = ask_or_first(rulebook, FORMULA, computing_day(rulebook, of, state.operator)).value
    return STANDINGS[formula](state, rulebook, of)


def computing_day(rulebook: Rulebook, year: int, operator: str = INSTALLATION) -> date:
    """The day on which the figure of a year is computed; without one, the year's end."""
    dated = step_day(rulebook, "compliance figure", year, operator)
    return date(year, 12, 31) if dated is None else dated.day


def fixed(events: Sequence[Event], rulebook: Rulebook) -> dict[int, Standing]:
    """The standings that cut-off days fixed, by year: each as it stood just before its moment.

    Where a year was fixed twice, the later one counts. Before the operator is known nothing is.
    """
    found = (standing(state, rulebook) for state in _when_fixed(events, states_after(events)))
    return {stands.year: stands for stands in found}


def fixed_for(
    events: Sequence[Event],
    rulebook: Rulebook,
    year: int,
    after: Sequence[State | None] = (),
) -> Standing | None:
    """The standing that a cut-off day fixed for one year; None where none did.

    `after` are the states after each event where the caller has them (`states_after`).
    """
    states = _when_fixed(events, after or states_after(events))
    found = [state for state in states if state.current_year - 1 == year]
    return standing(found[-1], rulebook) if found else None


def _when_fixed(events: Sequence[Event], after: Sequence[State | None]) -> Iterator[State]:
    """The state just before each cut-off day's moment."""
    for index, event in enumerate(events):
        if isinstance(event, StatusFixed):
            known = index
            while known and events[known - 1].at >= event.at:
                known -= 1
            state = after[known]
            if state is not None:
                yield state


def standing_on(events: Sequence[Event], rulebook: Rulebook, moment: datetime) -> Standing:
    """The standing as it was just before a moment."""
    return standing(as_of(events, moment), rulebook)


def left_out_of_fixing(state: State, rulebook: Rulebook, closed_in: int | None) -> bool:
    """Whether the cut-off day passes an operator by, because its account was closed long ago."""
    answer = ask_of(rulebook, "compliance.fixing", date(state.current_year, 12, 31))
    if answer is None or closed_in is None:
        return False
    years: int = answer.value["left_out_years_after_closing"]
    return state.current_year - closed_in >= years


# -- the Union: the figure of the period ---------------------------------------------------------


def due_tonnes(figure: Figure, rulebook: Rulebook, year: int, operator: str = INSTALLATION) -> int:
    """The tonnes of a figure that units are surrendered for.

    Directive 2003/87/EC, Articles 3gb and 12(3-e): shipping companies began with a share, and
    surrender less for ice-class ships. To the nearest tonne, as emissions are (Implementing
    Regulation (EU) 2018/2066, Article 72).
    """
    share = ask_of(rulebook, f"monitoring.{operator}.surrender-share", year)
    if share is None:
        return figure.tonnes
    less = ask_of(rulebook, f"monitoring.{operator}.ice-class", year)
    reduced = Decimal(figure.ice_class_tonnes) * (less.value if less else 0) / HUNDRED
    return round_half_up((figure.tonnes - reduced) * share.value / HUNDRED)


def figure_of(state: State, rulebook: Rulebook, year: int) -> int:
    """The compliance figure of a year: surrendered less due in the period, and what was left."""
    return _figure(state, rulebook, year, computing_day(rulebook, year, state.operator))


def _figure(state: State, rulebook: Rulebook, year: int, day: date) -> int:
    """The figure; `day` is the one on which all of it is looked at, earlier periods included."""
    own_day = computing_day(rulebook, year, state.operator)
    since = _since(rulebook, year, state.operator)
    up_to = max(state.surrendered, default=year) if year == state.current_year - 1 else year
    surrendered = sum(
        quantity
        for of, quantity in state.surrendered.items()
        if since <= of <= up_to and _since(rulebook, of, state.operator) == since
    )
    due = sum(
        due_tonnes(figure, rulebook, of, state.operator)
        for of, figure in state.emissions.items()
        if since <= of <= year
    )
    rule = ask_of(rulebook, CORRECTION, own_day)
    left = 0
    if rule is not None and state.first_year < since:
        last = _figure(state, rulebook, since - 1, day)
        left = rules.CORRECTIONS[rule.value](last)
        if left < 0 and _incurable(rulebook, since - 1, day):
            left = 0
    formula = ask_or_first(rulebook, FIGURE, own_day).value
    return rules.FIGURES[formula](surrendered, due, left)


def _since(rulebook: Rulebook, year: int, operator: str) -> int:
    """The first year of the period a year's figure sums up."""

    def ask() -> int:
        day = computing_day(rulebook, year, operator)
        return int(ask_or_first(rulebook, SINCE, day).value)

    return rulebook.once(("since", year, operator), ask)


def _incurable(rulebook: Rulebook, year: int, day: date) -> bool:
    """Whether a deficit of a year's period is one that can no longer be cured and is ignored.

    Delegated Regulation (EU) 2019/1122, text of 27 April 2026, Article 33(1d).
    """
    answer = ask_of(rulebook, INCURABLE, day)
    periods = () if answer is None else answer.value
    spans = [rulebook.ask(f"periods.{name}", for_=day).value for name in periods]
    return any(span["first_year"] <= year <= span["last_year"] for span in spans)


def by_figure_of_period(state: State, rulebook: Rulebook, year: int) -> Standing:
    """The symbol by the figure of the period: Annex XIV, Table XIV-I, and Annex XVI of 2004."""
    day = computing_day(rulebook, year, state.operator)
    citation = article(rulebook, SYMBOLS, day)
    if year < state.first_year:
        sentence = f"No emissions are due before {state.first_year}."
        return Standing(year, rules.NO_OBLIGATION, 0, sentence, citation, rules.NO_OBLIGATION)
    known = ask_or_first(rulebook, SYMBOLS, day).value
    units = figure_of(state, rulebook, year)
    standing_figure = state.emissions.get(year)
    none_due = year in state.excluded or (state.last_year is not None and year > state.last_year)
    recorded = standing_figure is not None or none_due
    decided = _decided(standing_figure, rulebook, year, state.operator)
    if decided is not None and decided in known:
        sentence = f"The authority corrected the emissions of {year} after the day and decided so."
        return Standing(year, decided, units, sentence, citation, decided)
    star = standing_figure is not None and standing_figure.by_authority and rules.STAR in known
    found = rules.symbol(units, recorded=recorded, suspended=state.suspended, estimated=star)
    return Standing(year, found, units, _why(found, units, year, none_due), citation, found)


def _decided(figure: Figure | None, rulebook: Rulebook, year: int, operator: str) -> str | None:
    """The symbol of a decision that came with a correction after the day of surrender."""
    if figure is None or figure.in_compliance is None:
        return None
    dated = step_day(rulebook, "surrender", year, operator)
    if dated is None or figure.entered <= dated.day:
        return None
    return rules.IN_COMPLIANCE if figure.in_compliance else rules.NOT_IN_COMPLIANCE


def _why(symbol: str, units: int, year: int, none_due: bool) -> str:
    letter = symbol.removesuffix(rules.STAR)
    if letter == rules.SUSPENDED:
        return f"No emissions of {year} stand, because the processes of the state are suspended."
    if letter == rules.MISSING:
        return f"No emissions of {year} stand in the registry."
    by = " The authority entered the emissions." if symbol != letter else ""
    due = f"No emissions were due for {year}; the" if none_due else "The"
    sign = "not negative" if units >= 0 else "negative"
    return f"{due} compliance figure is {units:,}, {sign}.{by}"


# -- the United Kingdom: the first condition that applies ----------------------------------------


def by_first_that_applies(state: State, rulebook: Rulebook, _year: int) -> Standing:
    """The first condition that applies, without the current year and, in the last year, with it.

    The conditions look at everything up to now, so that the year is always the last complete one.
    """
    year = state.current_year - 1
    day = date(state.current_year, 1, 1)
    citation = article(rulebook, "compliance.order", day)
    formula = rules.FIGURES[ask_or_first(rulebook, FIGURE, day).value]
    base, figure, rule = _first_that_applies(state, formula, last_year=False)
    if state.last_year != state.current_year:
        return Standing(year, base, figure, rule, citation, base)
    last, figure, rule = _first_that_applies(state, formula, last_year=True)
    return Standing(year, last, figure, rule, citation, base, last)


def _first_that_applies(
    state: State, formula: Callable[[int, int, int], int], *, last_year: bool
) -> tuple[str, int, str]:
    now, first = state.current_year, state.first_year
    verified = sum(
        figure.tonnes for year, figure in state.emissions.items() if last_year or year != now
    )
    figure = formula(state.surrendered_in_all, verified, 0)
    due = range(first, min(now - 1, state.end) + 1)
    if now < first or (now == first and (state.last_year is None or now != state.end)):
        return rules.NOT_APPLICABLE, figure, f"No year is due yet; the first is {first}."
    if state.excluded and state.excluded.issuperset(due):
        return rules.EXCLUDED, figure, "The operator is excluded in every year that is due."
    missing = state.missing
    if last_year and now not in state.emissions and now not in state.excluded:
        missing = (*missing, now)
    if missing:
        years = ", ".join(map(str, missing))
        return rules.MISSING, figure, f"Neither emissions nor an exclusion stand for {years}."
    if figure < 0:
        return rules.SHORT, figure, f"{-figure:,} units fewer were surrendered than verified."
    return rules.SURRENDERED, figure, "As much was surrendered as verified, or more."


STANDINGS: dict[str, Callable[[State, Rulebook, int], Standing]] = {
    "figure-of-the-period": by_figure_of_period,
    "first-that-applies": by_first_that_applies,
}
