"""One check, one code: what each refuses, in which words, and that nothing has changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from openets.kernel import acts
from openets.kernel.records import Block, Leg
from openets.ledger import checks
from openets.ledger.post import Writer
from openets.ledger.requests import Request, key_of
from openets.ledger.store import open_writer
from openets.translog.client import open_local_log
from tests.busy_world import CLOSED, FROZEN, LATER_KIND, PERSON, SCENE, SPARE, account, kind
from tests.small_world import (
    CAP,
    CAP_RECORD,
    FIRST,
    KIND,
    OTHER_PARTY,
    PARTY,
    RETIREMENT,
    SECOND,
    UNIT,
    act,
    at,
    make_store,
    move,
)

SOURCES = ("checks.py", "book.py", "post.py")


class Case(NamedTuple):
    """A request and the code and words of its refusal."""

    code: str
    words: str
    request: Request


def named(*spans: tuple[int, int], quantity: int = 10, sender: int = FIRST) -> Request:
    blocks = tuple(Block(KIND, start, end) for start, end in spans)
    return move("10-0", sender, SPARE, quantity, "named")._replace(blocks=blocks)


def paid(*legs: tuple[int, int], currency: str = "EUR") -> Request:
    asked = move("10-0", FIRST, SPARE, 10, "paid")
    return asked._replace(legs=tuple(Leg(number, currency, cents) for number, cents in legs))


CASES = [
    Case("ledger.effective", "day between", move("10-0", FIRST, SPARE, 1)._replace(effective=-1)),
    Case("ledger.effective", "day between", act(kind(4, UNIT))._replace(effective=2**62)),
    Case("ledger.type-unknown", "no transaction type 77-1", move("77-1", FIRST, SPARE, 1)),
    Case("ledger.type-unknown", "3-0", move("3-0", FIRST, SPARE, 1)),  # not before 2008
    Case("ledger.parties", "names only an acquiring", move("1-51", PARTY, OTHER_PARTY, 1)),
    Case("ledger.parties", "names both", move("10-0", 0, SPARE, 1)),
    Case("ledger.account-unknown", "number 99", move("10-0", FIRST, 99, 1)),
    Case("ledger.same-account", "send to itself", move("10-0", FIRST, FIRST, 1)),
    Case(
        "ledger.type-not-open-to-sender",
        "may not send by 10-2",
        move("10-2", PERSON, RETIREMENT, 1, year=2006),
    ),
    Case(
        "ledger.type-not-open-to-receiver",
        "may not receive by 10-53",
        move("10-53", PARTY, PERSON, 1, year=2006),
    ),
    Case("ledger.sender-status", "is closed", move("10-0", CLOSED, SPARE, 1)),
    Case("ledger.receiver-status", "is closed", move("10-0", FIRST, CLOSED, 1)),
    Case("ledger.kind-unknown", "no kind of unit 9", move("10-0", FIRST, SPARE, 1, kind=9)),
    Case(
        "ledger.unit-not-permitted",
        "may not move by 10-2",
        move("10-2", FIRST, RETIREMENT, 1, kind=LATER_KIND, year=2006),
    ),
    Case("ledger.frozen", "is frozen", move("10-0", FIRST, FROZEN, 1)),
    Case("ledger.quantity", "at least one", move("10-0", FIRST, SPARE, 0)),
    Case("ledger.quantity", "at least one", move("10-0", FIRST, SPARE, -5)),
    Case(
        "ledger.unit-not-usable",
        "may not be surrendered for 2009",
        move("10-2", FIRST, RETIREMENT, 1, year=2009),
    ),
    Case("ledger.creation-unfounded", "rests on", move("1-51", 0, PARTY, 1, refers_to=3)),
    Case(
        "ledger.above-cap",
        "permits",
        move("1-51", 0, PARTY, 2_190_800_000, refers_to=CAP_RECORD),
    ),
    Case(
        "ledger.reservation-unknown",
        "reserves nothing",
        move("10-0", FIRST, SPARE, 1)._replace(reservation=3),
    ),
    Case("ledger.not-covered", "has 250 of kind 1", move("10-0", FIRST, SPARE, 251)),
    Case("ledger.not-covered", "has 50 of kind 1", move("10-0", SECOND, SPARE, 51)),
    Case(
        "ledger.not-reservable",
        "reserve",
        act(acts.Reserved(account=FIRST, kind=KIND, quantity=251)),
    ),
    Case("ledger.serials-disagree", "do not add up", named((51, 55))),
    Case("ledger.serials-malformed", "backwards or", named((60, 51), (51, 68))),
    Case("ledger.serials-malformed", "twice", named((51, 55), (55, 59))),
    Case("ledger.serials-not-held", "does not hold serials AT 1-10", named((1, 10))),
    Case("ledger.money-account", "number 99", paid((FIRST, 10), (99, -10))),
    Case("ledger.money-sum", "sum to 1 cents", paid((FIRST, 10), (SPARE, -9))),
    *[
        Case(
            "ledger.money-currency", "is no currency", paid((FIRST, 1), (SPARE, -1), currency=word)
        )
        for word in ("", "EU", "EURO", "eur", "E€R", "EU\0")
    ],
    Case("ledger.unwritable", "has room for", move("10-0", FIRST, SPARE, 1, year=70_000)),
    Case("ledger.unwritable", "has room for", move("10-0", FIRST, SPARE, 1, refers_to=2**64)),
    Case("ledger.unwritable", "has room for", paid((FIRST, 2**63), (SPARE, -(2**63)))),
    Case(
        "ledger.store-exists",
        "created once",
        act(
            acts.StoreCreated(
                jurisdiction="x", mode="live", registry_key="0" * 64, log_key="0" * 64
            )
        ),
    ),
    Case("ledger.other-rulebook", "not the one", act(acts.RulebookAdopted(digest="0" * 64))),
    Case("ledger.kind-number", "next kind is number 3", act(kind(7, UNIT))),
    Case("ledger.unit-unknown", "no unit gold", act(kind(3, "gold"))),
    Case("ledger.account-exists", "taken", account(FIRST)),
    Case("ledger.account-type-unknown", "no account type moon", account(20, "moon")),
    Case("ledger.registry-unknown", "no registry ZZ", account(20, registry="ZZ")),
    Case(
        "ledger.account-unknown",
        "number 99",
        act(acts.StatusChanged(account=99, status="open", reason="test")),
    ),
    Case(
        "ledger.status-unknown",
        "no account status sleepy",
        act(acts.StatusChanged(account=FIRST, status="sleepy", reason="test")),
    ),
    Case("ledger.freeze-scope", "one account, kind", act(acts.Freeze(reason="test"))),
    Case(
        "ledger.freeze-scope",
        "one account, kind",
        act(acts.Freeze(account=FIRST, registry="AT", reason="test")),
    ),
    Case("ledger.account-unknown", "number 99", act(acts.Freeze(account=99, reason="test"))),
    Case("ledger.not-frozen", "is not frozen", act(acts.Lift(account=FIRST, reason="test"))),
    Case(
        "ledger.freeze-scope",
        "Only a frozen account",
        act(acts.Freeze(registry="AT", incoming=True, reason="test")),
    ),
    Case(
        "ledger.freeze-scope",
        "upwards",
        act(acts.Freeze(registry="AT", first=60, last=51, reason="test")),
    ),
    Case(
        "ledger.freeze-serials",
        "those up to 1000 exist",
        act(acts.Freeze(registry="AT", first=990, last=1_001, reason="test")),
    ),
    Case(
        "ledger.comparison",
        "are not being compared",
        act(acts.Reconciled(registry="AT", state="ended")),
    ),
    Case(
        "ledger.cap-set",
        "set once",
        act(acts.CapSet(parameter=CAP, year=2006, units=(UNIT,), quantity=2_190_800_000), "again"),
    ),
    Case(
        "ledger.cap-unknown",
        "no parameter",
        act(acts.CapSet(parameter="caps.none", year=2006, units=(UNIT,), quantity=1)),
    ),
    Case(
        "ledger.cap-differs",
        "gives 2298500000",
        act(acts.CapSet(parameter=CAP, year=2007, units=(UNIT,), quantity=1)),
    ),
    Case("ledger.reservation-closed", "not an open", act(acts.Released(reservation=3))),
    Case(
        "ledger.not-an-operator",
        "has no emissions",
        act(acts.EmissionsVerified(account=PARTY, year=2006, tonnes=1)),
    ),
    Case(
        "ledger.account-unknown",
        "number 99",
        act(acts.EmissionsVerified(account=99, year=2006, tonnes=1)),
    ),
    Case(
        "ledger.reversal-unnamed",
        "names the record",
        move("10-92", RETIREMENT, FIRST, 1, day="2008-06-01", year=2008, kind=LATER_KIND),
    ),
    Case("ledger.key-reused", "says something else", move("10-53", PARTY, FIRST, 301, "first")),
]
WITHOUT_CASE_HERE = {
    "ledger.being-compared",  # with the law that says what stands still: test_checks_by_law.py
    "ledger.route-not-permitted",  # below: it needs two sides that are each permitted
    "ledger.unit-not-holdable",
    "ledger.creation-other-unit",
    "ledger.serials-frozen",
    "ledger.serials-not-next",
    "ledger.terminal",
    "ledger.too-many-blocks",  # test_checks_by_law.py, with the law that has such a limit
    "ledger.period-not-permitted",  # there too
}


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    store = make_store(tmp_path_factory.mktemp("checks") / "store")
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        refused = [outcome for outcome in writer.post(SCENE) if not outcome.completed]
        assert not refused, refused[0]
        yield writer
    log.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.words}")
def test_it_is_refused_and_nothing_changes(writer: Writer, case: Case) -> None:
    book = writer.book
    before = book.sequence, book.head, list(book.intervals()), dict(book.reserved)
    (outcome,) = writer.post([case.request])
    assert not outcome.completed
    (refusal,) = outcome.refusals
    assert refusal.code == case.code, refusal
    assert case.words in refusal.sentence
    assert refusal.sentence.endswith(".")
    assert refusal.citation
    assert (book.sequence, book.head, list(book.intervals()), dict(book.reserved)) == before
    assert writer.journal.last() == book.sequence


def test_every_code_has_a_case() -> None:
    folder = Path(__file__).parents[2] / "openets/ledger"
    text = "".join((folder / name).read_text() for name in SOURCES)
    codes = set(re.findall(r'"(ledger\.[a-z-]+)"', text))
    assert codes - {case.code for case in CASES} == WITHOUT_CASE_HERE


def test_new_serials_are_the_next_ones(writer: Writer) -> None:
    asked = move("1-51", 0, PARTY, 10, "gap", refers_to=CAP_RECORD)
    (outcome,) = writer.post([asked._replace(blocks=(Block(KIND, 2_001, 2_010),))])
    assert [refusal.code for refusal in outcome.refusals] == ["ledger.serials-not-next"]


def test_a_permission_is_for_its_units_only(writer: Writer) -> None:
    named = acts.CorrectionNamed(
        name="SI only", year=2006, units=(UNIT,), registry="SI", quantity=5, reason="test"
    )
    (correction,) = writer.post([act(named, "SI only")])
    (outcome,) = writer.post([move("1-51", 0, PARTY, 5, "AT", refers_to=correction.sequence)])
    assert [refusal.code for refusal in outcome.refusals] == ["ledger.creation-other-unit"]


def test_a_route_is_more_than_its_two_ends(writer: Writer) -> None:
    """Total quantity accounts send by 10-0 and operators receive by it, but not from each other."""
    book = writer.book
    requests = [
        act(kind(len(book.kinds) + 1, "general-allowance-2021-2030"), "route", day="2022-01-02"),
        ActFor.account(30, "total-quantity"),
        ActFor.account(31, "operator-holding"),
    ]
    assert all(outcome.completed for outcome in writer.post(requests))
    asked = move("10-0", 30, 31, 1, "route", day="2022-02-02", kind=len(book.kinds))
    (outcome,) = writer.post([asked])
    assert [refusal.code for refusal in outcome.refusals] == ["ledger.route-not-permitted"]


def test_what_an_account_may_not_hold_it_does_not_receive(writer: Writer) -> None:
    """Aviation allowances move by 10-0 in 2012, but no operator's account may hold them."""
    book = writer.book
    requests = [
        act(kind(len(book.kinds) + 1, "aviation-allowance-2012"), "hold", day="2012-01-02"),
        ActFor.account(40, "aircraft-operator-holding", "2012-01-02"),
        ActFor.account(41, "operator-holding", "2012-01-02"),
    ]
    assert all(outcome.completed for outcome in writer.post(requests))
    asked = move("10-0", 40, 41, 1, "hold", day="2012-02-02", kind=len(book.kinds))
    (outcome,) = writer.post([asked])
    assert [refusal.code for refusal in outcome.refusals] == ["ledger.unit-not-holdable"]


def test_what_has_ended_stays_whatever_a_rulebook_permits(writer: Writer) -> None:
    """No type of the law leads out of a retirement account, so the check is asked by itself."""
    asked = move("10-0", RETIREMENT, SPARE, 1)
    tables = writer.book.tables_at(asked.effective)
    refusal = checks.terminal_is_final(writer.book, tables, asked, ((KIND, 1),))
    assert refusal is not None
    assert (refusal.code, "have ended" in refusal.sentence) == ("ledger.terminal", True)


class ActFor:
    """Requests for acts on a day of their own."""

    @staticmethod
    def account(number: int, type_: str, day: str = "2022-01-02") -> Request:
        opened = acts.AccountOpened(number=number, registry="AT", type=type_)
        return act(opened, "later", number, day=day)


def test_keys_are_made_of_words() -> None:
    assert key_of("a", 1) == key_of("a", "1") != key_of("a1")
    assert at("2006-01-02") == 1_136_196_000_000_000
