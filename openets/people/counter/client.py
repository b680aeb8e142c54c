"""The counter as whoever asks sees it: the running writer, or the office opened for the moment.

`at_counter` finds out which. A writer that runs listens on a socket in the registry's folder, and
only who can read the registry's key may speak to it: whoever could be the writer may ask it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from openets.channel.line import Line, NoAnswer, address_of
from openets.kernel.records import Malformed
from openets.kernel.refusal import Refused
from openets.ledger.post import WriterStopped
from openets.ledger.store import Store
from openets.people.counter import answering
from openets.people.counter.action import Action
from openets.people.counter.messages import (
    Answer,
    Call,
    Done,
    Failed,
    HowAreYou,
    NobodyKnown,
    NotDone,
    Question,
    Well,
    answers,
    questions,
)
from openets.people.extension import Extension
from openets.people.opening import Opened, opening
from openets.people.signing_in import NotSignedIn, Who
from openets.storage.database import StorageError
from openets.translog.client import LogAway

MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # the list of a bulk act is the longest there is

P = ParamSpec("P")
T = TypeVar("T")


class WriterSilent(StorageError):
    """The writer that runs did not answer; what was asked may or may not have been done."""


class Counter:
    """Where actions are asked for, over whatever way answers come."""

    def _ask(self, call: Call) -> Answer:
        raise NotImplementedError

    def ask(self, action: Action[P, T], who: Who, *args: P.args, **kwargs: P.kwargs) -> T:
        """What the action answers; raises what it raises."""
        found = self._ask(Call(action.name, who, action.write(*args, **kwargs)))
        if isinstance(found, Done):
            return action.read_answer(found.value)
        raise _raised(found)

    def hang_up(self) -> None:
        """Leaves the counter."""


class OpenedCounter(Counter):
    """The office opened in this process; messages are written and read as on the socket."""

    def __init__(self, store: Store, office: Opened) -> None:
        self._store = store
        self._office = office

    def _ask(self, call: Call) -> Answer:
        asked = questions.validate_json(questions.dump_json(call))
        assert isinstance(asked, Call)
        found = answering.answer(self._store, self._office, asked)
        return answers.validate_json(answers.dump_json(found))


class RunningCounter(Counter):
    """The writer that runs, in its own process. An answer is waited for `seconds` (None: ever)."""

    def __init__(self, store: Store, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._line = Line(writer_address(store), writer_secret(store), MAX_MESSAGE_BYTES)

    def _ask(self, call: Call) -> Answer:
        return self._say(call)

    def _say(self, question: Question) -> Answer:
        said = self._line.ask(questions.dump_json(question), seconds=self._seconds)
        return answers.validate_json(said)

    def how_is_it(self) -> Well:
        """How far everything is; raises `NoAnswer` where no writer runs."""
        found = self._say(HowAreYou())
        if isinstance(found, Well):
            return found
        raise _raised(found)

    def hang_up(self) -> None:
        """Closes the line to the writer."""
        self._line.hang_up()


@contextmanager
def at_counter(store: Store, extensions: tuple[Extension, ...] = ()) -> Iterator[Counter]:
    """The counter of a store: the running writer's, or an office that is open meanwhile.

    `extensions` are what the schemes bring to an office that is opened; a running one has its own.
    """
    running = RunningCounter(store)
    try:
        running.how_is_it()
    except NoAnswer:
        with opening(store, extensions=extensions) as office:
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


def _raised(found: Answer) -> Exception:
    """What the action raised, from the message it became."""
    match found:
        case NotDone(refusals):
            return Refused(refusals)
        case NobodyKnown(named):
            return NotSignedIn(named=named)
        case Failed("malformed", sentence):
            return Malformed(sentence)
        case Failed("log", sentence):
            return LogAway(sentence)
        case Failed("writer", sentence):
            return WriterStopped(sentence)
        case Failed(_, sentence):
            return StorageError(sentence)
    return StorageError(f"The writer answered something else: {found}.")
