"""What a rulebook is made of: parameters with dated, cited values, and the answers drawn from them.

Law is data. A rate, a deadline, a cap or a list of permitted accounts is a value that says from
when it applies, when it was enacted, which article says so and how sure we are. These models refuse
a value that lacks any of it. They are frozen: a rulebook is read once and never changes, and its
digest, which both books adopt and every batch names, stands for all of its legal content.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from openets.kernel.clock import SystemClock
from openets.kernel.money import Decimal
from openets.rulebook.ask import choose, first_day, near, why_nothing
from openets.rulebook.tables import ITEMS, Tables, compile_tables

Status = Literal["official", "derived", "secondary", "unconfirmed"]
Text = Annotated[str, Field(min_length=1, strict=True, pattern=r"\S")]
EARLIEST, LATEST = 1990, 2999
Said = TypeVar("Said")


class NoLaw(LookupError):
    """The rulebook has no answer; the message is a sentence for a person."""


class UnknownPath(NoLaw):
    """The rulebook has no such parameter; `near` are paths that may have been meant.

    They are looked for when somebody reads them: most who ask only want to know whether there is
    such a law, and ask for every transaction.
    """

    def __init__(self, path: str, paths: Sequence[str]) -> None:
        self.path = path
        self._paths = paths
        super().__init__(path, paths)

    @property
    def near(self) -> list[str]:
        """Paths that may have been meant."""
        return near(self.path, self._paths)

    def __str__(self) -> str:
        found = self.near
        hint = f" Near it: {', '.join(found)}." if found else ""
        return f"The rulebook has no parameter {self.path}.{hint}"


def _read_day(value: object) -> object:
    """A year or a day as the day it begins; whatever else it is, the field refuses."""
    if type(value) is int:
        if not EARLIEST <= value <= LATEST:
            raise ValueError(f"a year lies between {EARLIEST} and {LATEST}")
        return first_day(value)
    if type(value) is date:
        return value
    raise ValueError("write a year (2013) or a day (2013-01-01)")


def _read_date(value: object) -> object:
    if type(value) is date:
        return value
    raise ValueError("write a day (2013-01-01)")


def freeze(value: Any) -> Any:
    """Lists as tuples and mappings as read-only mappings, all the way down."""
    if isinstance(value, dict):
        return MappingProxyType({key: freeze(item) for key, item in value.items()})
    return tuple(freeze(item) for item in value) if isinstance(value, list) else value


def _read_value(value: Any) -> Any:
    if value is None:
        raise ValueError("a value is missing; a parameter that ends has `until`")
    return freeze(value)


YearOrDay = Annotated[date, BeforeValidator(_read_day, json_schema_input_type=int | date)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Source(_Frozen):
    """Where a value stands: the act and the place in it."""

    act: Text
    article: Text

    def __str__(self) -> str:
        return f"{self.act}, {self.article}"


class Value(_Frozen):
    """One dated value. `until` is exclusive; `enacted` is the day the act was adopted."""

    from_: Annotated[YearOrDay, Field(alias="from")]
    until: YearOrDay | None = None
    enacted: Annotated[date, BeforeValidator(_read_date)]
    value: Annotated[Any, BeforeValidator(_read_value), WithJsonSchema({"not": {"type": "null"}})]
    source: Source
    status: Status
    note: Text | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> Value:
        if self.until is not None and self.until <= self.from_:
            raise ValueError(f"until {self.until} is not after from {self.from_}")
        return self


class Parameter(_Frozen):
    """A number, date, list or permission of the law, with all values it has or had."""

    path: Text
    title: Text
    unit: Text | None = None
    values: tuple[Value, ...]


class Answer(NamedTuple):
    """The value that applies, and why: everything a page, a refusal or a lawyer has to show."""

    path: str
    value: Any
    from_: date
    until: date | None
    enacted: date
    source: Source
    status: Status
    note: str | None
    unit: str | None


class Rulebook:
    """The law of one jurisdiction. Made by `openets.rulebook.load`, which also checks it."""

    def __init__(self, jurisdiction: str, parameters: Iterable[Parameter]) -> None:
        self.jurisdiction = jurisdiction
        self._parameters = {one.path: one for one in sorted(parameters, key=lambda one: one.path)}
        self.digest: bytes = sha256(self.canonical()).digest()
        items = [one for path, one in self._parameters.items() if path.startswith(ITEMS)]
        days = {day for one in items for value in one.values for day in (value.from_, value.until)}
        self._changes = sorted(day for day in days if day is not None)
        self._items = items
        self._tables: list[Tables | None] = [None] * (len(self._changes) + 1)
        self._once: dict[Hashable, Any] = {}

    def canonical(self) -> bytes:
        """The bytes the digest is taken of: everything that has legal effect."""
        return canonical(self._parameters.values())

    def paths(self) -> list[str]:
        """Every parameter, in alphabetical order."""
        return list(self._parameters)

    def __contains__(self, path: str) -> bool:
        """True if the rulebook has the parameter, whether or not anything applies now."""
        return path in self._parameters

    def parameter(self, path: str) -> Parameter:
        """A parameter with its whole history; raises `UnknownPath`."""
        found = self._parameters.get(path)
        if found is None:
            raise UnknownPath(path, self.paths())
        return found

    def ask(
        self, path: str, *, for_: int | date | None = None, known_on: date | None = None
    ) -> Answer:
        """What applies to a year or day, by the law as it stood on `known_on`.

        A year stands for its first of January, no `for_` for today, and no `known_on` for all law
        in the rulebook. Raises `NoLaw` with the reason if nothing applies.
        """
        parameter = self.parameter(path)
        day = SystemClock().now().date() if for_ is None else first_day(for_)
        found = choose(parameter.values, day, known_on)
        if found is None:
            raise NoLaw(why_nothing(path, parameter.values, day, known_on))
        return Answer(
            path=path,
            value=found.value,
            from_=found.from_,
            until=found.until,
            enacted=found.enacted,
            source=found.source,
            status=found.status,
            note=found.note,
            unit=parameter.unit,
        )

    def once(self, question: Hashable, ask: Callable[[], Said]) -> Said:
        """What this law says to a question that takes several steps, worked out only once.

        It is kept with the law it was read from, so that another law is asked anew. Questions are
        to be few: of years, not of everything that may be typed.
        """
        if question not in self._once:
            self._once[question] = ask()
        said: Said = self._once[question]
        return said

    def values_on(self, day: date, known_on: date | None = None) -> dict[str, Any]:
        """Every value in force on a day, by path: a plain dict to be made before a hot loop.

        Values that have not begun or have ended are not in it.
        """
        chosen = {path: choose(one.values, day, known_on) for path, one in self._parameters.items()}
        return {path: value.value for path, value in chosen.items() if value is not None}

    def tables_on(self, day: date) -> Tables:
        """The plain tables of the day, made once for each stretch in which nothing changes."""
        index = bisect_right(self._changes, day)
        found = self._tables[index]
        if found is None:
            chosen = {one.path: choose(one.values, day) for one in self._items}
            in_force = {path: value.value for path, value in chosen.items() if value is not None}
            found = self._tables[index] = compile_tables(in_force)
        return found


def plain(value: Any) -> Any:
    """A value as JSON writes it. Days are text; a decimal is marked, so that it is not a text."""
    if value is None or isinstance(value, (str, int)):
        return value  # most of them, before what takes longer to tell
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return value.isoformat() if isinstance(value, date) else value


def canonical(parameters: Iterable[Parameter]) -> bytes:
    """Everything that has legal effect, as bytes that do not depend on files, order or comments.

    Titles, units and notes explain the law to a reader and are left out.
    """
    law = [
        [
            one.path,
            [
                {
                    "from": plain(value.from_),
                    "until": plain(value.until),
                    "enacted": plain(value.enacted),
                    "value": plain(value.value),
                    "source": [value.source.act, value.source.article],
                    "status": value.status,
                }
                for value in sorted(one.values, key=lambda value: (value.from_, value.enacted))
            ],
        ]
        for one in sorted(parameters, key=lambda one: one.path)
    ]
    return json.dumps(law, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
