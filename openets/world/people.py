"""People for a sample of the demonstration's accounts, and a day at their desk.

Whoever opens the finished world finds accounts somebody stands behind, proposals that were
approved, one that was refused its way, and some that wait for a second person. Everything is done
through the desk, by two people, as anybody would do it. Persons go by role and number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from openets.desk.proposals import Proposal
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.kernel.refusal import Refusal, Refused
from openets.people.opening import Opened
from openets.people.roles import REPRESENTATIVE

REGISTRIES, ACCOUNTS = 3, 2  # of the sample, and accounts in each of them
PER_ACCOUNT = 2
BOTH = "initiate and approve"


class Sampled(NamedTuple):
    """An account of the sample, a kind it holds, and its two representatives."""

    account: int
    kind: int
    held: int
    first: Actor
    second: Actor


class Day(NamedTuple):
    """What the desk came to: the accounts with people, what waits, what was refused and why."""

    sampled: list[Sampled]
    waiting: list[Proposal]
    refused: list[Refusal]


def staff(office: Opened) -> Day | None:
    """Gives a sample of accounts their people and lets them work; None if that was done before."""
    if office.register.persons():
        return None
    sampled = [one for registry in _registries(office) for one in _staff_registry(office, registry)]
    waiting: list[Proposal] = []
    refused: list[Refusal] = []
    for one in sampled:
        waiting.append(_ask_for_trust(office, one, sampled))
        waiting.append(_propose_surrender(office, one))
        try:
            _propose_transfer(office, one, sampled)
        except Refused as error:
            refused += error.refusals
    return Day(sampled, waiting, refused)


def _registries(office: Opened) -> list[str]:
    """The registries of the sample: the first in the alphabet whose operators hold something."""
    found: dict[str, None] = {}
    for _, registry, _, _ in _holdings(office):
        found[registry] = None
    return sorted(found)[:REGISTRIES]


def _holdings(office: Opened) -> Iterator[tuple[int, str, int, int]]:
    """(account, registry, kind, available) of operators, with what a surrender may use today."""
    book = office.office.writer.book
    today = book.tables_at(instant(office.office.clock.now()))
    usable = {type_.key for type_ in today.unit_types.values()}
    for number, account in book.accounts.items():
        type_ = today.account_types.get(account.type)
        if type_ is None or not type_.operator:
            continue
        for kind, quantity in office.office.writer.holdings(number).items():
            if quantity and book.kinds[kind].unit in usable:
                yield number, account.registry, kind, quantity
                break


def _staff_registry(office: Opened, registry: str) -> list[Sampled]:
    """Two administrators, and two representatives for each account of the sample."""
    first, second = (_person(office, "senior administrator", registry) for _ in range(2))
    chosen = [one for one in _holdings(office) if one[1] == registry][:ACCOUNTS]
    sampled = []
    for account, _, kind, held in chosen:
        people = [_person(office, REPRESENTATIVE, registry) for _ in range(PER_ACCOUNT)]
        for person in people:
            fields = {"account": account, "person": person.id, "right": BOTH}
            proposal = _propose(office, first, "representative", fields)
            office.desk.approve(second, proposal.number)
        sampled.append(Sampled(account, kind, held, people[0], people[1]))
    return sampled


def _person(office: Opened, role: str, registry: str) -> Actor:
    person, _token = office.register.add_person(role, registry)
    return person.actor


def _ask_for_trust(office: Opened, one: Sampled, all_: list[Sampled]) -> Proposal:
    """The next account of the sample is put on the list; approved, it is trusted in some days."""
    fields = {"account": one.account, "listed": _next(one, all_).account}
    proposal = _propose(office, one.first, "trusted account", fields)
    return office.desk.approve(one.second, proposal.number)


def _propose_surrender(office: Opened, one: Sampled) -> Proposal:
    """A tenth of the holding, for the last year; a second representative has yet to approve."""
    law = office.office.rulebook
    now = office.office.clock.now()
    tables = law.tables_on(now.date())
    label, ended = next(
        (rule.label, receiver)
        for rule in tables.transaction_types.values()
        if rule.surrenders
        for receiver, account in office.office.writer.book.accounts.items()
        if (office.office.writer.book.accounts[one.account].type, account.type) in rule.routes
    )
    fields = {
        "type": label,
        "transferring": one.account,
        "acquiring": ended,
        "kind": one.kind,
        "quantity": max(1, one.held // 10),
        "year": now.year - 1,
    }
    return _propose(office, one.first, "transaction", fields)


def _propose_transfer(office: Opened, one: Sampled, all_: list[Sampled]) -> None:
    """A transfer to an account that is not trusted yet."""
    fields = {
        "type": "10-0",
        "transferring": one.account,
        "acquiring": _next(one, all_).account,
        "kind": one.kind,
        "quantity": 1,
    }
    _propose(office, one.second, "transaction", fields)


def _next(one: Sampled, all_: list[Sampled]) -> Sampled:
    return all_[(all_.index(one) + 1) % len(all_)]


def _propose(office: Opened, actor: Actor, command: str, fields: dict[str, Any]) -> Proposal:
    return office.desk.propose(actor, command, json.dumps(fields))
