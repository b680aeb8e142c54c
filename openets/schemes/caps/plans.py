"""National allocation plans of the first two periods: Articles 9 to 11 of Directive 2003/87/EC.

A Member State notified a total for the period, a reserve, what it would auction, and a table of
allowances by installation and year. The Commission accepted the plan, cut its total or rejected it;
what was issued each year then followed the table. All amounts are allowances. What the law demands
of a plan comes in as `PlanLaw`, which `plan_law` reads from the rulebook.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from openets.kernel.money import Decimal, apportion
from openets.kernel.refusal import Refusal, Refused
from openets.rulebook.model import NoLaw, Rulebook
from openets.schemes.caps.rules import PERCENT

PERIODS = "periods."


class PlanLaw(NamedTuple):
    """What the law of a period demands: its years, the least free share, what decisions do."""

    first_year: int
    last_year: int
    least_free_percent: Decimal
    effects: Mapping[str, str]
    free_article: str
    decision_article: str


class TableRow(NamedTuple):
    """What a plan gives an installation, by year."""

    installation: str
    by_year: Mapping[int, int]


class Plan(NamedTuple):
    """A plan as notified: the total is for the whole period, and so are reserve and auctions.

    `method` says in the state's own words how amounts per installation were set.
    """

    state: str
    first_year: int
    last_year: int
    total: int
    reserve: int
    auctioned: int
    method: str
    table: tuple[TableRow, ...]


class Decision(NamedTuple):
    """What the Commission decided; `total` only where it cuts the plan to a total."""

    kind: str
    total: int | None = None


def plan_law(rulebook: Rulebook, first_year: int) -> PlanLaw:
    """The law of the period a plan begins with; raises `NoLaw` if there were no plans then."""
    for path in rulebook.paths():
        if path.startswith(PERIODS + "phase-"):
            period = rulebook.parameter(path).values[-1].value
            if period["first_year"] == first_year:
                break
    else:
        raise NoLaw(f"No trading period begins with {first_year}.")
    free = rulebook.ask("free-allocation.minimum-share", for_=first_year)
    effects = rulebook.ask("national-plans.decision-effects", for_=first_year)
    return PlanLaw(
        first_year=period["first_year"],
        last_year=period["last_year"],
        least_free_percent=Decimal(free.value),
        effects=effects.value,
        free_article=str(free.source),
        decision_article=str(effects.source),
    )


def granted(plan: Plan) -> int:
    """What the table gives all installations in all years."""
    return sum(sum(row.by_year.values()) for row in plan.table)


def check_plan(plan: Plan, law: PlanLaw) -> list[Refusal]:
    """Everything that is wrong with a plan, at once; nothing if it can be decided on."""
    return [*_check_period(plan, law), *_check_table(plan, law), *_check_sums(plan, law)]


def _check_period(plan: Plan, law: PlanLaw) -> Iterator[Refusal]:
    if (plan.first_year, plan.last_year) != (law.first_year, law.last_year):
        sentence = (
            f"The plan is for {plan.first_year} to {plan.last_year}; "
            f"the period is {law.first_year} to {law.last_year}."
        )
        yield Refusal("plan.period", sentence, law.decision_article, plan.state)
    for name, amount in (
        ("total", plan.total),
        ("reserve", plan.reserve),
        ("auctioned", plan.auctioned),
    ):
        if amount < 0:
            yield _negative(amount, law, name)
    if not plan.method.strip():
        sentence = "The plan does not say by which method installations get their amounts."
        yield Refusal("plan.method", sentence, law.decision_article, "method")


def _negative(amount: int, law: PlanLaw, where: str) -> Refusal:
    sentence = f"An amount of {amount:,} is negative."
    return Refusal("plan.negative", sentence, law.decision_article, where)


def _check_table(plan: Plan, law: PlanLaw) -> Iterator[Refusal]:
    if not plan.table:
        sentence = "The plan has no table of installations."
        yield Refusal("plan.table", sentence, law.decision_article, plan.state)
    for name, rows in Counter(row.installation for row in plan.table).items():
        if rows > 1:
            sentence = f"Installation {name} stands {rows} times in the table."
            yield Refusal("plan.twice", sentence, law.decision_article, name)
    for row in plan.table:
        for year, amount in row.by_year.items():
            where = f"{row.installation} {year}"
            if not law.first_year <= year <= law.last_year:
                sentence = f"{year} is no year of the period."
                yield Refusal("plan.year", sentence, law.decision_article, where)
            if amount < 0:
                yield _negative(amount, law, where)


def _check_sums(plan: Plan, law: PlanLaw) -> Iterator[Refusal]:
    table = granted(plan)
    parts = table + plan.reserve + plan.auctioned
    if parts != plan.total:
        sentence = (
            f"Table {table:,}, reserve {plan.reserve:,} and auctions {plan.auctioned:,} come to "
            f"{parts:,}, which is {parts - plan.total:+,} against the total of {plan.total:,}."
        )
        yield Refusal("plan.sum", sentence, law.decision_article, plan.state)
    free = plan.total - plan.auctioned
    if free * PERCENT < plan.total * law.least_free_percent:
        sentence = (
            f"{plan.auctioned:,} of {plan.total:,} is auctioned; at least "
            f"{law.least_free_percent} % is allocated free."
        )
        yield Refusal("plan.free-share", sentence, law.free_article, "auctioned")


def decided_total(plan: Plan, decision: Decision, law: PlanLaw) -> int:
    """The total that stands after the Commission's decision.

    Accepted: as notified. Cut: as decided, which lies below what was notified. Raises `Refused` for
    a rejected plan, from which nothing is issued, and for a decision that is none of these.
    """
    effect = law.effects.get(decision.kind)
    if effect == "as-notified" and decision.total is None:
        return plan.total
    if effect == "as-decided" and decision.total is not None and 0 <= decision.total < plan.total:
        return decision.total
    if effect == "none":
        sentence = f"The plan of {plan.state} was rejected; nothing is issued from it."
        raise Refused(Refusal("plan.rejected", sentence, law.decision_article, plan.state))
    known = ", ".join(law.effects)
    sentence = (
        f"A decision is one of {known}; one that cuts names a total below {plan.total:,}, "
        "and no other names any."
    )
    raise Refused(Refusal("plan.decision", sentence, law.decision_article, plan.state))


def reduced_in_proportion(plan: Plan, total: int) -> Plan:
    """The plan brought down to a total, every amount and the reserve in the same proportion.

    One way in which a state may follow a cut; another is a new table. Largest remainders, so that
    the parts add up to the total exactly. Raises `ValueError` for a total above that of the plan.
    """
    if total > plan.total:
        raise ValueError(f"{total:,} is no reduction of {plan.total:,}.")
    cells = [(row.installation, year) for row in plan.table for year in row.by_year]
    amounts = [amount for row in plan.table for amount in row.by_year.values()]
    reserve, auctioned, *reduced = apportion(total, [plan.reserve, plan.auctioned, *amounts])
    by_row: dict[str, dict[int, int]] = {}
    for (installation, year), amount in zip(cells, reduced, strict=True):
        by_row.setdefault(installation, {})[year] = amount
    table = tuple(TableRow(name, years) for name, years in by_row.items())
    return plan._replace(total=total, reserve=reserve, auctioned=auctioned, table=table)


def yearly_issue(plan: Plan, decision: Decision, law: PlanLaw, year: int) -> dict[str, int]:
    """What each installation is issued in a year, by the table of a plan that stands.

    After a cut the state's amended plan comes with the total decided; a plan above it, or one that
    is wrong in any way, is refused with everything that is wrong. Installations without an amount
    in the year are not in it. Article 11(4) of Directive 2003/87/EC.
    """
    refusals = check_plan(plan, law)
    if decision.kind not in law.effects or law.effects[decision.kind] != "as-decided":
        decided_total(plan, decision, law)
    elif decision.total is None or plan.total > decision.total:
        sentence = (
            f"The plan still has a total of {plan.total:,}; the Commission cut it to "
            f"{decision.total or 0:,}, and its table has to follow."
        )
        refusals.append(Refusal("plan.cut", sentence, law.decision_article, plan.state))
    if not law.first_year <= year <= law.last_year:
        sentence = f"{year} is no year of the period."
        refusals.append(Refusal("plan.year", sentence, law.decision_article, str(year)))
    if refusals:
        raise Refused(refusals)
    amounts = ((row.installation, row.by_year.get(year, 0)) for row in plan.table)
    return {installation: amount for installation, amount in amounts if amount}
