"""Two officers stop an account at the log itself, and the registry follows when it comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from openets.kernel import acts
from openets.kernel.batch import FROM_OFFICERS, decode_batch
from openets.kernel.records import ActRecord, Block, Transaction, decode_record
from openets.ledger.frozen import scope_of
from openets.ledger.post import Writer
from openets.ledger.requests import Outcome
from openets.ledger.store import open_writer
from openets.translog.client import (
    Accepted,
    RecordRefused,
    WrongHead,
    WrongRulebook,
    audit,
    open_local_log,
    order,
)
from openets.translog.orders import encode_order
from tests.busy_world import LATER_KIND, SCENE, SPARE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, KIND, OTHER_PARTY, SECOND, THIRD, move
from tests.translog.batches import Forger
from tests.translog.worlds import officers, world_with_officers

Order = acts.Freeze | acts.Lift
SCOPES: dict[str, dict[str, int | str]] = {
    "account": {"account": FIRST},
    "kind": {"kind": KIND},
    "registry": {"registry": "AT"},
    "block": {"registry": "AT", "first": 1, "last": 1_000},
}
# What the registry answers to a sale: around a frozen block it looks for other units first.
IN_THE_BOOK = dict.fromkeys(SCOPES, "ledger.frozen") | {"block": "ledger.not-covered"}
IN_THE_LOG = dict.fromkeys(SCOPES, "log.frozen") | {"block": "log.serials-frozen"}


@pytest.fixture
def forger(tmp_path: Path, make_database: MakeDatabase) -> Iterator[Forger]:
    urls = {role: make_database(role) for role in ("journal", "query", "log")}
    forger = Forger(world_with_officers(tmp_path, urls), SCENE)
    yield forger
    forger.log.stop()


@pytest.fixture
def writer(forger: Forger) -> Iterator[Writer]:
    with closing(open_writer(forger.store, forger.log)) as writer:
        yield writer


def freeze(scope: dict[str, int | str]) -> acts.Freeze:
    return acts.Freeze(reason="drill", **scope)  # type: ignore[arg-type]


def lift(scope: dict[str, int | str]) -> acts.Lift:
    return acts.Lift(reason="over", **scope)  # type: ignore[arg-type]


def give(forger: Forger, folder: Path, act: Order) -> None:
    answer = order(forger.log, forger.store.store, act, officers(folder))
    assert isinstance(answer, Accepted), answer


def sale(writer: Writer, *words: str | int, sender: int = FIRST, receiver: int = SPARE) -> Outcome:
    (outcome,) = writer.post([move("10-0", sender, receiver, 1, *words)])
    return outcome


def code_of(outcome: Outcome) -> str:
    return outcome.refusals[0].code if outcome.refusals else ""


def test_an_order_is_one_act_signed_by_both_and_effective_now(
    forger: Forger, tmp_path: Path
) -> None:
    here = forger.log.where()
    before = time.time_ns() // 1_000
    data = encode_order(here, forger.store.store, freeze(SCOPES["account"]), officers(tmp_path))
    after = time.time_ns() // 1_000
    batch = decode_batch(data)
    assert (batch.origin, batch.first, batch.previous) == (
        FROM_OFFICERS,
        here.sequence + 1,
        here.head,
    )
    assert batch.signers() == {key.public for key in officers(tmp_path)}
    assert batch.is_chained()
    (record,) = map(decode_record, batch.records)
    assert isinstance(record, ActRecord)
    assert acts.parse_act(record.payload) == freeze(SCOPES["account"])
    assert before <= record.effective <= after
    again = encode_order(here, forger.store.store, freeze(SCOPES["account"]), officers(tmp_path))
    assert decode_record(decode_batch(again).records[0]).key != record.key


@pytest.mark.parametrize("scope", SCOPES)
def test_the_registry_takes_a_freeze_over_and_obeys(
    forger: Forger, writer: Writer, tmp_path: Path, scope: str
) -> None:
    assert sale(writer, "before").completed
    give(forger, tmp_path, freeze(SCOPES[scope]))
    assert writer.catch_up() == 1
    assert writer.journal.last() == writer.book.sequence == forger.log.where().sequence
    position = writer.book.sequence
    for sender, receiver in ((FIRST, SPARE), (SECOND, FIRST)):
        refused = sale(writer, "frozen", sender=sender, receiver=receiver)
        assert code_of(refused) == IN_THE_BOOK[scope]
    assert writer.book.sequence == position == forger.log.where().sequence
    give(forger, tmp_path, lift(SCOPES[scope]))
    assert writer.catch_up() == 1
    assert sale(writer, "after").completed


def test_an_account_beside_the_frozen_one_goes_on(
    forger: Forger, writer: Writer, tmp_path: Path
) -> None:
    give(forger, tmp_path, freeze(SCOPES["account"]))
    assert sale(writer, "beside", sender=SECOND, receiver=SPARE).completed
    give(forger, tmp_path, freeze({"registry": "SI"}))
    give(forger, tmp_path, freeze({"kind": LATER_KIND}))
    assert sale(writer, "at home", sender=SECOND, receiver=SPARE).completed
    (outcome,) = writer.post([move("3-21", SECOND, THIRD, 1, "abroad")])
    assert code_of(outcome) == "ledger.frozen"


@pytest.mark.parametrize("scope", SCOPES)
def test_a_freeze_holds_though_the_registry_does_not_know_of_it(
    forger: Forger, writer: Writer, tmp_path: Path, scope: str
) -> None:
    """What its book still permits, the log does not take."""
    order_given = freeze(SCOPES[scope])
    give(forger, tmp_path, order_given)
    stale = forger.move("10-0", FIRST, SPARE, (51, 51))
    answer = forger.offer(stale)
    assert isinstance(answer, RecordRefused)
    assert answer.refusal.code == IN_THE_LOG[scope]
    assert scope_of(order_given) not in writer.book.frozen
    assert code_of(sale(writer, "posted")) == IN_THE_BOOK[scope]  # the post caught up first
    assert scope_of(order_given) in writer.book.frozen


@pytest.mark.parametrize("scope", SCOPES)
def test_one_officer_neither_freezes_nor_lifts(
    forger: Forger, writer: Writer, tmp_path: Path, scope: str
) -> None:
    (one, _) = officers(tmp_path)
    for signers in ([one], [one, one]):
        answer = order(forger.log, forger.store.store, freeze(SCOPES[scope]), signers)
        assert not isinstance(answer, Accepted)
    assert sale(writer, "free").completed
    give(forger, tmp_path, freeze(SCOPES[scope]))
    for signers in ([one], [one, one]):
        answer = order(forger.log, forger.store.store, lift(SCOPES[scope]), signers)
        assert not isinstance(answer, Accepted)
    assert code_of(sale(writer, "frozen")) == IN_THE_BOOK[scope]


def test_a_frozen_block_stands_still_and_the_rest_of_the_account_goes_on(
    forger: Forger, writer: Writer, tmp_path: Path
) -> None:
    """The first operator holds AT 51-300."""
    block: dict[str, int | str] = {"registry": "AT", "first": 51, "last": 60}
    give(forger, tmp_path, freeze(block))
    sold = sale(writer, "beside")
    record = writer.journal.record(sold.sequence)
    assert isinstance(record, Transaction)
    assert record.blocks == (Block(KIND, 61, 61),)
    give(forger, tmp_path, lift(block))
    returned = writer.journal.record(sale(writer, "after").sequence)
    assert isinstance(returned, Transaction)
    assert returned.blocks == (Block(KIND, 51, 51),)


def test_an_account_may_be_left_open_to_what_comes_in(
    forger: Forger, writer: Writer, tmp_path: Path
) -> None:
    give(forger, tmp_path, acts.Freeze(account=FIRST, incoming=True, reason="drill"))
    assert sale(writer, "in", sender=SECOND, receiver=FIRST).completed
    assert code_of(sale(writer, "out")) == "ledger.frozen"


def test_a_registry_that_was_away_takes_everything_over_when_it_comes_back(
    forger: Forger, tmp_path: Path
) -> None:
    last = forger.log.where().sequence
    for act in (freeze(SCOPES["account"]), freeze({"account": SECOND}), lift({"account": SECOND})):
        give(forger, tmp_path, act)
    forger.log.stop()
    forger.log = open_local_log(forger.store.log_directory)  # the log was away too
    with closing(open_writer(forger.store, forger.log)) as writer:
        assert writer.book.sequence == writer.journal.last() == last + 3
        assert code_of(sale(writer, "first")) == "ledger.frozen"
        assert sale(writer, "second", sender=SECOND).completed
    store = forger.store
    result = audit(store.log_directory, rulebook=store.rulebook, log_key=store.log_key)
    assert not result.findings
    assert result.records == last + 4


def test_orders_do_not_wait_for_a_writer_and_are_not_fenced_by_one(
    forger: Forger, tmp_path: Path
) -> None:
    data = encode_order(
        forger.log.where(), forger.store.store, freeze(SCOPES["account"]), officers(tmp_path)
    )
    forger.log.new_epoch(forger.store.registry_key())
    assert isinstance(forger.log.append(data), Accepted)


def test_an_order_that_came_too_late_is_given_again(forger: Forger, tmp_path: Path) -> None:
    data = encode_order(
        forger.log.where(), forger.store.store, freeze(SCOPES["account"]), officers(tmp_path)
    )
    assert isinstance(forger.offer(forger.move("10-0", FIRST, SPARE, (51, 51))), Accepted)
    here = forger.log.where()
    assert forger.log.append(data) == WrongHead(here.sequence, here.head)
    give(forger, tmp_path, freeze(SCOPES["account"]))


def test_an_order_names_the_rulebook_like_any_batch(forger: Forger, tmp_path: Path) -> None:
    here = forger.log.where()
    other = here.__class__(here.sequence, here.head, here.epoch, b"\0" * 32)
    data = encode_order(other, forger.store.store, freeze(SCOPES["account"]), officers(tmp_path))
    assert forger.log.append(data) == WrongRulebook(here.rulebook)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lift(SCOPES["account"]), "log.not-frozen"),
        (lift({"kind": KIND}), "log.not-frozen"),
        (freeze({"account": 99}), "log.account-unknown"),
        (lift(SCOPES["block"]), "log.serials-not-frozen"),
        (freeze({**SCOPES["block"], "last": 1_001}), "log.freeze-serials"),
        (freeze({}), "log.freeze-scope"),
        (freeze({"account": OTHER_PARTY, "registry": "AT"}), "log.freeze-scope"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    forger: Forger, tmp_path: Path, act: Order, code: str
) -> None:
    before = forger.log.where()
    answer = order(forger.log, forger.store.store, act, officers(tmp_path))
    assert isinstance(answer, RecordRefused)
    assert (answer.index, answer.refusal.code) == (0, code)
    assert forger.log.where() == before


@pytest.mark.parametrize("scope", [{"kind": 99}, {"registry": "XX"}])
def test_what_may_come_can_be_frozen_before_it_comes(
    forger: Forger, writer: Writer, tmp_path: Path, scope: dict[str, int | str]
) -> None:
    """Both books take such an order, so that it can never part them."""
    give(forger, tmp_path, freeze(scope))
    assert writer.catch_up() == 1
    assert sale(writer, "not concerned").completed


def test_frozen_twice_is_lifted_once(forger: Forger, writer: Writer, tmp_path: Path) -> None:
    for _ in range(2):
        give(forger, tmp_path, freeze(SCOPES["account"]))
    give(forger, tmp_path, lift(SCOPES["account"]))
    assert writer.catch_up() == 3
    assert sale(writer, "after").completed
    answer = order(forger.log, forger.store.store, lift(SCOPES["account"]), officers(tmp_path))
    assert isinstance(answer, RecordRefused | WrongHead)
