"""The log's decisions about whole batches, on both engines: who may write, and what stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from openets.kernel import acts
from openets.kernel.batch import FROM_OFFICERS, FROM_REGISTRY, SALT_BYTES, Batch, decode_batch
from openets.kernel.records import Malformed, Transaction
from openets.kernel.signing import SigningKey
from openets.ledger.store import Store
from openets.storage import boundary
from openets.storage.database import StorageError
from openets.translog import accept, judge
from openets.translog.accept import TransactionLog, epoch_message
from openets.translog.client import (
    Accepted,
    BatchRefused,
    Fenced,
    LocalLog,
    LogAway,
    RecordRefused,
    WrongHead,
    WrongRulebook,
    audit,
    open_local_log,
    order,
)
from openets.translog.messages import NewEpoch
from openets.translog.server import answer as ask
from tests.busy_world import SCENE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, SECOND
from tests.translog.batches import Forger
from tests.translog.worlds import officers, world_with_officers


@pytest.fixture
def forger(tmp_path: Path, make_database: MakeDatabase) -> Iterator[Forger]:
    urls = {role: make_database(role) for role in ("journal", "query", "log")}
    forger = Forger(world_with_officers(tmp_path, urls), SCENE)
    yield forger
    boundary.install(None)
    forger.log.stop()


def code_of(answer: object) -> str:
    assert isinstance(answer, BatchRefused | RecordRefused), answer
    return answer.refusal.code


def sale(forger: Forger, first: int = 51) -> bytes:
    return forger.envelope(forger.move("10-0", FIRST, SECOND, (first, first), word=f"{first}"))


def test_a_batch_taken_before_gets_the_same_receipt(forger: Forger) -> None:
    envelope = sale(forger)
    first = forger.log.append(envelope)
    assert isinstance(first, Accepted)
    where = forger.log.where()
    assert forger.log.append(envelope) == first
    assert forger.log.where() == where
    assert isinstance(forger.log.append(sale(forger, 52)), Accepted)
    assert forger.log.append(envelope) == first


def test_receipts_are_promises_of_the_log(forger: Forger) -> None:
    answer = forger.log.append(sale(forger))
    assert isinstance(answer, Accepted)
    head = answer.receipt.tree_head
    assert head.is_signed_by(forger.store.log_key)
    assert not head._replace(size=head.size - 1).is_signed_by(forger.store.log_key)
    assert not head.is_signed_by(forger.store.registry_key().public)
    assert (head.size, head.head) == (forger.log.where().sequence, forger.log.where().head)
    assert len(answer.receipt.salts) == SALT_BYTES


def test_another_head_is_answered_with_the_right_one(forger: Forger) -> None:
    here = forger.log.where()
    record = forger.move("10-0", FIRST, SECOND, (51, 51))
    for changed in ({"first": here.sequence + 2}, {"previous": b"\0" * 32}, {"first": 3}):
        answer = forger.log.append(forger.envelope(record, **changed))
        assert answer == WrongHead(here.sequence, here.head)
    assert forger.log.where() == here


def test_a_chain_that_misses_its_head_is_refused(forger: Forger) -> None:
    record = forger.move("10-0", FIRST, SECOND, (51, 51))
    assert code_of(forger.log.append(forger.envelope(record, head=b"\0" * 32))) == "log.chain"


def test_an_older_writer_is_fenced(forger: Forger) -> None:
    old = forger.log.where().epoch
    envelope = sale(forger)
    assert forger.log.new_epoch(forger.store.registry_key()) == old + 1
    assert forger.log.append(envelope) == Fenced(old + 1)
    assert isinstance(forger.log.append(sale(forger)), Accepted)


def test_an_epoch_is_begun_by_the_registry_alone_and_one_after_the_other(
    forger: Forger, tmp_path: Path
) -> None:
    stranger = SigningKey.create(tmp_path / "stranger.pem")
    with pytest.raises(LogAway, match="not signed by the registry"):
        forger.log.new_epoch(stranger)
    key, here = forger.store.registry_key(), forger.log.where()
    for epoch in (here.epoch, here.epoch + 2):
        signature = key.sign(epoch_message(forger.store.store, epoch))
        assert ask(forger.log._log, NewEpoch(epoch, signature)) == Fenced(here.epoch)
    assert forger.log.where() == here


def test_another_rulebook_is_refused(forger: Forger) -> None:
    record = forger.move("10-0", FIRST, SECOND, (51, 51))
    answer = forger.log.append(forger.envelope(record, rulebook=b"\0" * 32))
    assert answer == WrongRulebook(forger.log.where().rulebook)


def test_strangers_other_stores_and_nonsense_are_refused(forger: Forger, tmp_path: Path) -> None:
    record = forger.move("10-0", FIRST, SECOND, (51, 51))
    stranger = SigningKey.create(tmp_path / "stranger.pem")
    registry = forger.store.registry_key()
    for signers in ([], [stranger], [registry, stranger]):
        answer = forger.log.append(forger.envelope(record, signers=signers))
        assert code_of(answer) == "log.unsigned"
    assert (
        code_of(forger.log.append(forger.envelope(record, store=b"\1" * 16))) == "log.other-store"
    )
    good = forger.envelope(record)
    for bad in (b"", b"OETS", good[:-1], good + b"\0", good[:200] + b"\xff" + good[201:]):
        assert code_of(forger.log.append(bad)) in ("log.batch-malformed", "log.unsigned")
    assert isinstance(forger.log.append(good), Accepted)


def test_every_signature_must_be_valid_and_of_another_hand(forger: Forger, tmp_path: Path) -> None:
    """A signature that fails is no better than none, and one hand counts once."""
    first, second = officers(tmp_path)
    registry = forger.store.registry_key()
    freeze = forger.act(acts.Freeze(account=FIRST, reason="drill"))
    record = forger.move("10-0", FIRST, SECOND, (51, 51))
    for origin, subject, keys in (
        (FROM_REGISTRY, record, [registry, registry]),
        (FROM_OFFICERS, freeze, [first, second, second]),
    ):
        envelope = forger.envelope(subject, origin=origin, signers=keys)
        assert code_of(forger.log.append(envelope)) == "log.unsigned"
        broken = envelope[:-1] + bytes([envelope[-1] ^ 1])  # the last signature
        assert code_of(forger.log.append(broken)) == "log.unsigned"
        assert isinstance(decode_batch(broken), Batch)
    wanted = forger.envelope(freeze, origin=FROM_OFFICERS, signers=[first, second])
    assert isinstance(forger.log.append(wanted), Accepted)


def test_recorded_times_never_run_backwards(forger: Forger) -> None:
    recorded = []
    for serial, step in ((51, 0), (52, -86_400_000_000), (53, -86_400_000_000), (54, 10**12)):
        forger.log.step_clock(step)
        answer = forger.log.append(sale(forger, serial))
        assert isinstance(answer, Accepted)
        recorded.append(answer.receipt.tree_head.recorded)
    assert recorded == sorted(recorded)


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_a_commit_that_fails_leaves_the_log_where_its_rows_are(forger: Forger, when: str) -> None:
    """A commit reported as failed may have reached the disk; the log must not guess."""
    failed = []

    def fail(name: str) -> None:
        if name == f"log.commit.{when}" and not failed:
            failed.append(name)
            raise StorageError("The disk is full (injected).")

    before, envelope = forger.log.where(), sale(forger)
    boundary.install(fail)
    with pytest.raises(LogAway, match="disk is full"):
        forger.log.append(envelope)
    assert failed
    stands = when == "after"
    assert forger.log.where().sequence == before.sequence + stands
    assert isinstance(forger.log.append(envelope), Accepted)
    assert forger.log.where().sequence == before.sequence + 1
    assert isinstance(forger.log.append(sale(forger, 52)), Accepted)


def test_a_log_opened_again_is_the_log_that_was_closed(forger: Forger) -> None:
    assert isinstance(forger.log.append(sale(forger)), Accepted)
    where, intervals = forger.log.where(), list(forger.log._log._picture.intervals())
    root = forger.log._log._tree.root()
    forger.log.stop()
    forger.log = LocalLog(forger.log._log._configuration)
    assert forger.log.where() == where
    assert list(forger.log._log._picture.intervals()) == intervals
    assert forger.log._log._tree.root() == root
    assert isinstance(forger.log.append(sale(forger, 52)), Accepted)


def test_a_log_that_cannot_read_a_row_says_which(forger: Forger) -> None:
    first = forger.next()
    assert isinstance(forger.offer(forger.move("10-0", FIRST, SECOND, (51, 51))), Accepted)
    log = forger.log._log
    log._rows.database.run("UPDATE log_batch SET batch = ? WHERE first = ?", (b"OETS", first))
    with pytest.raises(Malformed, match=f"The log's batch from record {first}: "):
        TransactionLog(log._rows, log._key, log._rulebook, log._now)


def test_two_officers_freeze_and_lift_and_nothing_else(forger: Forger, tmp_path: Path) -> None:
    store = forger.store.store
    freeze = acts.Freeze(account=FIRST, reason="drill")
    first, second = officers(tmp_path)
    stranger = SigningKey.create(tmp_path / "stranger.pem")
    for signers in ([first], [first, first], [first, stranger], [forger.store.registry_key()]):
        assert code_of(order(forger.log, store, freeze, signers)) == "log.unsigned"
    assert isinstance(order(forger.log, store, freeze, [first, second]), Accepted)
    answer = forger.log.append(sale(forger))
    assert code_of(answer) == "log.frozen"
    lift = acts.Lift(account=FIRST, reason="over")
    assert isinstance(order(forger.log, store, lift, [second, first]), Accepted)
    assert isinstance(forger.log.append(sale(forger)), Accepted)
    opened = forger.act(acts.AccountOpened(number=60, registry="AT", type="operator-holding"))
    sold = forger.move("10-0", FIRST, SECOND, (52, 52))
    for record in (opened, sold):
        wanted = forger.envelope(record, origin=FROM_OFFICERS, signers=[first, second])
        assert code_of(forger.log.append(wanted)) == "log.order"


def test_batches_are_given_out_in_order_and_a_few_at_a_time(forger: Forger) -> None:
    for serial in range(51, 81):
        assert isinstance(forger.log.append(sale(forger, serial)), Accepted)
    last = forger.log.where().sequence
    found = forger.log.batches_after(last - 30, 100)
    assert len(found) == 16
    assert [receipt.tree_head.size for _, receipt in found] == list(range(last - 29, last - 13))
    assert len(forger.log.batches_after(last - 30, 3)) == 3
    assert forger.log.batches_after(last, 16) == ()


# -- every code of the log's decisions -------------------------------------------------------------


def everything(forger: Forger) -> tuple[object, ...]:
    """Where the log is, in memory and in its rows."""
    log = forger.log._log
    rows = list(log._rows.batches()), list(log._rows.epochs())
    return forger.log.where(), list(log._picture.intervals()), log._tree.root(), rows


def by_officers(forger: Forger, folder: Path, act: acts.Act) -> bytes:
    return forger.envelope(forger.act(act), origin=FROM_OFFICERS, signers=officers(folder))


OTHERS = acts.AccountOpened(number=60, registry="AT", type="operator-holding")
Forge = Callable[[Forger, Path], bytes]
REFUSED: dict[str, tuple[str, Forge]] = {
    "log.batch-malformed": ("header", lambda *_: b"OETS"),
    "log.other-store": ("another store", lambda f, _: f.envelope(good(f), store=b"\1" * 16)),
    "log.unsigned": ("neither", lambda f, _: f.envelope(good(f), signers=[])),
    "log.chain": ("does not lead", lambda f, _: f.envelope(good(f), head=b"\0" * 32)),
    "log.malformed": ("at least", lambda f, _: f.envelope(good(f), b"short")),
    "log.order": ("freezes or lifts", lambda f, folder: by_officers(f, folder, OTHERS)),
}


def good(forger: Forger) -> Transaction:
    return forger.move("10-0", FIRST, SECOND, (51, 51))


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_refused_changes_nothing(forger: Forger, tmp_path: Path, code: str) -> None:
    words, forge = REFUSED[code]
    before = everything(forger)
    answer = forger.log.append(forge(forger, tmp_path))
    assert code_of(answer) == code
    assert isinstance(answer, BatchRefused | RecordRefused)
    assert words in answer.refusal.sentence
    assert answer.refusal.citation
    assert everything(forger) == before
    assert isinstance(forger.offer(good(forger)), Accepted)


def test_an_epoch_nobody_signed_changes_nothing(forger: Forger) -> None:
    before = everything(forger)
    answer = ask(forger.log._log, NewEpoch(forger.log.where().epoch + 1, b"\0" * 64))
    assert code_of(answer) == "log.epoch"
    assert everything(forger) == before


@pytest.mark.parametrize(
    "changed",
    [
        {"jurisdiction": "another"},
        {"registry_key": "0" * 64},
        {"log_key": "0" * 64},
        {"officer_keys": ()},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_store_is_founded_as_the_log_was_made_for_it(
    tmp_path: Path, make_database: MakeDatabase, changed: dict[str, object]
) -> None:
    urls = {role: make_database(role) for role in ("journal", "query", "log")}
    store = world_with_officers(tmp_path, urls)
    right = acts.StoreCreated(
        jurisdiction="eu",
        mode="practice",
        registry_key=store.registry_key().public.hex(),
        log_key=store.log_key.hex(),
        officer_keys=tuple(key.hex() for key in store.officer_keys),
    )
    with closing(Pen(store)) as pen:
        pen.log.new_epoch(store.registry_key())
        empty = everything(pen)
        assert code_of(pen.offer(pen.act(right.model_copy(update=changed)))) == "log.store"
        assert code_of(pen.offer(pen.act(OTHERS))) == "log.store-first"  # nothing comes before it
        assert everything(pen) == empty
        assert isinstance(pen.offer(pen.act(right)), Accepted)


class Pen(Forger):
    """A forger before there is anything in the log."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.log = open_local_log(store.log_directory)

    def close(self) -> None:
        self.log.stop()


def test_every_code_has_a_case() -> None:
    text = "".join(Path(module.__file__).read_text() for module in (accept, judge))
    assert set(re.findall(r'"(log\.[a-z-]+)"', text)) == {*REFUSED, "log.epoch"}


# -- whole or not at all ---------------------------------------------------------------------------


@pytest.mark.parametrize("bad_at", [0, 1, 4])
def test_a_batch_is_taken_whole_or_not_at_all(forger: Forger, bad_at: int) -> None:
    """What the good records changed is taken back, and they are taken when the bad one is gone."""
    before = everything(forger)
    first = forger.next()
    sales = [
        forger.move("10-0", FIRST, SECOND, (51 + index, 51 + index), word=str(index))
        for index in range(5)
    ]
    records = [sale._replace(sequence=first + index) for index, sale in enumerate(sales)]
    bad = records[bad_at]._replace(acquiring=99)
    answer = forger.offer(*records[:bad_at], bad, *records[bad_at + 1 :])
    assert isinstance(answer, RecordRefused)
    assert (answer.index, answer.refusal.code) == (bad_at, "log.account-unknown")
    assert everything(forger) == before
    answer = forger.offer(*records)
    assert isinstance(answer, Accepted)
    assert answer.receipt.tree_head.size == first + 4
    assert len(answer.receipt.salts) == 5 * SALT_BYTES
    assert len({answer.receipt.salt(index) for index in range(5)}) == 5
    assert audited_clean(forger)


def audited_clean(forger: Forger) -> bool:
    store = forger.store
    result = audit(store.log_directory, rulebook=store.rulebook, log_key=store.log_key)
    return not result.findings


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_an_epoch_whose_commit_fails_stands_if_its_row_does(forger: Forger, when: str) -> None:
    def fail(name: str) -> None:
        if name == f"log.epoch.{when}":
            raise StorageError("The disk is full (injected).")

    old = forger.log.where().epoch
    boundary.install(fail)
    with pytest.raises(LogAway, match="disk is full"):
        forger.log.new_epoch(forger.store.registry_key())
    boundary.install(None)
    epoch = old + (when == "after")
    assert forger.log.where().epoch == epoch
    assert [each for each, _ in forger.log._log._rows.epochs()] == list(range(1, epoch + 1))
    assert forger.log.new_epoch(forger.store.registry_key()) == epoch + 1
    assert isinstance(forger.log.append(sale(forger)), Accepted)
    assert audited_clean(forger)
