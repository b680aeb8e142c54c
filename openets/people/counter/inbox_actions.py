"""What can be asked at the counter of inbox, outbox and trail; told in the asker's language."""

from __future__ import annotations

from typing import NamedTuple

from openets.desk.audit import audit_trail, notices_for
from openets.desk.inbox import Seen
from openets.desk.said import ENGLISH
from openets.desk.tasks import SUBMITTED, Comment, Document
from openets.desk.trail import Asked
from openets.kernel.clock import instant
from openets.kernel.refusal import Refused
from openets.people.counter.action import Number, Visit, action


class TaskRow(NamedTuple):
    """A task as its asker sees it. Instants in microseconds, 0 where there is none.

    `asked_at` is the instant of the answer, so that age and delay are of one clock.
    """

    number: int
    kind: str
    what: str
    proposal: int
    account: int
    asked_by: int
    opened: int
    deadline: int
    claimant: int
    outcome: str
    offers: list[str]
    comments: list[Comment]
    documents: list[Document]
    asked_at: int


class NoticeRow(NamedTuple):
    """A notice in the outbox."""

    number: int
    written: int
    person: int
    subject: str
    state: str
    tries: int
    problem: str


class AuditRow(NamedTuple):
    """A line of the audit trail."""

    number: int
    at: int
    proposal: int
    account: int
    actor: int
    sentence: str


def _row(visit: Visit, seen: Seen, language: str) -> TaskRow:
    task = seen.task
    return TaskRow(
        number=task.number,
        kind=task.kind,
        what=task.said.told(language),
        proposal=task.proposal,
        account=task.account,
        asked_by=task.asked_by,
        opened=task.opened,
        deadline=seen.deadline,
        claimant=task.claimant,
        outcome=task.outcome,
        offers=list(seen.offers),
        comments=seen.comments,
        documents=seen.documents,
        asked_at=instant(visit.office.office.clock.now()),
    )


# -- inbox ---------------------------------------------------------------------------------------


@action
def tasks(visit: Visit, ended: bool = False, language: str = ENGLISH) -> list[TaskRow]:
    """The tasks the asker sees, oldest first."""
    found = visit.office.inbox.of(visit.actor, ended=ended)
    return [_row(visit, one, language) for one in found]


@action
def task(visit: Visit, number: Number, language: str = ENGLISH) -> TaskRow:
    """One task."""
    return _row(visit, visit.office.inbox.show(visit.actor, number), language)


@action
def claim(visit: Visit, number: Number) -> int:
    """Claims a task, or takes it over; the person who has it then."""
    visit.office.inbox.claim(visit.actor, number)
    return visit.actor.id


@action
def release(visit: Visit, number: Number) -> None:
    """Gives a task back."""
    visit.office.inbox.release(visit.actor, number)


@action
def assign(visit: Visit, number: Number, person: Number) -> None:
    """Gives a task to a person."""
    visit.office.inbox.assign(visit.actor, number, person)


@action
def comment(visit: Visit, number: Number, words: str) -> None:
    """Comments on a task."""
    visit.office.inbox.comment(visit.actor, number, words)


@action
def request_documents(
    visit: Visit, account: Number, person: Number, documents: list[str], days: Number | None
) -> TaskRow:
    """Asks for documents; the task that is opened."""
    seen = visit.office.inbox.request(
        visit.actor, account=account, person=person, documents=documents, days=days
    )
    return _row(visit, seen, ENGLISH)


@action
def submit_document(
    visit: Visit, number: Number, name: str, file: str, size: Number, digest: str
) -> None:
    """Hands in a document by the name of its file, its size in bytes and its SHA-256."""
    document = Document(name, SUBMITTED, file, size, digest)
    visit.office.inbox.submit(visit.actor, number, document)


@action
def accept_document(visit: Visit, number: Number, name: str) -> None:
    """Accepts a document."""
    visit.office.inbox.accept(visit.actor, number, name)


@action
def refuse_document(visit: Visit, number: Number, name: str, reason: str) -> None:
    """Refuses a document."""
    visit.office.inbox.refuse(visit.actor, number, name, reason)


@action
def close_request(visit: Visit, number: Number, reason: str) -> None:
    """Ends a request for documents."""
    visit.office.inbox.close(visit.actor, number, reason)


# -- outbox and trail ----------------------------------------------------------------------------


@action
def notices(visit: Visit, language: str = ENGLISH) -> list[NoticeRow]:
    """The notices the asker may read, newest first."""
    office = visit.office
    return [
        NoticeRow(
            one.number,
            one.written,
            one.person,
            one.said.told(language),
            one.state,
            one.tries,
            one.problem,
        )
        for one in notices_for(office.desk.outbox, office.directory, visit.actor)
    ]


@action
def retry_notice(visit: Visit, number: Number) -> bool:
    """Lets a notice wait again; False if it is neither dead nor without an address."""
    office, actor = visit.office, visit.actor
    refusal = office.directory.may(actor, "assign task", actor.registry or "", 0)
    if refusal:
        raise Refused(refusal)
    return office.desk.outbox.retry(number, instant(office.office.clock.now()))


@action
def audit(
    visit: Visit,
    account: Number = 0,
    person: Number = 0,
    proposal: Number = 0,
    since: Number = 0,
    until: Number = 0,
    language: str = ENGLISH,
) -> list[AuditRow]:
    """The lines of the audit trail that are asked for and may be read, oldest first."""
    office = visit.office
    wanted = Asked(account, person, since, until, proposal)
    return [
        AuditRow(one.number, one.at, one.proposal, one.account, one.actor, one.told(language))
        for one in audit_trail(office.desk.trail, office.directory, visit.actor, wanted)
    ]
