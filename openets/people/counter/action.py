"""An action at the counter: a function over an open office that may be asked for from elsewhere.

The function's signature is the protocol: its arguments and what it answers are written as JSON and
read again by their annotations, strictly, so a new action is a function and nothing else. Only what
is marked with `@action` can be asked for, by its name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    create_model,
)

from openets.desk.sight import Sight
from openets.kernel.actor import Actor
from openets.ledger.store import Store
from openets.people.asked import malformed
from openets.people.opening import Opened
from openets.people.signing_in import Who, signed_in

P = ParamSpec("P")
T = TypeVar("T")

Number = Annotated[int, Field(ge=0, lt=2**63)]  # what a database can hold


@dataclass(frozen=True)
class Visit:
    """Somebody at the counter of an open office."""

    store: Store
    office: Opened
    who: Who

    @property
    def actor(self) -> Actor:
        """The person who asks; raises `NotSignedIn`."""
        return signed_in(self.store, self.office.register, self.who)

    @property
    def sight(self) -> Sight:
        """What the person who asks may see; raises `NotSignedIn`."""
        return Sight(self.office.directory, self.actor)


class Action(Generic[P, T]):
    """A function that can be asked for by name, and how its arguments and answer are written."""

    def __init__(self, do: Callable[Concatenate[Visit, P], T]) -> None:
        self.do = do
        self.name = do.__name__
        hints = get_type_hints(do, include_extras=True)
        _, *parameters = inspect.signature(do).parameters.values()
        fields: dict[str, Any] = {
            one.name: (hints[one.name], ... if one.default is one.empty else one.default)
            for one in parameters
        }
        self._names = tuple(fields)
        strictly = ConfigDict(extra="forbid")
        self._arguments: type[BaseModel] = create_model(self.name, __config__=strictly, **fields)
        self._answer: TypeAdapter[T] = TypeAdapter(hints["return"])

    def write(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, JsonValue]:
        """The arguments as they are sent; raises `Refused` where they are not what is asked for."""
        given = dict(zip(self._names, args, strict=False)) | kwargs
        return self._read(given).model_dump(mode="json")

    def carry_out(self, visit: Visit, arguments: dict[str, JsonValue]) -> JsonValue:
        """Does it with arguments as they were sent; the answer as it is sent back."""
        read = self._read(arguments)
        do: Callable[..., T] = self.do
        found = do(visit, **{name: getattr(read, name) for name in self._names})
        answer: JsonValue = self._answer.dump_python(found, mode="json")
        return answer

    def read_answer(self, value: JsonValue) -> T:
        """The answer that was sent back."""
        return self._answer.validate_python(value)

    def _read(self, arguments: dict[str, Any]) -> BaseModel:
        try:
            return self._arguments.model_validate(arguments)
        except ValidationError as error:
            raise malformed(error, self._arguments) from None


ACTIONS: dict[str, Action[Any, Any]] = {}


def action(do: Callable[Concatenate[Visit, P], T]) -> Action[P, T]:
    """Lets a function be asked for by its name."""
    made = Action(do)
    if made.name in ACTIONS:
        raise ValueError(f"There are two actions {made.name}.")
    ACTIONS[made.name] = made
    return made
