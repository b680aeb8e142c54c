"""The counter as whoever asks sees it: the running writer, or the office opened for the moment.

`at_counter` finds out which. A writer that runs listens on a socket in the registry's folder, and
only who can read the registry's key may speak to it: whoever could be the writer may ask it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Literal, TypeVar

from openets.channel.line import Line, NoAnswer, address_of
from openets.desk.proposals import Proposal
from openets.kernel.records import Malformed
from openets.kernel.refusal import Refused
from openets.ledger.post import WriterStopped
from openets.ledger.store import Store
from openets.people.counter import answering
from openets.people.counter.messages import (
    Accounts,
    AccountsOf,
    Answer,
    Decide,
    Failed,
    HowAreYou,
    NobodyKnown,
    NotDone,
    Papers,
    PapersFor,
    Propose,
    Proposed,
    Question,
    RefuseRequest,
    Reviews,
    ReviewsBy,
    Stands,
    Well,
    Work,
    Worked,
    answers,
    questions,
)
from openets.people.opening import Opened, opening
from openets.people.signing_in import NotSignedIn, Who
from openets.storage.database import StorageError
from openets.translog.client import LogAway

MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # the list of a bulk act is the longest there is
WRITER_MODULE = "openets.people.counter.process"  # what runs as the writer's process

A = TypeVar("A")


class WriterSilent(StorageError):
    """The writer that runs did not answer; what was asked may or may not have been done."""


class Counter:
    """The questions, over whatever way answers come. Each raises what the action raises."""

    def _ask(self, question: Question) -> Answer:
        raise NotImplementedError

    def propose(self, who: Who, command: str, body: str) -> Proposed:
        """Proposes a command; `body` is the JSON of its fields."""
        return _expect(self._ask(Propose(who, command, body)), Proposed)

    def decide(
        self,
        who: Who,
        number: int,
        decision: Literal["approve", "reject", "withdraw", "cancel"],
        reason: str = "",
    ) -> Proposal:
        """Decides on a proposal; returns it as it then stands."""
        return _expect(self._ask(Decide(who, number, decision, reason)), Stands).proposal

    def refuse_request(self, who: Who, number: int, ground: str, note: str) -> Proposal:
        """Refuses a request for an account on a ground the law has."""
        return _expect(self._ask(RefuseRequest(who, number, ground, note)), Stands).proposal

    def work(self) -> tuple[Proposal, ...]:
        """Does what is due; returns each as it then stands."""
        return _expect(self._ask(Work()), Worked).proposals

    def accounts_of(self, holder: int) -> tuple[tuple[str, str, str, str], ...]:
        """Full number, type, operator and status of each account of a holder."""
        return _expect(self._ask(AccountsOf(holder)), Accounts).rows

    def papers_for(self, kind: str, type: str) -> tuple[tuple[str, str], ...]:
        """Each document asked of a kind of holder for a type of account, and what asks for it."""
        return _expect(self._ask(PapersFor(kind, type)), Papers).rows

    def reviews_by(self, day: date | None) -> tuple[tuple[str, int | str, date | None, date], ...]:
        """Subject, number, last review and day due of what is to be reviewed by a day."""
        return _expect(self._ask(ReviewsBy(day)), Reviews).rows


class OpenedCounter(Counter):
    """The office opened in this process; messages are written and read as on the socket."""

    def __init__(self, store: Store, office: Opened) -> None:
        self._store = store
        self._office = office

    def _ask(self, question: Question) -> Answer:
        asked = questions.validate_json(questions.dump_json(question))
        found = answering.answer(self._store, self._office, asked)
        return answers.validate_json(answers.dump_json(found))


class RunningCounter(Counter):
    """The writer that runs, in its own process. An answer is waited for `seconds` (None: ever)."""

    def __init__(self, store: Store, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._line = Line(writer_address(store), writer_secret(store), MAX_MESSAGE_BYTES)

    def _ask(self, question: Question) -> Answer:
        asked = questions.dump_json(question)
        return answers.validate_json(self._line.ask(asked, seconds=self._seconds))

    def how_is_it(self) -> Well:
        """How far everything is; raises `NoAnswer` where no writer runs."""
        return _expect(self._ask(HowAreYou()), Well)

    def hang_up(self) -> None:
        """Closes the line."""
        self._line.hang_up()


@contextmanager
def at_counter(store: Store) -> Iterator[Counter]:
    """The counter of a store: the running writer's, or an office that is open meanwhile."""
    running = RunningCounter(store)
    try:
        running.how_is_it()
    except NoAnswer:
        with opening(store) as office:
            yield OpenedCounter(store, office)
        return
    try:
        yield running
    except NoAnswer as error:
        raise WriterSilent(
            f"The writer was asked and did not answer ({error}); what was asked may or may not "
            "have been done. Look at `openets desk list --all` before you ask again."
        ) from error
    finally:
        running.hang_up()


def writer_address(store: Store) -> str:
    """The socket of a store's writer."""
    return address_of(store.directory / "registry", "writer")


def writer_secret(store: Store) -> bytes:
    """What whoever asks the writer must know: only the registry's key makes this signature."""
    return store.registry_key().sign(b"openets asks the writer of " + store.store)


def _expect(found: Answer, wanted: type[A]) -> A:
    if isinstance(found, wanted):
        return found
    match found:
        case NotDone(refusals):
            raise Refused(refusals)
        case NobodyKnown(named):
            raise NotSignedIn(named=named)
        case Failed("malformed", sentence):
            raise Malformed(sentence)
        case Failed("log", sentence):
            raise LogAway(sentence)
        case Failed("writer", sentence):
            raise WriterStopped(sentence)
        case Failed(_, sentence):
            raise StorageError(sentence)
    raise StorageError(f"The writer answered something else: {found}.")
