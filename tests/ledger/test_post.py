"""The writer on both engines: each request has one effect and one answer, whatever the log does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from copy import copy
from pathlib import Path

import pytest
import yaml

from openets.kernel import acts
from openets.kernel.batch import FROM_OFFICERS, FROM_REGISTRY, Receipt
from openets.kernel.records import Block, Malformed
from openets.kernel.refusal import Refusal, Refused
from openets.kernel.signing import SigningKey
from openets.ledger import post
from openets.ledger.book import Book
from openets.ledger.post import Writer, WriterStopped, fold
from openets.ledger.requests import Outcome, Request
from openets.ledger.store import Store, open_writer, read_book
from openets.ledger.verify import verify
from openets.storage.database import HeldElsewhere, StorageError
from openets.translog.client import (
    Accepted,
    AppendAnswer,
    BatchRefused,
    LocalLog,
    LogAway,
    RecordRefused,
    WrongHead,
    WrongRulebook,
    open_local_log,
    order,
)
from openets.translog.store import load
from tests.busy_world import LATER_KIND, SCENE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, KIND, SECOND, THIRD, act, move
from tests.translog.batches import Forger
from tests.translog.worlds import officers, world_with_officers


class Line(LocalLog):
    """The log behind a line on which the next answers can be replaced or lost."""

    def __init__(self, store: Store) -> None:
        super().__init__(load(store.log_directory))
        self.store = store
        self.instead: list[Callable[[bytes], AppendAnswer]] = []

    def append(self, batch: bytes) -> AppendAnswer:
        if self.instead:
            return self.instead.pop(0)(batch)
        return super().append(batch)

    def lose_answer(self, batch: bytes) -> AppendAnswer:
        """The log takes the batch and nobody hears of it."""
        super().append(batch)
        raise LogAway("The answer was lost.")

    def lose_question(self, batch: bytes) -> AppendAnswer:
        """The batch never arrives."""
        raise LogAway("The question was lost.")


@pytest.fixture
def line(tmp_path: Path, make_database: MakeDatabase) -> Iterator[Line]:
    urls = {role: make_database(role) for role in ("journal", "query", "log")}
    store = world_with_officers(tmp_path, urls)
    Forger(store, SCENE).log.stop()
    line = Line(store)
    yield line
    line.stop()


@pytest.fixture
def writer(line: Line) -> Iterator[Writer]:
    with closing(open_writer(line.store, line)) as writer:
        yield writer


def sales(count: int, word: str = "sale") -> list[Request]:
    return [move("10-0", FIRST, SECOND, 1, f"{word} {index}") for index in range(count)]


def codes(outcomes: list[Outcome]) -> list[str]:
    return [outcome.refusals[0].code if outcome.refusals else "" for outcome in outcomes]


def test_answers_come_in_the_order_of_the_requests(writer: Writer) -> None:
    before = writer.book.sequence
    requests = sales(3)
    requests.insert(1, move("10-0", FIRST, SECOND, 9_999, "too much"))
    outcomes = writer.post(requests)
    assert [outcome.sequence for outcome in outcomes] == [before + 1, 0, before + 2, before + 3]
    assert codes(outcomes) == ["", "ledger.not-covered", "", ""]


def test_asked_again_it_has_one_effect_and_the_first_answer(writer: Writer) -> None:
    first = writer.post(sales(3))
    head = writer.book.head
    again = writer.post(sales(3))
    assert [outcome.sequence for outcome in again] == [outcome.sequence for outcome in first]
    assert all(outcome.repeated for outcome in again)
    assert writer.book.head == head


def test_asked_twice_in_one_call_it_happens_once(writer: Writer) -> None:
    (request,) = sales(1)
    one, two = writer.post([request, request])
    assert (one.sequence, one.repeated, two.repeated) == (two.sequence, False, True)
    other = request._replace(quantity=2)
    assert codes(writer.post([other])) == ["ledger.key-reused"]
    words = acts.EmissionsVerified(account=FIRST, year=2006, tonnes=5)
    emissions = act(words, "once")
    assert writer.post([emissions, emissions])[1].repeated
    changed = emissions._replace(act=words.model_copy(update={"tonnes": 6}))
    assert codes(writer.post([changed])) == ["ledger.key-reused"]
    assert codes(writer.post([request._replace(key=emissions.key)])) == ["ledger.key-reused"]


def test_many_batches_in_one_call(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "BATCH_RECORDS", 7)
    before = writer.book.sequence
    requests = sales(50)
    requests[20] = requests[3]  # in a later batch than its first
    requests[30] = move("10-0", FIRST, SECOND, 9_999, "too much")
    outcomes = writer.post(requests)
    assert codes(outcomes)[30] == "ledger.not-covered"
    assert outcomes[20] == Outcome(requests[3].key, outcomes[3].sequence, repeated=True)
    done = [outcome.sequence for outcome in outcomes if outcome.completed and not outcome.repeated]
    assert done == list(range(before + 1, before + 49))
    assert len(list(writer.journal.rows(before))) == 8


@pytest.mark.parametrize("batch_records", [3, 5_000])
def test_a_record_only_the_log_refuses_is_dropped_and_the_rest_completes(
    writer: Writer, line: Line, monkeypatch: pytest.MonkeyPatch, batch_records: int
) -> None:
    monkeypatch.setattr(post, "BATCH_RECORDS", batch_records)
    refusal = Refusal("log.test", "The log knows better.", "test")
    line.instead = [lambda _: RecordRefused(1, refusal)]
    outcomes = writer.post(sales(8))
    assert codes(outcomes) == ["", "log.test", "", "", "", "", "", ""]
    assert writer.held(SECOND, KIND) == 200 + 7
    assert verify_journal(writer)


def verify_journal(writer: Writer) -> bool:
    """True if what the writer holds in memory is what its journal says."""
    book = Book(writer.book.store, writer.book.rulebook)
    for _ in fold(book, writer.journal):
        pass
    return (book.sequence, book.head, list(book.intervals())) == (
        writer.book.sequence,
        writer.book.head,
        list(writer.book.intervals()),
    )


@pytest.mark.parametrize("batch_records", [3, 5_000])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("what", ["answer", "question"])
def test_what_is_lost_on_the_line_is_found_again(
    writer: Writer,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    times: int,
    batch_records: int,
) -> None:
    monkeypatch.setattr(post, "BATCH_RECORDS", batch_records)
    lose = line.lose_answer if what == "answer" else line.lose_question
    line.instead = [lose] * times
    before = writer.book.sequence
    if times == 2:  # lost twice, the writer gives up, and whoever asked asks again
        with pytest.raises(LogAway):
            writer.post(sales(8))
    outcomes = writer.post(sales(8))
    assert [outcome.sequence for outcome in outcomes] == list(range(before + 1, before + 9))
    assert writer.held(SECOND, KIND) == 200 + 8
    assert verify_journal(writer)


Answered = Callable[[Line], list[Callable[[bytes], AppendAnswer]]]
NO = Refusal("log.test", "The log says no.", "test")
ANSWERS: dict[str, Answered] = {
    "accepts": lambda _: [],
    "refuses the record": lambda _: [lambda _: RecordRefused(0, NO)],
    "builds on another head": lambda _: [lambda _: WrongHead(0, b"")],
    "answer lost once": lambda line: [line.lose_answer],
    "answer lost": lambda line: [line.lose_answer] * 2,
    "never asked": lambda line: [line.lose_question] * 2,
    "has another rulebook": lambda _: [lambda _: WrongRulebook(b"")],
    "refuses the batch": lambda _: [lambda _: BatchRefused(NO)],
}
CASES = yaml.safe_load((Path(__file__).parent / "cases" / "answers.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["log"]))
def test_what_becomes_of_it_is_what_the_log_answered(
    writer: Writer, line: Line, case: dict[str, str]
) -> None:
    before = writer.held(SECOND, KIND)
    line.instead = ANSWERS[case["log"]](line)
    try:
        (outcome,) = writer.post(sales(1))
        became = "completed" if outcome.completed else "terminated"
    except (LogAway, WriterStopped, Refused):
        became = "waiting"
    assert became == case["becomes"]
    assert writer.held(SECOND, KIND) == before + (became == "completed")
    assert line.instead == []
    if became == "waiting":  # asked again it is done, once
        assert codes(writer.post(sales(1))) == [""]
        assert writer.held(SECOND, KIND) == before + 1


def test_every_answer_has_a_case() -> None:
    assert {case["log"] for case in CASES} == set(ANSWERS)


def test_a_wrong_head_makes_the_writer_catch_up(writer: Writer, line: Line) -> None:
    line.instead = [lambda _: WrongHead(0, b"")]
    assert all(outcome.completed for outcome in writer.post(sales(2)))


def test_officers_orders_are_taken_over_before_the_next_batch(
    writer: Writer, line: Line, tmp_path: Path
) -> None:
    freeze = acts.Freeze(account=SECOND, reason="drill")
    order(line, line.store.store, freeze, officers(tmp_path))
    assert codes(writer.post(sales(1))) == ["ledger.frozen"]
    assert writer.journal.last() == writer.book.sequence


def test_a_journal_that_could_not_be_written_is_mended_by_the_next_post(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(writer.journal, "append", full)
        with pytest.raises(StorageError):
            writer.post(sales(2))
    outcomes = writer.post(sales(2))
    assert all(outcome.completed and outcome.repeated for outcome in outcomes)
    assert verify_journal(writer)


def test_an_older_writer_stops(writer: Writer, line: Line) -> None:
    newer = open_writer(line.store, line, exclusive=False)
    with pytest.raises(WriterStopped, match="taken over"):
        writer.post(sales(1))
    assert all(outcome.completed for outcome in newer.post(sales(1)))
    newer.close()


def test_a_second_writer_on_the_machine_is_turned_away(writer: Writer, line: Line) -> None:
    with pytest.raises(HeldElsewhere, match="already the writer"):
        open_writer(line.store, line)
    assert all(outcome.completed for outcome in writer.post(sales(1)))


def test_another_rulebook_or_an_unacceptable_batch_stops_it(writer: Writer, line: Line) -> None:
    line.instead = [lambda _: WrongRulebook(b"")]
    with pytest.raises(WriterStopped, match="another rulebook"):
        writer.post(sales(1))
    line.instead = [lambda _: BatchRefused(Refusal("log.test", "No.", "test"))]
    with pytest.raises(Refused, match="No"):
        writer.post(sales(1))
    assert all(outcome.completed for outcome in writer.post(sales(1)))


def test_a_batch_in_the_log_that_the_registry_did_not_sign_stops_it(
    writer: Writer, line: Line, tmp_path: Path
) -> None:
    """A thief with a key of his own makes the log take a batch; the registry must not."""
    thief = SigningKey.create(tmp_path / "thief.pem")
    forger = forger_on(line)
    stolen = forger.envelope(
        forger.move("10-0", FIRST, THIRD, (51, 60)), origin=FROM_REGISTRY, signers=[thief]
    )
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr("openets.translog.accept.author_refusal", lambda *_: None)
        assert isinstance(line.append(stolen), Accepted)
    before = writer.book.sequence
    with pytest.raises(WriterStopped, match="did not sign"):
        writer.post(sales(1))
    assert writer.journal.last() == before


def forger_on(line: Line) -> Forger:
    forger = Forger.__new__(Forger)
    forger.store, forger.log = line.store, line
    return forger


def test_officers_who_order_a_transfer_are_not_followed(
    writer: Writer, line: Line, tmp_path: Path
) -> None:
    """It stands in the log, properly signed by two; no log that is whole would have taken it."""
    forger = forger_on(line)
    sold = forger.move("10-0", FIRST, THIRD, (51, 60))
    forger.conspire(sold, in_journal=False, origin=FROM_OFFICERS, signers=officers(tmp_path))
    before = writer.book.sequence
    with pytest.raises(WriterStopped, match="An order of officers freezes or lifts"):
        writer.catch_up()
    assert writer.journal.last() == before


def test_what_the_log_has_from_under_an_earlier_rulebook_is_taken_over_unjudged(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its law was judged when it was made; this release may not know the type any more."""
    forger = forger_on(line)
    forger.conspire(forger.move("63-999", FIRST, SECOND, (51, 60)), in_journal=False)
    with pytest.raises(WriterStopped, match="no transaction type 63-999"):
        open_writer(line.store, line)
    line.stop()
    changed = copy(line.store.rulebook)
    changed.digest = bytes(32)
    monkeypatch.setattr(Store, "rulebook", changed)
    log = open_local_log(line.store.log_directory)
    with closing(open_writer(line.store, log)) as writer:
        assert writer.held(SECOND, KIND) == 210
    log.stop()


def signed_by_nobody(receipt: Receipt) -> Receipt:
    return receipt._replace(tree_head=receipt.tree_head._replace(signature=bytes(64)))


def of_fewer_records(receipt: Receipt) -> Receipt:
    return receipt._replace(tree_head=receipt.tree_head._replace(size=receipt.tree_head.size - 1))


def of_another_head(receipt: Receipt) -> Receipt:
    return receipt._replace(tree_head=receipt.tree_head._replace(head=bytes(32)))


@pytest.mark.parametrize("bend", [signed_by_nobody, of_fewer_records, of_another_head])
def test_a_receipt_the_log_should_not_give_stops_it(
    writer: Writer, line: Line, bend: Callable[[Receipt], Receipt]
) -> None:
    def bent(batch: bytes) -> AppendAnswer:
        answer = LocalLog.append(line, batch)
        assert isinstance(answer, Accepted)
        return Accepted(bend(answer.receipt))

    line.instead = [bent]
    before = writer.journal.last()
    with pytest.raises(WriterStopped, match="not one it should give"):
        writer.post(sales(2))
    assert writer.journal.last() == before
    assert [one.repeated for one in writer.post(sales(2))] == [True, True]  # with the true receipt
    assert verify_journal(writer)


def test_serials_of_another_kind_are_refused_also_where_alike_was_permitted(
    writer: Writer,
) -> None:
    asked = move("10-0", FIRST, SECOND, 10, "named")
    assert writer.post([asked._replace(blocks=(Block(KIND, 51, 60),))])[0].completed
    asked = move("10-0", FIRST, SECOND, 10, "another kind")
    other = asked._replace(blocks=(Block(LATER_KIND, 61, 70),))
    assert codes(writer.post([other])) == ["ledger.serials-disagree"]


def test_a_key_that_named_other_serials_is_used(writer: Writer) -> None:
    asked = move("10-0", FIRST, SECOND, 2, "named")
    first = asked._replace(blocks=(Block(KIND, 61, 62),))
    again = asked._replace(blocks=(Block(KIND, 62, 62), Block(KIND, 61, 61)))
    other = asked._replace(blocks=(Block(KIND, 71, 72),))
    assert writer.post([first])[0].completed
    assert writer.post([again])[0].repeated
    assert codes(writer.post([other])) == ["ledger.key-reused"]


def test_what_no_record_has_room_for_is_refused_and_the_rest_completes(writer: Writer) -> None:
    requests = [*sales(2), move("10-0", FIRST, SECOND, 1, "far", year=2**16), *sales(2, "more")]
    assert codes(writer.post(requests)) == ["", "", "ledger.unwritable", "", ""]
    assert verify_journal(writer)


def test_a_row_that_cannot_be_read_is_named(writer: Writer, line: Line) -> None:
    first = writer.post(sales(1))[0].sequence
    database = writer.journal.database
    database.run("UPDATE journal_batch SET envelope = ? WHERE first = ?", (b"OETS", first))
    with pytest.raises(Malformed, match=f"The journal's batch from record {first}: "):
        read_book(line.store, writer.journal)


def test_all_of_it_is_proved(writer: Writer, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "BATCH_RECORDS", 4)
    assert all(outcome.completed for outcome in writer.post(sales(30)))
    projection = line.store.projection()
    with closing(projection.database):
        projection.catch_up(writer.journal)
    result = verify(line.store)
    assert result.sound, result.findings
    assert result.records == writer.book.sequence


def test_what_is_spent_is_forgotten(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that gave away many blocks drops them, also where batches overlap."""
    monkeypatch.setattr(post, "BATCH_RECORDS", 50)
    monkeypatch.setattr("openets.ledger.book.COMPACT_AFTER", 20)
    queue = writer.book.queues[FIRST, KIND]
    for turn in range(8):  # FIRST gives its block away unit by unit, and gets blocks of one back
        away = sales(60, f"away {turn}")
        back = [move("10-0", SECOND, FIRST, 1, f"back {turn} {index}") for index in range(60)]
        assert all(outcome.completed for outcome in writer.post([*away, *back]))
    assert queue.head < 100
    assert len(queue.starts) < 350
    assert verify_journal(writer)


def test_a_batch_that_was_never_taken_leaves_no_trace(writer: Writer, line: Line) -> None:
    """Every sort of record is taken back, newest first, where the log never answers."""
    emitted = acts.EmissionsVerified(account=FIRST, year=2006, tonnes=5)
    assert writer.post([act(emitted, "once")])[0].completed
    before = state(writer.book)
    line.instead = [line.lose_question, line.lose_question]
    requests: list[Request] = [
        act(acts.EmissionsVerified(account=FIRST, year=2006), "taken back"),
        act(acts.Reserved(account=FIRST, kind=KIND, quantity=2), "set aside"),
        act(acts.Freeze(registry="AT", first=60, last=70, reason="test"), "serials"),
        move("10-0", FIRST, SECOND, 20, "around the frozen"),
        *sales(30),
        act(acts.StatusChanged(account=SECOND, status="blocked", reason="test"), "shut"),
    ]
    with pytest.raises(LogAway):
        writer.post(requests)
    assert state(writer.book) == before
    assert all(outcome.completed for outcome in writer.post(requests))
    assert state(writer.book) != before


def state(book: Book) -> dict[str, object]:
    """All that a book knows, in values that can be compared."""
    return {
        "where": (book.sequence, book.head),
        "units": sorted(book.intervals()),
        "held": {place: queue.quantity for place, queue in book.queues.items() if queue.quantity},
        "accounts": {number: one.standing for number, one in book.accounts.items()},
        "keys": dict(book.keys),
        "emissions": dict(book.emissions),
        "reserved": {place: units for place, units in book.reserved.items() if units},
        "reservations": dict(book.reservations),
        "frozen": dict(book.frozen),
        "stopped": dict(book.stopped),
    }
