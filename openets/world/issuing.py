"""How a year's units come into being: under the cap, and beyond it only by a named correction.

What is created for a year is the larger of cap and free allocation. Up to the cap it rests on the
cap; the rest is a correction with a name and a reason, so that nobody takes it for law.
"""

from __future__ import annotations

from typing import NamedTuple

from openets.kernel.acts import Act, CapSet, CorrectionNamed
from openets.kernel.money import apportion
from openets.rulebook.model import NoLaw
from openets.world.course import Stream
from openets.world.stage import Stage

UNKNOWN = "The rulebook knows no cap for this year; free allocation is created as it was published."
TOO_SMALL = "Published free allocation exceeds the cap the rulebook knows for this year."
SHORTAGE = "Published surrender exceeds all units of the years that may be used for it."


class Issue(NamedTuple):
    """What is created under one cap: for each issuing registry its free allocation and its sales.

    `cap` is None where the rulebook knows none. `registry` is the one the cap belongs to, if any.
    """

    parameter: str
    cap: int | None
    registry: str | None
    free: dict[str, int]
    sold: dict[str, int]

    @property
    def beyond(self) -> int:
        """Units the cap does not explain."""
        return max(0, sum(self.free.values()) - (self.cap or 0))


def plan_issues(stage: Stage, stream: Stream, year: int, free: dict[str, int]) -> list[Issue]:
    """The issues of a stream for a year, from free allocation by registry of the accounts."""
    if stream.central:
        free = {stage.course.central_registry: sum(free.values())}
    if not stream.cap_per_registry:
        return [_plan(stage, stream.cap, year, None, free)]
    return [
        _plan(stage, stream.cap.format(registry=home), year, home, {home: quantity})
        for home, quantity in free.items()
    ]


def _plan(
    stage: Stage, parameter: str, year: int, registry: str | None, free: dict[str, int]
) -> Issue:
    try:
        cap = int(stage.rulebook.ask(parameter, for_=year).value)
    except NoLaw:
        cap = None
    for_sale = max(0, (cap or 0) - sum(free.values()))
    weights = list(free.values()) if any(free.values()) else [1] * len(free)
    sold = dict(zip(free, apportion(for_sale, weights), strict=True))
    return Issue(parameter, cap, registry, free, sold)


def create_units(stage: Stage, stream: Stream, year: int, issues: list[Issue]) -> None:
    """Posts caps and corrections, and creates the units that rest on them."""
    acts: list[tuple[tuple[str | int, ...], Act]] = []
    for issue in issues:
        home = issue.registry or stage.course.central_registry
        if issue.cap:
            acts.append(((stream.unit, home), cap_of(stream, year, issue)))
        if issue.beyond:
            reason = TOO_SMALL if issue.cap else UNKNOWN
            name = f"beyond the cap: {stream.unit} {home} {year}"
            named = correction_of(stream, year, issue.registry, name, issue.beyond, reason)
            acts.append(((stream.unit, home), named))
    kinds = {
        home: stage.kind(stream.unit, home, stream.period)
        for issue in issues
        for home in issue.free
    }
    sequences = iter(stage.acts(acts))
    for issue in issues:
        under_cap = issue.cap or 0
        cap = next(sequences) if issue.cap else 0
        correction = next(sequences) if issue.beyond else 0
        for home, free in issue.free.items():
            quantity = free + issue.sold[home]
            within = min(quantity, under_cap)
            under_cap -= within
            account = issuing_account(stage, stream, home)
            stage.create(stream.creation, account, kinds[home], within, cap)
            stage.create(stream.creation, account, kinds[home], quantity - within, correction)
            _make_ready(stage, stream, kinds[home], free, issue.sold[home])


def cap_of(stream: Stream, year: int, issue: Issue) -> CapSet:
    """The act by which a cap permits creations."""
    return CapSet(
        parameter=issue.parameter,
        year=year,
        units=(stream.unit,),
        registry=issue.registry,
        quantity=issue.cap or 0,
    )


def correction_of(
    stream: Stream, year: int, registry: str | None, name: str, quantity: int, reason: str
) -> CorrectionNamed:
    """The act by which units are created that no cap explains."""
    return CorrectionNamed(
        name=name,
        year=year,
        units=(stream.unit,),
        registry=registry,
        quantity=quantity,
        reason=reason,
    )


def issuing_account(stage: Stage, stream: Stream, home: str) -> int:
    """The account in which a registry's units of a stream are created."""
    type_ = stream.central.total if stream.central else stage.course.accounts.party
    return stage.open(home, type_)


def allocating_account(stage: Stage, stream: Stream, home: str) -> tuple[int, int]:
    """Account and kind from which operators of a registry are allocated a stream's units."""
    registry = stage.course.central_registry if stream.central else home
    type_ = stream.central.allocation if stream.central else stage.course.accounts.party
    return stage.open(registry, type_), stage.kind(stream.unit, registry, stream.period)


def _make_ready(stage: Stage, stream: Stream, kind: int, free: int, sold: int) -> None:
    """Central units go from the total quantity to where they are allocated and auctioned."""
    if not stream.central:
        return
    home = stage.course.central_registry
    type_ = stage.course.transfer_type(stage.year, stream.unit, home, home)
    total = stage.open(home, stream.central.total)
    for account_type, quantity in (
        (stream.central.allocation, free),
        (stream.central.auction, sold),
    ):
        if quantity:
            stage.move(type_, total, stage.open(home, account_type), kind, quantity)


def create_for_shortage(stage: Stage, stream: Stream, year: int, missing: dict[str, int]) -> None:
    """Creates, as a correction, what published surrender needs and nobody holds.

    `missing` is by registry of the accounts. The units lie where those for sale lie.
    """
    if stream.central:
        missing = {stage.course.central_registry: sum(missing.values())}
    acts: list[tuple[tuple[str | int, ...], Act]] = []
    for home, quantity in missing.items():
        name = f"shortage: {stream.unit} {home} {year}"
        registry = None if stream.central else home
        acts.append(
            ((stream.unit, home), correction_of(stream, year, registry, name, quantity, SHORTAGE))
        )
        stage.kind(stream.unit, home, stream.period)
    for (home, quantity), sequence in zip(missing.items(), stage.acts(acts), strict=True):
        kind = stage.kind(stream.unit, home, stream.period)
        account = issuing_account(stage, stream, home)
        stage.create(stream.creation, account, kind, quantity, sequence)
        _make_ready(stage, stream, kind, 0, quantity)
