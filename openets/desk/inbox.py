"""The inbox: what waits for somebody, who may do what about it, and how it is done.

A task is seen by who may act on it, by who proposed it or is asked, and by who may see its account;
nobody sees another holder's. What a person may do about it is what `openets.desk.offers` offers;
whatever else is asked of it is refused. Each act leaves its line of the audit trail and its notices
in the same durable write. Approving and rejecting is the desk's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple, NoReturn

from openets.desk import offers
from openets.desk.desk import DESK, Desk
from openets.desk.duties import follow_duties, remind
from openets.desk.offers import Facts, offered
from openets.desk.said import Said
from openets.desk.tasks import (
    ACCEPTED,
    APPROVAL,
    DOCUMENTS,
    NOBODY,
    REFUSED,
    REQUESTED,
    SUBMITTED,
    Comment,
    Document,
    Task,
)
from openets.desk.telling import answerers, tell
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.kernel.refusal import Refusal, Refused
from openets.rulebook.model import NoLaw

DOCUMENTS_WITHIN = "desk.documents-within"
DIGEST = re.compile(r"[0-9a-f]{64}")
WORDS = 2_048  # characters of a comment
NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}")


class Seen(NamedTuple):
    """A task as a person sees it: the deadline as windows leave it, and what it offers."""

    task: Task
    deadline: int
    offers: tuple[str, ...]
    comments: list[Comment]
    documents: list[Document]


class Inbox:
    """The inbox of a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tasks = desk.tasks
        self._directory = desk.directory

    # -- seeing ---------------------------------------------------------------------------------

    def of(self, actor: Actor, *, ended: bool = False) -> list[Seen]:
        """The tasks a person sees, oldest first; those that have ended only if asked for."""
        found = (self._seen(actor, task) for task in self._tasks.every(ended=ended))
        return [one for one in found if one is not None]

    def show(self, actor: Actor, number: int) -> Seen:
        """One task; raises `Refused`, with the same words for what is not there or not seen."""
        task = self._tasks.get(number)
        found = self._seen(actor, task) if task else None
        if found is None:
            _refuse("desk.task-unknown", f"Person {actor.id} has no task {number}.")
        return found

    def _seen(self, actor: Actor, task: Task) -> Seen | None:
        documents = self._tasks.documents(task.number) if task.kind == DOCUMENTS else []
        facts = self._facts(actor, task, documents)
        if not facts.sees:
            return None
        deadline = self._desk.deadline(task.registry, task.deadline)
        comments = self._tasks.comments(task.number)
        return Seen(task, deadline, offered(facts), comments, documents)

    def _facts(self, actor: Actor, task: Task, documents: Sequence[Document]) -> Facts:
        """What a person is to a task; the rights are the directory's answers."""
        proposal = self._desk.proposals.get(task.proposal) if task.kind == APPROVAL else None
        asked = self._desk.load(proposal.command, proposal.body) if proposal else None
        decides = bool(
            asked and task.asked_by != actor.id and not asked.against_approval(actor, task.asked_by)
        )
        handles = self._may(actor, "request documents", task)
        answers = task.kind == DOCUMENTS and self._answers(actor, task)
        proposed = task.asked_by == actor.id
        by_right = self._may(actor, "see account", task) and (not task.person or handles)
        claimed = {NOBODY: "by nobody", actor.id: "by this person"}.get(task.claimant, "by another")
        return Facts(
            kind=task.kind,
            sees=by_right or decides or answers or proposed,
            ended=bool(task.ended),
            claimed=claimed,  # type: ignore[arg-type]
            proposed=proposed,
            withdraws=bool(asked and not asked.against_withdrawing(actor, task.asked_by)),
            decides=decides,
            answers=answers,
            handles=handles,
            assigns=self._may(actor, "assign task", task),
            wanted=any(one.state in (REQUESTED, REFUSED) for one in documents),
            handed_in=any(one.state == SUBMITTED and one.person != actor.id for one in documents),
            closed=bool(asked and self._desk.closed(asked)),
        )

    def _may(self, actor: Actor, action: str, task: Task) -> bool:
        return self._directory.may(actor, action, task.registry, task.account) is None

    def _answers(self, actor: Actor, task: Task) -> bool:
        if task.person:
            return task.person == actor.id
        return self._may(actor, "submit documents", task)

    # -- acting ---------------------------------------------------------------------------------

    def claim(self, actor: Actor, number: int) -> None:
        """A person works on a task from here on; with the right to, in another's place."""
        seen = self.show(actor, number)
        act = offers.TAKE_OVER if offers.TAKE_OVER in seen.offers else offers.CLAIM
        self._must(seen, actor, act)
        key = "event-taken-over" if act == offers.TAKE_OVER else "event-claimed"
        self._give(actor, seen.task, actor.id, key, former=seen.task.claimant)

    def release(self, actor: Actor, number: int) -> None:
        """Nobody has claimed a task any more."""
        seen = self.show(actor, number)
        self._must(seen, actor, offers.RELEASE)
        self._give(actor, seen.task, NOBODY, "event-released", former=seen.task.claimant)

    def assign(self, actor: Actor, number: int, person: int) -> None:
        """A task is given to a person who may act on it."""
        seen = self.show(actor, number)
        self._must(seen, actor, offers.ASSIGN)
        other = self._directory.actor(person)
        facts = self._facts(other, seen.task, seen.documents) if other else None
        works = facts and (facts.decides if seen.task.kind == APPROVAL else facts.handles)
        if not works:
            _refuse("desk.assigned-in-vain", f"Person {person} could not act on task {number}.")
        self._give(actor, seen.task, person, "event-assigned", person=person)

    def _give(self, actor: Actor, task: Task, to: int, key: str, **facts: Any) -> None:
        with self._act(actor, task, "desk.claim", key, **facts) as at:
            if not self._tasks.claim(task.number, to, task.claimant):
                _changed_meanwhile(task.number)
            if to not in (NOBODY, actor.id):
                tell(self._desk, "assigned", task, at, {"claimant": [to]})

    def comment(self, actor: Actor, number: int, words: str) -> None:
        """Keeps a comment under the person's number and role."""
        seen = self.show(actor, number)
        self._must(seen, actor, offers.COMMENT)
        words = words.strip()
        if not words or len(words) > WORDS:
            _refuse("desk.comment-length", f"A comment has between 1 and {WORDS} characters.")
        with self._act(actor, seen.task, "desk.comment", "event-commented", words=words) as at:
            self._tasks.comment(number, at, actor.id, actor.role, words)

    # -- documents ------------------------------------------------------------------------------

    def request(
        self,
        actor: Actor,
        *,
        account: int = 0,
        person: int = 0,
        documents: Sequence[str],
        days: int | None = None,
    ) -> Seen:
        """Asks a person, or all representatives of an account, for documents by name.

        The deadline is so many working days away: those named, else those of the law; without
        either there is none. Raises `Refused`.
        """
        registry = self._registry_asked(account, person)
        refusal = self._directory.may(actor, "request documents", registry, account)
        if refusal:
            raise Refused(refusal)
        names = tuple(dict.fromkeys(one.strip() for one in documents))
        if not names or not all(NAME.fullmatch(one) for one in names):
            _refuse("desk.documents-unnamed", "Say which documents are asked for, each by a name.")
        now = self._desk.clock.now()
        task = Task(
            number=0,
            origin="",
            kind=DOCUMENTS,
            proposal=0,
            registry=registry,
            account=account,
            person=person,
            asked_by=actor.id,
            said=Said("task-documents", {"documents": list(names)}),
            opened=instant(now),
            deadline=self._in_working_days(registry, now, days),
        )
        whom = Said("asked-person", {"person": person}) if person else Said("asked-account")
        facts = {"documents": list(names), "whom": whom}
        with self._act(actor, task, "desk.request", "event-requested", **facts) as at:
            number = self._tasks.open(task, names)
            opened = task._replace(number=number)
            tell(
                self._desk,
                "requested",
                opened,
                at,
                {"answerers": answerers(self._directory, opened)},
            )
        return self.show(actor, number)

    def _registry_asked(self, account: int, person: int) -> str:
        known = self._directory.actor(person) if person else None
        registry = self._directory.registry_of(account) if account else None
        if (person and known is None) or (account and registry is None) or not (account or person):
            _refuse("desk.nobody-to-ask", "Name an account or an active person who is asked.")
        return registry or (known.registry if known else None) or ""

    def _in_working_days(self, registry: str, now: datetime, days: int | None) -> int:
        """The end of the last of so many working days; plain days where no law has a calendar."""
        law = self._directory.law(registry, now)
        if days is None and law is not None:
            try:
                days = int(law.ask(DOCUMENTS_WITHIN))
            except NoLaw:
                days = None
        if days is None:
            return 0
        if law is None:
            return instant(now + timedelta(days=days))
        calendar = law.calendar
        last = calendar.add_working_days(calendar.local_day(now), days)
        return instant(calendar.at(last + timedelta(days=1), time(0)))

    def submit(self, actor: Actor, number: int, document: Document) -> None:
        """Hands in a document: name of the file, size in bytes and SHA-256 of its content."""
        seen = self.show(actor, number)
        self._must(seen, actor, offers.SUBMIT)
        before = _document(seen, document.name, (REQUESTED, REFUSED))
        good = NAME.fullmatch(document.file) and DIGEST.fullmatch(document.digest)
        if not good or not 0 < document.size < 2**62:
            sentence = "A document is a file with a name, some content and its SHA-256."
            _refuse("desk.file-malformed", sentence)
        facts = {"document": document.name, "file": document.file, "digest": document.digest}
        size = str(document.size)
        with self._act(
            actor, seen.task, "desk.submit", "event-submitted", **facts, size=size
        ) as at:
            handed_in = document._replace(state=SUBMITTED, person=actor.id, at=at, reason="")
            if not self._tasks.change(number, handed_in, before.state):
                _changed_meanwhile(number)
            handlers = [seen.task.claimant or seen.task.asked_by]
            tell(self._desk, "submitted", seen.task, at, {"handlers": handlers}, **facts)

    def accept(self, actor: Actor, number: int, name: str) -> None:
        """A document is what was asked for; with the last of them the task has ended."""
        seen = self.show(actor, number)
        self._must(seen, actor, offers.ACCEPT)
        found = _document(seen, name, (SUBMITTED,), not_by=actor.id)
        with self._act(actor, seen.task, "desk.accept", "event-accepted", document=name) as at:
            if not self._tasks.change(number, found._replace(state=ACCEPTED), SUBMITTED):
                _changed_meanwhile(number)
            if all(one.state == ACCEPTED for one in self._tasks.documents(number)):
                self._tasks.end(seen.task.origin, ACCEPTED, at)

    def refuse(self, actor: Actor, number: int, name: str, reason: str) -> None:
        """A document is not what was asked for; it is wanted again."""
        seen = self.show(actor, number)
        self._must(seen, actor, offers.REFUSE)
        found = _document(seen, name, (SUBMITTED,), not_by=actor.id)
        reason = _reason(reason)
        facts = {"document": name, "reason": reason}
        with self._act(actor, seen.task, "desk.refuse", "event-refused", **facts) as at:
            refused = found._replace(state=REFUSED, reason=reason)
            if not self._tasks.change(number, refused, SUBMITTED):
                _changed_meanwhile(number)
            whom = {"answerers": answerers(self._directory, seen.task)}
            tell(self._desk, "refused", seen.task, at, whom, **facts)

    def close(self, actor: Actor, number: int, reason: str) -> None:
        """Documents are no longer asked for."""
        seen = self.show(actor, number)
        self._must(seen, actor, offers.CLOSE)
        reason = _reason(reason)
        with self._act(actor, seen.task, "desk.close", "event-closed", reason=reason) as at:
            self._tasks.end(seen.task.origin, "closed", at)

    # -- what happens by itself -----------------------------------------------------------------

    def work(self) -> None:
        """Follows the duties and reminds of deadlines; run again, it does nothing twice."""
        follow_duties(self._desk)
        remind(self._desk)

    # -- what all acts have in common -----------------------------------------------------------

    def _must(self, seen: Seen, actor: Actor, act: str) -> None:
        if act in seen.offers:
            return
        offers_ = ", ".join(seen.offers) or "nothing"
        sentence = (
            f"Task {seen.task.number} does not let person {actor.id} {act} it; it offers {offers_}."
        )
        _refuse("desk.task-not-offered", sentence)

    @contextmanager
    def _act(self, actor: Actor, task: Task, step: str, key: str, **facts: Any) -> Iterator[int]:
        """One durable write with its line of the audit trail; gives the instant."""
        at = instant(self._desk.clock.now())
        who = Said("person", {"person": actor.id, "role": actor.role})
        which = Said("the-task", {"number": task.number})
        said = Said(key, {"who": who, "task": which, **facts})
        with self._desk.proposals.database.durable(step):
            self._desk.trail.write(at, actor, task.registry, task.account, said, task.proposal)
            yield at


def _document(seen: Seen, name: str, states: tuple[str, ...], not_by: int = 0) -> Document:
    open_ = {
        one.name: one
        for one in seen.documents
        if one.state in states and (not not_by or one.person != not_by)
    }
    if name not in open_:
        sentence = f"Not {name!r}; it can be done with: {', '.join(open_) or 'none'}."
        _refuse("desk.document-not-so", sentence)
    return open_[name]


def _reason(reason: str) -> str:
    if not reason.strip():
        _refuse("desk.reason-not-given", "Give a reason; it is kept with the task.")
    return reason.strip()


def _changed_meanwhile(number: int) -> NoReturn:
    _refuse("desk.task-changed-meanwhile", f"Task {number} was changed meanwhile; look again.")


def _refuse(code: str, sentence: str) -> NoReturn:
    raise Refused(Refusal(code, sentence, DESK))
