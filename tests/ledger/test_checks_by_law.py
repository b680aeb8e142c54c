"""What each law answers to a transaction: cases in YAML, put to the desk's rule and to both books.

A case names types, statuses and quantities and the code the jurisdiction answers with; where it has
none, the house's. What the ledger refuses the log must refuse as well, on its own picture.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.kernel import acts
from openets.kernel.records import Block, Transaction, type_code
from openets.kernel.refusal import Refusal
from openets.ledger.requests import TransactionRequest
from openets.ledger.verify import accounts_that_differ, difference_of_holders
from openets.people.statuses import status_refusal
from openets.rulebook.answers import code_of
from tests.books_by_law import TwoBooks

CASES = Path(__file__).parent / "cases"
FILES = [yaml.safe_load(path.read_text()) for path in sorted(CASES.glob("checks-*.yaml"))]
SENDER, RECEIVER, BANK, UNKNOWN = 1, 2, 3, 99


def cases(part: str) -> list[Any]:
    """Every case of a part of the files, with what its file says of all."""
    return [
        pytest.param(file, {**file["defaults"], **case}, id=f"{file['day']} {case['case']}")
        for file in FILES
        for case in file.get(part, ())
    ]


def scene(file: dict[str, Any], case: dict[str, Any]) -> tuple[TwoBooks, int, int, int]:
    """The books before the case: sender, receiver and the permission a creation rests on."""
    books = TwoBooks(file["jurisdiction"], file["day"], file["home"])
    unit, sender, permission = case["unit"], 0, 0
    books.periods = tuple(case["periods"]) if "periods" in case else None
    if case["from"] == "none":
        permitted = case["permitted"]
        permission = books.permit(unit, permitted) if permitted != "none" else 1
    elif case["from"] == "unknown":
        sender = UNKNOWN
    else:
        sender = SENDER
        books.open(SENDER, case["from"])
        hold(books, unit, case)
        if "from_status" in case:
            books.set_status(SENDER, case["from_status"])
    receiver = {"unknown": UNKNOWN, "itself": sender}.get(case["to"], RECEIVER)
    if receiver == RECEIVER:
        books.open(RECEIVER, case["to"], case.get("to_status", "open"))
    if "compared" in case:
        books.do(acts.Reconciled(registry=case["compared"], state="begun"))
    if case.get("compared_since"):
        books.do(acts.Reconciled(registry=case["compared"], state="ended"))
    if "drawn" in case:
        drawn = books.request(case["type"], 0, receiver, unit, case["drawn"], permission)
        assert books.post(drawn) is None
    return books, sender, receiver, permission


def hold(books: TwoBooks, unit: str, case: dict[str, Any]) -> None:
    """Gives the sender its units: in one block, or in as many as the case says."""
    blocks = case.get("blocks", 0)
    quantity = case.get("holds", 100)
    spans = [(2 * one - 1, 2 * one - 1) for one in range(1, blocks + 1)] or [(1, quantity)]
    if quantity:
        books.endow(SENDER, unit, spans)


def asked(books: TwoBooks, case: dict[str, Any], ends: tuple[int, int, int]) -> TransactionRequest:
    sender, receiver, permission = ends
    quantity, year = case.get("quantity", 10), case.get("year", books.day.year)
    return books.request(
        case["type"], sender, receiver, case["unit"], quantity, permission, year=year
    )


def answer(books: TwoBooks, refusal: Refusal | None) -> str:
    """The jurisdiction's code for a refusal, else the house's."""
    if refusal is None:
        return "allowed"
    assert refusal.sentence.endswith(".")
    return code_of(books.rulebook, refusal, books.day) or refusal.code


def forced(
    books: TwoBooks, request: TransactionRequest, spans: list[tuple[int, int]]
) -> Transaction:
    """The record a registry would make that checks nothing."""
    blocks = tuple(Block(request.kind, start, end) for start, end in spans)
    return books.book._transaction(request._replace(blocks=blocks))


@pytest.mark.parametrize(("file", "case"), cases("cases"))
def test_the_registry_answers(file: dict[str, Any], case: dict[str, Any]) -> None:
    books, *ends = scene(file, case)
    request = asked(books, case, (ends[0], ends[1], ends[2]))
    sender = books.book.accounts.get(request.transferring)
    barred = None
    if sender is not None:
        role = case.get("by", "representative")
        barred = status_refusal(
            books.tables, sender.number, sender.status, type_code(case["type"]), role
        )
    before = books.book.sequence
    refusal = barred or books.post(request)
    assert answer(books, refusal) == str(case["answer"])
    assert books.book.sequence == before + (refusal is None)
    if refusal is not None and barred is None:
        spans = [(1, request.quantity)]
        if "blocks" in case:
            spans = [(2 * one - 1, 2 * one - 1) for one in range(1, request.quantity + 1)]
        assert books.judge_record(forced(books, request, spans)) is not None


@pytest.mark.parametrize(("file", "case"), cases("log"))
def test_the_log_answers(file: dict[str, Any], case: dict[str, Any]) -> None:
    books, *ends = scene(file, case)
    if "reserved" in case:
        kind = books.kind(case["unit"])
        books.do(acts.Reserved(account=SENDER, kind=kind, quantity=case["reserved"]))
    record = forced(books, asked(books, case, (ends[0], ends[1], ends[2])), case["serials"])
    if case.get("repeated"):
        books.take(record)
        record = record._replace(sequence=record.sequence + 1)
    assert answer(books, books.judge_record(record)) == str(case["answer"])


@pytest.mark.parametrize(("file", "case"), cases("mixed"))
def test_one_transaction_is_of_one_kind(file: dict[str, Any], case: dict[str, Any]) -> None:
    creates = case["from"] == "none"
    held = case if creates else {**case, "from": "party-holding", "to": "party-holding"}
    first, second = case["units"]
    books, *ends = scene(file, {**held, "unit": first, "permitted": 10})
    start = 101 if first != second else 6
    if first != second and not creates:
        books.endow(SENDER, second, [(start, start + 4)])
    spans = ((first, 1), (second, start))
    blocks = tuple(Block(books.kind(unit), at, at + 4) for unit, at in spans)
    request = asked(books, {**held, "unit": first}, (ends[0], ends[1], ends[2]))
    before = books.book.sequence
    refusal = books.post(request._replace(blocks=blocks))
    assert answer(books, refusal) == str(case["answer"])
    assert books.book.sequence == before + (refusal is None)


BLOCKS = yaml.safe_load((CASES / "blocks.yaml").read_text())["cases"]


@pytest.mark.parametrize("case", BLOCKS, ids=lambda case: f"{case['holds']} asks {case['asks']}")
def test_blocks_are_cut_where_they_should_be(case: dict[str, Any]) -> None:
    books = TwoBooks(FILES[-1]["jurisdiction"], FILES[-1]["day"], FILES[-1]["home"])
    for number in (SENDER, RECEIVER):
        books.open(number, "trading")
    books.endow(SENDER, "allowance", case["holds"])
    named = case["asks"] if isinstance(case["asks"], list) else []
    quantity = sum(end - start + 1 for start, end in named) if named else case["asks"]
    spans = tuple((start, end) for start, end in named)
    request = books.request("10-50", SENDER, RECEIVER, "allowance", quantity, spans=spans)
    refusal = books.post(request)
    if "refused" in case:
        assert refusal is not None
        assert refusal.code == case["refused"]
        assert books.judge_record(forced(books, request, named or [(1, quantity)])) is not None
    else:
        assert refusal is None
        assert books.blocks(RECEIVER) == [tuple(span) for span in case["sent"]]
    left = case.get("left", case["holds"])
    assert books.blocks(SENDER) == sorted(tuple(span) for span in left)


RECONCILED = yaml.safe_load((CASES / "reconciliation.yaml").read_text())["cases"]
ISSUER, ISSUED = 9, 20_000


def books_with(holdings: dict[int, int]) -> TwoBooks:
    """The books of a day on which one account gave each of the others its units, in this order."""
    books = TwoBooks(FILES[-1]["jurisdiction"], FILES[-1]["day"], FILES[-1]["home"])
    books.open(ISSUER, "trading")
    books.endow(ISSUER, "allowance", [(1, ISSUED)])
    for number, quantity in holdings.items():
        books.open(number, "trading")
        assert books.post(books.request("10-50", ISSUER, number, "allowance", quantity)) is None
    return books


@pytest.mark.parametrize("case", RECONCILED, ids=lambda case: str(case["name"]))
def test_where_the_books_differ_the_account_is_named(case: dict[str, Any]) -> None:
    registry, log = books_with(case["registry"]).book, books_with(case["log"]).picture
    found = difference_of_holders(registry, log)
    assert (found and found.account) == case["differs"]
    assert sorted(accounts_that_differ(registry, log, lambda *_: True)) == case["all"]
    assert accounts_that_differ(registry, log, lambda kind, account: account < 0) == set()


def test_the_first_case_of_each_law_is_permitted() -> None:
    """So that every other one is refused for what it says, and for nothing else."""
    assert all(file["cases"][0]["answer"] == "allowed" for file in FILES)
    assert all(before["day"] != after["day"] for before, after in pairwise(FILES))
