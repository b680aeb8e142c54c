"""The catalogue of refusals: complete, one sentence each, on the page, and each in a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openets.interfaces.refusals import OPEN, PAGE, Entry, catalogue, page
from openets.rulebook.answers import ANSWERS
from openets.rulebook.load import jurisdictions, load_rulebook

ROOT = Path(__file__).parents[2]
ENTRIES = catalogue()
CODES = sorted({entry.code for entry in ENTRIES})
# The rooms a request meets. Those that read files or play a world have several ways to be damaged.
ASKED = ("kernel", "desk", "people", "schemes", "ledger", "translog")
PREFIXES = "account-number|money|desk|people|ledger|evidence|log|receipt"
WRITTEN = re.compile(rf'"((?:{PREFIXES})\.[a-z-]+)"')


def test_one_code_one_sentence_one_citation() -> None:
    told: dict[str, set[Entry]] = {}
    for entry in ENTRIES:
        if entry.room in ASKED:
            told.setdefault(entry.code, set()).add(entry)
    assert not {code: found for code, found in told.items() if len(found) > 1}


def test_a_code_belongs_to_one_room() -> None:
    rooms: dict[str, set[str]] = {}
    for entry in ENTRIES:
        rooms.setdefault(entry.code, set()).add(entry.room)
    assert not {code: where for code, where in rooms.items() if len(where) > 1}
    names = {entry.room: set[str]() for entry in ENTRIES}
    for entry in ENTRIES:
        names[entry.room].add(entry.code.split(".")[0])
    assert names["ledger"] == {"ledger", "evidence"}
    assert names["people"] == {"people"}
    assert names["translog"] == {"log", "receipt"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.code} {entry.sentence[:20]}")
def test_each_has_a_sentence_and_cites_something(entry: Entry) -> None:
    whole = entry.sentence[0].isupper() or entry.sentence.startswith(OPEN)
    assert whole
    assert entry.citation
    if entry.room in ASKED and entry.room != "kernel":
        assert entry.sentence.endswith((".", OPEN))


def test_the_order_is_that_of_a_request() -> None:
    rooms = list(dict.fromkeys(entry.room for entry in ENTRIES))
    assert rooms[:6] == ["kernel", "desk", "people", "schemes", "ledger", "translog"]


def test_no_check_is_missing_from_the_catalogue() -> None:
    """A second reading of the source, cruder: whatever looks like a code in a check is there."""
    named = ("people/*.py", "desk/desk.py", "ledger/*.py", "translog/checks.py", "kernel/*.py")
    texts = [path.read_text() for one in named for path in (ROOT / "openets").glob(one)]
    found = {code for text in texts for code in WRITTEN.findall(text)}
    durable = re.compile(r'durable\("([a-z.-]+)"')  # named steps of storage look alike
    steps = {step for text in texts for step in durable.findall(text)}
    parameters = set(load_rulebook("uk").paths()) | set(load_rulebook("eu").paths())
    assert found - steps - parameters <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_each_code_occurs_in_a_test(code: str) -> None:
    assert code in SAID or code.split(".")[1] in SAID_SHORT.get(code.split(".")[0], ())


def test_the_page_of_the_manual_is_fresh() -> None:
    """`make law` writes it."""
    every = [load_rulebook(name) for name in jurisdictions()]
    books = [book for book in every if ANSWERS in book.paths()]
    assert (ROOT / "docs/manual" / PAGE).read_text() == page(ENTRIES, books)


def _texts() -> str:
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tests").rglob("*.yaml")]
    text = "\n".join(path.read_text() for path in files if path != Path(__file__))
    return text.replace("\\.", ".")  # as a pattern writes it


SAID = set(re.findall(r"[a-z][a-z-]*\.[a-z][a-z0-9-]*", _texts()))
_NUMBERS = (ROOT / "tests/kernel/account_numbers.yaml").read_text()
SAID_SHORT = {"account-number": set(re.findall(r"[a-z-]+", _NUMBERS))}
