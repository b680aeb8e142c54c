"""Reconciliation: the books of a registry are compared, and what differs goes no further.

While they are compared the units of the registry stand still in both books, so that whatever is
read of one can be held against the other. Accounts on which they differ get the status the law
names, or are frozen where it names none: Regulation (EC) No 2216/2004, Article 29; Delegated
Regulation (EU) 2019/1122, Article 73. If whoever compares breaks off, the units stand still until
somebody has compared to the end.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date
from typing import NamedTuple

from openets.desk.desk import DESK
from openets.desk.said import Said
from openets.desk.trail import Trail
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.kernel.refusal import Refusal, Refused
from openets.ledger.requests import ActRequest, key_of
from openets.ledger.store import Store, read_book
from openets.ledger.verify import accounts_that_differ
from openets.people.office import Office
from openets.people.roles import permitted
from openets.translog.client import audit

RIGHT = "reconcile books"
RULE = "registry-rules.reconciliation"
REASON = "the books differ"


class Reconciliation(NamedTuple):
    """How it stands: the record it began or ended with, and the accounts on which books differ."""

    registry: str
    record: int
    differ: tuple[int, ...] = ()


def begin(office: Office, trail: Trail, actor: Actor, registry: str) -> Reconciliation:
    """The units of a registry stand still; where they do already, they go on doing so."""
    _insist(office, actor, registry)
    since = office.writer.book.compared.get(registry)
    if since is None:
        since = _post(office, acts.Reconciled(registry=registry, state="begun"), "begun", registry)
        _tell(office, trail, actor, registry, Said("event-reconciling", {"registry": registry}))
    return Reconciliation(registry, since)


def end(
    office: Office, trail: Trail, actor: Actor, registry: str, differ: tuple[int, ...]
) -> Reconciliation:
    """Stops the accounts on which the books differ, then lets the units of the registry move."""
    _insist(office, actor, registry)
    for account in differ:
        _stop(office, registry, account)
    act = acts.Reconciled(registry=registry, state="ended", differ=differ)
    ended = _post(office, act, "ended", registry)
    facts = {"registry": registry, "count": len(differ), "accounts": list(differ)}
    _tell(office, trail, actor, registry, Said("event-reconciled", facts))
    return Reconciliation(registry, ended, differ)


def compare(store: Store, registry: str, today: date) -> tuple[int, ...]:
    """The accounts of a registry on which the stored books differ, once its units stand still.

    Other units may go on moving meanwhile and are not looked at. Raises `Refused` if the log is not
    whole: then nothing can be held against it.
    """
    tables, journal = store.rulebook.tables_on(today), store.journal(read_only=True)
    with closing(journal.database):
        book = read_book(store, journal)
    log = audit(store.log_directory, rulebook=store.rulebook, log_key=store.log_key)
    if log.findings:
        raise Refused(Refusal("people.log-not-whole", log.findings[0].sentence, RULE))

    def concerned(kind: int, account: int) -> bool:
        known = book.accounts.get(account)  # what the registry does not know, concerns it
        defined = book.kinds.get(kind)
        return (known is None or known.registry == registry) and (
            defined is None or tables.stands_still(defined.unit)
        )

    return tuple(sorted(accounts_that_differ(book, log, concerned)))


def _insist(office: Office, actor: Actor, registry: str) -> None:
    refusal = permitted(actor, RIGHT, registry=registry)
    if refusal:
        raise Refused(refusal)
    if registry not in {one.registry for one in office.writer.book.accounts.values()}:
        sentence = f"No account is of registry {registry}."
        raise Refused(Refusal("people.registry-unknown", sentence, DESK, "registry"))


def _stop(office: Office, registry: str, account: int) -> None:
    """Gives an account the status the law names for it, or freezes it where it names none."""
    book = office.writer.book
    known = book.accounts.get(account)
    tables = book.tables_at(instant(office.clock.now()))
    status = office.by_law(RULE, {}).get("on_inconsistency", "")
    if known is None or known.status == status or account in book.frozen:
        return
    act: acts.Act = acts.Freeze(account=account, reason=REASON)
    if status in tables.statuses:
        act = acts.StatusChanged(account=account, status=status, reason=REASON)
    _post(office, act, "stop", registry, account)


def _post(office: Office, act: acts.Act, *words: str | int) -> int:
    """Posts an act of the comparison at hand, once; its record. Raises `Refused`."""
    book = office.writer.book
    since = book.compared.get(str(words[1]), book.sequence)
    key = key_of("reconciliation", office.identity, since, *words)
    posted = office.post(ActRequest(key, instant(office.clock.now()), act))
    if posted.refusals:
        raise Refused(posted.refusals)
    return posted.sequence


def _tell(office: Office, trail: Trail, actor: Actor, registry: str, said: Said) -> None:
    who = Said("person", {"person": actor.id, "role": actor.role})
    told = Said(said.key, {**said.facts, "who": who})
    with office.register.database.durable("people.reconciliation"):
        trail.write(instant(office.clock.now()), actor, registry, 0, told)
