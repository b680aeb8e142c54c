"""What registry and log say to each other, as checked JSON with bytes in base64.

Every message is one of the classes below; anything else is refused before it is looked at. Nothing
that arrives is ever executed: no pickles cross the socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from openets.kernel.batch import Receipt
from openets.kernel.refusal import Refusal

_STRICTLY = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", extra="forbid")

Number = Annotated[int, Field(ge=0, lt=2**63)]  # what a database and eight bytes can hold


# -- questions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Append:
    """Take this signed batch."""

    batch: bytes
    ask: Literal["append"] = "append"


@dataclass(frozen=True)
class NewEpoch:
    """From here on only the writer of this epoch may append; signed by the registry's key."""

    epoch: Number
    signature: bytes
    ask: Literal["epoch"] = "epoch"


@dataclass(frozen=True)
class Where:
    """How far is the log?"""

    ask: Literal["where"] = "where"


@dataclass(frozen=True)
class BatchesAfter:
    """The accepted batches after a record, at most so many."""

    sequence: Number
    limit: Annotated[int, Field(gt=0, lt=2**63)]
    ask: Literal["batches"] = "batches"


Question = Annotated[Append | NewEpoch | Where | BatchesAfter, Field(discriminator="ask")]


# -- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Accepted:
    """The batch stands in the log; the receipt is the log's promise."""

    receipt: Receipt
    answer: Literal["accepted"] = "accepted"


@dataclass(frozen=True)
class RecordRefused:
    """Nothing of the batch was taken; this record (counted from 0) is the first bad one."""

    index: int
    refusal: Refusal
    answer: Literal["record refused"] = "record refused"


@dataclass(frozen=True)
class WrongHead:
    """The batch does not build on the log's head, which is this."""

    sequence: int
    head: bytes
    answer: Literal["wrong head"] = "wrong head"


@dataclass(frozen=True)
class Fenced:
    """Another writer has begun a later epoch."""

    epoch: int
    answer: Literal["fenced"] = "fenced"


@dataclass(frozen=True)
class WrongRulebook:
    """The log works under the rulebook with this digest."""

    digest: bytes
    answer: Literal["wrong rulebook"] = "wrong rulebook"


@dataclass(frozen=True)
class BatchRefused:
    """The batch as such is not acceptable: unsigned, unreadable, of another store."""

    refusal: Refusal
    answer: Literal["batch refused"] = "batch refused"


@dataclass(frozen=True)
class Here:
    """The log's last record, the chain's head there, its epoch and its rulebook."""

    sequence: int
    head: bytes
    epoch: int
    rulebook: bytes
    answer: Literal["here"] = "here"


@dataclass(frozen=True)
class Batches:
    """Stored batches with their receipts, in order."""

    batches: tuple[tuple[bytes, Receipt], ...]
    answer: Literal["batches"] = "batches"


@dataclass(frozen=True)
class Broken:
    """The log could not answer; says why. What was asked may or may not have been done."""

    sentence: str
    answer: Literal["broken"] = "broken"


AppendAnswer = Accepted | RecordRefused | WrongHead | Fenced | WrongRulebook | BatchRefused
Answer = Annotated[
    AppendAnswer | Here | Batches | Broken,
    Field(discriminator="answer"),
]

questions: TypeAdapter[Question] = TypeAdapter(Question, config=_STRICTLY)
answers: TypeAdapter[Answer] = TypeAdapter(Answer, config=_STRICTLY)
