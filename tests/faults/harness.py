"""The fault harness: one fault, at one boundary of one run; then recovery; then the invariants.

Each run is a forked process that plays a script into a store and is stopped or hindered at the n-th
I/O boundary it reaches. Over a pipe it tells what was acknowledged and where it has been. The
parent then does what an operator does after a crash: it opens the store, posts the whole script
again, and checks that nothing acknowledged was lost, nothing happened twice, what was refused stays
refused, both books are proved, and the records are those of a run without any fault.

The dying is real: the process sends itself SIGKILL, and the databases see what they would see.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, zip_longest
from random import Random
from typing import NamedTuple

from openets.kernel.records import ActRecord, Record
from openets.ledger import post
from openets.ledger.journal import stored_records
from openets.ledger.post import Writer
from openets.ledger.projection import Projection
from openets.ledger.requests import Outcome, Request
from openets.ledger.store import Store, open_writer
from openets.ledger.verify import verify
from openets.storage import boundary
from openets.storage.database import StorageError
from openets.translog import store as log_store
from openets.translog.client import LocalLog, LogAway
from openets.translog.messages import Answer, Question
from tests.faults.scripts import Calls

KILLED, LOG_KILLED, FULL = "killed", "log killed", "disk full"
LOST, TWICE, CLOCK = "answer lost", "sent twice", "clock back"
FAULTS = (KILLED, LOG_KILLED, FULL, LOST, TWICE, CLOCK)
WRITTEN = ("log.epoch", "log.commit", "journal.commit", "projection.commit")
BOUNDARIES = {
    *(f"{step}.{when}" for step in WRITTEN for when in ("before", "during", "after")),
    *(
        f"ask.{what}.{when}"
        for what in ("append", "epoch", "where")
        for when in ("before", "after")
    ),
    "ask.batches.before",
    "ask.batches.after",
    "writer.offer.before",
    "writer.offer.after",
}
TRIES = 8  # how often the hindered process asks again before it gives up
FOUNDING = 2  # records with the time of the founding in them
DAY = 86_400_000_000
CHILD_SECONDS = 120  # a process that hangs is itself a finding


class Plan(NamedTuple):
    """What is posted, and in batches of how many records."""

    calls: Calls
    batch_records: int = post.BATCH_RECORDS


class Fault(NamedTuple):
    """What goes wrong, at which boundary of the run (counted from 1), and for how many.

    `again` is the boundary at which the process that takes over is killed as well, 0 for none.
    `stay` is whether a hindered writer asks again itself, or is opened anew.
    """

    kind: str
    point: int
    length: int = 1
    again: int = 0
    stay: bool = True


class Told(NamedTuple):
    """What a run told before it ended: answers, boundaries reached, and the signal it died of."""

    outcomes: list[Outcome]
    reached: list[str]
    died_of: int


class LogDied(BaseException):
    """The log's process is gone; the writer's lives on."""


class Injector:
    """Counts boundaries and lets the fault happen at its point."""

    def __init__(self, fault: Fault | None) -> None:
        self.reached: list[str] = []
        self.clock_step = 0
        self._fault = fault
        self._turn = threading.Lock()  # with small batches a second thread asks the log

    def __call__(self, name: str) -> bool:
        """Announces a boundary; True where a question is to be asked twice."""
        with self._turn:
            self.reached.append(name)
            here = len(self.reached)
        fault = self._fault
        if fault is None or not fault.point <= here < fault.point + fault.length:
            return False
        if fault.kind == KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        elif fault.kind == LOG_KILLED and name.startswith("log."):
            raise LogDied
        elif fault.kind == FULL and name.startswith(WRITTEN):
            raise StorageError("The disk is full (injected).")
        elif fault.kind == LOST and name.startswith("ask."):
            raise LogAway("The message was lost (injected).")
        elif fault.kind == CLOCK:
            self.clock_step = -DAY
        return fault.kind == TWICE

    def hook(self, name: str) -> None:
        """The same for `boundary`, which wants no answer."""
        self(name)


class FaultyLog(LocalLog):
    """The log, whose questions and answers pass boundaries too, and which may die by itself."""

    def __init__(self, store: Store, injector: Injector) -> None:
        self._configuration = log_store.load(store.log_directory)
        self._injector = injector
        super().__init__(self._configuration)

    def _now(self) -> int:
        return super()._now() + self._injector.clock_step

    def _ask(self, question: Question) -> Answer:
        try:
            if self._injector(f"ask.{question.ask}.before"):
                super()._ask(question)
            found = super()._ask(question)
        except LogDied:
            self.stop()
            super().__init__(self._configuration)  # whoever watches over the log starts it again
            raise LogAway("The log died (injected).") from None
        self._injector(f"ask.{question.ask}.after")
        return found


# -- the run, in a process of its own --------------------------------------------------------------


def run(store: Store, plan: Plan, fault: Fault | None) -> Told:
    """Plays a plan in a child process and returns what it told; raises if it broke down."""
    reader, writer = os.pipe()
    child = _fork()
    if child == 0:
        os.close(reader)
        _play_and_exit(store, plan, fault, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        lines = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    died_of = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if died_of not in (0, signal.SIGKILL) or any(line.startswith("failed") for line in lines):
        raise AssertionError("\n".join([f"{fault} ended in signal {died_of}", *lines]))
    words = [line.split() for line in lines]
    outcomes = [Outcome(bytes.fromhex(key), int(n)) for what, key, n in words if what == "answer"]
    return Told(outcomes, [name for what, name, _ in words if what == "at"], died_of)


def _fork() -> int:
    with warnings.catch_warnings():
        # Newer Pythons warn of forking beside threads (those of the test runner); the child uses
        # nothing of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _play_and_exit(store: Store, plan: Plan, fault: Fault | None, pipe: int) -> None:
    """The child: never returns. Its end is abrupt whatever happens."""

    def tell(*words: object) -> None:
        os.write(pipe, (" ".join(map(str, words)) + "\n").encode())

    injector = Injector(fault)
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_SECONDS)
        post.BATCH_RECORDS = plan.batch_records
        boundary.install(injector.hook)
        _play(store, plan.calls, injector, fault is None or fault.stay, tell)
        for name in injector.reached:
            tell("at", name, "-")
    except BaseException:
        tell("failed", traceback.format_exc())
    finally:
        os._exit(0)


def _play(
    store: Store, calls: Calls, injector: Injector, stay: bool, tell: Callable[..., None]
) -> None:
    waiting = list(calls)
    for _ in range(TRIES):
        try:
            with _opened(store, FaultyLog(store, injector)) as (writer, projection):
                while waiting:
                    for outcome in _post(writer, waiting[0], stay):
                        tell("answer", outcome.key.hex(), outcome.sequence)
                    projection.catch_up(writer.journal)
                    waiting.pop(0)
                return
        except (StorageError, LogAway):
            continue  # the process lives on, opens anew and asks again
    raise AssertionError("The fault did not pass.")


def _post(writer: Writer, requests: Sequence[Request], stay: bool) -> list[Outcome]:
    for _ in range(TRIES if stay else 0):
        try:
            return writer.post(requests)
        except (StorageError, LogAway):
            continue
    return writer.post(requests)


@contextmanager
def _opened(store: Store, log: LocalLog) -> Iterator[tuple[Writer, Projection]]:
    """A writer and the query tables, closed again whatever happens."""
    with ExitStack() as stack:
        stack.callback(log.stop)
        writer = stack.enter_context(closing(open_writer(store, log, exclusive=False)))
        projection = store.projection()
        stack.enter_context(closing(projection.database))
        yield writer, projection


# -- recovery, and what must hold after it ---------------------------------------------------------


def recover(store: Store, calls: Calls, fault: Fault | None = None) -> list[Outcome]:
    """What an operator does after a crash: open the store and ask everything again."""
    injector = Injector(None)
    if fault is not None and fault.kind == CLOCK:
        injector.clock_step = -DAY  # nobody has set it right yet
    with _opened(store, FaultyLog(store, injector)) as (writer, projection):
        outcomes = [outcome for requests in calls for outcome in writer.post(requests)]
        projection.catch_up(writer.journal)
    return outcomes


class Faultless(NamedTuple):
    """How a plan comes out when nothing goes wrong."""

    outcomes: list[Outcome]
    records: list[Record]
    reached: list[str]


def play_faultless(store: Store, plan: Plan) -> Faultless:
    """Plays a plan undisturbed, and proves the books it leaves."""
    told = run(store, plan, None)
    records = list(records_of(store))
    faultless = Faultless(told.outcomes, records, told.reached)
    assert_sound(store, told.outcomes, faultless)
    return faultless


def try_fault(store: Store, plan: Plan, fault: Fault, faultless: Faultless) -> None:
    """Injects one fault into one run on a fresh store, recovers, and checks what must hold."""
    told = run(store, plan, fault)
    assert (told.died_of == signal.SIGKILL) == (fault.kind == KILLED), f"{fault} did not happen"
    acknowledged = told.outcomes
    if fault.again:
        acknowledged += run(store, plan, Fault(KILLED, fault.again)).outcomes
    recovered = recover(store, plan.calls, fault)
    assert recovered == [
        outcome._replace(refusals=mine.refusals, repeated=mine.repeated)
        for outcome, mine in zip(faultless.outcomes, recovered, strict=True)
    ], "a request has another outcome than without the fault"
    assert_sound(store, acknowledged, faultless)


def assert_sound(store: Store, acknowledged: Sequence[Outcome], faultless: Faultless) -> None:
    """Nothing acknowledged lost, nothing twice, nothing refused completed; both books proved."""
    records = list(records_of(store))
    keys = [record.key for record in records]
    assert len(keys) == len(set(keys)), "a key stands twice in the journal"
    for outcome in acknowledged:
        if outcome.completed:
            assert keys[outcome.sequence - 1 :][:1] == [outcome.key], (
                "an acknowledged record is gone"
            )
        else:
            assert outcome.key not in keys, "what was refused has been done"
    for found, expected in zip_longest(records, faultless.records):
        assert _timeless(found) == _timeless(expected), "the records are not those without a fault"
    result = verify(store)
    assert result.sound, result.findings[0]


def records_of(store: Store) -> Iterator[Record]:
    """The journal's records, as they are stored."""
    with closing(store.journal(read_only=True).database) as database:
        yield from stored_records(database)


def _timeless(record: Record | None) -> object:
    """A record without the time of the founding, which is the clock's and not the script's."""
    if isinstance(record, ActRecord) and record.sequence <= FOUNDING:
        return record._replace(effective=0)
    return record


# -- the choice of points --------------------------------------------------------------------------


def draw_faults(reached: Sequence[str], random: Random) -> list[Fault]:
    """Every fault that can happen in a run that reaches these boundaries, in a drawn order.

    The first of the list have each kind of fault at each name of boundary once, the next ones
    again, and so on: a part of the list is as varied as it can be.
    """
    places: dict[tuple[str, str], list[Fault]] = defaultdict(list)
    for point, name in enumerate(reached, 1):
        for kind in FAULTS:
            if _can_happen(kind, name):
                length = random.randint(1, 4) if kind in (FULL, LOST) else 1
                again = random.choice((0, 0, random.randint(1, point))) if kind == KILLED else 0
                stay = random.random() < 0.5
                places[kind, name].append(Fault(kind, point, length, again, stay))
    groups = list(places.values())
    for group in groups:
        random.shuffle(group)
    rounds = [[fault for fault in row if fault is not None] for row in zip_longest(*groups)]
    for row in rounds:
        random.shuffle(row)
    return list(chain.from_iterable(rounds))


def _can_happen(kind: str, name: str) -> bool:
    asked = name.startswith("ask.")
    return {
        KILLED: True,
        LOG_KILLED: name.startswith("log."),
        FULL: name.startswith(WRITTEN),
        LOST: asked,
        TWICE: asked and name.endswith("before"),
        CLOCK: name == "ask.append.before",
    }[kind]
