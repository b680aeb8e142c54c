"""The counter: the same answers from the running writer and from an office opened here."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Client
from pathlib import Path

import pytest
from pydantic import JsonValue

from openets.channel.line import Listening, NoAnswer
from openets.kernel.clock import FixedClock
from openets.kernel.records import Malformed
from openets.kernel.refusal import Refused
from openets.ledger.post import WriterStopped
from openets.ledger.store import Store
from openets.people.counter import actions
from openets.people.counter.action import Visit, action
from openets.people.counter.client import (
    MAX_MESSAGE_BYTES,
    Counter,
    OpenedCounter,
    RunningCounter,
    WriterSilent,
    at_counter,
    writer_address,
    writer_secret,
)
from openets.people.counter.messages import Call, Done, Failed, NotDone, answers, questions
from openets.people.counter.process import Writing
from openets.people.opening import Opened
from openets.people.signing_in import NotSignedIn, Who, signed_in
from openets.storage.database import StorageError
from openets.translog.client import LogAway
from tests.kept_states import keep_after
from tests.small_office import (
    CEMENT,
    GLASS,
    KIND,
    MONDAY,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    TRADER_ONE,
    TRADER_TWO,
    make_office,
    staffed,
)
from tests.waiting import wait_for

ONE, TWO = Who(person=TRADER_ONE), Who(person=TRADER_TWO)
TRANSFER = json.dumps(
    {"type": "10-0", "transferring": TRADER, "acquiring": GLASS, "kind": KIND, "quantity": 5}
)
FREEZE = json.dumps({"order": "freeze", "account": CEMENT, "reason": "drill"})
MUCH_LATER = MONDAY.date() + timedelta(days=9_999)
NONSENSE = (
    b"",
    b"{}",
    b"\x80\x04.",
    b"[" * 10_000,
    b'{"ask": "shutdown"}',
    b'{"ask": "call", "action": "work", "who": {}}',
    b'{"ask": "call", "action": "work", "who": {"role": "king"}, "arguments": {}}',
    b'{"ask": "call", "action": "work", "who": {}, "arguments": [], "more": 1}',
)
MISFITS: tuple[dict[str, JsonValue], ...] = (
    {},
    {"number": -1},
    {"number": 2**63},
    {"number": "one"},
    {"number": 1, "more": 1},
)


class Scene:
    """An open office, its clock, and the writer over it."""

    def __init__(self, store: Store, office: Opened, clock: FixedClock, writing: Writing) -> None:
        self.store = store
        self.office = office
        self.clock = clock
        self.writing = writing


@contextmanager
def scene(directory: Path) -> Iterator[Scene]:
    store, clock = make_office(directory), FixedClock(MONDAY)
    projection = store.projection()
    with staffed(store, clock) as office, closing(projection.database):
        yield Scene(store, office, clock, Writing(store, office, projection, clock))


@contextmanager
def running(found: Scene) -> Iterator[RunningCounter]:
    """The writer listening in a thread, and a line to it."""
    store = found.store
    listening = Listening(writer_address(store), writer_secret(store), MAX_MESSAGE_BYTES)
    threading.Thread(target=listening.run, args=(found.writing,), daemon=True).start()
    counter = RunningCounter(store)
    try:
        yield counter
    finally:
        counter.hang_up()
        listening.stop()


def said(ask: Callable[[], object]) -> object:
    """What is answered, or what is raised, as something to compare."""
    try:
        return ask()
    except (Refused, NotSignedIn, StorageError) as error:
        return type(error), str(error)


def walk(counter: Counter) -> list[object]:
    """Everything that can be asked, answered or refused."""
    return [
        said(lambda: counter.ask(actions.propose, ONE, "transaction", TRANSFER)),
        said(lambda: counter.ask(actions.propose, ONE, "transaction", "{}")),
        said(lambda: counter.ask(actions.propose, ONE, "melt", "{}")),
        said(lambda: counter.ask(actions.approve, ONE, 1)),
        said(lambda: counter.ask(actions.approve, Who(person=99), 1)),
        said(lambda: counter.ask(actions.approve, Who(token="guessed"), 1)),
        said(lambda: counter.ask(actions.approve, TWO, 1)),
        said(lambda: counter.ask(actions.cancel, TWO, 1, "not now")),
        said(lambda: counter.ask(actions.propose, Who(person=SENIOR), "freeze", FREEZE)),
        said(lambda: counter.ask(actions.reject, Who(person=OTHER_SENIOR), 2, "no")),
        said(lambda: counter.ask(actions.withdraw, Who(person=OTHER_SENIOR), 2, "no")),
        said(lambda: counter.ask(actions.work, Who())),
        said(lambda: counter.ask(actions.accounts_of, Who(person=SENIOR), CEMENT)),
        said(lambda: counter.ask(actions.accounts_of, Who(person=SENIOR), 99)),
        said(lambda: counter.ask(actions.accounts_of, ONE, CEMENT)),
        said(lambda: counter.ask(actions.reviews_by, Who(), None)),
        said(lambda: counter.ask(actions.reviews_by, Who(person=SENIOR), MUCH_LATER)),
        said(lambda: counter.ask(actions.proposals, ONE, True, "sl")),
        said(lambda: counter.ask(actions.proposals, Who(person=99), True)),
    ]


def test_the_running_writer_and_an_opened_office_say_the_same(tmp_path: Path) -> None:
    with scene(tmp_path / "here") as found:
        here = walk(OpenedCounter(found.store, found.office))
    with scene(tmp_path / "there") as found, running(found) as counter:
        there = walk(counter)
    assert here == there
    assert {type(one).__name__ for one in here} >= {"Proposed", "Proposal", "tuple", "list"}


def test_nonsense_is_answered_and_nothing_is_lost(tmp_path: Path) -> None:
    with scene(tmp_path / "store") as found, running(found) as counter:
        address, secret = writer_address(found.store), writer_secret(found.store)
        with Client(address, authkey=secret) as connection:
            for nonsense in NONSENSE:
                connection.send_bytes(nonsense)
                answer = answers.validate_json(connection.recv_bytes())
                assert isinstance(answer, Failed) and "not one there is" in answer.sentence
            connection.send_bytes(questions.dump_json(Call("work", Who(), {})))
            assert answers.validate_json(connection.recv_bytes()) == Done([])
            for misfit in MISFITS:
                connection.send_bytes(questions.dump_json(Call("approve", TWO, misfit)))
                answer = answers.validate_json(connection.recv_bytes())
                assert isinstance(answer, NotDone)
                assert {one.code for one in answer.refusals} == {"people.malformed"}
        assert counter.ask(actions.propose, ONE, "transaction", TRANSFER).proposal.number == 1
        with pytest.raises(Refused, match="Less than 9223372036854775808"):
            counter.ask(actions.approve, TWO, 2**63)


def test_what_is_due_is_carried_out_by_itself_and_once(tmp_path: Path) -> None:
    with scene(tmp_path / "store") as found, running(found) as counter:
        counter.ask(actions.propose, ONE, "transaction", TRANSFER)
        delayed = counter.ask(actions.approve, TWO, 1)
        assert delayed.state == "delayed"
        found.writing.do_what_is_due()
        assert counter.how_is_it().record == found.office.office.writer.book.sequence
        held = found.office.office.writer.held(GLASS, KIND)
        found.clock.step(timedelta(days=7))
        for _ in range(2):
            found.writing.do_what_is_due()
        assert found.office.office.writer.held(GLASS, KIND) == held + 5
        well = counter.how_is_it()
        assert (well.tables, well.problems) == (well.record, {})
        assert well.worked == well.caught_up > 0


def test_what_goes_wrong_is_told_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with scene(tmp_path / "store") as found, running(found) as counter:
        writing, writer = found.writing, found.office.office.writer

        def fails(error: Exception) -> Callable[[], None]:
            def step() -> None:
                raise error

            return step

        with monkeypatch.context() as patch:
            patch.setattr(writer, "catch_up", fails(LogAway("no answer")))
            writing.do_what_is_due()
            assert counter.how_is_it().problems == {"log": "no answer"}
        with monkeypatch.context() as patch:
            patch.setattr(writing._projection, "catch_up", lambda journal: 1 // 0)
            writing.do_what_is_due()
            assert "ZeroDivisionError" in counter.how_is_it().problems["tables"]
            assert "log" not in counter.how_is_it().problems
        assert "ZeroDivisionError" in capfd.readouterr().err
        writing.do_what_is_due()
        assert counter.how_is_it().problems == {}
        assert not writing.told.is_set()
        monkeypatch.setattr(writer, "catch_up", fails(WriterStopped("another has taken over")))
        writing.do_what_is_due()
        assert (writing.told.is_set(), writing.may_not_go_on) == (True, "another has taken over")
        with pytest.raises(StorageError, match="is stopping; nothing was done"):
            counter.ask(actions.work, Who())


def test_two_actions_of_one_name_are_a_mistake_of_ours() -> None:
    def work(visit: Visit) -> None:
        """Another."""

    with pytest.raises(ValueError, match="two actions work"):
        action(work)


@pytest.mark.parametrize(
    "error", [Malformed("x"), LogAway("x"), WriterStopped("x"), StorageError("x"), OSError("x")]
)
def test_every_failure_reaches_the_asker_as_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    with scene(tmp_path / "store") as found, running(found) as counter:
        monkeypatch.setattr(actions.work, "do", fail)
        raised = StorageError if isinstance(error, OSError) else type(error)
        with pytest.raises(raised, match=r"^x$"):
            counter.ask(actions.work, Who())
        assert found.writing.told.is_set() == isinstance(error, WriterStopped)


def test_a_fault_of_ours_is_told_and_the_next_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with scene(tmp_path / "store") as found, running(found) as counter:
        with monkeypatch.context() as patch:
            patch.setattr(actions.work, "do", lambda *_: 1 // 0)
            with pytest.raises(StorageError, match="a fault of its own: ZeroDivisionError"):
                counter.ask(actions.work, Who())
        assert "Traceback" in capfd.readouterr().err
        assert counter.ask(actions.work, Who()) == []


def test_a_writer_that_dies_before_it_answers_is_not_asked_twice(tmp_path: Path) -> None:
    with (
        scene(tmp_path / "store") as found,
        running(found),
        pytest.raises(WriterSilent, match="may or may not have been done"),
        at_counter(found.store) as counter,
    ):
        assert isinstance(counter, RunningCounter)
        counter._line._limit = 1  # no answer can be read
        counter.ask(actions.work, Who())


def test_where_no_writer_runs_nobody_answers(tmp_path: Path) -> None:
    store = make_office(tmp_path / "store")
    with pytest.raises(NoAnswer):
        RunningCounter(store).how_is_it()
    with at_counter(store) as counter:
        assert isinstance(counter, OpenedCounter)
        answer = counter._ask(Call("open_the_vault", Who(), {}))
        assert answer == Failed("storage", "Nobody can ask for 'open_the_vault' here.")


def test_a_number_proves_nothing_in_a_live_store(tmp_path: Path) -> None:
    with scene(tmp_path / "store") as found:
        live, register = replace(found.store, mode="live"), found.office.register
        with pytest.raises(NotSignedIn) as refused:
            signed_in(live, register, ONE)
        assert refused.value.named
        person, token = register.add_person("auditor", None)
        assert signed_in(live, register, Who(token=token)) == person.actor
        register.set_person_state(person.number, "suspended")
        with pytest.raises(NotSignedIn) as refused:
            signed_in(live, register, Who(token=token))
        assert not refused.value.named


def test_while_it_serves_the_book_is_kept_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_after(1, monkeypatch)
    monkeypatch.setattr("openets.people.counter.process.BETWEEN_KEEPINGS_SECONDS", 0.01)
    with scene(tmp_path / "office") as found:
        found.store.checkpoint.unlink(missing_ok=True)
        keeping = threading.Thread(target=found.writing.keep)
        keeping.start()
        wait_for(found.store.checkpoint.exists)
        found.writing.stop()
        keeping.join()
