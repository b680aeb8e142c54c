"""The last day of surrender: everybody proposes and approves at once, at one registry.

    python -m benchmarks.deadline [SURRENDERS]

A store on PostgreSQL has an operator's account for each surrender. One process serves it, with four
workers (threads, each with its own connection to the desk's database, before the one writer). Each
surrender is proposed by one person and approved by another through the desk's own actions. Nine
tenths come as fast as the workers take them, the last tenth at a steady pace that does not wait for
answers, as in the last hour. In the middle the process is killed with -9 and started again. In the
end every account must have surrendered once, and both books are proved.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from openets.desk.proposals import AWAITING, COMPLETED, Proposals
from openets.kernel import acts
from openets.kernel.clock import FixedClock, instant
from openets.kernel.records import type_code
from openets.ledger.post import Writer
from openets.ledger.requests import ActRequest, Outcome, Request, TransactionRequest, key_of
from openets.ledger.store import Store, create_store, open_store, open_writer
from openets.ledger.verify import verify
from openets.people.opening import Opened, desk_database, open_desk
from openets.rulebook.load import load_rulebook
from openets.schemes.desk import EXTENSIONS
from openets.storage.database import HeldElsewhere
from openets.translog.client import open_local_log, start_log

SURRENDERS, WORKERS = 20_000, 4
CAP, UNIT, KIND = "caps.union", "allowance", 1
QUANTITY_ACCOUNT, ENDED, FIRST = 1, 2, 3
UNITS, HELD = 1, 2  # surrendered by each account, and held by it
FOUNDED = datetime(2030, 1, 10, 10, tzinfo=UTC)
LAST_DAY = datetime(2031, 4, 30, 9, tzinfo=UTC)
RUSH_PART, RUSH_A_SECOND = 10, 10  # the last tenth, at so many a second
RETRY_SECONDS = 0.05


# -- the store -------------------------------------------------------------------------------------


def prepare(directory: Path, count: int, urls: dict[str, str]) -> Store:
    """A store whose operators each hold two allowances and have two representatives."""
    store = create_store(
        directory,
        jurisdiction="example",
        mode="practice",
        journal_url=urls.get("journal"),
        query_url=urls.get("query"),
        desk_url=urls.get("desk"),
        log_url=urls.get("log"),
    )
    log = open_local_log(store.log_directory)
    try:
        with (
            closing(open_writer(store, log, exclusive=False)) as writer,
            closing(desk_database(store)) as database,
        ):
            for requests in founding(count):
                refused = [one.refusals for one in writer.post(requests) if not one.completed]
                assert not refused, refused[0]
            register = open_desk(store, database, writer, FixedClock(FOUNDED)).register
            people = [register.add_person("representative", "EX")[0].number for _ in range(2)]
            rows = [(FIRST + n, one) for n in range(count) for one in people]
            with database.durable("bench.representatives"):
                database.run_many(
                    "INSERT INTO representative VALUES (?, ?, 'initiate and approve', 'active')",
                    rows,
                )
    finally:
        log.stop()
    return store


def founding(count: int) -> Iterator[list[Request]]:
    """Kind, accounts, units for all: beyond the cap of the example by a named correction."""
    at = instant(FOUNDED)

    def act(one: acts.Act, *words: str | int) -> Request:
        return ActRequest(key_of("bench", one.act, *words), at, one)

    period = load_rulebook("example").tables_on(FOUNDED.date()).unit_types[UNIT].original_period
    yield [
        act(
            acts.KindDefined(
                kind=KIND,
                unit=UNIT,
                registry="EX",
                original_period=period,
                applicable_period=period,
            )
        ),
        act(acts.AccountOpened(number=QUANTITY_ACCOUNT, registry="EX", type="total-quantity"), 1),
        act(acts.AccountOpened(number=ENDED, registry="EX", type="surrender"), 2),
        act(
            acts.CorrectionNamed(
                name="bench",
                year=FOUNDED.year,
                units=(UNIT,),
                registry="EX",
                quantity=HELD * count,
                reason="a measurement",
            )
        ),
    ]
    named = 6  # two records found every store
    yield [move("1-0", 0, QUANTITY_ACCOUNT, HELD * count, named)]
    yield [
        act(
            acts.AccountOpened(
                number=FIRST + n, registry="EX", type="operator-holding", operator=f"EX-{n:06d}"
            ),
            FIRST + n,
        )
        for n in range(count)
    ]
    yield [move("10-36", QUANTITY_ACCOUNT, FIRST + n, HELD) for n in range(count)]


def move(type_: str, sender: int, receiver: int, quantity: int, refers_to: int = 0) -> Request:
    """A transaction of the founding."""
    key = key_of("bench", type_, sender, receiver)
    code, at = type_code(type_), instant(FOUNDED)
    return TransactionRequest(
        key, at, code, sender, receiver, KIND, quantity, FOUNDED.year, refers_to=refers_to
    )


# -- the process that serves -----------------------------------------------------------------------


class OneAtATime:
    """The writer of several workers: they wait for each other where it posts, and only there."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._turn = threading.Lock()

    def post(self, requests: list[Request]) -> list[Outcome]:
        """Posts when it is this worker's turn."""
        with self._turn:
            return self._writer.post(requests)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


class Job(NamedTuple):
    """A surrender to be done from an account; `proposal` is one that waits already, else 0."""

    account: int
    proposal: int
    arrived: float  # seconds, 0 where nobody waited


def serve(directory: Path, rush_a_second: float) -> None:
    """Does what is left of the day; says a line for each action: its name and its seconds."""
    store = open_store(directory)
    log = start_log(store.log_directory)
    try:
        with closing(_patiently(lambda: open_writer(store, log))) as writer:
            shared: Any = OneAtATime(writer)
            with closing(desk_database(store)) as database:
                opened = open_desk(store, database, shared, FixedClock(LAST_DAY), EXTENSIONS)
                for _ in opened.work():
                    pass  # what the process before had begun is finished
                left = _left(writer, opened.desk.proposals)
            _run(store, shared, left, rush_a_second)
    finally:
        log.stop()


def _patiently(ask: Callable[[], Writer]) -> Writer:
    while True:
        try:
            return ask()
        except HeldElsewhere:  # a server notices a moment later that a process is gone
            time.sleep(RETRY_SECONDS)


def _left(writer: Writer, proposals: Proposals) -> list[Job]:
    """The accounts that have not surrendered, with the proposals that wait for approval."""
    done, waiting = set(), {}
    for one in proposals.every():
        account = json.loads(one.body)["transferring"]
        if one.state == COMPLETED:
            done.add(account)
        elif one.state == AWAITING:
            waiting[account] = one.number
    accounts = sorted(number for number in writer.book.accounts if number >= FIRST)
    return [Job(one, waiting.get(one, 0), 0.0) for one in accounts if one not in done]


def _run(store: Store, writer: Any, left: list[Job], rush_a_second: float) -> None:
    jobs: Queue[Job] = Queue()
    rush = [job for job in left if job.account % RUSH_PART == 0]
    for job in left:
        if job.account % RUSH_PART:
            jobs.put(job)
    closed = threading.Event()
    errors: list[BaseException] = []
    workers = [
        threading.Thread(target=_worker, args=(store, writer, jobs, closed, errors))
        for _ in range(WORKERS)
    ]
    for one in workers:
        one.start()
    while jobs.qsize() and not errors:
        time.sleep(RETRY_SECONDS)
    begun = time.perf_counter()
    for place, job in enumerate(rush):
        time.sleep(max(0.0, begun + place / rush_a_second - time.perf_counter()))
        jobs.put(job._replace(arrived=time.perf_counter()))
    closed.set()
    for one in workers:
        one.join()
    if errors:
        raise errors[0]


def _worker(
    store: Store,
    writer: Any,
    jobs: Queue[Job],
    closed: threading.Event,
    errors: list[BaseException],
) -> None:
    try:
        with closing(desk_database(store)) as database:
            opened = open_desk(store, database, writer, FixedClock(LAST_DAY), EXTENSIONS)
            people = [person.actor for person in opened.register.persons()]
            while not errors:
                try:
                    job = jobs.get(timeout=RETRY_SECONDS)
                except Empty:
                    if closed.is_set():
                        return
                    continue
                _surrender(opened, job, people)
    except BaseException as error:
        errors.append(error)


def _surrender(opened: Opened, job: Job, people: list[Any]) -> None:
    """One person proposes, the other approves; each says how long it took."""
    rushed = "rush " if job.arrived else ""
    number = job.proposal
    begun = job.arrived or time.perf_counter()
    if not number:
        fields = {"type": "10-2", "transferring": job.account, "acquiring": ENDED}
        fields |= {"kind": KIND, "quantity": UNITS, "year": FOUNDED.year}
        number = opened.desk.propose(people[0], "transaction", json.dumps(fields)).number
        _say(f"{rushed}propose {time.perf_counter() - begun:.6f}")
        begun = time.perf_counter()
    done = opened.desk.approve(people[1], number)
    assert done.state == COMPLETED, done.why
    _say(f"{rushed}approve {time.perf_counter() - begun:.6f}")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # one call, so that lines of several workers stay whole


# -- the measurement -------------------------------------------------------------------------------


def run_day(
    directory: Path, count: int, rush_a_second: float = RUSH_A_SECOND
) -> tuple[dict[str, list[float]], list[float]]:
    """Serves the day, kills the process in the middle and starts it again.

    Answers with the seconds of each action by its name, and the seconds each process lived.
    """
    seconds: dict[str, list[float]] = {}
    lived = []
    for kill_after in (count, 0):  # of two actions for each surrender that is the middle
        command = [sys.executable, "-m", "benchmarks.deadline", "--serve"]
        begun = time.perf_counter()
        with subprocess.Popen(
            [*command, str(directory), str(rush_a_second)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for said, line in enumerate(process.stdout, start=1):
                name, _, took = line.rpartition(" ")
                seconds.setdefault(name, []).append(float(took))
                if said == kill_after:
                    process.kill()
                    break
            code = process.wait()
        lived.append(time.perf_counter() - begun)
        assert kill_after or code == 0, "the day broke off"
    return seconds, lived


def check_day(store: Store, count: int) -> None:
    """Every account surrendered once, in both books; raises `AssertionError` otherwise."""
    log = open_local_log(store.log_directory)
    try:
        with closing(_patiently(lambda: open_writer(store, log))) as writer:
            held = {number: writer.held(number, KIND) for number in range(FIRST, FIRST + count)}
            assert set(held.values()) == {HELD - UNITS}
            assert writer.held(ENDED, KIND) == UNITS * count
            assert not writer.book.reservations
    finally:
        log.stop()
    with closing(desk_database(store)) as database:
        states = [one.state for one in Proposals(database, store.store).every()]
    assert states.count(COMPLETED) == count, states
    found = verify(store)
    assert found.sound, found


def main(count: int) -> None:
    """Prepares, serves, checks and prints."""
    from benchmarks.__main__ import _postgres

    with tempfile.TemporaryDirectory(prefix="openets-deadline-") as folder:
        with _postgres(Path(folder)) as dsn:
            urls = make_databases(dsn)
            store = prepare(Path(folder) / "store", count, urls)
            load = os.getloadavg()[0]
            seconds, lived = run_day(store.directory, count)
            check_day(store, count)
        for name, took in sorted(seconds.items()):
            print(
                f"{name}: {len(took):,} actions, median {1000 * statistics.median(took):.1f} ms, "
                f"p95 {1000 * percentile(took, 95):.1f} ms, most {1000 * max(took):.0f} ms"
            )
        actions = sum(map(len, seconds.values()))
        print(
            f"{count:,} surrenders, {actions:,} actions answered, {WORKERS} workers, wall clock "
            f"{lived[0]:.0f} s until the kill and {lived[1]:.0f} s after it; load before "
            f"{load:.1f}, after {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores"
        )


def make_databases(dsn: str) -> dict[str, str]:
    """Fresh databases on a server, by their names."""
    import psycopg

    urls = {}
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in ("journal", "query", "desk", "log"):
            fresh = f"deadline_{os.getpid()}_{name}"
            connection.execute(f'CREATE DATABASE "{fresh}"')
            urls[name] = urlunsplit(urlsplit(dsn)._replace(path=f"/{fresh}"))
    return urls


def percentile(values: list[float], percent: int) -> float:
    """The value below which so many percent lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve(Path(sys.argv[2]), float(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else SURRENDERS)
