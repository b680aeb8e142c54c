"""What can be asked at the counter about tasks, notices and the audit trail."""

from __future__ import annotations

from openets.desk import audit
from openets.desk.inbox import Seen
from openets.desk.outbox import Kept
from openets.desk.tasks import Document
from openets.desk.trail import Asked, Event
from openets.kernel.clock import instant
from openets.kernel.refusal import Refused
from openets.people.counter.action import Number, Visit, action

ASSIGN = "assign task"


@action
def tasks_of(visit: Visit, ended: bool) -> list[Seen]:
    """The tasks whoever asks may see, oldest first; those that have ended only if asked for."""
    return list(visit.office.inbox.of(visit.actor, ended=ended))


@action
def task(visit: Visit, number: Number) -> Seen:
    """One task, with its documents and comments."""
    return visit.office.inbox.show(visit.actor, number)


@action
def claim(visit: Visit, number: Number) -> Number:
    """Claims a task; answers with the number of the person who has it now."""
    visit.office.inbox.claim(visit.actor, number)
    return visit.actor.id


@action
def release(visit: Visit, number: Number) -> None:
    """Gives back a task."""
    visit.office.inbox.release(visit.actor, number)


@action
def assign(visit: Visit, number: Number, person: Number) -> None:
    """Gives a task to a person who may act on it."""
    visit.office.inbox.assign(visit.actor, number, person)


@action
def comment(visit: Visit, number: Number, words: str) -> None:
    """Adds a comment to a task."""
    visit.office.inbox.comment(visit.actor, number, words)


@action
def request(
    visit: Visit, documents: list[str], account: Number, person: Number, days: Number
) -> Seen:
    """Asks for documents; without `days` (0) the law says until when."""
    return visit.office.inbox.request(
        visit.actor, account=account, person=person, documents=documents, days=days or None
    )


@action
def submit(visit: Visit, number: Number, document: Document) -> None:
    """Hands in a document."""
    visit.office.inbox.submit(visit.actor, number, document)


@action
def accept(visit: Visit, number: Number, name: str) -> None:
    """Accepts a document that was handed in."""
    visit.office.inbox.accept(visit.actor, number, name)


@action
def refuse(visit: Visit, number: Number, name: str, reason: str) -> None:
    """Refuses a document that was handed in."""
    visit.office.inbox.refuse(visit.actor, number, name, reason)


@action
def close(visit: Visit, number: Number, reason: str) -> None:
    """Ends a request for documents."""
    visit.office.inbox.close(visit.actor, number, reason)


@action
def notices_for(visit: Visit) -> list[Kept]:
    """The notices whoever asks may read, newest first."""
    office = visit.office
    return list(audit.notices_for(office.desk.outbox, office.directory, visit.actor))


@action
def retry_notice(visit: Visit, number: Number) -> bool:
    """Lets a notice wait again; False if it is neither dead nor without an address."""
    office, actor = visit.office, visit.actor
    refusal = office.directory.may(actor, ASSIGN, actor.registry or "", 0)
    if refusal:
        raise Refused(refusal)
    return office.desk.outbox.retry(number, instant(office.office.clock.now()))


@action
def audit_trail(visit: Visit, asked: Asked) -> list[Event]:
    """The lines of the trail whoever asks may read, oldest first."""
    office = visit.office
    return list(audit.audit_trail(office.desk.trail, office.directory, visit.actor, asked))
