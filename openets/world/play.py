"""The EU ETS from its first year to the last published one, played in the order of the law.

Each calendar year: accounts, caps and creations; the year's free allocation; the verified emissions
of the year before, the purchases of those still short, and their surrender; where a period has
ended, what the law says of leftovers; and late in the year the sale of what the cap leaves beyond
free allocation. One calendar year follows the last, for its surrender.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from openets.kernel.acts import EmissionsVerified, ReplacementOpened
from openets.kernel.money import apportion
from openets.kernel.records import type_code
from openets.rulebook.model import Rulebook
from openets.world.course import Ending, Stream, Surrenders, load_course
from openets.world.figures import Figure
from openets.world.issuing import (
    allocating_account,
    create_for_shortage,
    create_units,
    plan_issues,
)
from openets.world.market import Offer, Want, match
from openets.world.operators import OperatorYear, Population, populate
from openets.world.stage import Kind, Move, Progress, Registry, Stage


class Role(NamedTuple):
    """An operator's account in a year, and what that year brings."""

    account: int
    home: str
    year: OperatorYear


def play(
    registry: Registry,
    rulebook: Rulebook,
    figures: Sequence[Figure],
    seed: int,
    on_progress: Progress,
) -> None:
    """Plays all figures into a ledger, over synthetic operators drawn from the seed."""
    play_operators(registry, rulebook, figures, populate(figures, seed), seed, on_progress)


def play_operators(
    registry: Registry,
    rulebook: Rulebook,
    figures: Sequence[Figure],
    population: Population,
    seed: int,
    on_progress: Progress,
) -> None:
    """Plays these operators into a ledger; `figures` are their sums. The seed orders the market.

    Raises `Refused` if the ledger refuses anything, or in the end holds something else than was
    played. Played again after an interruption, it goes on where it stopped.
    """
    stage = Stage(registry, rulebook, load_course(), on_progress)
    _Play(stage, figures, population, seed).run()
    stage.compare()


class _Play:
    def __init__(
        self, stage: Stage, figures: Sequence[Figure], population: Population, seed: int
    ) -> None:
        self.stage = stage
        self.course = stage.course
        self.seed = seed
        self.population = population
        self.figures: dict[int, list[Figure]] = {}
        self.first_aircraft: dict[str, int] = {}
        for figure in sorted(figures, key=lambda f: (f.year, f.kind, f.registry)):
            self.figures.setdefault(figure.year, []).append(figure)
            if figure.kind == "stationary":
                count = self.first_aircraft.get(figure.registry, 0)
                self.first_aircraft[figure.registry] = max(count, figure.operators)
        self.roles: dict[tuple[int, str], list[Role]] = {}
        self.markets: dict[str, int] = {}

    def run(self) -> None:
        """All years, and the surrender after the last."""
        for year in range(min(self.figures), max(self.figures) + 2):
            if year in self.figures:
                self._open(year)
                self._allocate(year)
            if year - 1 in self.figures:
                self._verify(year)
                self._purchase(year)
                self._surrender(year)
                for ending in self.course.endings:
                    if ending.after == year - 1:
                        self._end(year, ending)
            if year in self.figures:
                self._sell(year)
            self.stage.flush()

    # -- January --------------------------------------------------------------------------------

    def _open(self, year: int) -> None:
        """Accounts, kinds, caps and the creation of the year's units."""
        stage, course = self.stage, self.course
        stage.begin(year, "accounts, caps, creation", course.days.opening)
        known = stage.tables().account_types
        types = [course.accounts.party, course.accounts.market, course.accounts.cancellation]
        types += [rule.into for rule in course.surrenders if not rule.central]
        for home in dict.fromkeys(course.issuer(f.registry) for f in self.figures[year]):
            for type_ in types:
                if type_ in known:
                    stage.open(home, type_)
            self.markets[home] = stage.open(home, course.accounts.market)
        for figure in self.figures[year]:
            self._open_operators(figure)
        for stream in course.streams_of(year):
            free = self._free_by_home(year, stream.kind)
            if free:
                create_units(stage, stream, year, plan_issues(stage, stream, year, free))

    def _open_operators(self, figure: Figure) -> None:
        offset = 0 if figure.kind == "stationary" else self.first_aircraft.get(figure.registry, 0)
        type_ = self.course.operators[figure.kind]
        home = self.course.issuer(figure.registry)
        roles = self.roles.setdefault((figure.year, figure.kind), [])
        for operator in self.population[figure.cell]:
            name = operator.name or f"{figure.registry}-{operator.operator + offset:06d}"
            roles.append(Role(self.stage.open(figure.registry, type_, name), home, operator))

    def _free_by_home(self, year: int, kind: str) -> dict[str, int]:
        free: dict[str, int] = {}
        for figure in self.figures[year]:
            if figure.kind == kind:
                home = self.course.issuer(figure.registry)
                free[home] = free.get(home, 0) + figure.free_allocation
        return free

    # -- spring ---------------------------------------------------------------------------------

    def _allocate(self, year: int) -> None:
        """The year's free allocation, before the surrender for the year before."""
        stage = self.stage
        day = stage.deadline(self.course.deadlines.allocation, year)
        stage.begin(year, "free allocation", day)
        for stream in self.course.streams_of(year):
            stage.move_all(self._allocations(stream, year), year=year)

    def _allocations(self, stream: Stream, year: int) -> Iterator[Move]:
        type_ = type_code(stream.allocation)
        sources: dict[str, tuple[int, int]] = {}
        for account, home, operator in self.roles.get((year, stream.kind), ()):
            free = operator.free_allocation
            if free:
                source = sources.get(home)
                if source is None:
                    source = sources[home] = allocating_account(self.stage, stream, home)
                yield type_, source[0], account, source[1], free

    def _verify(self, year: int) -> None:
        """Verified emissions of the year before."""
        stage = self.stage
        day = stage.deadline(self.course.deadlines.verification, year)
        stage.begin(year, "verified emissions", day)
        for kind in self.course.operators:
            for account, _, operator in self.roles.get((year - 1, kind), ()):
                tonnes = operator.verified
                if tonnes:
                    stage.note(
                        EmissionsVerified(account=account, year=year - 1, tonnes=tonnes), account
                    )

    def _purchase(self, year: int) -> None:
        """Those short of the coming surrender buy: from the market, then from who has too much."""
        self.stage.begin(year, "purchases", self.course.days.purchases)
        unmet_of: dict[str, list[Want]] = {}
        for kind in self.course.usable:
            usable = self._usable(kind, year - 1)
            wants = self._short(kind, year - 1)
            Random(f"{self.seed}:{year}:{kind}").shuffle(wants)
            markets = ((account, home, None) for home, account in self.markets.items())
            matched = match(self._offers(markets, usable), wants)
            self.stage.settle(matched.deals)
            if matched.unmet:
                sellers = self._long(year - 1)
                Random(f"{self.seed}:{year}:{kind}:sellers").shuffle(sellers)
                matched = match(self._offers(sellers, usable), matched.unmet)
                self.stage.settle(matched.deals)
            if matched.unmet:
                unmet_of[kind] = matched.unmet
        for kind, unmet in unmet_of.items():
            self._mend(year, kind, unmet)

    def _mend(self, year: int, kind: str, unmet: list[Want]) -> None:
        """Nobody holds what published surrender needs: a named correction creates it."""
        stage = self.stage
        stage.begin(year, f"shortage {kind}", self.course.days.purchases)
        stream = next(s for s in self.course.streams_of(year - 1) if s.kind == kind)
        missing: dict[str, int] = {}
        for want in unmet:
            missing[want.home] = missing.get(want.home, 0) + want.quantity
        create_for_shortage(stage, stream, year - 1, missing)
        stage.settle(match(self._for_sale(stream), unmet).deals)

    def _surrender(self, year: int) -> None:
        """Surrender for the year before, the oldest usable units first."""
        stage = self.stage
        day = stage.deadline(self.course.deadlines.surrender, year)
        stage.begin(year, "surrender", day)
        rule = self.course.surrender_of(year)
        for kind in self.course.operators:
            stage.move_all(self._surrenders(kind, year - 1, rule), year=year - 1)

    def _surrenders(self, kind: str, year: int, rule: Surrenders) -> Iterator[Move]:
        type_ = type_code(rule.type)
        usable = self._usable(kind, year)
        central = self.course.central_registry if rule.central else None
        holdings = self.stage.holdings
        for account, home, operator in self.roles.get((year, kind), ()):
            owed = operator.surrendered
            if not owed:
                continue
            into = self.stage.open(central or home, rule.into)
            held = holdings[account]
            for unit in _in_order(held, usable):
                quantity = min(owed, held[unit])
                yield type_, account, into, unit, quantity
                owed -= quantity
                if not owed:
                    break

    def _end(self, year: int, ending: Ending) -> None:
        """A period is over: its leftovers are cancelled, and replaced where the law says so."""
        stage = self.stage
        day = stage.deadline(self.course.deadlines.ending, year)
        stage.begin(year, "leftovers", day)
        ended = {n: kind for kind, n in stage.kinds.items() if kind.unit in ending.units}
        foundations = self._replacements(ending)
        types = stage.tables().account_types
        for account, place in list(stage.places.items()):
            if types[place.type].terminal:
                continue
            registry = self.course.central_registry if ending.central else place.home
            created: dict[str, int] = {}
            for kind in sorted(ended.keys() & stage.holdings[account].keys()):
                quantity = stage.holdings[account][kind]
                into = stage.open(registry, ending.into)
                stage.move(type_code(ending.type), account, into, kind, quantity)
                unit = ended[kind].unit
                created[unit] = created.get(unit, 0) + quantity
            for unit, quantity in created.items():
                if unit in foundations:
                    kind, type_, foundation = foundations[unit]
                    stage.create(type_, account, kind, quantity, foundation)

    def _replacements(self, ending: Ending) -> dict[str, tuple[int, str, int]]:
        """For each unit replaced: the new kind, the type that creates it, and its foundation."""
        acts, found = [], {}
        for unit, new in ending.replaced.items():
            period = next(s.period for s in self.course.streams if s.unit == new.unit)
            kind = self.stage.kind(new.unit, self.course.central_registry, period)
            act = ReplacementOpened(name=ending.name, replaced_units=(unit,), units=(new.unit,))
            acts.append(((unit,), act))
            found[unit] = (kind, new.type)
        sequences = self.stage.acts(acts)
        return {
            unit: (*found[unit], sequence)
            for unit, sequence in zip(ending.replaced, sequences, strict=True)
        }

    # -- December -------------------------------------------------------------------------------

    def _sell(self, year: int) -> None:
        """What the cap leaves beyond free allocation: to who will be short, the rest to markets."""
        self.stage.begin(year, "sales", self.course.days.sales)
        for stream in self.course.streams_of(year):
            offers = self._for_sale(stream)
            supply = sum(offer.quantity for offer in offers)
            wants = [
                want
                for kind, units in self.course.usable.items()
                if stream.unit in units
                for want in self._short(kind, year)
            ]
            needed = sum(want.quantity for want in wants)
            if needed > supply:
                shares = apportion(supply, [want.quantity for want in wants])
                wants = [w._replace(quantity=q) for w, q in zip(wants, shares, strict=True)]
                needed = supply
            wants += self._market_wants(stream, year, supply - needed)
            self.stage.settle(match(offers, wants).deals)

    def _for_sale(self, stream: Stream) -> list[Offer]:
        """What a stream has for sale; central units are delivered from the auction first."""
        stage, central = self.stage, stream.central
        if not central:
            party = self.course.accounts.party
            return [
                Offer(number, place.home, kind, quantity)
                for number, place in stage.places.items()
                if place.type == party
                for kind, quantity in stage.holdings[number].items()
                if kind == stage.kinds.get(Kind(stream.unit, place.home))
            ]
        home = self.course.central_registry
        kind = stage.kind(stream.unit, home, stream.period)
        auction, delivery = stage.open(home, central.auction), stage.open(home, central.delivery)
        type_ = type_code(self.course.auction_delivery_type)
        if auctioned := stage.holdings[auction].get(kind, 0):
            stage.move(type_, auction, delivery, kind, auctioned)
        return [Offer(delivery, home, kind, stage.holdings[delivery].get(kind, 0))]

    def _market_wants(self, stream: Stream, year: int, quantity: int) -> list[Want]:
        """The rest of a sale over the market accounts, by verified emissions of their registry."""
        verified: dict[str, int] = {}
        for figure in self.figures[year]:
            if figure.kind == stream.kind:
                home = self.course.issuer(figure.registry)
                verified[home] = verified.get(home, 0) + figure.verified_emissions_t
        shares = apportion(quantity, list(verified.values()))
        return [
            Want(self.markets[home], home, share)
            for home, share in zip(verified, shares, strict=True)
        ]

    # -- who holds, who needs -------------------------------------------------------------------

    def _usable(self, kind: str, year: int) -> dict[int, int]:
        """The kinds of unit an operator may surrender for a year, with their order of use."""
        types = self.stage.tables().unit_types
        order = {unit: place for place, unit in enumerate(self.course.usable[kind])}
        usable = []
        for (unit, _), number in self.stage.kinds.items():
            law = types.get(unit)
            if law is None or unit not in order:
                continue
            if (law.usable_from or year) <= year <= (law.usable_until or year):
                usable.append((order[unit], number))
        return {number: place for place, (_, number) in enumerate(sorted(usable))}

    def _short(self, kind: str, year: int) -> list[Want]:
        """The operators whose usable holdings do not cover what they will surrender."""
        usable, holdings = self._usable(kind, year), self.stage.holdings
        wants = []
        for account, home, operator in self.roles.get((year, kind), ()):
            needed = operator.surrendered - _sum_of(holdings[account], usable)
            if needed > 0:
                wants.append(Want(account, home, needed))
        return wants

    def _long(self, year: int) -> list[tuple[int, str, int | None]]:
        """The operators' accounts, with what each may sell beyond its own coming surrender."""
        needs = {
            role.account: role.year.surrendered
            for kind in self.course.operators
            for role in self.roles.get((year, kind), ())
        }
        found: list[tuple[int, str, int | None]] = []
        for kind, type_ in self.course.operators.items():
            usable = self._usable(kind, year)
            for account, place in self.stage.places.items():
                if place.type == type_:
                    spare = _sum_of(self.stage.holdings[account], usable) - needs.get(account, 0)
                    if spare > 0:
                        found.append((account, place.home, spare))
        return found

    def _offers(
        self, sellers: Iterable[tuple[int, str, int | None]], usable: dict[int, int]
    ) -> list[Offer]:
        """What sellers offer of the kinds a buyer can use, each up to its limit, oldest first."""
        offers = []
        for account, home, limit in sellers:
            held = self.stage.holdings[account]
            for kind in _in_order(held, usable):
                quantity = held[kind] if limit is None else min(held[kind], limit)
                if limit is not None:
                    limit -= quantity
                if quantity:
                    offers.append(Offer(account, home, kind, quantity))
        return offers


def _in_order(held: Mapping[int, int], usable: Mapping[int, int]) -> list[int]:
    """The usable kinds among those held, in their order of use."""
    kinds = [kind for kind in held if kind in usable]
    return sorted(kinds, key=usable.__getitem__) if len(kinds) > 1 else kinds


def _sum_of(held: Mapping[int, int], usable: Container[int]) -> int:
    """The units held of usable kinds."""
    units = 0
    for kind, quantity in held.items():
        if kind in usable:
            units += quantity
    return units
