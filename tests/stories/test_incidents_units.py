"""What happened to stolen, claimed and recycled units once, told again in both books.

The same attack is told a second time without the one defence, and then it succeeds: so it is that
defence that held. Where the defence is a value of the law, a folder of law lacks it; where it is an
order to stand still, the order is not given.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from openets.kernel import acts
from openets.kernel.clock import FixedClock
from openets.kernel.records import Block
from openets.kernel.refusal import Refused
from openets.ledger import tracing
from openets.ledger.post import Writer
from openets.ledger.requests import Outcome
from openets.ledger.store import Store, open_writer
from openets.ledger.verify import verify
from openets.people.opening import Opened
from openets.rulebook.load import FURTHER_LAW, LAW
from openets.storage.database import Database
from openets.translog.client import (
    Accepted,
    LocalLog,
    RecordRefused,
    check_proof,
    newest_head,
    open_local_log,
    order,
    prove,
)
from tests.busy_world import SCENE, SPARE
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    CENTRAL,
    ENDED,
    MONDAY,
    OTHER_CENTRAL,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    make_office,
    staffed,
)
from tests.small_world import (
    CAP_RECORD,
    FIRST,
    KIND,
    OTHER_PARTY,
    PARTY,
    RETIREMENT,
    SECOND,
    THIRD,
    move,
)
from tests.stories.test_incidents import Office
from tests.translog.batches import Forger
from tests.translog.worlds import officers, world_with_officers


class Europe:
    """Two registries of the small world, with two officers at the log."""

    def __init__(self, folder: Path, store: Store, log: LocalLog, writer: Writer) -> None:
        self.folder, self.store, self.log, self.writer = folder, store, log, writer

    def move(self, type_: str, sender: int, to: int, quantity: int, *words: str) -> Outcome:
        (outcome,) = self.writer.post([move(type_, sender, to, quantity, *words)])
        return outcome

    def order(self, act: acts.Freeze | acts.Lift) -> None:
        """Both officers, at the log; the registry is told by its next catching up."""
        answer = order(self.log, self.store.store, act, officers(self.folder))
        assert isinstance(answer, Accepted), answer
        assert self.writer.catch_up() == 1

    def tables(self) -> Database:
        projection = self.store.projection()
        projection.catch_up(self.writer.journal)
        return projection.database


@pytest.fixture
def europe(tmp_path: Path) -> Iterator[Europe]:
    urls = {name: f"sqlite:{tmp_path / name}.sqlite3" for name in ("journal", "query", "log")}
    store = world_with_officers(tmp_path, urls)
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        assert all(outcome.completed for outcome in writer.post(SCENE))
        yield Europe(tmp_path, store, log, writer)
    log.stop()


def code(outcome: Outcome) -> str:
    return outcome.refusals[0].code if outcome.refusals else ""


# -- November 2010: stolen units cross a border; the block stands still wherever it lies --


def steal(europe: Europe) -> tuple[Outcome, Outcome, Outcome]:
    """AT 51-140 are stolen from the first operator; part is sold at home, part abroad."""
    theft = europe.move("10-0", FIRST, SECOND, 90, "theft")
    assert europe.move("10-0", FIRST, SPARE, 5, "an honest sale").completed
    named = move("3-21", SECOND, THIRD, 30, "abroad")._replace(blocks=(Block(KIND, 51, 80),))
    (abroad,) = europe.writer.post([named])
    named = move("10-0", SECOND, SPARE, 10, "home")._replace(blocks=(Block(KIND, 81, 90),))
    (home,) = europe.writer.post([named])
    assert abroad.completed and home.completed
    return theft, abroad, home


def sell_on(europe: Europe) -> list[Outcome]:
    """A stolen unit from each account it has come to."""
    ways = (("3-21", THIRD, SECOND, 51), ("10-0", SPARE, FIRST, 81), ("10-0", SECOND, FIRST, 91))
    asked = [
        move(type_, holder, to, 1, "on")._replace(blocks=(Block(KIND, serial, serial),))
        for type_, holder, to, serial in ways
    ]
    return europe.writer.post(asked)


def test_a_stolen_block_stands_still_in_every_registry_and_its_way_is_known(
    europe: Europe,
) -> None:
    theft, abroad, home = steal(europe)
    europe.order(acts.Freeze(registry="AT", first=51, last=140, reason="stolen"))
    assert all("frozen" in outcome.refusals[0].sentence for outcome in sell_on(europe))
    with closing(europe.tables()) as database:
        found = tracing.trace_record(database, theft.sequence, "forward")
    assert [(h.sequence, h.transferring, h.acquiring, h.quantity) for h in found.hops] == [
        (theft.sequence, FIRST, SECOND, 90),
        (abroad.sequence, SECOND, THIRD, 30),
        (home.sequence, SECOND, SPARE, 10),
    ]
    assert verify(europe.store).sound


def test_without_the_order_it_is_sold_on(europe: Europe) -> None:
    steal(europe)
    assert all(outcome.completed for outcome in sell_on(europe))


# -- January 2011: one country stops, the others work --


def test_without_the_order_units_leave_the_country(europe: Europe) -> None:
    assert europe.move("3-21", FIRST, THIRD, 20, "before").completed
    assert europe.move("3-21", FIRST, THIRD, 1, "in").completed
    assert europe.move("3-21", THIRD, FIRST, 1, "out").completed


def test_one_country_stops_and_the_others_work(europe: Europe) -> None:
    assert europe.move("3-21", FIRST, THIRD, 20, "before").completed
    assert europe.move("10-53", PARTY, FIRST, 5, "before").refusals == ()
    europe.order(acts.Freeze(registry="SI", reason="systems under attack"))
    assert code(europe.move("3-21", FIRST, THIRD, 1, "in")) == "ledger.frozen"
    assert code(europe.move("3-21", THIRD, FIRST, 1, "out")) == "ledger.frozen"
    assert europe.move("10-0", FIRST, SPARE, 1, "elsewhere").completed
    lift = acts.Lift(registry="SI", reason="checked and reopened")
    alone = order(europe.log, europe.store.store, lift, officers(europe.folder)[:1])
    assert not isinstance(alone, Accepted)  # one signature opens nothing
    assert code(europe.move("3-21", THIRD, FIRST, 1, "still")) == "ledger.frozen"
    europe.order(lift)
    assert europe.move("3-21", THIRD, FIRST, 1, "again").completed


# -- February 2011: claimed units lie among others of the same account --


@contextmanager
def claimed(folder: Path) -> Iterator[tuple[Office, Opened]]:
    """The trader bought 60 claimed units of serials 1-400; its own are 501-800."""
    with staffed(make_office(folder / "store"), FixedClock(MONDAY)) as opened:
        sale = move_serials(opened.office.writer, CEMENT, TRADER, Block(1, 101, 160))
        assert sale.completed
        yield Office(opened, FixedClock(MONDAY)), opened


def test_what_is_claimed_stays_and_the_rest_of_the_account_moves(tmp_path: Path) -> None:
    with claimed(tmp_path) as (office, opened):
        claim = {"registry": "EX", "first": 101, "last": 160, "reason": "claimed by its owner"}
        proposal = office.propose(CENTRAL, "freeze", order="freeze", **claim)
        assert office.approve(OTHER_CENTRAL, proposal).state == "completed"
        assert code(move_serials(opened.office.writer, TRADER, CEMENT, Block(1, 160, 160))) == (
            "ledger.serials-frozen"
        )
        book = opened.office.writer.book
        assert (book.held(TRADER, 1), book.available(TRADER, 1)) == (360, 300)
        with pytest.raises(Refused, match="60 of those it holds are frozen"):
            office.move(9, "10-0", TRADER, CEMENT, 301)
        assert office.move(9, "10-0", TRADER, CEMENT, 300).state == "awaiting approval"


def test_without_the_order_what_is_claimed_is_gone(tmp_path: Path) -> None:
    with claimed(tmp_path) as (office, opened):
        assert move_serials(opened.office.writer, TRADER, CEMENT, Block(1, 101, 160)).completed
        assert office.held(TRADER) == 300


def move_serials(writer: Writer, sender: int, to: int, block: Block) -> Outcome:
    request = move("10-0", sender, to, block.quantity, str(block), day="2030-03-04")
    (outcome,) = writer.post([request._replace(blocks=(block,))])
    return outcome


# -- March 2010: surrendered units are sold once more --


def recycle(store: Store) -> bool:
    """Two administrators sell what was surrendered; true if the trader gets it."""
    clock = FixedClock(MONDAY)
    with staffed(store, clock) as opened:
        office = Office(opened, clock)
        surrender = office.move(CEMENT_ONE, "10-2", CEMENT, ENDED, 90, year=2030)
        assert office.approve(CEMENT_TWO, surrender).state == "completed"
        try:
            sale = office.move(SENIOR, "10-0", ENDED, TRADER, 90)
            office.approve(OTHER_SENIOR, sale)
        except Refused as refused:
            assert refused.refusals[0].code == "ledger.terminal"
            return False
        clock.step(MONDAY.replace(day=11) - MONDAY)
        list(opened.desk.work())
        return office.held(TRADER) == 390


@pytest.fixture
def laws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The example's law with a careless route out of the surrender account, and beside it the
    same without the word that makes the account the end of units."""
    home = tmp_path / "law"
    monkeypatch.setenv(FURTHER_LAW, str(home))
    route = "routes: [{ from: [operator-holding, trading], to: [operator-holding, trading] }]"
    wide = route.replace("[operator-holding, trading],", "[operator-holding, trading, surrender],")
    names = (f"careless-{tmp_path.name}", f"endless-{tmp_path.name}")
    for name, changes in zip(
        names, ([(route, wide)], [(route, wide), ("terminal: true, ", "")]), strict=True
    ):
        shutil.copytree(LAW / "example", home / name)
        file = home / name / "founding-act" / "registry.yaml"
        text = file.read_text()
        for passage, instead in changes:
            assert text.count(passage) == 1
            text = text.replace(passage, instead)
        file.write_text(text)
    return names


def test_what_was_surrendered_never_comes_back(tmp_path: Path, laws: tuple[str, str]) -> None:
    assert not recycle(make_office(tmp_path / "store", jurisdiction=laws[0]))


def test_if_the_account_were_no_end_it_would(tmp_path: Path, laws: tuple[str, str]) -> None:
    assert recycle(make_office(tmp_path / "store", jurisdiction=laws[1]))


def test_nor_is_it_created_a_second_time(europe: Europe) -> None:
    """AT 1-50 were surrendered; whoever brings them in as new is refused by both books."""
    asked = move("1-51", 0, PARTY, 50, "import", refers_to=CAP_RECORD)
    (outcome,) = europe.writer.post([asked._replace(blocks=(Block(KIND, 1, 50),))])
    assert code(outcome) == "ledger.serials-not-next"
    assert code(europe.move("10-0", RETIREMENT, SPARE, 50, "sold")) == (
        "ledger.type-not-open-to-sender"
    )


def test_nor_does_the_log_take_it_from_a_registry_that_would(tmp_path: Path) -> None:
    urls = {name: f"sqlite:{tmp_path / name}.sqlite3" for name in ("journal", "query", "log")}
    forger = Forger(world_with_officers(tmp_path, urls), SCENE)
    again = forger.move("1-51", 0, OTHER_PARTY, (1, 50), refers_to=CAP_RECORD)
    sold = forger.move("10-0", RETIREMENT, SPARE, (1, 50))
    for record, expected in ((again, "log.serials-not-next"), (sold, "log.route")):
        answer = forger.offer(record)
        assert isinstance(answer, RecordRefused)
        assert answer.refusal.code == expected
    forger.log.stop()


# -- an insider with the keys of the database --


def test_a_balance_edited_by_hand_is_found_by_both_alarms(europe: Europe) -> None:
    """First a balance, then the rows behind it, in the registry and in the log as well."""
    sale = europe.move("10-0", FIRST, SECOND, 40, "sale")
    store = europe.store
    with closing(europe.tables()) as tables:
        assert verify(store).sound
        tables.run("UPDATE balance SET quantity = quantity + 1000 WHERE account = ?", (SECOND,))
    (finding,) = verify(store).findings
    assert finding.book == "query"
    kept = newest_head(store.log_directory)
    assert kept is not None
    for table, column, url in (
        ("journal_batch", "envelope", store.journal_url),
        ("log_batch", "batch", f"sqlite:{europe.folder / 'log'}.sqlite3"),
    ):
        with closing(Database(url, name="edited")) as database:
            row = database.row(f"SELECT {column} FROM {table} WHERE first = ?", (sale.sequence,))
            assert row is not None
            end = (90).to_bytes(8, "little")  # the sale moved AT 51-90
            assert bytes(row[0]).count(end) == 1
            edited = bytes(row[0]).replace(end, (99).to_bytes(8, "little"))
            sql = f"UPDATE {table} SET {column} = ? WHERE first = ?"
            assert database.run(sql, (edited, sale.sequence))
        assert not verify(store).sound
    assert verify(store).findings[0].book == "log"
    forged = prove(store.log_directory, sale.sequence)
    with pytest.raises(Refused, match="do not lead to the signed root"):
        check_proof(forged)
