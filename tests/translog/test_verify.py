"""Whatever is changed in the log's rows is found and located, on both engines."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from openets.kernel import acts
from openets.kernel.batch import (
    FROM_OFFICERS,
    Receipt,
    TreeHead,
    decode_batch,
    encode_batch,
    extend_chain,
)
from openets.kernel.records import Transaction, decode_record
from openets.ledger.store import Store, open_writer
from openets.storage.database import Database
from openets.translog import judge
from openets.translog.client import Accepted, Audit, audit, open_local_log, prove, receipt_head
from openets.translog.merkle import Tree, leaf_hash, leaf_hashes
from openets.translog.picture import Picture
from openets.translog.store import load
from tests.busy_world import SCENE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, SECOND, make_store, move
from tests.translog.batches import Forger
from tests.translog.worlds import officers, world_with_officers

FLIPS = 300


@pytest.fixture
def store(tmp_path: Path, make_database: MakeDatabase) -> Store:
    return played(tmp_path / "store", {role: make_database(role) for role in ("journal", "log")})


def played(directory: Path, urls: dict[str, str]) -> Store:
    store = make_store(directory, urls)
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        for request in SCENE:
            writer.post([request])
        for index in range(5):
            writer.post([move("10-0", FIRST, SECOND, 3, f"trade {index}")])
    log.stop()
    return store


def audited(store: Store) -> Audit:
    return audit(store.log_directory, rulebook=store.rulebook, log_key=store.log_key)


def rows_of(store: Store) -> Database:
    return Database(load(store.log_directory).url, name="log")


def test_a_log_that_nobody_touched_is_sound(store: Store) -> None:
    result = audited(store)
    assert not result.findings
    with closing(rows_of(store)) as database:
        newest = database.row("SELECT last, root, head FROM log_batch ORDER BY first DESC LIMIT 1")
    assert newest is not None
    assert (result.records, result.root, result.head) == (
        newest[0],
        bytes(newest[1]),
        bytes(newest[2]),
    )
    assert sum(end - start + 1 for _, _, start, end, _ in result.intervals()) == 1_000


Change = Callable[[Database], None]


def change(column: str, value: object) -> Change:
    def apply(database: Database) -> None:
        database.run(f"UPDATE log_batch SET {column} = ? WHERE first = 20", (value,))

    return apply


def bend(column: str, at: int) -> Change:
    """Changes one byte of a column of the row of record 20."""

    def apply(database: Database) -> None:
        found = database.row(f"SELECT {column} FROM log_batch WHERE first = 20")
        assert found is not None
        value = bytearray(bytes(found[0]))
        value[at] ^= 1
        database.run(f"UPDATE log_batch SET {column} = ? WHERE first = 20", (bytes(value),))

    return apply


def drop(database: Database) -> None:
    database.run("DELETE FROM log_batch WHERE first = 20")


def swap(database: Database) -> None:
    columns = ("recorded", "batch", "salts", "root", "head", "signature")
    rows = [
        database.row(f"SELECT {', '.join(columns)} FROM log_batch WHERE first = ?", (first,))
        for first in (20, 21)
    ]
    for first, row in ((21, rows[0]), (20, rows[1])):
        assert row is not None
        marks = ", ".join(f"{column} = ?" for column in columns)
        database.run(f"UPDATE log_batch SET {marks} WHERE first = ?", (*row, first))


def double(database: Database) -> None:
    database.run(
        "INSERT INTO log_batch SELECT last + 1000, last + 1000, recorded, batch, salts, root, head,"
        " signature FROM log_batch WHERE first = 20"
    )


CHANGES: dict[str, tuple[Change, str]] = {
    "dropped": (drop, "Record 20 should follow"),
    "swapped": (swap, "otherwise"),
    "doubled": (double, "otherwise"),
    "first byte of the batch": (bend("batch", 0), "do not open like a batch"),
    "epoch of the batch": (bend("batch", 24), "earlier writer"),
    "a record": (bend("batch", 200), "was changed"),
    "signature of the batch": (bend("batch", -1), "was changed"),
    "a salt": (bend("salts", 3), "do not give the signed root"),
    "all salts": (change("salts", b""), "not one salt"),
    "root": (bend("root", 5), "not one that the log signed"),
    "head": (bend("head", 5), "not one that the log signed"),
    "signature of the tree head": (bend("signature", 5), "not one that the log signed"),
    "recorded": (change("recorded", 12), "not one that the log signed"),
    "last": (change("last", 21), "otherwise"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_row_is_found_and_located(store: Store, name: str) -> None:
    apply, words = CHANGES[name]
    with closing(rows_of(store)) as database:
        apply(database)
    (finding,) = audited(store).findings
    assert words in finding.sentence
    assert finding.book == "log"
    assert finding.batch == (28 if name == "doubled" else 20)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE log_meta SET value = seal", "changed after it was sealed"),
        ("DELETE FROM log_meta", "another log's"),
        ("UPDATE log_epoch SET epoch = 7", "does not follow"),
        ("DELETE FROM log_epoch", "never begun"),
        ("DROP TABLE log_epoch", "log"),
    ],
)
def test_what_stands_beside_the_rows_is_proved_too(
    store: Store, statement: str, words: str
) -> None:
    with closing(rows_of(store)) as database:
        database.run(statement)
    (finding,) = audited(store).findings
    assert words in finding.sentence


def test_another_key_is_another_log(store: Store) -> None:
    result = audit(store.log_directory, rulebook=store.rulebook, log_key=b"\0" * 32)
    assert "another key" in result.findings[0].sentence


def test_a_record_against_the_law_is_found_though_all_signatures_are_right(store: Store) -> None:
    """Registry and log conspire: both keys sign a row that no check would have let through."""
    configuration = load(store.log_directory)
    rows = configuration.open()
    with closing(rows.database):
        tree, batches = Tree(), list(rows.batches())
        for row in batches[:-1]:
            tree.extend(leaf_hashes(row.receipt.salts, decode_batch(row.batch).records))
        last = decode_batch(batches[-1].batch)
        record = decode_record(last.records[0])
        assert isinstance(record, Transaction)
        forged = record._replace(acquiring=99).encode()
        head = extend_chain(last.previous, (forged,))
        envelope = encode_batch(
            origin=last.origin,
            store=last.store,
            epoch=last.epoch,
            first=last.first,
            previous=last.previous,
            head=head,
            rulebook=last.rulebook,
            records=(forged,),
            signers=[store.registry_key()],
        )
        salts = batches[-1].receipt.salts
        tree.extend([leaf_hash(salts + forged)])
        promise = TreeHead(store.store, last.last, tree.root(), head, 2**52)
        receipt = Receipt(promise.signed(configuration.key()), salts)
        rows.database.run("DELETE FROM log_batch WHERE first = ?", (last.first,))
        rows.add(last.first, last.last, envelope, receipt)
    (finding,) = audited(store).findings
    assert "log.account-unknown" in finding.sentence
    assert (finding.record, finding.account) == (last.first, FIRST)
    assert finding.serial == record.blocks[0].start


@pytest.mark.parametrize("what", ["act", "transaction"])
def test_officers_who_order_more_than_a_freeze_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A log that was tampered with takes it; the audit judges by itself."""
    urls = {role: f"sqlite:{tmp_path / role}" for role in ("journal", "query", "log")}
    forger = Forger(world_with_officers(tmp_path, urls), SCENE)
    opened = forger.act(acts.AccountOpened(number=60, registry="AT", type="operator-holding"))
    more = opened if what == "act" else forger.move("10-0", FIRST, SECOND, (51, 52))
    with monkeypatch.context() as bribed:
        bribed.setattr(judge, "FROM_OFFICERS", None)
        order = forger.envelope(more, origin=FROM_OFFICERS, signers=officers(tmp_path))
        assert isinstance(forger.log.append(order), Accepted)
    forger.log.stop()
    (finding,) = audited(forger.store).findings
    assert "more than a freeze" in finding.sentence
    assert (finding.batch, finding.record) == (more.sequence, more.sequence)


def test_a_clock_that_ran_backwards_is_found(tmp_path: Path) -> None:
    forger = Forger(make_store(tmp_path / "store"), SCENE)
    forger.log._log._recorded = 0  # the log forgets when the row before was recorded
    forger.log.step_clock(-3_600_000_000)
    sold = forger.move("10-0", FIRST, SECOND, (51, 51))
    assert isinstance(forger.offer(sold), Accepted)
    forger.log.stop()
    (finding,) = audited(forger.store).findings
    assert "recorded before" in finding.sentence
    assert finding.batch == sold.sequence


def test_units_that_nobody_holds_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Conservation is summed over what is held, not taken from what was counted on the way."""
    store = played(tmp_path / "store", {})
    every = list(audited(store).intervals())
    monkeypatch.setattr(Picture, "intervals", lambda _: iter(every[1:]))
    (finding,) = audited(store).findings
    assert "not those created" in finding.sentence


# -- single bytes of a file --------------------------------------------------------------------


@pytest.fixture(scope="module")
def flipping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Path, bytes]]:
    store = played(tmp_path_factory.mktemp("flips") / "store", {})
    path = store.log_directory / "log.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield store, path, path.read_bytes()


# What bears on how rows are read. The file's other numbers (schema and user version, application
# number) are read by nobody, and WAL mode is set anew by whoever opens it to write.
SETTINGS = ("encoding", "page_size", "page_count", "freelist_count", "auto_vacuum")


def contents(path: Path) -> list[tuple[object, ...]]:
    """Everything the file says, as the engine reads it."""
    with closing(sqlite3.connect(path)) as connection:
        found = list(connection.execute("SELECT * FROM sqlite_master ORDER BY name"))
        found += [connection.execute(f"PRAGMA {name}").fetchone() for name in SETTINGS]
        for table in ("log_meta", "log_epoch", "log_batch"):
            found += connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
        return found


@pytest.mark.parametrize("portion", range(6))
def test_a_flipped_byte_is_found_or_says_nothing(
    flipping: tuple[Store, Path, bytes], portion: int
) -> None:
    """A byte in the free space of a page holds no data; every other byte is found."""
    store, path, whole = flipping
    expected = contents(path)
    draw = random.Random(portion)
    silent = 0
    for _ in range(FLIPS // 6):
        at = draw.randrange(len(whole))
        bent = bytearray(whole)
        bent[at] ^= 1 << draw.randrange(8)
        path.write_bytes(bytes(bent))
        if not audited(store).findings:
            assert contents(path) == expected, f"byte {at} changed what the log says, unnoticed"
            silent += 1
    path.write_bytes(whole)
    assert not audited(store).findings
    assert silent < FLIPS // 6 * 0.9, "hardly any flip was found; the file must be mostly data"


def test_a_flipped_byte_of_the_file_header_is_found_or_says_nothing(
    flipping: tuple[Store, Path, bytes],
) -> None:
    """The first hundred bytes say how all others are read."""
    store, path, whole = flipping
    expected = contents(path)
    draw = random.Random(100)
    found = []
    for at in range(100):
        bent = bytearray(whole)
        bent[at] ^= 1 << draw.randrange(8)
        path.write_bytes(bytes(bent))
        if audited(store).findings:
            found.append(at)
        else:
            assert contents(path) == expected, f"byte {at} changed what the log says, unnoticed"
    path.write_bytes(whole)
    assert set(range(16)) <= set(found)  # the words a database file opens with


@pytest.mark.parametrize("count", [1, 2, 5])
def test_rows_missing_at_the_end_show_in_what_the_log_is_proved_up_to(
    store: Store, count: int
) -> None:
    """A shorter log is sound in itself; only the journal, or a head kept elsewhere, tells."""
    with closing(rows_of(store)) as database:
        kept = [row[0] for row in database.rows("SELECT last FROM log_batch ORDER BY first")]
        receipt = prove(store.log_directory, kept[-1])
        heads = list(database.rows("SELECT head, root FROM log_batch ORDER BY first"))
        database.run("DELETE FROM log_batch WHERE last > ?", (kept[-1 - count],))
    result = audited(store)
    assert not result.findings
    assert result.records == kept[-1 - count]
    assert (result.head, result.root) == tuple(map(bytes, heads[-1 - count]))
    assert receipt_head(receipt).size > result.records
    with pytest.raises(LookupError, match=f"no record {kept[-1]}"):
        prove(store.log_directory, kept[-1])
