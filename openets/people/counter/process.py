"""The writer of a store as a process of its own; `openets.schemes.writer` runs it.

It answers at the counter, one question at a time, and between questions does what is due: it takes
over orders that were given to the log, carries out what was approved, and brings the query tables
up to the journal. A log that is away is waited for. A writer that has lost its database server ends
with the exit code 1, to be started again. One that may not go on (another has taken over, the books
differ) ends with the exit code `MAY_NOT_GO_ON`. Either says why on standard error.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from openets.channel.line import Listening
from openets.channel.process import patiently, until_told
from openets.kernel.clock import Clock, SystemClock, instant
from openets.kernel.records import Malformed
from openets.kernel.refusal import Refused
from openets.ledger.post import WriterStopped
from openets.ledger.projection import Projection
from openets.ledger.store import Store, hold_journal, open_store, open_writer, start_book
from openets.people.counter import answering
from openets.people.counter.client import MAX_MESSAGE_BYTES, writer_address, writer_secret
from openets.people.counter.messages import (
    Answer,
    Call,
    Failed,
    HowAreYou,
    Well,
    answers,
    questions,
)
from openets.people.extension import Extension
from openets.people.lookout import Lookout
from openets.people.opening import Opened, desk_database, open_desk, send_notices
from openets.rulebook.model import NoLaw
from openets.storage.checkpoint import BETWEEN_KEEPINGS_SECONDS
from openets.storage.collector import leave_books_alone
from openets.storage.database import HeldElsewhere, ServerAway, StorageError
from openets.translog.client import LogAway, connect_log

MAY_NOT_GO_ON = 3
BETWEEN_PASSES_SECONDS = 1


class Writing:
    """An open office that answers questions in turn and works between them.

    `told` is set when it is to stop; where that is the writer's own end `may_not_go_on` or `lost`
    then says why.
    """

    def __init__(self, store: Store, office: Opened, projection: Projection, clock: Clock) -> None:
        self._store = store
        self._office = office
        self._lookout = Lookout(office)
        self._projection = projection
        self._clock = clock
        self._turn = threading.Lock()
        self._tables = projection.mark()[0]
        self._caught_up = self._worked = 0
        self._problems: dict[str, str] = {}
        self.told = threading.Event()
        self.may_not_go_on = self.lost = ""

    # -- answering ------------------------------------------------------------------------------

    def answer(self, question: bytes) -> bytes:
        """The answer to a question as it came over the line."""
        try:
            asked = questions.validate_json(question)
        except ValidationError as error:
            return self.refuse(f"The question is not one there is: {error.errors()[0]['msg']}.")
        if isinstance(asked, HowAreYou):
            return answers.dump_json(self.how_is_it())
        with self._turn:
            if self.told.is_set():
                return self.refuse("The writer is stopping; nothing was done. Ask again.")
            found = self._answer(asked)
            self._attempt("tables", self._catch_up_tables)
        return answers.dump_json(found)

    def refuse(self, sentence: str) -> bytes:
        """The answer to what is no question at all."""
        return answers.dump_json(Failed("storage", sentence))

    def _answer(self, asked: Call) -> Answer:
        try:
            found = answering.answer(self._store, self._office, asked)
        except Exception as error:  # a fault of ours: the asker is told, the others are served
            traceback.print_exc()
            return Failed("storage", f"The writer met a fault of its own: {error!r}.")
        if isinstance(found, Failed) and found.fault == "writer":
            self._end(found.sentence)
        return found

    def how_is_it(self) -> Well:
        """How far everything is; waits for nobody."""
        record = self._office.office.writer.book.sequence
        problems = dict(self._problems)
        return Well(record, self._tables, self._caught_up, self._worked, problems)

    # -- working --------------------------------------------------------------------------------

    def work(self) -> None:
        """Does what is due, pass after pass, until told to stop."""
        while not self.told.wait(BETWEEN_PASSES_SECONDS):
            self.do_what_is_due()

    def keep(self) -> None:
        """Keeps the book for the next start, hour after hour, until told to stop."""
        while not self.told.wait(BETWEEN_KEEPINGS_SECONDS):
            with self._turn:
                self._attempt("keeping", self._office.office.writer.keep)

    def post(self) -> None:
        """Sends notices, pass after pass; beside the turns, since a mail server takes its time."""
        while not self.told.wait(BETWEEN_PASSES_SECONDS):
            self._attempt("notices", lambda: deque(send_notices(self._store, self._clock), 0))

    def do_what_is_due(self) -> None:
        """One pass: orders of the log, what is approved and due, the query tables."""
        with self._turn:
            self._attempt("log", self._office.office.writer.catch_up)
            if "log" not in self._problems and not self.told.is_set():
                self._attempt("work", self._carry_out)
            self._attempt("tables", self._catch_up_tables)

    def _carry_out(self) -> None:
        for proposal in self._lookout.work():
            number, command = proposal.number, proposal.command
            print(f"work: proposal {number} ({command}) is {proposal.state}", file=sys.stderr)
        self._worked = instant(self._clock.now())

    def _catch_up_tables(self) -> None:
        self._projection.catch_up(self._office.office.writer.journal)
        self._tables = self._projection.mark()[0]
        self._caught_up = instant(self._clock.now())

    def _attempt(self, part: str, step: Callable[[], object]) -> None:
        """Takes a step; what is wrong with it stands in `how_is_it` until it succeeds."""
        try:
            step()
        except WriterStopped as stopped:
            self._end(str(stopped))
        except LogAway as away:
            self._problems["log"] = str(away)
        except ServerAway as away:
            self.lost = self._problems[part] = str(away)
            self.told.set()
        except (StorageError, Refused, NoLaw, Malformed, OSError) as error:
            self._problems[part] = str(error)
        except Exception as error:  # a fault of ours in one part must not end the others
            traceback.print_exc()
            self._problems[part] = repr(error)
        else:
            self._problems.pop(part, None)

    def _end(self, why: str) -> None:
        self.may_not_go_on = why
        self.told.set()

    def stop(self) -> None:
        """Waits for what is under way; nothing is begun any more."""
        self.told.set()
        with self._turn:
            pass


def main(arguments: list[str], extensions: tuple[Extension, ...] = ()) -> int:
    """Runs the writer of a store until SIGTERM, SIGINT, or the parent's end.

    `extensions` are what the schemes bring to its desk.
    """
    leave_books_alone()
    try:
        store = open_store(Path(arguments[0]))
        # A command may be writing just now, the log starting, a database server coming up.
        journal = patiently(lambda: hold_journal(store), HeldElsewhere, ServerAway)
        # From here on whoever asks waits for the books to be read, instead of reading them too.
        address, secret = writer_address(store), writer_secret(store)
        listening = Listening(address, secret, MAX_MESSAGE_BYTES)
        book = start_book(store, journal)  # while the log reads its own rows, if it starts just now
        log = patiently(lambda: connect_log(store.log_directory), LogAway)
        writer = open_writer(store, log, journal=journal, book=book)
        database, projection = desk_database(store), store.projection()
        clock = SystemClock()
        office = open_desk(store, database, writer, clock, extensions)
    except WriterStopped as stopped:
        print(stopped, file=sys.stderr)
        return MAY_NOT_GO_ON
    except (StorageError, LogAway, Malformed, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    leave_books_alone()
    with closing(projection.database), closing(database), closing(writer):
        writing = Writing(store, office, projection, clock)
        writing.do_what_is_due()
        for run in (writing.work, writing.post, writing.keep, partial(listening.run, writing)):
            threading.Thread(target=run, daemon=True).start()
        until_told(arguments, writing.told)
        writing.stop()
        listening.stop()
    log.stop()
    if writing.may_not_go_on:
        print(writing.may_not_go_on, file=sys.stderr)
        return MAY_NOT_GO_ON
    if writing.lost:
        print(writing.lost, file=sys.stderr)
        return 1
    return 0
