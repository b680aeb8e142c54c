"""What is asked at the counter and what is answered, as checked JSON.

Every message is one of the classes below; anything else is refused before it is looked at. Nothing
that arrives is ever executed: no pickles cross the socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from openets.desk.proposals import Proposal
from openets.kernel.refusal import Refusal
from openets.people.signing_in import Who

Number = Annotated[int, Field(ge=0, lt=2**63)]  # what a database can hold
Fault = Literal["storage", "log", "writer", "malformed"]


# -- questions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Propose:
    """A person proposes a command; `body` is the JSON of its fields."""

    who: Who
    command: str
    body: str
    ask: Literal["propose"] = "propose"


@dataclass(frozen=True)
class Decide:
    """A person decides on a proposal. Approving needs no reason, everything else does."""

    who: Who
    number: Number
    decision: Literal["approve", "reject", "withdraw", "cancel"]
    reason: str = ""
    ask: Literal["decide"] = "decide"


@dataclass(frozen=True)
class RefuseRequest:
    """A person refuses somebody else's request for an account, on a ground the law has."""

    who: Who
    number: Number
    ground: str
    note: str = ""
    ask: Literal["refuse request"] = "refuse request"


@dataclass(frozen=True)
class Work:
    """Do what is due."""

    ask: Literal["work"] = "work"


@dataclass(frozen=True)
class AccountsOf:
    """The accounts of a holder."""

    holder: Number
    ask: Literal["accounts of"] = "accounts of"


@dataclass(frozen=True)
class PapersFor:
    """The documents asked of a kind of holder for a type of account."""

    kind: str
    type: str
    ask: Literal["papers"] = "papers"


@dataclass(frozen=True)
class ReviewsBy:
    """The reviews due by a day (None: today)."""

    day: date | None = None
    ask: Literal["reviews"] = "reviews"


@dataclass(frozen=True)
class HowAreYou:
    """How far is everything, and what is wrong? Answered at once, whatever is under way."""

    ask: Literal["how"] = "how"


Question = Annotated[
    Propose | Decide | RefuseRequest | Work | AccountsOf | PapersFor | ReviewsBy | HowAreYou,
    Field(discriminator="ask"),
]


# -- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proposed:
    """The proposal as it stands; if a second person must approve it, when it would be done."""

    proposal: Proposal
    execute_at: int | None = None  # microseconds since 1970, if it were approved now
    reason: str = ""
    answer: Literal["proposed"] = "proposed"


@dataclass(frozen=True)
class Stands:
    """The proposal as it stands after the decision."""

    proposal: Proposal
    answer: Literal["stands"] = "stands"


@dataclass(frozen=True)
class Worked:
    """What was due, each as it then stands."""

    proposals: tuple[Proposal, ...]
    answer: Literal["worked"] = "worked"


@dataclass(frozen=True)
class Accounts:
    """Full number, type, operator and status of each account."""

    rows: tuple[tuple[str, str, str, str], ...]
    answer: Literal["accounts"] = "accounts"


@dataclass(frozen=True)
class Papers:
    """Each document, and what asks for it."""

    rows: tuple[tuple[str, str], ...]
    answer: Literal["papers"] = "papers"


@dataclass(frozen=True)
class Reviews:
    """Subject, number (full for accounts), last review and the day it is due, oldest first."""

    rows: tuple[tuple[str, int | str, date | None, date], ...]
    answer: Literal["reviews"] = "reviews"


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


Answer = Annotated[
    Proposed
    | Stands
    | Worked
    | Accounts
    | Papers
    | Reviews
    | Well
    | NotDone
    | NobodyKnown
    | Failed,
    Field(discriminator="answer"),
]

_STRICTLY = ConfigDict(extra="forbid")
questions: TypeAdapter[Question] = TypeAdapter(Question, config=_STRICTLY)
answers: TypeAdapter[Answer] = TypeAdapter(Answer, config=_STRICTLY)
