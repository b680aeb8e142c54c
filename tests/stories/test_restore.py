"""A database file is lost: one command makes it again, and the store goes on as if nothing was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stories.command_line import RECORDS, officers, rows_as_json, run, say

ACCOUNT = 12
FILES = {
    "query": "registry/query.sqlite3",
    "journal": "registry/journal.sqlite3",
    "log": "log/log.sqlite3",
}


def lose(store: Path, book: str) -> Path:
    """The database's files are gone; what else lies in the folder is not."""
    path = store / FILES[book]
    path.unlink()
    for beside in (f"{path.name}-wal", f"{path.name}-shm"):
        (path.parent / beside).unlink(missing_ok=True)
    return path


def freeze(store: Path) -> str:
    """Something that both books and the query tables take part in."""
    said = run("log", "freeze", ACCOUNT, *officers(store), "--reason", "drill", store=store)
    assert "the registry has taken it over" in said
    return said


def lift(store: Path) -> None:
    run("log", "lift", ACCOUNT, *officers(store), "--reason", "over", store=store)


def receipt(store: Path, name: str = "receipt.json", record: int = 100) -> Path:
    path = store.parent / name
    run("log", "prove", record, "--out", path, store=store)
    return path


def assert_whole(store: Path) -> None:
    """Everything is proved, and writing goes on."""
    assert say("verify", store=store).code == 0
    freeze(store)
    assert "frozen by record" in run("account", "show", ACCOUNT, store=store)
    lift(store)
    assert say("verify", store=store).code == 0
    assert "none differs" in run("totals", store=store)


@pytest.mark.parametrize("book", ["query", "journal"])
def test_one_command_makes_it_again(store: Path, book: str) -> None:
    before = rows_as_json("account", "statement", ACCOUNT, store=store)
    lose(store, book)
    found = say("verify", store=store)
    assert (found.code, f"`openets restore {book}`" in found.out) == (1, True)
    said = run("restore", book, store=store)
    assert said.endswith(f" made from {RECORDS:,} records\n")
    assert rows_as_json("account", "statement", ACCOUNT, store=store) == before
    assert_whole(store)


def test_what_needs_a_lost_journal_says_that_it_is_lost(store: Path) -> None:
    lose(store, "journal")
    for _ in range(2):  # the second time there is a file, with nothing in it
        said = say("recover", store=store)
        assert (said.code, "The journal is lost" in said.error) == (2, True)
        assert "`openets restore journal` makes it again from the log." in said.error
    run("restore", "journal", store=store)
    assert_whole(store)


def test_lost_query_tables_are_not_taken_for_empty_ones(store: Path) -> None:
    path = lose(store, "query")
    for words in (("account", "show", ACCOUNT), ("trace", "EU-1"), ("transaction", "show", 3)):
        said = say(*words, store=store)
        assert (said.code, said.out) == (2, "")
        assert said.error == f"openets: There is no database at {path}.\n"
    path.touch()  # a file of no bytes is an empty database
    said = say("account", "show", ACCOUNT, store=store)
    assert (said.code, "`openets restore query` makes them" in said.error) == (2, True)
    assert say("verify", store=store).code == 1


def test_one_command_and_a_receipt_make_the_log_again(store: Path) -> None:
    kept = receipt(store)
    head = run("log", "head", "--json", store=store)
    lose(store, "log")
    said = say("verify", store=store)
    assert (said.code, "book: log" in said.out) == (1, True)
    assert "`openets restore log --receipt FILE` makes it anew" in said.out
    assert (
        run("restore", "log", "--receipt", kept, store=store)
        == f"log made from {RECORDS:,} records\n"
    )
    assert run("log", "head", "--json", store=store) == head
    run("log", "check", kept, "--key", json.loads(head)["log key"])
    assert_whole(store)


def test_a_log_made_again_still_knows_who_may_write(store: Path) -> None:
    """Epochs begun before the loss stand after it, or an older writer could be believed again."""
    freeze(store)
    lift(store)
    kept = receipt(store)
    lose(store, "log")
    run("restore", "log", "--receipt", kept, store=store)
    assert say("verify", store=store).code == 0  # before anybody has begun another epoch
    assert_whole(store)


def test_all_three_are_lost_but_the_log(store: Path) -> None:
    lose(store, "query")
    lose(store, "journal")
    run("restore", "journal", store=store)
    run("restore", "query", store=store)
    assert_whole(store)


def test_an_old_receipt_vouches_only_for_what_it_knew(store: Path) -> None:
    kept = receipt(store)
    freeze(store)
    lose(store, "log")
    assert (
        run("restore", "log", "--receipt", kept, store=store)
        == f"log made from {RECORDS:,} records\n"
    )
    said = say("verify", store=store)
    assert said.code == 1
    assert f"The log ends before record {RECORDS + 1}; the journal goes on." in said.out
    assert "the books differ" in say("recover", store=store).error
    # The log is the one that was vouched for, so the journal is moved away and made from it.
    lose(store, "journal")
    run("restore", "journal", store=store)
    run("restore", "query", store=store)
    assert_whole(store)


def test_two_officers_accept_what_an_old_receipt_does_not_know(store: Path) -> None:
    kept = receipt(store)
    freeze(store)
    lose(store, "log")
    said = say("restore", "log", "--receipt", kept, *officers(store)[:2], store=store)
    assert (said.code, "Two officers of this log" in said.error) == (2, True)
    said = say("restore", "log", "--receipt", kept, *officers(store)[:2] * 2, store=store)
    assert (said.code, "Two officers of this log" in said.error) == (2, True)
    options = ["--receipt", str(kept), *officers(store)]
    assert (
        run("restore", "log", *options, store=store) == f"log made from {RECORDS + 1:,} records\n"
    )
    lift(store)
    assert_whole(store)


@pytest.mark.parametrize("part", ["size", "root", "head", "recorded", "signature", "store"])
def test_a_forged_receipt_vouches_for_nothing(store: Path, part: str) -> None:
    kept = receipt(store)
    forged = json.loads(kept.read_text())
    head = forged["tree_head"]
    if isinstance(head[part], int):
        head[part] -= 1
    else:
        head[part] = ("0" if head[part][0] != "0" else "1") + head[part][1:]
    kept.write_text(json.dumps(forged))
    lose(store, "log")
    said = say("restore", "log", "--receipt", kept, store=store)
    assert said.code == 2
    assert "is not signed by its key" in said.error
    assert say("verify", store=store).code == 1


def test_a_receipt_of_another_history_does_not_make_a_log(store: Path, played: Path) -> None:
    """The journal must lead to the very head the receipt names."""
    freeze(store)
    kept = receipt(store, record=RECORDS + 1)
    lose(store, "log")
    lose(store, "journal")
    (store / FILES["journal"]).write_bytes((played / FILES["journal"]).read_bytes())
    said = say("restore", "log", "--receipt", kept, store=store)
    assert said.code == 2
    assert f"The journal does not lead to the tree head of {RECORDS + 1} records" in said.error


@pytest.mark.parametrize("book", ["journal", "log"])
def test_a_book_that_still_has_records_is_not_replaced(store: Path, book: str) -> None:
    kept = receipt(store)
    options = ["--receipt", str(kept)] if book == "log" else []
    said = say("restore", book, *options, store=store)
    assert (said.code, said.out) == (2, "")
    assert "with records at" in said.error
    assert_whole(store)
