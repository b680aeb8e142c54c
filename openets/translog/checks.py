"""What the log checks before it takes a record, on its own picture and in its own code.

`ALWAYS` are the checks every ledger owes whatever the law: two parties that are known, serials that
exist, are held and are created in order, none of them frozen or reserved by another, money that
sums to zero, a rulebook that was adopted. The others ask that rulebook; they are made whenever it
is the one this release has. Number and key of a record come before them all (`is_next`). They run
in order, and the first refusal is the answer (`openets.translog.judge`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from string import ascii_uppercase
from typing import Any, NamedTuple, get_args

from openets.kernel import acts
from openets.kernel.clock import is_instant
from openets.kernel.records import Record, Transaction, type_label
from openets.kernel.refusal import Refusal
from openets.rulebook.model import NoLaw, Rulebook
from openets.rulebook.tables import RECONCILIATION, Tables, TransactionType
from openets.translog.picture import Picture, Place, scopes, span_of
from openets.translog.store import Configuration

RULE = "log rule"


class View(NamedTuple):
    """What a check may look at: the picture, the law, that law on the record's day, the store.

    `made_under` is the digest of the rulebook the record's batch was made under.
    """

    picture: Picture
    rulebook: Rulebook
    tables: Tables
    configuration: Configuration
    made_under: bytes


MoveCheck = Callable[[View, Transaction], Refusal | None]
ActCheck = Callable[[View, Any], Refusal | None]  # of an act of those it concerns


# -- every record --------------------------------------------------------------------------------


def takes_effect(record: Record) -> Refusal | None:
    if is_instant(record.effective):
        return None
    return Refusal("log.effective", "The record takes effect on no day there is.", RULE)


def is_next(picture: Picture, record: Record) -> Refusal | None:
    if record.sequence != picture.sequence + 1:
        sentence = f"The record is number {record.sequence}; {picture.sequence + 1} is next."
        return Refusal("log.sequence", sentence, RULE)
    known = picture.keys.get(record.key)
    if known is not None:
        return Refusal("log.key-used", f"The key stands at record {known} already.", RULE)
    return None


# -- transactions: always ------------------------------------------------------------------------


def parties_differ(_: View, record: Transaction) -> Refusal | None:
    if record.acquiring and record.transferring != record.acquiring:
        return None
    return Refusal("log.parties", "A transaction names two different accounts.", RULE)


def accounts_are_known(view: View, record: Transaction) -> Refusal | None:
    named = [record.transferring or record.acquiring, record.acquiring]
    for number in [*named, *(leg.account for leg in record.legs)]:
        if view.picture.places.get(number) is None:
            sides = {record.acquiring: "acquiring", record.transferring: "transferring"}
            sentence = f"The log knows no account {number}."
            return Refusal("log.account-unknown", sentence, RULE, sides.get(number, "legs"))
    return None


def blocks_are_whole(view: View, record: Transaction) -> Refusal | None:
    kinds, reached = view.picture.kinds, 0
    for kind, start, end in record.blocks:
        if kind not in kinds or not reached < start <= end < 2**63:
            return _look_at_blocks(view, record)  # blocks in ascending order need no second look
        reached = end
    if reached:
        return None
    return Refusal("log.nothing-moves", "A transaction moves at least one unit.", RULE)


def _look_at_blocks(view: View, record: Transaction) -> Refusal | None:
    spans = []
    for kind, start, end in record.blocks:
        defined = view.picture.kinds.get(kind)
        if defined is None:
            return Refusal("log.kind-unknown", f"The log knows no kind {kind}.", RULE)
        if not 0 < start <= end < 2**63:
            sentence = f"Serials {defined.registry} {start}-{end} are no range."
            return Refusal("log.block-malformed", sentence, RULE)
        spans.append((defined.registry, start, end))
    for before, after in pairwise(sorted(spans)):
        if before[0] == after[0] and after[1] <= before[2]:
            sentence = f"Serial {after[0]} {after[1]} is in the transaction twice."
            return Refusal("log.serial-twice", sentence, RULE)
    return None


def serials_are_the_senders(view: View, record: Transaction) -> Refusal | None:
    picture, sender = view.picture, record.transferring
    if not sender:
        return None
    for kind, start, end in record.blocks:
        reached = picture.map_of(kind).reached(start, end, kind, sender)
        if reached <= end:
            sentence = f"Serial {reached} is not in account {sender} as kind {kind}."
            return Refusal("log.not-held", sentence, RULE)
    return None


def new_serials_are_next(view: View, record: Transaction) -> Refusal | None:
    if record.transferring:
        return None
    reached: dict[int, int] = {}
    for kind, start, end in sorted(record.blocks, key=lambda block: block.start):
        serials = view.picture.map_of(kind)
        if start != reached.get(id(serials), serials.last) + 1:
            sentence = f"Serial {start} was created before or is not the next; nothing is created."
            return Refusal("log.serials-not-next", sentence, RULE)
        reached[id(serials)] = end
    return None


def claims_are_kept(view: View, record: Transaction) -> Refusal | None:
    """What is reserved leaves only by the transaction that names the reservation."""
    picture = view.picture
    claim = picture.claims.get(record.reservation) if record.reservation else None
    if record.reservation and (
        claim is None
        or claim.account != record.transferring
        or any(block.kind != claim.kind for block in record.blocks)
    ):
        sentence = f"Record {record.reservation} reserves nothing for this transaction."
        return Refusal("log.reservation-unknown", sentence, RULE)
    if not record.transferring:
        return None
    for kind in {block.kind for block in record.blocks}:
        place = (record.transferring, kind)
        claimed, immobile = picture.claimed.get(place, 0), picture.immobile.get(place, 0)
        if not claimed and not immobile:
            continue  # it holds what it sends: `serials_are_the_senders` came before
        free = picture.held(*place) - claimed - immobile
        free += claim.quantity if claim else 0
        if free < sum(block.quantity for block in record.blocks if block.kind == kind):
            sentence = f"Account {record.transferring} has reserved part of the units it sends."
            return Refusal("log.reserved", sentence, RULE)
    return None


def no_serial_is_arrested(view: View, record: Transaction) -> Refusal | None:
    for block in record.blocks:
        registry = view.picture.kinds[block.kind].registry
        for home, first, last in view.picture.arrested:
            if home == registry:
                start, end = max(first, block.start), min(last, block.end)
                if start <= end:
                    sentence = f"Serials {home} {start}-{end} are frozen and stay where they are."
                    return Refusal("log.serials-frozen", sentence, RULE)
    return None


def money_sums_to_zero(_: View, record: Transaction) -> Refusal | None:
    for currency in {leg.currency for leg in record.legs}:
        if not (len(currency) == len("EUR") and set(currency) <= set(ascii_uppercase)):
            return Refusal("log.money-currency", f"{currency!r} is no currency.", RULE)
        cents = sum(leg.cents for leg in record.legs if leg.currency == currency)
        if cents:
            sentence = f"The money in {currency} sums to {cents} cents, not to zero."
            return Refusal("log.money", sentence, RULE)
    return None


def rulebook_is_adopted(view: View, _: Transaction | acts.Act) -> Refusal | None:
    if view.picture.rulebook == view.made_under:
        return None
    return Refusal("log.rulebook-not-adopted", "No rulebook like this one was adopted.", RULE)


# -- transactions: the law -----------------------------------------------------------------------


def type_is_known(view: View, record: Transaction) -> Refusal | None:
    rule = view.tables.transaction_types.get(record.type)
    if rule is None:
        sentence = f"The law of the day knows no type {type_label(record.type)}."
        return Refusal("log.type-unknown", sentence, "registry.transaction_types")
    if rule.creates == bool(record.transferring):
        sentence = f"Type {rule.label} and the accounts named do not fit: only a creation has one."
        return Refusal("log.parties-of-type", sentence, _cite(rule))
    return None


def route_is_permitted(view: View, record: Transaction) -> Refusal | None:
    rule = view.tables.transaction_types[record.type]
    sender = view.picture.places.get(record.transferring) if record.transferring else None
    receiver = _place(view, record.acquiring)
    route = (sender.type if sender else "", receiver.type)
    if route in rule.routes:
        return None
    sentence = f"Type {rule.label} does not lead from {route[0] or 'nowhere'} to {route[1]}."
    side = f", from {sender.type}" if sender else ""
    return Refusal("log.route", sentence, _cite(rule) + side)


def statuses_are_open(view: View, record: Transaction) -> Refusal | None:
    for number, verb in ((record.transferring, "send"), (record.acquiring, "receive")):
        if not number:
            continue
        key = _place(view, number).status
        status = view.tables.statuses.get(key)
        types = (status.sends if verb == "send" else status.receives) if status else frozenset()
        if types is not None and record.type not in types:
            sentence = f"Account {number} is {key} and may not {verb}."
            return Refusal("log.status", sentence, f"registry.statuses.{key}")
    return None


def nothing_is_frozen(view: View, record: Transaction) -> Refusal | None:
    frozen = view.picture.frozen
    if not frozen:
        return None
    for number in (record.transferring, record.acquiring):
        if not number:
            continue
        registry = _place(view, number).registry
        enters = number == record.acquiring and view.picture.receiving.get(number)
        if frozen.get(("account", number)) and not enters:
            return _is_frozen("account", number)
        if frozen.get(("registry", registry)):
            return _is_frozen("registry", registry)
    for block in record.blocks:
        if frozen.get(("kind", block.kind)):
            return _is_frozen("kind", block.kind)
    return None


def nothing_is_compared(view: View, record: Transaction) -> Refusal | None:
    compared = view.picture.compared
    if not compared:
        return None
    units = {_unit_and_period(view, block.kind)[0] for block in record.blocks}
    for number in filter(None, (record.transferring, record.acquiring)):
        registry = _place(view, number).registry
        if compared.get(registry) and any(map(view.tables.stands_still, units)):
            sentence = f"The units of {registry} stand still until the books have been compared."
            return Refusal("log.being-compared", sentence, RECONCILIATION)
    return None


def _is_frozen(what: str, which: int | str) -> Refusal:
    return Refusal("log.frozen", f"The {what} {which} is frozen.", RULE)


def units_are_permitted(view: View, record: Transaction) -> Refusal | None:
    rule = view.tables.transaction_types[record.type]
    holder = view.tables.account_types[_place(view, record.acquiring).type]
    for unit, period in {_unit_and_period(view, block.kind) for block in record.blocks}:
        if unit not in rule.units:
            return Refusal("log.unit", f"Type {rule.label} moves no {unit}.", _cite(rule))
        if rule.applicable_period not in (None, period):
            sentence = f"Type {rule.label} moves no units that count for period {period}."
            return Refusal("log.period", sentence, _cite(rule))
        if unit not in holder.units:
            citation = f"registry.account_types.{holder.key}"
            sentence = f"A {holder.key} account holds no {unit}."
            return Refusal("log.unit-not-holdable", sentence, citation)
        if rule.surrenders:
            law = view.tables.unit_types[unit]
            early = law.usable_from is not None and record.year < law.usable_from
            late = law.usable_until is not None and record.year > law.usable_until
            if early or late:
                sentence = f"Units of {unit} do not count for {record.year}."
                return Refusal("log.unit-year", sentence, f"registry.unit_types.{unit}")
    return None


def ended_units_stay(view: View, record: Transaction) -> Refusal | None:
    rule = view.tables.transaction_types[record.type]
    if not record.transferring:
        return None
    if rule.reverses:
        if 0 < record.refers_to < record.sequence:
            return None
        return Refusal("log.reversal", "A reversal names an earlier record.", _cite(rule))
    sender = _place(view, record.transferring)
    if view.tables.account_types[sender.type].terminal:
        sentence = f"Units in account {record.transferring} have ended."
        return Refusal("log.terminal", sentence, f"registry.account_types.{sender.type}")
    return None


def creation_is_allowed(view: View, record: Transaction) -> Refusal | None:
    if record.transferring:
        return None
    permission = view.picture.permissions.get(record.refers_to)
    if permission is None:
        sentence = f"Record {record.refers_to} permits no creation."
        return Refusal("log.no-permission", sentence, RULE)
    for block in record.blocks:
        defined = view.picture.kinds.get(block.kind)
        assert defined is not None
        home = permission.registry or defined.registry
        if defined.unit not in permission.units or home != defined.registry:
            sentence = f"{permission.name} is not for {defined.unit} of {defined.registry}."
            return Refusal("log.other-permission", sentence, permission.name)
    if permission.used + record.quantity > permission.quantity:
        left = permission.quantity - permission.used
        sentence = f"{permission.name} leaves {left} units to create, not {record.quantity}."
        return Refusal("log.above-cap", sentence, permission.name)
    return None


def blocks_are_few(view: View, record: Transaction) -> Refusal | None:
    most = view.tables.blocks_at_most
    if most is None or len(record.blocks) <= most:
        return None
    sentence = f"The transaction has {len(record.blocks)} unit blocks; {most} are permitted."
    return Refusal("log.too-many-blocks", sentence, "registry.transaction_size")


def _place(view: View, number: int) -> Place:
    place = view.picture.places.get(number)
    assert place is not None  # accounts_are_known came before
    return place


def _unit_and_period(view: View, kind: int) -> tuple[str, int]:
    defined = view.picture.kinds.get(kind)
    assert defined is not None  # blocks_are_whole came before
    return defined.unit, defined.applicable_period


def _cite(rule: TransactionType) -> str:
    return f"registry.transaction_types.{rule.label}"


ALWAYS: tuple[MoveCheck, ...] = (
    parties_differ,
    accounts_are_known,
    blocks_are_whole,
    serials_are_the_senders,
    new_serials_are_next,
    no_serial_is_arrested,
    claims_are_kept,
    money_sums_to_zero,
    rulebook_is_adopted,
)
LAW: tuple[MoveCheck, ...] = (
    nothing_is_frozen,
    nothing_is_compared,
    type_is_known,
    route_is_permitted,
    statuses_are_open,
    units_are_permitted,
    ended_units_stay,
    creation_is_allowed,
    blocks_are_few,
)


# -- acts ------------------------------------------------------------------------------------------


def store_comes_first(view: View, act: acts.Act) -> Refusal | None:
    if (type(act) is acts.StoreCreated) == (view.picture.sequence == 0):
        return None
    return Refusal(
        "log.store-first", "The first record, and no other, says what the store is.", RULE
    )


def store_is_this_logs(view: View, act: acts.StoreCreated) -> Refusal | None:
    mine = view.configuration
    said = (act.jurisdiction, act.registry_key, act.log_key, act.officer_keys)
    officers = tuple(key.hex() for key in mine.officer_keys)
    if said == (mine.jurisdiction, mine.registry_key.hex(), mine.log_key.hex(), officers):
        return None
    return Refusal("log.store", "The store is not the one this log was made for.", RULE)


def account_is_new(view: View, act: acts.AccountOpened) -> Refusal | None:
    if act.number not in view.picture.places:
        return None
    return Refusal("log.account-taken", f"Account {act.number} exists already.", RULE)


def kind_is_next(view: View, act: acts.KindDefined) -> Refusal | None:
    if act.kind == view.picture.kind_count + 1:
        return None
    return Refusal("log.kind-number", f"Kind {act.kind} is not the next number.", RULE)


def account_is_known(
    view: View, act: acts.StatusChanged | acts.EmissionsVerified | acts.Reserved
) -> Refusal | None:
    if act.account in view.picture.places:
        return None
    return Refusal("log.account-unknown", f"The log knows no account {act.account}.", RULE)


def reservation_is_open(view: View, act: acts.Released) -> Refusal | None:
    if act.reservation in view.picture.claims:
        return None
    sentence = f"Record {act.reservation} is no open reservation."
    return Refusal("log.reservation-closed", sentence, RULE)


def comparison_takes_its_turn(view: View, act: acts.Reconciled) -> Refusal | None:
    if (act.registry in view.picture.compared) != act.begins:
        return None
    sentence = f"The books of {act.registry} begin and end in turn."
    return Refusal("log.comparison", sentence, RULE)


def freeze_names_one_thing(view: View, act: acts.Freeze | acts.Lift) -> Refusal | None:
    named = scopes(act)
    if act.first is not None or act.last is not None:
        return _serials_to_freeze(view, act, alone=not named)
    if len(named) != 1:
        sentence = "A freeze names one account, kind, registry or block of serials."
        return Refusal("log.freeze-scope", sentence, RULE)
    if named[0][0] != "account" and getattr(act, "incoming", None):
        return Refusal("log.freeze-incoming", "Only an account can be left open to receive.", RULE)
    word, which = named[0]
    if word == "account" and view.picture.places.get(int(which)) is None:
        return Refusal("log.account-unknown", f"The log knows no account {which}.", RULE)
    if isinstance(act, acts.Lift) and not view.picture.frozen.get(named[0]):
        return Refusal("log.not-frozen", f"The {word} {which} is not frozen.", RULE)
    return None


def _serials_to_freeze(view: View, act: acts.Freeze | acts.Lift, *, alone: bool) -> Refusal | None:
    span = span_of(act)
    if span is None or not alone or span[1] > span[2] or getattr(act, "incoming", None):
        sentence = "Serials to freeze are a registry of origin, a first and a last, nothing else."
        return Refusal("log.freeze-block", sentence, RULE)
    serials = view.picture.serials.get(span[0])
    if serials is None or span[2] > serials.last:
        sentence = f"Serial {span[0]} {span[2]} was never created."
        return Refusal("log.freeze-serials", sentence, RULE)
    if isinstance(act, acts.Lift) and not view.picture.arrested.get(span):
        sentence = f"Serials {span[0]} {span[1]}-{span[2]} are not frozen as such a block."
        return Refusal("log.serials-not-frozen", sentence, RULE)
    return None


def reservation_is_covered(view: View, act: acts.Reserved) -> Refusal | None:
    picture, place = view.picture, (act.account, act.kind)
    free = picture.held(*place) - picture.claimed.get(place, 0) - picture.immobile.get(place, 0)
    if act.quantity <= free:
        return None
    sentence = f"Account {act.account} has {free} units free, not {act.quantity}."
    return Refusal("log.not-reservable", sentence, RULE)


def words_are_in_the_law(view: View, act: acts.Act) -> Refusal | None:
    tables = view.tables
    found: list[tuple[str, bool]] = []
    match act:
        case acts.RulebookAdopted():
            found = [("rulebook", act.digest == view.rulebook.digest.hex())]
        case acts.KindDefined():
            found = [
                (f"unit {act.unit}", act.unit in tables.unit_types),
                (f"registry {act.registry}", act.registry in tables.registries),
            ]
        case acts.AccountOpened():
            found = [
                (f"account type {act.type}", act.type in tables.account_types),
                (f"registry {act.registry}", act.registry in tables.registries),
            ]
        case acts.Reconciled():
            found = [(f"registry {act.registry}", act.registry in tables.registries)]
        case acts.StatusChanged():
            found = [(f"status {act.status}", act.status in tables.statuses)]
        case acts.CapSet() | acts.CorrectionNamed() | acts.ReplacementOpened():
            found = [(f"unit {unit}", unit in tables.unit_types) for unit in act.units]
    for what, known in found:
        if not known:
            return Refusal("log.not-law", f"The law of the day has no such {what}.", "registry")
    return None


def cap_is_the_laws(view: View, act: acts.CapSet) -> Refusal | None:
    if view.picture.caps.get((act.parameter, act.year)):
        sentence = f"{act.parameter} for {act.year} stands in the books already."
        return Refusal("log.cap-twice", sentence, act.parameter)
    try:
        value = view.rulebook.ask(act.parameter, for_=act.year).value
    except NoLaw as error:
        return Refusal("log.cap-unknown", str(error), act.parameter)
    if value == act.quantity:
        return None
    sentence = f"{act.parameter} for {act.year} is {value}, not {act.quantity}."
    return Refusal("log.cap-differs", sentence, act.parameter)


def emitter_is_an_operator(view: View, act: acts.EmissionsVerified) -> Refusal | None:
    place = _place(view, act.account)
    type_ = view.tables.account_types.get(place.type)
    if type_ is not None and type_.operator:
        return None
    sentence = f"Account {act.account} is a {place.type} account and emits nothing."
    return Refusal("log.not-an-operator", sentence, f"registry.account_types.{place.type}")


EVERY: tuple[type, ...] = get_args(acts.Act)
# Only a store's first words, and a freeze in need, may stand before a rulebook does.
FREE = (acts.StoreCreated, acts.RulebookAdopted, acts.Freeze, acts.Lift)
IN_WORDS_OF_THE_LAW = (
    *(acts.RulebookAdopted, acts.KindDefined, acts.AccountOpened, acts.StatusChanged),
    *(acts.Reconciled, acts.CapSet, acts.CorrectionNamed, acts.ReplacementOpened),
)

# Each check, and the acts it concerns.
ACT_ALWAYS: tuple[tuple[ActCheck, tuple[type, ...]], ...] = (
    (store_comes_first, EVERY),
    (store_is_this_logs, (acts.StoreCreated,)),
    (account_is_new, (acts.AccountOpened,)),
    (kind_is_next, (acts.KindDefined,)),
    (account_is_known, (acts.StatusChanged, acts.EmissionsVerified, acts.Reserved)),
    (reservation_is_open, (acts.Released,)),
    (comparison_takes_its_turn, (acts.Reconciled,)),
    (freeze_names_one_thing, (acts.Freeze, acts.Lift)),
    (reservation_is_covered, (acts.Reserved,)),
    (rulebook_is_adopted, tuple(one for one in EVERY if one not in FREE)),
)
ACT_LAW: tuple[tuple[ActCheck, tuple[type, ...]], ...] = (
    (words_are_in_the_law, IN_WORDS_OF_THE_LAW),
    (cap_is_the_laws, (acts.CapSet,)),
    (emitter_is_an_operator, (acts.EmissionsVerified,)),
)


@cache
def checks_of(kind: type[acts.Act], law: bool) -> tuple[ActCheck, ...]:
    """The checks that concern acts of a kind, in order; without `law` those always owed."""
    checks = (*ACT_ALWAYS, *(ACT_LAW if law else ()))
    return tuple(check for check, concerned in checks if kind in concerned)
