"""An open office answers what is asked at the counter, and turns its failures into answers.

Whatever an action raises becomes a message here and the same exception again at the asker's end
(`client.py`), so that a command says the same whether or not the asker is the writer.
"""

from __future__ import annotations

from openets.kernel.clock import instant
from openets.kernel.records import Malformed
from openets.kernel.refusal import Refused
from openets.ledger.post import WriterStopped
from openets.ledger.store import Store
from openets.people.accounts import full_number, refuse_request
from openets.people.completeness import documents_asked
from openets.people.counter.messages import (
    Accounts,
    AccountsOf,
    Answer,
    Decide,
    Failed,
    NobodyKnown,
    NotDone,
    Papers,
    PapersFor,
    Propose,
    Proposed,
    Question,
    RefuseRequest,
    Reviews,
    ReviewsBy,
    Stands,
    Work,
    Worked,
)
from openets.people.opening import Opened
from openets.people.reviewing import reviews_due
from openets.people.signing_in import NotSignedIn, signed_in
from openets.storage.database import StorageError
from openets.translog.client import LogAway

ACCOUNT = "account"


def answer(store: Store, office: Opened, question: Question) -> Answer:
    """The office's answer to a question; what goes wrong in known ways is an answer too."""
    try:
        return _answer(store, office, question)
    except NotSignedIn as error:
        return NobodyKnown(error.named)
    except Refused as refused:
        return NotDone(refused.refusals)
    except Malformed as error:
        return Failed("malformed", str(error))
    except LogAway as error:
        return Failed("log", str(error))
    except WriterStopped as error:
        return Failed("writer", str(error))
    except (StorageError, OSError) as error:
        return Failed("storage", str(error))


def _answer(store: Store, office: Opened, question: Question) -> Answer:
    match question:
        case Propose():
            return _propose(store, office, question)
        case Decide():
            return _decide(store, office, question)
        case RefuseRequest(who, number, ground, note):
            actor = signed_in(store, office.register, who)
            return Stands(refuse_request(office.desk, office.office, actor, number, ground, note))
        case Work():
            return Worked(tuple(office.desk.work()))
        case AccountsOf(holder):
            return _accounts(office, holder)
        case PapersFor(kind, type_):
            return Papers(tuple(documents_asked(office.office, kind, type_).items()))
        case ReviewsBy():
            return _reviews(office, question)
        case _:
            raise StorageError("That is asked of a running writer only.")


def _propose(store: Store, office: Opened, asked: Propose) -> Proposed:
    actor = signed_in(store, office.register, asked.who)
    proposal = office.desk.propose(actor, asked.command, asked.body)
    if not proposal.needs:
        return Proposed(proposal)
    _, execution = office.desk.preview(actor, asked.command, asked.body)
    return Proposed(proposal, instant(execution.at), execution.reason)


def _decide(store: Store, office: Opened, asked: Decide) -> Stands:
    actor, desk = signed_in(store, office.register, asked.who), office.desk
    match asked.decision:
        case "approve":
            return Stands(desk.approve(actor, asked.number))
        case "reject":
            return Stands(desk.reject(actor, asked.number, asked.reason))
        case "withdraw":
            return Stands(desk.withdraw(actor, asked.number, asked.reason))
        case "cancel":
            return Stands(desk.cancel(actor, asked.number, asked.reason))


def _accounts(office: Opened, holder: int) -> Accounts:
    known = office.office.writer.book.accounts
    return Accounts(
        tuple(
            (
                full_number(office.office, one),
                known[one].type,
                known[one].operator or "",
                known[one].status,
            )
            for one in office.register.held_by(holder)
        )
    )


def _reviews(office: Opened, asked: ReviewsBy) -> Reviews:
    return Reviews(
        tuple(
            (
                one.subject,
                full_number(office.office, one.number) if one.subject == ACCOUNT else one.number,
                one.last,
                one.due,
            )
            for one in reviews_due(office.office, asked.day or office.office.today())
        )
    )
