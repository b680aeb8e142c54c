"""People for a sample of the demonstration's accounts, and what they do at their desk.

Whoever opens the finished world finds accounts somebody stands behind, proposals that were
approved, and some that wait for a second person: one of these is claimed. A document was asked for
and handed in. Everything is done through the desk, by two people, as anybody would do it. Persons
go by role and number.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import NamedTuple

from openets.desk.directory import Contact
from openets.desk.inbox import Seen
from openets.desk.said import LANGUAGES
from openets.desk.tasks import DOCUMENTS, NOBODY, REQUESTED, SUBMITTED, Document
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.people.opening import Opened
from openets.people.roles import REPRESENTATIVE
from openets.world.day import Day

REGISTRIES, ACCOUNTS = 3, 2  # of the sample, and accounts in each of them
BOTH = "initiate and approve"
DOCUMENT, DAYS = "register extract", 10

Administrators = tuple[Actor, Actor]


class Chosen(NamedTuple):
    """An account of the sample, a kind it holds and how much, and the year of its surrender."""

    registry: str
    account: int
    kind: int
    held: int
    year: int


class Sampled(NamedTuple):
    """An account of the sample, its representatives and an administrator."""

    chosen: Chosen
    first: Actor
    second: Actor
    administrator: Actor


def choose_accounts(office: Opened) -> tuple[Chosen, ...]:
    """Accounts of operators that hold what a surrender may use today, in a few registries."""
    book = office.office.writer.book
    now = office.office.clock.now()
    today = book.tables_at(instant(now))
    usable = {type_.key for type_ in today.unit_types.values()}
    found: dict[str, list[Chosen]] = {}
    for number, account in book.accounts.items():
        type_ = today.account_types.get(account.type)
        if type_ is None or not type_.operator:
            continue
        held = office.office.writer.holdings(number).items()
        usables = ((kind, units) for kind, units in held if book.kinds[kind].unit in usable)
        for kind, units in [one for one in usables if one[1]][:1]:
            chosen = Chosen(account.registry, number, kind, units, now.year - 1)
            found.setdefault(account.registry, []).append(chosen)
    first = sorted(found.items())[:REGISTRIES]
    return tuple(one for _, accounts in first for one in accounts[:ACCOUNTS])


def staff(day: Day, accounts: tuple[Chosen, ...]) -> dict[str, Administrators]:
    """Gives these accounts their people and lets them work; the administrators by registry."""
    administrators: dict[str, Administrators] = {}
    sampled = [_staffed(day, one, administrators) for one in accounts]
    for index, one in enumerate(sampled):
        _ask_for_trust(day, one, sampled[(index + 1) % len(sampled)].chosen.account)
        _propose_surrender(day, one)
    if sampled:
        _ask_for_a_document(day.office, sampled[0])
        _claim(day.office, sampled[0])
    return administrators


def _staffed(day: Day, one: Chosen, administrators: dict[str, Administrators]) -> Sampled:
    """Two administrators for each registry, and two representatives for each account."""
    if one.registry not in administrators:
        senior = "senior administrator"
        made = _person(day, senior, one.registry), _person(day, senior, one.registry)
        administrators[one.registry] = made
    first, second = administrators[one.registry]
    return Sampled(one, *represent(day, one.registry, one.account, first, second), first)


def represent(
    day: Day, registry: str, account: int, first: Actor, second: Actor
) -> tuple[Actor, Actor]:
    """Two representatives of an account, appointed by two administrators."""
    people = _person(day, REPRESENTATIVE, registry), _person(day, REPRESENTATIVE, registry)
    for person in people:
        fields = {"account": account, "person": person.id, "right": BOTH}
        day.two(first, second, "representative", partial(dict, fields))
    return people


def _person(day: Day, role: str, registry: str) -> Actor:
    person = day.person(role, registry)
    language = LANGUAGES[person.id % len(LANGUAGES)]
    contact = Contact(f"person-{person.id}@example.org", language)
    day.office.register.contacts.put(person.id, contact)
    return person


def _ask_for_trust(day: Day, one: Sampled, other: int) -> None:
    """Another account of the sample is put on the list; approved, it is trusted in some days."""
    fields = {"account": one.chosen.account, "listed": other}
    day.two(one.first, one.second, "trusted account", lambda: fields)


def _propose_surrender(day: Day, one: Sampled) -> None:
    """A tenth of the holding, for the last year; a second representative has yet to approve."""
    office, chosen = day.office.office, one.chosen
    accounts = office.writer.book.accounts
    tables = office.rulebook.tables_on(office.clock.now().date())
    label, ended = next(
        (rule.label, receiver)
        for rule in tables.transaction_types.values()
        if rule.surrenders
        for receiver, account in accounts.items()
        if (accounts[chosen.account].type, account.type) in rule.routes
    )
    fields = {
        "type": label,
        "transferring": chosen.account,
        "acquiring": ended,
        "kind": chosen.kind,
        "quantity": max(1, chosen.held // 10),
        "year": chosen.year,
    }
    day.propose(one.first, "transaction", lambda: fields)


def _ask_for_a_document(office: Opened, one: Sampled) -> None:
    """An administrator asks for a document; a representative hands one in, to be looked at."""
    account = one.chosen.account
    asked = _documents_of(office, one) or office.inbox.request(
        one.administrator, account=account, documents=[DOCUMENT], days=DAYS
    )
    if not any(found.state == REQUESTED for found in asked.documents):
        return
    content = b"A file of the demonstration."
    digest = hashlib.sha256(content).hexdigest()
    document = Document(DOCUMENT, SUBMITTED, "extract.txt", len(content), digest)
    office.inbox.submit(one.first, asked.task.number, document)


def _documents_of(office: Opened, one: Sampled) -> Seen | None:
    """What the representative was asked for already."""
    every = office.inbox.of(one.first, ended=True)
    return next((found for found in every if found.task.kind == DOCUMENTS), None)


def _claim(office: Opened, one: Sampled) -> None:
    """The second representative claims the surrender that waits, and says why it waits."""
    waiting = (seen for seen in office.inbox.of(one.second) if seen.task.proposal)
    for seen in list(waiting)[:1]:
        if seen.task.claimant == NOBODY:
            office.inbox.claim(one.second, seen.task.number)
        if not seen.comments:
            words = "Compared with the verified emissions first."
            office.inbox.comment(one.second, seen.task.number, words)
