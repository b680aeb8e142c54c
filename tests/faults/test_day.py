"""A day at the demonstration's desk, killed wherever it writes, and gone on with.

The world is played once and its agenda drawn up; each kill happens in a copy. A child process
spends the day and dies with -9 at one of its boundaries; a second child may die while it goes on.
Then the day is spent to its end, and must have come to what an undisturbed day comes to: the same
persons, proposals, tasks, penalties, records and holdings, once each, and both books proved.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

import openets.interfaces.cli.main  # noqa: F401  (loads the module that is patched below)
from openets.desk.outbox import Outbox
from openets.desk.tasks import Tasks
from openets.interfaces.cli.demo import STATE
from openets.kernel.clock import SystemClock
from openets.ledger.store import Store, open_store, open_writer
from openets.ledger.verify import verify
from openets.people.opening import Opened, desk_database, open_desk
from openets.schemes.compliance.models import Penalties
from openets.schemes.desk import EXTENSIONS
from openets.storage import boundary
from openets.translog.client import open_local_log
from openets.world import agenda
from tests.faults.harness import records_of
from tests.stories.command_line import FIGURES_OF, say
from tests.world.small_europe import small_figures

SEED = 1
KILLS = int(os.environ.get("OPENETS_FAULT_POINTS", "520")) // 52
CHILD_SECONDS = 120


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration that was killed when its agenda had just been drawn up."""
    directory = tmp_path_factory.mktemp("day") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FIGURES_OF, small_figures)
        patch.setattr("openets.interfaces.cli.demo.spend", _broken_off)
        with pytest.raises(AssertionError, match="broke off"):
            say("demo", store=directory)
    assert json.loads((directory / STATE).read_text())["agenda"]
    return directory


def _broken_off(*_: object) -> None:
    raise KeyError("broken off")


@contextmanager
def office_of(store: Store) -> Iterator[Opened]:
    log = open_local_log(store.log_directory)
    try:
        with (
            closing(open_writer(store, log, exclusive=False)) as writer,
            closing(desk_database(store)) as database,
        ):
            yield open_desk(store, database, writer, SystemClock(), EXTENSIONS)
    finally:
        log.stop()


def spend(directory: Path) -> agenda.Spent:
    store = open_store(directory)
    kept = json.loads((directory / STATE).read_text())["agenda"]
    with office_of(store) as office:
        return agenda.spend(office, agenda.read_agenda(kept), SEED)


def spend_and_die(directory: Path, point: int) -> list[str]:
    """Spends the day in a child that dies at a boundary (0: at none); what it reached."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
        child = os.fork()
    if child == 0:
        os.close(reader)
        _child(directory, point, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        reached = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed == bool(point), reached[-20:]
    assert not any(name.startswith(" ") for name in reached), "\n".join(reached)
    return reached


def _child(directory: Path, point: int, pipe: int) -> None:
    """Never returns."""
    reached = 0

    def hook(name: str) -> None:
        nonlocal reached
        reached += 1
        os.write(pipe, f"{name}\n".encode())
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_SECONDS)
        boundary.install(hook)
        spend(directory)
    except BaseException:
        os.write(
            pipe, "".join(f" {line}\n" for line in traceback.format_exc().split("\n")).encode()
        )
    finally:
        os._exit(0)


def what_it_came_to(directory: Path) -> dict[str, Any]:
    """Everything a day leaves that does not tell the time."""
    store = open_store(directory)
    with office_of(store) as office:
        database = office.register.database
        book = office.office.writer.book
        return {
            "persons": [one[:3] for one in office.register.persons()],
            "proposals": [
                (one.command, one.state, one.proposer, one.decider, one.body)
                for one in office.desk.proposals.every()
            ],
            "tasks": [
                (one.kind, one.asked_by, one.claimant, one.outcome)
                for one in Tasks(database).every(ended=True)
            ],
            "comments": [
                len(Tasks(database).comments(one.number))
                for one in Tasks(database).every(ended=True)
            ],
            "notices": Counter(one.said.key for one in Outbox(database, "").every()),
            "penalties": [one._replace(at=0) for one in Penalties(database).of()],
            "holdings": {number: office.office.writer.holdings(number) for number in book.accounts},
            "records": sum(1 for _ in records_of(store)),
        }


@pytest.fixture(scope="module")
def undisturbed(played: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[str]]:
    """What a day comes to that nothing breaks off, and the boundaries it reaches."""
    directory = Path(shutil.copytree(played, tmp_path_factory.mktemp("whole") / "demo"))
    reached = spend_and_die(directory, 0)
    return what_it_came_to(directory), reached


def test_killed_at_any_moment_the_day_is_gone_on_with_and_nothing_is_done_twice(
    played: Path, undisturbed: tuple[Any, list[str]], tmp_path: Path
) -> None:
    whole, reached = undisturbed
    assert len(whole["penalties"]) == 10
    random = Random("kills of the day")
    for number, point in enumerate(points_of(reached, random)):
        directory = Path(shutil.copytree(played, tmp_path / str(point)))
        spend_and_die(directory, point)
        if number % 3 == 0:
            spend_and_die(directory, random.randint(1, 20))
        spend(directory)
        assert what_it_came_to(directory) == whole, (point, reached[point - 1])
        result = verify(open_store(directory))
        assert result.sound, result.findings[0]
        shutil.rmtree(directory)


def points_of(reached: list[str], random: Random) -> list[int]:
    """Points of the day in a drawn order, each at another kind of boundary while there are some."""
    names: dict[str, list[int]] = {}
    for point, name in enumerate(reached, 1):
        names.setdefault(name, []).append(point)
    first = [random.choice(points) for points in names.values()]
    rest = sorted(set(range(1, len(reached) + 1)) - set(first))
    return [*random.sample(first, len(first)), *random.sample(rest, len(rest))][:KILLS]


def test_a_finished_day_is_told_again_and_done_no_more(
    played: Path, undisturbed: tuple[Any, list[str]], tmp_path: Path
) -> None:
    directory = Path(shutil.copytree(played, tmp_path / "demo"))
    assert spend(directory) == spend(directory)
    assert what_it_came_to(directory) == undisturbed[0]
