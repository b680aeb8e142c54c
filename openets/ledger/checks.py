"""What the registry's book checks before a record is proposed: one check, one code, one sentence.

The checks run in the order of `TRANSACTION_CHECKS`; the first refusal is the answer, so a request
with two faults gets a defined one. Where the law decides, the citation is the rulebook parameter
that said so (`openets law explain` prints its article); what follows from keeping a ledger at all
is cited as such. The log repeats the checks in its own code, on its own picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from openets.kernel import acts
from openets.kernel.clock import NoInstant
from openets.kernel.records import Block, Transaction, type_label
from openets.kernel.refusal import Refusal
from openets.ledger.frozen import Scope, name_of_scope, scope_of
from openets.ledger.requests import TransactionRequest
from openets.rulebook.model import NoLaw
from openets.rulebook.tables import RECONCILIATION, Tables

if TYPE_CHECKING:
    from openets.ledger.book import Account, Book

OPEN = "open"
LEDGER = "ledger rule"
NO_DAY = Refusal(
    "ledger.effective",
    "A record takes effect on a day between 1970 and 9999, in microseconds since 1970.",
    LEDGER,
)

NOTHING = ((0, 0),)
MOST_UNITS = 2**62
_CURRENCY = re.compile("[A-Z]{3}")

Movement = TransactionRequest | Transaction
Lines = tuple[tuple[int, int], ...]  # (kind, quantity) for each kind moved
Likeness = tuple[object, ...]
TransactionCheck = Callable[["Book", Tables, Movement, Lines], Refusal | None]


def lines_of(blocks: Sequence[Block]) -> Lines:
    """What blocks move: the quantity of each kind."""
    if len(blocks) == 1:
        kind, start, end = blocks[0]
        return ((kind, end - start + 1),)
    moved: dict[int, int] = {}
    for kind, start, end in blocks:
        moved[kind] = moved.get(kind, 0) + end - start + 1
    return tuple(moved.items())


def check_transaction(book: Book, movement: Movement, lines: Lines) -> Refusal | None:
    """The first reason against a movement of units, or None."""
    try:
        tables = book.tables_at(movement.effective)
    except NoInstant:
        return NO_DAY
    sender = book.accounts.get(movement.transferring)
    receiver = book.accounts.get(movement.acquiring)
    # All that decides which checks apply, and what the law says in them.
    likeness = (
        id(tables),
        movement.type,
        movement.year,
        sender.standing if sender else movement.transferring,
        receiver.standing if receiver else movement.acquiring,
        sender is receiver,
        lines[0][0] if len(lines) == 1 else tuple([kind for kind, _ in lines]),
        not movement.blocks,
        not movement.legs,
        not (book.frozen or book.compared),
    )
    left = book.left_to_check.get(likeness)
    if left in ORDINARY and _is_covered_as_picked(book, movement, lines):
        return None
    for check in TRANSACTION_CHECKS if left is None else left:
        refusal = check(book, tables, movement, lines)
        if refusal is not None:
            return refusal
    if left is None:
        book.left_to_check[likeness] = _left_to_check(book, tables, movement)
    return None


def _is_covered_as_picked(book: Book, movement: Movement, lines: Lines) -> bool:
    """True if an ordinary movement takes free units of one kind, as the book would pick them.

    Then none of the checks that are left can refuse it, as nearly always; else they say why. Where
    anything is frozen no movement is ordinary.
    """
    if movement.reservation or len(lines) != 1:
        return False
    kind, quantity = lines[0]
    place = (movement.transferring, kind)
    queue = book.queues.get(place)
    if queue is None or not 0 < quantity < MOST_UNITS:
        return False
    if quantity > queue.quantity - book.reserved.get(place, 0):
        return False
    blocks = movement.blocks  # a request may name those of another kind
    return not blocks or list(blocks) == [(kind, *part) for part in queue.oldest(quantity)]


def _left_to_check(book: Book, tables: Tables, movement: Movement) -> tuple[TransactionCheck, ...]:
    """What has to be asked of each movement, where one like it was permitted."""
    left: set[TransactionCheck] = {quantity_is_positive, is_covered}
    if book.frozen or book.compared:
        left |= {nothing_frozen, nothing_compared}
    if not movement.transferring:
        left.add(creation_is_permitted)
    if tables.transaction_types[movement.type].reverses:
        left.add(terminal_is_final)
    if movement.blocks:
        left |= {serials_are_right, serials_are_free}
    if movement.legs:
        left.add(money_balances)
    return tuple(check for check in TRANSACTION_CHECKS if check in left)


def _citation(movement: Movement) -> str:
    return f"registry.transaction_types.{type_label(movement.type)}"


def type_is_law(_book: Book, tables: Tables, movement: Movement, _: Lines) -> Refusal | None:
    if movement.type in tables.transaction_types:
        return None
    label = type_label(movement.type)
    return Refusal(
        "ledger.type-unknown",
        f"The rulebook has no transaction type {label} on the day it would take effect.",
        "registry.transaction_types",
    )


def parties_are_named(_book: Book, tables: Tables, movement: Movement, _: Lines) -> Refusal | None:
    creates = tables.transaction_types[movement.type].creates
    if creates != bool(movement.transferring) and movement.acquiring:
        return None
    return Refusal(
        "ledger.parties",
        "A creation names only an acquiring account; every other transaction names both.",
        _citation(movement),
    )


def accounts_exist(book: Book, _: Tables, movement: Movement, _lines: Lines) -> Refusal | None:
    for where in ("transferring", "acquiring"):
        number = getattr(movement, where)
        if number and number not in book.accounts:
            sentence = f"There is no account with number {number}."
            return Refusal("ledger.account-unknown", sentence, LEDGER, where)
    return None


def accounts_differ(_: Book, _t: Tables, movement: Movement, _l: Lines) -> Refusal | None:
    if movement.transferring != movement.acquiring:
        return None
    return Refusal(
        "ledger.same-account",
        f"Account {movement.acquiring} would send to itself; name another acquiring account.",
        LEDGER,
    )


def types_permit(book: Book, tables: Tables, movement: Movement, _: Lines) -> Refusal | None:
    rule = tables.transaction_types[movement.type]
    sender = book.accounts[movement.transferring] if movement.transferring else None
    if sender is not None and sender.type not in rule.transferring:
        return _type_refusal("ledger.type-not-open-to-sender", sender, "send", movement)
    receiver = book.accounts[movement.acquiring]
    if receiver.type not in rule.acquiring:
        to = f", to {receiver.type}"
        return _type_refusal("ledger.type-not-open-to-receiver", receiver, "receive", movement, to)
    if (sender.type if sender else "", receiver.type) not in rule.routes:
        came = f"a {sender.type} account" if sender else "no account"
        label = type_label(movement.type)
        sentence = f"By {label} nothing goes from {came} to a {receiver.type} account."
        citation = _citation(movement)
        if sender:
            citation += f", from {sender.type}"
        return Refusal("ledger.route-not-permitted", sentence, citation)
    return None


def _type_refusal(
    code: str, account: Account, verb: str, movement: Movement, side: str = ""
) -> Refusal:
    label = type_label(movement.type)
    sentence = (
        f"Account {account.number} is a {account.type} account and may not {verb} by {label}."
    )
    return Refusal(code, sentence, _citation(movement) + side)


def statuses_permit(book: Book, tables: Tables, movement: Movement, _: Lines) -> Refusal | None:
    if movement.transferring:
        sender = book.accounts[movement.transferring]
        status = tables.statuses.get(sender.status)
        if status is None or (status.sends is not None and movement.type not in status.sends):
            return _status_refusal("ledger.sender-status", sender, "send", movement)
    receiver = book.accounts[movement.acquiring]
    status = tables.statuses.get(receiver.status)
    if status is None or (status.receives is not None and movement.type not in status.receives):
        return _status_refusal("ledger.receiver-status", receiver, "receive", movement)
    return None


def _status_refusal(code: str, account: Account, verb: str, movement: Movement) -> Refusal:
    label = type_label(movement.type)
    sentence = f"Account {account.number} is {account.status} and may not {verb} by {label}."
    return Refusal(code, sentence, f"registry.statuses.{account.status}")


def nothing_frozen(book: Book, _: Tables, movement: Movement, lines: Lines) -> Refusal | None:
    if not book.frozen:
        return None
    scopes: list[Scope] = [("kind", kind) for kind, _quantity in lines]
    if movement.transferring:
        scopes += [movement.transferring, book.accounts[movement.transferring].registry]
    if not book.frozen.get(movement.acquiring):  # unless what comes in is let in
        scopes.append(movement.acquiring)
    scopes.append(book.accounts[movement.acquiring].registry)
    for scope in scopes:
        if scope in book.frozen:
            sentence = f"The {name_of_scope(scope)} is frozen; the freeze must be lifted."
            return Refusal("ledger.frozen", sentence, LEDGER)
    return None


def nothing_compared(
    book: Book, tables: Tables, movement: Movement, lines: Lines
) -> Refusal | None:
    """While the books of a registry are compared its units stand still, so that they can be."""
    if not book.compared:
        return None
    for number in filter(None, (movement.transferring, movement.acquiring)):
        registry = book.accounts[number].registry
        if registry in book.compared and any(
            tables.stands_still(book.kinds[kind].unit) for kind, _ in lines
        ):
            sentence = f"The books of {registry} are being compared; ask again once that is done."
            return Refusal("ledger.being-compared", sentence, RECONCILIATION)
    return None


def kinds_permit(book: Book, tables: Tables, movement: Movement, lines: Lines) -> Refusal | None:
    rule = tables.transaction_types[movement.type]
    receiver = book.accounts[movement.acquiring]
    holdable = tables.account_types[receiver.type].units
    for kind, _ in lines:
        defined = book.kinds.get(kind)
        if defined is None:
            return Refusal("ledger.kind-unknown", f"There is no kind of unit {kind}.", LEDGER)
        if defined.unit not in rule.units:
            sentence = f"Units of {defined.unit} may not move by {type_label(movement.type)}."
            return Refusal("ledger.unit-not-permitted", sentence, _citation(movement))
        if rule.applicable_period not in (None, defined.applicable_period):
            sentence = (
                f"By {type_label(movement.type)} move units that count for commitment period "
                f"{rule.applicable_period}, not for {defined.applicable_period}."
            )
            return Refusal("ledger.period-not-permitted", sentence, _citation(movement))
        if defined.unit not in holdable:
            sentence = f"A {receiver.type} account may not hold units of {defined.unit}."
            citation = f"registry.account_types.{receiver.type}"
            return Refusal("ledger.unit-not-holdable", sentence, citation)
    return None


def quantity_is_positive(_: Book, _t: Tables, _m: Movement, lines: Lines) -> Refusal | None:
    for _kind, quantity in lines or NOTHING:
        if not 0 < quantity < MOST_UNITS:
            sentence = "A transaction moves at least one whole unit."
            return Refusal("ledger.quantity", sentence, LEDGER)
    return None


def usable_for_year(book: Book, tables: Tables, movement: Movement, lines: Lines) -> Refusal | None:
    if not tables.transaction_types[movement.type].surrenders:
        return None
    for kind, _ in lines:
        unit = tables.unit_types[book.kinds[kind].unit]
        first, last = unit.usable_from, unit.usable_until
        if (first is not None and movement.year < first) or (
            last is not None and movement.year > last
        ):
            sentence = f"Units of {unit.key} may not be surrendered for {movement.year}."
            return Refusal("ledger.unit-not-usable", sentence, f"registry.unit_types.{unit.key}")
    return None


def terminal_is_final(book: Book, tables: Tables, movement: Movement, _: Lines) -> Refusal | None:
    if not movement.transferring:
        return None
    rule = tables.transaction_types[movement.type]
    sender = book.accounts[movement.transferring]
    if rule.reverses:
        if 0 < movement.refers_to <= book.sequence:
            return None
        sentence = "A reversal names the record it reverses."
        return Refusal("ledger.reversal-unnamed", sentence, _citation(movement))
    if tables.account_types[sender.type].terminal:
        sentence = f"Units in account {sender.number} have ended; only a reversal takes them out."
        return Refusal("ledger.terminal", sentence, f"registry.account_types.{sender.type}")
    return None


def creation_is_permitted(
    book: Book, _: Tables, movement: Movement, lines: Lines
) -> Refusal | None:
    if movement.transferring:
        return None
    pool = book.pools.get(movement.refers_to)
    if pool is None:
        sentence = "A creation names the cap, correction or replacement it rests on."
        return Refusal("ledger.creation-unfounded", sentence, LEDGER)
    for kind, _quantity in lines:
        defined = book.kinds[kind]
        if defined.unit not in pool.units or pool.registry not in (None, defined.registry):
            sentence = f"{pool.name} does not permit {defined.unit} of {defined.registry}."
            return Refusal("ledger.creation-other-unit", sentence, pool.name)
    quantity = sum(quantity for _, quantity in lines)
    if pool.drawn + quantity > pool.quantity:
        rest = pool.quantity - pool.drawn
        sentence = f"{pool.name} permits {rest} more units; {quantity} were to be created."
        return Refusal("ledger.above-cap", sentence, pool.name)
    return None


def is_covered(book: Book, _: Tables, movement: Movement, lines: Lines) -> Refusal | None:
    sender, set_aside = movement.transferring, 0
    if movement.reservation:
        reservation = book.reservations.get(movement.reservation)
        if reservation is None or (reservation.account, reservation.kind) != (sender, lines[0][0]):
            sentence = f"Record {movement.reservation} reserves nothing for this transaction."
            return Refusal("ledger.reservation-unknown", sentence, LEDGER)
        set_aside = reservation.quantity
    if not sender:
        return None
    for kind, quantity in lines:
        free = book.available(sender, kind) + set_aside
        if quantity > free:
            sentence = f"Account {sender} has {free} of kind {kind} available, not {quantity}."
            if stopped := book.stopped.get((sender, kind)):
                sentence += f" {stopped} of those it holds are frozen."
            return Refusal("ledger.not-covered", sentence, LEDGER)
    return None


def serials_are_right(book: Book, _: Tables, movement: Movement, lines: Lines) -> Refusal | None:
    """Only where the serials were named: they are whole, disjoint and where they should be."""
    blocks = movement.blocks
    if not blocks:
        return None
    if isinstance(movement, TransactionRequest) and lines != lines_of(blocks):
        sentence = "The serials named do not add up to the kind and quantity asked for."
        return Refusal("ledger.serials-disagree", sentence, LEDGER)
    sender = movement.transferring
    if not sender or len(blocks) > 1 or not 0 < blocks[0].start <= blocks[0].end:
        spans = sorted((book.kinds[kind].registry, start, end) for kind, start, end in blocks)
        refusal = _check_spans(spans) or (None if sender else _check_new_serials(book, spans))
        if refusal is not None:
            return refusal
    for kind, start, end in blocks if sender else ():
        queue = book.queues.get((sender, kind))
        if queue is None or queue.index_of(start, end) < 0:
            place = f"{book.kinds[kind].registry} {start}-{end}"
            sentence = f"Account {sender} does not hold serials {place}."
            return Refusal("ledger.serials-not-held", sentence, LEDGER)
    return None


def _check_spans(spans: list[tuple[str, int, int]]) -> Refusal | None:
    for (home, start, end), (other, following, _end) in pairwise([*spans, ("", 0, 0)]):
        if not 0 < start <= end or (home == other and following <= end):
            sentence = f"Serials {home} {start}-{end} run backwards or are named twice."
            return Refusal("ledger.serials-malformed", sentence, LEDGER)
    return None


def serials_are_free(book: Book, _: Tables, movement: Movement, _l: Lines) -> Refusal | None:
    """Only where the serials were named: no frozen one is among them."""
    if not book.still or not movement.transferring:
        return None
    for kind, start, end in movement.blocks:
        registry = book.kinds[kind].registry
        still = book.still.get(registry)
        for first, last in still.within(start, end) if still else ():
            sentence = f"The {name_of_scope((registry, first, last))} are frozen."
            return Refusal("ledger.serials-frozen", sentence, LEDGER)
    return None


def _check_new_serials(book: Book, spans: list[tuple[str, int, int]]) -> Refusal | None:
    last: dict[str, int] = {}
    for registry, start, end in spans:
        if start != last.get(registry, book.last_serial.get(registry, 0)) + 1:
            sentence = f"Serials {registry} {start}-{end} are not the next of {registry}."
            return Refusal("ledger.serials-not-next", sentence, LEDGER)
        last[registry] = end
    return None


def money_balances(book: Book, _: Tables, movement: Movement, _l: Lines) -> Refusal | None:
    sums: dict[str, int] = {}
    for leg in movement.legs:
        if leg.account not in book.accounts:
            sentence = f"There is no account with number {leg.account} to move money on."
            return Refusal("ledger.money-account", sentence, LEDGER)
        if not _CURRENCY.fullmatch(leg.currency):
            sentence = f"{leg.currency!r} is no currency: write three capital letters, as in EUR."
            return Refusal("ledger.money-currency", sentence, LEDGER)
        sums[leg.currency] = sums.get(leg.currency, 0) + leg.cents
    for currency, cents in sums.items():
        if cents:
            sentence = f"The money legs in {currency} sum to {cents} cents, not to zero."
            return Refusal("ledger.money-sum", sentence, LEDGER)
    return None


def blocks_are_few(book: Book, record: Transaction) -> Refusal | None:
    """Comes last, when the serials have been picked: only then are the blocks known."""
    most = book.tables_at(record.effective).blocks_at_most
    if most is None or len(record.blocks) <= most:
        return None
    sentence = f"It takes {len(record.blocks)} unit blocks, more than {most}; move fewer at once."
    return Refusal("ledger.too-many-blocks", sentence, "registry.transaction_size")


TRANSACTION_CHECKS: tuple[TransactionCheck, ...] = (
    type_is_law,
    parties_are_named,
    accounts_exist,
    accounts_differ,
    types_permit,
    statuses_permit,
    kinds_permit,
    nothing_frozen,
    nothing_compared,
    quantity_is_positive,
    usable_for_year,
    terminal_is_final,
    creation_is_permitted,
    is_covered,
    serials_are_right,
    serials_are_free,
    money_balances,
)

# Where only these are left `_is_covered_as_picked` can answer all of them at once: the first for
# serials the book picks, the second for serials that are named.
ORDINARY = (
    (quantity_is_positive, is_covered),
    (quantity_is_positive, is_covered, serials_are_right, serials_are_free),
)


def check_act(book: Book, effective: int, act: acts.Act) -> Refusal | None:
    """The first reason against an act, or None."""
    try:
        tables = book.tables_at(effective)
    except NoInstant:
        return NO_DAY
    match act:
        case acts.EmissionsVerified():  # the most frequent comes first
            return _check_emissions(book, tables, act)
        case acts.StoreCreated() if book.sequence:
            return Refusal("ledger.store-exists", "A store is created once.", LEDGER)
        case acts.RulebookAdopted():
            return _check_rulebook(book, act)
        case acts.KindDefined():
            return _check_kind(book, tables, act)
        case acts.AccountOpened():
            return _check_opening(book, tables, act)
        case acts.StatusChanged() if act.account not in book.accounts:
            return _no_account(act.account)
        case acts.StatusChanged() if act.status not in tables.statuses:
            sentence = f"The rulebook has no account status {act.status}."
            return Refusal("ledger.status-unknown", sentence, "registry.statuses")
        case acts.Freeze() | acts.Lift():
            return _check_freeze(book, act)
        case acts.Reconciled():
            return _check_comparison(book, act)
        case acts.CapSet():
            return _check_cap(book, act)
        case acts.Reserved():
            if book.available(act.account, act.kind) < act.quantity:
                sentence = f"Account {act.account} has not {act.quantity} units to reserve."
                return Refusal("ledger.not-reservable", sentence, LEDGER)
        case acts.Released() if act.reservation not in book.reservations:
            sentence = f"Record {act.reservation} is not an open reservation."
            return Refusal("ledger.reservation-closed", sentence, LEDGER)
    return None


def _no_account(number: int) -> Refusal:
    return Refusal("ledger.account-unknown", f"There is no account with number {number}.", LEDGER)


def _check_rulebook(book: Book, act: acts.RulebookAdopted) -> Refusal | None:
    if bytes.fromhex(act.digest) == book.rulebook.digest:
        return None
    sentence = "The rulebook to be adopted is not the one this registry has loaded."
    return Refusal("ledger.other-rulebook", sentence, LEDGER)


def _check_kind(book: Book, tables: Tables, act: acts.KindDefined) -> Refusal | None:
    if act.kind != len(book.kinds) + 1:
        sentence = f"The next kind is number {len(book.kinds) + 1}, not {act.kind}."
        return Refusal("ledger.kind-number", sentence, LEDGER)
    if act.unit not in tables.unit_types:
        sentence = f"The rulebook has no unit {act.unit} on that day."
        return Refusal("ledger.unit-unknown", sentence, "registry.unit_types")
    return None


def _check_opening(book: Book, tables: Tables, act: acts.AccountOpened) -> Refusal | None:
    if act.number in book.accounts:
        sentence = f"Account number {act.number} is taken; account numbers are never used again."
        return Refusal("ledger.account-exists", sentence, LEDGER)
    if act.type not in tables.account_types:
        sentence = f"The rulebook has no account type {act.type} on that day."
        return Refusal("ledger.account-type-unknown", sentence, "registry.account_types")
    if act.registry not in tables.registries:
        sentence = f"The rulebook has no registry {act.registry}."
        return Refusal("ledger.registry-unknown", sentence, "registry.registries")
    return None


def _check_comparison(book: Book, act: acts.Reconciled) -> Refusal | None:
    begun = act.registry in book.compared
    if begun == act.begins:
        how = "are being compared already" if begun else "are not being compared"
        sentence = f"The books of {act.registry} {how}."
        return Refusal("ledger.comparison", sentence, RECONCILIATION)
    unknown = [number for number in act.differ if number not in book.accounts]
    return _no_account(unknown[0]) if unknown else None


def _check_freeze(book: Book, act: acts.Freeze | acts.Lift) -> Refusal | None:
    try:
        scope = scope_of(act)
    except ValueError as error:
        return Refusal("ledger.freeze-scope", str(error), LEDGER)
    if isinstance(scope, int) and scope not in book.accounts:
        return _no_account(scope)
    if isinstance(scope, tuple) and len(scope) == 3:
        last = book.last_serial.get(scope[0], 0)
        if scope[2] > last:
            sentence = f"Of the serials of {scope[0]} those up to {last} exist, not {scope[2]}."
            return Refusal("ledger.freeze-serials", sentence, LEDGER)
    if isinstance(act, acts.Lift) and scope not in book.frozen:
        return Refusal("ledger.not-frozen", "What is to be lifted is not frozen.", LEDGER)
    return None


def _check_cap(book: Book, act: acts.CapSet) -> Refusal | None:
    if (act.parameter, act.year) in book.caps:
        sentence = f"The cap {act.parameter} of {act.year} has been set; it is set once."
        return Refusal("ledger.cap-set", sentence, act.parameter)
    try:
        value = book.rulebook.ask(act.parameter, for_=act.year).value
    except NoLaw as error:
        return Refusal("ledger.cap-unknown", str(error), act.parameter)
    if value == act.quantity:
        return None
    sentence = f"The rulebook gives {value} for {act.parameter} in {act.year}, not {act.quantity}."
    return Refusal("ledger.cap-differs", sentence, act.parameter)


def _check_emissions(book: Book, tables: Tables, act: acts.EmissionsVerified) -> Refusal | None:
    account = book.accounts.get(act.account)
    if account is None:
        return _no_account(act.account)
    type_ = tables.account_types.get(account.type)
    if type_ is not None and type_.operator:
        return None
    sentence = f"Account {act.account} is no operator's account and has no emissions."
    return Refusal("ledger.not-an-operator", sentence, f"registry.account_types.{account.type}")
