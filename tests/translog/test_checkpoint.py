"""A picture that was kept is the picture that reading the rows makes, or it is not used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from openets.kernel import acts
from openets.kernel.signing import SigningKey
from openets.ledger.store import Store
from openets.rulebook.load import load_rulebook
from openets.storage.database import Database
from openets.translog import checkpoint, server
from openets.translog.accept import TransactionLog
from openets.translog.store import load
from tests.busy_world import FROZEN, SCENE
from tests.conftest import MakeDatabase
from tests.kept_states import flip_a_bit, keep_after, kept_store, of_log, post, want_another
from tests.small_world import FIRST, SECOND, act, move
from tests.waiting import wait_for


@pytest.fixture
def store(tmp_path: Path, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose log was kept when it was closed."""
    keep_after(1, monkeypatch)
    return kept_store(tmp_path / "store", make_database)


def started(store: Store) -> tuple[int, int]:
    """Up to which record the log was kept, and where it stands; it is the one the rows make."""
    configuration = load(store.log_directory)
    with log_of(store) as log:
        kept = checkpoint.state_at_start(log._rows, log._rulebook).picture.sequence
        content = configuration.checkpoint.read_bytes() if kept else b""
        configuration.checkpoint.unlink(missing_ok=True)
        with log_of(store) as anew:
            assert of_log(log) == of_log(anew)
        if content:
            configuration.checkpoint.write_bytes(content)
        return kept, log.where().sequence


@contextmanager
def log_of(store: Store) -> Iterator[TransactionLog]:
    configuration = load(store.log_directory)
    rows, law = configuration.open(read_only=True), load_rulebook(configuration.jurisdiction)
    with closing(rows.database):
        yield TransactionLog(rows, configuration.key(), law, lambda: 0)


def test_it_is_the_picture_that_the_rows_make(store: Store) -> None:
    kept, here = started(store)
    assert kept == here > len(SCENE)
    late = [move("10-0", SECOND, FIRST, 1, "late"), act(acts.Lift(account=FROZEN, reason="x"), "x")]
    with pytest.MonkeyPatch.context() as patch:
        keep_after(1_000, patch)
        post(store, late)
    assert started(store) == (kept, kept + len(late))


def other_seal(store: Store) -> None:
    configuration = load(store.log_directory)
    with log_of(store) as log:
        state = checkpoint.State(log._picture, log._tree, log._recorded)
        configuration.checkpoint.unlink()
        other = SigningKey.create(store.directory / "other.pem")
        checkpoint.keep(state, configuration, log._rulebook, other)


def changed(store: Store) -> None:
    flip_a_bit(load(store.log_directory).checkpoint)


def shorter_rows(store: Store) -> None:
    with closing(Database(load(store.log_directory).url, name="log")) as database:
        database.run("DELETE FROM log_batch WHERE first = (SELECT MAX(first) FROM log_batch)")


def without_a_part(store: Store) -> None:
    configuration = load(store.log_directory)
    keeping = checkpoint._keeping(configuration, load_rulebook(configuration.jurisdiction))
    found = keeping.read()
    assert found is not None
    without = found._replace(parts={**found.parts, "shelves": b'{"mode": 3}'})
    keeping.write(without, configuration.key().sign)


@pytest.mark.parametrize("spoil", [other_seal, changed, without_a_part, shorter_rows])
def test_what_is_not_of_the_rows_is_not_used(store: Store, spoil: Callable[[Store], None]) -> None:
    spoil(store)
    kept, here = started(store)
    assert kept == 0 < here
    with log_of(store) as log:
        log.keep()
    assert started(store) == (here, here)


@pytest.mark.parametrize("name", ["shape", "law", "store", "order"])
def test_what_is_of_another_release_law_or_store_is_not_used(
    store: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    want_another(name, checkpoint, monkeypatch)
    kept, here = started(store)
    assert kept == 0 < here


def test_while_it_serves_it_is_kept_now_and_then(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "BETWEEN_KEEPINGS_SECONDS", 0.01)
    path = load(store.log_directory).checkpoint
    path.unlink()
    with server.at_its_socket(store.log_directory):
        wait_for(path.exists)
