"""What crosses the counter, as checked JSON.

A question names an action of `actions.py` and brings its arguments; the action's own signature says
what they must be, and what comes back. Anything else is refused before it is looked at. Nothing
that arrives is ever executed: no pickles cross the socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter

from openets.kernel.refusal import Refusal
from openets.people.signing_in import Who

Fault = Literal["storage", "log", "writer", "malformed"]


# -- questions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A person asks for an action."""

    action: str
    who: Who
    arguments: dict[str, JsonValue]
    ask: Literal["call"] = "call"


@dataclass(frozen=True)
class HowAreYou:
    """How far is everything, and what is wrong? Answered at once, whatever is under way."""

    ask: Literal["how"] = "how"


Question = Annotated[Call | HowAreYou, Field(discriminator="ask")]


# -- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """It was done; `value` is what the action answers."""

    value: JsonValue
    answer: Literal["done"] = "done"


@dataclass(frozen=True)
class Well:
    """How far everything is. Instants are microseconds since 1970, 0 before the first time.

    `record` is the last record of the journal, `tables` that of the query tables, `caught_up` when
    they were last compared, `worked` when what is due was last looked for. `problems` are what is
    wrong now, by the part of the house that is concerned.
    """

    record: int
    tables: int
    caught_up: int
    worked: int
    problems: dict[str, str]
    answer: Literal["well"] = "well"


@dataclass(frozen=True)
class NotDone:
    """Nothing was changed; every reason."""

    refusals: tuple[Refusal, ...]
    answer: Literal["not done"] = "not done"


@dataclass(frozen=True)
class NobodyKnown:
    """Who asked could not be made out (`openets.people.signing_in.NotSignedIn`)."""

    named: bool
    answer: Literal["nobody known"] = "nobody known"


@dataclass(frozen=True)
class Failed:
    """It could not be done, or not be finished; the sentence says why, `fault` of what kind."""

    fault: Fault
    sentence: str
    answer: Literal["failed"] = "failed"


Answer = Annotated[Done | Well | NotDone | NobodyKnown | Failed, Field(discriminator="answer")]

_STRICTLY = ConfigDict(extra="forbid")
questions: TypeAdapter[Question] = TypeAdapter(Question, config=_STRICTLY)
answers: TypeAdapter[Answer] = TypeAdapter(Answer, config=_STRICTLY)
