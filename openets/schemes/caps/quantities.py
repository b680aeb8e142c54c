"""The quantity of a system in a year, computed from the rulebook step by step, each with its law.

A system (stationary, aviation, maritime, regulated-entities) names its registered formula for the
year under `caps.<system>.formula`; the formula takes its figures from the rulebook as the law was
known on a day and lays them down as steps. What the law has not decided yet is a step without a
figure, and then there is no total. Where the rulebook also states the quantity, both stand side by
side with their difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from openets.kernel.money import Decimal
from openets.rulebook.ask import known_values
from openets.rulebook.model import Answer, NoLaw, Rulebook, Status
from openets.schemes.caps import rules
from openets.schemes.caps.rules import Number

SYSTEMS = ("stationary", "aviation", "maritime", "regulated-entities")
SURENESS: tuple[Status, ...] = ("official", "derived", "secondary", "unconfirmed")
# Where the rulebook states the quantity to the unit, where roughly, and what was issued.
STATED = {
    "stationary": "caps.stationary.union",
    "aviation": "caps.aviation.legal",
    "regulated-entities": "caps.regulated-entities.union",
}
ROUGHLY = {"stationary": "caps.stationary.plans-together"}
ISSUED = {"aviation": "caps.aviation.issued"}
FACTOR = "linear-reduction-factor"
PLANS = "caps.stationary.phase-2."


class Step(NamedTuple):
    """One line of the reckoning: what it adds, what there is after it, and by which law.

    `figure` and `total` are allowances; without a figure the law has not decided it, or the
    rulebook does not know it. `status` is that of the least sure value the figure rests on.
    """

    label: str
    figure: Number | None
    total: Number | None
    path: str
    article: str
    status: Status


class Quantity(NamedTuple):
    """A system's quantity for a year: how it comes about, and what the rulebook states it to be.

    `computed` is in whole allowances, None if a step that decides it is not known; `article` is
    where its formula stands; `issued` is what was issued where that is less than the law allows.
    """

    system: str
    year: int
    steps: tuple[Step, ...]
    computed: int | None
    article: str
    status: Status
    stated: Answer | None
    issued: Answer | None

    @property
    def decided(self) -> int | None:
        """The quantity as the rulebook states it to the unit, else as computed."""
        if self.stated is None or self.stated.path in ROUGHLY.values():
            return self.computed
        return int(self.stated.value)

    @property
    def difference(self) -> int | None:
        """Computed less stated; None if either is missing."""
        if self.computed is None or self.stated is None:
            return None
        return self.computed - int(self.stated.value)


def cap_of(rulebook: Rulebook, system: str, year: int, known_on: date | None = None) -> Quantity:
    """The quantity of a system for a year, by the law as it stood on a day (None: all law).

    Raises `NoLaw` if the system had no quantity for the year, or nothing was decided about it yet.
    """
    reckoning = _reckon(rulebook, system, year, known_on)
    computed = reckoning.cut()
    return Quantity(
        system=system,
        year=year,
        steps=tuple(reckoning.steps),
        computed=computed,
        article=str(reckoning.ask(reckoning.own("formula")).source),
        status=reckoning.status,
        stated=_look_up(reckoning, STATED) or _look_up(reckoning, ROUGHLY),
        issued=_look_up(reckoning, ISSUED),
    )


class _Reckoning:
    """Steps being laid down for one system and year; `total` is exact, None once unknown."""

    def __init__(self, rulebook: Rulebook, system: str, year: int, known_on: date | None) -> None:
        self.rulebook = rulebook
        self.system = system
        self.year = year
        self.known_on = known_on
        self.steps: list[Step] = []
        self.total: Decimal | None = Decimal(0)
        self.status: Status = "official"

    def ask(self, name: str, year: int | None = None) -> Answer:
        """What a parameter says for the year, or for another; raises `NoLaw`."""
        when = self.year if year is None else year
        return self.rulebook.ask(name, for_=when, known_on=self.known_on)

    def find(self, name: str, year: int | None = None) -> Answer | None:
        """The same, None where there is no such law."""
        try:
            return self.ask(name, year)
        except NoLaw:
            return None

    def own(self, name: str) -> str:
        return f"caps.{self.system}.{name}"

    def before(self) -> _Reckoning:
        """The reckoning of the year before by the same law."""
        return _reckon(self.rulebook, self.system, self.year - 1, self.known_on)

    def add(self, label: str, figure: Number | None, law: Answer, *others: Answer) -> None:
        """Lays down a step; a figure that rests on several values is as sure as the worst."""
        status = least_sure(law.status, *(one.status for one in others))
        computed: Status = "derived" if self.steps else "official"
        if figure is None:
            self.total = None
        elif self.total is not None:
            self.total += figure
        self.status = least_sure(self.status, status, computed)
        self._append(label, figure, law, status)

    def lay(self, law: Answer, sign: int = 1) -> None:
        """Lays down the value of a parameter itself, under the parameter's title."""
        self.add(self.rulebook.parameter(law.path).title, sign * law.value, law)

    def mention(self, label: str, law: Answer) -> None:
        """A step whose size is decided later, and which the total leaves out."""
        self._append(label, None, law, law.status)

    def _append(self, label: str, figure: Number | None, law: Answer, status: Status) -> None:
        total = _without_zeros(self.total)
        step = Step(label, _without_zeros(figure), total, law.path, str(law.source), status)
        self.steps.append(step)

    def cut(self) -> int | None:
        """Makes whole allowances of the total, with a step that says so if anything is lost."""
        if self.total is None:
            return None
        if self.total == self.total.to_integral_value():
            return int(self.total)
        rounding = self.ask("caps.rounding")
        units = rules.whole(self.total, rounding.value)
        label = f"whole allowances, rounded {rounding.value}"
        self.add(label, units - self.total, rounding)
        return units


def _without_zeros(number: Number | None) -> Number | None:
    """A whole number as an integer, any other with the decimals it needs."""
    if number is None or number == int(number):
        return None if number is None else int(number)
    return Decimal(number).normalize()


def least_sure(*statuses: Status) -> Status:
    """Of several statuses the one that promises least."""
    return max(statuses, key=SURENESS.index)


def _reckon(rulebook: Rulebook, system: str, year: int, known_on: date | None) -> _Reckoning:
    reckoning = _Reckoning(rulebook, system, year, known_on)
    FORMULAS[formula_name(reckoning.ask(reckoning.own("formula")))](reckoning)
    return reckoning


def formula_name(answer: Answer) -> str:
    """The name of a registered formula, alone or with its figures beside it."""
    value = answer.value
    return str(value["formula"] if isinstance(value, Mapping) else value)


def _look_up(reckoning: _Reckoning, paths: Mapping[str, str]) -> Answer | None:
    path = paths.get(reckoning.system)
    return None if path is None else reckoning.find(path)


def _plans_as_one(reckoning: _Reckoning) -> None:
    """The first period: one average for the plans of all states (Articles 9 to 11 of 2003)."""
    reckoning.lay(reckoning.ask("caps.stationary.phase-1.union"))


def _sum_of_plans(reckoning: _Reckoning) -> None:
    """The second period: the plan of each state (Articles 9 to 11 of 2003)."""
    for path in reckoning.rulebook.paths():
        if path.startswith(PLANS):
            plan = reckoning.find(path)
            if plan is not None:
                reckoning.lay(plan)
            else:
                title = reckoning.rulebook.parameter(path).title
                law = reckoning.ask(reckoning.own("formula"))
                reckoning.add(f"{title}: not decided yet", None, law)


def _linear(reckoning: _Reckoning) -> None:
    """Article 9: from the middle of the second period, each year the factor of the reference.

    The factor of the year in which the quantity begins stands for the years before it.
    """
    reference = reckoning.ask(reckoning.own("reference"))
    reckoning.lay(reference)
    second, third = (reckoning.ask(f"periods.phase-{number}").value for number in (2, 3))
    middle = (second["first_year"] + second["last_year"]) // 2
    years: dict[date, list[int]] = {}
    for year in range(middle + 1, reckoning.year + 1):
        factor = reckoning.ask(FACTOR, max(year, third["first_year"]))
        years.setdefault(factor.from_, []).append(year)
    for begins, during in years.items():
        factor = reckoning.ask(FACTOR, begins.year)
        label = f"{factor.value} % of it for each year from {during[0]} to {during[-1]}"
        figure = -rules.part(factor.value * len(during), reference.value)
        reckoning.add(label, figure, factor, reference)


def _stepped(reckoning: _Reckoning) -> None:
    """Article 9 since 2023: the year before, changed once, less a step."""
    _carry(reckoning)
    for name, sign in (("rebasing", -1), ("maritime-addition", 1)):
        change = reckoning.ask(reckoning.own(name))
        if change.value:
            reckoning.lay(change, sign)
    reference = reckoning.ask(reckoning.own("reference"))
    _take_factor(reckoning, reference.value, "the reference", reference)
    additions = reckoning.rulebook.parameter(reckoning.own("additions"))
    for value in known_values(additions.values, reckoning.known_on):
        if value.from_.year <= reckoning.year:
            label = f"addition for {value.value['for']}: not known, left out"
            reckoning.mention(label, reckoning.ask(additions.path, value.from_.year))


def _carry(reckoning: _Reckoning) -> None:
    """Begins with the year before.

    A quantity that ends a formula was decided and is whole; along one formula nothing is cut off in
    between, as one line gives all quantities of the third period.
    """
    earlier = reckoning.before()
    formula = reckoning.ask(reckoning.own("formula"))
    last = reckoning.ask(reckoning.own("formula"), reckoning.year - 1)
    if formula_name(formula) != formula_name(last):
        earlier.cut()
    exact = earlier.total is not None and earlier.total != earlier.total.to_integral_value()
    label = f"quantity of {reckoning.year - 1}{', before it is made whole' if exact else ''}"
    status = least_sure(earlier.status, "derived")
    reckoning.add(label, earlier.total, formula._replace(status=status))


def _take_factor(reckoning: _Reckoning, quantity: Number, of: str, *laws: Answer) -> None:
    """Takes the factor of the year times a quantity, and no more than is left."""
    factor = reckoning.ask(FACTOR)
    step = rules.part(factor.value, quantity)
    left = step if reckoning.total is None else min(step, reckoning.total)
    label = f"{factor.value} % of {of}{', as far as there is' if left < step else ''}"
    reckoning.add(label, -left, factor, *laws)


def _share_of_historical(reckoning: _Reckoning) -> None:
    """Articles 3c(1) and 3c(2): a share of historical aviation emissions; later with Croatia."""
    formula = reckoning.ask(reckoning.own("formula"))
    historical = reckoning.ask(reckoning.own("historical"))
    reckoning.lay(historical)
    percent = formula.value["share_percent"]
    rest = rules.part(percent, historical.value) - historical.value
    reckoning.add(f"{percent} % of them", rest, formula, historical)
    reckoning.cut()
    croatia = reckoning.find(reckoning.own("croatia"))
    if croatia is not None:
        reckoning.lay(croatia)


def _reduced(reckoning: _Reckoning) -> None:
    """Article 28a(2) of 2017: the year before, less the factor of it."""
    _carry(reckoning)
    if reckoning.total is not None:
        _take_factor(reckoning, reckoning.total, "the year before")


def _reduced_from_first(reckoning: _Reckoning) -> None:
    """Articles 3c(5) and 3c(7) of 2023: the first year as decided, later years less the factor."""
    decided = reckoning.find(reckoning.own("from-2024"))
    if decided is None:
        _reduced(reckoning)
    else:
        reckoning.lay(decided)


def _maritime_part(reckoning: _Reckoning) -> None:
    """Article 9 of 2023: the addition for ships, less the factor of their part of the reference."""
    addition = reckoning.ask("caps.stationary.maritime-addition")
    if addition.value:
        reckoning.lay(addition)
    else:
        _carry(reckoning)
    ships = reckoning.ask("caps.stationary.reference-maritime")
    _take_factor(reckoning, ships.value, "the reference of ships", ships)


def _second_system(reckoning: _Reckoning) -> None:
    """Article 30c: emissions of a year, less the factor of them for every year since."""
    begin = reckoning.find(reckoning.own("reference-quantity"))
    if begin is None:
        reference = reckoning.ask(reckoning.own("reference"))
        reckoning.add(f"{reference.value}: not known", None, reference)
        return
    tonnes, since = begin.value["tonnes"], begin.value["of_year"]
    reckoning.add(f"emissions of {since}", tonnes, begin)
    factor = _adjusted(reckoning, begin)
    years = reckoning.year - since
    percent = rules.shown(factor.value)
    label = f"{percent} % of them for each year from {since + 1} to {reckoning.year}"
    reckoning.add(label, -rules.part(factor.value * years, tonnes), factor, begin)


def _adjusted(reckoning: _Reckoning, begin: Answer) -> Answer:
    """The factor of the second system, or that of Annex IIIa if emissions lie above the line."""
    factor = reckoning.ask(reckoning.own("yearly-factor"))
    rule = reckoning.find(reckoning.own("adjusted-factor"))
    if rule is None:
        return factor
    first = reckoning.ask(reckoning.own("first-year")).value
    earlier = reckoning.ask(reckoning.own("reference-quantity"), first)
    old = reckoning.ask(reckoning.own("yearly-factor"), first).value
    tonnes, since = earlier.value["tonnes"], earlier.value["of_year"]
    reported, ends = begin.value["tonnes"], rule.value["meets_line_in"]
    on_the_line = rules.line(tonnes, [old] * (begin.value["of_year"] - since))
    if reported <= on_the_line + rules.part(rule.value["used_if_above_percent"], on_the_line):
        return factor
    in_the_end = rules.line(tonnes, [old] * (ends - since))
    formula = rules.ADJUSTED_FACTORS[formula_name(rule)]
    return rule._replace(value=formula(reported, in_the_end, ends - begin.value["of_year"]))


FORMULAS: Mapping[str, Callable[[_Reckoning], None]] = {
    "plans-as-one-figure": _plans_as_one,
    "sum-of-plans": _sum_of_plans,
    "linear-from-2010": _linear,
    "step-below-the-year-before": _stepped,
    "share-of-historical-emissions": _share_of_historical,
    "reduced-from-the-year-before": _reduced,
    "reduced-from-the-first-year": _reduced_from_first,
    "part-added-and-reduced": _maritime_part,
    "line-of-the-reference": _second_system,
}
