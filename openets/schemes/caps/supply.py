"""The identity of supply: a year's quantity is the sum of its parts, to the unit.

What is allocated free, auctioned, put into reserves and funds, and left unallocated adds up to the
quantity; a part may itself be divided. `close` takes parts from anywhere and says what is left at
each level, and which parts would have to fill it. Which parts a year has is law too: `supply_of`
lays out those of `supply.parts.<system>`, each sized by the parameter it names. A part whose size
follows from no rule, only from decisions and operators, is named without a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from openets.kernel.money import cut_off
from openets.rulebook.model import Answer, NoLaw, Rulebook
from openets.schemes.caps import rules
from openets.schemes.caps.quantities import cap_of

WHOLE = ""  # the level of the quantity itself
GIVEN = "given"
ONLY_IF_ANY = ("taken", "beyond")  # parts that are not there if nothing is in them
SYSTEMS = ("stationary", "aviation", "regulated-entities")  # ships have no quantity of their own


class Part(NamedTuple):
    """A part of a year's quantity in allowances; `within` is the key of the part it belongs to.

    Without a quantity the part is not known. `article` and `status` are those of the law that
    makes it; a figure a person gave has the status `given`.
    """

    key: str
    label: str
    quantity: int | None
    within: str
    article: str
    status: str


class Level(NamedTuple):
    """One sum: a whole, what its known parts come to, and what is left for those not known."""

    key: str
    whole: int
    known: int
    unknown: tuple[str, ...]

    @property
    def residual(self) -> int:
        """Whole less known parts; below nothing, the parts are more than the whole."""
        return self.whole - self.known

    @property
    def closes(self) -> bool:
        """Whether every part is known and together they are the whole, to the unit."""
        return not self.unknown and self.residual == 0

    @property
    def contradicts(self) -> bool:
        """Whether no figures for the unknown parts could make it close."""
        return self.residual < 0 or (not self.unknown and self.residual != 0)


class Identity(NamedTuple):
    """A system's quantity for a year in its parts, and the sum at every level."""

    system: str
    year: int
    quantity: int
    article: str
    parts: tuple[Part, ...]
    levels: tuple[Level, ...]

    @property
    def closes(self) -> bool:
        return all(level.closes for level in self.levels)

    @property
    def contradicts(self) -> bool:
        return any(level.contradicts for level in self.levels)


def close(quantity: int, parts: Iterable[Part]) -> tuple[Level, ...]:
    """The sums of a quantity in its parts: the whole first, then each known part that is divided.

    Raises `ValueError` for a part that stands twice, belongs to none that is there, or is negative.
    """
    found = tuple(parts)
    by_key = {part.key: part for part in found}
    if len(by_key) != len(found):
        raise ValueError("A part stands twice in the identity of supply.")
    for part in found:
        if part.within not in by_key and part.within != WHOLE:
            raise ValueError(f"{part.key} belongs to {part.within}, which is no part.")
        if part.quantity is not None and part.quantity < 0:
            raise ValueError(f"{part.key} is negative; a part of a quantity is not.")
    wholes = {WHOLE: quantity} | {
        part.key: part.quantity for part in found if part.quantity is not None
    }
    levels = []
    for key, whole in wholes.items():
        inside = [part for part in found if part.within == key]
        if inside:
            known = sum(part.quantity for part in inside if part.quantity is not None)
            unknown = tuple(part.key for part in inside if part.quantity is None)
            levels.append(Level(key, whole, known, unknown))
    return tuple(levels)


def supply_of(
    rulebook: Rulebook,
    system: str,
    year: int,
    known_on: date | None = None,
    given: Mapping[str, int] | None = None,
) -> Identity:
    """The identity of a year by the law as it stood on a day.

    `given` are figures of parts from elsewhere (published tables, a registry), by key. Raises
    `NoLaw` without a quantity, and `ValueError` for a given part the year does not have.
    """
    cap = cap_of(rulebook, system, year, known_on)
    quantity = cap.decided
    if quantity is None:
        raise NoLaw(f"The quantity of {system} for {year} is not known: {cap.steps[-1].label}.")
    parts = _Division(rulebook, system, year, known_on, quantity).parts(given or {})
    strangers = sorted((given or {}).keys() - {part.key for part in parts})
    if strangers:
        keys = ", ".join(part.key for part in parts)
        raise ValueError(f"{year} has no part {', '.join(strangers)}; it has {keys}.")
    as_stated = cap.stated is not None and cap.stated.value == quantity
    article = str(cap.stated.source) if cap.stated and as_stated else cap.article
    return Identity(system, year, quantity, article, tuple(parts), close(quantity, parts))


class _Division:
    """The parts of one quantity, each sized by the parameter its row names."""

    def __init__(
        self, rulebook: Rulebook, system: str, year: int, known_on: date | None, quantity: int
    ) -> None:
        self.rulebook, self.year, self.known_on = rulebook, year, known_on
        self.quantity = quantity
        self.issued = quantity
        self.rows: tuple[Mapping[str, Any], ...] = self.ask(f"supply.parts.{system}").value
        self.found: dict[str, Part] = {}

    def ask(self, path: str) -> Answer:
        return self.rulebook.ask(path, for_=self.year, known_on=self.known_on)

    def parts(self, given: Mapping[str, int]) -> list[Part]:
        """Every part that has law in the year; a given figure takes the place of any other."""
        for row in self.rows:
            (size,) = row.keys() & SIZES.keys()
            try:
                answer = self.ask(row[size])
            except NoLaw:
                continue
            within = row.get("within", WHOLE)
            if within not in self.found and within != WHOLE:
                continue
            whole = self.found[within].quantity if within else self.quantity
            amount = SIZES[size](self, row, answer, whole)
            if size in ONLY_IF_ANY and not amount:
                continue
            status = str(answer.status)
            if row["part"] in given:
                amount, status = given[row["part"]], GIVEN
            label, source = row["label"], str(answer.source)
            self.found[row["part"]] = Part(row["part"], label, amount, within, source, status)
        return list(self.found.values())

    def unknown(self, row: Mapping[str, Any], answer: Answer, whole: int | None) -> None:
        """Sized by decisions and operators."""

    def percent(self, row: Mapping[str, Any], answer: Answer, whole: int | None) -> int:
        """So many percent of the year's quantity, cut off."""
        return cut_off(rules.part(answer.value, self.quantity))

    def percent_within(
        self, row: Mapping[str, Any], answer: Answer, whole: int | None
    ) -> int | None:
        """So many percent of the part it belongs to, cut off."""
        return None if whole is None else cut_off(rules.part(answer.value, whole))

    def percent_left(self, row: Mapping[str, Any], answer: Answer, whole: int | None) -> int:
        """What another share leaves, cut off as a ceiling is."""
        return self.quantity - rules.divide(self.quantity, answer.value, 0).auctioned

    def figure(self, row: Mapping[str, Any], answer: Answer, whole: int | None) -> int:
        """The figure of the law itself."""
        return int(answer.value[row["key"]] if "key" in row else answer.value)

    def taken(self, row: Mapping[str, Any], answer: Answer, whole: int | None) -> int:
        """What a change of volume takes away; nothing if it adds."""
        return max(-int(answer.value), 0)

    def beyond(self, row: Mapping[str, Any], answer: Answer, whole: int | None) -> int:
        """What the law allows and is not issued; shares are then shares of what is issued."""
        self.issued = min(int(answer.value), self.quantity)
        return self.quantity - self.issued

    def share(self, row: Mapping[str, Any], answer: Answer, whole: int | None) -> int:
        """One of several shares that add up to what is issued without remainder."""
        amounts = rules.split(self.issued, list(answer.value.values()))
        return amounts[list(answer.value).index(row["key"])]

    def rest(self, row: Mapping[str, Any], answer: Answer, whole: int | None) -> int | None:
        """What the parts before it leave of the whole; not known while one of them is not."""
        within = row.get("within", WHOLE)
        others = [part.quantity for part in self.found.values() if part.within == within]
        if whole is None or None in others:
            return None
        return whole - sum(amount for amount in others if amount is not None)


Size = Callable[[_Division, Mapping[str, Any], Answer, int | None], int | None]
SIZES: Mapping[str, Size] = {
    "law": _Division.unknown,
    "percent": _Division.percent,
    "percent_within": _Division.percent_within,
    "percent_left": _Division.percent_left,
    "figure": _Division.figure,
    "taken": _Division.taken,
    "beyond": _Division.beyond,
    "share": _Division.share,
    "rest": _Division.rest,
}


def frontloaded(
    rulebook: Rulebook, year: int, volume: int, known_on: date | None = None
) -> rules.Frontloading:
    """What the second system auctions of a volume in its first year, and gives back in later ones.

    Article 30d(2) of Directive 2003/87/EC, by the law for the year. Raises `NoLaw`.
    """
    law = rulebook.ask(
        "supply.regulated-entities.first-year-percent", for_=year, known_on=known_on
    ).value
    return rules.frontload(volume, law["auctioned_percent"])


def division_of(
    rulebook: Rulebook, year: int, quantity: int, known_on: date | None = None
) -> rules.Division:
    """The auction share of a quantity, its buffer and what can be free at most, by law of a year.

    Raises `NoLaw` for a year whose law knows no auction share.
    """
    share, buffer = (
        rulebook.ask(f"supply.{name}", for_=year, known_on=known_on).value
        for name in ("auction-share", "auction-share-buffer")
    )
    return rules.divide(quantity, share, buffer)
