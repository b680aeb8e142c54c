"""What a shortfall costs, what other breaches cost, and what else may follow.

Directive 2003/87/EC, Article 16: for each tonne not covered a penalty, since 2013 risen with an
index of consumer prices; the name is published; paying releases nobody from surrendering. Other
breaches are for each state to punish. Money is whole cents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from openets.kernel.money import Decimal, round_half_up
from openets.rulebook.model import Answer, Rulebook
from openets.schemes.compliance.law import INSTALLATION, ask_of

RATE, INDEX, SHORTFALL = "penalties.excess-emissions", "penalties.index", "compliance.shortfall"
FACTOR = "penalties.index-factor"
EXPULSION, BAN = "penalties.expulsion-order", "penalties.aviation-ban"
CENTS = HUNDRED = 100


class Factor(NamedTuple):
    """The index of a year of emissions over that of its base, and where that is from."""

    value: Decimal
    status: str
    citation: str


class Penalty(NamedTuple):
    """The penalty for a year. Units and tonnes; `cents` at the rate times the index.

    `factor` is None where the law raises the rate and nobody knows by how much: `cents` is then the
    least it can be. `carried_over` is owed with the next surrender, paid or not.
    """

    year: int
    shortfall: int
    euros_a_tonne: int
    factor: Factor | None
    indexed: bool
    cents: int
    carried_over: int
    name_published: bool
    citation: str

    @property
    def is_final(self) -> bool:
        """Whether the amount is known: nothing to index, or an index that is not in doubt."""
        known = self.factor is not None and self.factor.status != "unconfirmed"
        return known or not self.indexed or not self.shortfall


def penalty(
    rulebook: Rulebook,
    year: int,
    shortfall: int,
    *,
    member: str = "",
    index: Decimal | None = None,
) -> Penalty:
    """The penalty for the units missing for a year of emissions.

    `index` is the factor the authority has established; without one the rulebook's is taken, that
    of the member state first. The amount is rounded to the nearest cent, a half up: the Directive
    does not say. Raises `NoLaw` where the law knows no such penalty.
    """
    rate = rulebook.ask(RATE, for_=year)
    law = rulebook.ask(SHORTFALL, for_=year).value
    indexed = ask_of(rulebook, INDEX, year) is not None
    factor = _factor(rulebook, year, member, index) if indexed else None
    missing = max(shortfall, 0)
    raised = factor.value if factor else Decimal(1)
    return Penalty(
        year=year,
        shortfall=missing,
        euros_a_tonne=rate.value,
        factor=factor,
        indexed=indexed,
        cents=round_half_up(missing * rate.value * CENTS * raised),
        carried_over=0 if law["penalty_releases"] else missing,
        name_published=missing > 0 and law["name_published"],
        citation=str(rate.source),
    )


def _factor(rulebook: Rulebook, year: int, member: str, given: Decimal | None) -> Factor | None:
    if given is not None:
        return Factor(given, "given", "established by the authority")
    for path in (f"members.{member}.penalty-index-factor", FACTOR):
        answer = ask_of(rulebook, path, year)
        if answer is not None:
            return Factor(answer.value, answer.status, str(answer.source))
    return None


def _average_over_base(of_year: Decimal, of_base: Decimal) -> Decimal:
    return of_year / of_base


FACTORS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "annual-average-over-base": _average_over_base,
}


def index_factor(
    rulebook: Rulebook, member: str, year: int, series: Mapping[int, Decimal]
) -> Decimal:
    """The factor of a year by a member state's rule, from the index of consumer prices by year.

    The Directive leaves the base to national law; Germany takes the average of the reporting year
    over that of a fixed one (TEHG, paragraph 30(1)). Raises `NoLaw` for a state whose rule is not
    known and `KeyError` for a year the series lacks.
    """
    law = rulebook.ask(f"members.{member}.penalty-index", for_=year).value
    return FACTORS[law["formula"]](series[year], series[law["base_year"]])


class NationalPenalty(NamedTuple):
    """What a member state set for a breach: a range in euros, open where it names no bound.

    To both bounds so many euros are added for each tonne of the breach; of an operator with a
    turnover above a limit the upper bound may be a share of the turnover.
    """

    breach: str
    least_euros: int | None
    most_euros: int | None
    citation: str
    status: str
    euros_a_tonne: int = 0
    percent_of_turnover: int = 0
    of_turnover_above: int = 0

    def range_cents(self, tonnes: int = 0, turnover_euros: int = 0) -> tuple[int, int | None]:
        """The least and the most in cents; None for the most where the state names none."""
        added = tonnes * self.euros_a_tonne
        least = ((self.least_euros or 0) + added) * CENTS
        if self.most_euros is None:
            return least, None
        most = (self.most_euros + added) * CENTS
        if turnover_euros > self.of_turnover_above:
            most = max(most, turnover_euros * self.percent_of_turnover * CENTS // HUNDRED)
        return least, most


def national_penalties(rulebook: Rulebook, member: str, year: int) -> list[NationalPenalty]:
    """What a state punishes other breaches with: Directive 2003/87/EC, Article 16(1).

    Each breach is a parameter `members.<state>.penalties.<breach>` with a range of euros and the
    act. A state the rulebook knows nothing of has none here.
    """
    prefix = f"members.{member}.penalties."
    answers = (ask_of(rulebook, path, year) for path in rulebook.paths() if path.startswith(prefix))
    return [_national(answer, prefix) for answer in answers if answer is not None]


def _national(answer: Answer, prefix: str) -> NationalPenalty:
    law: Mapping[str, Any] = answer.value
    return NationalPenalty(
        str(law.get("breach", answer.path.removeprefix(prefix))),
        law.get("least_eur"),
        law.get("most_eur"),
        str(answer.source),
        answer.status,
        law.get("eur_a_tonne", 0),
        law.get("or_percent_of_turnover", 0),
        law.get("of_turnover_above_eur", 0),
    )


class Measure(NamedTuple):
    """A further measure that may be taken, and the article that permits it."""

    measure: str
    citation: str


def further_measures(
    rulebook: Rulebook, year: int, short_years: Iterable[int], operator: str = INSTALLATION
) -> list[Measure]:
    """What may be asked for against an operator that was short in some years, up to one.

    An operating ban on an aircraft operator (Article 16(5)), an expulsion order on the ships of a
    company that was short in so many periods running (Article 16(11a)).
    """
    short = {one for one in short_years if one <= year}
    running = 0
    while year - running in short:
        running += 1
    found = []
    for path, measure in ((BAN, "operating ban"), (EXPULSION, "expulsion order")):
        answer = ask_of(rulebook, path, year)
        if answer is None or answer.value.get("operator") != operator:
            continue
        if running >= answer.value.get("after_consecutive_periods", 1):
            found.append(Measure(measure, str(answer.source)))
    return found
