"""A sub-installation through the years of an allocation period: what changes, and what it leaves.

Each year the average of the two years before is held against the historical value, of the activity
level and of every other parameter; a change beyond the threshold is applied from that year, later
ones by the interval rule, and only if it is large enough. Implementing Regulation (EU) 2019/1842,
Articles 4 to 6a. A period begins with nothing applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from openets.kernel.money import Decimal
from openets.schemes.allocation import amounts, changes, levels, parts
from openets.schemes.allocation.law import YearLaw
from openets.schemes.allocation.models import FALL_BACKS, Installation, SubInstallation
from openets.schemes.allocation.parts import LEVEL

HISTORICAL, OF_THE_YEAR = "historical activity level", "activity of the year"
NOT_YET = "not yet in operation"
CEASED, GIVEN_UP, NOT_ELIGIBLE = "cessation", "renunciation", "activity not eligible"

State = Mapping[str, changes.Applied]


class PartAllocation(NamedTuple):
    """What a sub-installation is allocated in a year, with everything it was reckoned from.

    `initial` is the amount before its activity level changed, in `reckoning`; `preliminary` after
    that and after cessation; `final` is None where the law names no factor yet.
    """

    name: str
    kind: str
    level: levels.Level
    basis: str
    reckoning: amounts.Reckoning
    applied: State
    share: Decimal
    share_reason: str
    preliminary: int
    kept: Decimal = amounts.ONE
    final: int | None = None


class Course:
    """One sub-installation on its way through a period; `year_by_year` drives it."""

    def __init__(self, sub: SubInstallation, installation: Installation, law: YearLaw) -> None:
        self.sub = sub
        if sub.started_on is None and installation.started_on is not None:
            self.sub = sub = sub.model_copy(update={"started_on": installation.started_on})
        self.activity = installation.activity
        self.new_entrant = parts.is_new_entrant(installation, law)
        self.levels = parts.yearly_levels(sub, law)
        self.ceased_on: date | None = min(
            (day for day in (sub.ceased_on, installation.ceased_on) if day), default=None
        )
        self.applied: State = {}
        self._level: levels.Level | None = None
        self._tracks: list[parts.Track] | None = None
        self._reckoned: tuple[int, tuple[object, ...], amounts.Reckoning] | None = None

    def level(self, law: YearLaw) -> levels.Level:
        """The historical activity level, once it is needed."""
        if self._level is None:
            self._level = parts.historical_level(
                self.sub, law, self.levels, new_entrant=self.new_entrant
            )
        return self._level

    def tracks(self, law: YearLaw) -> list[parts.Track]:
        """The parameters that are followed beside the activity level."""
        if self._tracks is None:
            self._tracks = parts.other_tracks(self.sub, law, self.level(law).years)
        return self._tracks

    def basis(self, law: YearLaw) -> str:
        """On which level the amount of the year stands: that of a new sub-installation changes."""
        started, rule = self.sub.started_on, law.values.get("activity-level.new-sub-installation")
        if started is None or rule is None:
            return HISTORICAL
        age = law.year - started.year
        if age < 0:
            return NOT_YET
        within_baseline = started.year <= law.need("baseline-years")["last_year"]
        names: Sequence[str] = rule["years"]
        return HISTORICAL if within_baseline or age >= len(names) else names[age]

    def proposed(self, law: YearLaw) -> State:
        """The changes that would be in force this year, were they all large enough."""
        threshold = law.values.get("activity-level.threshold")
        if threshold is None or self._has_no_average(law):
            return self.applied
        found = dict(self.applied)
        self._propose(found, law, LEVEL, self.level(law).amount, self._levels_at(law))
        if "activity-level.other-parameters" in law.values:
            for track in self.tracks(law):
                values = [track.in_year(year) for year in _years(law)]
                self._propose(found, law, track.name, track.historical, values)
        return found

    def _has_no_average(self, law: YearLaw) -> bool:
        started, rule = self.sub.started_on, law.values.get("activity-level.new-sub-installation")
        if started is None or rule is None:
            return False
        return law.year - started.year < int(rule["years_without_average"])

    def _levels_at(self, law: YearLaw) -> list[Decimal | None]:
        idle = self.sub.idle_years
        return [Decimal(0) if year in idle else self.levels.get(year) for year in _years(law)]

    def _propose(
        self,
        found: dict[str, changes.Applied],
        law: YearLaw,
        name: str,
        historical: Decimal,
        values: Sequence[Decimal | None],
    ) -> None:
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            return  # without a report nothing changes (and nothing is issued)
        rule = law.values["activity-level.average"]
        average = levels.MEASURES[rule["measure"]](known)
        threshold = law.values["activity-level.threshold"]
        if name == LEVEL:
            if self._explained(law, changes.difference_percent(average, historical), threshold):
                return
            expected = self._expected(law)
            average = changes.deciding_level(average, expected, historical, threshold)
        difference = changes.difference_percent(average, historical)
        before = found.get(name)
        previous = before.difference if before else amounts.ZERO
        applies = changes.difference_that_applies(
            difference, previous, threshold, law.values["activity-level.step"]
        )
        if applies == 0:
            found.pop(name, None)
        elif applies == difference and applies != previous:
            found[name] = changes.Applied(difference, average)

    def _explained(self, law: YearLaw, difference: Decimal, threshold: int) -> bool:
        kinds = law.values.get("activity-level.efficiency-test", ())
        finding = self.sub.efficiency.get(law.year - 1)
        return (
            self.sub.kind in kinds
            and abs(difference) > threshold
            and changes.explained_by_efficiency(difference, finding)
        )

    def _expected(self, law: YearLaw) -> Decimal | None:
        rule = law.values.get("activity-level.fall-backs")
        if self.sub.kind not in FALL_BACKS or FALL_BACK_RULES.get(rule or "") is not True:
            return None
        values = [self.sub.expected_levels.get(year) for year in _years(law)]
        known = [value for value in values if value is not None]
        measure = levels.MEASURES[law.values["activity-level.average"]["measure"]]
        return measure(known) if len(known) == len(values) else None

    def reckoning(self, law: YearLaw, state: State) -> amounts.Reckoning:
        """The initial amount of the year, with other parameters as a state has them.

        It does not depend on a change of the activity level, so it is kept until something else
        changes: most sub-installations are reckoned once a year.
        """
        others = tuple(item for item in state.items() if item[0] != LEVEL)
        if self._reckoned is None or self._reckoned[:2] != (law.year, others):
            self._reckoned = (law.year, others, self._reckon(law, state))
        return self._reckoned[2]

    def _reckon(self, law: YearLaw, state: State) -> amounts.Reckoning:
        basis = self.basis(law)
        if basis == NOT_YET:
            return parts.reckon_part(self.sub, law, amounts.ZERO, {})
        if basis == OF_THE_YEAR:
            return parts.reckon_part(self.sub, law, self._level_of(law.year), {})
        current = {
            track.name: state[track.name].level if track.name in state else track.historical
            for track in self.tracks(law)
        }
        return parts.reckon_part(self.sub, law, self.level(law).amount, current)

    def _level_of(self, year: int) -> Decimal:
        if year in self.sub.idle_years:
            return amounts.ZERO
        if year not in self.levels:
            raise levels.no_level(f"{self.sub.name}, which is new, in {year}")
        return self.levels[year]

    def amount(self, law: YearLaw, state: State) -> int:
        """The amount of the year with the changes of a state, before cessation."""
        return self._changed(self.reckoning(law, state), state)

    def _changed(self, reckoning: amounts.Reckoning, state: State) -> int:
        change = state.get(LEVEL)
        if change is None:
            return reckoning.initial
        return amounts.changed_amount(reckoning.initial, change.level, reckoning.level)

    def allocated(self, law: YearLaw) -> PartAllocation:
        """The part of the year with the changes now in force."""
        reckoning = self.reckoning(law, self.applied)
        share, reason = self._share(law)
        basis = self.basis(law)
        level = self.level(law) if basis == HISTORICAL else levels.Level(reckoning.level, basis)
        return PartAllocation(
            *(self.sub.name, self.sub.kind, level, basis, reckoning, self.applied),
            *(share, reason),
            amounts.part_of(self._changed(reckoning, self.applied), share),
        )

    def _share(self, law: YearLaw) -> tuple[Decimal, str]:
        if self.activity in law.values.get("not-eligible-activities", ()):
            return amounts.ZERO, NOT_ELIGIBLE
        given_up = self.sub.given_up_in
        if given_up is not None and law.year > given_up and "renunciation" in law.values:
            return amounts.ZERO, GIVEN_UP
        if self.ceased_on is None:
            return amounts.ONE, ""
        rule = law.need("activity-level.cessation")["year_of_cessation"]
        share = changes.share_after_cessation(law.year, self.ceased_on, rule)
        return share, CEASED if share != 1 else ""


FALL_BACK_RULES = {
    "whether energy efficiency explains the change": False,
    "average of the activity level expected from production": True,
}
"""The registered rules for heat, fuel and process emissions: whether expected levels decide."""


def _years(law: YearLaw) -> range:
    """The years whose average counts for a year: so many before it as the law says."""
    return range(law.year - law.values["activity-level.average"]["years"], law.year)


def apply_changes(courses: Sequence[Course], law: YearLaw) -> None:
    """Puts the changes of a year in force that are large enough, of all parts of an installation.

    A return to the initial allocation needs no size: Article 5(3). The least size is that of each
    sub-installation (Article 5(1), text of 2019) or of all together (Article 6a).
    """
    proposed = [(course, course.proposed(law)) for course in courses]
    pending = [(course, state) for course, state in proposed if state != course.applied]
    if not pending:
        return
    rule = law.values.get("activity-level.minimum", {"allowances": 0, "per": "sub-installation"})
    sizes = [
        course.amount(law, state) - course.amount(law, course.applied) for course, state in pending
    ]
    together = changes.reaches_minimum(sizes, rule["allowances"])
    for (course, state), size in zip(pending, sizes, strict=True):
        alone = changes.reaches_minimum([size], rule["allowances"])
        large = together if rule["per"] == "installation" else alone
        if large or state.items() <= course.applied.items():
            course.applied = state


def year_by_year(
    installation: Installation, laws: Sequence[YearLaw]
) -> list[tuple[PartAllocation, ...]]:
    """The parts of an installation in consecutive years of one period, from its first year on."""
    courses = [Course(sub, installation, laws[0]) for sub in installation.sub_installations]
    found = []
    for law in laws:
        apply_changes(courses, law)
        found.append(tuple(course.allocated(law) for course in courses))
    return found
