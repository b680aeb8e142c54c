"""A lost log comes back from the registry's batches exactly as it was, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.batch import Receipt, TreeHead, decode_batch, encode_batch, extend_chain
from openets.kernel.signing import SigningKey, is_signed_by
from openets.ledger.store import Store, open_writer
from openets.storage import boundary
from openets.storage.database import Database, StorageError
from openets.translog.client import (
    Fenced,
    audit,
    newest_head,
    open_local_log,
    rebuild_log,
    stored_batches,
)
from openets.translog.store import ACCEPTANCE, IDENTITY, load
from tests.busy_world import SCENE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, SECOND, move
from tests.translog.batches import Forger
from tests.translog.worlds import officers, world_with_officers

TABLES = ("log_batch", "log_epoch", "log_meta")
Batches = list[tuple[bytes, Receipt]]


@dataclass
class Lost:
    """A store whose log is gone, and what was kept of it."""

    store: Store
    batches: Batches
    rows: dict[str, list[tuple[Any, ...]]]
    late_writer: bytes  # a batch of a writer that was fenced before the loss

    @property
    def newest(self) -> TreeHead:
        return self.batches[-1][1].tree_head

    @property
    def earlier(self) -> TreeHead:
        """The head that somebody kept a while ago."""
        return self.batches[2][1].tree_head

    def rebuild(
        self,
        trusted: TreeHead,
        signers: tuple[SigningKey, ...] = (),
        batches: Batches | None = None,
    ) -> int:
        return rebuild_log(
            self.store.log_directory,
            iter(self.batches if batches is None else batches),
            trusted,
            signers,
            registry=self.store.registry_key(),
        )

    def found(self) -> dict[str, list[tuple[Any, ...]]]:
        return rows_of(self.store)


def rows_of(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with closing(Database(load(store.log_directory).url, name="log")) as database:
        return {
            table: [
                tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
                for row in database.rows(f"SELECT * FROM {table} ORDER BY 1")
            ]
            for table in TABLES
        }


def lose(store: Store) -> None:
    with closing(Database(load(store.log_directory).url, name="log")) as database:
        for table in TABLES:
            database.run(f"DROP TABLE {table}")


@pytest.fixture
def lost(tmp_path: Path, make_database: MakeDatabase) -> Iterator[Lost]:
    """Six batches by three writers."""
    urls = {role: make_database(role) for role in ("journal", "query", "log")}
    store = world_with_officers(tmp_path, urls)
    forger = Forger(store, SCENE)
    late = b""
    for number in range(4):
        late = forger.envelope(forger.move("10-0", FIRST, SECOND, (290, 290), word="late"))
        with closing(open_writer(store, forger.log)) as writer:
            (outcome,) = writer.post([move("10-0", FIRST, SECOND, 3, f"trade {number}")])
            assert outcome.completed
    forger.log.stop()
    kept = Lost(store, list(stored_batches(store.log_directory)), rows_of(store), late)
    assert len(kept.batches) == 6
    lose(store)
    yield kept
    boundary.install(None)


def is_sound(store: Store) -> bool:
    return not audit(store.log_directory, rulebook=store.rulebook, log_key=store.log_key).findings


def test_up_to_its_last_head_it_is_the_same_log_again(lost: Lost) -> None:
    assert lost.rebuild(lost.newest) == lost.newest.size
    assert lost.found() == lost.rows
    assert newest_head(lost.store.log_directory) == lost.newest
    assert is_sound(lost.store)


def test_it_goes_on_and_still_fences_who_was_fenced(lost: Lost) -> None:
    lost.rebuild(lost.newest)
    log = open_local_log(lost.store.log_directory)
    epoch = log.where().epoch
    assert epoch == 5
    assert log.append(lost.late_writer) == Fenced(epoch)
    with closing(open_writer(lost.store, log)) as writer:
        (outcome,) = writer.post([move("10-0", FIRST, SECOND, 3, "after the loss")])
        assert outcome.completed
        assert outcome.sequence == lost.newest.size + 1
    log.stop()
    assert is_sound(lost.store)


def test_an_earlier_head_vouches_for_nothing_after_it(lost: Lost) -> None:
    assert lost.rebuild(lost.earlier) == lost.earlier.size
    assert newest_head(lost.store.log_directory) == lost.earlier
    assert lost.found()["log_batch"] == lost.rows["log_batch"][:3]
    assert is_sound(lost.store)


def test_two_officers_accept_the_rest_and_their_signatures_are_kept(
    lost: Lost, tmp_path: Path
) -> None:
    signers = officers(tmp_path)
    assert lost.rebuild(lost.earlier, signers) == lost.newest.size
    assert lost.found()["log_batch"] == lost.rows["log_batch"]
    assert is_sound(lost.store)
    meta = {name: value for name, value, _ in lost.found()["log_meta"]}
    assert set(meta) == {IDENTITY, ACCEPTANCE}
    words = json.loads(meta[ACCEPTANCE])
    assert (words["size"], words["root"]) == (lost.newest.size, lost.newest.root.hex())
    assert set(words["signed"]) == {key.public.hex() for key in signers}
    for public, signature in words["signed"].items():
        message = lost.newest.message()
        assert is_signed_by(bytes.fromhex(public), bytes.fromhex(signature), message)


def test_officers_have_nothing_to_accept_where_the_head_is_the_last(
    lost: Lost, tmp_path: Path
) -> None:
    assert lost.rebuild(lost.newest, officers(tmp_path)) == lost.newest.size
    assert [name for name, _, _ in lost.found()["log_meta"]] == [IDENTITY]


def test_one_officer_twice_or_with_a_stranger_accepts_nothing(lost: Lost, tmp_path: Path) -> None:
    first, _ = officers(tmp_path)
    stranger = SigningKey.create(tmp_path / "stranger.pem")
    registry = lost.store.registry_key()
    for signers in ((first,), (first, first), (first, stranger), (first, registry)):
        with pytest.raises(StorageError, match="Two officers of this log"):
            lost.rebuild(lost.earlier, signers)
        assert not lost.found()["log_batch"]


@pytest.mark.parametrize(
    "changed",
    [
        {"size": 3},
        {"root": b"\0" * 32},
        {"head": b"\0" * 32},
        {"recorded": 1},
        {"store": b"\0" * 16},
        {"signature": b"\0" * 64},
        {"signature": b""},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_head_the_log_did_not_sign_vouches_for_nothing(
    lost: Lost, changed: dict[str, Any]
) -> None:
    with pytest.raises(StorageError, match="not signed by its key"):
        lost.rebuild(lost.newest._replace(**changed))


def test_a_head_the_registry_signed_vouches_for_nothing(lost: Lost) -> None:
    with pytest.raises(StorageError, match="not signed by its key"):
        lost.rebuild(lost.newest.signed(lost.store.registry_key()))


def test_a_head_of_another_history_of_the_same_log_vouches_for_nothing(
    lost: Lost, tmp_path: Path
) -> None:
    """The log did sign it: its key was stolen, or the journal is not what the log has seen."""
    other = lost.newest._replace(root=b"\1" * 32).signed(load(lost.store.log_directory).key())
    for signers in ((), officers(tmp_path)):
        with pytest.raises(StorageError, match="does not lead to the tree head"):
            lost.rebuild(other, signers)
        assert not lost.found()["log_batch"]


def test_a_log_that_has_records_is_not_made_again(lost: Lost) -> None:
    lost.rebuild(lost.earlier)
    before = lost.found()
    with pytest.raises(StorageError, match="still is a log with records"):
        lost.rebuild(lost.newest)
    assert lost.found() == before


# -- a registry that would rewrite the log ---------------------------------------------------------


def signed_anew(lost: Lost, previous: bytes | None, records: tuple[bytes, ...] | None) -> Batches:
    """The last batch with other contents, for which the registry signs."""
    envelope, receipt = lost.batches[-1]
    last = decode_batch(envelope)
    records = last.records if records is None else records
    previous = last.previous if previous is None else previous
    forged = encode_batch(
        origin=last.origin,
        store=last.store,
        epoch=last.epoch,
        first=last.first,
        previous=previous,
        head=extend_chain(previous, records),
        rulebook=last.rulebook,
        records=records,
        signers=[lost.store.registry_key()],
    )
    return [*lost.batches[:-1], (forged, receipt)]


def another_record(lost: Lost) -> Batches:
    return signed_anew(lost, None, (decode_batch(lost.batches[-1][0]).records[0][:-1] + b"\1",))


def another_chain(lost: Lost) -> Batches:
    return signed_anew(lost, b"\1" * 32, None)


def with_receipt(change: Callable[[Receipt], Receipt]) -> Callable[[Lost], Batches]:
    def apply(lost: Lost) -> Batches:
        envelope, receipt = lost.batches[3]
        return [*lost.batches[:3], (envelope, change(receipt)), *lost.batches[4:]]

    return apply


def with_byte(at: int) -> Callable[[Lost], Batches]:
    def apply(lost: Lost) -> Batches:
        envelope, receipt = lost.batches[3]
        bent = bytearray(envelope)
        bent[at] ^= 1
        return [*lost.batches[:3], (bytes(bent), receipt), *lost.batches[4:]]

    return apply


HEAD = TreeHead._replace
REWRITINGS: dict[str, tuple[Callable[[Lost], Batches], str]] = {
    "another last record": (another_record, "not one the log took"),
    "another head to build on": (another_chain, "not one the log took"),
    "one left out": (lambda lost: lost.batches[:2] + lost.batches[3:], "not one the log took"),
    "the first left out": (lambda lost: lost.batches[1:], "not one the log took"),
    "one twice": (lambda lost: [*lost.batches[:3], *lost.batches[2:]], "not one the log took"),
    "two swapped": (
        lambda lost: [*lost.batches[:3], lost.batches[4], lost.batches[3], lost.batches[5]],
        "not one the log took",
    ),
    "the last left out": (lambda lost: lost.batches[:-1], "does not lead to the tree head"),
    "nothing": (lambda _: [], "does not lead to the tree head"),
    "a byte of the epoch": (with_byte(24), "not one the log took"),
    "a byte of a record": (with_byte(200), "not one the log took"),
    "a byte of the batch's signature": (with_byte(-1), "not one the log took"),
    "another salt": (
        with_receipt(lambda receipt: receipt._replace(salts=b"\0" * 16)),
        "not one the log took",
    ),
    "no salt": (
        with_receipt(lambda receipt: receipt._replace(salts=b"")),
        "not one the log took",
    ),
    "a promise the log did not sign": (
        with_receipt(
            lambda receipt: receipt._replace(tree_head=HEAD(receipt.tree_head, recorded=1))
        ),
        "not one the log took",
    ),
}


@pytest.mark.parametrize("name", REWRITINGS)
def test_batches_that_do_not_lead_to_the_head_make_no_log(
    lost: Lost, tmp_path: Path, name: str
) -> None:
    rewrite, words = REWRITINGS[name]
    batches = rewrite(lost)
    for signers in ((), officers(tmp_path)):
        with pytest.raises(StorageError, match=words):
            lost.rebuild(lost.newest, signers, batches)
        found = lost.found()
        assert (found["log_batch"], found["log_epoch"]) == ([], [])
        assert found["log_meta"] == [row for row in lost.rows["log_meta"] if row[0] == IDENTITY]
    assert lost.rebuild(lost.newest) == lost.newest.size  # the true ones still do


@pytest.mark.parametrize("step", ["log.create", "log.rebuild"])
@pytest.mark.parametrize("when", ["before", "during"])
def test_a_rebuilding_that_breaks_off_is_done_again(lost: Lost, step: str, when: str) -> None:
    def fail(name: str) -> None:
        if name == f"{step}.{when}":
            raise StorageError("The disk is full (injected).")

    boundary.install(fail)
    with pytest.raises(StorageError, match="disk is full"):
        lost.rebuild(lost.newest)
    boundary.install(None)
    assert lost.rebuild(lost.newest) == lost.newest.size
    assert lost.found() == lost.rows


def test_what_the_officers_accepted_is_never_without_their_signatures(
    lost: Lost, tmp_path: Path
) -> None:
    """Whatever boundary breaks, records beyond the vouched head stand only with an acceptance."""
    reached: list[str] = []
    boundary.install(reached.append)
    lost.rebuild(lost.earlier, officers(tmp_path))
    for name in dict.fromkeys(reached):
        boundary.install(None)
        lose(lost.store)

        def fail(at: str, name: str = name) -> None:
            if at == name:
                raise StorageError("Power is lost (injected).")

        boundary.install(fail)
        with pytest.raises(StorageError, match="Power is lost"):
            lost.rebuild(lost.earlier, officers(tmp_path))
        boundary.install(None)
        if name in ("log.create.before", "log.create.during"):
            lost.rebuild(lost.earlier, officers(tmp_path))  # there were no tables to look at
        found = lost.found()
        accepted = ACCEPTANCE in {row[0] for row in found["log_meta"]}
        assert accepted == bool(found["log_batch"]), name
