"""A receipt proves its record without any database, and nothing else proves anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.records import Transaction, decode_record
from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.translog.client import check_proof, newest_head, prove, receipt_head
from tests.busy_world import SCENE
from tests.small_world import FIRST, PARTY, make_store
from tests.translog.batches import Forger


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = make_store(tmp_path_factory.mktemp("proof") / "store")
    Forger(store, SCENE).log.stop()
    return store


def test_every_record_is_proved(store: Store) -> None:
    head = newest_head(store.log_directory)
    assert head is not None
    for sequence in range(1, head.size + 1):
        text = prove(store.log_directory, sequence)
        proof = check_proof(text, store.log_key)
        assert proof.sequence == sequence == decode_record(bytes.fromhex(proof.record)).sequence
        assert proof.head() == receipt_head(text) == head
    record = decode_record(bytes.fromhex(check_proof(prove(store.log_directory, 12)).record))
    assert isinstance(record, Transaction)
    assert (record.transferring, record.acquiring, record.quantity) == (PARTY, FIRST, 300)


@pytest.mark.parametrize("sequence", [0, 99, -1])
def test_there_is_no_receipt_for_what_is_not_there(store: Store, sequence: int) -> None:
    with pytest.raises(LookupError, match=f"no record {sequence}"):
        prove(store.log_directory, sequence)


def bend(text: str) -> str:
    return ("0" if text[0] != "0" else "1") + text[1:]


Change = Callable[[dict[str, Any]], None]
CHANGES: dict[str, tuple[Change, str]] = {
    "record": (lambda words: words.update(record=bend(words["record"])), "receipt.path"),
    "salt": (lambda words: words.update(salt=bend(words["salt"])), "receipt.path"),
    "path": (lambda words: words["path"].pop(), "receipt.path"),
    "number": (lambda words: words.update(sequence=13), "receipt.path"),
    "root": (
        lambda words: words["tree_head"].update(root=bend(words["tree_head"]["root"])),
        "receipt.signature",
    ),
    "size": (lambda words: words["tree_head"].update(size=13), "receipt.signature"),
    "time": (lambda words: words["tree_head"].update(recorded=1), "receipt.signature"),
    "signature": (lambda words: words["tree_head"].update(signature="00"), "receipt.signature"),
    "key": (lambda words: words.update(log_key="0" * 64), "receipt.signature"),
    "format": (lambda words: words.update(format="openets receipt 9"), "receipt.format"),
    "not hexadecimal": (lambda words: words.update(salt="xy"), "receipt.malformed"),
    "a word more": (lambda words: words.update(more=1), "receipt.malformed"),
    "a word less": (lambda words: words.pop("salt"), "receipt.malformed"),
    "negative": (lambda words: words.update(sequence=-5), "receipt.malformed"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_receipt_proves_nothing(store: Store, name: str) -> None:
    change, code = CHANGES[name]
    words = json.loads(prove(store.log_directory, 12))
    change(words)
    with pytest.raises(Refused) as refused:
        check_proof(json.dumps(words))
    assert code in {refusal.code for refusal in refused.value.refusals}


def test_a_receipt_of_another_log_is_told_by_its_key(store: Store) -> None:
    text = prove(store.log_directory, 12)
    with pytest.raises(Refused, match="not signed by the log's key"):
        check_proof(text, b"\1" * 32)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "\0", '{"format": "openets receipt 1"}'])
def test_what_is_no_receipt_is_said_to_be_none(text: str) -> None:
    for read in (check_proof, receipt_head):
        with pytest.raises(Refused, match="not a receipt"):
            read(text)


def test_the_salt_keeps_a_record_from_being_guessed(store: Store, tmp_path: Path) -> None:
    """Two logs of the same records have different trees: nobody can test a guess against one."""
    other = make_store(tmp_path / "store")
    Forger(other, SCENE).log.stop()
    first, second = newest_head(store.log_directory), newest_head(other.log_directory)
    assert first is not None and second is not None
    assert first.root != second.root
