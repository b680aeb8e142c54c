"""What the log refuses although the registry signed it: one case for each code, nothing changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from openets.kernel import acts
from openets.kernel.records import ActRecord, Leg, Record
from openets.translog import checks
from openets.translog.client import Accepted, RecordRefused
from tests.busy_world import (
    AIRCRAFT_KIND,
    CLOSED,
    FROZEN,
    LATER_KIND,
    PERSON,
    SCENE,
    SPARE,
    kind,
)
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
    make_store,
)
from tests.translog.batches import Forger

# After the scene: account 4 (FIRST) holds 51-300, account 5 (SECOND) 301-500 of which 150 are
# reserved, account 1 (PARTY) 501-1000, account 2 (RETIREMENT) 1-50; 1001 is next.


class Case(NamedTuple):
    """A forged record, and the code and words of the refusal."""

    code: str
    words: str
    forge: Callable[[Forger], Record]


def moving(*arguments: object, **more: object) -> Callable[[Forger], Record]:
    return lambda forger: forger.move(*arguments, **more)  # type: ignore[arg-type]


def acting(words: acts.Act, day: str = "2006-06-01") -> Callable[[Forger], Record]:
    return lambda forger: forger.act(words, day)


def cap(parameter: str, year: int, quantity: int) -> acts.CapSet:
    return acts.CapSet(parameter=parameter, year=year, units=(UNIT,), quantity=quantity)


def at_sequence(number: int) -> Callable[[Forger], Record]:
    return lambda forger: forger.move("10-0", FIRST, SPARE, (51, 52))._replace(sequence=number)


def with_used_key(forger: Forger) -> Record:
    return forger.move("10-0", FIRST, SPARE, (51, 52))._replace(key=SCENE[0].key)


def at_no_time(forger: Forger) -> Record:
    return forger.move("10-0", FIRST, SPARE, (51, 52))._replace(effective=-1)


CASES = [
    Case("log.sequence", "is number 3", at_sequence(3)),
    Case("log.key-used", "stands at record 3", with_used_key),
    Case("log.effective", "no day", at_no_time),
    Case("log.parties", "two different", moving("10-0", FIRST, FIRST, (51, 52))),
    Case("log.parties", "two different", moving("10-0", FIRST, 0, (51, 52))),
    Case("log.parties-of-type", "only a creation", moving("1-51", PARTY, OTHER_PARTY, (501, 502))),
    Case("log.account-unknown", "no account 99", moving("10-0", FIRST, 99, (51, 52))),
    Case("log.account-unknown", "no account 99", moving("10-0", 99, FIRST, (51, 52))),
    Case(
        "log.account-unknown",
        "no account 99",
        moving("10-0", FIRST, SPARE, (51, 52), legs=(Leg(99, "EUR", 0),)),
    ),
    Case("log.kind-unknown", "no kind 9", moving("10-0", FIRST, SPARE, (51, 52), kind=9)),
    Case("log.block-malformed", "no range", moving("10-0", FIRST, SPARE, (52, 51))),
    Case("log.block-malformed", "no range", moving("10-0", FIRST, SPARE, (0, 51))),
    Case("log.nothing-moves", "at least one", moving("10-0", FIRST, SPARE)),
    Case("log.serial-twice", "AT 55 is", moving("10-0", FIRST, SPARE, (51, 55), (55, 60))),
    Case("log.not-held", "Serial 300 is not", moving("10-0", FIRST, SPARE, (298, 302))),
    Case("log.not-held", "Serial 1001", moving("10-0", PARTY, OTHER_PARTY, (999, 1_005))),
    Case("log.not-held", "as kind 2", moving("10-0", FIRST, SPARE, (51, 52), kind=LATER_KIND)),
    Case(
        "log.serials-not-next",
        "created before",
        moving("1-51", 0, PARTY, (1, 10), refers_to=CAP_RECORD),
    ),
    Case(
        "log.serials-not-next",
        "not the next",
        moving("1-51", 0, PARTY, (1_002, 1_010), refers_to=CAP_RECORD),
    ),
    Case(
        "log.reservation-unknown",
        "3 reserves",
        moving("10-0", FIRST, SPARE, (51, 52), reservation=3),
    ),
    Case("log.reserved", "reserved part", moving("10-0", SECOND, SPARE, (301, 351))),
    Case(
        "log.money",
        "sums to 1 cents",
        moving("10-0", FIRST, SPARE, (51, 52), legs=(Leg(FIRST, "EUR", 3), Leg(SPARE, "EUR", -2))),
    ),
    *[
        Case(
            "log.money-currency",
            "is no currency",
            moving("10-0", FIRST, SPARE, (51, 52), legs=(Leg(FIRST, word, 0),)),
        )
        for word in ("EU", "eur", "E1R")
    ],
    Case("log.type-unknown", "no type 65-1", moving("65-1", FIRST, SPARE, (51, 52))),
    Case("log.route", "does not lead", moving("10-53", PARTY, PERSON, (501, 502))),
    Case("log.status", "is closed", moving("10-0", FIRST, CLOSED, (51, 52))),
    Case("log.frozen", "account 13 is frozen", moving("10-0", FIRST, FROZEN, (51, 52))),
    Case(
        "log.unit-year",
        "do not count for 2009",
        moving("10-2", FIRST, RETIREMENT, (51, 52), year=2009),
    ),
    Case(
        "log.no-permission",
        "permits no creation",
        moving("1-51", 0, PARTY, (1_001, 1_010), refers_to=4),
    ),
    Case(
        "log.above-cap",
        "leaves",
        moving("1-51", 0, PARTY, (1_001, 2_190_800_001), refers_to=CAP_RECORD),
    ),
    Case(
        "log.store-first",
        "no other",
        acting(
            acts.StoreCreated(
                jurisdiction="x", mode="live", registry_key="0" * 64, log_key="0" * 64
            )
        ),
    ),
    Case(
        "log.account-taken",
        "exists already",
        acting(acts.AccountOpened(number=FIRST, registry="AT", type="operator-holding")),
    ),
    Case("log.kind-number", "not the next", acting(kind(9, UNIT))),
    Case(
        "log.account-unknown",
        "no account 99",
        acting(acts.StatusChanged(account=99, status="open", reason="x")),
    ),
    Case("log.reservation-closed", "no open reservation", acting(acts.Released(reservation=3))),
    Case("log.freeze-scope", "one account", acting(acts.Freeze(reason="x"))),
    Case("log.comparison", "in turn", acting(acts.Reconciled(registry="AT", state="ended"))),
    Case("log.not-law", "registry ZZ", acting(acts.Reconciled(registry="ZZ", state="begun"))),
    Case("log.account-unknown", "no account 99", acting(acts.Freeze(account=99, reason="x"))),
    Case("log.not-frozen", "is not frozen", acting(acts.Lift(registry="AT", reason="x"))),
    Case(
        "log.freeze-incoming",
        "left open",
        acting(acts.Freeze(registry="AT", incoming=True, reason="x")),
    ),
    Case("log.freeze-block", "a first", acting(acts.Freeze(first=1, last=2, reason="x"))),
    Case(
        "log.freeze-serials",
        "1001 was never",
        acting(acts.Freeze(registry="AT", first=990, last=1_001, reason="x")),
    ),
    Case(
        "log.serials-not-frozen",
        "as such a block",
        acting(acts.Lift(registry="AT", first=51, last=52, reason="x")),
    ),
    Case(
        "log.not-reservable",
        "units free, not 251",
        acting(acts.Reserved(account=FIRST, kind=KIND, quantity=251)),
    ),
    Case(
        "log.not-reservable",
        "0 units free, not 1",
        acting(acts.Reserved(account=FIRST, kind=99, quantity=1)),
    ),
    Case("log.not-law", "unit gold", acting(kind(AIRCRAFT_KIND, "gold"))),
    Case(
        "log.not-law",
        "account type moon",
        acting(acts.AccountOpened(number=20, registry="AT", type="moon")),
    ),
    Case(
        "log.not-law",
        "registry ZZ",
        acting(acts.AccountOpened(number=20, registry="ZZ", type="operator-holding")),
    ),
    Case(
        "log.not-law",
        "status sleepy",
        acting(acts.StatusChanged(account=FIRST, status="sleepy", reason="x")),
    ),
    Case("log.not-law", "rulebook", acting(acts.RulebookAdopted(digest="0" * 64))),
    Case(
        "log.not-law",
        "unit gold",
        acting(acts.CorrectionNamed(name="x", year=2006, units=("gold",), quantity=1, reason="x")),
    ),
    Case("log.cap-twice", "stands in the books", acting(cap(CAP, 2006, 2_190_800_000))),
    Case("log.cap-unknown", "no parameter", acting(cap("caps.none", 2006, 1))),
    Case("log.cap-differs", "is 2298500000, not 1", acting(cap(CAP, 2007, 1))),
    Case(
        "log.not-an-operator",
        "emits nothing",
        acting(acts.EmissionsVerified(account=PARTY, year=2006, tonnes=1)),
    ),
    Case(
        "log.account-unknown",
        "no account 99",
        acting(acts.EmissionsVerified(account=99, year=2006, tonnes=1)),
    ),
]
# Codes the cases above cannot reach, and where they are tested.
ELSEWHERE = {
    "log.serials-frozen",
    "log.unit",  # below
    "log.unit-not-holdable",  # below
    "log.too-many-blocks",  # with the law that has such a limit: ledger/test_checks_by_law.py
    "log.period",  # there too
    "log.being-compared",  # there too
    "log.terminal",  # below
    "log.reversal",  # below
    "log.other-permission",  # below
    "log.rulebook-not-adopted",  # below
    "log.store",  # test_accept.py
}


@pytest.fixture(scope="module")
def forger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forger]:
    forger = Forger(make_store(tmp_path_factory.mktemp("forged") / "store"), SCENE)
    yield forger
    forger.log.stop()


def everything(forger: Forger) -> tuple[object, ...]:
    """Where the log is, in memory and in its rows."""
    log = forger.log._log
    shelves = [log._picture.keys, *log._picture._shelves]
    shelves = [dict(shelf) for shelf in shelves]
    rows = list(log._rows.batches())
    return forger.log.where(), list(log._picture.intervals()), shelves, log._tree.root(), rows


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.words}")
def test_it_is_refused_and_nothing_changes(forger: Forger, case: Case) -> None:
    before = everything(forger)
    good = forger.move("10-0", FIRST, SPARE, (300, 300), word="good")
    bad = case.forge(forger)
    if case.code != "log.sequence":
        bad = bad._replace(sequence=bad.sequence + 1)
    answer = forger.offer(good, bad)
    assert isinstance(answer, RecordRefused), answer
    assert answer.index == 1
    assert answer.refusal.code == case.code, answer.refusal
    assert case.words in answer.refusal.sentence
    assert answer.refusal.sentence.endswith(".")
    assert answer.refusal.citation
    assert everything(forger) == before


def test_the_good_half_would_have_been_taken(tmp_path: Path) -> None:
    forger = Forger(make_store(tmp_path / "store"), SCENE)
    assert isinstance(forger.offer(forger.move("10-0", FIRST, SPARE, (51, 51))), Accepted)
    forger.log.stop()


def test_every_code_has_a_case() -> None:
    text = Path(checks.__file__).read_text()
    codes = set(re.findall(r'"(log\.[a-z-]+)"', text))
    assert codes - {case.code for case in CASES} == ELSEWHERE


def refusal_of(answer: object) -> str:
    assert isinstance(answer, RecordRefused), answer
    return answer.refusal.code


def test_units_go_where_they_may(tmp_path: Path) -> None:
    """Aviation allowances of 2012: not by surrender of 2006, and not into an operator's account."""
    scene = [
        *SCENE,
        act(kind(AIRCRAFT_KIND, "aviation-allowance-2012"), "aviation", day="2012-01-02"),
        act(
            acts.AccountOpened(number=40, registry="AT", type="aircraft-operator-holding"),
            40,
            day="2012-01-02",
        ),
        act(
            acts.CorrectionNamed(
                name="SI",
                year=2006,
                units=(UNIT, "aviation-allowance-2012"),
                registry="SI",
                quantity=5,
                reason="x",
            ),
            "SI",
            day="2012-01-02",
        ),
    ]
    forger = Forger(make_store(tmp_path / "store"), scene)
    correction = forger.next() - 1
    wrong_unit = forger.move(
        "1-51", 0, PARTY, (1_001, 1_001), kind=AIRCRAFT_KIND, refers_to=CAP_RECORD
    )
    assert refusal_of(forger.offer(wrong_unit)) == "log.unit"
    wrong_home = forger.move("1-51", 0, PARTY, (1_001, 1_001), refers_to=correction)
    assert refusal_of(forger.offer(wrong_home)) == "log.other-permission"
    not_holdable = forger.move("10-0", 40, SPARE, (1, 1), kind=AIRCRAFT_KIND, day="2012-06-01")
    view = forger.log._log._judge.turn_to(not_holdable.effective)
    refusal = checks.units_are_permitted(view, not_holdable)
    assert refusal is not None
    assert refusal.code == "log.unit-not-holdable"
    forger.log.stop()


def test_what_has_ended_stays_whatever_a_rulebook_permits(forger: Forger) -> None:
    """No type of the law leads out of a retirement account, so the check is asked by itself."""
    judge = forger.log._log._judge
    record = forger.move("10-0", RETIREMENT, SPARE, (1, 2))
    refusal = checks.ended_units_stay(judge.turn_to(record.effective), record)
    assert refusal is not None
    assert refusal.code == "log.terminal"
    record = forger.move("10-92", RETIREMENT, SPARE, (1, 2), day="2008-06-01")
    refusal = checks.ended_units_stay(judge.turn_to(record.effective), record)
    assert refusal is not None
    assert refusal.code == "log.reversal"


def test_nothing_is_posted_under_a_rulebook_nobody_adopted(forger: Forger) -> None:
    picture = forger.log._log._picture
    adopted = picture.rulebook
    opened = acts.AccountOpened(number=50, registry="AT", type="operator-holding")
    for record in (forger.move("10-0", FIRST, SPARE, (51, 52)), forger.act(opened)):
        picture.rulebook = b"another"
        assert refusal_of(forger.offer(record)) == "log.rulebook-not-adopted"
        assert picture.rulebook == adopted  # a refusal takes the log back to where it stood


def test_a_record_that_cannot_be_read_is_named(forger: Forger) -> None:
    good = forger.move("10-0", FIRST, SPARE, (51, 51)).encode()
    answer = forger.offer(good, b"\x01\x00\x09\x00 nonsense of some length, forty bytes or so..")
    assert isinstance(answer, RecordRefused)
    assert (answer.index, answer.refusal.code) == (1, "log.malformed")
    payload = b'{"act":"freeze", "account":4,"reason":"not canonical"}'
    answer = forger.offer(ActRecord(forger.next(), b"0" * 16, 0, payload))
    assert refusal_of(answer) == "log.malformed"
