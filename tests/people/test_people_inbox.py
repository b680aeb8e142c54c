"""The inbox of the small office: who sees what, who does what, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from openets.desk.tasks import SUBMITTED, Document
from openets.kernel.clock import instant, moment
from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from tests.conftest import MakeDatabase
from tests.small_inbox import InboxDay, inbox_day
from tests.small_office import (
    AUDITOR,
    AUTHORITY,
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    CENTRAL,
    EVERYBODY,
    GLASS,
    GLASS_ONE,
    GLASS_TWO,
    MONDAY,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    TRADER_ONE,
    make_office,
)

STRANGERS = (GLASS_ONE, GLASS_TWO, TRADER_ONE, AUDITOR)


@pytest.fixture
def store(make_database: MakeDatabase, tmp_path: Path) -> Store:
    """On both engines."""
    urls = {name: make_database(name) for name in ("journal", "query", "log", "desk")}
    return make_office(tmp_path / "store", urls)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[InboxDay]:
    with inbox_day(make_office(tmp_path / "store")) as found:
        yield found


def code(action: Any, *given: Any, **named: Any) -> str:
    """The code of the refusal an action ends with."""
    with pytest.raises(Refused) as refused:
        action(*given, **named)
    return refused.value.refusals[0].code


# -- tasks of proposals --------------------------------------------------------------------------


def test_a_proposal_that_waits_is_a_task_until_it_is_decided(store: Store) -> None:
    with inbox_day(store) as day:
        proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 150)
        (task,) = day.numbers(CEMENT_TWO)
        seen = day.seen(CEMENT_TWO, task)
        assert seen.offers == ("claim", "comment", "approve", "reject", "withdraw")
        assert moment(seen.deadline) == MONDAY + timedelta(days=30)
        assert seen.task.said.told() == "150 units of kind 1 by 10-0 from account 3 to account 5"
        assert day.seen(CEMENT_ONE, task).offers == ("comment", "withdraw")
        day.inbox.claim(day.who(CEMENT_TWO), task)
        day.inbox.comment(day.who(CEMENT_TWO), task, "asking the buyer")
        day.inbox.comment(day.who(CEMENT_ONE), task, "{ contract } 7, as agreed")
        found = day.seen(SENIOR, task)
        assert [(one.person, one.role, one.words) for one in found.comments] == [
            (CEMENT_TWO, "representative", "asking the buyer"),
            (CEMENT_ONE, "representative", "{ contract } 7, as agreed"),
        ]
        day.approve(CEMENT_TWO, proposal)
        assert day.numbers(CEMENT_TWO) == []
        (ended,) = day.inbox.of(day.who(CEMENT_TWO), ended=True)
        assert (ended.task.outcome, ended.offers) == ("approved", ())
    with inbox_day(store) as day:
        told = day.trail(SENIOR, proposal=proposal.number)
        assert any("Person 6 (representative) claimed task 1." in line for line in told)
        assert any("commented on task 1: asking the buyer" in line for line in told)


def test_nobody_sees_the_task_of_another_holder(day: InboxDay) -> None:
    day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    sees = {who for who in EVERYBODY if day.numbers(who)}
    assert sees.isdisjoint({GLASS_ONE, GLASS_TWO, TRADER_ONE})
    assert {CEMENT_ONE, CEMENT_TWO, SENIOR, OTHER_SENIOR, CENTRAL} <= sees
    for who in (GLASS_ONE, GLASS_TWO, TRADER_ONE):
        for act in ("show", "claim", "release"):
            assert code(getattr(day.inbox, act), day.who(who), 1) == "desk.task-unknown"
        assert code(day.inbox.comment, day.who(who), 1, "hello") == "desk.task-unknown"
    assert code(day.inbox.show, day.who(CENTRAL), 99) == "desk.task-unknown"


def test_an_auditor_looks_and_does_nothing(day: InboxDay) -> None:
    day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    assert day.seen(AUDITOR, 1).offers == ()
    assert code(day.inbox.claim, day.who(AUDITOR), 1) == "desk.task-not-offered"


def test_what_one_has_claimed_another_does_not_decide(day: InboxDay) -> None:
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    day.inbox.claim(day.who(CEMENT_TWO), 1)
    assert code(day.approve, SENIOR, proposal) == "desk.claimed-by-another"
    assert code(day.inbox.release, day.who(CEMENT_ONE), 1) == "desk.task-not-offered"
    assert day.seen(SENIOR, 1).offers == ("take over", "release", "assign", "comment", "withdraw")
    day.inbox.claim(day.who(SENIOR), 1)
    assert day.seen(CEMENT_TWO, 1).task.claimant == SENIOR
    assert code(day.approve, CEMENT_TWO, proposal) == "desk.claimed-by-another"
    day.inbox.release(day.who(SENIOR), 1)
    assert day.approve(CEMENT_TWO, proposal).state == "delayed"
    assert any("took task 1 over from person 6" in line for line in day.trail(SENIOR))


def test_a_task_is_given_to_who_can_do_it(day: InboxDay) -> None:
    day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    assert code(day.inbox.assign, day.who(CEMENT_TWO), 1, CEMENT_TWO) == "desk.task-not-offered"
    for who in (CEMENT_ONE, AUDITOR, 99):
        assert code(day.inbox.assign, day.who(SENIOR), 1, who) == "desk.assigned-in-vain"
    day.inbox.assign(day.who(SENIOR), 1, CEMENT_TWO)
    assert day.seen(SENIOR, 1).task.claimant == CEMENT_TWO
    assert day.told(CEMENT_TWO)[-1] == "Task 1 was given to you"


def test_of_two_who_claim_at_once_the_second_is_told(
    day: InboxDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    before = len(day.trail(SENIOR))
    monkeypatch.setattr(day.office.desk.tasks, "claim", lambda *_: False)
    assert code(day.inbox.claim, day.who(SENIOR), 1) == "desk.task-changed-meanwhile"
    assert len(day.trail(SENIOR)) == before  # what did not happen left no line


def test_a_person_who_is_suspended_sees_nothing(day: InboxDay) -> None:
    day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    actor = day.who(CEMENT_TWO)
    day.office.register.set_person_state(CEMENT_TWO, "suspended")
    assert day.inbox.of(actor) == []


@pytest.mark.parametrize("words", ["", "  ", "x" * 3000])
def test_a_comment_has_words_and_not_too_many(day: InboxDay, words: str) -> None:
    day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    assert code(day.inbox.comment, day.who(SENIOR), 1, words) == "desk.comment-length"


def test_the_deadline_is_the_laws_or_the_end_of_the_proposal(day: InboxDay) -> None:
    fields = {"account": CEMENT, "person": GLASS_ONE, "right": "read only"}
    day.propose(SENIOR, "representative", **fields)
    assert moment(day.seen(OTHER_SENIOR, 1).deadline) == datetime(2030, 4, 2, tzinfo=UTC)
    day.clock.step(timedelta(days=31))
    day.work()
    ended = day.inbox.of(day.who(SENIOR), ended=True)[0]
    assert (ended.task.proposal, ended.task.outcome) == (1, "expired")


# -- documents -----------------------------------------------------------------------------------


def test_documents_are_asked_for_handed_in_refused_and_accepted(store: Store) -> None:
    with inbox_day(store) as day:
        asked = day.inbox.request(
            day.who(SENIOR), account=CEMENT, documents=["register extract", "permit"]
        )
        task = asked.task.number
        assert moment(asked.deadline) == datetime(2030, 3, 19, tzinfo=UTC)  # 10 working days
        assert day.seen(CEMENT_ONE, task).offers == ("comment", "submit")
        day.submit(CEMENT_ONE, task, "permit")
        day.submit(CEMENT_TWO, task, "register extract", b"last year's")
        assert day.seen(CEMENT_ONE, task).offers == ("comment",)
        day.inbox.claim(day.who(OTHER_SENIOR), task)
        assert code(day.inbox.accept, day.who(SENIOR), task, "permit") == "desk.task-not-offered"
        day.inbox.accept(day.who(OTHER_SENIOR), task, "permit")
        refuse = day.inbox.refuse
        reason = "older than three months"
        assert (
            code(refuse, day.who(OTHER_SENIOR), task, "register extract", " ")
            == "desk.reason-not-given"
        )
        refuse(day.who(OTHER_SENIOR), task, "register extract", reason)
    with inbox_day(store, MONDAY + timedelta(days=1)) as day:
        states = {one.name: (one.state, one.reason) for one in day.seen(SENIOR, task).documents}
        assert states == {"permit": ("accepted", ""), "register extract": ("refused", reason)}
        day.submit(CEMENT_TWO, task, "register extract", b"this month's")
        day.inbox.accept(day.who(OTHER_SENIOR), task, "register extract")
        assert day.numbers(CEMENT_ONE) == []
        (ended,) = day.inbox.of(day.who(CEMENT_ONE), ended=True)
        assert ended.task.outcome == "accepted"
        told = day.trail(SENIOR)
        assert (
            "Person 1 (senior administrator) asked the representatives of the account for"
            in (told[0])
        )
        assert any(
            "handed in for task 1 the document permit: file permit.pdf" in line for line in told
        )
        assert day.told(CEMENT_ONE) == [
            "Documents are asked of you",
            "A document for task 1 was refused",
        ]
        assert day.told(OTHER_SENIOR)[-1] == "A document was handed in for task 1"


def test_who_may_ask_and_who_answers(day: InboxDay) -> None:
    ask = day.inbox.request
    for who in (CEMENT_ONE, AUDITOR, AUTHORITY):
        refused = code(ask, day.who(who), account=CEMENT, documents=["permit"])
        assert refused == "people.not-permitted"
    for nobody in ({"account": 99}, {"person": 99}, {}):
        assert code(ask, day.who(SENIOR), documents=["x"], **nobody) == "desk.nobody-to-ask"
    for names in ([], [""], ["a/b"], ["a\nb"]):
        refused = code(ask, day.who(SENIOR), account=CEMENT, documents=names)
        assert refused == "desk.documents-unnamed"
    task = ask(day.who(SENIOR), person=GLASS_ONE, documents=["identity"], days=5).task.number
    assert moment(day.seen(GLASS_ONE, task).deadline) == datetime(2030, 3, 12, tzinfo=UTC)
    assert day.numbers(GLASS_TWO) == []  # a colleague does not see whose identity is asked for
    assert day.numbers(CEMENT_ONE) == []
    day.submit(GLASS_ONE, task, "identity")


def test_what_one_handed_in_another_judges(day: InboxDay) -> None:
    task = day.inbox.request(day.who(SENIOR), account=CEMENT, documents=["permit"]).task.number
    day.submit(OTHER_SENIOR, task, "permit")  # it came by post
    assert code(day.inbox.accept, day.who(OTHER_SENIOR), task, "permit") == "desk.task-not-offered"
    day.inbox.accept(day.who(SENIOR), task, "permit")


def test_what_is_no_file_is_not_handed_in(day: InboxDay) -> None:
    task = day.inbox.request(day.who(SENIOR), account=CEMENT, documents=["permit"]).task.number
    good = Document("permit", SUBMITTED, "a.pdf", 4, "0" * 64)
    for bad in (
        good._replace(file="../a.pdf"),
        good._replace(file=""),
        good._replace(size=0),
        good._replace(digest="0" * 63),
        good._replace(digest="X" * 64),
    ):
        assert code(day.inbox.submit, day.who(CEMENT_ONE), task, bad) == "desk.file-malformed"
    other = good._replace(name="passport")
    assert code(day.inbox.submit, day.who(CEMENT_ONE), task, other) == "desk.document-not-so"


def test_a_request_that_is_no_longer_needed_is_closed(day: InboxDay) -> None:
    task = day.inbox.request(day.who(SENIOR), account=CEMENT, documents=["permit"]).task.number
    day.inbox.close(day.who(SENIOR), task, "it lay in the file")
    assert day.numbers(SENIOR) == []
    assert "closed task 1: it lay in the file" in day.trail(SENIOR)[-1]


# -- what happens by itself ----------------------------------------------------------------------


def test_reviews_that_are_due_are_tasks_until_they_are_done(day: InboxDay) -> None:
    reviews = day.office.register.reviews
    for account in (1, 2, CEMENT, TRADER):
        reviews.note("account", account, date(2030, 1, 2))
    day.work()
    (task,) = day.numbers(SENIOR)
    seen = day.seen(SENIOR, task)
    assert (seen.task.said.told(), seen.task.account) == ("the review of account 4", GLASS)
    assert seen.offers == ("claim", "assign", "comment")
    day.work()
    assert day.numbers(SENIOR) == [task]
    done = day.propose(SENIOR, "review", account=GLASS, documents={"register extract": "file 9"})
    day.approve(OTHER_SENIOR, done)
    day.work()
    assert day.numbers(SENIOR) == []


def test_the_end_of_an_accreditation_is_a_task_of_its_registry(day: InboxDay) -> None:
    for account in range(1, TRADER + 1):
        day.office.register.reviews.note("account", account, date(2030, 1, 2))
    person, _ = day.office.register.add_person("verifier", "EX")
    fields = {"registry": "EX", "accreditation": "no 5", "scope": [20], "persons": [person.number]}
    entered = day.propose(SENIOR, "register verifier", **fields, expires="2030-03-20")
    day.approve(OTHER_SENIOR, entered)
    day.work()
    assert day.numbers(SENIOR) == []
    day.clock.set(datetime(2030, 3, 20, 9, tzinfo=UTC))
    day.work()
    (task,) = day.numbers(SENIOR)
    assert "the accreditation of verifier 1, which ends on 2030-03-20" in (
        day.seen(SENIOR, task).task.said.told()
    )
    assert day.numbers(CEMENT_ONE) == []


def test_who_works_on_a_task_is_reminded_once_of_its_deadline(day: InboxDay) -> None:
    for account in range(1, TRADER + 1):
        day.office.register.reviews.note("account", account, date(2030, 1, 2))
    day.inbox.request(day.who(SENIOR), account=CEMENT, documents=["permit"])  # until 18 March
    day.clock.set(datetime(2030, 3, 13, 9, tzinfo=UTC))
    day.work()
    assert "The deadline of task 1 is near" not in day.told(CEMENT_ONE)
    day.clock.set(datetime(2030, 3, 14, 9, tzinfo=UTC))
    for _ in range(2):
        day.work()
    assert day.told(CEMENT_ONE).count("The deadline of task 1 is near") == 1
    assert day.told(CEMENT_TWO).count("The deadline of task 1 is near") == 1
    assert day.told(SENIOR) == []


# -- notices of proposals ------------------------------------------------------------------------


def test_whom_a_transfer_tells(day: InboxDay) -> None:
    proposal = day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    assert day.told(CEMENT_TWO) == ["Proposal 1 awaits your approval"]
    assert day.told(SENIOR) == []  # a representative can approve it
    day.approve(CEMENT_TWO, proposal)
    assert day.told(CEMENT_ONE) == ["Proposal 1 is approved"]
    day.clock.step(timedelta(days=1, hours=3))
    day.work()
    assert day.told(CEMENT_ONE)[-1] == "Proposal 1 has been carried out"
    assert day.told(CEMENT_TWO)[-1] == "Proposal 1 has been carried out"
    assert not [who for who in EVERYBODY if who in STRANGERS and day.told(who)]
    assert set(day.send()) == {"sent"}
    assert day.send() == []
    last = day.letters[-1]
    assert last.body.startswith("Proposal 1 was carried out: 10 units of kind 1 by 10-0")


def test_what_is_done_at_once_tells_of_it_once(day: InboxDay) -> None:
    order = {"order": "freeze", "account": CEMENT, "reason": "stolen credentials"}
    frozen = day.propose(SENIOR, "freeze", **order)
    assert day.told(OTHER_SENIOR) == ["Proposal 1 awaits your approval"]
    day.approve(OTHER_SENIOR, frozen)
    for who in (CEMENT_ONE, CEMENT_TWO, SENIOR):
        assert day.told(who)[-1] == "A freeze was ordered or lifted"
    assert "Proposal 1 is approved" not in day.told(SENIOR)
    assert day.told(GLASS_ONE) == []


def test_what_ends_otherwise_is_told_with_its_reason(day: InboxDay) -> None:
    rejected = day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    day.office.desk.reject(day.who(CEMENT_TWO), rejected.number, "not agreed")
    withdrawn = day.transfer(CEMENT_ONE, CEMENT, TRADER, 20)
    day.office.desk.withdraw(day.who(CEMENT_ONE), withdrawn.number, "mistyped")
    cancelled = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 30))
    day.office.desk.cancel(day.who(CEMENT_ONE), cancelled.number, "stop")
    day.transfer(CEMENT_ONE, CEMENT, TRADER, 40)
    day.clock.step(timedelta(days=30))
    day.work()
    assert "Proposal 1 was rejected" in day.told(CEMENT_ONE)
    assert "Proposal 2 was withdrawn" in day.told(CEMENT_TWO)
    assert "Proposal 3 was cancelled" in day.told(CEMENT_TWO)
    assert "Proposal 4 has expired" in day.told(CEMENT_ONE)
    day.send()
    bodies = {letter.subject: letter.body for letter in day.letters}
    assert "not agreed" in bodies["Proposal 1 was rejected"]
    assert "Nobody decided on it in 30 days." in bodies["Proposal 4 has expired"]


def test_a_changed_representative_is_told_to_all_of_the_account(day: InboxDay) -> None:
    fields = {"account": CEMENT, "person": GLASS_ONE, "right": "read only"}
    day.approve(OTHER_SENIOR, day.propose(SENIOR, "representative", **fields))
    for who in (CEMENT_ONE, CEMENT_TWO, GLASS_ONE):
        assert day.told(who)[-1] == "The representatives of an account have changed"
    assert instant(day.clock.now()) >= day.office.desk.outbox.every()[0].written
