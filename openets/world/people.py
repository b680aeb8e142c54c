"""People for a sample of the demonstration's accounts, and a day at their desk.

Whoever opens the finished world finds accounts somebody stands behind, proposals that were
approved, and some that wait for a second person: one of these is claimed. A document was asked for
and handed in. Everything is done through the desk, by two
people, as anybody would do it. Persons go by role and number.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from openets.desk.directory import Contact
from openets.desk.proposals import Proposal
from openets.desk.said import LANGUAGES
from openets.desk.tasks import SUBMITTED, Document
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.people.opening import Opened
from openets.people.roles import REPRESENTATIVE

REGISTRIES, ACCOUNTS = 3, 2  # of the sample, and accounts in each of them
PER_ACCOUNT = 2
BOTH = "initiate and approve"
DOCUMENT, DAYS = "register extract", 10


class Sampled(NamedTuple):
    """An account of the sample, a kind it holds, its representatives and an administrator."""

    account: int
    kind: int
    held: int
    first: Actor
    second: Actor
    administrator: Actor


def staff(office: Opened) -> None:
    """Gives a sample of accounts their people and lets them work, unless that was done before."""
    if office.register.persons():
        return
    sampled = [
        one
        for registry, accounts in sorted(_holdings(office).items())[:REGISTRIES]
        for one in _staff_registry(office, registry, accounts[:ACCOUNTS])
    ]
    for index, one in enumerate(sampled):
        _ask_for_trust(office, one, sampled[(index + 1) % len(sampled)].account)
        _propose_surrender(office, one)
    if sampled:
        _ask_for_a_document(office, sampled[0])
        _claim(office, sampled[0])


def _holdings(office: Opened) -> dict[str, list[tuple[int, int, int]]]:
    """By registry, operators' accounts with a kind a surrender may use today and how much of it."""
    book = office.office.writer.book
    today = book.tables_at(instant(office.office.clock.now()))
    usable = {type_.key for type_ in today.unit_types.values()}
    found: dict[str, list[tuple[int, int, int]]] = {}
    for number, account in book.accounts.items():
        type_ = today.account_types.get(account.type)
        if type_ is None or not type_.operator:
            continue
        held = office.office.writer.holdings(number).items()
        usables = ((kind, units) for kind, units in held if book.kinds[kind].unit in usable)
        for kind, units in [one for one in usables if one[1]][:1]:
            found.setdefault(account.registry, []).append((number, kind, units))
    return found


def _staff_registry(
    office: Opened, registry: str, accounts: list[tuple[int, int, int]]
) -> list[Sampled]:
    """Two administrators, and two representatives for each account of the sample."""
    first, second = (_person(office, "senior administrator", registry) for _ in range(2))
    sampled = []
    for account, kind, held in accounts:
        people = [_person(office, REPRESENTATIVE, registry) for _ in range(PER_ACCOUNT)]
        for person in people:
            fields = {"account": account, "person": person.id, "right": BOTH}
            proposal = _propose(office, first, "representative", fields)
            office.desk.approve(second, proposal.number)
        sampled.append(Sampled(account, kind, held, people[0], people[1], first))
    return sampled


def _person(office: Opened, role: str, registry: str) -> Actor:
    person, _token = office.register.add_person(role, registry)
    language = LANGUAGES[person.number % len(LANGUAGES)]
    contact = Contact(f"person-{person.number}@example.org", language)
    office.register.contacts.put(person.number, contact)
    return person.actor


def _ask_for_trust(office: Opened, one: Sampled, other: int) -> None:
    """Another account of the sample is put on the list; approved, it is trusted in some days."""
    fields = {"account": one.account, "listed": other}
    proposal = _propose(office, one.first, "trusted account", fields)
    office.desk.approve(one.second, proposal.number)


def _propose_surrender(office: Opened, one: Sampled) -> None:
    """A tenth of the holding, for the last year; a second representative has yet to approve."""
    now = office.office.clock.now()
    accounts = office.office.writer.book.accounts
    tables = office.office.rulebook.tables_on(now.date())
    label, ended = next(
        (rule.label, receiver)
        for rule in tables.transaction_types.values()
        if rule.surrenders
        for receiver, account in accounts.items()
        if (accounts[one.account].type, account.type) in rule.routes
    )
    fields = {
        "type": label,
        "transferring": one.account,
        "acquiring": ended,
        "kind": one.kind,
        "quantity": max(1, one.held // 10),
        "year": now.year - 1,
    }
    _propose(office, one.first, "transaction", fields)


def _ask_for_a_document(office: Opened, one: Sampled) -> None:
    """An administrator asks for a document; a representative hands one in, to be looked at."""
    asked = office.inbox.request(
        one.administrator, account=one.account, documents=[DOCUMENT], days=DAYS
    )
    content = b"A file of the demonstration."
    digest = hashlib.sha256(content).hexdigest()
    document = Document(DOCUMENT, SUBMITTED, "extract.txt", len(content), digest)
    office.inbox.submit(one.first, asked.task.number, document)


def _claim(office: Opened, one: Sampled) -> None:
    """The second representative claims the surrender that waits, and says why it waits."""
    number = next(seen.task.number for seen in office.inbox.of(one.second) if seen.task.proposal)
    office.inbox.claim(one.second, number)
    office.inbox.comment(one.second, number, "Compared with the verified emissions first.")


def _propose(office: Opened, actor: Actor, command: str, fields: dict[str, Any]) -> Proposal:
    return office.desk.propose(actor, command, json.dumps(fields))
